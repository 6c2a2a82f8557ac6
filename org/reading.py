"""Reading somebody else's pay leaves a row in the audit trail: who read whose, where and when.

One's own pay is read without a note. A page that shows many people leaves one row that names all
of them, so that *who has read my pay* can be answered for each.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.utils import timezone

from org.audit import record
from org.models import Membership, Person

READ_PAY = "read pay"


def log_reading(request: HttpRequest, people: Iterable[Person], *, what: str) -> None:
    """Note that whoever asks is shown the pay of these people; ``what``: statement, team page …"""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    others = sorted(p.code for p in people if p.pk != membership.person_id)
    if not others:
        return
    whose = others[0] if len(others) == 1 else f"{len(others)} people"
    record(
        action=READ_PAY,
        subject=f"{whose}: {what}",
        by=request.user,  # type: ignore[arg-type]
        at=timezone.now(),
        detail={"people": others, "address": request.get_full_path()},
    )
