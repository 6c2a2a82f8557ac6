"""Recording why results may move, and which of them: causes and stale marks.

A cause stays for ever: a difference on a final period names it. Its marks are taken away by the
statement that works the marked figures out anew (``metrics.totals.refresh``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from org.models import InputChange, User
from org.signals import recorded
from org.sql import execute

# As many people and metrics are marked one by one; with more, whole metrics are. A plan is worked
# out again for whom it is marked, so a hundredth of a month's deals must not mean everybody.
MARKED_SINGLY = 50_000


@dataclass(frozen=True)
class Mark:
    """What a change touched: a person and metric (None: all of them) on ``[first_day, end_day)``.

    ``plan`` narrows it to one plan where the change is one of rules and not of figures.
    """

    first_day: date
    end_day: date
    person: int | None = None
    metric: int | None = None
    plan: int | None = None


def record_change(
    *,
    kind: InputChange.Kind,
    sentence: str,
    marks: Iterable[Mark],
    by: User | None,
    at: datetime,
    reference: str = "",
) -> InputChange:
    """Write a cause and its marks; call it inside the transaction of the change itself."""
    change = InputChange.objects.create(
        kind=kind, sentence=sentence[:500], by=by, at=at, reference=reference
    )
    _mark(change, list(marks))
    recorded.send(sender=InputChange, change=change, at=at)
    return change


def _mark(change: InputChange, marks: list[Mark]) -> None:
    """Write marks in one statement: a large delivery has tens of thousands."""
    execute(
        "INSERT INTO org_stalemark (change_id, person_id, metric, plan, first_day, end_day)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::date[],"
        " %s::date[])",
        [
            change.pk,
            [mark.person for mark in marks],
            [mark.metric for mark in marks],
            [mark.plan for mark in marks],
            [mark.first_day for mark in marks],
            [mark.end_day for mark in marks],
        ],
    )
