"""What an off-cycle run books before it pays: the differences of final periods (docs/adr/0233)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

from incentives.carry import Carried, carry_off_cycle
from org.models import PayGroup, Period, User
from payroll.render import listed


def carry_differences(
    groups: Sequence[tuple[PayGroup, Period]],
    *,
    by: User | None,
    at: datetime,
    on: date,
    people: Sequence[int] | None = None,
) -> tuple[str, ...]:
    """Book what final periods lack for pay groups, each to its pay period; sentences about it.

    Before anything else is locked. ``people``: only these.
    """
    notes: list[str] = []
    ordered = sorted(groups, key=lambda one: one[1].pk)
    for _, found in groupby(ordered, key=lambda one: one[1].pk):
        paid = list(found)
        posted = paid[0][1]
        done = carry_off_cycle(
            posted=posted,
            groups=[group for group, _ in paid],
            by=by,
            at=at,
            on=on,
            people=people,
        )
        notes += _said(done, posted)
    return tuple(notes)


def _said(done: Carried, posted: Period) -> list[str]:
    """What was booked and what was not, in sentences; of long lists the first few."""
    kinds = (
        (done.differences, f"Differences booked to {posted.code}"),
        (done.too_late, "Too late to be corrected, and not booked"),
        (done.too_early, f"Earned after {posted.code}, and not booked before a later period"),
        (done.alarms, "No recorded cause explains these, and they are not booked"),
    )
    return [
        f"{what}: "
        + listed(
            [
                f"{one.name} ({one.person}), {one.line} of {earned.code}, {one.moves}"
                + (f" ({one.cause})" if one.cause else "")
                + (", in dispute: it waits for the answer" if one.disputed else "")
                for earned, one in found
            ]
        )
        + "."
        for found, what in kinds
        if found
    ]
