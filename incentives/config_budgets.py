"""``budgets:`` of the tenant file: what plans may cost."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any

from incentives.config_schema import BUDGETS as SCHEMA
from incentives.models import Budget, Plan
from metrics.config_metrics import number_of
from org import config_tools as tools
from org.audit import record
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import NEVER
from org.models import User

FIELDS = ("plan_id", "amount", "valid_from", "valid_to")


def read() -> list[dict[str, Any]] | None:
    """All budgets as known now."""
    rows = Budget.objects.filter(superseded_at=NEVER).select_related("plan")
    return [
        {"plan": row.plan.code, "amount": row.amount, **tools.write_days(row)}
        for row in rows.order_by("plan__code", "valid_from")
    ] or None


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the budgets as the file says. They move no pay, so they are nobody's cause."""
    problems = Problems()
    plans = Codes("plan", Plan.objects.all(), problems)
    wanted = [_budget(item, f"budgets[{n}]", plans, problems) for n, item in enumerate(data)]
    _check_overlaps(wanted, problems)
    problems.stop("The budgets cannot be applied.")
    known = Budget.objects.filter(superseded_at=NEVER).select_related("plan")
    changes = tools.difference(known, wanted, FIELDS)
    if not changes:
        return []
    tools.supersede(changes.gone, at=at)
    Budget.objects.bulk_create(
        Budget(recorded_at=at, **{name: row[name] for name in FIELDS}) for row in changes.new
    )
    said = [f"- budget of {row.plan.code}: {tools.plain(row.amount)}" for row in changes.gone]
    said += [f"+ budget of {row['code']}: {tools.plain(row['amount'])}" for row in changes.new]
    record(action="set budgets", subject=said[0][2:], by=by, at=at, detail={"changes": said[:200]})
    return said


def _budget(item: dict[str, Any], where: str, plans: Codes, problems: Problems) -> dict[str, Any]:
    plan = plans.find(item["plan"], f"{where}.plan")
    amount = number_of(item["amount"], f"{where}.amount", problems)
    if amount is not None and amount < 0:
        problems.add(f"{where}.amount", f"{amount} is below zero: no plan could keep to it.")
    days = tools.days_of(item, where, problems)
    return {
        "where": where,
        "code": item["plan"],
        "plan_id": plan and plan.pk,
        "amount": amount,
        **days,
    }


def _check_overlaps(wanted: list[dict[str, Any]], problems: Problems) -> None:
    rows = sorted(wanted, key=lambda row: (row["code"], row["valid_from"]))
    for before, after in pairwise(rows):
        if before["code"] == after["code"] and before["valid_to"] > after["valid_from"]:
            problems.add(
                after["where"],
                f"{before['where']} is for the same plan on {after['valid_from']}. End one of"
                " them.",
            )


BUDGETS = Section(key="budgets", schema=SCHEMA, read=read, apply=apply)
