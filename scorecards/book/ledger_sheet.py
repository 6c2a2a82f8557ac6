"""The sheets of the statement itself and of the ledger behind it, with sums that must agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from formula import key_of
from formula.table_cells import letters
from incentives.models import Account
from payroll.slip import INSIDE, Item, Move, Slip
from scorecards.book.page import HEAD, MONEY, SOFT, Page
from scorecards.book.shares import check_of
from scorecards.statement import Expected, Waiting

Key = tuple[str, str, str, str]


@dataclass
class PaidAt:
    """Where the paid amounts of a component stand on the sheets of plans, and what they are."""

    cells: list[str] = field(default_factory=list)
    amount: Decimal = Decimal(0)

    def text(self, booked: Decimal) -> str:
        """The formula for what was booked; '' where something else was booked than was earned."""
        return "+".join(self.cells) if self.amount == booked else ""


Paid = Mapping[Key, PaidAt]
"""By calendar, period, plan and component."""

ACCOUNTS = {
    "due": "Payable",
    "held": "Held until a date or condition",
    "owed": "Owed (below zero)",
    "paid": "Paid until then",
    "lost": "Forfeited, written off or waived",
    "plan": "Granted by plans until then",
}
LEDGER_WIDTHS = (12, 26, 34, 14, 10, 10, 16, 14, 14, 14, 60)


@dataclass(frozen=True)
class LedgerPart:
    """Where the moves of one currency stand on the sheet of the ledger."""

    opening: Mapping[str, str]
    from_accounts: str
    to_accounts: str
    amounts: str

    def balance(self, account: str) -> str:
        """The formula of an account's balance after all moves."""
        into = f'SUMIF({self.to_accounts},"{account}",{self.amounts})'
        out = f'SUMIF({self.from_accounts},"{account}",{self.amounts})'
        return f"ROUND({self.opening[account]}+{into}-{out},6)"


def write_ledger(page: Page, slips: Iterable[Slip], *, period: str) -> dict[str, LedgerPart]:
    """Every movement of the period with the balances that it leaves; where to find them."""
    page.line(f"Ledger, {period}")
    page.line(
        "Every movement of money, and what it left payable, held and owed. “plan” is what plans"
        " have granted: it stands below zero.",
        font=SOFT,
    )
    return {slip.currency: _moves(page, slip) for slip in slips}


def _moves(page: Page, slip: Slip) -> LedgerPart:
    page.heading(f"Balances before, {slip.currency}")
    opening = {}
    for account in Account.values:
        page.text(2, ACCOUNTS[account])
        opening[account] = page.far(page.amount(7, slip.before[account]).text)
        page.text(5, account, SOFT)
        page.down()
    page.heading(f"Movements, {slip.currency}")
    page.heads(
        "Day", "What", "For", "Earned in", "From", "To", "Amount",
        "Payable", "Held", "Owed", "Why",
    )  # fmt: skip
    first = page.row
    for move in slip.moves:
        _move(page, move, opening, first=page.row == first)
    last = max(page.row - 1, first)

    def column(letter: str) -> str:
        return page.far(f"${letter}${first}:${letter}${last}")

    part = LedgerPart(opening, column("E"), column("F"), column("G"))
    _holds(page, slip)
    return part


def _move(page: Page, move: Move, opening: Mapping[str, str], *, first: bool) -> None:
    page.value(1, move.day)
    page.text(2, move.what)
    page.text(3, f"{move.plan} {move.title or move.component}".strip())
    page.text(4, move.earned)
    page.text(5, move.from_account)
    page.text(6, move.to_account)
    page.amount(7, move.amount)
    source, target, amount = (page.here(column) for column in (5, 6, 7))
    for column, account in ((8, "due"), (9, "held"), (10, "owed")):
        before = opening[account] if first else f"${letters(column)}${page.row - 1}"
        text = f'{before}+IF({target}="{account}",{amount},0)-IF({source}="{account}",{amount},0)'
        page.formula(column, f"ROUND({text},6)", shown=MONEY)
    page.text(11, move.cause or move.condition)
    page.down()


def _holds(page: Page, slip: Slip) -> None:
    if not slip.holds:
        return
    page.heading(f"Held now, {slip.currency}")
    page.heads("Until", "Condition", "For", "Earned in", "", "", "Amount", "", "", "", "Lapses")
    for hold in slip.holds:
        if hold.due_on is not None:
            page.value(1, hold.due_on)
        page.text(2, hold.condition)
        page.text(3, f"{hold.plan} {hold.component}")
        page.text(4, hold.earned)
        page.amount(7, hold.amount)
        page.text(11, hold.expires)
        page.down()


