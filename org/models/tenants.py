"""The two global tables that all hangs on: customer organisations, and people who log in."""

from __future__ import annotations

import zoneinfo
from decimal import Decimal
from functools import cache

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones. Looked for once: finding them reads a thousand files."""
    return frozenset(zoneinfo.available_timezones())


def check_zone(name: str) -> None:
    """Refuse a time zone that nobody knows."""
    if name not in time_zones():
        raise ValidationError(f"No time zone is called “{name}”. Use a name such as Europe/Zurich.")


class Reductions(models.TextChoices):
    """What it takes to put a version in force that reduces pay already earned."""

    APPROVE = "approve", "Somebody with the right to approve reductions"
    REFUSE = "refuse", "Nothing: it is refused"


class Tenant(models.Model):
    """A customer organisation; sees nothing of another."""

    code = models.SlugField(unique=True, help_text="Short name used in addresses and commands.")
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_zone])
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217.")
    locale = models.CharField(max_length=16, default="en")
    waive_below = models.DecimalField(
        max_digits=24,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="What is to be taken back in the tenant's currency below this is waived.",
    )
    waive_below_in = models.JSONField(
        default=dict,
        blank=True,
        help_text="The same by currency, as exact text, where the tenant pays in several.",
    )
    look_back = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Months after which nothing earned is corrected any more. Empty: no limit.",
    )
    reductions = models.CharField(
        max_length=10,
        choices=Reductions.choices,
        default=Reductions.APPROVE,
        help_text="What a version needs that reduces pay already earned.",
    )
    supervisors_see_pay = models.BooleanField(
        default=True,
        help_text="Whether supervisors see what their people are paid, or their figures alone.",
    )
    score_limit = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="A score entered by hand that changes one that is there by more than this share "
        "of it waits for a second person. Empty: none does.",
    )
    compliance = models.JSONField(
        "compliance packs",
        default=list,
        blank=True,
        help_text="Rules of law that every version is held against before it is published.",
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def waived(self) -> dict[str, Decimal]:
        """By currency, below which amount nothing is taken back; a currency not in it has none."""
        own = {} if self.waive_below is None else {self.currency: self.waive_below}
        return own | {code: Decimal(amount) for code, amount in self.waive_below_in.items()}


class User(AbstractUser):
    """Somebody who logs in; what they may do is said by their membership of a tenant."""

    class Meta:
        ordering = ["username"]
