"""results TENANT PERIOD: every person's amounts as CSV."""

import csv
import io
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from incentives.currencies import plain
from incentives.queries import ResultRow, result_rows
from org.commands import TenantCommand, find_periods, write_file
from org.errors import DomainError

COLUMNS = (
    "person",
    "plan",
    "component",
    "amount",
    "currency",
    "status",
    "job",
    "earned",
    "note",
    "line",
)


class Command(TenantCommand):
    help = (
        "Write the results of a period as CSV: person, plan, component, amount, currency, status."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument("--person", help="Only this person (personnel number).")
        parser.add_argument("--out", help="File to write; without it, to the terminal.")

    def work(self, *, period: str, person: str | None, out: str | None, **options: Any) -> None:
        found = [row for one in find_periods(period) for row in result_rows(one, person=person)]
        if not found:
            raise DomainError(
                f"There are no results for “{period}”{f' and {person}' if person else ''}."
                " Calculate the period first, or look whether a plan pays in it."
            )
        if out is None:
            self._write(found, self.stdout)
            return
        text = io.StringIO()
        self._write(found, text)
        write_file(Path(out), text.getvalue())
        self.say(f"{len(found)} results written to {out}")

    def _write(self, found: list[ResultRow], file: Any) -> None:
        writer = csv.writer(_Lines(file), lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in found:
            amount = "" if row.amount is None else plain(row.amount, row.currency)
            writer.writerow(
                [
                    row.person,
                    row.plan,
                    row.component,
                    amount,
                    row.currency,
                    row.status,
                    row.job,
                    row.earned,
                    row.note,
                    row.line,
                ]
            )


class _Lines:
    """Django's output adds a line end to what has none; csv brings its own."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, text: str) -> None:
        self.file.write(text)
