"""People, their employments and their jobs over time.

A change supersedes the rows it overlaps and writes what is left of them, so that everything stays
as it was known. The cause names each person whose figures may move: whoever changed, and the
managers above on those days, before and after.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from org import audit
from org.changes import Mark, record_change
from org.dates import FOREVER, NEVER
from org.errors import DomainError
from org.models import (
    Assignment,
    Employment,
    InputChange,
    JobType,
    PayGroup,
    Person,
    Unit,
    User,
)
from org.sql import fetch
from org.timeline import check_days, current, cut, days_text, end_of_change

KEEP: Any = object()
"""As it was in the job that the change cuts."""

Touched = dict[int, tuple[date, date]]
"""Whose figures may move, on which days ``[first, end)``."""

# Up the chain of managers, each link only on days that it shares with those below it.
MANAGERS = """
    WITH RECURSIVE chain (person_id, valid_from, valid_to) AS (
        SELECT a.manager_id, greatest(a.valid_from, t.start), least(a.valid_to, t.end)
        FROM unnest(%(people)s::bigint[], %(starts)s::date[], %(ends)s::date[])
             AS t (person_id, start, "end")
        JOIN org_assignment a ON a.person_id = t.person_id
        WHERE a.superseded_at = %(never)s AND a.manager_id IS NOT NULL
              AND a.valid_from < t.end AND a.valid_to > t.start
        UNION
        SELECT a.manager_id, greatest(a.valid_from, c.valid_from), least(a.valid_to, c.valid_to)
        FROM chain c JOIN org_assignment a ON a.person_id = c.person_id
        WHERE a.superseded_at = %(never)s AND a.manager_id IS NOT NULL
              AND a.valid_from < c.valid_to AND a.valid_to > c.valid_from
    )
    SELECT person_id, min(valid_from), max(valid_to) FROM chain GROUP BY person_id
