import django.db.models.deletion
import django.db.models.functions.comparison
import incentives.constraints
import org.constraints
import org.tenancy
from django.conf import settings
from django.db import migrations, models
from org.migrating import Together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("incentives", "0001_initial"),
        ("org", "0001_initial"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="PayrollProfile",
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
                        ("spec", models.JSONField(default=dict)),
                    ],
                    options={
                        "ordering": ["code"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "code"), name="payroll_profile_code"
                            ),
                            org.constraints.TenantPolicy(name="payroll_payrollprofile_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="payroll_payrollprofile_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PayBatch",
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
                            "pay_group",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="batches",
                                to="org.paygroup",
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
                            "number",
                            models.PositiveSmallIntegerField(
                                default=1, help_text="Above 1: off-cycle."
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(
                                help_text="A batch pays in one currency.", max_length=3
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[("draft", "Draft"), ("approved", "Approved")],
                                default="draft",
                                max_length=10,
                            ),
                        ),
                        (
                            "prepared_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("prepared_at", models.DateTimeField()),
                        (
                            "approved_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("approved_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "verbose_name_plural": "pay batches",
                        "ordering": ["-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "pay_group", "period", "number"),
                                name="payroll_batch_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("approved_by", None),
                                    models.Q(
                                        ("approved_by", models.F("prepared_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="payroll_batch_two_people",
                            ),
                            incentives.constraints.FinalRow(
                                column="approved_at", name="payroll_batch_final"
                            ),
                            org.constraints.TenantPolicy(name="payroll_paybatch_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="payroll_paybatch_key"
                            ),
                            org.constraints.TenantReference(
                                field="pay_group", name="payroll_paybatch_pay_group_ref"
                            ),
                            org.constraints.TenantReference(
                                field="period", name="payroll_paybatch_period_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PayLine",
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
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="payroll.paybatch",
                            ),
                        ),
                        (
                            "transfer",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="incentives.transfer",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pay_lines",
                                to="org.person",
                            ),
                        ),
                        (
                            "employment",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pay_lines",
                                to="org.employment",
                            ),
                        ),
                        ("earning_type", models.CharField(max_length=60)),
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
                        ("amount", models.DecimalField(decimal_places=6, max_digits=24)),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "replaces",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payroll.payline",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["batch", "id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "transfer"), name="payroll_line_once"
                            ),
                            org.constraints.AppendOnly(name="payroll_line_forever"),
                            org.constraints.TenantPolicy(name="payroll_payline_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="payroll_payline_key"
                            ),
                            org.constraints.TenantReference(
                                field="batch", name="payroll_payline_batch_ref"
                            ),
                            org.constraints.TenantReference(
                                field="transfer", name="payroll_payline_transfer_ref"
                            ),
                            org.constraints.TenantReference(
                                field="person", name="payroll_payline_person_ref"
                            ),
                            org.constraints.TenantReference(
                                field="employment", name="payroll_payline_employment_ref"
                            ),
                            org.constraints.TenantReference(
                                field="earned_period", name="payroll_payline_earned_period_ref"
                            ),
                            org.constraints.TenantReference(
                                field="replaces", name="payroll_payline_replaces_ref"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PayFile",
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
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="files",
                                to="payroll.paybatch",
                            ),
                        ),
                        (
                            "profile",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="files",
                                to="payroll.payrollprofile",
                            ),
                        ),
                        ("name", models.CharField(max_length=255)),
                        ("content", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("rows", models.PositiveIntegerField()),
                        ("total", models.DecimalField(decimal_places=6, max_digits=24)),
                        ("written_at", models.DateTimeField()),
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
                            "reissue_of",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payroll.payfile",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            org.constraints.AppendOnly(name="payroll_file_forever"),
                            org.constraints.TenantPolicy(name="payroll_payfile_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="payroll_payfile_key"
                            ),
                            org.constraints.TenantReference(
                                field="batch", name="payroll_payfile_batch_ref"
                            ),
                            org.constraints.TenantReference(
                                field="profile", name="payroll_payfile_profile_ref"
                            ),
                            org.constraints.TenantReference(
                                field="reissue_of", name="payroll_payfile_reissue_of_ref"
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
