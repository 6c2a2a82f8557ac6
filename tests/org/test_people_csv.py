"""CSV files of people: the same again changes nothing; a mistake leaves all as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from org.dates import FOREVER, NEVER
from org.errors import DomainError
from org.facts_csv import load_availability, load_facts
from org.models import (
    AbsenceType,
    Assignment,
    AuditEntry,
    Availability,
    Employment,
    Fact,
    FactType,
    InputChange,
    Person,
)
from org.people_csv import load_assignments, load_people, write_assignments, write_people
from tests.factories import AT
from tests.org.cast import JUNE, START, Cast, marks

PEOPLE = """code,name,email,payroll_id,hired,left,tenure_start
ann,Ann,,A1,2026-01-01,2026-03-31,
ann,Ann,,A2,2026-06-01,,2024-01-01
zoë,Zoë Ünal,zoe@bank.test,,2026-06-01,,
"""
JOBS = """person,unit,job_type,manager,share,from,to
ann,north,agent,nora,1,2026-01-01,2026-06-01
ann,south,agent,saul,60%,2026-06-01,
"""


def people(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    return load_people(content=content, file="people.csv", by=None, at=AT).sentence


def jobs(text: str) -> str:
    return load_assignments(content=text.encode(), file="jobs.csv", by=None, at=AT).sentence


def counts() -> tuple[int, ...]:
    models = (Person, Employment, Assignment, Fact, Availability, InputChange, AuditEntry)
    return tuple(model.objects.count() for model in models)


def test_people_come_in_with_their_employments(bank: Cast) -> None:
    assert people(PEOPLE) == ("people.csv: 1 person added; employments: 2 added")
    rows = Employment.objects.filter(person__code="ann").order_by("valid_from")
    found = [(r.payroll_id, r.valid_from, r.valid_to, r.tenure_start) for r in rows]
    assert found == [
        ("A1", START, date(2026, 4, 1), START),
        ("A2", JUNE, FOREVER, date(2024, 1, 1)),
    ]
    assert Employment.objects.get(person__code="zoë").payroll_id == "zoë"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_spreadsheet_encoding_is_read(bank: Cast, encoding: str) -> None:
    people(PEOPLE.replace(",", ";").encode(encoding))
    assert Person.objects.get(code="zoë").name == "Zoë Ünal"


def test_the_same_files_again_change_nothing(bank: Cast) -> None:
    people(PEOPLE)
    jobs(JOBS)
    before = counts()
    assert people(PEOPLE) == "people.csv: 2 people, all as they are known."
    assert jobs(JOBS) == "jobs.csv: jobs of 1 people, all as they are known."
    assert people(write_people()).endswith("all as they are known.")
    assert jobs(write_assignments()).endswith("all as they are known.")
    assert counts() == before


def test_a_changed_end_keeps_the_row_and_marks_only_what_changed(bank: Cast) -> None:
    before = bank.people["ann"].assignments.get().pk
    jobs(JOBS)
    current = Assignment.objects.filter(person__code="ann", superseded_at=NEVER)
    assert current.get(valid_to=JUNE).pk == before
    assert marks() == [(name, JUNE, FOREVER) for name in ("ann", "dora", "nora", "saul")]
    assert Assignment.objects.filter(person__code="bob").count() == 1


def test_rows_that_trade_their_days_do_not_collide(bank: Cast) -> None:
    jobs(JOBS)
    jobs(JOBS.replace("2026-06-01", "2026-08-01"))
    jobs(JOBS.replace("2026-06-01", "2026-03-01"))
    current = Assignment.objects.filter(person__code="ann", superseded_at=NEVER)
    days = list(current.order_by("valid_from").values_list("valid_from", "valid_to"))
    assert days == [(START, date(2026, 3, 1)), (date(2026, 3, 1), FOREVER)]


def test_the_last_day_may_be_given_instead(bank: Cast) -> None:
    jobs("person,unit,job_type,from,last_day\nann,north,agent,2026-01-01,2026-05-31\n")
    job = Assignment.objects.get(person__code="ann", superseded_at=NEVER)
    assert job.valid_to == JUNE


def test_every_problem_is_told_with_its_line_and_nothing_is_written(bank: Cast) -> None:
    before = counts()
    with pytest.raises(DomainError) as refusal:
        jobs(
            "person,unit,job_type,manager,share,from,to\n"
            "ann,nroth,agent,,1,2026-01-01,\n"
            "bob,north,agnet,bob,1.5,1900-01-01,\n"
            "sue,north,agent,,,2026-06-01,2026-05-01\n"
            "dora,sales,agent,,,2999-01-01,01.02.2026\n"
            "nora,north,agent,,,2026-01-01,\n"
            "nora,north,agent,,,2026-01-01,\n"
            "nora,south,agent,,,2026-03-01,\n"
            "nobody,south,agent,,,,\n"
        )
    assert str(refusal.value) == (
        "jobs.csv has 12 problems, so nothing of it was taken over:\n"
        "  - line 2: unit: no unit is called “nroth” (nearest: “north”). "
        "Units stand in the tenant file.\n"
        "  - line 3: from: 1900-01-01 is no plausible day. "
        "Give one between 1970-01-01 and 2199-12-31.\n"
        "  - line 3: job_type: no job type is called “agnet” (nearest: “agent”). "
        "Job types stand in the tenant file.\n"
        "  - line 3: manager: bob cannot be their own manager.\n"
        "  - line 3: share: Sharing a job: a contract share lies above 0 and is at most 1 "
        "(60 % is 0.6), not 1.5.\n"
        "  - line 4: begins on 2026-06-01 and ends before that day is over.\n"
        "  - line 5: from: 2999-01-01 is no plausible day. "
        "Give one between 1970-01-01 and 2199-12-31.\n"
        "  - line 5: to: “01.02.2026” is no date. Write year-month-day: 2026-06-12.\n"
        "  - line 7: repeats line 6. Remove one of them.\n"
        "  - line 8: this assignment from 2026-03-01 overlaps that of line 7 from 2026-01-01. "
        "End the earlier one first, or name another slot.\n"
        "  - line 9: from: “” is no date. Write year-month-day: 2026-06-12.\n"
        "  - line 9: person: no person is called “nobody”. "
        "People come in by people.csv, before their jobs."
    )
    assert counts() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "is a workbook"),
        (b"\x00\x81\x00", "no text that can be read"),
        (b"code,name\n", "no rows"),
        (b"code,nmae\n1,Ann\n", "missing column “name” .nearest: “nmae”"),
        (b"code,name,code\n1,Ann,1\n", "“code” stands there 2 times"),
        (b"code,name\n1,Ann,3\n", "line 2: has 3 cells under 2 column names"),
        (b"code,name\n,Ann\n", "line 2: code is empty"),
        (b"code,name\n1,Ann\n1,Bob\n", "line 3: 1 is Bob here and Ann in line 2"),
        (b"code,name,left\n1,Ann,2026-06-01\n", "gives left but no hired"),
        (b'code,name\n1,"Ann\n', "cannot be read as CSV"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_words(
    bank: Cast, content: bytes, sentence: str
) -> None:
    before = counts()
    with pytest.raises(DomainError, match=sentence):
        people(content)
    assert counts() == before


def test_facts_and_days_come_in_once(bank: Cast) -> None:
    FactType.objects.create(code="base_pay")
    AbsenceType.objects.create(code="sick")
    facts = b"person,fact,value,from\nann,base_pay,4200.50,2026-01-01\n"
    days = b"person,day,kind,hours,absence_type\nann,2026-06-01,absent,8,sick\n"
    for expected in (True, False):
        loaded = load_facts(content=facts, file="facts.csv", by=None, at=AT)
        assert loaded.changed is expected
        loaded = load_availability(content=days, file="days.csv", by=None, at=AT)
        assert loaded.changed is expected
    assert marks() == [("ann", JUNE, date(2026, 6, 2))]
    worked = b"person,day,kind,hours\nann,2026-06-01,worked,8\n"
    load_availability(content=worked, file="days.csv", by=None, at=AT)
    assert Availability.objects.get(superseded_at=NEVER).kind == "worked"
    assert Availability.objects.count() == 2


def test_a_fact_of_the_wrong_kind_is_refused(bank: Cast) -> None:
    FactType.objects.create(code="base_pay")
    content = b"person,fact,value,from\nann,base_pay,much,2026-01-01\n"
    with pytest.raises(DomainError, match="line 2: value: “much” is no number"):
        load_facts(content=content, file="facts.csv", by=None, at=AT)


def test_the_commands_say_what_they_did(
    bank: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    call_command("people", "bank", str(file))
    assert "people.csv: 1 person added" in capsys.readouterr().out
    with pytest.raises(CommandError, match="missing column “person”"):
        call_command("assignments", "bank", str(file))
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("people", "bank", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="No tenant has the code “bnak”"):
        call_command("people", "bnak", str(file))
