"""Who gets a difference is told, until they have looked."""

from __future__ import annotations

from incentives.models import ChangeNotice
from incentives.notices import of_period, seen, unseen
from org.models import Tenant
from tests.incentives.desk import Desk, later


def test_a_difference_is_told_until_it_is_seen(tenant: Tenant) -> None:
    desk = Desk(("ann", "bo"))
    ann, bo = desk.people["ann"], desk.people["bo"]
    desk.sells("2026-01", 300)
    desk.sells("2026-01", 500, "bo")
    desk.finalise("2026-01")
    assert not ChangeNotice.objects.exists(), "a first booking is no change"
    desk.sells("2026-01", 340)
    desk.finalise("2026-02")
    assert unseen(bo) == []
    [told] = unseen(ann)
    assert told.sums == [("USD", 40)]
    [change] = told.changes
    assert (change.component, change.earned.code) == ("pay", "2026-01")
    assert "Known by now" in change.cause
    february = desk.months["2026-02"]
    assert seen(person=bo, period=february, at=later()) == 0
    assert seen(person=ann, period=february, at=later()) == 1
    assert unseen(ann) == []
    assert len(of_period(ann, february)) == 1
    desk.finalise("2026-03")
    assert ChangeNotice.objects.count() == 1, "nothing more has changed"
