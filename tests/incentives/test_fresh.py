"""What something recorded makes stale is worked out anew, and comes to what a night would make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from incentives import calculate, fresh, some_people
from incentives.fresh import freshen
from incentives.models import CalculationRun, Plan, PlanPeriod
from incentives.stale import is_stale, something_is_stale
from org.changes import Mark, record_change
from org.dates import FOREVER
from org.models import InputChange, Person, Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small
from tests.incentives.test_some_people import KINDS, OWN, correct, everything, made, plan, site

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 25, 9, 0, tzinfo=UTC)
ON = date(2026, 6, 25)


def inside(do: Callable[[], object]) -> object:
    """Do something inside the tenant."""
    with enter(Tenant.objects.get(code="small").pk):
        return do()


def refresh() -> list[str]:
    """Work out what is stale; the periods of the runs."""
    runs: list[CalculationRun] = inside(lambda: freshen(by=None, at=AT, on=ON))  # type: ignore[assignment]
    return sorted({run.period.code for run in runs})


def stale(person: str = "") -> list[str]:
    """The periods that say so, be it to one person."""

    def ask() -> list[str]:
        who = Person.objects.get(code=person).pk if person else None
        points = PlanPeriod.objects.annotate(stale=is_stale(who)).filter(stale=True)
        return sorted({point.period.code for point in points.select_related("period")})

    return inside(ask)  # type: ignore[return-value]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """June and January worked out, the other begun months too."""
    made_site = site(tmp_path, plan("p", OWN))
    refresh()
    inside(lambda: calculate.nightly(by=None, at=AT, on=ON))
    assert stale() == []
    return made_site


def test_a_correction_is_worked_out_for_whom_it_moves(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(small, "ann")
    assert stale("ann") == ["2026-06"]
    assert stale("bob") == []
    before = everything(), made()
    monkeypatch.setattr(fresh.calculate, "calculate_period", None)
    assert refresh() == ["2026-06"]
    assert stale() == []
    assert everything() != before[0]
    assert made() == before[1]
    patched = everything()
    monkeypatch.undo()
    small.run("calculate", "2026-06")
    assert everything() == patched


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_to_what_the_night_would_make(tmp_path: Path, kind: str) -> None:
    small = site(tmp_path, plan("p", KINDS[kind]))
    inside(lambda: calculate.nightly(by=None, at=AT, on=ON))
    correct(small, "dee")
    correct(small, "gil", "2026-04-05")
    refresh()
    patched = everything()
    inside(lambda: calculate.nightly(by=None, at=AT, on=ON))
    assert everything() == patched
    assert stale() == []


def test_a_plans_change_makes_its_whole_family_stale_and_no_other(tmp_path: Path) -> None:
    """Its rules may take people from the other plans of its family, or give them back."""
    of_ann = plan("one", f"eligibility: [{{person: ann}}], {OWN}").replace("y: one", "y: other")
    site(tmp_path, plan("other", OWN), of_ann, plan("apart", OWN))
    inside(lambda: calculate.nightly(by=None, at=AT, on=ON))

    def change() -> None:
        changed = Mark(date(2026, 6, 1), FOREVER, plan=Plan.objects.get(code="one").pk)
        kind = InputChange.Kind.VERSION
        record_change(kind=kind, sentence="A version.", marks=[changed], by=None, at=AT)

    def stale_plans() -> set[str]:
        points = PlanPeriod.objects.filter(period__code="2026-06").annotate(stale=is_stale())
        return set(points.filter(stale=True).values_list("plan__code", flat=True))

    inside(change)
    assert inside(stale_plans) == {"one", "other"}


def test_what_reaches_only_later_days_leaves_earlier_periods_alone(small: Small) -> None:
    small.values("ann,2026-06-24,x,5,")
    assert stale() == ["2026-06"]
    assert refresh() == ["2026-06"]
    assert refresh() == []


def test_for_many_people_whole_periods_are_worked_out(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh, "MOST_SINGLY", 1)
    monkeypatch.setattr(fresh, "calculate_people", None)
    small.values("ann,2026-06-24,x,5,\nbob,2026-06-24,x,5,")
    assert refresh() == ["2026-06"]
    assert stale() == []


def test_what_another_calculation_added_up_stays_stale_until_it_is_worked_out(
    small: Small,
) -> None:
    """May's calculation takes the marks that reach June, and June is not worked out by it."""
    small.values("ann,2026-05-20,x,5,\nann,2026-06-20,x,70,")
    assert stale() == ["2026-05", "2026-06"]
    small.run("calculate", "2026-05")
    assert stale() == ["2026-06"]
    assert inside(something_is_stale)
    assert refresh() == ["2026-06"]
    assert stale() == []
    assert not inside(something_is_stale)


def test_what_comes_while_some_are_worked_out_is_not_forgotten(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob's figure is recorded after it was read what came in, and before Ann was worked out."""
    plain = some_people.calculate_people

    def late(**given: object) -> list[CalculationRun]:
        small.values("bob,2026-06-23,x,9,")
        return plain(**given)  # type: ignore[arg-type]

    correct(small, "ann")
    monkeypatch.setattr(fresh, "calculate_people", late)
    assert refresh() == ["2026-06"]
    assert stale() == ["2026-06"]
    monkeypatch.undo()
    refresh()
    assert stale() == []
    patched = everything()
    small.run("calculate", "2026-06")
    assert everything() == patched


def test_differences_of_final_periods_are_worked_out_with_it(tmp_path: Path) -> None:
    small = site(tmp_path, plan("p", OWN))
    for month in range(1, 6):
        small.run("finalise", f"2026-{month:02}", "--on", "2026-06-25")
    inside(lambda: calculate.nightly(by=None, at=AT, on=ON))
    correct(small, "ann", "2026-01-05")
    assert small.differences("2026-06") == {}
    assert refresh() == ["2026-06"]
    assert list(small.differences("2026-06")) == ["ann.p.pay"]
    assert stale() == []
