"""results TENANT PERIOD: every person's amounts as CSV."""

import csv
import io
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from incentives.costs import costs_by_unit
from incentives.currencies import plain
from incentives.models import PlanPeriod
from incentives.queries import ResultRow, result_rows
from org.commands import TenantCommand, find_periods, write_file
from org.errors import DomainError
from org.models import Period

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
COST_COLUMNS = ("plan", "unit", "name", "amount", "currency")
Cells = tuple[str, ...]


class Command(TenantCommand):
    help = (
        "Write the results of a period as CSV: person, plan, component, amount, currency, status."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--person", help="Only this person (personnel number).")
        what.add_argument(
            "--by-unit",
            action="store_true",
            help="What each plan costs each unit, by the days that people worked there.",
        )
        parser.add_argument("--out", help="File to write; without it, to the terminal.")

    def work(
        self, *, period: str, person: str | None, by_unit: bool, out: str | None, **options: Any
    ) -> None:
        periods = find_periods(period)
        columns: Cells = COST_COLUMNS if by_unit else COLUMNS
        if by_unit:
            found = self._costs(periods)
        else:
            found = [_cells(row) for one in periods for row in result_rows(one, person=person)]
        if not found:
            raise DomainError(
                f"There are no results for “{period}”{f' and {person}' if person else ''}."
                " Calculate the period first, or look whether a plan pays in it."
            )
        if out is None:
            _write(columns, found, self.stdout)
            return
        text = io.StringIO()
        _write(columns, found, text)
        write_file(Path(out), text.getvalue())
        self.say(f"{len(found)} results written to {out}")

    def _costs(self, periods: Iterable[Period]) -> list[Cells]:
        points = PlanPeriod.objects.filter(period__in=list(periods))
        return [
            (one.plan, one.unit, one.name, plain(one.amount, one.currency), one.currency)
            for one in costs_by_unit(points)
        ]


def _cells(row: ResultRow) -> Cells:
    amount = "" if row.amount is None else plain(row.amount, row.currency)
    return (
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
    )


def _write(columns: Cells, found: Iterable[Cells], file: Any) -> None:
    writer = csv.writer(_Lines(file), lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(found)


class _Lines:
    """Django's output adds a line end to what has none; csv brings its own."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, text: str) -> None:
        self.file.write(text)
