"""What each part of a plan pays once caps, of the plan or over several plans, took theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from formula.numbers import CONTEXT, written
from incentives.models import Earning
from incentives.rules import ComponentRule
from scorecards.book.page import HEAD, SOFT, Page, money_format

AGREES, DIFFERS = "agrees", "differs"


@dataclass(frozen=True)
class Own:
    """What a line came to by itself: its cell ('' where it is not decided) and its earning."""

    component: ComponentRule
    earning: Earning
    cell: str
    label: str

    @property
    def detail(self) -> dict[str, str]:
        """What stands beside the amount: what it was before something was cut."""
        return self.earning.detail or {}

    @property
    def after_plan(self) -> Decimal | None:
        """Before a cap over several plans cut it."""
        said = self.detail.get("person")
        return self.earning.amount if said is None else Decimal(said)

    @property
    def by_itself(self) -> Decimal | None:
        """Before anything was cut."""
        said = self.detail.get("plan")
        return self.after_plan if said is None else Decimal(said)


@dataclass(frozen=True)
class Whole:
    """The cells and figures of what a plan pays in all, and of what its components come to."""

    allowed_cell: str
    total_cell: str
    allowed: Decimal
    total: Decimal

    @property
    def cuts(self) -> bool:
        """Whether the lines get parts of another sum than their own."""
        return self.total != 0 and self.allowed != self.total


def check_of(one: str, other: str) -> str:
    """The formula that says whether two cells hold the same amount."""
    return f'IF(ROUND({one}-{other},6)=0,"{AGREES}","{DIFFERS}")'


def write_paid(
    page: Page, own: list[Own], whole: Whole | None, *, places: int
) -> dict[str, list[str]]:
    """A row for each component, or for each line where something was cut; where paid stands."""
    page.heading("What it pays")
    page.heads("Part", "Worked out", "Within the plan", "Paid", "In pmsite", "Check")
    found: dict[str, list[str]] = {}
    first = page.row
    for name, lines in _by_component(own).items():
        decided = [line for line in lines if line.cell and line.earning.amount is not None]
        cut = [line for line in decided if line.detail.keys() & {"plan", "person"}]
        whole_cuts = whole if whole is not None and whole.cuts else None
        found[name] = []
        if cut or whole_cuts:
            found[name] += [_cut_row(page, line, whole_cuts, places) for line in decided]
        elif decided:
            found[name].append(_row(page, decided))
        if len(decided) < len(lines):
            page.line(lines[0].component.title, "", "", "undecided", font=SOFT)
    page.text(1, "Together", HEAD)
    for column in (4, 5):
        cells = f"{page.here(column)[:2]}${first}:{page.here(column)[:2]}${page.row - 1}"
        page.formula(column, f"ROUND(SUM({cells}),{places})", shown="#,##0.00", font=HEAD)
    page.formula(6, check_of(page.here(4), page.here(5)), font=HEAD)
    page.down()
    return found


def _by_component(own: Iterable[Own]) -> dict[str, list[Own]]:
    groups: dict[str, list[Own]] = {}
    for one in own:
        groups.setdefault(one.component.name, []).append(one)
    return groups


def _row(page: Page, lines: list[Own]) -> str:
    """A component of which nothing was cut."""
    stored = sum((line.earning.amount or Decimal(0) for line in lines), Decimal(0))
    cells = [line.cell for line in lines]
    places = lines[0].component.decimals
    text = cells[0] if len(cells) == 1 else f"ROUND(SUM({cells[0]}:{cells[-1]}),{places})"
    page.text(1, lines[0].component.title)
    page.formula(2, text, shown=money_format(stored))
    page.formula(3, page.here(2), shown=money_format(stored))
    return _paid(page, page.here(3), stored)


def _cut_row(page: Page, line: Own, whole: Whole | None, places: int) -> str:
    own, after = line.by_itself, line.after_plan
    assert own is not None, "only decided lines are written"
    assert after is not None
    assert line.earning.amount is not None
    page.text(1, f"{line.component.title} {line.label}".strip())
    page.formula(2, line.cell, shown=money_format(own))
    text = page.here(2)
    if whole is not None:
        power = 10**places
        least = _least(own, whole, places)
        share = f"{text}*{whole.allowed_cell}/{whole.total_cell}"
        text = f"INT(ROUND({share}*{power},6))/{power}{_signed(after - least)}"
        text = f"ROUND({text},{places})"
    page.formula(3, text, shown=money_format(after))
    cut = after - line.earning.amount
    paid = page.here(3) if not cut else f"ROUND({page.here(3)}{_signed(-cut)},{places})"
    return _paid(page, paid, line.earning.amount)


def _least(own: Decimal, whole: Whole, places: int) -> Decimal:
    ideal = CONTEXT.divide(CONTEXT.multiply(own, whole.allowed), whole.total)
    coins = CONTEXT.scaleb(ideal.quantize(Decimal(1).scaleb(-20), context=CONTEXT), places)
    return CONTEXT.scaleb(coins.to_integral_value(rounding=ROUND_FLOOR), -places)


def _signed(amount: Decimal) -> str:
    """A given amount as it is added to a formula; '' for nothing."""
    if not amount:
        return ""
    return f"{'+' if amount > 0 else '-'}{written(abs(amount))}"


def _paid(page: Page, text: str, stored: Decimal) -> str:
    where = page.formula(4, text, shown=money_format(stored))
    page.amount(5, stored)
    page.formula(6, check_of(page.here(4), page.here(5)))
    page.down()
    return where
