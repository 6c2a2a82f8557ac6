"""The ledger: transfers between accounts, added and never changed. Balances are sums."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.constraints import AppendOnly, NotedByHand


class Account(models.TextChoices):
    """Where money stands. Granted = held + due + paid + lost - what the person owes."""

    PLAN = "plan", "What plans have granted"
    HELD = "held", "Earned, waiting"
    DUE = "due", "Payable at the next pay date"
    OWED = "owed", "Owed by the person"
    PAID = "paid", "Paid"
    LOST = "lost", "Forfeited, written off, waived"


class Transfer(TenantModel):
    """An amount of one person moved between two accounts, with the earning that it belongs to."""

    class Origin(models.TextChoices):
        CALCULATION = "calculation", "Calculation"
        RELEASE = "release", "Release"
        PAY_RUN = "pay_run", "Pay run"
        REFUSAL = "refusal", "Refused by payroll"
        ADJUSTMENT = "adjustment", "Adjustment"
        OPENING = "opening", "Opening balance"
        WAIVER = "waiver", "Waiver"

    person = TenantForeignKey("org.Person", related_name="transfers")
    currency = models.CharField(max_length=3)
    from_account = models.CharField(max_length=5, choices=Account.choices)
    to_account = models.CharField(max_length=5, choices=Account.choices)
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    origin = models.CharField(max_length=12, choices=Origin.choices)

    plan = TenantForeignKey("incentives.Plan", null=True, related_name="transfers")
    component = models.CharField(max_length=60, blank=True)
    earning_type = models.CharField(max_length=60, blank=True)
    earned_period = TenantForeignKey("org.Period", null=True, related_name="+")
    job = models.CharField(max_length=200, blank=True)
    grain = models.CharField(max_length=255, blank=True)
    part = models.PositiveSmallIntegerField(default=0, help_text="Of the schedule.")

    posted_period = TenantForeignKey("org.Period", null=True, related_name="+")
    due_on = models.DateField(null=True)
    condition = models.TextField(blank=True)
    expires = models.TextField(
        blank=True, db_default="", help_text="Of what is held: the day or condition of its loss."
    )

    run = TenantForeignKey("incentives.CalculationRun", null=True, related_name="transfers")
    rates = models.JSONField(null=True, help_text="Exchange rates and rounding that made it.")
    change = TenantForeignKey("org.InputChange", null=True, related_name="+")
    about = TenantForeignKey(
        "self", null=True, related_name="+", help_text="The debt repaid, the payment refused …"
    )
    cause = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            NotedByHand(name="incentives_transfer_by_hand"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="incentives_transfer_amount"
            ),
            models.CheckConstraint(
                condition=~models.Q(from_account=models.F("to_account")),
                name="incentives_transfer_moves",
            ),
            # What payroll refused comes back once, whoever asks, and however many at once.
            models.UniqueConstraint(
                fields=["tenant", "about"],
                condition=models.Q(origin="refusal"),
                name="incentives_transfer_refused_once",
            ),
            AppendOnly(name="incentives_transfer_forever"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "plan", "earned_period", "person"],
                name="incentives_transfer_earned",
            ),
            models.Index(
                fields=["tenant", "person"],
                condition=models.Q(from_account="held") | models.Q(to_account="held"),
                name="incentives_transfer_held",
            ),
            # Whether an earlier system's figures opened a plan: asked whenever rules are read.
            models.Index(
                fields=["tenant", "plan"],
                condition=models.Q(origin="opening"),
                name="incentives_transfer_opening",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.from_account} → {self.to_account}"
