"""Who was on whose team on which days of a month: shown, confirmed, doubted and answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from org import audit
from org.base import CURRENT
from org.dates import plausible
from org.errors import DomainError
from org.models import (
    Assignment,
    Membership,
    Person,
    RoleGrant,
    TeamConfirmation,
    TeamObjection,
    User,
)
from org.permissions import Permission, roles_with

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """Days of a month, ``[first, end)``, on which somebody was on the team in one job."""

    person: Person
    unit: str
    job_type: str
    slot: str
    first: date
    end: date

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - ONE_DAY

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.first).days

    def written(self) -> list[str]:
        """As a confirmation keeps it: codes and days."""
        return [
            *(self.person.code, self.unit, self.job_type, self.slot),
            *(self.first.isoformat(), self.end.isoformat()),
        ]


@dataclass(frozen=True)
class TeamMonth:
    """The team of one supervisor in a month."""

    manager: Person
    month: date
    stretches: tuple[Stretch, ...]

    @property
    def shown(self) -> list[list[str]]:
        """What a confirmation keeps."""
        return [stretch.written() for stretch in self.stretches]

    @property
    def sha256(self) -> str:
        """The hash of what is shown; another team, other days, another hash."""
        return hashlib.sha256(json.dumps(self.shown).encode()).hexdigest()

    @property
    def people(self) -> int:
        """How many people it has."""
        return len({stretch.person.pk for stretch in self.stretches})


def month_end(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_before(month: date) -> date:
    """The first day of the month before."""
    return (month - ONE_DAY).replace(day=1)


def heads(membership: Membership, *, on: date) -> list[Person]:
    """Whose teams a member answers for on a day: their own, and of those they stand in for."""
    grants = RoleGrant.objects.filter(
        membership=membership,
        role__in=sorted(role.value for role in roles_with(Permission.SEE_TEAM)),
        valid_from__lte=on,
        valid_to__gt=on,
    ).select_related("membership__person", "deputy_for__person")
    found = {}
    for grant in grants:
        who = grant.deputy_for.person if grant.deputy_for else grant.membership.person
        if who is not None:
            found[who.pk] = who
    return sorted(
        found.values(), key=lambda person: (person.pk != membership.person_id, person.name)
    )


def team_months(month: date, *, managers: Iterable[int] | None = None) -> list[TeamMonth]:
    """The teams of a month, of some supervisors or of all who have one, in one query."""
    end = month_end(month)
    rows = Assignment.objects.filter(
        CURRENT, manager__isnull=False, valid_from__lt=end, valid_to__gt=month
    )
    if managers is not None:
        rows = rows.filter(manager__in=list(managers))
    related = rows.select_related("person", "manager", "unit", "job_type")
    teams: dict[int, tuple[Person, list[Stretch]]] = {}
    for row in related.order_by("person__name", "person__code", "valid_from", "slot"):
        assert row.manager is not None
        _, own = teams.setdefault(row.manager.pk, (row.manager, []))
        own.append(
            Stretch(
                person=row.person,
                unit=row.unit.name,
                job_type=row.job_type.name,
                slot=row.slot,
                first=max(row.valid_from, month),
                end=min(row.valid_to, end),
            )
        )
    found = [TeamMonth(manager, month, tuple(own)) for manager, own in teams.values()]
    return sorted(found, key=lambda team: (team.manager.name, team.manager.code))


def team_month(manager: Person, month: date) -> TeamMonth:
    """The team of one supervisor in a month; empty where there was nobody."""
    found = team_months(month, managers=[manager.pk])
    return found[0] if found else TeamMonth(manager, month, ())


@transaction.atomic
def confirm_team(
    *, manager: Person, month: date, sha256: str, by: User, at: datetime, today: date
) -> TeamConfirmation:
    """Say that a month's team is right, as it was shown (``sha256``).

    The same again is the confirmation that is there. DomainError for a month that is not over, and
    where the team has changed since it was shown.
    """
    if today < month_end(month):
        raise DomainError(
            f"{month:%B %Y} is not over yet. It can be confirmed from {month_end(month)} on."
        )
    team = team_month(manager, month)
    if team.sha256 != sha256:
        raise DomainError(
            f"The team of {manager} in {month:%B %Y} changed after you opened the page. Look at "
            "it again, and confirm what stands there now."
        )
    confirmation, made = TeamConfirmation.objects.get_or_create(
        manager=manager,
        month=month,
        sha256=sha256,
        defaults={"shown": team.shown, "at": at, "by": by},
    )
    if made:
        audit.record(
            action="confirm team",
            subject=str(confirmation),
            by=by,
            at=at,
            detail={"sha256": sha256, "people": team.people},
        )
    return confirmation


@transaction.atomic
def object_to_team(
    *, manager: Person, month: date, who: str, since: date, what: str, by: User, at: datetime
) -> TeamObjection:
    """Say what is wrong with a month's team, for the administrators. The same again is one."""
    who, what = " ".join(who.split()), what.strip()
    if not who or not what:
        raise DomainError("Say who it is about and what is wrong, so that somebody can mend it.")
    if not plausible(since) or since >= month_end(month):
        raise DomainError(f"“Since” is a day up to the end of {month:%B %Y}, not {since}.")
    objection, made = TeamObjection.objects.get_or_create(
        manager=manager,
        month=month,
        who=who[:200],
        since=since,
        closed_at=None,
        defaults={"what": what, "opened_at": at, "opened_by": by},
    )
    if made:
        audit.record(action="object to team", subject=str(objection), by=by, at=at, reason=what)
    elif objection.what != what:
        raise DomainError(
            f"Something about {who} since {since} is open already: “{objection.what}”. Wait for "
            "its answer, or name another day."
        )
    return objection


@transaction.atomic
def answer_objection(
    *, objection: TeamObjection, answer: str, by: User, at: datetime
) -> TeamObjection:
    """Close what was said to be wrong, with an answer; one closed already stays as it is."""
    if not answer.strip():
        raise DomainError("An answer says what was done, or why the team is right.")
    now = TeamObjection.objects.select_for_update().get(pk=objection.pk)
    if now.closed_at is not None:
        return now
    if now.opened_by_id == by.pk:
        raise DomainError(f"{by} said that this is wrong. Somebody else must answer.")
    now.answer, now.closed_at, now.closed_by = answer.strip(), at, by
    now.save(update_fields=["answer", "closed_at", "closed_by"])
    audit.record(action="answer objection", subject=str(now), by=by, at=at, reason=answer.strip())
    return now


@dataclass(frozen=True)
class Outstanding:
    """A supervisor's month that nobody has confirmed as it is now."""

    team: TeamMonth
    confirmed_before: bool


def outstanding(month: date, *, managers: Iterable[int] | None = None) -> list[Outstanding]:
    """The teams of a month that wait to be confirmed, or again; of all, or of some supervisors."""
    rows: Any = TeamConfirmation.objects.filter(month=month).values_list("manager", "sha256")
    known: dict[int, set[str]] = {}
    for manager, sha256 in rows:
        known.setdefault(manager, set()).add(sha256)
    return [
        Outstanding(team, team.manager.pk in known)
        for team in team_months(month, managers=managers)
        if team.sha256 not in known.get(team.manager.pk, ())
    ]
