"""Makes the workbook of a person's statement: statement, a sheet for each plan, ledger."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from formula.cells import NAMES
from incentives.fingerprint import short, version_hash
from incentives.models import Earning, Result
from incentives.own import Point
from org.models import Period, Person, Tenant
from scorecards.book.ledger_sheet import (
    LEDGER_WIDTHS,
    Key,
    PaidAt,
    write_expected,
    write_ledger,
    write_slip,
    write_waiting,
)
from scorecards.book.page import SOFT, TITLE, Page, sheet_title
from scorecards.book.plan_sheet import WIDTHS, PlanSheet
from scorecards.changes import Change
from scorecards.statement import Statement, Waiting

STATEMENT_WIDTHS = (52, 20, 18, 12, 70)
HOW = (
    "Every figure in “Worked out here” is a live formula: open this file in a spreadsheet program,"
    " and it works all amounts out again from the figures on the sheets of the plans. Yellow cells"
    " are what goes in. Change one to see what would follow; it changes nothing in pmsite.",
    "What others bring about is given as a figure: places and shares among them, the last cents of"
    " what is shared, and what a cap over several plans leaves.",
    "“Check” compares with what pmsite has. Where it says “differs” in a file that nobody has"
    " changed, tell payroll.",
)
Absolute = Callable[[str], str]


def statement_workbook(
    *,
    found: Statement,
    waiting: list[Waiting],
    changes: list[Change],
    tenant: Tenant,
    at: datetime,
    absolute: Absolute,
) -> bytes:
    """The workbook as a file. ``at`` is stamped on it; ``absolute`` completes addresses."""
    book = new_book()
    add_statement(
        book,
        found=found,
        waiting=waiting,
        changes=changes,
        tenant=tenant,
        at=at,
        absolute=absolute,
    )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def new_book() -> Workbook:
    """An empty workbook with the names that its formulas use, worked out when it is opened."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, text in NAMES.items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    book.calculation.fullCalcOnLoad = True
    return book


def add_statement(
    book: Workbook,
    *,
    found: Statement,
    waiting: list[Waiting],
    changes: list[Change],
    tenant: Tenant,
    at: datetime,
    absolute: Absolute,
) -> None:
    """The sheets of one statement: statement, plans, ledger."""
    front = Page(book, sheet_title("Statement", book.sheetnames), STATEMENT_WIDTHS)
    paid: dict[Key, PaidAt] = {}
    for point in found.points:
        _plan_sheets(book, found, point, tenant, absolute, paid)
    _front(front, found, tenant, at)
    ledger = Page(book, sheet_title("Ledger", book.sheetnames), LEDGER_WIDTHS)
    parts = write_ledger(ledger, found.slips, period=str(found.period))
    for slip in found.slips:
        write_slip(front, slip, parts[slip.currency], paid)
    write_expected(front, found.expected, paid)
    write_waiting(front, waiting)
    _changes(front, changes)


def _front(page: Page, found: Statement, tenant: Tenant, at: datetime) -> None:
    page.line(f"Statement of {found.person}, {found.period}", font=TITLE)
    page.line(f"{tenant} · {found.person.code} · made {at:%Y-%m-%d %H:%M} UTC", font=SOFT)
    for point in found.points:
        page.line(_stamp(point), font=SOFT)
    for text in HOW:
        page.line(text)


def _stamp(point: Point) -> str:
    """Plan, version with the hash of its rules, and up to which moment it is known."""
    made = point.plan_period.run
    assert made is not None, "only calculated plan periods are read"
    status = "final" if point.plan_period.final_at else "provisional"
    return (
        f"{point.plan_period.plan}, {point.plan_period.period}: {status}, as of"
        f" {made.at:%Y-%m-%d %H:%M} UTC, version {made.version.number} with the rules"
        f" {short(version_hash(made.version))}"
    )


def _plan_sheets(
    book: Workbook,
    found: Statement,
    point: Point,
    tenant: Tenant,
    absolute: Absolute,
    paid: dict[Key, PaidAt],
) -> None:
    """A sheet for each result of a plan, and where its amounts stand."""
    plan_period, person = point.plan_period, found.person
    made, period = plan_period.run, plan_period.period
    assert made is not None, "only calculated plan periods are read"
    results = list(Result.objects.filter(run_id=made.pk, person_id=person.pk).order_by("job"))
    earnings: dict[str, dict[int, list[Earning]]] = {}
    rows = Earning.objects.filter(run_id=made.pk, person_id=person.pk)
    for row in rows.order_by("day", "grain"):
        earnings.setdefault(row.job, {}).setdefault(row.component_id, []).append(row)
    for result in results:
        title = sheet_title(str(plan_period.plan), book.sheetnames)
        sheet = PlanSheet(
            page=Page(book, title, WIDTHS),
            rules=point.rules,
            made=made,
            result=result,
            earnings=earnings.get(result.job, {}),
            currency=plan_period.plan.currency or tenant.currency,
            address=_addresses(person, period, plan_period.plan.code, absolute),
        )
        job = [f"Job {result.job}"] if len(results) > 1 else []
        sheet.write(head=[f"{plan_period.plan}, {period}", f"{person} ({person.code})", *job,
                          _stamp(point)])  # fmt: skip
        for component, cells in sheet.paid.items():
            key = period.calendar.code, period.code, plan_period.plan.code, component
            at = paid.setdefault(key, PaidAt())
            at.cells += [sheet.page.far(cell) for cell in cells]
            at.amount += sum(
                (row.amount or 0 for row in _of(sheet, component)), start=type(at.amount)(0)
            )


def _of(sheet: PlanSheet, component: str) -> Iterator[Earning]:
    yield from sheet.earnings.get(sheet.rules.components[component].id, [])


def _addresses(person: Person, period: Period, plan: str, absolute: Absolute) -> Callable[..., str]:
    def address(page: str, *more: Any) -> str:
        found = reverse(page, args=[person.code, period.calendar.code, period.code, *more])
        return absolute(f"{found}?plan={plan}")

    return address


def _changes(page: Page, changes: list[Change]) -> None:
    if not changes:
        return
    page.heading("What changed since last time, and why")
    page.heads("Line", "Change", "", "", "Why")
    for one in changes:
        page.text(1, one.what)
        page.amount(2, one.amount)
        page.text(5, one.why, SOFT)
        page.down()
