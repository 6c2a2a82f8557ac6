"""Placing units in the tree, and the closure that roll-ups read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from org import audit
from org.base import CURRENT
from org.changes import Mark, record_change
from org.dates import EARLIEST_DAY, FOREVER, NEVER
from org.errors import DomainError
from org.models import Assignment, InputChange, Unit, UnitClosure, UnitPlacement, User
from org.sql import execute, fetch
from org.sync import DatedRows, Wanted
from org.timeline import check_days, cut, days_text, end_of_change

PLACEMENTS = DatedRows(UnitPlacement, ("unit_id",), ("parent_id",))

# Climbs from every placement to the roots. Each step keeps the days that both ends share; a step
# that comes back to a unit already passed is kept, marked, and goes no further.
WALK = """
    WITH RECURSIVE placed AS (
        SELECT unit_id, parent_id, valid_from, valid_to
        FROM org_unitplacement WHERE superseded_at = %(never)s
    ), walk (descendant_id, ancestor_id, depth, valid_from, valid_to, path, loops) AS (
        SELECT unit_id, unit_id, 0, valid_from, valid_to, ARRAY[unit_id], false FROM placed
        UNION ALL
        SELECT walk.descendant_id, placed.parent_id, walk.depth + 1,
               greatest(walk.valid_from, placed.valid_from), least(walk.valid_to, placed.valid_to),
               walk.path || placed.parent_id, placed.parent_id = ANY (walk.path)
        FROM walk JOIN placed ON placed.unit_id = walk.ancestor_id
             AND placed.valid_from < walk.valid_to AND walk.valid_from < placed.valid_to
        WHERE placed.parent_id IS NOT NULL AND NOT walk.loops
    )
"""
CYCLE = WALK + "SELECT path, valid_from FROM walk WHERE loops ORDER BY depth, valid_from LIMIT 1"
# Ranges that touch become one: an island begins where a range does not continue the one before.
FILL = (
    "INSERT INTO org_unitclosure (ancestor_id, descendant_id, depth, valid_from, valid_to)"
    + WALK
    + """
    SELECT ancestor_id, descendant_id, depth, min(valid_from), max(valid_to)
    FROM (
        SELECT *, count(*) FILTER (WHERE starts) OVER (
            PARTITION BY ancestor_id, descendant_id, depth ORDER BY valid_from
        ) AS island
        FROM (
            SELECT *, valid_from IS DISTINCT FROM lag(valid_to) OVER (
                PARTITION BY ancestor_id, descendant_id, depth ORDER BY valid_from
            ) AS starts
            FROM walk
        ) AS marked
    ) AS numbered
    GROUP BY ancestor_id, descendant_id, depth, island
