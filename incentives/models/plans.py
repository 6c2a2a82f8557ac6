"""Incentive plans: families, dated versions, and the parts of a version."""

from __future__ import annotations

from django.db import models

from org.base import CURRENT, Recorded, TenantForeignKey, TenantModel
from org.history import tracked


@tracked(key="code")
class Family(TenantModel):
    """Plans of one family replace each other by precedence; families add up."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "families"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="incentives_family_code")
        ]

    def __str__(self) -> str:
        return self.name or self.code


@tracked(key="code")
class Plan(TenantModel):
    """An incentive agreement. What it says is in its versions."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    family = TenantForeignKey(Family, related_name="plans")
    calendar = TenantForeignKey("org.Calendar", related_name="plans")
    currency = models.CharField(max_length=3, blank=True, help_text="Empty: the tenant's.")

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="incentives_plan_code")
        ]

    def __str__(self) -> str:
        return self.name


@tracked(key="plan__code")
class PlanVersion(TenantModel):
    """The rules of a plan from the period that begins on ``in_force`` until the next version's.

    A published version never changes. A draft is handed in for review, and published by somebody
    else than its author and whoever handed it in.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Withdrawn"

    UNPUBLISHED = (Status.DRAFT, Status.REVIEW)

    class Segments(models.TextChoices):
        BLEND = "blend", "Blend: one result for the period"
        SEPARATE = "separate", "Separate: a result for each unit and job type"

    class Days(models.TextChoices):
        CALENDAR = "calendar", "Calendar days"
        WORKING = "working", "Working days"
        SCHEDULED = "scheduled", "Scheduled hours"

    class FirstDay(models.TextChoices):
        COUNTS = "in", "The first day counts"
        LEFT_OUT = "out", "The first day is left out"

    plan = TenantForeignKey(Plan, related_name="versions")
    number = models.PositiveIntegerField()
    in_force = models.DateField(help_text="First day of the first period that it rules.")
    ends = models.DateField(
        null=True, blank=True, help_text="First day on which the plan no longer pays."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    segments = models.CharField(max_length=10, choices=Segments.choices, default=Segments.BLEND)
    prorate_goal = models.JSONField(
        default=list, blank=True, help_text='What reduces the goal: "days", "share", "absence".'
    )
    prorate_amount = models.JSONField(
        default=list, blank=True, help_text='What reduces the amounts: "days", "share", "absence".'
    )
    prorate_days = models.CharField(max_length=10, choices=Days.choices, default=Days.CALENDAR)
    first_day = models.CharField(max_length=3, choices=FirstDay.choices, default=FirstDay.COUNTS)
    schedules = models.JSONField(default=dict, blank=True)
    options = models.JSONField(
        default=dict, blank=True, help_text="Choices of later rooms: leavers, true-up, caps."
    )
    reason = models.TextField(blank=True, help_text="Why, where it is published late.")
    author = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(editable=False)
    copied_from = TenantForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="copies"
    )
    handed_in_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    handed_in_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_back = models.TextField(
        blank=True, editable=False, help_text="Why it was sent back to its author, the last time."
    )
    published_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["plan", "in_force", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "number"],
                condition=~models.Q(status="retired"),
                name="incentives_planversion_number",
            ),
            models.UniqueConstraint(
                fields=["tenant", "plan", "in_force"],
                condition=models.Q(status="published"),
                name="incentives_planversion_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} version {self.number}"


@tracked(key="version__plan__code")
class Eligibility(TenantModel):
    """Whom a version is for. Nothing named: everybody; the most specific plan of a family wins."""

    version = TenantForeignKey(PlanVersion, models.CASCADE, related_name="eligibility")
    person = TenantForeignKey("org.Person", null=True, blank=True)
    unit = TenantForeignKey("org.Unit", null=True, blank=True, help_text="And all below it.")
    job_type = TenantForeignKey("org.JobType", null=True, blank=True)
    slot = models.CharField(max_length=40, blank=True, help_text="Empty: in any job slot.")

    class Meta:
        verbose_name_plural = "eligibility"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version", "person", "unit", "job_type", "slot"],
                nulls_distinct=False,
                name="incentives_eligibility_once",
            ),
        ]

    def __str__(self) -> str:
        who = [str(x) for x in (self.person, self.unit, self.job_type, self.slot) if x]
        return ", ".join(who) or "everybody"


@tracked(key="version__plan__code")
class Measure(TenantModel):
    """A named input of a version: which metric, whose, over which window."""

    class Scope(models.TextChoices):
        OWN = "own", "Own"
        DIRECT = "direct", "Direct reports"
        TEAM = "team", "The unit"
        SUBTREE = "subtree", "The unit and all below it"

    class Window(models.TextChoices):
        PERIOD = "period", "The period"
        QUARTER_TO_DATE = "quarter_to_date", "Quarter to date"
        YEAR_TO_DATE = "year_to_date", "Year to date"
        SINCE_HIRE = "since_hire", "Since hire"
        ROLLING = "rolling", "This period and those before it"
        OWN_DATES = "own_dates", "Days of its own"

    class NoData(models.TextChoices):
        UNDECIDED = "undecided", "Undecided: blank, and what needs it waits"
        ZERO = "zero", "Counts as zero"

    class UndoneAs(models.TextChoices):
        RESTATE = "restate", "Restate"
        REVERSE = "reverse", "Reverse"
        NET = "net", "Net"

    version = TenantForeignKey(PlanVersion, models.CASCADE, related_name="measures")
    name = models.CharField(max_length=60, help_text="As formulas call it.")
    metric = TenantForeignKey("metrics.Metric", null=True, blank=True, related_name="measures")
    earnings_of = models.CharField(max_length=130, blank=True, help_text="plan.component")
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.OWN)
    window = models.CharField(max_length=20, choices=Window.choices, default=Window.PERIOD)
    filter = models.TextField(blank=True)
    no_data = models.CharField(max_length=10, choices=NoData.choices, default=NoData.UNDECIDED)
    undone_as = models.CharField(max_length=10, choices=UndoneAs.choices, default=UndoneAs.RESTATE)
    options = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["version", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version", "name"], name="incentives_measure_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked(key="version__plan__code")
class RateTable(TenantModel):
    """A table of a version: tiers, rates, a curve, a matrix, a look-up, as ``formula`` reads it."""

    version = TenantForeignKey(PlanVersion, models.CASCADE, related_name="tables")
    name = models.CharField(max_length=60)
    spec = models.JSONField(default=dict)

    class Meta:
        ordering = ["version", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version", "name"], name="incentives_ratetable_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked(key="version__plan__code")
class Component(TenantModel):
    """A rule that yields an amount: formula, gate, modifier, prorate, cap, floor, rounded once."""

    class Per(models.TextChoices):
        PERSON = "person", "Person and period"
        DAY = "day", "Day"
        CREDIT = "credit", "Credit"
        TEAM = "team", "Team"

    version = TenantForeignKey(PlanVersion, models.CASCADE, related_name="components")
    order = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=60)
    title = models.CharField(max_length=200, blank=True, help_text="As the statement prints it.")
    per = models.CharField(max_length=10, choices=Per.choices, default=Per.PERSON)
    of = models.CharField(max_length=60, blank=True, help_text="Measure whose credits are paid.")
    formula = models.TextField()
    gate = models.TextField(blank=True, help_text="A condition: shut, the component pays nothing.")
    modifier = models.TextField(blank=True, help_text="A factor.")
    cap = models.TextField(blank=True, help_text="At most.")
    floor = models.TextField(blank=True, help_text="At least: a guarantee.")
    prorate = models.BooleanField(
        default=True, help_text="Reduce the amount where the version reduces amounts."
    )
    cumulate = models.CharField(max_length=10, default="restart")
    rounding_decimals = models.SmallIntegerField(default=2)
    rounding_mode = models.CharField(
        max_length=10, default="half_up", choices=[("half_up", "Half away from zero")]
    )
    rounding_each = models.CharField(
        max_length=12,
        blank=True,
        choices=[
            ("credit", "Each credit alone"),
            ("running", "Along the running result, so that parts sum to the whole"),
            ("transaction", "Over the parties of a transaction"),
        ],
        help_text="Empty: running where RUNNING is read, else over the parties.",
    )
    earning_type = models.CharField(max_length=60, default="incentive")
    schedule = models.CharField(max_length=60, blank=True)
    exchange_rate = models.CharField(max_length=10, blank=True)
    after_final = models.CharField(max_length=10, default="restate")
    paid_as = models.CharField(max_length=10, default="earned")
    options = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["version", "order", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version", "name"], name="incentives_component_name"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.name


class ExchangeRate(Recorded, TenantModel):
    """What one unit of a currency is worth in another, by name of rate and day."""

    name = models.CharField(max_length=20, help_text="plan, month, day.")
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=30, decimal_places=12)
    valid_from = models.DateField()
    valid_to = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name", "base", "quote", "valid_from"],
                condition=CURRENT,
                name="incentives_exchangerate_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.rate}"


class PersonCap(Recorded, TenantModel):
    """The most that one person can earn in a period by several plans together, in their order."""

    name = models.CharField(max_length=60)
    calendar = TenantForeignKey("org.Calendar", related_name="+")
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    currency = models.CharField(max_length=3, blank=True, help_text="Empty: the tenant's.")
    exchange_rate = models.CharField(
        max_length=10, default="plan", help_text="By which plans of other currencies count."
    )
    plans = models.JSONField(help_text="Codes: what the first pays is kept, the last is cut first.")
    valid_from = models.DateField()
    valid_to = models.DateField()

    class Meta:
        ordering = ["name", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name", "valid_from"],
                condition=CURRENT,
                name="incentives_personcap_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Decision(Recorded, TenantModel):
    """What somebody decided for one person where a goal of zero leaves no attainment."""

    class Kind(models.TextChoices):
        ZERO = "0%", "Counts as 0 %"
        FULL = "100%", "Counts as 100 %"
        LEAVE_OUT = "leave_out", "Is left out: pays nothing"

    plan = TenantForeignKey(Plan, related_name="decisions")
    period = TenantForeignKey("org.Period", related_name="+")
    person = TenantForeignKey("org.Person", related_name="decisions")
    measure = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.TextField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "period", "person", "measure"],
                condition=CURRENT,
                name="incentives_decision_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} of {self.person}: {self.get_kind_display()}"
