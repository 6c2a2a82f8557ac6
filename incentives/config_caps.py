"""``person_caps:`` of the tenant file: what one person can earn by several plans together."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any

from incentives.config_schema import PERSON_CAPS as SCHEMA
from incentives.models import PersonCap, Plan
from metrics.config_metrics import number_of
from org import config_tools as tools
from org.changes import Mark, record_change
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import NEVER
from org.models import Calendar, InputChange, User

FIELDS = (
    "name", "calendar_id", "amount", "currency", "exchange_rate", "plans", "valid_from", "valid_to",
)  # fmt: skip

PLAN_RATE = "plan"


def read() -> list[dict[str, Any]] | None:
    """All caps as known now."""
    rows = PersonCap.objects.filter(superseded_at=NEVER).select_related("calendar")
    return [
        {
            "name": row.name,
            "calendar": row.calendar.code,
            "amount": row.amount,
            **({"currency": row.currency} if row.currency else {}),
            **({"exchange_rate": row.exchange_rate} if row.exchange_rate != PLAN_RATE else {}),
            "plans": row.plans,
            **tools.write_days(row),
        }
        for row in rows.order_by("name", "valid_from")
    ] or None


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the caps as the file says; a changed one is a cause of its own."""
    problems = Problems()
    calendars = Codes("calendar", Calendar.objects.all(), problems)
    plans = {plan.code: plan for plan in Plan.objects.select_related("calendar")}
    wanted = [
        _cap(item, f"person_caps[{n}]", calendars, plans, problems) for n, item in enumerate(data)
    ]
    _check_overlaps(wanted, problems)
    problems.stop("The caps over plans cannot be applied.")
    known = PersonCap.objects.filter(superseded_at=NEVER)
    changes = tools.difference(known, wanted, FIELDS)
    if not changes:
        return []
    tools.supersede(changes.gone, at=at)
    added = PersonCap.objects.bulk_create(
        PersonCap(recorded_at=at, **{name: row[name] for name in FIELDS}) for row in changes.new
    )
    said = [f"- cap {row.name} of {tools.plain(row.amount)}" for row in changes.gone]
    said += [f"+ cap {row.name} of {tools.plain(row.amount)}" for row in added]
    for row in [*changes.gone, *added]:
        record_change(
            kind=InputChange.Kind.VERSION,
            sentence=f"The cap “{row.name}” over several plans changed: {said[-1][2:]}",
            marks=[
                Mark(row.valid_from, row.valid_to, plan=plans[p].pk)
                for p in row.plans
                if p in plans
            ],
            by=by,
            at=at,
            reference="tenant file",
        )
    return said


def _cap(
    item: dict[str, Any],
    where: str,
    calendars: Codes,
    plans: dict[str, Plan],
    problems: Problems,
) -> dict[str, Any]:
    calendar = calendars.find(item["calendar"], f"{where}.calendar")
    amount = number_of(item["amount"], f"{where}.amount", problems)
    if amount is not None and amount < 0:
        problems.add(f"{where}.amount", f"{amount} is below zero, so nobody could earn anything.")
    for code in item["plans"]:
        plan = plans.get(code)
        if plan is None:
            known = ", ".join(sorted(plans)) or "none"
            problems.add(f"{where}.plans", f"there is no plan “{code}”. There are: {known}.")
        elif calendar and plan.calendar_id != calendar.pk:
            problems.add(
                f"{where}.plans",
                f"“{code}” pays by the calendar “{plan.calendar.code}”, not by"
                f" “{item['calendar']}”.",
            )
    return {
        "where": where,
        "name": item["name"],
        "calendar_id": calendar and calendar.pk,
        "amount": amount,
        "currency": item.get("currency", ""),
        "exchange_rate": item.get("exchange_rate", PLAN_RATE),
        "plans": item["plans"],
        **tools.days_of(item, where, problems),
    }


def _check_overlaps(wanted: list[dict[str, Any]], problems: Problems) -> None:
    rows = sorted(wanted, key=lambda row: (row["name"], row["valid_from"]))
    for before, after in pairwise(rows):
        if before["name"] == after["name"] and before["valid_to"] > after["valid_from"]:
            problems.add(
                after["where"],
                f"{before['where']} has the same name on {after['valid_from']}. End one of them.",
            )


PERSON_CAPS = Section(key="person_caps", schema=SCHEMA, read=read, apply=apply)
