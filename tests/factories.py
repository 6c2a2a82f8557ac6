"""A small cast for tests: a tenant, users, people, employments, periods, plans.

Each makes one row with sensible values; what a test is about it says itself. All but users and
tenants are made inside ``with enter(tenant.pk)``; the fixture of a test package enters it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from formula import BOOLEAN, DATE, NUMBER, TEXT
from incentives.examples import Said, needs_of, outcomes
from incentives.examples.run import shown
from incentives.models import Family, Plan, PlanVersion
from incentives.review import hand_in
from incentives.rules import load
from org.dates import FOREVER
from org.models import (
    Calendar,
    Employment,
    Membership,
    PayGroup,
    Period,
    Person,
    Tenant,
    User,
)
from org.tenancy import enter

AT = datetime(2026, 7, 5, 9, 0, tzinfo=UTC)
_numbers = count(1)


def make_tenant(code: str = "", **fields: Any) -> Tenant:
    """A customer organisation that counts in dollars."""
    code = code or f"tenant-{next(_numbers)}"
    return Tenant.objects.create(code=code, name=code.title(), **{"currency": "USD", **fields})


def make_user(username: str = "", **fields: Any) -> User:
    """Somebody who logs in, without a place anywhere yet."""
    return User.objects.create(username=username or f"user-{next(_numbers)}", **fields)


def make_member(tenant: Tenant, username: str = "", person: Person | None = None) -> User:
    """Somebody with a place in a tenant, and perhaps one of its people."""
    user = make_user(username)
    with enter(tenant.pk):
        Membership.objects.create(user=user, tenant=tenant, person=person)
    return user


def make_calendar(code: str = "monthly", kind: str = "monthly", **fields: Any) -> Calendar:
    """A calendar without periods."""
    return Calendar.objects.create(code=code, kind=kind, **fields)


def make_month(calendar: Calendar, year: int, month: int, **fields: Any) -> Period:
    """One month of a calendar."""
    end = date(year + month // 12, month % 12 + 1, 1)
    return Period.objects.create(
        calendar=calendar,
        code=f"{year}-{month:02}",
        valid_from=date(year, month, 1),
        valid_to=end,
        **fields,
    )


def make_pay_group(calendar: Calendar, code: str = "agents", **fields: Any) -> PayGroup:
    """People who are paid on the dates of a calendar."""
    return PayGroup.objects.create(code=code, calendar=calendar, **fields)


def make_person(name: str = "", **fields: Any) -> Person:
    """Somebody with a personnel number and no job yet."""
    number = next(_numbers)
    return Person.objects.create(**{"code": f"p{number}", "name": name or f"P{number}", **fields})


def make_employment(
    person: Person, pay_group: PayGroup | None, payroll_id: str = "", **fields: Any
) -> Employment:
    """An employment since 2024, without an end."""
    defaults = {
        "payroll_id": payroll_id or person.code,
        "valid_from": date(2024, 1, 1),
        "valid_to": FOREVER,
        "recorded_at": AT,
    }
    values = {**defaults, **fields}
    values.setdefault("tenure_start", values["valid_from"])
    return Employment.objects.create(person=person, pay_group=pay_group, **values)


def make_plan(calendar: Calendar, code: str = "sales", **fields: Any) -> Plan:
    """A plan in a family of its own, without versions."""
    family = Family.objects.create(code=f"family of {code}")
    return Plan.objects.create(code=code, name=code, family=family, calendar=calendar, **fields)


ANYTHING = {NUMBER: "100", TEXT: "A", BOOLEAN: "yes", DATE: "2026-01-01"}


def make_example(version: PlanVersion, name: str = "Any") -> None:
    """An example of a version that expects what its components come to for figures of 100."""
    rules = load(version)
    needs = needs_of(rules)
    wanted = [one for one in needs.inputs if not one.name.startswith("ATTAINMENT(")]
    inputs = {one.name: ANYTHING[one.type] for one in wanted if not one.default}
    found = outcomes(rules, name, Said(inputs))
    expected = {one.component: shown(one.came) for one in found}
    version.examples.create(name=name, inputs=inputs, expected=expected)


def make_ready(version: PlanVersion, by: User | None = None) -> PlanVersion:
    """A draft with an example of each component, handed in by its author."""
    make_example(version)
    return hand_in(version=version, by=by or version.author, at=AT)
