"""What a metric is, from which day on, and the goals set for it."""

from __future__ import annotations

from django.db import models

from org.base import CURRENT, Recorded, TenantForeignKey, TenantModel
from org.constraints import no_overlap
from org.dates import FOREVER
from org.history import tracked
from org.models.people import days_in_order


@tracked(key="code")
class Metric(TenantModel):
    """A figure that people are measured by. What it means is dated: :class:`MetricDefinition`."""

    code = models.CharField(max_length=60, help_text="As formulas call it: letters, digits, _.")
    name = models.CharField(max_length=200)
    tags = models.JSONField(
        default=list, blank=True, help_text="What compliance packs go by: metrics.tags."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="metrics_metric_code")
        ]

    def __str__(self) -> str:
        return self.name


class MetricDefinition(Recorded, TenantModel):
    """How a metric is rolled up, shown and held against its goal, on the days it is in force."""

    class Kind(models.TextChoices):
        SUM = "sum", "Sum"
        RATIO = "ratio", "Ratio of sums"
        WEIGHTED_MEAN = "weighted_mean", "Weighted mean"
        LAST = "last", "Last value"
        MINIMUM = "minimum", "Minimum"
        MAXIMUM = "maximum", "Maximum"
        DERIVED = "derived", "Derived by a formula"

    class Unit(models.TextChoices):
        COUNT = "count", "Count"
        SECONDS = "seconds", "Seconds"
        PERCENT = "percent", "Percent"
        MONEY = "money", "Money"
        SCORE = "score", "Score"

    class Direction(models.TextChoices):
        HIGHER = "higher", "Higher is better"
        LOWER = "lower", "Lower is better"

    class Attainment(models.TextChoices):
        ACTUAL_BY_GOAL = "actual_by_goal", "actual ÷ goal"
        GOAL_BY_ACTUAL = "goal_by_actual", "goal ÷ actual"
        TWO_MINUS = "two_minus", "2 − actual ÷ goal"
        FORMULA = "formula", "Its own formula over actual and goal"

    metric = TenantForeignKey(Metric, related_name="definitions")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    unit = models.CharField(max_length=10, choices=Unit.choices, default=Unit.COUNT)
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.HIGHER)
    decimals = models.PositiveSmallIntegerField(default=2, help_text="Shown after the point.")
    attainment = models.CharField(max_length=20, choices=Attainment.choices)
    attainment_formula = models.TextField(blank=True)
    attainment_decimals = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Decimals of the percentage before it decides anything; empty: not rounded.",
    )
    minimum_sample = models.DecimalField(
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Below this denominator (or count of rows) there is no data.",
    )
    formula = models.TextField(blank=True, help_text="Of a derived metric, over other metrics.")
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        ordering = ["metric", "valid_from"]
        constraints = [
            days_in_order("metrics_definition_days"),
            no_overlap(name="metrics_definition_once", over=("metric",), where=CURRENT),
        ]

    def __str__(self) -> str:
        return f"{self.metric} from {self.valid_from}"


class Goal(Recorded, TenantModel):
    """A dated target; the nearest wins: person, unit and job type, nearest unit, job type, all."""

    class Of(models.TextChoices):
        PERSON = "person", "Each person"
        TEAM = "team", "The unit as a whole"

    class Basis(models.TextChoices):
        PERIOD = "period", "For a whole period"
        PERSON_DAY = "person_day", "For each working day of each person"

    metric = TenantForeignKey(Metric, related_name="goals")
    of = models.CharField(max_length=10, choices=Of.choices, default=Of.PERSON)
    basis = models.CharField(max_length=12, choices=Basis.choices, default=Basis.PERIOD)
    calendar = TenantForeignKey(
        "org.Calendar", null=True, blank=True, help_text="Only for periods of this calendar."
    )
    person = TenantForeignKey("org.Person", null=True, blank=True, related_name="goals")
    unit = TenantForeignKey("org.Unit", null=True, blank=True, related_name="goals")
    job_type = TenantForeignKey("org.JobType", null=True, blank=True, related_name="goals")
    value = models.DecimalField(max_digits=38, decimal_places=12)
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        ordering = ["metric", "valid_from"]
        constraints = [
            days_in_order("metrics_goal_days"),
            models.CheckConstraint(
                condition=models.Q(person=None) | models.Q(unit=None, job_type=None),
                name="metrics_goal_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.value.normalize():f}"