# --- the statement


def write_slip(page: Page, slip: Slip, ledger: LedgerPart, paid: Paid) -> None:
    """One currency as on the page: what was granted, each step, what is payable after."""
    page.heading(f"Booked, {slip.currency}")
    page.heads("Line", "Worked out here", "In pmsite", "Check", "Why")
    first = page.row
    for item in slip.earned:
        move = item.first
        key = move.earned_calendar, move.earned, move.plan_code, key_of(move.component)
        text = paid[key].text(item.amount) if key in paid else ""
        _line(page, _title(item), item.amount, text, move.plan)
    for label, items in (
        ("Adjustment", slip.adjustments),
        ("Difference", slip.differences),
        ("Taken over", slip.opening),
    ):
        for item in items:
            why = "; ".join(item.causes) or item.first.plan
            _line(page, f"{label}: {_title(item)} {item.first.earned}", item.amount, "", why)
    granted = f"SUM(B{first}:B{page.row - 1})" if page.row > first else "0"
    total = _sum(page, "Granted", granted, slip.granted)
    page.text(1, "Payable before")
    before = page.formula(2, ledger.opening["due"], shown=MONEY)
    page.down()
    steps = page.row
    for step in slip.steps:
        _line(page, step.label, step.amount, "", "")
    more = f"+SUM(B{steps}:B{page.row - 1})" if page.row > steps else ""
    _sum(page, "Payable after", f"{total}+{before}{more}", slip.payable)
    page.heading(f"Balances after, {slip.currency}")
    page.heads("Account", "From the ledger's lines", "In pmsite", "Check")
    for account in (*INSIDE, "plan"):
        _sum(page, ACCOUNTS[account], ledger.balance(account), slip.after[account])
    kept = sum((slip.after[account] for account in INSIDE), Decimal(0))
    assert kept == -slip.after["plan"], "granted is what is held, due, owed, paid and lost"


def _title(item: Item) -> str:
    return item.first.title or item.first.component or item.first.what


def _line(page: Page, label: str, amount: Decimal, text: str, why: str) -> None:
    """A line whose amount the plan's sheet works out, or which is given."""
    page.text(1, label)
    if text:
        page.formula(2, f"ROUND({text},6)", shown=MONEY)
    else:
        page.amount(2, amount, given=True)
    page.amount(3, amount)
    page.formula(4, check_of(page.here(2), page.here(3)))
    page.text(5, why, SOFT)
    page.down()


def _sum(page: Page, label: str, text: str, amount: Decimal) -> str:
    page.text(1, label, HEAD)
    where = page.formula(2, f"ROUND({text},6)", shown=MONEY, font=HEAD)
    page.amount(3, amount)
    page.formula(4, check_of(page.here(2), page.here(3)))
    page.down()
    return where


def write_expected(page: Page, expected: list[Expected], paid: Paid) -> None:
    """What open plans have come to so far: in no balance yet."""
    if not expected:
        return
    page.heading("Earned so far, not booked yet")
    page.heads("Line", "Worked out here", "In pmsite", "Check", "Why")
    groups: dict[Key, list[Expected]] = {}
    for one in expected:
        point = one.plan_period
        key = (point.period.calendar.code, point.period.code, point.plan.code, one.name)
        groups.setdefault(key, []).append(one)
    for key, ones in groups.items():
        decided = sum((one.outcome.decided for one in ones), Decimal(0))
        if any(one.outcome.amount is None for one in ones) and not decided:
            page.line(ones[0].title, "undecided", font=SOFT)
            continue
        text = paid[key].text(decided) if key in paid else ""
        _line(page, ones[0].title, decided, text, str(ones[0].plan_period.plan))


def write_waiting(page: Page, rows: list[Waiting]) -> None:
    """Differences of closed periods that the next closing books, with their causes."""
    if not rows:
        return
    page.heading("Differences that wait to be booked")
    page.heads("Line", "Difference", "", "", "Why")
    for row in rows:
        one = row.difference
        page.text(1, f"{row.plan} {one.line} {row.earned.code}")
        page.amount(2, one.amount)
        page.text(5, one.cause, SOFT)
        page.down()
