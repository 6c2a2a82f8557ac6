"""Statements of everybody as workbooks, worked out by LibreOffice, held against what is booked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from formula import key_of
from incentives.models import Earning, PlanPeriod, Result, Transfer
from incentives.own import Point
from org.models import Period, Person, Tenant
from scorecards.book.make import add_statement, new_book
from scorecards.book.shares import AGREES, DIFFERS
from scorecards.statement import Statement, statement_of, waiting_for
from tests.libreoffice import recalculated

AT = datetime(2027, 1, 5, 12, tzinfo=UTC)
TOGETHER = 60


@dataclass(frozen=True)
class Recalculated:
    """One person's statement of a period, and the workbook with LibreOffice's values."""

    person: Person
    period: Period
    found: Statement
    sheets: list[Worksheet]

    def __str__(self) -> str:
        return f"{self.person.code} {self.period}"

    @property
    def plan_sheets(self) -> list[Worksheet]:
        """The sheets of plans."""
        return [s for s in self.sheets if not s.title.startswith(("Statement", "Ledger"))]

    def wrong(self) -> Iterator[str]:
        """Every cell that disagrees or holds an error where an amount is decided."""
        for sheet in self.sheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value == DIFFERS:
                        said = [one.value for one in row[:8]]
                        yield f"{self}: {sheet.title}!{cell.coordinate}: {said}"
        worked_out = sum((paid_on(sheet) for sheet in self.plan_sheets), Decimal(0))
        if worked_out != self.earned():
            yield f"{self}: {worked_out} worked out, {self.earned()} earned"

    def beside_the_ledger(self) -> Iterator[tuple[dict[str, Decimal], dict[str, Decimal]]]:
        """For each closed plan: what its sheets pay by component, and what the ledger granted."""
        for point in self.found.points:
            if point.plan_period.final_at is None:
                continue
            named = f"{point.plan_period.plan}, {point.plan_period.period}"
            paid: dict[str, Decimal] = {}
            for sheet in self.plan_sheets:
                if sheet["A1"].value == named:
                    for title, amount in paid_by_title(sheet).items():
                        paid[title] = paid.get(title, Decimal(0)) + amount
            yield {t: a for t, a in paid.items() if a}, booked_by_title(self.person, point)

    def earned(self) -> Decimal:
        """What the runs on the statement found, by their own rows."""
        runs = [p.run_id for p in self.found.plan_periods]
        rows = Earning.objects.filter(run_id__in=runs, person_id=self.person.pk)
        return sum((row.amount or Decimal(0) for row in rows), Decimal(0))

    def agreements(self) -> int:
        """How many cells say that they agree."""
        cells = (c.value for s in self.sheets for row in s.iter_rows() for c in row)
        return sum(value == AGREES for value in cells)


def paid_on(sheet: Worksheet) -> Decimal:
    """The sum of what a plan's sheet says is paid, to the sixth place."""
    return sum(paid_by_title(sheet).values(), Decimal(0))


def paid_by_title(sheet: Worksheet) -> dict[str, Decimal]:
    """What a plan's sheet says that each component pays, as LibreOffice worked it out."""
    rows = list(sheet.iter_rows(values_only=True))
    start = next(at for at, row in enumerate(rows) if row[0] == "What it pays")
    found: dict[str, Decimal] = {}
    for row in rows[start + 2 :]:
        if row[0] == "Together":
            break
        if isinstance(row[3], int | float):
            amount = Decimal(repr(row[3])).quantize(Decimal("0.000001"))
            found[str(row[0])] = found.get(str(row[0]), Decimal(0)) + amount
    return found


def booked_by_title(person: Person, point: Point) -> dict[str, Decimal]:
    """What the ledger granted for each component of a plan when its period was closed."""
    found: dict[str, Decimal] = {}
    period = point.plan_period.period
    for moved in Transfer.objects.filter(
        person=person,
        plan=point.plan_period.plan,
        earned_period=period,
        posted_period=period,
        origin=Transfer.Origin.CALCULATION,
    ):
        title = point.rules.components[key_of(moved.component)].title
        amount = moved.amount if moved.from_account == "plan" else -moved.amount
        found[title] = found.get(title, Decimal(0)) + amount
    return found


def everybody(folder: Path, tenant: Tenant) -> list[Recalculated]:
    """The statement of everybody in every calculated period of a tenant, recalculated.

    All of them stand in a few workbooks, so that LibreOffice starts once and reads few files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    points = PlanPeriod.objects.filter(run__isnull=False).select_related("period__calendar")
    asked = {(row.person_id, point.period) for point in points for row in _results(point)}
    ordered = sorted(asked, key=lambda one: (one[0], one[1].pk))
    people = Person.objects.in_bulk({person for person, _ in asked})
    found: list[Recalculated] = []
    written: list[tuple[Path, list[tuple[Person, Period, Statement, list[str]]]]] = []
    for start in range(0, len(ordered), TOGETHER):
        book, inside = new_book(), []
        for pk, period in ordered[start : start + TOGETHER]:
            before = set(book.sheetnames)
            statement = statement_of(person=people[pk], period=period, tenant=tenant)
            _add(book, statement, tenant)
            names = [name for name in book.sheetnames if name not in before]
            inside.append((people[pk], period, statement, names))
        path = folder / f"{start}.xlsx"
        book.save(path)
        written.append((path, inside))
    books = recalculated([path for path, _ in written], folder)
    for book, (_, inside) in zip(books, written, strict=True):
        found += [Recalculated(*one, [book[name] for name in names]) for *one, names in inside]
    return found


def _add(book: Workbook, statement: Statement, tenant: Tenant) -> None:
    add_statement(
        book,
        found=statement,
        waiting=waiting_for(statement.person),
        changes=[],
        tenant=tenant,
        at=AT,
        absolute=lambda address: f"https://pay.example{address}",
    )


def _results(point: PlanPeriod) -> list[Result]:
    return list(Result.objects.filter(run_id=point.run_id))
