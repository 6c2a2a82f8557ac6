"""Who sees whom, who may do what, and who worked where: each as of a day."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404
from psycopg import sql

from org.base import CURRENT
from org.dates import NEVER
from org.errors import DomainError
from org.models import Assignment, Membership, Person, RoleGrant, Unit, UnitClosure
from org.permissions import Permission, Role, permissions_of, roles_with
from org.prepared import Question

MOST_NAMED = 6

# All that a member's roles of one day let them see. UNION, not UNION ALL: two people who name each
# other as manager must not keep it going for ever.
VISIBLE = """
    WITH RECURSIVE granted AS (
        SELECT g.role, m.person_id, coalesce(stood_in.person_id, m.person_id) AS head
        FROM org_rolegrant g
        JOIN org_membership m ON m.id = g.membership_id
        LEFT JOIN org_membership stood_in ON stood_in.id = g.deputy_for_id
        WHERE g.membership_id = %(member)s AND g.valid_from <= %(on)s AND g.valid_to > %(on)s
    ), below (person_id) AS (
        SELECT a.person_id FROM granted JOIN org_assignment a ON a.manager_id = granted.head
        WHERE granted.role = ANY (%(team)s) AND {job_of_the_day}
        UNION
        SELECT a.person_id FROM below JOIN org_assignment a ON a.manager_id = below.person_id
        WHERE {job_of_the_day}
    )
    SELECT person_id FROM below
    UNION SELECT person_id FROM granted WHERE role = ANY (%(own)s) AND person_id IS NOT NULL
    UNION SELECT id FROM org_person WHERE EXISTS (SELECT FROM granted WHERE role = ANY (%(all)s))
""".format(
    job_of_the_day="a.superseded_at = %(never)s AND a.valid_from <= %(on)s AND a.valid_to > %(on)s"
)


def grants_on(membership: Membership, on: date) -> QuerySet[RoleGrant]:
    """The roles that a member has on a day; one that has ended or not begun counts for nothing."""
    return RoleGrant.objects.filter(membership=membership, valid_from__lte=on, valid_to__gt=on)


def roles_and_name(membership: Membership, on: date) -> list[tuple[str, str | None, str | None]]:
    """Each role that a member has on a day, beside the name and number of the member's person."""
    return _ROLES.ask(member=membership.pk, on=on)  # type: ignore[return-value]


def _roles_and_name(*, member: int, on: date) -> QuerySet[RoleGrant, Any]:
    person = ("membership__person__name", "membership__person__code")
    return grants_on(Membership(pk=member), on).values_list("role", *person)


_ROLES = Question(_roles_and_name)


def roles(membership: Membership, on: date) -> frozenset[Role]:
    """What a member is there for on a day, deputising included."""
    return frozenset(
        Role(role) for role in grants_on(membership, on).values_list("role", flat=True)
    )


def grants_of(membership: Membership, *, on: date) -> QuerySet[RoleGrant]:
    """What a member may be today and later, with the people whom they stand in for."""
    return (
        RoleGrant.objects.filter(membership=membership, valid_to__gt=on)
        .select_related("deputy_for__user", "deputy_for__person")
        .order_by("deputy_for", "valid_from", "role")
    )


def deputies_of(membership: Membership, *, on: date) -> QuerySet[RoleGrant]:
    """Who stands in for a member today or later."""
    return (
        RoleGrant.objects.filter(deputy_for=membership, valid_to__gt=on)
        .select_related("membership__user", "membership__person")
        .order_by("valid_from", "role")
    )


def permissions(membership: Membership, on: date) -> frozenset[Permission]:
    """All that a member may do on a day."""
    return permissions_of(roles(membership, on))


def require(membership: Membership | None, permission: Permission, on: date) -> Membership:
    """The membership, or 403 with a sentence when it does not carry the permission on that day."""
    if membership is None:
        raise PermissionDenied("You are in no tenant, so there is nothing you may do here.")
    if permission not in permissions(membership, on):
        allowed = ", ".join(sorted(role.label.lower() for role in roles_with(permission)))
        what = permission.replace("_", " ")
        raise PermissionDenied(f"You may not {what} here. Those who may: {allowed}.")
    return membership


def visible_people(membership: Membership, *, on: date) -> QuerySet[Person]:
    """The people whose figures a member may see on a day, in one query.

    Themselves with any role that has figures of its own; a supervisor everybody below in the chain
    of managers, and while deputising everybody below the person stood in for, but not that person;
    roles that see everyone, everyone. Nobody else: a colleague in the same unit is not a report.
    """
    values = visible_parameters(membership, on=on)
    return Person.objects.filter(pk__in=RawSQL(*_numbered(VISIBLE, values)))


