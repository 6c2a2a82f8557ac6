"""Published incentive calculations as a tenant: its file, its people, its source rows.

A file of this folder lists *cases*. A case is one plan in the words of its source, and the examples
that the source works out with it:

- ``case``: code of the plan, and of the job type of its people (none for no ``plan``);
- ``source``, ``words``: where it was published and what the plan says there;
- ``metrics``, ``goals``, ``facts``, ``transactions``, ``credits``, ``exchange_rates``, ``units``,
  ``calendars``, ``tables`` … exactly as in the tenant file; ``plan`` is a version of the plan, with
  the plan's own keys (calendar, currency) beside it;
- ``columns``: the header of a kind of transaction's file;
- ``people``: codes with unit and first day, unless each example is one person of its own name;
- ``examples``: ``id``, ``rows`` (lines of source files, and of facts.csv) and what the source says
  it ``pays``; ``each`` says along what a list of amounts runs, ``differs`` what we pay instead, and
  why; ``also`` what else the words say.

``person-{1..50}`` in a line or a code stands for fifty of them.

Nothing is worked out here: rows go into files, files through the commands that people type.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml

from tests.scenarios.site import Site

FOLDER = Path(__file__).parent
JUNE = "monthly:2026-06"
OF_PLAN = ("name", "family", "calendar", "currency")
LISTS = ("units", "goals", "credits", "exchange_rates", "person_caps")
MAPS = ("metrics", "facts", "transactions", "calendars", "pay_groups", "absence_types", "sources")
FIGURES = "person,day,metric,value,key"
SPAN = re.compile(r"\{(\d+)\.\.(\d+)\}")
SKELETON: Mapping[str, Any] = {
    "tenant": {"name": "Worked examples", "currency": "USD"},
    "calendars": {"monthly": {"kind": "monthly", "from": "2026-01-01", "to": "2026-12-31"}},
    "units": [{"code": "company"}],
    "pay_groups": {"staff": {"calendar": "monthly"}},
    "people": "people.csv",
    "assignments": "assignments.csv",
    "metrics": {"sales": {"kind": "sum", "unit": "money"}},
    "sources": {
        "figures": {
            "map": {
                "person": {"column": "person", "by": "code"},
                "day": "day",
                "reference": "key",
                "values": {"from": {"metric": "metric", "value": "value"}},
            }
        }
    },
}


@dataclass(frozen=True)
class Example:
    """One published calculation, with the case that holds its plan."""

    case: Mapping[str, Any]
    own: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.own.get(name, self.case.get(name))

    @property
    def id(self) -> str:
        """The name that the published collection gives it."""
        return str(self.own["id"])

    @property
    def published(self) -> list[Decimal]:
        """The amounts that the source prints."""
        return decimals(self.pays)

    @property
    def paid_here(self) -> list[Decimal]:
        """The amounts that this plan pays, to the cent."""
        amounts = decimals(self.differs["pays"]) if self.differs else self.published
        return [in_cents(amount * 100 if self.per_cent else amount) for amount in amounts]

    @property
    def looked_for(self) -> list[dict[str, str]]:
        """For each amount, which results make it up."""
        common = {"person": self.person or self.id, "period": self.period or JUNE}
        if self.plan_code or common["person"] == "*":
            common["plan"] = self.plan_code or self.case["case"]
        common |= {key: str(self.own[key]) for key in ("component", "line") if key in self.own}
        ways = [common]
        for key, given in (self.each or {}).items():
            ways = [
                {**way, key: str(one)} for way, one in zip(ways * len(given), given, strict=True)
            ]
        return ways


def decimals(given: Any) -> list[Decimal]:
    """A number or a list of numbers, exactly as written."""
    return [Decimal(str(one)) for one in (given if isinstance(given, list) else [given])]


def in_cents(amount: Decimal) -> Decimal:
    """Rounded half away from zero, as pay is."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Exact(yaml.SafeLoader):
    """Reads numbers with a point, days and words such as on as text; no float is in between."""