"""


@transaction.atomic
def add_person(*, code: str, name: str, by: User | None, at: datetime, email: str = "") -> Person:
    """Enter somebody by personnel number; refuses a number that is taken."""
    taken = Person.objects.filter(code=code).first()
    if taken is not None:
        raise DomainError(f"The personnel number {code} is already that of {taken.name}.")
    person = Person.objects.create(code=code, name=name, email=email)
    audit.record(action="add person", subject=f"{name} ({code})", by=by, at=at)
    return person


@transaction.atomic
def hire(
    *,
    person: Person,
    payroll_id: str,
    on: date,
    by: User | None,
    at: datetime,
    until: date = FOREVER,
    pay_group: PayGroup | None = None,
    company: str = "",
    tenure_start: date | None = None,
) -> Employment:
    """Employ a person on ``[on, until)``; refuses days on which they are employed already."""
    _lock(person)
    check_days(on, until, what=f"Employing {person}")
    clash = current(person.employments.all(), on, until).first()
    if clash is not None:
        raise DomainError(
            f"{person} cannot be employed as {payroll_id} {days_text(on, until)}: already "
            f"employed as {clash.payroll_id} {days_text(clash.valid_from, clash.valid_to)}. "
            "End that employment first."
        )
    employment = Employment.objects.create(
        person=person,
        payroll_id=payroll_id,
        pay_group=pay_group,
        company=company,
        tenure_start=tenure_start or on,
        valid_from=on,
        valid_to=until,
        recorded_at=at,
    )
    sentence = f"{person} employed as {payroll_id} {days_text(on, until)}"
    touched = {person.pk: (on, until)}
    _note(InputChange.Kind.EMPLOYMENT, "hire", sentence, touched, by=by, at=at)
    return employment


@transaction.atomic
def assign(
    *,
    person: Person,
    unit: Unit,
    job_type: JobType,
    on: date,
    by: User | None,
    at: datetime,
    until: date = FOREVER,
    manager: Person | None = None,
    slot: str = Assignment.PRIMARY,
    share: Decimal = Decimal(1),
) -> Assignment:
    """Give a person a job on ``[on, until)``; refuses days on which the slot is taken.

    To change a job that is already recorded, use :func:`transfer`.
    """
    _lock(person)
    rows = person.assignments.filter(slot=slot)
    wanted = Assignment(
        person=person,
        unit=unit,
        job_type=job_type,
        manager=manager,
        slot=slot,
        share=share,
    )
    clash = current(rows, on, until).first()
    if clash is not None:
        raise DomainError(
            f"{job_words(wanted)} {days_text(on, until)} overlaps another assignment in the same "
            f"job slot: {job_words(clash)} {days_text(clash.valid_from, clash.valid_to)}. End "
            "that one first, make it a transfer, or name another slot."
        )
    return _write_job(wanted, on, until, "assign", by=by, at=at)


@transaction.atomic
def transfer(
    *,
    person: Person,
    on: date,
    by: User | None,
    at: datetime,
    until: date | None = None,
    unit: Unit = KEEP,
    job_type: JobType = KEEP,
    manager: Person | None = KEEP,
    share: Decimal = KEEP,
    slot: str = Assignment.PRIMARY,
) -> Assignment:
    """Change a person's job from a day on; what is not given stays as it was on that day.

    ``until`` None: to the next change that is already recorded. The days before keep their row.
    """
    _lock(person)
    rows = person.assignments.filter(slot=slot)
    until = until or end_of_change(rows, on)
    given = {"unit": unit, "job_type": job_type, "manager": manager, "share": share}
    wanted = Assignment(person=person, slot=slot, **_filled_in(person, rows, on, given))
    return _write_job(wanted, on, until, "transfer", by=by, at=at)


def _filled_in(person: Person, rows: Any, on: date, given: dict[str, Any]) -> dict[str, Any]:
    missing = [name for name, value in given.items() if value is KEEP]
    row = rows.filter(superseded_at=NEVER, valid_from__lte=on, valid_to__gt=on).first()
    if missing and row is None:
        raise DomainError(
            f"{person} has no job on {on} whose {', '.join(missing)} could stay. Assign one."
        )
    return {name: getattr(row, name) if name in missing else given[name] for name in given}


def _write_job(
    wanted: Assignment,
    on: date,
    until: date,
    action: str,
    *,
    by: User | None,
    at: datetime,
) -> Assignment:
    person = wanted.person
    check_days(on, until, what=job_words(wanted))
    check_share(wanted.share, what=job_words(wanted))
    rows = person.assignments.filter(slot=wanted.slot)
    # The piece after the change is a new row, so what stands on its days is touched as well.
    ends = current(rows, on, until).values_list("valid_to", flat=True)
    touched = {person.pk: (on, max([until, *ends]))}
    above = managers_above(touched)
    before = cut(rows, start=on, end=until, at=at, keep_first=True)
    wanted.valid_from, wanted.valid_to, wanted.recorded_at = on, until, at
    wanted.save(force_insert=True)
    sentence = f"{job_words(wanted)} {days_text(on, until)}"
    if before:
        sentence += f", before {before[0].job_type} in {before[0].unit}"
    touched = joined(touched, above, managers_above(touched))
    _note(InputChange.Kind.ASSIGNMENT, action, sentence, touched, by=by, at=at)
    return wanted


@transaction.atomic
def leave(
    *, person: Person, last_day: date, by: User | None, at: datetime, reason: str = ""
) -> None:
    """End the employment and all jobs after ``last_day``, later ones included."""
    _lock(person)
    end = last_day + timedelta(days=1)
    check_days(end, FOREVER, what=f"{person} leaving")
    touched: Touched = {person.pk: (end, FOREVER)}
    touched = joined(touched, managers_above(touched))
    ended = cut(person.employments.all(), start=end, end=FOREVER, at=at)
    ended += cut(person.assignments.all(), start=end, end=FOREVER, at=at, keep_first=True)
    if not ended:
        raise DomainError(
            f"{person} has neither an employment nor a job after {last_day}, so nothing ends there."
        )
    sentence = f"{person} left; last day {last_day}"
    _note(InputChange.Kind.EMPLOYMENT, "leave", sentence, touched, by=by, at=at, reason=reason)


def managers_above(touched: Touched) -> Touched:
    """Everybody above these people in the chain of managers, and on which of those days."""
    values: dict[str, Any] = {
        "people": list(touched),
        "starts": [start for start, _ in touched.values()],
        "ends": [end for _, end in touched.values()],
        "never": NEVER,
    }
    return {person: (start, end) for person, start, end in fetch(MANAGERS, values)}


def joined(*several: Touched) -> Touched:
    """All that are touched, each from the first of their days to the last."""
    whole: Touched = {}
    for touched in several:
        for person, (start, end) in touched.items():
            first, last = whole.get(person, (start, end))
            whole[person] = (min(first, start), max(last, end))
    return whole


def marks_of(touched: Touched) -> list[Mark]:
    """One stale mark for each person."""
    return [Mark(start, end, person=person) for person, (start, end) in sorted(touched.items())]


def job_words(job: Assignment) -> str:
    """A job in words, for a sentence."""
    slot = "" if job.slot == Assignment.PRIMARY else f" ({job.slot})"
    return f"{job.person} as {job.job_type} in {job.unit}{slot}"


def check_share(share: Decimal, *, what: str) -> None:
    """Refuse a contract share outside 0 to 1."""
    if not 0 < share <= 1:
        raise DomainError(
            f"{what}: a contract share lies above 0 and is at most 1 (60 % is 0.6), not {share}."
        )


def _lock(person: Person) -> None:
    """Let two changes of one person wait for each other, rather than meet in a constraint."""
    Person.objects.select_for_update().get(pk=person.pk)


def _note(
    kind: InputChange.Kind,
    action: str,
    sentence: str,
    touched: Touched,
    *,
    by: User | None,
    at: datetime,
    reason: str = "",
) -> None:
    record_change(kind=kind, sentence=sentence, marks=marks_of(touched), by=by, at=at)
    audit.record(action=action, subject=sentence, by=by, at=at, reason=reason)
