"""The tree of units over time, and the closure against a walk that takes one day after another."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from org.dates import FOREVER, NEVER
from org.errors import DomainError
from org.models import Unit, UnitClosure, UnitPlacement
from org.tenancy import enter
from org.units import place_unit
from tests.factories import AT, make_tenant
from tests.org.cast import JUNE, START, Cast, marks
from tests.seeds import examples

AUGUST = date(2026, 8, 1)


def test_a_move_keeps_the_past(bank: Cast) -> None:
    north, south = bank.units["north"], bank.units["south"]
    place_unit(unit=north, parent=south, on=JUNE, by=None, at=AT)
    rows = UnitClosure.objects.filter(descendant=north).order_by("depth", "valid_from")
    found = [(r.ancestor.code, r.depth, r.valid_from, r.valid_to) for r in rows]
    assert found == [
        ("north", 0, START, FOREVER),
        ("sales", 1, START, JUNE),
        ("south", 1, JUNE, FOREVER),
        ("sales", 2, JUNE, FOREVER),
    ]
    assert UnitPlacement.objects.filter(unit=north).exclude(superseded_at=NEVER).count() == 1


def test_a_move_learnt_late_lasts_to_the_next_known_one(bank: Cast) -> None:
    north = bank.units["north"]
    place_unit(unit=north, parent=None, on=AUGUST, by=None, at=AT)
    place_unit(unit=north, parent=bank.units["south"], on=JUNE, by=None, at=AT)
    rows = UnitPlacement.objects.filter(unit=north, superseded_at=NEVER).order_by("valid_from")
    parents = [(row.parent and row.parent.code, row.valid_from) for row in rows]
    assert parents == [("sales", START), ("south", JUNE), (None, AUGUST)]


def test_a_move_marks_the_subtree_and_those_above_it(bank: Cast) -> None:
    place_unit(unit=bank.units["north"], parent=bank.units["south"], on=JUNE, by=None, at=AT)
    assert [name for name, _, _ in marks()] == ["ann", "bob", "dora", "nora", "saul", "sue"]
    assert {(first, end) for _, first, end in marks()} == {(JUNE, FOREVER)}


def test_a_circle_is_refused_by_name_and_changes_nothing(bank: Cast) -> None:
    place_unit(unit=bank.units["north"], parent=bank.units["south"], on=AUGUST, by=None, at=AT)
    before = UnitClosure.objects.count()
    with pytest.raises(DomainError, match=r"2026-08-01, “(North|South)” under “(South|North)”"):
        place_unit(unit=bank.units["south"], parent=bank.units["north"], on=JUNE, by=None, at=AT)
    assert UnitClosure.objects.count() == before


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2999, 1, 1)])
def test_an_implausible_day_is_refused(bank: Cast, day: date) -> None:
    with pytest.raises(DomainError, match="no plausible day"):
        place_unit(unit=bank.units["north"], parent=None, on=day, by=None, at=AT)


Moves = list[tuple[int, int | None, int, int]]
units = st.integers(0, 4)
moves = st.lists(st.tuples(units, st.none() | units, st.integers(0, 20), st.integers(1, 20)))


@settings(
    max_examples=examples(8, of=20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=moves)
def test_the_closure_is_what_a_walk_of_every_day_finds(db: None, moves: Moves) -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        nodes = [Unit.objects.create(code=str(n), name=str(n)) for n in range(5)]
        for unit, parent, first, length in moves:
            on, until = START + timedelta(first), START + timedelta(first + length)
            above = None if parent is None else nodes[parent]
            try:
                place_unit(unit=nodes[unit], parent=above, on=on, until=until, by=None, at=AT)
            except DomainError:
                continue  # a circle: nothing changed, as the walk below must find as well
        assert closure_by_day() == walk_by_day()
        assert_minimal()


def closure_by_day() -> set[tuple[int, int, int, date]]:
    rows = UnitClosure.objects.values_list(
        "ancestor", "descendant", "depth", "valid_from", "valid_to"
    )
    return {
        (above, below, depth, start + timedelta(n))
        for above, below, depth, start, end in rows
        for n in range((end - start).days)
    }


def walk_by_day() -> set[tuple[int, int, int, date]]:
    placements = list(UnitPlacement.objects.filter(superseded_at=NEVER))
    found = set()
    for n in range(45):
        day = START + timedelta(n)
        parent = {p.unit_id: p.parent_id for p in placements if p.valid_from <= day < p.valid_to}
        for unit in parent:
            above, depth = unit, 0
            while above is not None:
                found.add((above, unit, depth, day))
                above, depth = parent.get(above), depth + 1
    return found


def assert_minimal() -> None:
    ends = set(UnitClosure.objects.values_list("ancestor", "descendant", "depth", "valid_to"))
    starts = set(UnitClosure.objects.values_list("ancestor", "descendant", "depth", "valid_from"))
    assert not ends & starts