"""
)


@dataclass(frozen=True)
class Placement:
    """Where a unit is to hang from ``on``; ``until`` None: to its next recorded move."""

    unit: Unit
    parent: Unit | None
    on: date
    until: date | None = None


def place_unit(
    *,
    unit: Unit,
    parent: Unit | None,
    on: date,
    by: User | None,
    at: datetime,
    until: date | None = None,
) -> None:
    """Hang a unit under another from a day on; the days before stay as they were.

    Refuses a unit below itself on any day, naming the units of the circle.
    """
    place_units(placements=[Placement(unit, parent, on, until)], by=by, at=at)


@transaction.atomic
def place_units(*, placements: Iterable[Placement], by: User | None, at: datetime) -> None:
    """Place many units at once: one closure and one check for all, as in a reorganisation."""
    moves = [_write_placement(placement, by=by, at=at) for placement in placements]
    if not moves:
        return
    affected = _people_near(moves)
    rebuild_closure()
    _record_moves(moves, affected | _people_near(moves), by=by, at=at)


@transaction.atomic
def set_placements(
    *, wanted: Mapping[Unit, list[Wanted]], by: User | None, at: datetime
) -> list[Unit]:
    """Have exactly these placements of these units, as a tenant file says; answers who moved.

    Each wanted row carries the key of the parent (None: a root) as its only attribute.
    """
    units = {unit.pk: unit for unit in wanted}
    rows = {(unit.pk,): placements for unit, placements in wanted.items()}
    found = PLACEMENTS.compare(stored=PLACEMENTS.stored(), wanted=rows, at=at)
    if not found.touched:
        return []
    moves = [
        Placement(units[key[0]], None, start, end) for key, (start, end) in found.touched.items()
    ]
    affected = _people_near(moves)
    PLACEMENTS.write(found, at=at)
    rebuild_closure()
    moved = [move.unit for move in moves]
    for move in moves:
        days = days_text(move.on, move.until or FOREVER)
        audit.record(action="place unit", subject=f"{move.unit} {days}", by=by, at=at)
    _record_moves(moves, affected | _people_near(moves), by=by, at=at)
    return moved


def note_holidays(units: Collection[Unit], *, by: User | None, at: datetime) -> None:
    """Record that other holidays count in units from now on, as on all days before."""
    worked = Assignment.objects.filter(CURRENT, unit__in=units)
    people = sorted(set(worked.values_list("person", flat=True)))
    if people:
        names = ", ".join(str(unit) for unit in units)
        record_change(
            kind=InputChange.Kind.AVAILABILITY,
            sentence=f"Other holidays count in {names}",
            marks=[Mark(EARLIEST_DAY, FOREVER, person=person) for person in people],
            by=by,
            at=at,
        )


def _record_moves(
    moves: list[Placement], affected: set[int], *, by: User | None, at: datetime
) -> None:
    if not affected:
        return
    first, end = (
        min(move.on for move in moves),
        max(move.until or FOREVER for move in moves),
    )
    names = ", ".join(str(move.unit) for move in moves[:3])
    more = f" and {len(moves) - 3} more" if len(moves) > 3 else ""
    record_change(
        kind=InputChange.Kind.HIERARCHY,
        sentence=f"Units moved {days_text(first, end)}: {names}{more}",
        marks=[Mark(first, end, person=person) for person in sorted(affected)],
        by=by,
        at=at,
    )


def _write_placement(wanted: Placement, *, by: User | None, at: datetime) -> Placement:
    rows = UnitPlacement.objects.filter(unit=wanted.unit)
    until = wanted.until or end_of_change(rows, wanted.on)
    check_days(wanted.on, until, what=f"Placing {wanted.unit}")
    if wanted.unit == wanted.parent:
        raise DomainError(f"{wanted.unit} cannot hang under itself. Choose another parent.")
    before = cut(rows, start=wanted.on, end=until, at=at)
    UnitPlacement.objects.create(
        unit=wanted.unit,
        parent=wanted.parent,
        valid_from=wanted.on,
        valid_to=until,
        recorded_at=at,
    )
    audit.record(
        action="place unit",
        subject=f"{wanted.unit} under {wanted.parent or 'nothing'} {days_text(wanted.on, until)}",
        by=by,
        at=at,
        detail={"before": [str(row) for row in before]},
    )
    return Placement(wanted.unit, wanted.parent, wanted.on, until)


def rebuild_closure() -> None:
    """Work the closure out anew from the current placements; refuses a circle on any day."""
    refuse_circle()
    UnitClosure.objects.all().delete()
    execute(FILL, {"never": NEVER})


def refuse_circle() -> None:
    """Raise, with the units' names, if any unit lies below itself on any day."""
    found = fetch(CYCLE, {"never": NEVER})
    if not found:
        return
    path, day = found[0]
    names = Unit.objects.in_bulk(set(path))
    circle = " under ".join(f"“{names[unit]}”" for unit in path)
    raise DomainError(
        f"Units cannot hang in a circle: on {day}, {circle}. Give one of them another parent."
    )


def _people_near(moves: list[Placement]) -> set[int]:
    """Who works, on the days of a move, in the moved subtree or in a unit above it.

    Those above are the managers whose figures take in the subtree.
    """
    found: set[int] = set()
    for move in moves:
        days = {"valid_from__lt": move.until or FOREVER, "valid_to__gt": move.on}
        below = UnitClosure.objects.filter(ancestor=move.unit, **days).values("descendant")
        in_subtree = set(_people_in(below, days))
        if in_subtree:
            above = UnitClosure.objects.filter(descendant=move.unit, **days).values("ancestor")
            found |= in_subtree | set(_people_in(above, days))
    return found


def _people_in(units: Any, days: dict[str, date]) -> Iterable[int]:
    rows = Assignment.objects.filter(superseded_at=NEVER, unit__in=units, **days)
    return rows.values_list("person_id", flat=True)