def visible_parameters(membership: Membership, *, on: date) -> dict[str, Any]:
    """The parameters of :data:`VISIBLE`, by name."""
    return {
        "member": membership.pk,
        "on": on,
        "never": NEVER,
        "team": _roles(Permission.SEE_TEAM),
        "own": _roles(Permission.SEE_OWN),
        "all": _roles(Permission.SEE_EVERYONE),
    }


def visible_statement(membership: Membership, *, on: date) -> sql.Composed:
    """The same as :func:`visible_people`, as a SELECT of person ids for a larger statement."""
    values = visible_parameters(membership, on=on)
    text = re.sub(r"%\((\w+)\)s", r"{\1}", VISIBLE)
    return sql.SQL(text).format(**{name: sql.Literal(value) for name, value in values.items()})


def get_visible_person_or_404(
    membership: Membership | None, *, on: date, code: str, permission: Permission | None = None
) -> Person:
    """A person, by number: one whom the member may see (else 404) and may do this to (else 403).

    Without a permission it is enough to see them. In that order, so that nobody learns from the
    answer whether somebody exists whom they may not see.
    """
    if membership is None:
        raise Http404("No person of yours matches.")
    found = _VISIBLE.objects(member=membership.pk, on=on, code=code)
    if not found:
        raise Http404("No person that you can see matches.")
    if permission is not None:
        require(membership, permission, on)
    person: Person = found[0]
    return person


def _visible(*, member: int, on: date, code: str) -> QuerySet[Person]:
    return visible_people(Membership(pk=member), on=on).filter(code=code)


_VISIBLE = Question(_visible)


def person_named(membership: Membership, *, on: date, text: str) -> Person:
    """The person whose number this is, or the only one whose name has it in it.

    DomainError where it fits nobody whom the member sees, or several: the sentence lists them.
    """
    people = visible_people(membership, on=on)
    exact = people.filter(code=text).first()
    if exact is not None:
        return exact
    named = list(people.filter(name__icontains=text).order_by("name")[: MOST_NAMED + 1])
    if len(named) == 1:
        return named[0]
    if not named:
        raise DomainError(f"Nobody here has the name or number “{text}”.")
    shown = ", ".join(f"{person.name} ({person.code})" for person in named[:MOST_NAMED])
    more = " and others" if len(named) > MOST_NAMED else ""
    raise DomainError(f"“{text}” fits {shown}{more}. Write the number of one of them.")


def may_see_pay(
    membership: Membership,
    person: Person | None,
    on: date,
    *,
    held: frozenset[Permission] | None = None,
) -> bool:
    """Whether a member may read the pay of a person whom they can see (docs/adr/0155).

    Their own always; everybody's with a role that sees everyone; their people's as supervisor
    where the tenant says so. Without a person: of others at all, as a column of a table asks.
    ``held``: the member's permissions of the day, where they are known already.
    """
    if person is not None and person.pk == membership.person_id:
        return True
    if held is None:
        held = permissions(membership, on)
    if Permission.SEE_EVERYONE in held:
        return True
    return Permission.SEE_TEAM in held and membership.tenant.supervisors_see_pay


def assignments_on(on: date) -> QuerySet[Assignment]:
    """The jobs of a day, as they are known now."""
    return Assignment.objects.filter(CURRENT, valid_from__lte=on, valid_to__gt=on)


def people_at(unit: Unit, on: date, *, subtree: bool = True) -> QuerySet[Person]:
    """Who works in a unit on a day; with those of the units below it unless told otherwise."""
    units: Any = [unit.pk]
    if subtree:
        below = UnitClosure.objects.filter(ancestor=unit, valid_from__lte=on, valid_to__gt=on)
        units = below.values("descendant")
    return Person.objects.filter(pk__in=assignments_on(on).filter(unit__in=units).values("person"))


def _roles(permission: Permission) -> list[str]:
    return sorted(role.value for role in roles_with(permission))


def _numbered(statement: str, values: dict[str, Any]) -> tuple[str, list[Any]]:
    """The statement with places in order instead of names, as a part of a queryset needs it."""
    order = re.findall(r"%\((\w+)\)s", statement)
    return re.sub(r"%\(\w+\)s", "%s", statement), [values[name] for name in order]
