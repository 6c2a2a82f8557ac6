"""Who takes part in a transaction, as somebody corrects it: roles, people and shares together.

A correction names all of them, so that what was approved is what holds (docs/adr/0223). It is kept
where corrections of attributes are, under a name that no attribute can have: those have no blanks.
Each party is kept as ``{"role": …, "person": id, "share": exact text or None}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from metrics.cells import Unreadable, figures
from metrics.deals import exact_shares, share_in
from metrics.map_parts import Reading
from metrics.models import Party, Transaction, TransactionKind
from metrics.transaction_map import EQUAL
from org.errors import DomainError
from org.models import Person

PARTIES = "who takes part"
MOST = 50
Kept = dict[str, Any]


class SaidParty(NamedTuple):
    """Who plays a role; ``share`` as a file writes it: 60 %, 0.6 or 1/3, "" for none."""

    role: str
    person: Person
    share: str = ""


def parties_of(deal: Transaction) -> list[Kept]:
    """Who takes part in a version of a transaction, in the order of its kind's roles."""
    rows = Party.objects.filter(transaction=deal)
    return _ordered(deal.kind, [(row.role, row.person_id, _plain(row.share)) for row in rows])


def read_parties(kind: TransactionKind, said: Sequence[SaidParty]) -> list[Kept]:
    """What is kept of parties that somebody names; nobody at all is an empty list.

    DomainError for a role that the kind does not have, a person who stands twice in one role, and
    a share that is none.
    """
    if len(said) > MOST:
        raise DomainError(f"A deal has at most {MOST} people in it; here are {len(said)}.")
    seen: set[tuple[str, int]] = set()
    for one in said:
        if one.role not in kind.roles:
            known = ", ".join(kind.roles) or "none"
            raise DomainError(f"The kind {kind} has no role “{one.role}”. It has: {known}.")
        if (one.role, one.person.pk) in seen:
            raise DomainError(
                f"{one.person} stands twice as {one.role}. Add the shares up in one line."
            )
        seen.add((one.role, one.person.pk))
    shares = exact_shares(_shares(kind, said))
    found = [
        (one.role, one.person.pk, share and _plain(Decimal(share)))
        for one, share in zip(said, shares, strict=True)
    ]
    return _ordered(kind, found)


def _shares(kind: TransactionKind, said: Sequence[SaidParty]) -> list[Fraction | None]:
    """Each share as somebody wrote it; those of roles with equal parts are worked out."""
    equal = [_equal(kind, one.role) for one in said]
    part = Fraction(1, sum(equal)) if any(equal) else None
    return [part if alike else _share(one) for one, alike in zip(said, equal, strict=True)]


def _equal(kind: TransactionKind, role: str) -> bool:
    return bool(kind.roles[role].get("share") == EQUAL)


def _share(one: SaidParty) -> Fraction | None:
    try:
        return share_in(one.share, figures(Reading("percent", ".", "")))
    except Unreadable as error:
        raise DomainError(f"The share of {one.person} {error}") from error


def _ordered(kind: TransactionKind, found: Iterable[tuple[str, int, str | None]]) -> list[Kept]:
    places = {role: place for place, role in enumerate(kind.roles)}
    rows = sorted(found, key=lambda one: (places.get(one[0], len(places)), one[0], one[1]))
    return [{"role": role, "person": person, "share": share} for role, person, share in rows]


def _plain(share: Decimal | None) -> str | None:
    return None if share is None else f"{share.normalize():f}"


# --- In words


def people_in(parties: Iterable[Mapping[str, Any]]) -> set[int]:
    """Whom parties name."""
    return {one["person"] for one in parties}


def said_parties(parties: Sequence[Mapping[str, Any]]) -> str:
    """Everybody with their role and share, in one line."""
    names = Person.objects.in_bulk(people_in(parties))
    said = (
        f"{one['role']} {names.get(one['person'], 'somebody who is gone')}{_part(one['share'])}"
        for one in parties
    )
    return ", ".join(said) or "nobody"


def _part(share: str | None) -> str:
    return "" if share is None else f" ({said_share(share)})"


def said_share(share: str) -> str:
    """A share in per cent."""
    return f"{(Decimal(share) * 100).normalize():f} %"


def not_whole(parties: Sequence[Mapping[str, Any]]) -> str:
    """What shares come to where all have one and they are not the whole; '' else."""
    shares = [one["share"] for one in parties]
    if not shares or None in shares:
        return ""
    whole = sum((Decimal(share) for share in shares), Decimal(0))
    return "" if whole == 1 else said_share(str(whole))


# --- In statements

# Of corrections of one transaction: the attributes that they set, and the parties.
SET = f"jsonb_object_agg(attribute, value) FILTER (WHERE attribute <> '{PARTIES}') AS set"
SET_PARTIES = f"(jsonb_agg(value) FILTER (WHERE attribute = '{PARTIES}')) -> 0 AS parties"
# Rows of parties, called p, as they are kept.
AS_LIST = (
    "coalesce(jsonb_agg(jsonb_build_object('role', p.role, 'person', p.person_id,"
    " 'share', trim_scale(p.share)::text) ORDER BY p.role, p.person_id), '[]')"
)


def listed(kept: str) -> str:
    """The rows of parties that are kept: role, person_id, share; none of NULL."""
    return (
        "(SELECT said.role, said.person AS person_id, said.share FROM jsonb_to_recordset("
        f"{kept}) AS said (role text, person bigint, share numeric))"
    )
