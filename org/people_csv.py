"""People and their jobs from CSV files, and back (docs/people-files.md).

A file is the whole truth about the people who stand in it, and says nothing about others. The
same file again changes nothing; a problem anywhere leaves everything as it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import transaction

from org.base import CURRENT
from org.bulk import insert_rows
from org.dates import FOREVER
from org.loading import Loaded, Reader, counts, note, read_timelines
from org.models import Assignment, Employment, InputChange, JobType, PayGroup, Person, Unit, User
from org.people import check_share, joined, managers_above
from org.sync import DatedRows, Key, Wanted
from org.tabular import (
    Line,
    Problems,
    csv_text,
    known,
    read_day,
    read_end,
    read_number,
    read_table,
)
from org.words import counted

PEOPLE_COLUMNS = (
    "code",
    "name",
    "email",
    "payroll_id",
    "pay_group",
    "company",
    "hired",
    "left",
    "tenure_start",
)
ASSIGNMENT_COLUMNS = (
    "person",
    "unit",
    "job_type",
    "manager",
    "slot",
    "share",
    "from",
    "to",
    "last_day",
)
EMPLOYMENTS = DatedRows(
    Employment, ("person_id",), ("payroll_id", "pay_group_id", "company", "tenure_start")
)
ASSIGNMENTS = DatedRows(
    Assignment, ("person_id", "slot"), ("unit_id", "job_type_id", "manager_id", "share")
)


@transaction.atomic
def load_people(*, content: bytes, file: str, by: User | None, at: datetime) -> Loaded:
    """Take people and their employments over; one line per employment, several after a rehire."""
    lines = read_table(content, file=file, columns=PEOPLE_COLUMNS, required=("code", "name"))
    problems = Problems(file)
    persons = _read_persons(lines, problems)
    timelines = read_timelines(lines, _employment_reader(), problems, "employment")
    problems.refuse_if_any()
    added, renamed = _write_persons(persons)
    ids = dict(Person.objects.values_list("code", "id"))
    wanted = {(ids[code],): rows for (code,), rows in timelines.items()}
    found = EMPLOYMENTS.compare(stored=EMPLOYMENTS.stored(), wanted=wanted, at=at)
    if not (added or renamed or found.touched):
        return Loaded(f"{file}: {len(persons)} people, all as they are known.", False)
    EMPLOYMENTS.write(found, at=at)
    people = {f"{counted(added, 'person', 'people')} added": added, f"{renamed} renamed": renamed}
    said = [*filter(people.get, people), f"employments: {counts(found)}"]
    sentence = f"{file}: {'; '.join(said)}"
    touched = {key[0]: days for key, days in found.touched.items()}
    note(InputChange.Kind.EMPLOYMENT, sentence, touched, content, by=by, at=at)
    return Loaded(sentence + _working_on(touched), True)


def _working_on(people: Iterable[int]) -> str:
    """A sentence about who has left and still has a job after that day; '' where nobody does."""
    last: dict[int, date] = {}
    for row in Employment.objects.filter(CURRENT, person__in=list(people)):
        last[row.person_id] = max(last.get(row.person_id, row.valid_to), row.valid_to)
    jobs = Assignment.objects.filter(CURRENT, person__in=list(last)).select_related("person")
    late = {str(job.person) for job in jobs if job.valid_to > last[job.person_id]}
    if not late:
        return ""
    shown = ", ".join(sorted(late)[:5]) + (f" and {len(late) - 5} more" if len(late) > 5 else "")
    return (
        f"\nA job goes on after the last day of employment, and is paid, for {shown}."
        " End the job in assignments.csv."
    )


@transaction.atomic
def load_assignments(*, content: bytes, file: str, by: User | None, at: datetime) -> Loaded:
    """Take jobs over: for everybody in the file, exactly those lines are their jobs."""
    required = ("person", "unit", "job_type", "from")
    lines = read_table(content, file=file, columns=ASSIGNMENT_COLUMNS, required=required)
    problems = Problems(file)
    wanted = read_timelines(lines, _assignment_reader(), problems, "assignment")
    problems.refuse_if_any()
    stored = ASSIGNMENTS.stored()
    people = {key[0] for key in wanted}
    dropped: dict[Key, list[Wanted]] = {key: [] for key in stored if key[0] in people}
    found = ASSIGNMENTS.compare(stored=stored, wanted={**dropped, **wanted}, at=at)
    if not found.touched:
        return Loaded(f"{file}: jobs of {len(people)} people, all as they are known.", False)
    touched = joined(*({key[0]: days} for key, days in found.touched.items()))
    above = managers_above(touched)
    ASSIGNMENTS.write(found, at=at)
    touched = joined(touched, above, managers_above(touched))
    sentence = f"{file}: jobs: {counts(found)}"
    note(InputChange.Kind.ASSIGNMENT, sentence, touched, content, by=by, at=at)
    return Loaded(sentence, True)


# People themselves: a name and an address, which have no dates.


def _read_persons(lines: list[Line], problems: Problems) -> dict[str, tuple[str, str]]:
    """Name and e-mail by personnel number; the lines of a person rehired must agree on them."""
    persons: dict[str, tuple[str, str]] = {}
    first: dict[str, int] = {}
    for line in lines:
        code, said = line["code"], (line["name"], line["email"])
        if not code or not line["name"]:
            problems.add(line, f"{'name' if code else 'code'} is empty; every line needs both.")
        elif persons.setdefault(code, said) != said:
            problems.add(
                line,
                f"{code} is {_who(said)} here and {_who(persons[code])} in line "
                f"{first[code]}. A person has one name and one e-mail.",
            )
        first.setdefault(code, line.number)
    return persons


def _who(said: tuple[str, str]) -> str:
    return " ".join(filter(None, said))


def _write_persons(persons: dict[str, tuple[str, str]]) -> tuple[int, int]:
    """Add whom nobody knows and rename whom the file calls otherwise; answers how many of each."""
    known_as = {p.code: p for p in Person.objects.filter(code__in=list(persons))}
    new = [(code, *said) for code, said in persons.items() if code not in known_as]
    renamed = []
    for code, person in known_as.items():
        if (person.name, person.email) != persons[code]:
            person.name, person.email = persons[code]
            renamed.append(person)
    if new:
        insert_rows(Person, ("code", "name", "email"), new)
    Person.objects.bulk_update(renamed, ["name", "email"], batch_size=2_000)
    return len(new), len(renamed)


# Timelines: the lines of one person, or of one person's job slot.


def _employment_reader() -> Reader:
    pay_groups: dict[str, int | None] = dict(PayGroup.objects.values_list("code", "id"))
    pay_group = known("pay group", {"": None, **pay_groups}, "Pay groups stand in the tenant file.")

    def read(line: Line, problems: Problems) -> tuple[Key, Wanted] | None:
        if not line["hired"]:
            for column in ("left", "payroll_id", "tenure_start"):
                if line[column]:
                    problems.add(line, f"gives {column} but no hired, the first day of employment.")
            return None
        hired = problems.read(line, "hired", read_day)
        end = problems.read(line, "left", lambda text: read_end("", text))
        group = problems.read(line, "pay_group", pay_group)
        tenure = hired
        if line["tenure_start"]:
            tenure = problems.read(line, "tenure_start", read_day)
        if hired is None or end is None or tenure is None:
            return None
        attributes = (line["payroll_id"] or line["code"], group, line["company"], tenure)
        return (line["code"],), Wanted(hired, end, attributes)

    return read


def _assignment_reader() -> Reader:
    people = dict(Person.objects.values_list("code", "id"))
    person = known("person", people, "People come in by people.csv, before their jobs.")
    nobody: dict[str, int | None] = {"": None}
    manager = known("person", nobody | people, "People come in by people.csv, before their jobs.")
    units = dict(Unit.objects.values_list("code", "id"))
    unit = known("unit", units, "Units stand in the tenant file.")
    types = dict(JobType.objects.values_list("code", "id"))
    job_type = known("job type", types, "Job types stand in the tenant file.")

    def read(line: Line, problems: Problems) -> tuple[Key, Wanted] | None:
        who = problems.read(line, "person", person)
        head = problems.read(line, "manager", manager)
        where = problems.read(line, "unit", unit)
        job = problems.read(line, "job_type", job_type)
        share = problems.read(line, "share", _read_share)
        start = problems.read(line, "from", read_day)
        end = problems.read(
            line,
            "last_day" if line["last_day"] else "to",
            lambda _: read_end(line["to"], line["last_day"]),
        )
        if who is not None and who == head:
            problems.add(line, f"manager: {line['person']} cannot be their own manager.")
        if start is None or end is None:
            return None
        slot = line["slot"] or Assignment.PRIMARY
        return (who, slot), Wanted(start, end, (where, job, head, share))

    return read


@lru_cache(maxsize=1_000)
def _read_share(text: str) -> Decimal:
    share = read_number(text) if text else Decimal(1)
    check_share(share, what="Sharing a job")
    return share


# And back: what a file would say for the people there are.


def write_people() -> str:
    """people.csv for everybody as known now; loading it changes nothing."""
    employments: dict[int, list[Employment]] = defaultdict(list)
    for row in (
        Employment.objects.filter(CURRENT).select_related("pay_group").order_by("valid_from")
    ):
        employments[row.person_id].append(row)
    rows: list[tuple[Any, ...]] = []
    for person in Person.objects.order_by("code"):
        who = (person.code, person.name, person.email)
        jobs = employments.get(person.pk)
        rows += [(*who, *_employment_cells(row)) for row in jobs] if jobs else [who]
    return csv_text(PEOPLE_COLUMNS, rows)


def write_assignments() -> str:
    """assignments.csv for everybody as known now; loading it changes nothing."""
    columns = [column for column in ASSIGNMENT_COLUMNS if column != "last_day"]
    jobs = Assignment.objects.filter(CURRENT).order_by("person__code", "slot", "valid_from")
    names = ("person__code", "unit__code", "job_type__code", "manager__code", "slot", "share")
    rows = [
        (*row[:5], f"{row[5].normalize():f}", row[6], _end_cell(row[7]))
        for row in jobs.values_list(*names, "valid_from", "valid_to")
    ]
    return csv_text(columns, rows)


def _employment_cells(row: Employment) -> tuple[Any, ...]:
    left = "" if row.valid_to == FOREVER else row.valid_to - timedelta(days=1)
    group = row.pay_group.code if row.pay_group else ""
    return row.payroll_id, group, row.company, row.valid_from, left, row.tenure_start


def _end_cell(end: date) -> str:
    return "" if end == FOREVER else end.isoformat()
