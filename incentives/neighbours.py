"""Whose results one person's figures move: people of the same units, or nobody can tell.

Pools, places and figures of a unit move the results of that unit and no others, so a correction
need not be everybody's (docs/adr/0126).
"""

from __future__ import annotations

from psycopg.sql import SQL, Composed, Literal

from incentives.models import Measure
from incentives.participants import Frame
from incentives.parties import parties_beside
from incentives.rules import POPULATION, Per, VersionRules
from org.models import Period
from org.sql import NEVER, fetch

Scope = Measure.Scope
UNIT = "unit"


def frame_of(rules: VersionRules, period: Period, people: tuple[int, ...]) -> Frame | None:
    """What must be calculated when the figures of some people moved; None: everything.

    Those in units of theirs are calculated. So that what they share is right in all their results,
    everybody in a unit of *these* is worked out beside them.
    """
    if not rules.everybody:
        return Frame(rules, period, people, parties_beside(rules, period, people))
    if not within_units(rules):
        return None
    whole = Frame(rules, period)
    moved = _people_in(whole, _units_ever(people)) | set(people)
    beside = _people_in(whole, _units_in(whole, moved)) - moved
    return Frame(rules, period, tuple(sorted(moved)), tuple(sorted(beside)))


def within_units(rules: VersionRules) -> bool:
    """Whether nobody's figures move a result of another unit."""
    scopes = {measure.scope for measure in rules.measures.values()}
    places = {ref.within for ref in rules.references if ref.kind in POPULATION}
    pools = {c.within for c in rules.components.values() if c.per == Per.TEAM}
    # Parties share the cents of a transaction, in whichever units they are.
    parties = any(
        c.per == Per.CREDIT and c.each == "transaction" for c in rules.components.values()
    )
    return scopes <= {Scope.OWN, Scope.TEAM} and places | pools <= {UNIT} and not parties


def _units_ever(people: tuple[int, ...]) -> set[int]:
    """Every unit of which they have been known: a figure of the unit may look back, and a job that
    has just been corrected away is one of those that moved."""
    rows = fetch(
        "SELECT DISTINCT unit_id FROM org_assignment WHERE person_id = ANY(%s)", [list(people)]
    )
    return {unit for (unit,) in rows}


def _units_in(frame: Frame, people: set[int]) -> set[int]:
    """The units in which people may have a result."""
    return {unit for (unit,) in fetch(_jobs("unit_id", "person_id", frame, people))}


def _people_in(frame: Frame, units: set[int]) -> set[int]:
    """Who may have a result in one of these units."""
    return {person for (person,) in fetch(_jobs("person_id", "unit_id", frame, units))}


def _jobs(wanted: str, by: str, frame: Frame, which: set[int]) -> Composed:
    return SQL(
        f"SELECT DISTINCT {wanted} FROM org_assignment WHERE {by} = ANY({{which}}::bigint[])"
        " AND superseded_at = {never} AND valid_from < {end} AND valid_to >= {opening}"
    ).format(
        which=Literal(sorted(which)),
        never=SQL(NEVER),
        end=Literal(frame.end),
        opening=Literal(frame.opening),
    )
