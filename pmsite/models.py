"""Work that waits for a worker, and the clock times at which a tenant wants it done."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from org.base import TenantModel
from org.history import tracked


class Job(models.Model):
    """A piece of work as a row: made before anything is queued, so a lost queue loses nothing.

    Global, because a worker reads it before it knows the tenant; it names no person and no amount.
    ``claim`` says who holds it: whoever finishes without still holding it rolls back.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waits for a worker"
        CLAIMED = "claimed", "A worker is at it"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    tenant = models.ForeignKey("org.Tenant", models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=60, help_text="nightly …, or tick for the tick itself.")
    about = models.BigIntegerField(
        null=True, help_text="Number of the row that it works on, where it works on one."
    )
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)
    worker = models.CharField(max_length=200, blank=True, help_text="Host and process.")
    lease_until = models.DateTimeField(null=True, help_text="Later than this, the worker is dead.")
    made_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=200, blank=True, help_text="What the worker is at.")
    step_done = models.PositiveBigIntegerField(default=0)
    step_total = models.PositiveBigIntegerField(default=0, help_text="0: nobody knows.")
    outcome = models.TextField(blank=True, help_text="What was done, in a sentence.")
    failure = models.TextField(blank=True, help_text="Why the last attempt failed.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name", "about", "due_at"],
                nulls_distinct=False,
                name="pmsite_job_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="claimed")
                ^ models.Q(claim__isnull=True, lease_until__isnull=True),
                name="pmsite_job_claim",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "due_at"],
                condition=models.Q(state__in=["queued", "claimed"]),
                name="pmsite_job_waiting",
            ),
            models.Index(fields=["tenant", "about"], name="pmsite_job_about"),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.tenant or 'the site'}, due {self.due_at:%Y-%m-%d %H:%M} UTC"


def check_weekdays(text: str) -> None:
    """Refuse anything but weekdays in order, each once."""
    if not text or text != "".join(sorted(set(text) & set("1234567"))):
        raise ValidationError(
            f"“{text}” are no weekdays. Write the digits 1 (Monday) to 7 (Sunday) in order, "
            "e.g. 12345 for Monday to Friday."
        )


@tracked(key="job")
class Schedule(TenantModel):
    """A job that a tenant wants at a time of its own day, on certain weekdays."""

    job = models.CharField(max_length=60, help_text="What is done, e.g. nightly.")
    at_time = models.TimeField("time of day", help_text="In the tenant's time zone.")
    weekdays = models.CharField(
        max_length=7,
        default="1234567",
        validators=[check_weekdays],
        help_text="1 Monday to 7 Sunday.",
    )
    active = models.BooleanField(default=True)
    since = models.DateTimeField(
        editable=False, help_text="When it was set so; times before are not caught up."
    )

    class Meta:
        ordering = ["job", "at_time"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "job", "at_time"], name="pmsite_schedule_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} at {self.at_time:%H:%M}"
