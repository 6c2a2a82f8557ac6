"""Closing a plan's period as a job: it works the period out once more and books it."""

from __future__ import annotations

from incentives.closing import close_now
from incentives.models import Closing
from pmsite.jobs import Work

CLOSE = "close a period"
GONE = "Nobody waits for it any more."


def close(work: Work) -> str:
    """Close what was asked to be closed; what is refused is said on its page."""
    rows = Closing.objects.select_related("plan", "period__calendar", "closed_by")
    found = rows.filter(pk=work.about or 0).first()
    if found is None:
        return GONE
    return close_now(closing=found, at=work.at, on=work.on, tell=work.tell)
