"""Calculation runs and what they found: results, earnings; and which plan periods are final."""

from __future__ import annotations

from django.db import models

from incentives.constraints import FinalForever, FinalRow
from org.base import NumerousModel, TenantForeignKey, TenantModel
from org.constraints import NotedByHand


class CalculationRun(TenantModel):
    """One calculation of one plan and period: one transaction, whole or not at all."""

    class Purpose(models.TextChoices):
        PERIOD = "period", "The period's result"
        DIFFERENCE = "difference", "What a final period should be by now"

    plan = TenantForeignKey("incentives.Plan", related_name="runs")
    version = TenantForeignKey("incentives.PlanVersion", related_name="runs")
    period = TenantForeignKey("org.Period", related_name="runs")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.PERIOD)
    at = models.DateTimeField("as of")
    on = models.DateField("business day")
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    complete_through = models.DateField(null=True)
    statement_sha256 = models.CharField(max_length=64)
    statement = models.TextField()
    people = models.PositiveIntegerField(default=0)
    undecided = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    total = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    final_at = models.DateTimeField(null=True)
    only = models.JSONField(
        null=True, help_text="The ids of those it is restricted to; null: everybody."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [FinalRow(name="incentives_run_final", column="final_at")]

    def __str__(self) -> str:
        return f"{self.plan} {self.period}, as of {self.at:%Y-%m-%d %H:%M}"


class PlanPeriod(TenantModel):
    """A plan's period: open, then final. It points to the run that holds its earnings."""

    plan = TenantForeignKey("incentives.Plan", related_name="plan_periods")
    period = TenantForeignKey("org.Period", related_name="plan_periods")
    run = TenantForeignKey(CalculationRun, null=True, related_name="+")
    final_at = models.DateTimeField(null=True)
    final_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    outdated = models.BooleanField(
        default=False,
        help_text="Something that it may read was added up since, and it was not worked out anew.",
    )

    class Meta:
        ordering = ["plan", "period"]
        constraints = [
            NotedByHand(name="incentives_planperiod_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "plan", "period"], name="incentives_planperiod_once"
            ),
            FinalRow(name="incentives_planperiod_final", column="final_at"),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.period}: {'final' if self.final_at else 'provisional'}"


class Result(NumerousModel):
    """What a run worked with for one person and job: every input, so that all can be redone.

    ``inputs`` maps the names that formulas see to text of exact decimals; ``segments`` lists the
    days, unit and job type that the result covers.
    """

    pk = models.CompositePrimaryKey("tenant_id", "run_id", "person_id", "job")
    run_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    job = models.CharField(max_length=200)
    inputs = models.JSONField()
    segments = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "person_id"], name="incentives_result_person")]
        constraints = [FinalForever(name="incentives_result_forever")]

    def __str__(self) -> str:
        return f"{self.person_id} in run {self.run_id}"


class Earning(NumerousModel):
    """One person's outcome of one component in one period, with the full key of what earned it.

    Replaced while the period is open (an older run goes with the new one's arrival), for ever when
    final. ``grain`` is empty for a component per person; else it names the credit and role, the
    day or the unit, which also stand in columns of their own.
    """

    class Status(models.TextChoices):
        DECIDED = "decided", "Decided"
        UNDECIDED = "undecided", "Undecided: data is missing"
        FAILED = "failed", "Could not be worked out"

    pk = models.CompositePrimaryKey(
        "tenant_id", "run_id", "person_id", "component_id", "job", "grain"
    )
    run_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    component_id = models.BigIntegerField()
    job = models.CharField(max_length=200)
    grain = models.CharField(max_length=255, default="", db_default="")
    plan_id = models.BigIntegerField()
    period_id = models.BigIntegerField()
    transaction_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=60, null=True)
    day = models.DateField(null=True)
    unit_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    problem = models.CharField(max_length=120, null=True)
    detail = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "person_id"], name="incentives_earning_person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="decided") ^ models.Q(amount=None),
                name="incentives_earning_amount",
            ),
            FinalForever(name="incentives_earning_forever"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} of {self.person_id}: {self.amount}"


class Dirty(TenantModel):
    """A final plan period that a recorded cause may have moved for one person, or for everybody.

    ``metric`` is the one whose figures changed, where the cause names one.
    """

    plan = TenantForeignKey("incentives.Plan", related_name="+")
    period = TenantForeignKey("org.Period", related_name="+")
    person = TenantForeignKey("org.Person", null=True, related_name="+")
    change = TenantForeignKey("org.InputChange", related_name="+")
    metric = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "period", "person", "change", "metric"],
                nulls_distinct=False,
                name="incentives_dirty_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.period}: {self.change}"
