"""What a file would do to pay, in final periods and in open ones, and nothing left of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from incentives import calculate
from incentives.impact import Impact, impact
from metrics.ingest import IngestReport, ingest
from metrics.models import Source
from metrics.queries import find_delivery
from metrics.undo import undo
from org.errors import DomainError
from org.models import Tenant
from org.tenancy import enter
from tests.scenarios.site import Site
from tests.tables import contents

pytestmark = pytest.mark.django_db
AT, ON = datetime(2026, 3, 20, 9, tzinfo=UTC), date(2026, 3, 20)


@pytest.fixture
def site() -> Site:
    """January and February are final; in March nothing has come in yet."""
    made = Site("s15_preview")
    made.ingest("crm", "sales.csv")
    made.run("finalise", "2026-01", "--on", "2026-02-03")
    made.run("finalise", "2026-02", "--on", "2026-03-03")
    return made


def file(rows: str) -> Callable[[], IngestReport]:
    return lambda: ingest(
        source=Source.objects.get(),
        file_name="late.csv",
        content=f"Seller,Day,Amount\n{rows}".encode(),
        by=None,
        at=AT,
    )


def found(site: Site, change: Callable[[], object]) -> Impact:
    """The impact of a change; it must leave every table as it was."""
    before = contents(site.code)
    with enter(Tenant.objects.get(code=site.code).pk):
        _, answer = impact(change=change, at=AT, on=ON)
    assert contents(site.code) == before
    return answer


def said(answer: Impact) -> list[tuple[str, str, bool, str, str]]:
    return [
        (one.person, one.period, one.final, f"{one.before:.2f}", f"{one.after:.2f}")
        for one in answer.people
    ]


def test_a_late_figure_moves_what_is_final_and_a_new_one_what_is_open(site: Site) -> None:
    answer = found(site, file("ann,2026-01-10,90000\nbo,2026-03-05,10000\n"))
    assert said(answer) == [
        ("ann", "2026-01", True, "1900.00", "2200.00"),
        ("bo", "2026-03", False, "0.00", "200.00"),
    ]
    assert answer.totals() == {"EUR": Decimal("500.00")}
    assert set(answer.periods) == {"2026-01", "2026-03"}
    assert answer.people[0].change == 300


def test_what_is_the_same_moves_nothing(site: Site) -> None:
    answer = found(site, file("ann,2026-01-10,80000\n"))
    assert (answer.people, answer.periods) == ((), ())


def test_undoing_takes_away_what_it_had_brought(site: Site) -> None:
    with enter(Tenant.objects.get(code=site.code).pk):
        number = file("bo,2026-03-05,10000\n")().delivery
        assert number is not None
        calculate.nightly(by=None, at=AT, on=ON)
    answer = found(site, lambda: undo(delivery=find_delivery(number), by=None, at=AT))
    assert said(answer) == [("bo", "2026-03", False, "200.00", "0.00")]


def test_a_change_that_is_refused_is_refused(site: Site) -> None:
    with pytest.raises(DomainError, match="has no column"):
        found(site, lambda: ingest(source=Source.objects.get(), file_name="x.csv",
                                   content=b"a,b\n1,2\n", by=None, at=AT))  # fmt: skip


def test_pay_that_cannot_be_worked_out_keeps_nobody_from_looking(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise DomainError("These plans stand on each other's earnings: a, b.")

    monkeypatch.setattr(calculate, "calculate_period", refuse)
    answer = found(site, file("bo,2026-03-05,10000\n"))
    assert answer.problem == "These plans stand on each other's earnings: a, b."
