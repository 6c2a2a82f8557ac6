"""Changing dated rows without losing what was known: supersede, and write what remains."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from org.base import CURRENT
from org.dates import EARLIEST_DAY, FOREVER, LATEST_DAY, plausible
from org.errors import DomainError


def check_days(start: date, end: date, *, what: str) -> None:
    """Refuse a range that is empty, or a day that can only be a slip of the keyboard."""
    for day in (start, end):
        if day != FOREVER and not plausible(day):
            raise DomainError(
                f"{what}: {day} is no plausible day. Give one between {EARLIEST_DAY} and "
                f"{LATEST_DAY}."
            )
    if start >= end:
        raise DomainError(
            f"{what}: the first day, {start}, must lie before the day on which it ends, {end}."
        )


def days_text(start: date, end: date) -> str:
    """A half-open range in words, with its last day: “from 2026-06-01 to 2026-06-15”."""
    if end == FOREVER:
        return f"from {start}"
    return f"from {start} to {end - timedelta(days=1)}"


def current(rows: QuerySet[Any], start: date, end: date) -> QuerySet[Any]:
    """The rows that nothing has replaced and that count on a day of ``[start, end)``."""
    found = rows.filter(CURRENT, valid_from__lt=end, valid_to__gt=start)
    return found.order_by("valid_from")


def end_of_change(rows: QuerySet[Any], on: date) -> date:
    """How long a change that begins on ``on`` lasts unless somebody says: to the next recorded one.

    So that what is learnt late about June leaves alone what is already planned for August.
    """
    covering = rows.filter(CURRENT, valid_from__lte=on, valid_to__gt=on).first()
    if covering is not None:
        return covering.valid_to
    later = rows.filter(CURRENT, valid_from__gt=on).order_by("valid_from").first()
    return FOREVER if later is None else later.valid_from


def cut(
    rows: QuerySet[Any],
    *,
    start: date,
    end: date,
    at: datetime,
    keep_first: bool = False,
) -> list[Any]:
    """Take the days ``[start, end)`` out of the current rows; answers them as they were before.

    The rows that overlap are superseded and the pieces outside are written anew. With
    ``keep_first`` the piece before the cut keeps its key and the history row gets a new one: the
    table says the same, and what refers to the untouched days still refers to a current row.
    """
    touched = list(current(rows, start, end))
    for row in touched:
        before, after = row.valid_from < start, row.valid_to > end
        if before and keep_first:
            _write_piece(row, superseded_at=at)
            rows.model.objects.filter(pk=row.pk).update(valid_to=start, recorded_at=at)
        else:
            rows.model.objects.filter(pk=row.pk).update(superseded_at=at)
            if before:
                _write_piece(row, valid_to=start, recorded_at=at)
        if after:
            _write_piece(row, valid_from=end, recorded_at=at)
    return touched


def _write_piece(row: Any, **changes: Any) -> None:
    piece = copy(row)
    piece._state = copy(row._state)
    piece._state.adding = True
    piece.pk = None
    for name, value in changes.items():
        setattr(piece, name, value)
    piece.save(force_insert=True)
