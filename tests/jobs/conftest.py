"""Two tenants, and jobs that the tests can look into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from org.models import Tenant
from pmsite import work
from pmsite.jobs import LONG_QUEUE, QUEUE, Work, work_queue

NIGHT = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)


@pytest.fixture
def bank(db: None) -> Tenant:
    return Tenant.objects.create(code="bank", name="A bank", time_zone="Europe/Zurich")


@pytest.fixture
def union(db: None) -> Tenant:
    return Tenant.objects.create(code="union", name="A union", time_zone="America/New_York")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Work]:
    """What the job “note” was told, each time it ran."""
    told: list[Work] = []

    def note(work: Work) -> str:
        told.append(work)
        return "noted"

    monkeypatch.setitem(work.HANDLERS, "note", note)
    return told


@pytest.fixture(autouse=True)
def _empty_queue(db: None) -> Iterator[None]:
    for name in (QUEUE, LONG_QUEUE):
        work_queue(name).empty()
    yield
    for name in (QUEUE, LONG_QUEUE):
        work_queue(name).empty()
