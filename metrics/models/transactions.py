"""Work that is tested, shared, paid and taken back singly; and the rules that credit it."""

from __future__ import annotations

from django.db import models

from org.base import CURRENT, NumerousModel, Recorded, TenantForeignKey, TenantModel
from org.dates import FOREVER
from org.history import tracked
from org.models.people import days_in_order


@tracked(key="code")
class TransactionKind(TenantModel):
    """Which attributes, dates and roles the transactions of one kind have."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)
    key_columns = models.JSONField(default=list)
    dates = models.JSONField(default=list)
    attributes = models.JSONField(default=dict, help_text="Name to type.")
    tags = models.JSONField(
        default=dict, blank=True, help_text="Attribute to its tags, as compliance packs go by them."
    )
    roles = models.JSONField(default=dict, help_text="Role to where its share stands.")
    undone_share = models.TextField(blank=True, help_text="Formula, 0 to 1.")
    undone_on = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="metrics_transactionkind_code")
        ]

    def __str__(self) -> str:
        return self.name or self.code


class Transaction(Recorded, TenantModel):
    """One version of a deal, account, payment or cancellation. A newer version supersedes."""

    kind = TenantForeignKey(TransactionKind, related_name="transactions")
    key = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    delivery = TenantForeignKey("metrics.Delivery", related_name="transactions")
    attributes = models.JSONField(
        default=dict, help_text="Attributes and dates: numbers as exact text, days as 2026-06-01."
    )
    delivered = models.JSONField(
        null=True, help_text="As the delivery said it, where corrections hold; empty: the same."
    )
    delivered_parties = models.JSONField(
        null=True, help_text="Who took part as the delivery said it, where a correction holds."
    )
    about = models.CharField(max_length=200, blank=True, help_text="Key of what it concerns.")
    about_kind = TenantForeignKey(TransactionKind, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "key"], condition=CURRENT, name="metrics_transaction_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "kind", "key", "version"], name="metrics_transaction_version"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "about_kind", "about"],
                condition=CURRENT & ~models.Q(about=""),
                name="metrics_transaction_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Party(TenantModel):
    """Who played which role in a version of a transaction, with which share."""

    transaction = TenantForeignKey(Transaction, related_name="parties")
    role = models.CharField(max_length=60)
    person = TenantForeignKey("org.Person", related_name="parties")
    share = models.DecimalField(max_digits=20, decimal_places=12, null=True)

    class Meta:
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "transaction", "role", "person"], name="metrics_party_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} as {self.role}"


class CreditRule(Recorded, TenantModel):
    """The first rule of a group that takes a transaction credits it; groups are independent."""

    kind = TenantForeignKey(TransactionKind, related_name="credit_rules")
    group = models.CharField(max_length=60)
    order = models.PositiveIntegerField()
    when = models.TextField(blank=True)
    to = models.JSONField(default=list)
    split = models.BooleanField(default=False)
    amount = models.TextField(blank=True)
    weight = models.TextField(blank=True)
    into = TenantForeignKey("metrics.Metric", null=True, help_text="Empty: excluded on purpose.")
    on = models.CharField(max_length=60, blank=True)
    once_per = models.JSONField(default=list)
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        ordering = ["kind", "group", "order"]
        constraints = [
            days_in_order("metrics_creditrule_days"),
            models.UniqueConstraint(
                fields=["tenant", "kind", "group", "order", "valid_from"],
                condition=CURRENT,
                name="metrics_creditrule_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.group} {self.order}"


class TransactionCorrection(Recorded, TenantModel):
    """What somebody set by hand; it stands over every later delivery.

    ``attribute``: an attribute or date, or all parties together (metrics.deal_parties).
    """

    kind = TenantForeignKey(TransactionKind, related_name="corrections")
    key = models.CharField(max_length=200)
    attribute = models.CharField(max_length=60)
    value = models.JSONField(null=True, help_text="As the transaction keeps it.")
    before = models.JSONField(null=True)
    reason = models.TextField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "key", "attribute"],
                condition=CURRENT,
                name="metrics_transactioncorrection_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attribute} of {self.kind} {self.key}"


class Waiting(NumerousModel):
    """A transaction that a rule took, or may take, and that credits nobody for now, with why."""

    pk = models.CompositePrimaryKey("tenant_id", "kind_id", "key", "group")
    kind_id = models.BigIntegerField()
    key = models.CharField(max_length=200)
    group = models.CharField(max_length=60, help_text="Empty: of every group.")
    transaction_id = models.BigIntegerField()
    rule_id = models.BigIntegerField(null=True)
    problem = models.CharField(
        max_length=20, blank=True, default="", help_text="Of metrics.deciding.PROBLEMS."
    )
    sentence = models.CharField(max_length=500)

    class Meta:
        ordering = ["kind_id", "key", "group"]

    def __str__(self) -> str:
        return self.sentence


class OnceKey(NumerousModel):
    """By what a transaction is counted once, where a rule does so: finds those it stands beside."""

    pk = models.CompositePrimaryKey("tenant_id", "kind_id", "key", "names")
    kind_id = models.BigIntegerField()
    key = models.CharField(max_length=200)
    names = models.CharField(max_length=500, help_text="The attributes that make the once-key.")
    once = models.CharField(max_length=32, help_text="Their values, as a hash.")

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "kind_id", "names", "once"], name="metrics_oncekey_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} by {self.names}"
