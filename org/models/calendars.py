"""Calendars and their periods; holidays."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.constraints import NotedByHand, no_overlap
from org.history import tracked


@tracked(key="code")
class Calendar(TenantModel):
    """A way to cut time into periods: for earning, or for paying."""

    class Kind(models.TextChoices):
        MONTHLY = "monthly", "Monthly"
        SEMI_MONTHLY = "semi_monthly", "Twice a month (1st and 16th)"
        BI_WEEKLY = "bi_weekly", "Every two weeks"
        WEEKLY = "weekly", "Weekly"
        QUARTERLY = "quarterly", "Quarterly"
        YEARLY = "yearly", "Yearly"
        OWN_DATES = "own_dates", "Its own dates"

    code = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    first_day = models.PositiveSmallIntegerField(
        default=1, help_text="Day of the month on which a period begins: 15 for 15th to 14th."
    )
    anchor = models.DateField(
        null=True, blank=True, help_text="A day on which a weekly or bi-weekly period begins."
    )

    pay_day = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Pay dates: this day of the month in which the period ends, 31 for its last.",
    )
    pay_days_after = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Pay dates: so many days after the period's last."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="org_calendar_code"),
            models.CheckConstraint(
                condition=models.Q(pay_day=None) | models.Q(pay_days_after=None),
                name="org_calendar_one_pay_rule",
            ),
            models.CheckConstraint(
                condition=models.Q(first_day__range=(1, 28)), name="org_calendar_first_day"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Period(TenantModel):
    """One period of a calendar: the days ``[start, end)``. A row, not a month."""

    calendar = TenantForeignKey(Calendar, models.CASCADE, related_name="periods")
    code = models.CharField(max_length=40, help_text="2026-06, 2026-Q2, 2026-06-12 …")
    valid_from = models.DateField("start")
    valid_to = models.DateField("end", help_text="First day after the period.")
    pay_date = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["calendar", "valid_from"]
        constraints = [
            NotedByHand(name="org_period_by_hand"),
            models.UniqueConstraint(fields=["tenant", "calendar", "code"], name="org_period_code"),
            models.CheckConstraint(
                condition=models.Q(valid_from__lt=models.F("valid_to")), name="org_period_days"
            ),
            no_overlap(name="org_period_once", over=("calendar",)),
        ]
        indexes = [models.Index(fields=["tenant", "valid_from"], name="org_period_start")]

    def __str__(self) -> str:
        return f"{self.calendar.code}:{self.code}"


@tracked(key="code")
class HolidayCalendar(TenantModel):
    """The days on which a site does not work, and which weekdays it does."""

    code = models.CharField(max_length=60)
    weekdays = models.CharField(
        max_length=7, default="12345", help_text="Working weekdays, 1 Monday to 7 Sunday."
    )
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="org_holidaycalendar_code"),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_default=True),
                name="org_holidaycalendar_default",
            ),
        ]

    def __str__(self) -> str:
        return self.code


@tracked(key="calendar__code")
class Holiday(TenantModel):
    """A day on which a site does not work."""

    calendar = TenantForeignKey(HolidayCalendar, models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["calendar", "day"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "calendar", "day"], name="org_holiday_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
