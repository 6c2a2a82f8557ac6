"""``users:`` of the tenant file: who logs in, as whom, with which roles. No passwords."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from org import config_tools as tools
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import EARLIEST_DAY, FOREVER
from org.models import Membership, Person, RoleGrant, User
from org.permissions import Role
from org.tenancy import current_tenant_id
from org.users import add_member, end_role, enter_email, grant_role

ROLE_NAME = tools.choice("A role, for ever.", [role.value for role in Role])
ROLE = tools.mapping(
    "A role for a time.",
    {
        "role": tools.choice("The role.", [role.value for role in Role]),
        "from": tools.FROM,
        "to": tools.TO,
        "deputy_for": tools.text("User name of whom they stand in for. Needs a to."),
    },
    "role",
)
SCHEMA = tools.by_code(
    "Users by user name. Whoever is left out stays as they are; passwords are set elsewhere.",
    tools.mapping(
        "A user.",
        {
            "name": tools.text("Given name and family name."),
            "email": tools.text(
                "E-mail address, to sign in and to set a password. Entered once; later they change "
                "it themselves."
            ),
            "person": tools.text("Personnel number of who they are among the tenant's people."),
            "staff": tools.truth("Whether they work in the admin. Left out: false."),
            "roles": tools.listing(
                "All roles that they have; one left out ends today.",
                {"anyOf": [ROLE_NAME, ROLE]},
            ),
        },
    ),
)
Grant = tuple[str, date, date, str]


def read() -> dict[str, Any] | None:
    """All members of the tenant with their roles."""
    members = Membership.objects.filter(tenant=current_tenant_id())
    rows = members.select_related("user", "person").order_by("user__username")
    return {row.user.username: _written(row) for row in rows} or None


def _written(row: Membership) -> dict[str, Any]:
    said = {
        "name": row.user.get_full_name(),
        "email": row.user.email,
        "person": row.person.code if row.person else "",
        "staff": row.user.is_staff,
    }
    written = tools.without_defaults(said, {"staff": False})
    grants = [_written_grant(grant) for grant in sorted(_grants(row))]
    return {**written, "roles": grants} if grants else written


def _written_grant(grant: Grant) -> Any:
    role, start, end, deputy_for = grant
    said: dict[str, Any] = {"role": role}
    if start != EARLIEST_DAY:
        said["from"] = start
    if end != FOREVER:
        said["to"] = end
    if deputy_for:
        said["deputy_for"] = deputy_for
    return said if len(said) > 1 else role


def _grants(row: Membership) -> dict[Grant, RoleGrant]:
    grants = RoleGrant.objects.filter(membership=row).select_related("deputy_for__user")
    return {
        (g.role, g.valid_from, g.valid_to, g.deputy_for.user.username if g.deputy_for else ""): g
        for g in grants
    }


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Give these users their place and exactly these roles; a role left out ends today."""
    problems = Problems()
    numbers = {item["person"] for item in data.values() if item and item.get("person")}
    people = Codes("person", Person.objects.filter(code__in=numbers), problems)
    said: list[str] = []
    members: dict[str, Membership] = {}
    for username, item in data.items():
        person = people.find((item or {}).get("person"), f"users.{username}.person")
        members[username] = _member(username, item or {}, person, said, by=by, at=at)
    problems.stop("The users cannot be applied.")
    for username, item in data.items():
        wanted = [_wanted(role) for role in (item or {}).get("roles", [])]
        said += _apply_roles(members, username, wanted, problems, by=by, at=at, today=today)
    problems.stop("The users cannot be applied.")
    return said


def _member(
    username: str,
    item: Mapping[str, Any],
    person: Person | None,
    said: list[str],
    *,
    by: User | None,
    at: datetime,
) -> Membership:
    members = Membership.objects.filter(user__username=username, tenant=current_tenant_id())
    known = members.select_related("user").first()
    email = item.get("email", "")
    if known is not None and enter_email(membership=known, email=email, by=by, at=at):
        said.append(f"~ user {username}: email")
    if known is not None and known.person_id == (person.pk if person else None):
        return known
    said.append(f"{'~' if known else '+'} user {username}")
    return add_member(
        username=username,
        person=person,
        name=item.get("name", ""),
        email=email,
        staff=item.get("staff", False),
        by=by,
        at=at,
    )


def _wanted(role: Any) -> Grant:
    if isinstance(role, str):
        return role, EARLIEST_DAY, FOREVER, ""
    days = (role.get("from") or EARLIEST_DAY, role.get("to") or FOREVER)
    return role["role"], *days, role.get("deputy_for", "")


def _apply_roles(
    members: dict[str, Membership],
    username: str,
    wanted: list[Grant],
    problems: Problems,
    *,
    by: User | None,
    at: datetime,
    today: date,
) -> list[str]:
    known = _grants(members[username])
    said: list[str] = []
    for gone in known.keys() - set(wanted):
        if known[gone].valid_to > today:
            end_role(grant=known[gone], on=today, by=by, at=at)
            said.append(f"- role {gone[0]} of {username}")
    for role, start, end, deputy_for in wanted:
        if (role, start, end, deputy_for) in known:
            continue
        if deputy_for and deputy_for not in members:
            problems.add(
                f"users.{username}.roles", f"no user of the file is called “{deputy_for}”."
            )
            continue
        grant_role(
            membership=members[username],
            role=Role(role),
            on=start,
            until=end,
            deputy_for=members.get(deputy_for),
            by=by,
            at=at,
        )
        said.append(f"+ role {role} of {username}")
    return said


USERS = Section("users", SCHEMA, read, apply)
