"""Absence, training and outage of one person, recorded by hand, day by day, and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from django.db import transaction
from django.db.models import Q, QuerySet

from org import audit
from org.base import CURRENT
from org.changes import Mark, record_change
from org.dates import in_words, plausible
from org.errors import DomainError
from org.models import AbsenceType, Assignment, Availability, InputChange, Person, User
from org.two_people import refuse_own_pay

LONGEST = 366
ONE_DAY = timedelta(days=1)
Slots = dict[date, list[str]]


@dataclass(frozen=True)
class Span:
    """Days in a row on which somebody is absent for the same reason; ``last`` is included."""

    person: Person
    type: AbsenceType | None
    hours: Decimal | None
    first: date
    last: date
    recorded_at: datetime

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


@transaction.atomic
def record_absence(
    *,
    person: Person,
    first: date,
    last: date,
    type: AbsenceType,
    hours: Decimal | None = None,
    reason: str,
    by: User,
    at: datetime,
) -> int:
    """Somebody is absent from ``first`` to ``last``; how many days that changes.

    Without hours on whole days, which replaces what was recorded of them; with hours beside other
    absences of the day. All jobs that the person holds on a day are meant. The same again changes
    nothing. DomainError for one's own absence, days without a job, and days in the wrong order.
    """
    _check(first, last, hours, reason)
    refuse_own_pay(by, [person.pk], what="records an absence of their own")
    Person.objects.select_for_update().get(pk=person.pk)
    jobs = _jobs(person, first, last)
    if without := [day for day in _days(first, last) if day not in jobs]:
        raise DomainError(
            f"{person} has no job on {without[0]}, so there is nothing to be absent from. Choose "
            "days within the job."
        )
    there = _absent(person, first, last)
    if hours is not None:
        there = there.filter(Q(absence_type=type) | Q(hours=None))
    kept = {(r.day, r.slot) for r in there if (r.absence_type_id, r.hours) == (type.pk, hours)}
    gone = [r for r in there if (r.absence_type_id, r.hours) != (type.pk, hours)]
    new = [
        Availability(
            person=person,
            slot=slot,
            day=day,
            kind=Availability.Kind.ABSENT,
            absence_type=type,
            hours=hours,
            recorded_at=at,
        )
        for day, slots in jobs.items()
        for slot in slots
        if (day, slot) not in kept
    ]
    changed = {row.day for row in (*gone, *new)}
    if not changed:
        return 0
    Availability.objects.filter(pk__in=[row.pk for row in gone]).update(superseded_at=at)
    Availability.objects.bulk_create(new)
    what = f"{person} absent {in_words(first, last)}: {type}"
    _note(person, changed, what, "record absence", reason, by, at)
    return len(changed)


@transaction.atomic
def take_back_absence(
    *,
    person: Person,
    first: date,
    last: date,
    type: AbsenceType | None,
    reason: str,
    by: User,
    at: datetime,
) -> int:
    """The person was there after all; how many days that changes. Again, it changes nothing."""
    _check(first, last, None, reason)
    refuse_own_pay(by, [person.pk], what="takes an absence of their own back")
    Person.objects.select_for_update().get(pk=person.pk)
    rows = list(_absent(person, first, last).filter(absence_type=type))
    if not rows:
        return 0
    Availability.objects.filter(pk__in=[row.pk for row in rows]).update(superseded_at=at)
    changed = {row.day for row in rows}
    what = f"{person} not absent {in_words(first, last)} after all: {type or 'absence'}"
    _note(person, changed, what, "take absence back", reason, by, at)
    return len(changed)


def spans(people: Iterable[int], *, first: date, end: date) -> list[Span]:
    """The absences of some people on ``[first, end)`` as days in a row, the latest first."""
    rows = (
        Availability.objects.filter(CURRENT, kind=Availability.Kind.ABSENT)
        .filter(person__in=list(people), day__gte=first, day__lt=end)
        .select_related("person", "absence_type")
        .order_by("person_id", "absence_type_id", "hours", "day")
        .distinct("person_id", "absence_type_id", "hours", "day")
    )
    found = []
    for _, alike in groupby(rows, key=lambda r: (r.person_id, r.absence_type_id, r.hours)):
        days = list(alike)
        for _, run in groupby(enumerate(days), key=lambda pair: pair[1].day - ONE_DAY * pair[0]):
            own = [row for _, row in run]
            a = own[0]
            found.append(
                Span(a.person, a.absence_type, a.hours, a.day, own[-1].day, own[-1].recorded_at)
            )
    return sorted(found, key=lambda s: (-s.first.toordinal(), s.person.name))


def _absent(person: Person, first: date, last: date) -> QuerySet[Availability]:
    return Availability.objects.filter(
        CURRENT, person=person, kind=Availability.Kind.ABSENT, day__range=(first, last)
    )


def _check(first: date, last: date, hours: Decimal | None, reason: str) -> None:
    if not (plausible(first) and plausible(last)):
        raise DomainError(f"{first} to {last} are no plausible days. Mend the year.")
    if last < first:
        raise DomainError(f"The last day, {last}, lies before the first, {first}.")
    if (last - first).days >= LONGEST:
        raise DomainError(f"At most {LONGEST} days at once. End it earlier, and record the rest.")
    if hours is not None and not 0 < hours <= 24:
        raise DomainError("A day has more than 0 and at most 24 hours. Leave them out for all day.")
    if not reason.strip():
        raise DomainError("Say in a few words why: it stays with the days.")


def _days(first: date, last: date) -> list[date]:
    return [first + ONE_DAY * n for n in range((last - first).days + 1)]


def _jobs(person: Person, first: date, last: date) -> Slots:
    """The job slots that a person holds on each day."""
    rows = Assignment.objects.filter(
        CURRENT, person=person, valid_from__lte=last, valid_to__gt=first
    )
    found: Slots = {}
    for row in rows:
        for day in _days(max(first, row.valid_from), min(last, row.valid_to - ONE_DAY)):
            found.setdefault(day, []).append(row.slot)
    return found


def _note(
    person: Person, days: set[date], what: str, action: str, reason: str, by: User, at: datetime
) -> None:
    first, last = min(days), max(days)
    record_change(
        kind=InputChange.Kind.AVAILABILITY,
        sentence=f"{what} ({reason.strip()})",
        marks=[Mark(first, last + ONE_DAY, person=person.pk)],
        by=by,
        at=at,
        reference=f"person {person.code}"[:200],
    )
    audit.record(action=action, subject=what, by=by, at=at, reason=reason.strip())
