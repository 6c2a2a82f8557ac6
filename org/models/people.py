"""People, the employments that pay them, the jobs they hold, and dated facts about them."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from org.base import CURRENT, Recorded, TenantForeignKey, TenantModel
from org.constraints import no_overlap
from org.dates import FOREVER
from org.history import tracked


def days_in_order(name: str) -> models.CheckConstraint:
    """``valid_from`` lies before ``valid_to``."""
    return models.CheckConstraint(
        condition=models.Q(valid_from__lt=models.F("valid_to")), name=name
    )


@tracked(key="code")
class JobType(TenantModel):
    """The role that decides plans, goals and scorecards."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    licences = models.JSONField(
        default=list,
        blank=True,
        help_text="Product classes that everybody of this job type is licensed to sell.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="org_jobtype_code")]

    def __str__(self) -> str:
        return self.name


@tracked(key="code")
class Person(TenantModel):
    """Somebody who works, or worked, for the tenant. Balances hang here."""

    code = models.CharField("personnel number", max_length=60)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)

    class Meta:
        ordering = ["name", "code"]
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="org_person_code")]

    def __str__(self) -> str:
        return self.name


@tracked(key="code")
class PayGroup(TenantModel):
    """People who are paid on the same dates by the same pay rule.

    The rule says what a pay run does between *due* and *paid*: docs/adr/0055. As it stands here by
    default, debts are recovered in full, the oldest earning and the oldest debt first.
    """

    class Protect(models.TextChoices):
        NONE = "none", "Nothing"
        DRAW = "draw", "The draw"
        AMOUNT = "amount", "An amount"

    class Negative(models.TextChoices):
        CARRY = "carry", "Becomes a debt, recovered by the rule"
        NET = "net", "Is taken out of all other pay first"

    class Leavers(models.TextChoices):
        REPAY_ALL_DUE = "repay_all_due", "Repay out of all that is due"
        RECOVER = "recover", "Are recovered from like everybody"
        WRITE_OFF = "write_off", "Repay nothing: what they owe is written off"

    DEBTS = ("draws", "differences", "overpayments")

    code = models.CharField(max_length=60)
    calendar = TenantForeignKey("org.Calendar", help_text="Its periods carry the pay dates.")
    currency = models.CharField(max_length=3, blank=True)
    draw = models.DecimalField(
        max_digits=24,
        decimal_places=6,
        default=Decimal(0),
        help_text="Pay is topped up to this once a pay period, as a loan.",
    )
    recover = models.DecimalField(
        max_digits=7,
        decimal_places=6,
        default=Decimal(1),
        help_text="Share of what lies above the protected amount that meets debts.",
    )
    protect = models.CharField(max_length=10, choices=Protect.choices, default=Protect.NONE)
    protect_amount = models.DecimalField(max_digits=24, decimal_places=6, default=Decimal(0))
    negative = models.CharField(max_length=10, choices=Negative.choices, default=Negative.CARRY)
    minimum = models.DecimalField(
        max_digits=24,
        decimal_places=6,
        default=Decimal(0),
        help_text="What comes to less waits for the next pay date.",
    )
    leavers = models.CharField(
        max_length=20, choices=Leavers.choices, default=Leavers.REPAY_ALL_DUE
    )
    debts = models.JSONField(
        default=list, blank=True, help_text="Kinds of debt in order of repayment; the oldest first."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="org_paygroup_code"),
            models.CheckConstraint(
                condition=models.Q(recover__gte=0, recover__lte=1)
                & models.Q(draw__gte=0, protect_amount__gte=0, minimum__gte=0),
                name="org_paygroup_rule",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def protected(self) -> Decimal:
        """The amount of a pay period's pay that debts never touch."""
        if self.protect == self.Protect.DRAW:
            return self.draw
        return self.protect_amount if self.protect == self.Protect.AMOUNT else Decimal(0)


class Employment(Recorded, TenantModel):
    """The relation to the employer: payroll id, pay group, tenure. There may be several in turn."""

    person = TenantForeignKey(Person, related_name="employments")
    payroll_id = models.CharField(max_length=40, help_text="Exactly as payroll knows it.")
    company = models.CharField(max_length=40, blank=True)
    pay_group = TenantForeignKey(PayGroup, null=True, blank=True)
    tenure_start = models.DateField()
    valid_from = models.DateField("first day")
    valid_to = models.DateField("day after the last", default=FOREVER)

    class Meta:
        ordering = ["person", "valid_from"]
        constraints = [
            days_in_order("org_employment_days"),
            no_overlap(name="org_employment_once", over=("person",), where=CURRENT),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.payroll_id})"


