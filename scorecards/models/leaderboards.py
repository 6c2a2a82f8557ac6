"""Leaderboards: what is ranked, of whom, for whom; and the standings that were worked out."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from incentives.constraints import FinalRow
from metrics.models import MetricDefinition
from org.base import NumerousModel, TenantForeignKey, TenantModel
from org.history import tracked
from scorecards.constraints import FinalPlaces

check_code = RegexValidator(
    r"^[\w-]+\Z", "A code stands in an address: use letters, digits, “-” and “_”."
)


class Names(models.TextChoices):
    """How people are named to those who may not open their figures anyway."""

    NAMES = "names", "By name"
    INITIALS = "initials", "By initials"


@tracked(key="code")
class Leaderboard(TenantModel):
    """Ranks people or teams for the periods of a calendar."""

    class What(models.TextChoices):
        METRIC = "metric", "A metric"
        ATTAINMENT = "attainment", "An attainment"
        POINTS = "points", "Points: weighted attainments"

    class Of(models.TextChoices):
        PEOPLE = "people", "People"
        TEAMS = "teams", "Teams"

    class OpenTo(models.TextChoices):
        SCOPE = "scope", "Everyone who is ranked, and supervisors"
        SUPERVISORS = "supervisors", "Supervisors only"

    class Movement(models.TextChoices):
        PERIOD = "period", "Since the period before"
        WEEK = "week", "Within the last week or so"

    code = models.CharField(max_length=60, validators=[check_code])
    title = models.CharField(max_length=120)
    what = models.CharField(max_length=10, choices=What.choices)
    of = models.CharField(max_length=10, choices=Of.choices, default=Of.PEOPLE)
    metric = TenantForeignKey(
        "metrics.Metric", null=True, blank=True, help_text="Of a board that ranks a metric."
    )
    plan = TenantForeignKey(
        "incentives.Plan", null=True, blank=True, help_text="Of attainments and points."
    )
    weights = models.JSONField(
        default=dict,
        blank=True,
        help_text="Measures of the plan, each with its points at 100 % of the goal.",
    )
    calendar = TenantForeignKey("org.Calendar", related_name="leaderboards")
    unit = TenantForeignKey(
        "org.Unit", null=True, blank=True, help_text="Only its people, and those below it."
    )
    job_type = TenantForeignKey("org.JobType", null=True, blank=True)
    minimum_sample = models.DecimalField(
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Below this many observations nobody is ranked. Empty: as the metric says.",
    )
    names = models.CharField(max_length=10, choices=Names.choices, default=Names.NAMES)
    opt_out = models.BooleanField(
        default=False, help_text="People may choose to be shown without a name."
    )
    open_to = models.CharField(max_length=12, choices=OpenTo.choices, default=OpenTo.SCOPE)
    top = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="So many places everyone sees; beyond them only one's own neighbourhood.",
    )
    movement = models.CharField(max_length=10, choices=Movement.choices, default=Movement.PERIOD)
    active = models.BooleanField(default=True, help_text="Off: no period is ranked any more.")

    class Meta:
        ordering = ["title", "code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="scorecards_leaderboard_code"),
            models.CheckConstraint(
                condition=models.Q(what="metric", metric__isnull=False, plan=None)
                | (~models.Q(what="metric") & models.Q(metric=None, plan__isnull=False)),
                name="scorecards_leaderboard_what",
            ),
            models.CheckConstraint(
                condition=models.Q(top__range=(1, 100)), name="scorecards_leaderboard_top"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def of_people(self) -> bool:
        """Whether people are ranked, not teams."""
        return self.of == self.Of.PEOPLE

    @property
    def weight_of(self) -> dict[str, Decimal]:
        """The measures' weights, exact, by the names that formulas use."""
        return {name.lower(): Decimal(str(weight)) for name, weight in self.weights.items()}


class OptOut(TenantModel):
    """Somebody's choice to stand on a leaderboard without a name."""

    leaderboard = TenantForeignKey(Leaderboard, models.CASCADE, related_name="opted_out")
    person = TenantForeignKey("org.Person", models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "leaderboard", "person"], name="scorecards_optout_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.leaderboard}"


class Standing(TenantModel):
    """A leaderboard's state in one period: replaced while it is open, kept when it is final.

    ``unit``, ``places`` and ``lower`` say how its figures read; ``best`` is the first place's.
    ``whole``: what all who are ranked reached together, their goal and its attainment, where that
    can be said. ``problem``: why nothing could be ranked.
    """

    leaderboard = TenantForeignKey(Leaderboard, related_name="standings")
    period = TenantForeignKey("org.Period", related_name="+")
    at = models.DateTimeField("worked out")
    on = models.DateField("business day")
    complete_through = models.DateField(null=True)
    final_at = models.DateTimeField(null=True)
    runs = models.JSONField(default=list, help_text="The runs whose results it shows.")
    unit = models.CharField(max_length=10, default=MetricDefinition.Unit.COUNT)
    places = models.PositiveSmallIntegerField(default=0)
    lower = models.BooleanField(default=False)
    ranked = models.PositiveIntegerField(default=0)
    unranked = models.PositiveIntegerField(default=0)
    best = models.DecimalField(max_digits=50, decimal_places=12, null=True)
    compared = models.DateField(null=True, help_text="The day of the places before.")
    whole_kind = models.CharField(max_length=20, blank=True)
    whole_unit = models.CharField(max_length=10, blank=True)
    whole_places = models.PositiveSmallIntegerField(default=0)
    whole_actual = models.DecimalField(max_digits=50, decimal_places=12, null=True)
    whole_goal = models.DecimalField(max_digits=50, decimal_places=12, null=True)
    whole_attainment = models.DecimalField(max_digits=50, decimal_places=12, null=True)
    problem = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["leaderboard", "-period"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "leaderboard", "period"], name="scorecards_standing_once"
            ),
            FinalRow(name="scorecards_standing_final", column="final_at"),
        ]

    def __str__(self) -> str:
        return f"{self.leaderboard}, {self.period}"


class Place(NumerousModel):
    """One person or team in a standing. ``position`` puts all in one order, ties by name.

    Without a rank stands who has no figure or too small a sample, and ``reason`` says which.
    """

    class Reason(models.TextChoices):
        NO_DATA = "no_data", "no data in this period"
        SAMPLE = "sample", "too few observations"
        NO_GOAL = "no_goal", "no goal to hold it against"
        LEFT_OUT = "left_out", "left out by a decision"
        FAILED = "failed", "could not be worked out"

    pk = models.CompositePrimaryKey("tenant_id", "standing_id", "subject_id")
    standing_id = models.BigIntegerField()
    subject_id = models.BigIntegerField(help_text="A person or a unit, as the board ranks.")
    unit_id = models.BigIntegerField(null=True)
    position = models.PositiveIntegerField()
    rank = models.PositiveIntegerField(null=True)
    tied = models.BooleanField(default=False)
    value = models.DecimalField(max_digits=50, decimal_places=12, null=True)
    sample = models.DecimalField(max_digits=50, decimal_places=12, null=True)
    reason = models.CharField(max_length=10, choices=Reason.choices, blank=True)
    before = models.PositiveIntegerField(null=True, help_text="The rank that it moved from.")

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "standing_id", "position"], name="scorecards_place_order"
            )
        ]
        constraints = [FinalPlaces(name="scorecards_place_final")]

    def __str__(self) -> str:
        return f"{self.rank or '–'} in {self.standing_id}"
