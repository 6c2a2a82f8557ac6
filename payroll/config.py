"""Payroll's part of the tenant file: the layouts of the payroll systems that are delivered to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import ProtectedError

from org import config_tools as tools
from org.audit import record
from org.config_section import Section
from org.config_tools import Problems
from org.errors import DomainError
from org.models import User
from payroll.models import PayrollProfile
from payroll.profile import SCHEMA, Profile

PROFILES: dict[str, Any] = tools.by_code("Layouts of payroll files, by code.", SCHEMA)


def read() -> dict[str, Any] | None:
    """All profiles as they were said."""
    rows = PayrollProfile.objects.order_by("code")
    return {
        row.code: tools.without_defaults({"name": row.name}, {}) | row.spec for row in rows
    } or None


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the profiles as the file says; files that were written stay as they are."""
    problems = Problems()
    wanted = {code: _fields(code, item, problems) for code, item in data.items()}
    problems.stop("The payroll profiles cannot be applied.")
    known = {row.code: row for row in PayrollProfile.objects.all()}
    said: list[str] = []
    for code in sorted(known.keys() - wanted.keys()):
        said += _remove(known[code], problems)
    problems.stop("Payroll profiles that have written files cannot be left out.")
    for code, fields in wanted.items():
        if code not in known:
            PayrollProfile.objects.create(code=code, **fields)
            said.append(f"+ payroll profile {code}")
        elif changed := tools.update_row(known[code], fields):
            said.append(f"~ payroll profile {code}: {_what(changed)}")
    if said:
        record(action="set payroll profiles", subject=", ".join(data), by=by, at=at)
    return said


def _fields(code: str, item: dict[str, Any], problems: Problems) -> dict[str, Any]:
    try:
        Profile.parse(item, code=code)
    except DomainError as error:
        for problem in error.problems or (error.sentence,):
            problems.add(f"payroll_profiles.{code}", problem)
    spec = {key: value for key, value in item.items() if key != "name"}
    return {"name": item.get("name", ""), "spec": spec}


def _what(changed: list[str]) -> str:
    return " and ".join("layout" if name == "spec" else name for name in changed)


def _remove(row: PayrollProfile, problems: Problems) -> list[str]:
    try:
        row.delete()
    except ProtectedError:
        problems.add(
            f"payroll_profiles.{row.code}",
            "the file leaves this profile out, but files were written with it. Put it back.",
        )
        return []
    return [f"- payroll profile {row.code}"]


SECTIONS: tuple[Section, ...] = (
    Section(key="payroll_profiles", schema=PROFILES, read=read, apply=apply),
)
