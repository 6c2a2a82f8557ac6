import datetime
import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import org.constraints
import org.models.tenants
import org.tenancy
from decimal import Decimal
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models
from org.migrating import Together


# What append-only tables and final rows answer to whoever tries.
REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are final: they can be added to, never changed or removed',
        TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION refuse_change()"),
        Together(
            [
                migrations.CreateModel(
                    name="Tenant",
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
                            "code",
                            models.SlugField(
                                help_text="Short name used in addresses and commands.", unique=True
                            ),
                        ),
                        ("name", models.CharField(max_length=200)),
                        (
                            "time_zone",
                            models.CharField(
                                default="UTC",
                                max_length=64,
                                validators=[org.models.tenants.check_zone],
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(default="EUR", help_text="ISO 4217.", max_length=3),
                        ),
                        ("locale", models.CharField(default="en", max_length=16)),
                    ],
                    options={
                        "ordering": ["code"],
                    },
                ),
                migrations.CreateModel(
                    name="Calendar",
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
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("monthly", "Monthly"),
                                    ("semi_monthly", "Twice a month (1st and 16th)"),
                                    ("bi_weekly", "Every two weeks"),
                                    ("weekly", "Weekly"),
                                    ("quarterly", "Quarterly"),
                                    ("yearly", "Yearly"),
                                    ("own_dates", "Its own dates"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "first_day",
                            models.PositiveSmallIntegerField(
                                default=1,
                                help_text="Day of the month on which a period begins: 15 for 15th to 14th.",
                            ),
                        ),
                        (
                            "anchor",
                            models.DateField(
                                blank=True,
                                help_text="A day on which a weekly or bi-weekly period begins.",
                                null=True,
                            ),
                        ),
                        (
                            "pay_day",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Pay dates: this day of the month in which the period ends, 31 for its last.",
                                null=True,
                            ),
                        ),
                        (
                            "pay_days_after",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Pay dates: so many days after the period's last.",
                                null=True,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_calendar_code"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("pay_day", None), ("pay_days_after", None), _connector="OR"
                                ),
                                name="org_calendar_one_pay_rule",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("first_day__range", (1, 28))),
                                name="org_calendar_first_day",
                            ),
                            org.constraints.TenantPolicy(name="org_calendar_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_calendar_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Period",
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
                            "calendar",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="periods",
                                to="org.calendar",
                            ),
                        ),
                        (
                            "code",
                            models.CharField(
                                help_text="2026-06, 2026-Q2, 2026-06-12 …", max_length=40
                            ),
                        ),
                        ("valid_from", models.DateField(verbose_name="start")),
                        (
                            "valid_to",
                            models.DateField(
                                help_text="First day after the period.", verbose_name="end"
                            ),
                        ),
                        ("pay_date", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["calendar", "valid_from"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "calendar", "code"), name="org_period_code"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="org_period_days",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    ("tenant", "="),
                                    ("calendar", "="),
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
                                name="org_period_once",
                            ),
                            org.constraints.TenantPolicy(name="org_period_tenant"),
                            models.UniqueConstraint(fields=("tenant", "id"), name="org_period_key"),
                            org.constraints.TenantReference(
                                field="calendar", name="org_period_calendar_ref"
                            ),
                        ],
                        "indexes": [
                            models.Index(fields=["tenant", "valid_from"], name="org_period_start")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HolidayCalendar",
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
                        (
                            "weekdays",
                            models.CharField(
                                default="12345",
                                help_text="Working weekdays, 1 Monday to 7 Sunday.",
                                max_length=7,
                            ),
                        ),
                        ("is_default", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_holidaycalendar_code"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_default", True)),
                                fields=("tenant",),
                                name="org_holidaycalendar_default",
                            ),
                            org.constraints.TenantPolicy(name="org_holidaycalendar_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_holidaycalendar_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Holiday",
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
                            "calendar",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="holidays",
                                to="org.holidaycalendar",
                            ),
                        ),
                        ("day", models.DateField()),
                        ("name", models.CharField(blank=True, max_length=120)),
                    ],
                    options={
                        "ordering": ["calendar", "day"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "calendar", "day"), name="org_holiday_day"
                            ),
                            org.constraints.TenantPolicy(name="org_holiday_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_holiday_key"
                            ),
                            org.constraints.TenantReference(
                                field="calendar", name="org_holiday_calendar_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="JobType",
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
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_jobtype_code"
                            ),
                            org.constraints.TenantPolicy(name="org_jobtype_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_jobtype_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Person",
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
                        ("code", models.CharField(max_length=60, verbose_name="personnel number")),
                        ("name", models.CharField(max_length=200)),
                        ("email", models.EmailField(blank=True, max_length=254)),
                    ],
                    options={
                        "verbose_name_plural": "people",
                        "ordering": ["name", "code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_person_code"
                            ),
                            org.constraints.TenantPolicy(name="org_person_tenant"),
                            models.UniqueConstraint(fields=("tenant", "id"), name="org_person_key"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PayGroup",
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
                        (
                            "calendar",
                            models.ForeignKey(
                                db_constraint=False,
                                help_text="Its periods carry the pay dates.",
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.calendar",
                            ),
                        ),
                        ("currency", models.CharField(blank=True, max_length=3)),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_paygroup_code"
                            ),
                            org.constraints.TenantPolicy(name="org_paygroup_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_paygroup_key"
                            ),
                            org.constraints.TenantReference(
                                field="calendar", name="org_paygroup_calendar_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Employment",
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
                                related_name="employments",
                                to="org.person",
                            ),
                        ),
                        (
                            "payroll_id",
                            models.CharField(
                                help_text="Exactly as payroll knows it.", max_length=40
                            ),
                        ),
                        ("company", models.CharField(blank=True, max_length=40)),
                        (
                            "pay_group",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.paygroup",
                            ),
                        ),
                        ("tenure_start", models.DateField()),
                        ("valid_from", models.DateField(verbose_name="first day")),
                        (
                            "valid_to",
                            models.DateField(
                                default=datetime.date(9999, 12, 31),
                                verbose_name="day after the last",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["person", "valid_from"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="org_employment_days",
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
                                    ("person", "="),
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
                                name="org_employment_once",
                            ),
                            org.constraints.TenantPolicy(name="org_employment_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_employment_key"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="org_employment_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="pay_group", name="org_employment_pay_group_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FactType",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("number", "Number"),
                                    ("text", "Text"),
                                    ("date", "Date"),
                                    ("yes_no", "Yes or no"),
                                ],
                                default="number",
                                max_length=10,
                            ),
                        ),
                        (
                            "sensitive",
                            models.BooleanField(
                                default=True, help_text="Only pay roles may read it."
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_facttype_code"
                            ),
                            org.constraints.TenantPolicy(name="org_facttype_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_facttype_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Fact",
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
                            "fact_type",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="facts",
                                to="org.facttype",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="facts",
                                to="org.person",
                            ),
                        ),
                        (
                            "slot",
                            models.CharField(
                                blank=True, help_text="Empty: in every job.", max_length=40
                            ),
                        ),
                        (
                            "number",
                            models.DecimalField(
                                blank=True, decimal_places=12, max_digits=38, null=True
                            ),
                        ),
                        ("text", models.CharField(blank=True, max_length=200)),
                        ("day", models.DateField(blank=True, null=True)),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="org_fact_days",
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
                                    ("person", "="),
                                    ("fact_type", "="),
                                    ("slot", "="),
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
                                name="org_fact_once",
                            ),
                            org.constraints.TenantPolicy(name="org_fact_tenant"),
                            models.UniqueConstraint(fields=("tenant", "id"), name="org_fact_key"),
                            org.constraints.TenantReference(
                                field="fact_type", name="org_fact_fact_type_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="org_fact_person_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AbsenceType",
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
                        ("reduces_goal", models.BooleanField(default=True)),
                        ("reduces_payout", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_absencetype_code"
                            ),
                            org.constraints.TenantPolicy(name="org_absencetype_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_absencetype_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Availability",
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
                                related_name="availability",
                                to="org.person",
                            ),
                        ),
                        ("slot", models.CharField(default="primary", max_length=40)),
                        ("day", models.DateField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("scheduled", "Scheduled"),
                                    ("worked", "Worked"),
                                    ("absent", "Absent"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "absence_type",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.absencetype",
                            ),
                        ),
                        (
                            "hours",
                            models.DecimalField(
                                blank=True, decimal_places=4, max_digits=9, null=True
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "availability",
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
                                fields=("tenant", "person", "slot", "day", "kind", "absence_type"),
                                name="org_availability_once",
                                nulls_distinct=False,
                            ),
                            org.constraints.TenantPolicy(name="org_availability_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_availability_key"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="org_availability_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="absence_type", name="org_availability_absence_type_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="User",
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
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
                            ),
                        ),
                        (
                            "username",
                            models.CharField(
                                error_messages={
                                    "unique": "A user with that username already exists."
                                },
                                help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                                max_length=150,
                                unique=True,
                                validators=[
                                    django.contrib.auth.validators.UnicodeUsernameValidator()
                                ],
                                verbose_name="username",
                            ),
                        ),
                        (
                            "first_name",
                            models.CharField(blank=True, max_length=150, verbose_name="first name"),
                        ),
                        (
                            "last_name",
                            models.CharField(blank=True, max_length=150, verbose_name="last name"),
                        ),
                        (
                            "email",
                            models.EmailField(
                                blank=True, max_length=254, verbose_name="email address"
                            ),
                        ),
                        (
                            "is_staff",
                            models.BooleanField(
                                default=False,
                                help_text="Designates whether the user can log into this admin site.",
                                verbose_name="staff status",
                            ),
                        ),
                        (
                            "is_active",
                            models.BooleanField(
                                default=True,
                                help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                                verbose_name="active",
                            ),
                        ),
                        (
                            "date_joined",
                            models.DateTimeField(
                                default=django.utils.timezone.now, verbose_name="date joined"
                            ),
                        ),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["username"],
                    },
                    managers=[
                        ("objects", django.contrib.auth.models.UserManager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Membership",
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
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="memberships",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="memberships",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                help_text="Who the user is among the tenant's people, if anybody.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.person",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "tenant"), name="org_membership_once"
                            ),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_membership_key"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="org_membership_person_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoleGrant",
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
                            "membership",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="grants",
                                to="org.membership",
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("agent", "Agent"),
                                    ("supervisor", "Supervisor"),
                                    ("plan_manager", "Plan manager"),
                                    ("payroll", "Payroll"),
                                    ("auditor", "Auditor"),
                                    ("administrator", "Administrator"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                        (
                            "deputy_for",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deputies",
                                to="org.membership",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="org_rolegrant_days",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    ("tenant", "="),
                                    ("membership", "="),
                                    ("role", "="),
                                    (
                                        django.db.models.functions.comparison.Coalesce(
                                            "deputy_for", 0
                                        ),
                                        "=",
                                    ),
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
                                name="org_rolegrant_once",
                            ),
                            org.constraints.TenantPolicy(name="org_rolegrant_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_rolegrant_key"
                            ),
                            org.constraints.TenantReference(
                                field="membership", name="org_rolegrant_membership_ref"
                            ),
                            org.constraints.TenantReference(
                                field="deputy_for", name="org_rolegrant_deputy_for_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AuditEntry",
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
                        ("at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("action", models.CharField(max_length=60)),
                        (
                            "subject",
                            models.CharField(
                                help_text="What it was done to, in words.", max_length=200
                            ),
                        ),
                        ("reason", models.TextField(blank=True)),
                        (
                            "detail",
                            models.JSONField(default=dict, help_text="Figures before and after."),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "audit entries",
                        "ordering": ["-id"],
                        "constraints": [
                            org.constraints.AppendOnly(name="org_auditentry_forever"),
                            org.constraints.TenantPolicy(name="org_auditentry_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_auditentry_key"
                            ),
                        ],
                        "indexes": [
                            models.Index(fields=["tenant", "at"], name="org_auditentry_at")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InputChange",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("values", "Values came in"),
                                    ("undo", "A delivery was undone"),
                                    ("correction", "A value was corrected"),
                                    ("assignment", "An assignment changed"),
                                    ("employment", "An employment changed"),
                                    ("hierarchy", "The hierarchy changed"),
                                    ("goal", "A goal changed"),
                                    ("fact", "A fact changed"),
                                    ("availability", "Availability changed"),
                                    ("definition", "A metric's definition changed"),
                                    ("completeness", "A source became complete to a day"),
                                    ("version", "A plan version was published"),
                                    ("rate", "An exchange rate changed"),
                                    ("decision", "A person's goal was decided"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="recorded at")),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reference",
                            models.CharField(
                                blank=True, help_text="delivery 12, goal 7 …", max_length=200
                            ),
                        ),
                        ("sentence", models.CharField(max_length=500)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            org.constraints.AppendOnly(name="org_inputchange_forever"),
                            org.constraints.TenantPolicy(name="org_inputchange_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_inputchange_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StaleMark",
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
                            "change",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.inputchange",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.person",
                            ),
                        ),
                        ("metric", models.BigIntegerField(null=True)),
                        ("plan", models.BigIntegerField(null=True)),
                        ("first_day", models.DateField()),
                        ("end_day", models.DateField()),
                    ],
                    options={
                        "constraints": [
                            org.constraints.TenantPolicy(name="org_stalemark_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_stalemark_key"
                            ),
                            org.constraints.TenantReference(
                                field="change", name="org_stalemark_change_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="org_stalemark_person_ref"
                            ),
                        ],
                        "indexes": [
                            models.Index(fields=["tenant", "first_day"], name="org_stalemark_day")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Unit",
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
                            "kind",
                            models.CharField(
                                blank=True, help_text="Division, branch, team …", max_length=60
                            ),
                        ),
                        ("time_zone", models.CharField(blank=True, max_length=64)),
                        (
                            "holiday_calendar",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="org.holidaycalendar",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="org_unit_code"
                            ),
                            org.constraints.TenantPolicy(name="org_unit_tenant"),
                            models.UniqueConstraint(fields=("tenant", "id"), name="org_unit_key"),
                            org.constraints.TenantReference(
                                field="holiday_calendar", name="org_unit_holiday_calendar_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Assignment",
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
                                related_name="assignments",
                                to="org.person",
                            ),
                        ),
                        (
                            "slot",
                            models.CharField(
                                default="primary",
                                help_text="primary, or a second job's name.",
                                max_length=40,
                                verbose_name="job slot",
                            ),
                        ),
                        (
                            "unit",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="assignments",
                                to="org.unit",
                            ),
                        ),
                        (
                            "job_type",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="assignments",
                                to="org.jobtype",
                            ),
                        ),
                        (
                            "manager",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reports",
                                to="org.person",
                            ),
                        ),
                        (
                            "share",
                            models.DecimalField(
                                decimal_places=6,
                                default=Decimal("1"),
                                max_digits=7,
                                verbose_name="contract share",
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                    ],
                    options={
                        "ordering": ["person", "slot", "valid_from"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="org_assignment_days",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                                name="org_assignment_share",
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
                                    ("person", "="),
                                    ("slot", "="),
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
                                name="org_assignment_once",
                            ),
                            org.constraints.TenantPolicy(name="org_assignment_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_assignment_key"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="org_assignment_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="unit", name="org_assignment_unit_ref"
                            ),
                            org.constraints.TenantReference(
                                field="job_type", name="org_assignment_job_type_ref"
                            ),
                            org.constraints.TenantReference(
                                field="manager", name="org_assignment_manager_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UnitPlacement",
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
                            "unit",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="placements",
                                to="org.unit",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="child_placements",
                                to="org.unit",
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(default=datetime.date(9999, 12, 31))),
                    ],
                    options={
                        "ordering": ["unit", "valid_from"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_from__lt", models.F("valid_to"))),
                                name="org_unitplacement_days",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("unit", models.F("parent")), _negated=True),
                                    ("parent", None),
                                    _connector="OR",
                                ),
                                name="org_unitplacement_not_itself",
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
                                    ("unit", "="),
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
                                name="org_unitplacement_once",
                            ),
                            org.constraints.TenantPolicy(name="org_unitplacement_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_unitplacement_key"
                            ),
                            org.constraints.TenantReference(
                                field="unit", name="org_unitplacement_unit_ref"
                            ),
                            org.constraints.TenantReference(
                                field="parent", name="org_unitplacement_parent_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UnitClosure",
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
                        ("valid_from", models.DateField()),
                        (
                            "valid_to",
                            models.DateField(help_text="First day on which it no longer counts."),
                        ),
                        (
                            "ancestor",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.unit",
                            ),
                        ),
                        (
                            "descendant",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.unit",
                            ),
                        ),
                        (
                            "depth",
                            models.PositiveSmallIntegerField(help_text="0: the unit itself."),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "ancestor", "descendant", "valid_from"),
                                name="org_unitclosure_once",
                            ),
                            org.constraints.TenantPolicy(name="org_unitclosure_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="org_unitclosure_key"
                            ),
                            org.constraints.TenantReference(
                                field="ancestor", name="org_unitclosure_ancestor_ref"
                            ),
                            org.constraints.TenantReference(
                                field="descendant", name="org_unitclosure_descendant_ref"
                            ),
                        ],
                        "indexes": [
                            models.Index(
                                fields=["tenant", "descendant", "valid_from"],
                                name="org_unitclosure_up",
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
