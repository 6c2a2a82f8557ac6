"""Pay groups and their pay rules in the tenant file."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from org import config_tools as tools
from org import pay_rule
from org.base import CURRENT
from org.changes import Mark, record_change
from org.config_codes import Coded
from org.config_tools import Codes, Problems
from org.dates import EARLIEST_DAY, FOREVER
from org.errors import DomainError
from org.models import Calendar, Employment, InputChange, PayGroup, Tenant, User
from org.tabular import read_number
from org.tenancy import current_tenant_id

NUMBERS = ("draw", "recover", "minimum")
OLDEST_FIRST = "oldest_first"


def _calendars(problems: Problems) -> Codes:
    return Codes("calendar", Calendar.objects.all(), problems)


SCHEMA: dict[str, Any] = {
    "calendar": tools.text("The calendar whose periods carry the pay dates."),
    "currency": tools.text("ISO 4217. Left out: the tenant's.", pattern="^[A-Z]{3}$"),
    "draw": tools.number(
        "Pay is topped up to this once a pay period, as a loan that later pay repays. Left out: 0, "
        "no draw. A guarantee is not a draw: it is a floor of the plan."
    ),
    "recover": tools.number(
        "Share of what is due above the protected amount that repays debts, such as 50%. Left out: "
        "100%."
    ),
    "protect": {
        "anyOf": [
            {"enum": ["none", "draw"], "type": "string"},
            tools.number("An amount."),
        ],
        "description": "Amount of a pay period's pay that debts never touch: none, draw (as much "
        "as the draw), or an amount. Left out: none.",
    },
    "negative": tools.choice(
        "What becomes of differences below zero of earlier periods: carry (a debt first, recovered "
        "by this rule) or net (taken out of all that is due; check the wage law). Left out: carry.",
        PayGroup.Negative.values,
    ),
    "minimum": tools.number("What comes to less waits for the next pay date. Left out: 0."),
    "leavers": tools.choice(
        "What those repay who have left: repay_all_due (out of all that is due), recover (by this "
        "rule, like everybody) or write_off (nothing: what they owe is written off by approval). "
        "Left out: repay_all_due.",
        PayGroup.Leavers.values,
    ),
    "debts": {
        "anyOf": [
            {"enum": [OLDEST_FIRST], "type": "string"},
            tools.listing(
                "Kinds of debt.", tools.choice("A kind of debt.", PayGroup.DEBTS), maxItems=3
            ),
        ],
        "description": "In which order debts are repaid: oldest_first, or kinds of debt, of which "
        "the first is repaid first (within a kind the oldest). Left out: oldest_first.",
    },
}
DEFAULTS: dict[str, Any] = {
    "currency": "",
    "draw": Decimal(0),
    "recover": Decimal(1),
    "protect": PayGroup.Protect.NONE.value,
    "protect_amount": Decimal(0),
    "negative": PayGroup.Negative.CARRY.value,
    "minimum": Decimal(0),
    "leavers": PayGroup.Leavers.REPAY_ALL_DUE.value,
    "debts": [],
}


class PayGroups(Coded):
    """The section of pay groups: codes with a calendar and a rule that must make sense."""

    def _written(self, row: Any) -> dict[str, Any]:
        said = super()._written(row)
        amount = said.pop("protect_amount", None)
        if said.get("protect") == PayGroup.Protect.AMOUNT:
            said["protect"] = _plain(amount or Decimal(0))
        if "recover" in said:
            said["recover"] = f"{tools.plain(row.recover * 100)}%"
        for name in ("draw", "minimum"):
            if name in said:
                said[name] = _plain(said[name])
        return said

    def _fields(self, code: str, item: dict[str, Any], problems: Problems) -> dict[str, Any]:
        where = f"{self.key}.{code}"
        said = dict(item)
        for name in NUMBERS:
            if name in said:
                said[name] = _number(said[name], f"{where}.{name}", problems)
        if "protect" in said:
            said |= _protected(said["protect"], f"{where}.protect", problems)
        if said.get("debts") == OLDEST_FIRST:
            said["debts"] = []
        values = super()._fields(code, said, problems)
        currency = values["currency"] or Tenant.objects.get(pk=current_tenant_id()).currency
        for key, sentence in pay_rule.problems(values, currency=currency):
            problems.add(f"{where}.{key}", sentence)
        return values


def _number(said: Any, where: str, problems: Problems) -> Decimal:
    try:
        return read_number(str(said))
    except DomainError as refusal:
        problems.add(where, refusal.sentence)
        return Decimal(0)


def _protected(said: Any, where: str, problems: Problems) -> dict[str, Any]:
    if said in ("none", "draw"):
        return {"protect": said}
    amount = _number(said, where, problems)
    if not amount:
        return {"protect": PayGroup.Protect.NONE.value}
    return {"protect": PayGroup.Protect.AMOUNT.value, "protect_amount": amount}


def _plain(amount: Decimal) -> int | Decimal:
    """An amount as people write it: 1800 or 49.5."""
    return int(amount) if amount == int(amount) else amount.normalize()


def _note_calendar(row: PayGroup, changed: list[str], *, by: User | None, at: datetime) -> None:
    """Whether somebody was employed on the pay date is seen anew by another calendar."""
    paid = Employment.objects.filter(CURRENT, pay_group=row).values_list("person", flat=True)
    people = sorted(set(paid)) if "calendar" in changed else []
    if people:
        record_change(
            kind=InputChange.Kind.AVAILABILITY,
            sentence=f"The pay group {row.code} is paid by the calendar {row.calendar.code}",
            marks=[Mark(EARLIEST_DAY, FOREVER, person=person) for person in people],
            by=by,
            at=at,
            reference=f"pay group {row.code}",
        )


PAY_GROUPS = PayGroups(
    "pay_groups",
    "pay group",
    PayGroup,
    SCHEMA,
    DEFAULTS,
    {"calendar": _calendars},
    note=_note_calendar,
)
