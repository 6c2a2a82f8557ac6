"""A tenant that holds the cases of one file: its tenant file, its people, and what is typed.

Nothing is worked out here: rows go into files, files through the commands that people type.
"""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from tests.scenarios.site import Site
from tests.worked.reading import csv_file, examples, read, spread

OF_PLAN = ("name", "family", "calendar", "currency")
LISTS = ("units", "goals", "credits", "exchange_rates")
MAPS = ("tenant", "metrics", "facts", "transactions", "calendars", "pay_groups", "sources")
FIGURES = "person,day,metric,value,key"
TWO = ("--by", "pia", "--approved-by", "otto")
SKELETON: Mapping[str, Any] = {
    "tenant": {"name": "Worked examples", "currency": "USD"},
    "calendars": {"monthly": {"kind": "monthly", "from": "2026-01-01", "to": "2026-12-31"}},
    "units": [{"code": "company"}],
    "pay_groups": {"staff": {"calendar": "monthly"}},
    "users": {"pia": {"roles": [{"role": "payroll"}]}, "otto": {"roles": [{"role": "payroll"}]}},
    "payroll_profiles": {"csv": {"extends": "generic_csv"}},
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
Rows = list[dict[str, str]]


class Book(Site):
    """The tenant that a file of this folder describes."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder, self.code = folder, name
        self.steps, self.cases = read(name)
        self.examples = examples(name)
        self.paid: dict[str, Rows] = {}
        self.write("tenant.yaml", yaml.safe_dump(self.tenant_file(), sort_keys=False))
        self.write("people.csv", csv_file("code,name,pay_group,hired", self.people()))
        head = "person,unit,job_type,from"
        self.write("assignments.csv", csv_file(head, self.assignments()))
        self.apply("tenant.yaml")

    def write(self, name: str, text: str) -> None:
        """Write a file that a command will read."""
        (self.folder / name).write_text(text, encoding="utf-8")

    # --- the tenant file

    def tenant_file(self) -> dict[str, Any]:
        """One tenant file with the parts of all cases."""
        whole = yaml.safe_load(yaml.safe_dump(dict(SKELETON)))
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
            f"{code},{one['unit']},{job_type_of(case, one)},{one['hired']}"
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

    # --- what is typed

    def work(self) -> dict[str, Rows]:
        """Do the steps; what results and pay runs then say, by period."""
        periods = sorted({way["period"] for way in self.ways()} - set(self.snapshots()))
        plain = ["take in", *(f"calculate {period} --on 2027-01-05" for period in periods)]
        for step in self.steps or plain:
            self.do(step)
        return {period: self.results(period) for period in periods} | self.paid

    def ways(self) -> Iterable[Mapping[str, str]]:
        """Everything that an example looks for."""
        for example in self.examples:
            yield from example.looked_for
            yield from (way for way, _ in example.beside)

    def snapshots(self) -> list[str]:
        """The names under which the steps keep what pay runs paid."""
        named = [step["as"] for step in self.steps if isinstance(step, dict)]
        return [f"{what} {name}" for what in ("paid", "owed", "deficit") for name in named]

    def do(self, step: Any) -> None:
        """One step: taking rows in, a pay run that is looked at, or any other command."""
        if step == "take in":
            self.take_in("rows")
        elif step == "take in later":
            self.take_in("later")
        elif isinstance(step, dict):
            self.pay(shlex.split(step["do"]), step["as"])
        else:
            self.run(*shlex.split(step))

    def rows(self, when: str, file: str) -> list[str]:
        """The lines that cases and examples have for a file."""
        holders = [one for case in self.cases for one in (case, *case["examples"])]
        return [row for one in holders for row in spread(one.get(when, {}).get(file, []))]

    def take_in(self, when: str) -> None:
        """Facts, then every source's file."""
        if facts := self.rows(when, "facts"):
            self.write("facts.csv", csv_file("person,fact,value,from,to", facts))
            self.run("facts", self.folder / "facts.csv")
        numbered = [
            row if row.count(",") == FIGURES.count(",") else f"{row}, {n}"
            for n, row in enumerate(self.rows(when, "figures"), 1)
        ]
        self.take_in_file(when, "figures", FIGURES, numbered)
        for case in self.cases:
            for kind, header in case.get("columns", {}).items():
                self.take_in_file(when, kind, header, self.rows(when, kind))

    def take_in_file(self, when: str, source: str, header: str, rows: list[str]) -> None:
        """Take in rows of a source; every one of them must be good."""
        if rows:
            self.write(f"{source}_{when}.csv", csv_file(header, rows))
            said = self.ingest(source, f"{source}_{when}.csv")
            assert " 0 rejected" in said, said

    def pay(self, command: list[str], name: str) -> None:
        """Run payroll by two people; keep what its file pays and what people then owe."""
        out = self.folder / name
        out.mkdir()
        self.run(*command, "--profile", "csv", "--out", out, *TWO)
        texts = [file.read_text(encoding="utf-8") for file in out.iterdir()]
        self.paid[f"paid {name}"] = [
            {"person": row["payroll_id"], "amount": row["amount"]}
            for text in texts
            for row in csv.DictReader(io.StringIO(text))
        ]
        for what, sign in (("owed", 1), ("deficit", -1)):
            asked = {way["person"] for way in self.ways() if way["period"] == f"{what} {name}"}
            self.paid[f"{what} {name}"] = [
                {"person": code, "amount": str(sign * self.owed(code))} for code in sorted(asked)
            ]

    def owed(self, person: str) -> Decimal:
        """What ``balance`` says that a person owes."""
        accounts = json.loads(self.run("balance", person, "--json"))["accounts"]
        return sum((Decimal(account["owed"]) for account in accounts), Decimal(0))


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


def total(results: Mapping[str, Rows], way: Mapping[str, str]) -> Decimal | str:
    """The sum of the rows that fit, 0 without any; what is undecided or failed, in words."""
    wanted = {key: text for key, text in way.items() if key != "period" and text != "*"}
    rows = [
        row for row in results[way["period"]] if all(row[k] == text for k, text in wanted.items())
    ]
    missing = [f"{row['status']}: {row['note']}" for row in rows if not row["amount"]]
    return missing[0] if missing else sum((Decimal(row["amount"]) for row in rows), Decimal(0))
