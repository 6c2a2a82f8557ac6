"""Finding what a command names, or saying in a sentence what there is instead."""

from __future__ import annotations

from incentives.models import Plan
from org.commands import find_periods, find_person
from org.errors import DomainError
from org.models import Period, Person


def find_plan(code: str) -> Plan:
    """The plan with a code, or a sentence that lists those there are."""
    plan = Plan.objects.filter(code=code).first()
    if plan is None:
        known = ", ".join(Plan.objects.values_list("code", flat=True)) or "none yet"
        raise DomainError(f"No plan has the code “{code}”. Known: {known}.")
    return plan


def plan_called(code: str | None) -> Plan | None:
    """The plan with a code; None for none named."""
    return None if code is None else find_plan(code)


def person_called(code: str | None) -> Person | None:
    """The person with a personnel number; None for nobody named."""
    return None if code is None else find_person(code)


def one_period(code: str) -> Period:
    """The only period that a code means, or a sentence that lists several."""
    found = find_periods(code)
    if len(found) > 1:
        names = ", ".join(str(one) for one in found)
        raise DomainError(f"“{code}” is in several calendars: {names}. Name one of them.")
    return found[0]
