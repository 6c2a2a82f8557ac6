"""Ann and Bob work in North for Nora, Sue in South for Saul; Nora and Saul work for Dora."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from org.models import InputChange, JobType, Membership, Person, StaleMark, Tenant, Unit
from org.people import add_person, assign
from org.permissions import Role
from org.units import Placement, place_units
from org.users import add_member, grant_role
from tests.factories import AT

START = date(2026, 1, 1)
JUNE = date(2026, 6, 1)
TREE = {"sales": None, "north": "sales", "south": "sales"}
MANAGERS = {
    "dora": None,
    "nora": "dora",
    "saul": "dora",
    "ann": "nora",
    "bob": "nora",
    "sue": "saul",
}
UNITS = {
    "dora": "sales",
    "nora": "north",
    "ann": "north",
    "bob": "north",
    "saul": "south",
    "sue": "south",
}


@dataclass
class Cast:
    """A tenant with a tree of three units and six people."""

    tenant: Tenant
    units: dict[str, Unit]
    people: dict[str, Person]
    agent: JobType

    def member(self, name: str, *roles: Role) -> Membership:
        """A login for one of the people, with roles since the start."""
        username = f"{self.tenant.code}-{name}"
        membership = add_member(username=username, person=self.people.get(name), by=None, at=AT)
        for role in roles:
            grant_role(membership=membership, role=role, on=START, by=None, at=AT)
        return membership


def make_cast(tenant: Tenant) -> Cast:
    """Everybody in their place since the start of 2026."""
    units = {code: Unit.objects.create(code=code, name=code.title()) for code in TREE}
    places = [Placement(units[c], units[p] if p else None, START) for c, p in TREE.items()]
    place_units(placements=places, by=None, at=AT)
    agent = JobType.objects.create(code="agent", name="Agent")
    people: dict[str, Person] = {}
    for name, manager in MANAGERS.items():
        people[name] = add_person(code=name, name=name.title(), by=None, at=AT)
        assign(
            person=people[name],
            unit=units[UNITS[name]],
            job_type=agent,
            manager=people[manager] if manager else None,
            on=START,
            by=None,
            at=AT,
        )
    return Cast(tenant, units, people, agent)


def marks() -> list[tuple[str, date, date]]:
    """Who the latest change marked, and on which days."""
    latest = InputChange.objects.first()
    rows = StaleMark.objects.filter(change=latest).order_by("person__code")
    return list(rows.values_list("person__code", "first_day", "end_day"))
