import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import org.constraints
import org.models.tenants
import org.tenancy
from django.conf import settings
from django.db import migrations, models
from org.migrating import Together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("org", "0001_initial"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="Metric",
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
                            "code",
                            models.CharField(
                                help_text="As formulas call it: letters, digits, _.", max_length=60
                            ),
                        ),
                        ("name", models.CharField(max_length=200)),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="metrics_metric_code"
                            ),
                            org.constraints.TenantPolicy(name="metrics_metric_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_metric_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MetricDefinition",
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
                            "metric",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="definitions",
                                to="metrics.metric",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("sum", "Sum"),
                                    ("ratio", "Ratio of sums"),
                                    ("weighted_mean", "Weighted mean"),
                                    ("last", "Last value"),
                                    ("minimum", "Minimum"),
                                    ("maximum", "Maximum"),
                                    ("derived", "Derived by a formula"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "unit",
                            models.CharField(
                                choices=[
                                    ("count", "Count"),
                                    ("seconds", "Seconds"),
                                    ("percent", "Percent"),
                                    ("money", "Money"),
                                    ("score", "Score"),
                                ],
                                default="count",
                                max_length=10,
                            ),
                        ),
                        (
                            "direction",
                            models.CharField(
                                choices=[
                                    ("higher", "Higher is better"),
                                    ("lower", "Lower is better"),
                                ],
                                default="higher",
                                max_length=10,
                            ),
                        ),
                        (
                            "decimals",
                            models.PositiveSmallIntegerField(
                                default=2, help_text="Shown after the point."
                            ),
                        ),
                        (
                            "attainment",
                            models.CharField(
                                choices=[
                                    ("actual_by_goal", "actual ÷ goal"),
                                    ("goal_by_actual", "goal ÷ actual"),
                                    ("two_minus", "2 − actual ÷ goal"),
                                    ("formula", "Its own formula over actual and goal"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("attainment_formula", models.TextField(blank=True)),
                        (
                            "attainment_decimals",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Decimals of the percentage before it decides anything; empty: not rounded.",
                                null=True,
                            ),
                        ),
                        (
                            "minimum_sample",
                            models.DecimalField(
                                blank=True,
                                decimal_places=6,
                                help_text="Below this denominator (or count of rows) there is no data.",
                                max_digits=20,
                                null=True,
                            ),
                        ),
                        (
                            "formula",
                            models.TextField(
                                blank=True, help_text="Of a derived metric, over other metrics."
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                    ],
                    options={
                        "ordering": ["metric", "valid_from"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="metrics_definition_days",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(
                                    (
                                        "superseded_at",
                                        datetime.datetime(
                                            9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                        ),
                                    )
                                ),
                                expressions=[
                                    ("tenant", "="),
                                    ("metric", "="),
                                    (
                                        models.Func(
                                            "valid_from",
                                            "valid_to",
                                            function="daterange",
                                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="metrics_definition_once",
                            ),
                            org.constraints.TenantPolicy(name="metrics_metricdefinition_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_metricdefinition_key"
                            ),
                            org.constraints.TenantReference(
                                field="metric", name="metrics_metricdefinition_metric_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Goal",
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
                            "metric",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="goals",
                                to="metrics.metric",
                            ),
                        ),
                        (
                            "of",
                            models.CharField(
                                choices=[
                                    ("person", "Each person"),
                                    ("team", "The unit as a whole"),
                                ],
                                default="person",
                                max_length=10,
                            ),
                        ),
                        (
                            "basis",
                            models.CharField(
                                choices=[
                                    ("period", "For a whole period"),
                                    ("person_day", "For each working day of each person"),
                                ],
                                default="period",
                                max_length=12,
                            ),
                        ),
                        (
                            "calendar",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                help_text="Only for periods of this calendar.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.calendar",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="goals",
                                to="org.person",
                            ),
                        ),
                        (
                            "unit",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="goals",
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
                                related_name="goals",
                                to="org.jobtype",
                            ),
                        ),
                        ("value", models.DecimalField(decimal_places=12, max_digits=38)),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                    ],
                    options={
                        "ordering": ["metric", "valid_from"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="metrics_goal_days",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("person", None),
                                    models.Q(("job_type", None), ("unit", None)),
                                    _connector="OR",
                                ),
                                name="metrics_goal_scope",
                            ),
                            org.constraints.TenantPolicy(name="metrics_goal_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_goal_key"
                            ),
                            org.constraints.TenantReference(
                                field="metric", name="metrics_goal_metric_ref"
                            ),
                            org.constraints.TenantReference(
                                field="calendar", name="metrics_goal_calendar_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="metrics_goal_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="unit", name="metrics_goal_unit_ref"
                            ),
                            org.constraints.TenantReference(
                                field="job_type", name="metrics_goal_job_type_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Source",
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
                        (
                            "time_zone",
                            models.CharField(
                                blank=True,
                                help_text="Empty: the tenant's.",
                                max_length=64,
                                validators=[org.models.tenants.check_zone],
                            ),
                        ),
                        ("column_map", models.JSONField(default=dict)),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="metrics_source_code"
                            ),
                            org.constraints.TenantPolicy(name="metrics_source_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_source_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PersonAlias",
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
                            "source",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="aliases",
                                to="metrics.source",
                            ),
                        ),
                        ("external_id", models.CharField(max_length=120)),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="aliases",
                                to="org.person",
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                    ],
                    options={
                        "verbose_name_plural": "person aliases",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="metrics_personalias_days",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(
                                    (
                                        "superseded_at",
                                        datetime.datetime(
                                            9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                        ),
                                    )
                                ),
                                expressions=[
                                    ("tenant", "="),
                                    ("source", "="),
                                    ("external_id", "="),
                                    (
                                        models.Func(
                                            "valid_from",
                                            "valid_to",
                                            function="daterange",
                                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="metrics_personalias_once",
                            ),
                            org.constraints.TenantPolicy(name="metrics_personalias_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_personalias_key"
                            ),
                            org.constraints.TenantReference(
                                field="source", name="metrics_personalias_source_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="metrics_personalias_person_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SourceComplete",
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
                            "source",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="completeness",
                                to="metrics.source",
                            ),
                        ),
                        ("through", models.DateField()),
                    ],
                    options={
                        "verbose_name_plural": "source completeness",
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
                                fields=("tenant", "source"),
                                name="metrics_sourcecomplete_once",
                            ),
                            org.constraints.TenantPolicy(name="metrics_sourcecomplete_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_sourcecomplete_key"
                            ),
                            org.constraints.TenantReference(
                                field="source", name="metrics_sourcecomplete_source_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
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
                            "source",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="metrics.source",
                            ),
                        ),
                        ("file_name", models.CharField(max_length=255)),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "content",
                            models.BinaryField(
                                help_text="The file, for whoever works the period out again."
                            ),
                        ),
                        ("received_at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("rows_read", models.PositiveIntegerField(default=0)),
                        ("values_accepted", models.PositiveIntegerField(default=0)),
                        ("values_superseded", models.PositiveIntegerField(default=0)),
                        ("values_unchanged", models.PositiveIntegerField(default=0)),
                        ("values_kept_corrected", models.PositiveIntegerField(default=0)),
                        ("rows_rejected", models.PositiveIntegerField(default=0)),
                        (
                            "rows_skipped",
                            models.PositiveIntegerField(
                                default=0, help_text="Banner, blank and total rows."
                            ),
                        ),
                        ("first_day", models.DateField(null=True)),
                        ("last_day", models.DateField(null=True)),
                        ("undone_at", models.DateTimeField(null=True)),
                        (
                            "undone_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "ordering": ["-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("undone_at", None)),
                                fields=("tenant", "source", "sha256"),
                                name="metrics_delivery_once",
                            ),
                            org.constraints.TenantPolicy(name="metrics_delivery_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_delivery_key"
                            ),
                            org.constraints.TenantReference(
                                field="source", name="metrics_delivery_source_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Rejection",
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
                            "delivery",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="rejections",
                                to="metrics.delivery",
                            ),
                        ),
                        (
                            "line",
                            models.PositiveIntegerField(
                                help_text="As the spreadsheet numbers it, header included."
                            ),
                        ),
                        ("column", models.CharField(blank=True, max_length=200)),
                        ("value", models.TextField(blank=True)),
                        (
                            "reason",
                            models.CharField(
                                help_text="unknown_person, not_a_number …", max_length=40
                            ),
                        ),
                        ("sentence", models.CharField(max_length=500)),
                        ("row", models.JSONField(default=dict)),
                    ],
                    options={
                        "ordering": ["delivery", "line"],
                        "constraints": [
                            org.constraints.TenantPolicy(name="metrics_rejection_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_rejection_key"
                            ),
                            org.constraints.TenantReference(
                                field="delivery", name="metrics_rejection_delivery_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TransactionKind",
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
                        ("key_columns", models.JSONField(default=list)),
                        ("dates", models.JSONField(default=list)),
                        ("attributes", models.JSONField(default=dict, help_text="Name to type.")),
                        (
                            "roles",
                            models.JSONField(
                                default=dict, help_text="Role to where its share stands."
                            ),
                        ),
                        (
                            "undone_share",
                            models.TextField(blank=True, help_text="Formula, 0 to 1."),
                        ),
                        ("undone_on", models.CharField(blank=True, max_length=60)),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="metrics_transactionkind_code"
                            ),
                            org.constraints.TenantPolicy(name="metrics_transactionkind_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_transactionkind_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Transaction",
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
                            "kind",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transactions",
                                to="metrics.transactionkind",
                            ),
                        ),
                        ("key", models.CharField(max_length=200)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "delivery",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transactions",
                                to="metrics.delivery",
                            ),
                        ),
                        ("attributes", models.JSONField(default=dict)),
                        (
                            "about",
                            models.CharField(
                                blank=True, help_text="Key of what it concerns.", max_length=200
                            ),
                        ),
                        (
                            "about_kind",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="metrics.transactionkind",
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
                                fields=("tenant", "kind", "key"),
                                name="metrics_transaction_once",
                            ),
                            models.UniqueConstraint(
                                fields=("tenant", "kind", "key", "version"),
                                name="metrics_transaction_version",
                            ),
                            org.constraints.TenantPolicy(name="metrics_transaction_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_transaction_key"
                            ),
                            org.constraints.TenantReference(
                                field="kind", name="metrics_transaction_kind_ref"
                            ),
                            org.constraints.TenantReference(
                                field="delivery", name="metrics_transaction_delivery_ref"
                            ),
                            org.constraints.TenantReference(
                                field="about_kind", name="metrics_transaction_about_kind_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Party",
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
                            "transaction",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="parties",
                                to="metrics.transaction",
                            ),
                        ),
                        ("role", models.CharField(max_length=60)),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="parties",
                                to="org.person",
                            ),
                        ),
                        ("share", models.DecimalField(decimal_places=12, max_digits=20, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "parties",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "transaction", "role", "person"),
                                name="metrics_party_once",
                            ),
                            org.constraints.TenantPolicy(name="metrics_party_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_party_key"
                            ),
                            org.constraints.TenantReference(
                                field="transaction", name="metrics_party_transaction_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="metrics_party_person_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CreditRule",
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
                            "kind",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credit_rules",
                                to="metrics.transactionkind",
                            ),
                        ),
                        ("group", models.CharField(max_length=60)),
                        ("order", models.PositiveIntegerField()),
                        ("when", models.TextField(blank=True)),
                        ("to", models.JSONField(default=list)),
                        ("split", models.BooleanField(default=False)),
                        ("amount", models.TextField(blank=True)),
                        ("weight", models.TextField(blank=True)),
                        (
                            "into",
                            models.ForeignKey(
                                db_constraint=False,
                                help_text="Empty: excluded on purpose.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="metrics.metric",
                            ),
                        ),
                        ("on", models.CharField(blank=True, max_length=60)),
                        ("once_per", models.JSONField(default=list)),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                    ],
                    options={
                        "ordering": ["kind", "group", "order"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="metrics_creditrule_days",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    (
                                        "superseded_at",
                                        datetime.datetime(
                                            9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                        ),
                                    )
                                ),
                                fields=("tenant", "kind", "group", "order", "valid_from"),
                                name="metrics_creditrule_order",
                            ),
                            org.constraints.TenantPolicy(name="metrics_creditrule_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_creditrule_key"
                            ),
                            org.constraints.TenantReference(
                                field="kind", name="metrics_creditrule_kind_ref"
                            ),
                            org.constraints.TenantReference(
                                field="into", name="metrics_creditrule_into_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Value",
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
                                "person_id",
                                "day",
                                "metric_id",
                                "reference",
                                "superseded_at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("person_id", models.BigIntegerField()),
                        ("day", models.DateField()),
                        ("metric_id", models.BigIntegerField()),
                        ("reference", models.CharField(db_default="", max_length=120)),
                        (
                            "superseded_at",
                            models.DateTimeField(
                                db_default=datetime.datetime(
                                    9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                ),
                                default=datetime.datetime(
                                    9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc
                                ),
                            ),
                        ),
                        ("recorded_at", models.DateTimeField()),
                        ("numerator", models.DecimalField(decimal_places=12, max_digits=38)),
                        (
                            "denominator",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                        (
                            "assignment_id",
                            models.BigIntegerField(
                                help_text="The job that covers the day.", null=True
                            ),
                        ),
                        (
                            "slot",
                            models.CharField(
                                help_text="The job slot that the source names.",
                                max_length=40,
                                null=True,
                            ),
                        ),
                        ("delivery_id", models.BigIntegerField(null=True)),
                        ("correction_id", models.BigIntegerField(null=True)),
                        ("transaction_id", models.BigIntegerField(null=True)),
                        ("rule_id", models.BigIntegerField(null=True)),
                        ("role", models.CharField(max_length=60, null=True)),
                        ("share", models.DecimalField(decimal_places=12, max_digits=20, null=True)),
                        (
                            "undone",
                            models.DecimalField(decimal_places=12, max_digits=20, null=True),
                        ),
                        ("undone_on", models.DateField(null=True)),
                    ],
                    options={
                        "constraints": [org.constraints.TenantPolicy(name="metrics_value_tenant")],
                        "indexes": [
                            django.contrib.postgres.indexes.BrinIndex(
                                fields=["delivery_id"], name="metrics_value_delivery"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Correction",
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
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="corrections",
                                to="org.person",
                            ),
                        ),
                        ("day", models.DateField()),
                        (
                            "metric",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="corrections",
                                to="metrics.metric",
                            ),
                        ),
                        ("reference", models.CharField(blank=True, max_length=120)),
                        ("numerator", models.DecimalField(decimal_places=12, max_digits=38)),
                        (
                            "denominator",
                            models.DecimalField(
                                blank=True, decimal_places=12, max_digits=38, null=True
                            ),
                        ),
                        (
                            "before_numerator",
                            models.DecimalField(
                                blank=True, decimal_places=12, max_digits=38, null=True
                            ),
                        ),
                        (
                            "before_denominator",
                            models.DecimalField(
                                blank=True, decimal_places=12, max_digits=38, null=True
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
                                fields=("tenant", "person", "day", "metric", "reference"),
                                name="metrics_correction_once",
                            ),
                            org.constraints.TenantPolicy(name="metrics_correction_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="metrics_correction_key"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="metrics_correction_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="metric", name="metrics_correction_metric_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Total",
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
                                "period_id",
                                "metric_id",
                                "person_id",
                                "assignment_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("period_id", models.BigIntegerField()),
                        ("metric_id", models.BigIntegerField()),
                        ("person_id", models.BigIntegerField()),
                        ("assignment_id", models.BigIntegerField()),
                        ("rows", models.BigIntegerField()),
                        (
                            "numerator",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                        (
                            "denominator",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                        (
                            "minimum",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                        (
                            "maximum",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                        ("last_day", models.DateField(null=True)),
                        (
                            "last_value",
                            models.DecimalField(decimal_places=12, max_digits=38, null=True),
                        ),
                    ],
                    options={
                        "constraints": [org.constraints.TenantPolicy(name="metrics_total_tenant")],
                        "indexes": [
                            models.Index(
                                fields=["tenant", "person_id", "period_id"],
                                name="metrics_total_person",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="KeptTotal",
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
                                "period_id",
                                "metric_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("period_id", models.BigIntegerField()),
                        ("metric_id", models.BigIntegerField()),
                    ],
                    options={
                        "constraints": [
                            org.constraints.TenantPolicy(name="metrics_kepttotal_tenant")
                        ],
                    },
                ),
            ]
        ),
    ]
