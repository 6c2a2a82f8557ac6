"""Where values come from: sources, the files or pushes they deliver, and what could not be used."""

from __future__ import annotations

from django.db import models

from org.base import CURRENT, Recorded, TenantForeignKey, TenantModel
from org.constraints import NotedByHand, no_overlap
from org.dates import FOREVER
from org.history import tracked
from org.models.people import days_in_order
from org.models.tenants import check_zone


@tracked(key="code")
class Source(TenantModel):
    """A system or spreadsheet that delivers values, with its saved column map."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[check_zone], help_text="Empty: the tenant's."
    )
    column_map = models.JSONField(default=dict)
    by_hand = models.JSONField(
        default=list,
        blank=True,
        help_text="Metrics that supervisors enter for their people; their form is its file.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="metrics_source_code")
        ]

    def __str__(self) -> str:
        return self.name or self.code


class PersonAlias(Recorded, TenantModel):
    """What a source calls a person, on which days."""

    source = TenantForeignKey(Source, related_name="aliases")
    external_id = models.CharField(max_length=120)
    person = TenantForeignKey("org.Person", related_name="aliases")
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        verbose_name_plural = "person aliases"
        constraints = [
            days_in_order("metrics_personalias_days"),
            no_overlap(
                name="metrics_personalias_once", over=("source", "external_id"), where=CURRENT
            ),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} is {self.person}"


class SourceComplete(Recorded, TenantModel):
    """Up to which day a source says that it has delivered all there is (``through`` included)."""

    source = TenantForeignKey(Source, related_name="completeness")
    through = models.DateField()

    class Meta:
        verbose_name_plural = "source completeness"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source"], condition=CURRENT, name="metrics_sourcecomplete_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} complete through {self.through}"


class Delivery(TenantModel):
    """One file or push, as it came; the same bytes for the same source come in once."""

    source = TenantForeignKey(Source, related_name="deliveries")
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(help_text="The file, for whoever works the period out again.")
    received_at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    rows_read = models.PositiveIntegerField(default=0)
    values_accepted = models.PositiveIntegerField(default=0)
    values_superseded = models.PositiveIntegerField(default=0)
    values_unchanged = models.PositiveIntegerField(default=0)
    values_kept_corrected = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    rows_unknown = models.PositiveIntegerField(
        default=0, help_text="Of the rejected rows, those that name somebody or something unknown."
    )
    rows_repeated = models.PositiveIntegerField(
        default=0, help_text="Rows that say again what another row of the file says."
    )
    rows_skipped = models.PositiveIntegerField(default=0, help_text="Banner, blank and total rows.")
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            NotedByHand(name="metrics_delivery_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "source", "sha256"],
                condition=models.Q(undone_at=None),
                name="metrics_delivery_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.source})"


class UnusableRow(models.Model):
    """A row that could not be used, with its line, the value, and what to do about it."""

    line = models.PositiveIntegerField(help_text="As the spreadsheet numbers it, header included.")
    column = models.CharField(max_length=200, blank=True)
    value = models.TextField(blank=True)
    reason = models.CharField(max_length=40, help_text="unknown_person, not_a_number …")
    sentence = models.CharField(max_length=500)
    row = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}"


class Rejection(UnusableRow, TenantModel):
    """A row of a delivery that could not be used."""

    delivery = TenantForeignKey(Delivery, models.CASCADE, related_name="rejections")

    class Meta:
        ordering = ["delivery", "line"]


class HandledRejections(TenantModel):
    """Somebody looked at the rows that a delivery left out, and said what became of them."""

    delivery = TenantForeignKey(Delivery, models.CASCADE, related_name="handled")
    reason = models.TextField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "handled rejections"
        constraints = [
            NotedByHand(name="metrics_handledrejections_by_hand"),
            models.UniqueConstraint(fields=["tenant", "delivery"], name="metrics_handled_once"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery}: {self.reason}"
