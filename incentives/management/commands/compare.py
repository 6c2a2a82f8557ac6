"""compare TENANT PERIOD FILE: the results of another system beside ours."""

import csv
import io
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from incentives.amounts import Amount
from incentives.compare import Comparison, Person, compare
from incentives.currencies import plain
from incentives.lookup import one_period
from org.commands import TenantCommand, read_file, write_file
from org.tabular import read_number
from org.words import counted

SHOWN = 50


class Command(TenantCommand):
    help = "Hold another system's results (CSV: person, amount …) against ours of a period."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument(
            "file", type=Path, help="CSV: person, amount; plan, component, credit, currency."
        )
        parser.add_argument(
            "--within", default="0", help="Amounts that differ by no more than this are equal."
        )
        parser.add_argument("--csv", type=Path, help="Write everybody with both figures.")

    def work(self, *, period: str, file: Path, within: str, **options: Any) -> None:
        found = compare(
            period=one_period(period),
            content=read_file(file),
            file=file.name,
            within=read_number(within),
        )
        self.say(
            f"{counted(len(found.people), 'person', 'people')}: {found.equal} equal,"
            f" {len(found.differing)} differ, {len(found.only_here)} only here,"
            f" {len(found.only_there)} only in {file.name}."
        )
        others = [person for person in found.people if not person.equal]
        for person in others[:SHOWN]:
            self.say(f"  {_words(person)}")
        if len(others) > SHOWN:
            self.say(f"  … and {len(others) - SHOWN} more: see --csv.")
        if options["csv"]:
            write_file(options["csv"], _csv(found))
            self.say(f"Written: {options['csv']}")


def _words(person: Person) -> str:
    here, there = (_cell(amount, person) or "nothing" for amount in (person.here, person.there))
    text = f"{person.name} ({person.code}): {here} here, {there} there"
    if person.here is not None and person.there is not None:
        text += f" ({_cell(person.here - person.there, person, sign=True)})"
    if person.first is None or person.here is None or person.there is None:
        return text
    part, one, other = person.first
    if part.component or part.plan or part.credit:
        return (
            f"{text}; they part in {part.words}: {_cell(one, person)} here,"
            f" {_cell(other, person)} there"
        )
    own = ", ".join(f"{line.words} {_cell(amount, person)}" for line, amount in person.own)
    return f"{text}; ours: {own}" if own else text


def _cell(amount: Amount, person: Person, *, sign: bool = False) -> str:
    if amount is None:
        return ""
    return ("+" if sign and amount > 0 else "") + plain(amount, person.currency)


def _csv(found: Comparison) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("person", "name", "currency", "here", "there", "difference", "first_line", "here", "there")
    )
    for person in found.people:
        change = (person.here or Decimal(0)) - (person.there or Decimal(0))
        row = [person.code, person.name, person.currency]
        row += [_cell(person.here, person), _cell(person.there, person), _cell(change, person)]
        if person.first:
            part, one, other = person.first
            row += [part.words, _cell(one, person), _cell(other, person)]
        writer.writerow(row)
    return out.getvalue()
