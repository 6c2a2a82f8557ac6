"""Values, the corrections that outlive them, and the totals they add up to."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from org.base import CURRENT, NumerousModel, Recorded, TenantForeignKey, TenantModel
from org.constraints import NotedByHand
from org.dates import NEVER


def exact(**options: Any) -> models.DecimalField:
    """A numeric column that holds what came in, exactly."""
    return models.DecimalField(max_digits=38, decimal_places=12, **options)


class Value(NumerousModel):
    """One person's figure on one day: numerator and denominator, or value and weight.

    Key: tenant, person, day, metric, reference; the current row is the one superseded *never*, and
    those before it stay. For a weighted mean the numerator is value times weight. A credit is a
    value with a transaction. There are no foreign keys here (they cost five times the load):
    staging checks what comes in.
    """

    pk = models.CompositePrimaryKey(
        "tenant_id", "person_id", "day", "metric_id", "reference", "superseded_at"
    )
    person_id = models.BigIntegerField()
    day = models.DateField()
    metric_id = models.BigIntegerField()
    reference = models.CharField(max_length=120, db_default="")
    superseded_at = models.DateTimeField(default=NEVER, db_default=NEVER)
    recorded_at = models.DateTimeField()
    numerator = exact()
    denominator = exact(null=True)
    assignment_id = models.BigIntegerField(null=True, help_text="The job that covers the day.")
    slot = models.CharField(
        max_length=40, null=True, help_text="The job slot that the source names."
    )
    delivery_id = models.BigIntegerField(null=True)
    correction_id = models.BigIntegerField(null=True)
    transaction_id = models.BigIntegerField(null=True)
    rule_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=60, null=True)
    share = models.DecimalField(max_digits=20, decimal_places=12, null=True)
    undone = models.DecimalField(max_digits=20, decimal_places=12, null=True)
    undone_on = models.DateField(null=True)

    class Meta:
        constraints = [NotedByHand(name="metrics_value_by_hand")]
        indexes = [
            # Values lie in the order in which deliveries brought them: a few pages find any one.
            BrinIndex(fields=["delivery_id"], name="metrics_value_delivery"),
            # What a transaction credits, to replace it with its next version.
            models.Index(
                fields=["tenant", "transaction_id"],
                condition=CURRENT & models.Q(transaction_id__isnull=False),
                name="metrics_value_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} of {self.person_id} on {self.day}: {self.numerator}"


class Correction(Recorded, TenantModel):
    """A figure that somebody set by hand, with the one before it; re-import never loses it."""

    person = TenantForeignKey("org.Person", related_name="corrections")
    day = models.DateField()
    metric = TenantForeignKey("metrics.Metric", related_name="corrections")
    reference = models.CharField(max_length=120, blank=True)
    numerator = exact()
    denominator = exact(null=True, blank=True)
    before_numerator = exact(null=True, blank=True)
    before_denominator = exact(null=True, blank=True)
    reason = models.TextField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person", "day", "metric", "reference"],
                condition=CURRENT,
                name="metrics_correction_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} of {self.person} on {self.day}"


class Total(NumerousModel):
    """A person's values in one job, one metric and one period, added up.

    Every kind of metric reads its own columns; none is an average. ``assignment_id`` 0 means work
    on days that no assignment covers.
    """

    pk = models.CompositePrimaryKey(
        "tenant_id", "period_id", "metric_id", "person_id", "assignment_id"
    )
    period_id = models.BigIntegerField()
    metric_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    assignment_id = models.BigIntegerField()
    rows = models.BigIntegerField()
    numerator = exact(null=True)
    denominator = exact(null=True)
    minimum = exact(null=True)
    maximum = exact(null=True)
    last_day = models.DateField(null=True)
    last_value = exact(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "person_id", "period_id"], name="metrics_total_person")
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} of {self.person_id} in {self.period_id}: {self.numerator}"


class KeptTotal(NumerousModel):
    """A period and metric whose totals are kept; a missing one is added up from all values."""

    pk = models.CompositePrimaryKey("tenant_id", "period_id", "metric_id")
    period_id = models.BigIntegerField()
    metric_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"metric {self.metric_id} in period {self.period_id}"
