"""Who logs in to the demo: one user for each role, with passwords made on this machine.

The passwords stand in a file under ``var/`` that only its owner may read, never in the repository.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from org.models import Membership, Person, RoleGrant, User
from org.permissions import Role
from org.users import add_member, grant_role


@dataclass(frozen=True)
class Login:
    """A user of the demo: the roles held, as which person, and what to look at first."""

    username: str
    roles: tuple[Role, ...]
    look: str
    staff: bool = False


PLANNER = Login(
    "planner", (Role.PLAN_MANAGER,), "the plans, their tables and formulas (admin)", staff=True
)
REVIEWER = Login(
    "reviewer", (Role.PLAN_MANAGER,), "publishes what planner wrote and handed in", staff=True
)
PAYROLL = Login("payroll", (Role.PAYROLL,), "pay batches and the files written", staff=True)
APPROVER = Login("approver", (Role.PAYROLL,), "approves what payroll prepared", staff=True)
AUDITOR = Login("auditor", (Role.AUDITOR,), "the audit trail and everybody's results", staff=True)
ADMINISTRATOR = Login(
    "administrator", (Role.ADMINISTRATOR,), "people, units, sources and rejections", staff=True
)
OFFICE = (PLANNER, REVIEWER, PAYROLL, APPROVER, AUDITOR, ADMINISTRATOR)
"""They work for both organisations, and choose one after logging in."""

AGENT = Login("agent", (Role.AGENT,), "one's own scorecard and pay")
SUPERVISOR = Login("supervisor", (Role.SUPERVISOR,), "the team's scorecards")
TELLER = Login("teller", (Role.AGENT,), "one's own scorecard and pay")
BRANCH_MANAGER = Login("branch-manager", (Role.SUPERVISOR,), "the branch's scorecards")
ALL = (AGENT, SUPERVISOR, *OFFICE, TELLER, BRANCH_MANAGER)


def password_file() -> Path:
    """Where the passwords stand."""
    return Path(settings.VAR_DIR) / "secrets" / "demo-logins.json"


def make_users(*, at: datetime) -> None:
    """Make every user that is missing, and set every password that the file does not know."""
    known = _read_passwords()
    for username in (login.username for login in ALL):
        user = User.objects.filter(username=username).first()
        if user is not None and username in known:
            continue
        user = user or User(username=username, date_joined=at)
        user.is_staff = any(x.staff for x in ALL if x.username == username)
        known[username] = secrets.token_urlsafe(9)
        user.set_password(known[username])
        user.save()
    _write_passwords(known)


def join(logins: Iterable[Login], people: dict[str, str], *, on: date, at: datetime) -> None:
    """Give users their places and roles in the entered tenant; ``people``: who they are there."""
    for login in logins:
        code = people.get(login.username)
        person = Person.objects.get(code=code) if code else None
        membership = add_member(username=login.username, person=person, by=None, at=at)
        for role in login.roles:
            if not RoleGrant.objects.filter(membership=membership, role=role).exists():
                grant_role(membership=membership, role=role, on=on, by=None, at=at)


def user(login: Login) -> User:
    """The user behind a login of the demo."""
    return User.objects.get(username=login.username)


def lines() -> list[str]:
    """One line for each login: name, password, where, and what to look at first."""
    passwords = _read_passwords()
    if not passwords:
        return ["The demo is not loaded: bin/manage demo."]
    found = []
    for login in ALL:
        places = Membership.objects.filter(user__username=login.username).select_related("tenant")
        where = ", ".join(sorted(place.tenant.name for place in places))
        found.append((login.username, passwords.get(login.username, "?"), f"{where}: {login.look}"))
    widths = [max(len(row[n]) for row in found) for n in (0, 1)]
    return [f"{name:<{widths[0]}}  {word:<{widths[1]}}  {look}" for name, word, look in found]


def _read_passwords() -> dict[str, str]:
    path = password_file()
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _write_passwords(passwords: dict[str, str]) -> None:
    path = password_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(passwords, indent=1))
    draft.replace(path)
