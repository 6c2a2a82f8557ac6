"""Jobs over time: what is cut, what stays known, who is marked, what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from org.dates import FOREVER, NEVER
from org.errors import DomainError
from org.models import Assignment, AuditEntry, Employment, InputChange
from org.people import add_person, assign, hire, leave, transfer
from tests.factories import AT
from tests.org.cast import JUNE, START, Cast, marks

AUGUST = date(2026, 8, 1)
LATER = AT + timedelta(days=1)


def jobs(cast: Cast, name: str) -> list[tuple[str, date, date]]:
    rows = cast.people[name].assignments.filter(superseded_at=NEVER).order_by("slot", "valid_from")
    return [(row.unit.code, row.valid_from, row.valid_to) for row in rows]


def test_a_transfer_cuts_and_keeps_the_row_of_the_days_before(bank: Cast) -> None:
    ann = bank.people["ann"]
    before = ann.assignments.get()
    transfer(person=ann, unit=bank.units["south"], on=JUNE, by=None, at=LATER)
    assert jobs(bank, "ann") == [("north", START, JUNE), ("south", JUNE, FOREVER)]
    assert ann.assignments.get(superseded_at=NEVER, valid_to=JUNE).pk == before.pk


def test_what_was_known_before_stays_known(bank: Cast) -> None:
    ann = bank.people["ann"]
    transfer(person=ann, unit=bank.units["south"], on=JUNE, by=None, at=LATER)
    known_then = ann.assignments.filter(recorded_at__lte=AT, superseded_at__gt=AT)
    assert [(row.unit.code, row.valid_to) for row in known_then] == [("north", FOREVER)]


def test_a_transfer_marks_the_person_and_both_chains_of_managers(bank: Cast) -> None:
    transfer(
        person=bank.people["ann"],
        unit=bank.units["south"],
        manager=bank.people["saul"],
        on=JUNE,
        by=None,
        at=LATER,
    )
    assert marks() == [(name, JUNE, FOREVER) for name in ("ann", "dora", "nora", "saul")]
    change = InputChange.objects.first()
    assert change is not None
    assert str(change) == "Ann as Agent in South from 2026-06-01, before Agent in North"
    assert AuditEntry.objects.filter(action="transfer").count() == 1


def test_a_transfer_learnt_late_leaves_later_changes_alone(bank: Cast) -> None:
    ann = bank.people["ann"]
    transfer(person=ann, unit=bank.units["sales"], on=AUGUST, by=None, at=LATER)
    transfer(person=ann, unit=bank.units["south"], on=JUNE, by=None, at=LATER)
    assert jobs(bank, "ann") == [
        ("north", START, JUNE),
        ("south", JUNE, AUGUST),
        ("sales", AUGUST, FOREVER),
    ]


def test_a_transfer_for_a_time_comes_back(bank: Cast) -> None:
    ann = bank.people["ann"]
    transfer(person=ann, unit=bank.units["south"], on=JUNE, until=AUGUST, by=None, at=LATER)
    assert jobs(bank, "ann") == [
        ("north", START, JUNE),
        ("south", JUNE, AUGUST),
        ("north", AUGUST, FOREVER),
    ]
    assert ("ann", JUNE, FOREVER) in marks()


def test_two_jobs_at_once_stand_in_two_slots(bank: Cast) -> None:
    bob, south = bank.people["bob"], bank.units["south"]
    share = Decimal("0.4")
    values = {"person": bob, "unit": south, "job_type": bank.agent, "share": share, "on": JUNE}
    assign(**values, slot="telephone", by=None, at=LATER)
    assert jobs(bank, "bob") == [("north", START, FOREVER), ("south", JUNE, FOREVER)]
    with pytest.raises(DomainError) as refusal:
        assign(**values, by=None, at=LATER)
    assert str(refusal.value).startswith(
        "Bob as Agent in South from 2026-06-01 overlaps another assignment in the same job slot: "
        "Bob as Agent in North from 2026-01-01."
    )


@pytest.mark.parametrize("share", ["0", "1.01", "-1", "60"])
def test_a_share_that_is_none_is_refused(bank: Cast, share: str) -> None:
    with pytest.raises(DomainError, match="contract share"):
        transfer(person=bank.people["ann"], share=Decimal(share), on=JUNE, by=None, at=LATER)
    assert jobs(bank, "ann") == [("north", START, FOREVER)]


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2999, 1, 1)])
def test_an_implausible_day_is_refused(bank: Cast, day: date) -> None:
    with pytest.raises(DomainError, match="no plausible day"):
        hire(person=bank.people["ann"], payroll_id="1", on=day, by=None, at=AT)


def test_leaving_ends_everything_after_the_last_day(bank: Cast) -> None:
    ann = bank.people["ann"]
    hire(person=ann, payroll_id="A1", on=START, by=None, at=AT)
    transfer(person=ann, unit=bank.units["south"], on=AUGUST, by=None, at=AT)
    leave(person=ann, last_day=date(2026, 5, 31), by=None, at=LATER)
    assert jobs(bank, "ann") == [("north", START, JUNE)]
    assert Employment.objects.get(person=ann, superseded_at=NEVER).valid_to == JUNE
    assert marks() == [(name, JUNE, FOREVER) for name in ("ann", "dora", "nora")]
    with pytest.raises(DomainError, match="nothing ends there"):
        leave(person=ann, last_day=date(2026, 5, 31), by=None, at=LATER)


def test_a_rehire_has_an_employment_of_its_own(bank: Cast) -> None:
    ann = bank.people["ann"]
    hire(person=ann, payroll_id="A1", on=START, until=JUNE, by=None, at=AT)
    hire(person=ann, payroll_id="A2", on=AUGUST, by=None, at=AT)
    assert [e.payroll_id for e in ann.employments.order_by("valid_from")] == ["A1", "A2"]
    with pytest.raises(DomainError, match="already employed as A2 from 2026-08-01"):
        hire(person=ann, payroll_id="A3", on=date(2026, 7, 1), by=None, at=AT)


def test_a_personnel_number_is_given_once(bank: Cast) -> None:
    with pytest.raises(DomainError, match="already that of Ann"):
        add_person(code="ann", name="Another", by=None, at=AT)


def test_the_database_holds_that_jobs_of_a_slot_do_not_overlap(bank: Cast) -> None:
    twin = bank.people["ann"].assignments.get()
    twin.pk = None
    with pytest.raises(IntegrityError, match="org_assignment_once"), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"share": Decimal(2)}, "org_assignment_share"),
        ({"valid_to": START}, "org_assignment_days"),
    ],
)
def test_the_database_holds_shares_and_days(
    bank: Cast, changes: dict[str, object], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Assignment.objects.filter(person=bank.people["ann"]).update(**changes)
