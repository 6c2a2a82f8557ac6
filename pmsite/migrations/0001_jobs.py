import django.db.models.deletion
import django.db.models.functions.comparison
import org.constraints
import org.tenancy
import pmsite.models
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
                    name="Job",
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
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="org.tenant",
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                help_text="nightly …, or tick for the tick itself.", max_length=60
                            ),
                        ),
                        ("due_at", models.DateTimeField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("queued", "Waits for a worker"),
                                    ("claimed", "A worker is at it"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                ],
                                default="queued",
                                max_length=10,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("claim", models.UUIDField(null=True)),
                        (
                            "worker",
                            models.CharField(
                                blank=True, help_text="Host and process.", max_length=200
                            ),
                        ),
                        (
                            "lease_until",
                            models.DateTimeField(
                                help_text="Later than this, the worker is dead.", null=True
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("begun_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        (
                            "outcome",
                            models.TextField(blank=True, help_text="What was done, in a sentence."),
                        ),
                        (
                            "failure",
                            models.TextField(blank=True, help_text="Why the last attempt failed."),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "name", "due_at"),
                                name="pmsite_job_once",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "claimed"),
                                    models.Q(
                                        ("claim__isnull", True), ("lease_until__isnull", True)
                                    ),
                                    _connector="XOR",
                                ),
                                name="pmsite_job_claim",
                            ),
                        ],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state__in", ["queued", "claimed"])),
                                fields=["state", "due_at"],
                                name="pmsite_job_waiting",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Schedule",
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
                            "job",
                            models.CharField(
                                help_text="What is done, e.g. nightly.", max_length=60
                            ),
                        ),
                        (
                            "at_time",
                            models.TimeField(
                                help_text="In the tenant's time zone.", verbose_name="time of day"
                            ),
                        ),
                        (
                            "weekdays",
                            models.CharField(
                                default="1234567",
                                help_text="1 Monday to 7 Sunday.",
                                max_length=7,
                                validators=[pmsite.models.check_weekdays],
                            ),
                        ),
                        ("active", models.BooleanField(default=True)),
                        (
                            "since",
                            models.DateTimeField(
                                editable=False,
                                help_text="When it was set so; times before are not caught up.",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["job", "at_time"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "job", "at_time"), name="pmsite_schedule_once"
                            ),
                            org.constraints.TenantPolicy(name="pmsite_schedule_tenant"),
                            models.UniqueConstraint(
                                fields=("tenant", "id"), name="pmsite_schedule_key"
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
