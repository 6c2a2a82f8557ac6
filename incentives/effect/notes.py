"""Notes on fairness: where part-time people, or one site, lose much more than others.

A note is due where a group of at least :data:`FEWEST` people loses, and loses more of what it had
than the others, of whom there are as many, by more than :data:`FARTHER` of it (docs/adr/0182).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from incentives.effect.groups import Group

FEWEST = 5
FARTHER = Decimal("0.05")
PART_TIME = "part_time"


@dataclass(frozen=True)
class Note:
    """A group that loses much more than the others; ``kind``: part_time, or unit."""

    kind: str
    group: Group
    others: Group


def notes(
    part: Group | None, full: Group | None, units: Iterable[Group], everybody: Group
) -> list[Note]:
    """All notes that are due: part time first, then units; below a unit that is noted none."""
    found = []
    if part and full and loses_more(part, full):
        found.append(Note(PART_TIME, part, full))
    noted: set[str] = set()
    for unit in units:
        if unit.within in noted:
            noted.add(unit.key)
        elif loses_more(unit, rest := _without(everybody, unit)):
            noted.add(unit.key)
            found.append(Note("unit", unit, rest))
    return found


def loses_more(group: Group, others: Group) -> bool:
    """Whether a group loses, and much more of what it had than the others."""
    if min(group.people, others.people) < FEWEST:
        return False
    own, theirs = group.relative, others.relative
    return own is not None and theirs is not None and own < 0 and theirs - own > FARTHER


def _without(everybody: Group, group: Group) -> Group:
    return replace(
        everybody,
        people=everybody.people - group.people,
        before=everybody.before - group.before,
        after=everybody.after - group.after,
        gain=everybody.gain - group.gain,
        lose=everybody.lose - group.lose,
    )
