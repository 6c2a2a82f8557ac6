"""The cast of the payroll tests, and how their money comes into being."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from incentives.ledger import Entry, balances, post
from incentives.models import Plan
from org.models import Calendar, PayGroup, Period, Person, Tenant, User
from org.tenancy import enter
from tests.factories import (
    AT,
    make_calendar,
    make_employment,
    make_member,
    make_month,
    make_pay_group,
    make_person,
    make_plan,
    make_tenant,
)

D = Decimal


@dataclass
class Cast:
    """Pia prepares, Otto approves; Ann and Bo are paid by the group *agents*."""

    tenant: Tenant
    pia: User
    otto: User
    calendar: Calendar
    may: Period
    june: Period
    july: Period
    agents: PayGroup
    plan: Plan
    ann: Person
    bo: Person

    def grant(self, person: Person, amount: str, **fields: Any) -> None:
        """Book what calculation found: below zero takes back from *due*."""
        exact = D(amount)
        there = ("plan", fields.pop("to", "due"))
        from_account, to_account = there if exact > 0 else there[::-1]
        defaults = {
            "currency": "USD",
            "origin": "calculation",
            "plan": self.plan.pk,
            "component": "commission",
            "earning_type": "commission",
            "earned_period": self.june.pk,
        }
        entry = Entry(
            person=person.pk,
            from_account=from_account,
            to_account=to_account,
            amount=abs(exact),
            **{**defaults, **fields},
        )
        post([entry], by=None, at=AT)

    def stands(self, person: Person) -> dict[str, str]:
        """A person's balances in dollars that are not zero, in cents."""
        found = [b for b in balances(person=person.pk) if b.currency == "USD"]
        names = ("held", "due", "owed", "paid", "lost")
        return {n: f"{v:.2f}" for b in found for n in names if (v := getattr(b, n))}


def make_cast(code: str = "") -> Cast:
    """The tenant and its people, committed or not as the caller's transaction has it."""
    tenant = make_tenant(code)
    with enter(tenant.pk):
        calendar = make_calendar()
        may, june, july = (make_month(calendar, 2026, month) for month in (5, 6, 7))
        agents = make_pay_group(calendar)
        ann, bo = make_person("Ann Abel"), make_person("Bo Bern")
        make_employment(ann, agents, "001234")
        make_employment(bo, agents, "000077")
        return Cast(
            tenant=tenant,
            pia=make_member(tenant, f"pia-{tenant.pk}"),
            otto=make_member(tenant, f"otto-{tenant.pk}"),
            calendar=calendar,
            may=may,
            june=june,
            july=july,
            agents=agents,
            plan=make_plan(calendar),
            ann=ann,
            bo=bo,
        )
