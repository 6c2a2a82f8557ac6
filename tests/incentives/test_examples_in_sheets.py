"""Examples in a spreadsheet: the third engine comes to the same; what is said where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from incentives import examples
from incentives.examples import Said, by_decimal, by_sheet, libreoffice, needs_of, read
from incentives.examples.inputs import Read
from incentives.examples.sheet_checks import begin, check_of, sheet_of, work_out
from incentives.models import ExampleCheck, PlanVersion
from incentives.review import hand_in
from incentives.rules import load
from org.errors import DomainError
from org.models import Tenant
from org.tenancy import enter
from pmsite import demo, tenant_file
from pmsite.models import Job
from tests.factories import AT, make_member
from tests.incentives.test_examples import CREDITS, INPUTS, RULES
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db
FOLDER = Path(demo.__file__).parent
EVERYTHING = {
    "credits": {"volume": CREDITS},
    "days": [{"calls": "60"}, {"calls": "49"}, {"calls": "50"}],
    "others": [{"hours": "40"}, {"hours": "20"}],
}


@pytest.fixture
def version(tmp_path: Path) -> Iterator[PlanVersion]:
    """The only version of the plan, with its tenant entered and an example of everything."""
    Small(tmp_path, "ann,north,agent,2026-01-01,", RULES)
    with enter(Tenant.objects.get(code="small").pk):
        found = PlanVersion.objects.select_related("plan__calendar").get()
        usual = {"inputs": INPUTS, "lines": EVERYTHING, "expected": {"goal": "250"}}
        found.examples.create(name="Usual", **usual)
        yield found


@pytest.fixture
def office(monkeypatch: Any) -> None:
    """With LibreOffice, as on a server that has it."""
    monkeypatch.setattr(libreoffice, "PROGRAM", "soffice")


def tried(version: PlanVersion) -> ExampleCheck:
    check, _ = begin(version=version, at=AT)
    work_out(check)
    return ExampleCheck.objects.get()


# --- with LibreOffice


@pytest.mark.spreadsheet
def test_every_kind_of_component_comes_out(version: PlanVersion, office: None) -> None:
    cases = [
        Said(INPUTS, EVERYTHING),
        Said({"calls": "120"}),
        Said(INPUTS | {"GOAL(calls)": "0"}),
        Said(INPUTS | {"ATTAINMENT(calls)": "left out", "FACT(grade)": "=A"}),
    ]
    rules = load(version)
    reads = [read(needs_of(rules), said) for said in cases]
    assert by_sheet.amounts(rules, reads) == [by_decimal.amounts(rules, one) for one in reads]


@pytest.mark.spreadsheet
@pytest.mark.parametrize("code", ["brackwater", "quillpond"])
def test_the_examples_of_the_demo_come_out(code: str, office: None) -> None:
    tenant_file.apply(path=FOLDER / f"{code}.yaml", by=None, approved_by=None, at=AT)
    with enter(Tenant.objects.get(code=code).pk):
        for version in PlanVersion.objects.select_related("plan__calendar"):
            check, _ = begin(version=version, at=AT)
            said = work_out(check)
            assert said.endswith("worked out in a spreadsheet."), said
            found = examples.run(version)
            assert all("sheet" in one.amounts for one in found)
            assert [one.sentence for one in found if not one.ok] == []


@pytest.mark.spreadsheet
def test_a_formula_that_a_spreadsheet_takes_otherwise_is_found(
    version: PlanVersion, office: None, monkeypatch: Any
) -> None:
    written = by_sheet.ExcelWriter.write

    def wrong(self: Any, formula: Any, trace: Any) -> Any:
        part = written(self, formula, trace)
        if not isinstance(trace.value, Decimal):
            return part
        return type(part)(f"({part.text})+1", part.blank, part.fails)

    monkeypatch.setattr(by_sheet.ExcelWriter, "write", wrong)
    tried(version)
    [goal, *_] = examples.run(version)
    assert not goal.agreed
    assert "250 came out step by step, 250 came out in SQL, 25" in goal.sentence


# --- with or without


def test_without_libreoffice_the_page_is_told_so_and_nothing_is_refused(
    version: PlanVersion,
) -> None:
    check = tried(version)
    assert (check.state, check.sentence) == (
        "no_answer",
        "LibreOffice is not installed where jobs run.",
    )
    assert sheet_of(version) == {}
    assert "the engines do not agree" not in " ".join(examples.problems(version, complete=False))


def told(monkeypatch: Any, by: int) -> None:
    """A spreadsheet that is off by some units."""

    def amounts(rules: Any, reads: list[Read]) -> Any:
        return [
            {
                name: (value and value + by, error)
                for name, (value, error) in by_decimal.amounts(rules, one).items()
            }
            for one in reads
        ]

    monkeypatch.setattr(by_sheet, "amounts", amounts)


def test_a_version_whose_engines_part_is_not_published(
    version: PlanVersion, monkeypatch: Any
) -> None:
    told(monkeypatch, 1)
    tried(version)
    with pytest.raises(DomainError) as refusal:
        examples.refuse(version, complete=False)
    assert "the engines do not agree: 250 came out step by step, 250 came out in SQL, 251" in str(
        refusal.value
    )
    told(monkeypatch, 0)
    assert begin(version=version, at=AT)[1] is False, "the same is not tried twice"
    example = version.examples.get()
    example.inputs = {**example.inputs, "calls": "121"}
    example.save()
    assert check_of(version) is None, "what was found counts for other examples only"
    assert examples.problems(version, complete=False) == []


def test_a_check_of_what_was_changed_since_tries_nothing(version: PlanVersion) -> None:
    check, _ = begin(version=version, at=AT)
    version.examples.all().delete()
    assert "was changed since" in work_out(check)
    assert not ExampleCheck.objects.exists()


def test_handing_in_asks_for_it_once(version: PlanVersion) -> None:
    author = make_member(version.plan.tenant, "author")
    version.examples.all().delete()
    names = version.components.values_list("name", flat=True)
    version.components.exclude(name="goal").delete()
    assert list(names) == ["goal"]
    inputs = {name: INPUTS[name] for name in ("calls", "GOAL(calls)", "FACT(grade)", "PRORATE")}
    version.examples.create(name="One", inputs=inputs, expected={"goal": "250"})
    version.status, version.author = "draft", author
    version.save()
    hand_in(version=version, by=author, at=AT)
    [job] = Job.objects.filter(name="work examples out in a spreadsheet")
    assert job.about == ExampleCheck.objects.get().pk
