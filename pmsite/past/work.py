"""The job that works a period out as known at a past moment (docs/adr/0110, docs/adr/0215)."""

from __future__ import annotations

from django.db import transaction

from incentives import past_looks
from incentives.asof_report import known
from org.errors import DomainError
from pmsite.jobs import Work, local_day

NAME = "look at the past"
GONE = "Nobody waits for it any more."
REFUSED = "It cannot be worked out; its page says why."


def work_out(work: Work) -> str:
    """Work it out as of then and as of now, and keep both for the page; nothing else stays."""
    look = past_looks.waiting(work.about)
    if look is None:
        return GONE
    try:
        with transaction.atomic():
            found = known(
                period=look.period,
                moment=look.moment,
                at=work.at,
                on=work.on,
                on_then=local_day(work.tenant, look.moment),
                tell=work.tell,
            )
    except DomainError as refusal:
        return REFUSED if past_looks.refuse(look, refusal) else GONE
    return "Worked out." if past_looks.worked_out(look, found) else GONE
