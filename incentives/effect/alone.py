"""Two versions of a plan that moves no other: what both come to, by the engine's own statements.

Participants, figures and goals are found once for both, and no results are written. Where nobody's
figures move another's pay, people are worked out in parts, at once and each in a transaction of its
own, and their amounts are read straight from the formulas (docs/adr/0237).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any

from psycopg.sql import SQL, Identifier, Literal

from incentives import calculate
from incentives.common import Common
from incentives.effect import groups, rows, sides, typical
from incentives.effect.rows import Rows
from incentives.effect.sides import Side
from incentives.effect.typical import Typical
from incentives.participants import Frame
from incentives.rules import Per, VersionRules
from org import abreast
from org.progress import Tell
from org.sql import NEVER, execute, fetch, keep

PARTS = 2
# A part costs a connection and the statements of a calculation: few people are sooner done in one.
FEWEST = 5_000
BEFORE, AFTER = "effect_before", "effect_after"


@dataclass(frozen=True)
class Both:
    """The version in force and another, over one period.

    ``final``: it is final there. ``at_once``: parts of the people may be worked out in transactions
    of their own.
    """

    before: Frame
    after: Frame
    on: date
    final: bool
    at_once: bool

    @property
    def sides(self) -> tuple[tuple[Frame, str], ...]:
        """Each frame with the table of its sums."""
        return (self.before, BEFORE), (self.after, AFTER)

    @property
    def apart(self) -> bool:
        """Whether nobody's figures move another's pay, nor share a cent with it."""
        return not any(_moves_others(frame.rules) for frame, _ in self.sides)

    def among(self, **whose: Any) -> Both:
        """The same over some of the people, with tables of their own."""
        common = Common()
        before, after = (replace(frame, common=common, **whose) for frame, _ in self.sides)
        return replace(self, before=before, after=after)


def _moves_others(rules: VersionRules) -> bool:
    return rules.everybody or any(
        c.per == Per.CREDIT and c.each == "transaction" and not c.of_others
        for c in rules.components.values()
    )


Sides = tuple[Side, Side]
Pair = tuple[Typical | None, Typical | None]


def work_out(both: Both, tell: Tell) -> tuple[Sides, Pair]:
    """Fill the tables of an effect; the sums of both sides, and one typical person by both."""
    tell("Working out the pay without it and with it", 0, 2)
    if not both.apart:
        return _together(both)
    found = _in_parts(both)
    tell("Comparing", 1, 2)
    return found, _typical(both)


# --- everybody at once


def _together(both: Both) -> tuple[Sides, Pair]:
    _shadow_what_is_written(both)
    found: list[Side] = []
    like: list[Typical | None] = []
    for frame, table in both.sides:
        work, _ = calculate.work_out_frame(frame, both.on)
        found.append(sides.settle(work, table))
        person = like[0].person if like and like[0] else None
        like.append(typical.of_work(work, table, person))
    _join(both)
    return (found[0], found[1]), (like[0], like[1])


def _shadow_what_is_written(both: Both) -> None:
    if any(frame.rules.whole for frame, _ in both.sides):
        sides.shadow_earnings()


# In order, because so they are written into an index fastest.
JOINED = """
    SELECT person_id, {currency} AS currency, coalesce(old.total, 0) AS before,
           coalesce(new.total, 0) AS after,
           CASE WHEN {final} THEN coalesce(new.total, 0) - coalesce(old.total, 0) ELSE 0 END
             AS earned
    FROM {before} AS old FULL JOIN {after} AS new USING (person_id)
    ORDER BY person_id
"""


def _join(both: Both) -> None:
    keep(
        "effect_person",
        SQL(JOINED).format(
            currency=Literal(both.after.currency),
            final=Literal(both.final),
            before=Identifier(BEFORE),
            after=Identifier(AFTER),
        ),
        joined=["person_id"],
    )
    groups.find(both.after.period)


# --- in parts


def _in_parts(both: Both) -> Sides:
    parts = [both.among(between=between) for between in _ranges(both)]
    if not parts:
        return _part(both)
    found = abreast.each([partial(_part_as_rows, part) for part in parts], at_once=both.at_once)
    for table in rows.COLUMNS:
        rows.begin(table)
        for _, read in found:
            rows.add(table, read[table])
    execute("ANALYZE effect_person (person_id)")
    before, after = (
        sides.added([pair[number] for pair, _ in found]) for number in range(len(both.sides))
    )
    return before, after


def _part(both: Both) -> Sides:
    """Work a part out into ``effect_person``; its sums."""
    _shadow_what_is_written(both)
    found = []
    for frame, table in both.sides:
        # Lines that the plan as a whole cuts are written, and read by every statement of that.
        kept = bool(frame.rules.whole)
        work, _ = calculate.work_out_frame(frame, both.on, kept=kept)
        found.append(sides.settle(work, table))
    _join(both)
    return found[0], found[1]


def _part_as_rows(both: Both) -> tuple[Sides, dict[str, Rows]]:
    return _part(both), {table: rows.read(table) for table in rows.COLUMNS}


BOUNDS = """
    SELECT count(*), percentile_disc({shares}::float8[]) WITHIN GROUP (ORDER BY person_id),
           max(person_id) + 1
    FROM org_assignment
    WHERE superseded_at = {never} AND valid_from < {end} AND valid_to > {opening}
"""


def _ranges(both: Both) -> list[tuple[int, int]]:
    """Numbers of people between which about as many have jobs; none where all are few."""
    [(jobs, inner, last)] = fetch(
        SQL(BOUNDS).format(
            shares=Literal([part / PARTS for part in range(1, PARTS)]),
            never=SQL(NEVER),
            end=Literal(both.before.end),
            opening=Literal(min(frame.opening for frame, _ in both.sides)),
        )
    )
    if jobs < FEWEST:
        return []
    bounds = sorted({0, *inner, last})
    return list(pairwise(bounds))


# --- one typical person


def _typical(both: Both) -> Pair:
    """The person in the middle of what people earn before, as the engine knows them on both
    sides."""
    person = typical.in_the_middle(SQL("SELECT person_id, before AS total FROM effect_person"))
    if person is None:
        return None, None
    one = both.among(people=(person,))
    found = []
    for frame, _ in one.sides:
        work, _ = calculate.work_out_frame(frame, both.on)
        found.append(typical.of_person(work, person))
    return found[0], found[1]