class Assignment(Recorded, TenantModel):
    """A person works in a unit, as a job type, for a manager, on ``[valid_from, valid_to)``."""

    PRIMARY = "primary"

    person = TenantForeignKey(Person, related_name="assignments")
    slot = models.CharField(
        "job slot", max_length=40, default=PRIMARY, help_text="primary, or a second job's name."
    )
    unit = TenantForeignKey("org.Unit", related_name="assignments")
    job_type = TenantForeignKey(JobType, related_name="assignments")
    manager = TenantForeignKey(Person, null=True, blank=True, related_name="reports")
    share = models.DecimalField(
        "contract share", max_digits=7, decimal_places=6, default=Decimal(1)
    )
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        ordering = ["person", "slot", "valid_from"]
        constraints = [
            days_in_order("org_assignment_days"),
            models.CheckConstraint(
                condition=models.Q(share__gt=0, share__lte=1), name="org_assignment_share"
            ),
            no_overlap(name="org_assignment_once", over=("person", "slot"), where=CURRENT),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.job_type} in {self.unit} from {self.valid_from}"


@tracked(key="code")
class FactType(TenantModel):
    """A dated figure that people have: base pay, target incentive, grade, licence."""

    class Kind(models.TextChoices):
        NUMBER = "number", "Number"
        TEXT = "text", "Text"
        DATE = "date", "Date"
        YES_NO = "yes_no", "Yes or no"

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.NUMBER)
    sensitive = models.BooleanField(default=True, help_text="Only pay roles may read it.")

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="org_facttype_code")]

    def __str__(self) -> str:
        return self.code


class Fact(Recorded, TenantModel):
    """What a fact was for one person, or in one job, on the days ``[valid_from, valid_to)``."""

    fact_type = TenantForeignKey(FactType, related_name="facts")
    person = TenantForeignKey(Person, related_name="facts")
    slot = models.CharField(max_length=40, blank=True, help_text="Empty: in every job.")
    number = models.DecimalField(max_digits=38, decimal_places=12, null=True, blank=True)
    text = models.CharField(max_length=200, blank=True)
    day = models.DateField(null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        constraints = [
            days_in_order("org_fact_days"),
            no_overlap(name="org_fact_once", over=("person", "fact_type", "slot"), where=CURRENT),
        ]

    def __str__(self) -> str:
        return f"{self.fact_type} of {self.person} from {self.valid_from}"


@tracked(key="code")
class AbsenceType(TenantModel):
    """A kind of absence, and what it reduces."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)
    reduces_goal = models.BooleanField(default=True)
    reduces_payout = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="org_absencetype_code")
        ]

    def __str__(self) -> str:
        return self.name or self.code


class Availability(Recorded, TenantModel):
    """One person's day: scheduled, worked or absent, in hours."""

    class Kind(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        WORKED = "worked", "Worked"
        ABSENT = "absent", "Absent"

    person = TenantForeignKey(Person, related_name="availability")
    slot = models.CharField(max_length=40, default=Assignment.PRIMARY)
    day = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    absence_type = TenantForeignKey(AbsenceType, null=True, blank=True)
    hours = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)

    class Meta:
        verbose_name_plural = "availability"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person", "slot", "day", "kind", "absence_type"],
                condition=CURRENT,
                nulls_distinct=False,
                name="org_availability_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.day} {self.kind}"