PLAIN = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:int", "tag:yaml.org,2002:merge")
Exact.yaml_implicit_resolvers = {
    letter: [(tag, found) for tag, found in resolvers if tag in PLAIN]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Exact.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a file of this folder."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.load(text, Exact)
    return found


def names() -> list[str]:
    """The files of this folder."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def examples(name: str) -> list[Example]:
    """The examples of a file."""
    return [Example(case, own) for case in cases(name) for own in case["examples"]]


class Book(Site):
    """The tenant that a file of this folder describes."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder, self.code = folder, name
        self.cases, self.examples = cases(name), examples(name)
        self.write("tenant.yaml", yaml.safe_dump(self.tenant_file(), sort_keys=False))
        self.write("people.csv", lines("code,name,pay_group,hired", self.people()))
        head = "person,unit,job_type,manager,slot,from"
        self.write("assignments.csv", lines(head, self.assignments()))
        self.apply("tenant.yaml")

    def write(self, name: str, text: str) -> None:
        """Write a file that a command will read."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def tenant_file(self) -> dict[str, Any]:
        """One tenant file with the parts of all cases."""
        whole = yaml.safe_load(yaml.safe_dump(SKELETON))
        whole["tenant"]["code"] = self.code
        whole["job_types"] = {job_type_of(case, one): {} for case, one in self.staff().values()}
        whole["plans"] = {}
        for case in self.cases:
            for key in LISTS:
                whole.setdefault(key, []).extend(case.get(key, []))
            for key in MAPS:
                whole.setdefault(key, {}).update(case.get(key, {}))
            for kind in case.get("columns", {}):
                plain = {"map": {"transaction": kind, "people_by": "code"}}
                whole["sources"].setdefault(kind, plain)
            for code, given in plans_of(case).items():
                whole["plans"][code] = plan_of(case, given)
        return {key: part for key, part in whole.items() if part}

    def people(self) -> list[str]:
        """Everybody, as lines of people.csv."""
        return [
            f"{code},{code},{one.get('pay_group', 'staff')},{one['hired']}"
            for code, (_, one) in self.staff().items()
        ]

    def assignments(self) -> list[str]:
        """Everybody's job, as lines of assignments.csv."""
        return [
            f"{code},{one['unit']},{job_type_of(case, one)},{one.get('manager', '')},"
            f",{one['hired']}"
            for code, (case, one) in self.staff().items()
        ]

    def staff(self) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """People by code, each with the case and what the case says of them."""
        found: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        for example in self.examples:
            given = example.people or {example.person or example.id: {}}
            for many, one in given.items():
                known = {"unit": "company", "hired": "2026-01-01", **(one or {})}
                found.update(dict.fromkeys(spread([str(many)]), (example.case, known)))
        return found

    def rows(self, key: str) -> Iterable[str]:
        """The lines that cases and examples have for a file."""
        for case in self.cases:
            for one in (case, *case["examples"]):
                yield from spread(one.get("rows", {}).get(key, []))

    def take_in(self) -> None:
        """Facts, then every source's file, through the commands."""
        facts = list(self.rows("facts"))
        if facts:
            self.write("facts.csv", lines("person,fact,value,from,to", facts))
            self.run("facts", self.folder / "facts.csv")
        numbered = [f"{row}, {n}" for n, row in enumerate(self.rows("figures"), 1)]
        self.ingest_rows("figures", FIGURES, numbered)
        for case in self.cases:
            for kind, header in case.get("columns", {}).items():
                self.ingest_rows(kind, header, list(self.rows(kind)))

    def ingest_rows(self, source: str, header: str, rows: list[str]) -> None:
        """Take in rows of a source; every one of them must be good."""
        if rows:
            self.write(f"{source}.csv", lines(header, rows))
            said = self.ingest(source, f"{source}.csv")
            assert " 0 rejected" in said, said

    def periods(self) -> list[str]:
        """Every period that an example looks at, in order."""
        ways = [way for one in self.examples for way in (*one.looked_for, *one.own.get("also", []))]
        return sorted({way.get("period", JUNE) for way in ways})

    def calculate(self) -> dict[str, list[dict[str, str]]]:
        """Calculate all periods; the rows that ``results`` writes for each."""
        for period in self.periods():
            self.run("calculate", period, "--on", "2027-01-05")
        return {period: self.results(period) for period in self.periods()}


def job_type_of(case: Mapping[str, Any], person: Mapping[str, Any]) -> str:
    """A person's job type: the case's, unless the person has another."""
    return str(person.get("job_type", case["case"]))


def plans_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """The plans of a case: one of its name, or several of its job type's people."""
    return dict(case.get("plans") or ({case["case"]: case["plan"]} if "plan" in case else {}))


def plan_of(case: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A plan as the tenant file has it."""
    version = {"in_force": "2026-01-01", "eligibility": [{"job_type": case["case"]}]}
    version |= {key: part for key, part in given.items() if key not in OF_PLAN}
    plan = {"calendar": "monthly"} | {key: given[key] for key in OF_PLAN if key in given}
    return {**plan, "versions": [version]}


def spread(rows: Iterable[str]) -> Iterator[str]:
    """Lines, with ``{1..3}`` written out; the same span twice in a line counts in step."""
    for row in rows:
        span = SPAN.search(row)
        if span is None:
            yield row
            continue
        for n in range(int(span[1]), int(span[2]) + 1):
            yield row.replace(span[0], str(n))


def lines(header: str, rows: Iterable[str]) -> str:
    """A CSV file; blanks after commas are for the eye only."""
    read = csv.reader(rows, skipinitialspace=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = header.split(",")
    writer.writerow([column.strip() for column in columns])
    writer.writerows([*row, *[""] * (len(columns) - len(row))] for row in read)
    return text.getvalue()


def amounts_of(
    example: Example, results: Mapping[str, list[dict[str, str]]]
) -> list[Decimal | str]:
    """What the example's results sum to; what is undecided or failed, in words."""
    return [total(results[way["period"]], way) for way in example.looked_for]


def beside(
    example: Example, results: Mapping[str, list[dict[str, str]]]
) -> list[tuple[Decimal | str, Decimal]]:
    """What else the words say it pays: the figure here and the figure there."""
    found = []
    for one in example.own.get("also", []):
        way = {"person": example.id, "period": JUNE} | {k: v for k, v in one.items() if k != "pays"}
        found.append((total(results[way["period"]], way), in_cents(Decimal(str(one["pays"])))))
    return found


def total(rows: list[dict[str, str]], way: Mapping[str, str]) -> Decimal | str:
    """The sum of the rows that fit; without any it is 0."""
    wanted = {key: text for key, text in way.items() if key != "period" and text != "*"}
    fitting = [row for row in rows if all(row[key] == text for key, text in wanted.items())]
    missing = [row["status"] + ": " + row["note"] for row in fitting if not row["amount"]]
    return missing[0] if missing else sum((Decimal(row["amount"]) for row in fitting), Decimal(0))
