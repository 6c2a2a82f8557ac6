"""Dated facts and availability of people from CSV files (docs/people-files.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from org.base import CURRENT
from org.bulk import insert_rows
from org.dates import FOREVER, NEVER, in_words
from org.errors import DomainError
from org.loading import Loaded, Reader, counts, note, read_timelines
from org.models import (
    AbsenceType,
    Assignment,
    Availability,
    Fact,
    FactType,
    InputChange,
    Person,
    User,
)
from org.people import Touched, joined
from org.sync import DatedRows, Key, Wanted
from org.tabular import Line, Problems, csv_text, known, read_day, read_end, read_number, read_table

FACT_COLUMNS = ("person", "fact", "value", "slot", "from", "to", "last_day")
AVAILABILITY_COLUMNS = ("person", "day", "kind", "hours", "absence_type", "slot")
FACTS = DatedRows(Fact, ("person_id", "fact_type_id", "slot"), ("number", "text", "day"))
PEOPLE_HINT = "People come in by people.csv, before anything about them."

# -- facts ----------------------------------------------------------------------------------------


@transaction.atomic
def load_facts(*, content: bytes, file: str, by: User | None, at: datetime) -> Loaded:
    """Take facts over: for each person and fact of the file, exactly those lines."""
    required = ("person", "fact", "value", "from")
    lines = read_table(content, file=file, columns=FACT_COLUMNS, required=required)
    problems = Problems(file)
    wanted = read_timelines(lines, _fact_reader(), problems, "fact")
    problems.refuse_if_any()
    stored = FACTS.stored()
    named = {key[:2] for key in wanted}
    dropped: dict[Key, list[Wanted]] = {key: [] for key in stored if key[:2] in named}
    found = FACTS.compare(stored=stored, wanted={**dropped, **wanted}, at=at)
    if not found.touched:
        return Loaded(f"{file}: {len(wanted)} facts, all as they are known.", False)
    FACTS.write(found, at=at)
    sentence = f"{file}: facts: {counts(found)}"
    touched = joined(*({key[0]: days} for key, days in found.touched.items()))
    note(InputChange.Kind.FACT, sentence, touched, content, by=by, at=at)
    return Loaded(sentence, True)


def _fact_reader() -> Reader:
    person = known("person", _people(), PEOPLE_HINT)
    types = {fact.code: fact for fact in FactType.objects.all()}
    fact_type = known("kind of fact", types, "Kinds of fact stand in the tenant file.")

    def read(line: Line, problems: Problems) -> tuple[Key, Wanted] | None:
        who = problems.read(line, "person", person)
        fact = problems.read(line, "fact", fact_type)
        start = problems.read(line, "from", read_day)
        column = "last_day" if line["last_day"] else "to"
        end = problems.read(line, column, lambda _: read_end(line["to"], line["last_day"]))
        if fact is None or start is None or end is None:
            return None
        value = problems.read(line, "value", VALUES[FactType.Kind(fact.kind)])
        return None if value is None else ((who, fact.pk, line["slot"]), Wanted(start, end, value))

    return read


FactValue = tuple[Decimal | None, str, date | None]


def _number(text: str) -> FactValue:
    return read_number(text), "", None


def _text(text: str) -> FactValue:
    if not text:
        raise DomainError("is empty.")
    return None, text, None


def _day(text: str) -> FactValue:
    return None, "", read_day(text)


def _yes_no(text: str) -> FactValue:
    answers = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}
    if text.lower() not in answers:
        raise DomainError(f"“{text}” is neither yes nor no.")
    return Decimal(answers[text.lower()]), "", None


VALUES: dict[FactType.Kind, Callable[[str], FactValue]] = {
    FactType.Kind.NUMBER: _number,
    FactType.Kind.TEXT: _text,
    FactType.Kind.DATE: _day,
    FactType.Kind.YES_NO: _yes_no,
}


def write_facts() -> str:
    """facts.csv for everybody as known now; loading it changes nothing."""
    columns = [column for column in FACT_COLUMNS if column != "last_day"]
    rows = Fact.objects.filter(CURRENT).select_related("person", "fact_type")
    return csv_text(
        columns,
        (
            (
                *(row.person.code, row.fact_type.code, _said(row), row.slot, row.valid_from),
                "" if row.valid_to == FOREVER else row.valid_to,
            )
            for row in rows.order_by("person__code", "fact_type__code", "slot", "valid_from")
        ),
    )


def _said(row: Fact) -> str:
    """The value of a fact as a file says it."""
    if row.number is not None:
        if row.fact_type.kind == FactType.Kind.YES_NO:
            return "yes" if row.number else "no"
        return f"{row.number.normalize():f}"
    return row.text or (row.day.isoformat() if row.day else "")


# -- availability ---------------------------------------------------------------------------------

PersonDay = tuple[int, str, date]
KIND_WORDS = {"absent": "absence", "scheduled": "schedule", "worked": "work"}
Entry = tuple[str, int | None, Decimal | None]


@transaction.atomic
def load_availability(*, content: bytes, file: str, by: User | None, at: datetime) -> Loaded:
    """Take days over: for each person, job slot and day of the file, exactly those lines."""
    required = ("person", "day", "kind")
    lines = read_table(content, file=file, columns=AVAILABILITY_COLUMNS, required=required)
    problems = Problems(file)
    wanted = _read_days(lines, problems)
    problems.refuse_if_any()
    stored = _stored_days(wanted)
    gone: list[int] = []
    new: list[tuple[Any, ...]] = []
    changed: set[PersonDay] = set()
    kinds: set[str] = set()
    for person_day, entries in wanted.items():
        there = stored.get(person_day, {})
        kinds |= {kind for kind, _, _ in there.keys() ^ entries.keys()}
        gone += [there[entry] for entry in there.keys() - entries.keys()]
        added = [(*person_day, *entry, at, NEVER) for entry in entries if entry not in there]
        new += added
        if added or there.keys() - entries.keys():
            changed.add(person_day)
    if not changed:
        return Loaded(f"{file}: {len(wanted)} days, all as they are known.", False)
    Availability.objects.filter(pk__in=gone).update(superseded_at=at)
    columns = ("person_id", "slot", "day", "kind", "absence_type_id", "hours")
    insert_rows(Availability, (*columns, "recorded_at", "superseded_at"), new)
    days = [day for _, _, day in changed]
    what = ", ".join(sorted(KIND_WORDS.get(kind, kind) for kind in kinds))
    sentence = (
        f"{file}: {what} {in_words(min(days), max(days))} ({len(changed)} days changed,"
        f" {len(wanted) - len(changed)} unchanged)"
    )
    note(InputChange.Kind.AVAILABILITY, sentence, _touched(changed), content, by=by, at=at)
    return Loaded(sentence, True)


def _touched(days: set[PersonDay]) -> Touched:
    one_day = timedelta(days=1)
    return joined(*({person: (day, day + one_day)} for person, _, day in days))


def _stored_days(wanted: dict[PersonDay, dict[Entry, int]]) -> dict[PersonDay, dict[Entry, int]]:
    days = [day for _, _, day in wanted]
    rows = Availability.objects.filter(CURRENT, day__range=(min(days), max(days)))
    found: dict[PersonDay, dict[Entry, int]] = defaultdict(dict)
    names = ("person_id", "slot", "day", "kind", "absence_type_id", "hours", "id")
    for person, slot, day, kind, absence, hours, row_id in rows.values_list(*names):
        found[person, slot, day][kind, absence, hours] = row_id
    return found


def _read_days(lines: list[Line], problems: Problems) -> dict[PersonDay, dict[Entry, int]]:
    """The entries of each day, with the line that says so."""
    person = known("person", _people(), PEOPLE_HINT)
    kind = known("kind", {k.value: k.value for k in Availability.Kind}, "It must be one of these.")
    types: dict[str, int | None] = {"": None, **dict(AbsenceType.objects.values_list("code", "id"))}
    absence_type = known("absence type", types, "Absence types stand in the tenant file.")
    days: dict[PersonDay, dict[Entry, int]] = defaultdict(dict)
    for line in lines:
        who = problems.read(line, "person", person)
        day = problems.read(line, "day", read_day)
        what = problems.read(line, "kind", kind)
        absence = problems.read(line, "absence_type", absence_type)
        hours = problems.read(line, "hours", _hours)
        if who is None or day is None or what is None:
            continue
        if absence is not None and what != Availability.Kind.ABSENT:
            problems.add(line, f"{what} has no absence type; only absent does.")
        entries = days[who, line["slot"] or Assignment.PRIMARY, day]
        for (other, other_absence, _), number in entries.items():
            if (other, other_absence) == (what, absence):
                problems.add(line, f"says the same person, day and kind as line {number}.")
        entries[what, absence, hours] = line.number
    return days


def _hours(text: str) -> Decimal | None:
    hours = read_number(text) if text else None
    if hours is not None and not 0 <= hours <= 24:
        raise DomainError(f"a day has 0 to 24 hours, not {text}.")
    return hours


def _people() -> dict[str, int]:
    return dict(Person.objects.values_list("code", "id"))


def write_availability() -> str:
    """availability.csv for all days as known now; loading it changes nothing."""
    rows = Availability.objects.filter(CURRENT).values_list(
        *("person__code", "day", "kind", "hours", "absence_type__code", "slot")
    )
    return csv_text(
        AVAILABILITY_COLUMNS,
        (
            (person, day, kind, "" if hours is None else f"{hours.normalize():f}", absence, slot)
            for person, day, kind, hours, absence, slot in rows.order_by(
                *("person__code", "day", "slot", "kind", "absence_type__code")
            )
        ),
    )
