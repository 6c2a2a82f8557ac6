"""Corrections, undoing and completeness: what holds afterwards, and what is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from metrics.complete import complete
from metrics.correct import correct, withdraw
from metrics.models import Correction, Delivery, SourceComplete, Value
from metrics.undo import undo
from org.base import CURRENT
from org.dates import FOREVER
from org.errors import DomainError
from org.models import AuditEntry, InputChange, StaleMark
from tests.metrics.cast import AT, Cast, figures

HEAD = "Agent,Date,Calls\n"
DAY = date(2026, 6, 1)


def later(hours: int) -> datetime:
    """So many hours after the first delivery."""
    return AT + timedelta(hours=hours)


def load(cast: Cast, calls: int, hours: int) -> Delivery:
    """Ann's calls on the first of June, delivered so many hours later."""
    report = cast.ingest(f"{HEAD}ann,2026-06-01,{calls}\n", at=later(hours))
    return Delivery.objects.get(pk=report.delivery)


def set_calls(cast: Cast, calls: int, hours: int, **fields: Any) -> Correction:
    """Ann's calls on the first of June, set by hand."""
    given = {
        "person": cast.people["ann"],
        "day": DAY,
        "metric": cast.metrics["calls"],
        "numerator": Decimal(calls),
        "reason": "The telephone was down.",
        "by": None,
        "at": later(hours),
    }
    return correct(**{**given, **fields})


def ann() -> str | None:
    """Ann's calls on the first of June, as they hold."""
    return figures("calls").get(("ann", 1))


def test_a_correction_keeps_before_and_after(cast: Cast) -> None:
    load(cast, 10, 0)
    found = set_calls(cast, 12, 1)
    assert ann() == "12"
    assert (found.before_numerator, found.numerator) == (10, 12)
    value = Value.objects.get(CURRENT)
    assert (value.correction_id, value.delivery_id) == (found.pk, None)
    assert value.assignment_id is not None
    assert AuditEntry.objects.get(action="correction corrected").reason == "The telephone was down."
    change = InputChange.objects.get(kind="correction")
    mark = StaleMark.objects.get(change=change)
    assert (mark.person, mark.first_day, mark.end_day) == (
        cast.people["ann"],
        DAY,
        date(2026, 6, 2),
    )


def test_a_correction_survives_every_later_file(cast: Cast) -> None:
    load(cast, 10, 0)
    set_calls(cast, 12, 1)
    report = cast.ingest(f"{HEAD}ann,2026-06-01,11\nben,2026-06-01,5\n", at=later(2))
    assert (report.accepted, report.kept_by_correction) == (1, 1)
    load(cast, 9, 3)
    assert ann() == "12"
    assert sorted(Value.objects.exclude(CURRENT).values_list("numerator", flat=True)) == [
        9,
        10,
        10 + 1,
    ]


def test_a_withdrawn_correction_gives_way_to_the_latest_file(cast: Cast) -> None:
    load(cast, 10, 0)
    found = set_calls(cast, 12, 1)
    load(cast, 11, 2)
    assert withdraw(correction=found, reason="A mistake.", by=None, at=later(3)) is True
    assert ann() == "11"
    with pytest.raises(DomainError, match="does not hold any more"):
        withdraw(correction=found, reason="Again.", by=None, at=later(4))


def test_a_withdrawn_correction_of_nothing_leaves_nothing(cast: Cast) -> None:
    found = set_calls(cast, 12, 0)
    assert withdraw(correction=found, reason="A mistake.", by=None, at=later(0)) is False
    assert ann() is None


def test_a_second_correction_replaces_the_first(cast: Cast) -> None:
    set_calls(cast, 12, 0)
    second = set_calls(cast, 13, 0)
    assert ann() == "13"
    assert second.before_numerator == 12
    assert Correction.objects.get(CURRENT) == second


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": "  "}, "needs a reason"),
        ({"day": date(2999, 1, 1)}, "cannot be a day of work"),
        ({"day": date(2015, 1, 1)}, "not defined on 2015-01-01"),
        ({"numerator": Decimal("NaN")}, "is no figure"),
        ({"denominator": Decimal(1)}, "not divided by anything"),
        ({"metric": "handle_time"}, "give the denominator"),
        ({"metric": "handle_time", "denominator": Decimal(0)}, "must be above 0"),
        ({"metric": "quality", "denominator": Decimal(-1)}, "must be above 0"),
        ({"metric": "index"}, "worked out by a formula"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    cast: Cast, change: dict[str, Any], said: str
) -> None:
    if "metric" in change:
        change = {**change, "metric": cast.metrics[change["metric"]]}
    with pytest.raises(DomainError, match=said):
        set_calls(cast, 12, 0, **change)
    assert not Value.objects.exists()


