"""Recording why results may move, and which of them: causes and stale marks.

A cause stays for ever: a difference on a final period names it. Its marks are taken away by the
statement that works the marked figures out anew (``metrics.totals.refresh``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from org.models import InputChange, StaleMark, User


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
    StaleMark.objects.bulk_create(
        StaleMark(
            change=change,
            person_id=mark.person,
            metric=mark.metric,
            plan=mark.plan,
            first_day=mark.first_day,
            end_day=mark.end_day,
        )
        for mark in marks
    )
    return change
