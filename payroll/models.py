"""Pay batches, their lines, the layouts that payroll systems read, and the files that left."""

from __future__ import annotations

from django.db import models

from incentives.constraints import FinalRow
from org.base import CURRENT, Recorded, TenantForeignKey, TenantModel
from org.constraints import AppendOnly, NotedByHand
from org.history import tracked


@tracked(key="code")
class PayrollProfile(TenantModel):
    """The layout of one payroll system, as data: columns, codes, formats, file name."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)
    spec = models.JSONField(default=dict)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="payroll_profile_code")
        ]

    def __str__(self) -> str:
        return self.name or self.code


class PayBatch(TenantModel):
    """What payroll takes over for one pay period of one pay group. A draft has no lines."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"

    pay_group = TenantForeignKey("org.PayGroup", related_name="batches")
    period = TenantForeignKey("org.Period", related_name="+")
    number = models.PositiveSmallIntegerField(default=1)
    off_cycle = models.BooleanField(
        default=False, help_text="Beside the period's own pay run: pays no draw."
    )
    pay_date = models.DateField(null=True, help_text="Empty: the period's.")
    people = models.JSONField(null=True, help_text="Only those with these ids; empty: all.")
    currency = models.CharField(max_length=3, help_text="A batch pays in one currency.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    prepared_by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    approved_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    rule = models.JSONField(null=True, help_text="The pay rule by which it paid.")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "pay batches"
        constraints = [
            NotedByHand(name="payroll_paybatch_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "pay_group", "period", "number"], name="payroll_batch_once"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None)
                | ~models.Q(approved_by=models.F("prepared_by")),
                name="payroll_batch_two_people",
            ),
            FinalRow(name="payroll_batch_final", column="approved_at"),
        ]

    def __str__(self) -> str:
        return f"{self.pay_group} {self.period.code} #{self.number}"


class PayLine(TenantModel):
    """One earning of one person in a batch; the transfer to *paid* stands on exactly one line."""

    batch = TenantForeignKey(PayBatch, related_name="lines")
    transfer = TenantForeignKey("incentives.Transfer", related_name="lines")
    person = TenantForeignKey("org.Person", related_name="pay_lines")
    employment = TenantForeignKey("org.Employment", related_name="pay_lines")
    earning_type = models.CharField(max_length=60)
    earned_period = TenantForeignKey("org.Period", null=True, related_name="+")
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    currency = models.CharField(max_length=3)
    replaces = TenantForeignKey(
        "self", null=True, related_name="+", help_text="The line that payroll refused."
    )

    class Meta:
        ordering = ["batch", "id"]
        constraints = [
            NotedByHand(name="payroll_payline_by_hand"),
            models.UniqueConstraint(fields=["tenant", "transfer"], name="payroll_line_once"),
            AppendOnly(name="payroll_line_forever"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.amount} {self.currency}"


class PayStop(Recorded, TenantModel):
    """One person's pay is stopped: what is due stays due until somebody resumes it."""

    person = TenantForeignKey("org.Person", related_name="pay_stops")
    reason = models.TextField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    resumed_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    resumed_because = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person"], condition=CURRENT, name="payroll_stop_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.reason}"


class PayFile(TenantModel):
    """A file that left, or was written to leave: its bytes, hash and control totals."""

    batch = TenantForeignKey(PayBatch, related_name="files")
    profile = TenantForeignKey(PayrollProfile, related_name="files")
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    total = models.DecimalField(max_digits=24, decimal_places=6)
    written_at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    reissue_of = TenantForeignKey("self", null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            NotedByHand(name="payroll_payfile_by_hand"),
            AppendOnly(name="payroll_file_forever"),
        ]

    def __str__(self) -> str:
        return self.name
