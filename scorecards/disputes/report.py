"""How many disputes, how old, why, and what they changed: by reason, unit and month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incentives import dispute_queries as queries
from incentives.models import Dispute
from org.access import needs, request_sees_pay
from org.base import CURRENT
from org.models import Assignment
from org.permissions import Permission as P
from org.tables import NUMBER, PageTable, download
from scorecards.charts import bars, svg
from scorecards.team.acting import DayField, acting

YEAR = timedelta(days=365)
NO_UNIT, NO_REASON = "no unit", "no reason chosen"


@dataclass
class Group:
    """Some disputes: how many, in which state, how old, and what they changed."""

    by: str
    name: str
    opened: int = 0
    open: int = 0
    overdue: int = 0
    accepted: int = 0
    rejected: int = 0
    withdrawn: int = 0
    days: list[int] = field(default_factory=list)
    oldest: int = 0
    changed: dict[str, Decimal] = field(default_factory=dict)

    def add(self, dispute: Dispute, today: date, change: tuple[str, Decimal] | None) -> None:
        """Count one in."""
        self.opened += 1
        setattr(self, dispute.state, getattr(self, dispute.state) + 1)
        if dispute.answered_at is not None and dispute.state != Dispute.State.OPEN:
            self.days.append((dispute.answered_at - dispute.opened_at).days)
        if dispute.state == Dispute.State.OPEN:
            self.oldest = max(self.oldest, (today - dispute.opened_at.date()).days)
            self.overdue += bool(dispute.due_on and dispute.due_on < today)
        if change is not None:
            currency, amount = change
            self.changed[currency] = self.changed.get(currency, Decimal(0)) + amount

    @property
    def median(self) -> int | None:
        """Days until the answer: half of them took no longer."""
        return sorted(self.days)[(len(self.days) - 1) // 2] if self.days else None

    @property
    def amounts(self) -> list[tuple[str, Decimal]]:
        """What they changed, by currency."""
        return sorted(self.changed.items())


class GroupTable(PageTable):
    """All groups as a file."""

    by = tables.Column()
    name = tables.Column()
    opened = tables.Column(attrs=NUMBER)
    open = tables.Column(attrs=NUMBER)
    overdue = tables.Column(attrs=NUMBER)
    accepted = tables.Column(attrs=NUMBER)
    rejected = tables.Column(attrs=NUMBER)
    withdrawn = tables.Column(attrs=NUMBER)
    median = tables.Column(attrs=NUMBER, verbose_name="Median days to the answer")
    oldest = tables.Column(attrs=NUMBER, verbose_name="Oldest open, days")
    amounts = tables.Column(attrs=NUMBER, verbose_name="Changed")

    def value_amounts(self, record: Group) -> str:
        """Each currency with its amount."""
        return "; ".join(
            f"{amount.normalize():f} {currency}" for currency, amount in record.amounts
        )


class SpanForm(forms.Form):
    """The days on which disputes were opened."""

    since = DayField(label="Opened from", required=False)
    until = DayField(label="to", required=False)


@require_safe
@needs(P.ANSWER_DISPUTES, P.SEE_AUDIT)
def report(request: HttpRequest) -> HttpResponse:
    """The disputes opened in a span of days, of the people whom the member sees."""
    who = acting(request)
    form = SpanForm(request.GET or None)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    since = given.get("since") or who.today - YEAR
    until = given.get("until") or who.today
    seen = queries.seen_by(who.membership, on=who.today)
    found = list(
        seen.filter(opened_at__date__gte=since, opened_at__date__lte=until).order_by("opened_at")
    )
    pay = request_sees_pay(request)
    groups = grouped(found, who.today, queries.changes_of(found) if pay else {})
    if answer := download(request, GroupTable(_every(groups)), name="disputes-report"):
        return answer
    context: dict[str, Any] = {
        "form": form if form.is_bound else SpanForm(initial={"since": since, "until": until}),
        "whole": groups["Together"][0] if found else None,
        "parts": [(by, rows) for by, rows in groups.items() if by != "Together"],
        "pay": pay,
        "chart": _chart(groups["Reason"]) if found else "",
        "since": since,
        "until": until,
    }
    return render(request, "disputes/report.html", context)


def grouped(
    found: Sequence[Dispute], today: date, changes: dict[int, tuple[str, Decimal]]
) -> dict[str, list[Group]]:
    """The groups by what they are cut by; the largest first, months in their order."""
    units = _units(found)
    cuts: dict[str, dict[str, Group]] = {"Together": {}, "Reason": {}, "Unit": {}, "Month": {}}
    for one in found:
        names = {
            "Together": "all",
            "Reason": one.reason_name or NO_REASON,
            "Unit": units.get(one.pk, NO_UNIT),
            "Month": f"{one.opened_at:%Y-%m}",
        }
        for by, name in names.items():
            cuts[by].setdefault(name, Group(by, name)).add(one, today, changes.get(one.pk))
    return {by: _in_order(by, rows.values()) for by, rows in cuts.items()}


def _in_order(by: str, rows: Iterable[Group]) -> list[Group]:
    named = sorted(rows, key=lambda group: group.name)
    return named if by == "Month" else sorted(named, key=lambda group: -group.opened)


def _every(groups: dict[str, list[Group]]) -> list[Group]:
    return [group for rows in groups.values() for group in rows]


def _units(found: Iterable[Dispute]) -> dict[int, str]:
    """The unit in which each dispute's person worked when it was opened."""
    jobs: dict[int, list[Assignment]] = {}
    people = {one.person_id for one in found}
    rows = Assignment.objects.filter(CURRENT, person__in=people, slot=Assignment.PRIMARY)
    for job in rows.select_related("unit"):
        jobs.setdefault(job.person_id, []).append(job)
    units = {}
    for one in found:
        day = one.opened_at.date()
        for job in jobs.get(one.person_id, []):
            if job.valid_from <= day < job.valid_to:
                units[one.pk] = job.unit.name
    return units


def _chart(reasons: Sequence[Group]) -> str:
    rows = [(one.name, Decimal(one.opened), str(one.opened)) for one in reasons]
    words = ", ".join(f"{one.name} {one.opened}" for one in reasons)
    return svg(
        bars(rows, width=260) | {"padding": {"left": 24}}, label=f"Disputes by reason: {words}."
    )
