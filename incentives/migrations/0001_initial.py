import datetime
import django.db.models.deletion
import django.db.models.functions.comparison
import incentives.constraints
import org.constraints
import org.tenancy
from django.conf import settings
from django.db import migrations, models
from org.migrating import Together


# Provisional rows of a run go with the run; rows of a final run stay. `gone` are the deleted rows.
REFUSE_FINAL_DELETE = """
CREATE FUNCTION refuse_final_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM incentives_calculationrun AS run
               WHERE run.final_at IS NOT NULL AND run.id IN (SELECT run_id FROM gone)) THEN
        RAISE EXCEPTION 'rows of % are final: they can be added to, never changed or removed',
            TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("metrics", "0001_initial"),
        ("org", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(REFUSE_FINAL_DELETE, "DROP FUNCTION refuse_final_delete()"),
        Together(
            [
                migrations.CreateModel(
                    name="Family",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        ("code", models.CharField(max_length=60)),
                        ("name", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "verbose_name_plural": "families",
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="incentives_family_code"
                            ),
                            org.constraints.TenantPolicy(name="incentives_family_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_family_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Plan",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        ("code", models.CharField(max_length=60)),
                        ("name", models.CharField(max_length=200)),
                        (
                            "family",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plans",
                                to="incentives.family",
                            ),
                        ),
                        (
                            "calendar",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plans",
                                to="org.calendar",
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(
                                blank=True, help_text="Empty: the tenant's.", max_length=3
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="incentives_plan_code"
                            ),
                            org.constraints.TenantPolicy(name="incentives_plan_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_plan_key"
                            ),
                            org.constraints.TenantReference(
                                field="family", name="incentives_plan_family_ref"
                            ),
                            org.constraints.TenantReference(
                                field="calendar", name="incentives_plan_calendar_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanVersion",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="versions",
                                to="incentives.plan",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        (
                            "in_force",
                            models.DateField(
                                help_text="First day of the first period that it rules."
                            ),
                        ),
                        (
                            "ends",
                            models.DateField(
                                blank=True,
                                help_text="First day on which the plan no longer pays.",
                                null=True,
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("published", "Published"),
                                    ("retired", "Withdrawn"),
                                ],
                                default="draft",
                                max_length=10,
                            ),
                        ),
                        (
                            "segments",
                            models.CharField(
                                choices=[
                                    ("blend", "Blend: one result for the period"),
                                    ("separate", "Separate: a result for each unit and job type"),
                                ],
                                default="blend",
                                max_length=10,
                            ),
                        ),
                        (
                            "prorate_goal",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text='What reduces the goal: "days", "share".',
                            ),
                        ),
                        (
                            "prorate_amount",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text='What reduces the amounts: "days", "share".',
                            ),
                        ),
                        (
                            "prorate_days",
                            models.CharField(
                                choices=[
                                    ("calendar", "Calendar days"),
                                    ("working", "Working days"),
                                ],
                                default="calendar",
                                max_length=10,
                            ),
                        ),
                        (
                            "first_day",
                            models.CharField(
                                choices=[
                                    ("in", "The first day counts"),
                                    ("out", "The first day is left out"),
                                ],
                                default="in",
                                max_length=3,
                            ),
                        ),
                        ("schedules", models.JSONField(blank=True, default=dict)),
                        (
                            "options",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Choices of later rooms: leavers, true-up, caps.",
                            ),
                        ),
                        (
                            "reason",
                            models.TextField(
                                blank=True, help_text="Why, where it is published late."
                            ),
                        ),
                        (
                            "author",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("created_at", models.DateTimeField(editable=False)),
                        (
                            "published_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("published_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, editable=False, null=True),
                        ),
                    ],
                    options={
                        "ordering": ["plan", "in_force", "number"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("status", "retired"), _negated=True),
                                fields=("tenant", "plan", "number"),
                                name="incentives_planversion_number",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("status", "published")),
                                fields=("tenant", "plan", "in_force"),
                                name="incentives_planversion_in_force",
                            ),
                            org.constraints.TenantPolicy(name="incentives_planversion_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_planversion_key"
                            ),
                            org.constraints.TenantReference(
                                field="plan", name="incentives_planversion_plan_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Eligibility",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="eligibility",
                                to="incentives.planversion",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.person",
                            ),
                        ),
                        (
                            "unit",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                help_text="And all below it.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.unit",
                            ),
                        ),
                        (
                            "job_type",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.jobtype",
                            ),
                        ),
                        (
                            "slot",
                            models.CharField(
                                blank=True, help_text="Empty: in any job slot.", max_length=40
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "eligibility",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "version", "person", "unit", "job_type", "slot"),
                                name="incentives_eligibility_once",
                                nulls_distinct=False,
                            ),
                            org.constraints.TenantPolicy(name="incentives_eligibility_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_eligibility_key"
                            ),
                            org.constraints.TenantReference(
                                field="version", name="incentives_eligibility_version_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="incentives_eligibility_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="unit", name="incentives_eligibility_unit_ref"
                            ),
                            org.constraints.TenantReference(
                                field="job_type", name="incentives_eligibility_job_type_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Measure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="measures",
                                to="incentives.planversion",
                            ),
                        ),
                        ("name", models.CharField(help_text="As formulas call it.", max_length=60)),
                        (
                            "metric",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="measures",
                                to="metrics.metric",
                            ),
                        ),
                        (
                            "earnings_of",
                            models.CharField(
                                blank=True, help_text="plan.component", max_length=130
                            ),
                        ),
                        (
                            "scope",
                            models.CharField(
                                choices=[
                                    ("own", "Own"),
                                    ("direct", "Direct reports"),
                                    ("team", "The unit"),
                                    ("subtree", "The unit and all below it"),
                                ],
                                default="own",
                                max_length=10,
                            ),
                        ),
                        (
                            "window",
                            models.CharField(
                                choices=[
                                    ("period", "The period"),
                                    ("quarter_to_date", "Quarter to date"),
                                    ("year_to_date", "Year to date"),
                                ],
                                default="period",
                                max_length=20,
                            ),
                        ),
                        ("filter", models.TextField(blank=True)),
                        (
                            "no_data",
                            models.CharField(
                                choices=[
                                    ("undecided", "Undecided: blank, and what needs it waits"),
                                    ("zero", "Counts as zero"),
                                ],
                                default="undecided",
                                max_length=10,
                            ),
                        ),
                        (
                            "undone_as",
                            models.CharField(
                                choices=[
                                    ("restate", "Restate"),
                                    ("reverse", "Reverse"),
                                    ("net", "Net"),
                                ],
                                default="restate",
                                max_length=10,
                            ),
                        ),
                        ("options", models.JSONField(blank=True, default=dict)),
                    ],
                    options={
                        "ordering": ["version", "name"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "version", "name"), name="incentives_measure_name"
                            ),
                            org.constraints.TenantPolicy(name="incentives_measure_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_measure_key"
                            ),
                            org.constraints.TenantReference(
                                field="version", name="incentives_measure_version_ref"
                            ),
                            org.constraints.TenantReference(
                                field="metric", name="incentives_measure_metric_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RateTable",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="tables",
                                to="incentives.planversion",
                            ),
                        ),
                        ("name", models.CharField(max_length=60)),
                        ("spec", models.JSONField(default=dict)),
                    ],
                    options={
                        "ordering": ["version", "name"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "version", "name"),
                                name="incentives_ratetable_name",
                            ),
                            org.constraints.TenantPolicy(name="incentives_ratetable_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_ratetable_key"
                            ),
                            org.constraints.TenantReference(
                                field="version", name="incentives_ratetable_version_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Component",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="components",
                                to="incentives.planversion",
                            ),
                        ),
                        ("order", models.PositiveIntegerField(default=0)),
                        ("name", models.CharField(max_length=60)),
                        (
                            "title",
                            models.CharField(
                                blank=True, help_text="As the statement prints it.", max_length=200
                            ),
                        ),
                        (
                            "per",
                            models.CharField(
                                choices=[
                                    ("person", "Person and period"),
                                    ("day", "Day"),
                                    ("credit", "Credit"),
                                    ("team", "Team"),
                                ],
                                default="person",
                                max_length=10,
                            ),
                        ),
                        (
                            "of",
                            models.CharField(
                                blank=True,
                                help_text="Measure whose credits are paid.",
                                max_length=60,
                            ),
                        ),
                        ("formula", models.TextField()),
                        (
                            "gate",
                            models.TextField(
                                blank=True,
                                help_text="A condition: shut, the component pays nothing.",
                            ),
                        ),
                        ("modifier", models.TextField(blank=True, help_text="A factor.")),
                        ("cap", models.TextField(blank=True, help_text="At most.")),
                        ("floor", models.TextField(blank=True, help_text="At least: a guarantee.")),
                        (
                            "prorate",
                            models.BooleanField(
                                default=True,
                                help_text="Reduce the amount where the version reduces amounts.",
                            ),
                        ),
                        ("cumulate", models.CharField(default="restart", max_length=10)),
                        ("rounding_decimals", models.SmallIntegerField(default=2)),
                        (
                            "rounding_mode",
                            models.CharField(
                                choices=[("half_up", "Half away from zero")],
                                default="half_up",
                                max_length=10,
                            ),
                        ),
                        ("earning_type", models.CharField(default="incentive", max_length=60)),
                        ("schedule", models.CharField(blank=True, max_length=60)),
                        ("exchange_rate", models.CharField(blank=True, max_length=10)),
                        ("after_final", models.CharField(default="restate", max_length=10)),
                        ("paid_as", models.CharField(default="earned", max_length=10)),
                        ("options", models.JSONField(blank=True, default=dict)),
                    ],
                    options={
                        "ordering": ["version", "order", "name"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "version", "name"),
                                name="incentives_component_name",
                            ),
                            org.constraints.TenantPolicy(name="incentives_component_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_component_key"
                            ),
                            org.constraints.TenantReference(
                                field="version", name="incentives_component_version_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ExchangeRate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        ("recorded_at", models.DateTimeField(editable=False)),
                        (
                            "superseded_at",
                            models.DateTimeField(
                                default=datetime.datetime(
                                    9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                ),
                                editable=False,
                            ),
                        ),
                        ("name", models.CharField(help_text="plan, month, day.", max_length=20)),
                        ("base", models.CharField(max_length=3)),
                        ("quote", models.CharField(max_length=3)),
                        ("rate", models.DecimalField(decimal_places=12, max_digits=30)),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(
                                    (
                                        "superseded_at",
                                        datetime.datetime(
                                            9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                        ),
                                    )
                                ),
                                fields=("tenant", "name", "base", "quote", "valid_from"),
                                name="incentives_exchangerate_once",
                            ),
                            org.constraints.TenantPolicy(name="incentives_exchangerate_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_exchangerate_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Decision",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        ("recorded_at", models.DateTimeField(editable=False)),
                        (
                            "superseded_at",
                            models.DateTimeField(
                                default=datetime.datetime(
                                    9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                ),
                                editable=False,
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="decisions",
                                to="incentives.plan",
                            ),
                        ),
                        (
                            "period",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.period",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="decisions",
                                to="org.person",
                            ),
                        ),
                        ("measure", models.CharField(max_length=60)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("0%", "Counts as 0 %"),
                                    ("100%", "Counts as 100 %"),
                                    ("leave_out", "Is left out: pays nothing"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("reason", models.TextField()),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(
                                    (
                                        "superseded_at",
                                        datetime.datetime(
                                            9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                        ),
                                    )
                                ),
                                fields=("tenant", "plan", "period", "person", "measure"),
                                name="incentives_decision_once",
                            ),
                            org.constraints.TenantPolicy(name="incentives_decision_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_decision_key"
                            ),
                            org.constraints.TenantReference(
                                field="plan", name="incentives_decision_plan_ref"
                            ),
                            org.constraints.TenantReference(
                                field="period", name="incentives_decision_period_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="incentives_decision_person_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CalculationRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="incentives.plan",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="incentives.planversion",
                            ),
                        ),
                        (
                            "period",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="org.period",
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("period", "The period's result"),
                                    ("difference", "What a final period should be by now"),
                                ],
                                default="period",
                                max_length=10,
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="as of")),
                        ("on", models.DateField(verbose_name="business day")),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("complete_through", models.DateField(null=True)),
                        ("statement_sha256", models.CharField(max_length=64)),
                        ("statement", models.TextField()),
                        ("people", models.PositiveIntegerField(default=0)),
                        ("undecided", models.PositiveIntegerField(default=0)),
                        ("failed", models.PositiveIntegerField(default=0)),
                        ("total", models.DecimalField(decimal_places=6, default=0, max_digits=24)),
                        ("final_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            incentives.constraints.FinalRow(
                                column="final_at", name="incentives_run_final"
                            ),
                            org.constraints.TenantPolicy(name="incentives_calculationrun_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_calculationrun_key"
                            ),
                            org.constraints.TenantReference(
                                field="plan", name="incentives_calculationrun_plan_ref"
                            ),
                            org.constraints.TenantReference(
                                field="version", name="incentives_calculationrun_version_ref"
                            ),
                            org.constraints.TenantReference(
                                field="period", name="incentives_calculationrun_period_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Transfer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transfers",
                                to="org.person",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "from_account",
                            models.CharField(
                                choices=[
                                    ("plan", "What plans have granted"),
                                    ("held", "Earned, waiting"),
                                    ("due", "Payable at the next pay date"),
                                    ("owed", "Owed by the person"),
                                    ("paid", "Paid"),
                                    ("lost", "Forfeited, written off, waived"),
                                ],
                                max_length=5,
                            ),
                        ),
                        (
                            "to_account",
                            models.CharField(
                                choices=[
                                    ("plan", "What plans have granted"),
                                    ("held", "Earned, waiting"),
                                    ("due", "Payable at the next pay date"),
                                    ("owed", "Owed by the person"),
                                    ("paid", "Paid"),
                                    ("lost", "Forfeited, written off, waived"),
                                ],
                                max_length=5,
                            ),
                        ),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=24)),
                        (
                            "origin",
                            models.CharField(
                                choices=[
                                    ("calculation", "Calculation"),
                                    ("release", "Release"),
                                    ("pay_run", "Pay run"),
                                    ("refusal", "Refused by payroll"),
                                    ("adjustment", "Adjustment"),
                                    ("opening", "Opening balance"),
                                    ("waiver", "Waiver"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transfers",
                                to="incentives.plan",
                            ),
                        ),
                        ("component", models.CharField(blank=True, max_length=60)),
                        ("earning_type", models.CharField(blank=True, max_length=60)),
                        (
                            "earned_period",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.period",
                            ),
                        ),
                        ("job", models.CharField(blank=True, max_length=200)),
                        ("grain", models.CharField(blank=True, max_length=120)),
                        (
                            "part",
                            models.PositiveSmallIntegerField(
                                default=0, help_text="Of the schedule."
                            ),
                        ),
                        (
                            "posted_period",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.period",
                            ),
                        ),
                        ("due_on", models.DateField(null=True)),
                        ("condition", models.TextField(blank=True)),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transfers",
                                to="incentives.calculationrun",
                            ),
                        ),
                        (
                            "rates",
                            models.JSONField(
                                help_text="Exchange rates and rounding that made it.", null=True
                            ),
                        ),
                        (
                            "change",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.inputchange",
                            ),
                        ),
                        (
                            "about",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="incentives.transfer",
                            ),
                        ),
                        ("cause", models.CharField(blank=True, max_length=500)),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("recorded_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount__gt", 0)),
                                name="incentives_transfer_amount",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("from_account", models.F("to_account")), _negated=True
                                ),
                                name="incentives_transfer_moves",
                            ),
                            org.constraints.AppendOnly(name="incentives_transfer_forever"),
                            org.constraints.TenantPolicy(name="incentives_transfer_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_transfer_key"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="incentives_transfer_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="plan", name="incentives_transfer_plan_ref"
                            ),
                            org.constraints.TenantReference(
                                field="earned_period", name="incentives_transfer_earned_period_ref"
                            ),
                            org.constraints.TenantReference(
                                field="posted_period", name="incentives_transfer_posted_period_ref"
                            ),
                            org.constraints.TenantReference(
                                field="run", name="incentives_transfer_run_ref"
                            ),
                            org.constraints.TenantReference(
                                field="change", name="incentives_transfer_change_ref"
                            ),
                            org.constraints.TenantReference(
                                field="about", name="incentives_transfer_about_ref"
                            ),
                        ],
                        "indexes": [
                            models.Index(
                                fields=["tenant", "plan", "earned_period", "person"],
                                name="incentives_transfer_earned",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanPeriod",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plan_periods",
                                to="incentives.plan",
                            ),
                        ),
                        (
                            "period",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plan_periods",
                                to="org.period",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="incentives.calculationrun",
                            ),
                        ),
                        ("final_at", models.DateTimeField(null=True)),
                        (
                            "final_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["plan", "period"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "plan", "period"),
                                name="incentives_planperiod_once",
                            ),
                            incentives.constraints.FinalRow(
                                column="final_at", name="incentives_planperiod_final"
                            ),
                            org.constraints.TenantPolicy(name="incentives_planperiod_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_planperiod_key"
                            ),
                            org.constraints.TenantReference(
                                field="plan", name="incentives_planperiod_plan_ref"
                            ),
                            org.constraints.TenantReference(
                                field="period", name="incentives_planperiod_period_ref"
                            ),
                            org.constraints.TenantReference(
                                field="run", name="incentives_planperiod_run_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Result",
                    fields=[
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_constraint=False,
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "tenant_id",
                                "run_id",
                                "person_id",
                                "job",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("run_id", models.BigIntegerField()),
                        ("person_id", models.BigIntegerField()),
                        ("job", models.CharField(max_length=200)),
                        ("inputs", models.JSONField()),
                        ("segments", models.JSONField()),
                    ],
                    options={
                        "constraints": [
                            incentives.constraints.FinalForever(name="incentives_result_forever"),
                            org.constraints.TenantPolicy(name="incentives_result_tenant"),
                        ],
                        "indexes": [
                            models.Index(
                                fields=["tenant", "person_id"], name="incentives_result_person"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Earning",
                    fields=[
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_constraint=False,
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "tenant_id",
                                "run_id",
                                "person_id",
                                "component_id",
                                "job",
                                "grain",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("run_id", models.BigIntegerField()),
                        ("person_id", models.BigIntegerField()),
                        ("component_id", models.BigIntegerField()),
                        ("job", models.CharField(max_length=200)),
                        ("grain", models.CharField(db_default="", default="", max_length=120)),
                        ("plan_id", models.BigIntegerField()),
                        ("period_id", models.BigIntegerField()),
                        ("transaction_id", models.BigIntegerField(null=True)),
                        ("role", models.CharField(max_length=60, null=True)),
                        ("day", models.DateField(null=True)),
                        ("unit_id", models.BigIntegerField(null=True)),
                        ("currency", models.CharField(max_length=3)),
                        ("amount", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("decided", "Decided"),
                                    ("undecided", "Undecided: data is missing"),
                                    ("failed", "Could not be worked out"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("problem", models.CharField(max_length=120, null=True)),
                        ("detail", models.JSONField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status", "decided"), ("amount", None), _connector="XOR"
                                ),
                                name="incentives_earning_amount",
                            ),
                            incentives.constraints.FinalForever(name="incentives_earning_forever"),
                            org.constraints.TenantPolicy(name="incentives_earning_tenant"),
                        ],
                        "indexes": [
                            models.Index(
                                fields=["tenant", "person_id"], name="incentives_earning_person"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Dirty",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_default=django.db.models.functions.comparison.Cast(
                                    django.db.models.functions.comparison.NullIf(
                                        models.Func(
                                            models.Value("app.tenant_id"),
                                            models.Value(True),
                                            function="current_setting",
                                        ),
                                        models.Value(""),
                                    ),
                                    models.BigIntegerField(),
                                ),
                                db_index=False,
                                default=org.tenancy.current_tenant_id,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="incentives.plan",
                            ),
                        ),
                        (
                            "period",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.period",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.person",
                            ),
                        ),
                        (
                            "change",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.inputchange",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "plan", "period", "person", "change"),
                                name="incentives_dirty_once",
                                nulls_distinct=False,
                            ),
                            org.constraints.TenantPolicy(name="incentives_dirty_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="incentives_dirty_key"
                            ),
                            org.constraints.TenantReference(
                                field="plan", name="incentives_dirty_plan_ref"
                            ),
                            org.constraints.TenantReference(
                                field="period", name="incentives_dirty_period_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="incentives_dirty_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="change", name="incentives_dirty_change_ref"
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
