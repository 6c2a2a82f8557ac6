"""The demo's organisations as workbooks: LibreOffice comes to the ledger for everybody."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from incentives.models import PlanPeriod
from incentives.own import many_points_of
from org.models import Period, Person, Tenant
from org.tenancy import enter
from pmsite.demo import logins
from pmsite.demo.story import stories
from tests.statement_books import everybody

pytestmark = [pytest.mark.django_db, pytest.mark.spreadsheet, pytest.mark.long]
TODAY = date(2026, 11, 16)


@pytest.fixture(params=["quillpond", "brackwater"])
def told(request: Any, tmp_path: Path, settings: Any) -> Tenant:
    """One of the demo's two organisations, with two months closed and paid."""
    settings.VAR_DIR = tmp_path / "var"
    logins.make_users(at=datetime(2026, 11, 16, tzinfo=UTC))
    [story] = [s for s in stories(TODAY, lambda line: None) if s.organisation.code == request.param]
    story.tell()
    return story.tenant


def test_every_component_of_everybody_comes_to_the_ledger(told: Tenant, tmp_path: Path) -> None:
    with enter(told.pk):
        found = everybody(tmp_path / "books", told)
        assert [line for one in found for line in one.wrong()] == []
        assert len({one.person.pk for one in found}) == paid_people()
        assert sum(one.agreements() for one in found) > 10 * len(found)
        beside = [pair for one in found for pair in one.beside_the_ledger()]
        assert [pair for pair in beside if pair[0] != pair[1]] == []
        assert sum(bool(booked) for _, booked in beside) > 30


def paid_people() -> int:
    """Everybody for whom a plan has worked something out."""
    periods = Period.objects.filter(pk__in=PlanPeriod.objects.values("period"))
    return sum(bool(many_points_of(person, periods)) for person in Person.objects.all())
