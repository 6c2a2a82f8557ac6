"""``dispute_reasons:`` of the tenant file: why people dispute, and who answers how fast."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from incentives.models import DisputeReason
from org import audit
from org import config_tools as tools
from org.config_section import Section
from org.config_tools import Problems
from org.models import Membership, User
from org.permissions import Role
from org.tenancy import current_tenant_id

ROLES = [role.value for role in Role if role not in (Role.AGENT, Role.AUDITOR)]
SCHEMA = tools.by_code(
    "Why people dispute, by code: who answers, and how fast. Left out: the standard list.",
    tools.mapping(
        "A reason.",
        {
            "name": tools.text("As whoever disputes reads it."),
            "about": tools.choice(
                "Whether it is chosen for a line, for something missing, or for any of both. Left "
                "out: any.",
                DisputeReason.About.values,
            ),
            "role": tools.choice(
                "Whose queue it goes to; of supervisors, those of the person.", ROLES
            ),
            "owner": tools.text(
                "User name of whoever always answers it. Left out: anybody of the role."
            ),
            "days": tools.whole(
                "Working days until the answer, by the default holiday calendar. Left out: 5.",
                minimum=1,
                maximum=250,
            ),
        },
        "name",
        "role",
    ),
)
DEFAULTS: dict[str, Any] = {"about": DisputeReason.About.ANY.value, "owner": "", "days": 5}


def read() -> dict[str, Any] | None:
    """The tenant's own reasons."""
    rows = DisputeReason.objects.select_related("owner")
    return {row.code: _written(row) for row in rows} or None


def _written(row: DisputeReason) -> dict[str, Any]:
    owner = row.owner.get_username() if row.owner else ""
    said = {"about": row.about, "owner": owner, "days": row.days}
    named = {"name": row.name, "role": row.role}
    return {**named, **tools.without_defaults(said, DEFAULTS)}


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Have exactly these reasons; disputes keep the name of theirs."""
    problems = Problems()
    members = Membership.objects.filter(tenant=current_tenant_id()).select_related("user")
    users = {row.user.username: row.user for row in members}
    wanted = {code: _fields(code, item, users, problems) for code, item in data.items()}
    problems.stop("The reasons of disputes cannot be applied.")
    known = {row.code: row for row in DisputeReason.objects.all()}
    said = []
    for code in sorted(known.keys() - wanted.keys()):
        known[code].delete()
        said.append(f"- dispute reason {code}")
    for code, values in wanted.items():
        if code not in known:
            DisputeReason.objects.create(code=code, **values)
            said.append(f"+ dispute reason {code}")
        elif changed := tools.update_row(known[code], values):
            said.append(f"~ dispute reason {code}: {', '.join(changed)}")
    if said:
        subject = f"dispute_reasons: {len(said)} changed"
        audit.record(action="configure", subject=subject, by=by, at=at, detail={"said": said})
    return said


def _fields(
    code: str, item: Mapping[str, Any], users: Mapping[str, User], problems: Problems
) -> dict[str, Any]:
    values = {**DEFAULTS, **item}
    owner = values["owner"]
    if owner and owner not in users:
        problems.add(
            f"dispute_reasons.{code}.owner",
            f"“{owner}” is no user of this tenant. Add them under users first.",
        )
    return {**values, "owner": users.get(owner)}


DISPUTE_REASONS = Section(key="dispute_reasons", schema=SCHEMA, read=read, apply=apply)