def test_undoing_brings_back_what_was_replaced(cast: Cast) -> None:
    load(cast, 10, 0)
    second = cast.ingest(f"{HEAD}ann,2026-06-01,11\nben,2026-06-01,5\n", at=later(1))
    done = undo(delivery=Delivery.objects.get(pk=second.delivery), by=None, at=later(2))
    assert (done.taken_back, done.restored) == (2, 1)
    assert figures("calls") == {("ann", 1): "10"}
    change = InputChange.objects.get(kind="undo")
    assert StaleMark.objects.filter(change=change).count() == 2


def test_an_undone_file_can_be_loaded_again(cast: Cast) -> None:
    first = load(cast, 10, 0)
    undo(delivery=first, by=None, at=later(1))
    assert ann() is None
    load(cast, 10, 2)
    assert ann() == "10"
    with pytest.raises(DomainError, match="was undone on 2026-07-01 already"):
        undo(delivery=first, by=None, at=later(3))


def test_what_was_undone_never_comes_back(cast: Cast) -> None:
    first, second = load(cast, 10, 0), load(cast, 11, 1)
    undo(delivery=first, by=None, at=later(2))
    assert ann() == "11"
    undo(delivery=second, by=None, at=later(3))
    assert ann() is None


def test_undoing_in_turn_goes_back_step_by_step(cast: Cast) -> None:
    load(cast, 10, 0)
    second, third = load(cast, 11, 1), load(cast, 12, 2)
    undo(delivery=third, by=None, at=later(3))
    assert ann() == "11"
    undo(delivery=second, by=None, at=later(4))
    assert ann() == "10"


def test_a_correction_stays_when_its_delivery_is_undone(cast: Cast) -> None:
    first = load(cast, 10, 0)
    found = set_calls(cast, 12, 1)
    undo(delivery=first, by=None, at=later(2))
    assert ann() == "12"
    withdraw(correction=found, reason="A mistake.", by=None, at=later(3))
    assert ann() is None


def test_history_says_what_was_known_when(cast: Cast) -> None:
    load(cast, 10, 0)
    set_calls(cast, 12, 1)
    second = load(cast, 11, 2)
    withdraw(correction=Correction.objects.get(), reason="A mistake.", by=None, at=later(3))
    undo(delivery=second, by=None, at=later(4))
    known = [
        [
            int(row.numerator)
            for row in Value.objects.filter(recorded_at__lte=moment, superseded_at__gt=moment)
        ]
        for moment in (later(hours) + timedelta(minutes=1) for hours in range(5))
    ]
    assert known == [[10], [12], [12], [11], [10]]


def test_a_source_says_to_which_day_it_is_complete(cast: Cast) -> None:
    said = complete(source=cast.telephone, through=date(2026, 6, 20), by=None, at=AT)
    assert said == "telephone is complete to 2026-06-20."
    mark = StaleMark.objects.get()
    assert (mark.metric, mark.first_day, mark.end_day) == (
        cast.metrics["calls"].pk,
        date(2026, 6, 21),
        FOREVER,
    )
    assert complete(source=cast.telephone, through=date(2026, 6, 20), by=None, at=AT) == (
        "telephone was already complete to 2026-06-20."
    )
    complete(source=cast.telephone, through=date(2026, 6, 30), by=None, at=later(1))
    assert SourceComplete.objects.get(CURRENT).through == date(2026, 6, 30)
    assert SourceComplete.objects.count() == 2
    second = InputChange.objects.filter(kind="completeness").first()
    assert second is not None
    newest = StaleMark.objects.get(change=second)
    assert (newest.first_day, newest.end_day) == (date(2026, 6, 21), date(2026, 7, 1))


def test_a_delivery_can_declare_completeness(cast: Cast) -> None:
    report = cast.ingest(
        f"{HEAD}ann,2026-06-01,1\n",
        complete_through=date(2026, 6, 30),
        at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    assert report.completeness == "telephone is complete to 2026-06-30."


def test_completeness_to_an_impossible_day_is_refused(cast: Cast) -> None:
    with pytest.raises(DomainError, match="cannot be the day"):
        complete(source=cast.telephone, through=date(2999, 1, 1), by=None, at=AT)
