"""Where a person stands: the place by one measure among those who do the same job in the team.

Peers are who holds the same job type in the same unit on the day; where these are too few, also in
the units beside it. Nobody is ranked among fewer than five, where a place would name people. A page
shows two above and two below: who is last is shown only to themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from incentives.explain import attainment_in
from incentives.rules import MeasureRule, VersionRules
from org.models import Person
from org.sql import NEVER, fetch

FEWEST, MOST = 5, 250
BESIDE = 2


@dataclass(frozen=True)
class Job:
    """The job of a day: what and where."""

    job_type: str
    unit: str
    nearby: bool = False

    @property
    def here(self) -> str:
        """The job as it stands below a name."""
        return f"{self.job_type}, {self.unit}"

    @property
    def among(self) -> str:
        """Among whom somebody is ranked, in words."""
        where = f"{self.unit} and the units beside it" if self.nearby else self.unit
        return f"{self.job_type}, {where}"


@dataclass(frozen=True)
class Place:
    """One row of a ranking; equal ones share a rank."""

    rank: int
    name: str
    attainment: Decimal
    mine: bool


@dataclass(frozen=True)
class Ranking:
    """My place by a measure's attainment, with those just above and below."""

    title: str
    among: str
    of: int
    mine: Place
    rows: tuple[Place, ...]
    above: bool
    below: bool


@dataclass(frozen=True)
class Peer:
    """Somebody with the same job, and what their result was worked out from."""

    person: int
    name: str
    inputs: dict[str, str]


# The job of the person, the units beside its unit, and everybody there with the same job type.
PEERS = f"""
    WITH mine AS (
        SELECT job.unit_id, job.job_type_id FROM org_assignment AS job
        WHERE job.person_id = %(person)s AND job.superseded_at = {NEVER}
          AND job.valid_from <= %(on)s AND job.valid_to > %(on)s
        ORDER BY job.slot <> 'primary', job.slot LIMIT 1),
    beside AS (
        SELECT other.unit_id FROM mine
        JOIN org_unitplacement AS own ON own.unit_id = mine.unit_id
         AND own.superseded_at = {NEVER} AND own.valid_from <= %(on)s AND own.valid_to > %(on)s
        JOIN org_unitplacement AS other ON other.parent_id = own.parent_id
         AND other.superseded_at = {NEVER} AND other.valid_from <= %(on)s
         AND other.valid_to > %(on)s),
    near AS (
        SELECT DISTINCT job.person_id FROM mine JOIN org_assignment AS job
          ON job.unit_id = mine.unit_id AND job.job_type_id = mine.job_type_id
        WHERE job.superseded_at = {NEVER} AND job.valid_from <= %(on)s AND job.valid_to > %(on)s),
    peer AS (
        SELECT person_id, false AS nearby FROM near
        UNION ALL
        SELECT DISTINCT job.person_id, true FROM mine CROSS JOIN beside JOIN org_assignment AS job
          ON job.unit_id = beside.unit_id AND job.job_type_id = mine.job_type_id
        WHERE (SELECT count(*) FROM near) < {FEWEST} AND job.superseded_at = {NEVER}
          AND job.valid_from <= %(on)s AND job.valid_to > %(on)s
          AND job.person_id NOT IN (SELECT person_id FROM near))
    SELECT job_type.name, unit.name, found.person_id, found.name, found.inputs, found.nearby
    FROM mine JOIN org_unit AS unit ON unit.id = mine.unit_id
    JOIN org_jobtype AS job_type ON job_type.id = mine.job_type_id
    LEFT JOIN LATERAL (
        SELECT peer.person_id, peer.nearby, person.name, result.inputs
        FROM peer JOIN org_person AS person ON person.id = peer.person_id
        JOIN incentives_result AS result ON result.person_id = peer.person_id
         AND result.run_id = %(run)s
        ORDER BY peer.person_id, result.job LIMIT {MOST}) AS found ON true
"""


def job_and_peers(*, person: Person, on: date, run: int | None) -> tuple[Job | None, list[Peer]]:
    """The person's job of a day, and all with the same job who have a result in a run."""
    rows = fetch(PEERS, {"person": person.pk, "on": on, "run": run})
    if not rows:
        return None, []
    job_type, unit = rows[0][:2]
    job = Job(job_type, unit, nearby=any(row[5] for row in rows))
    return job, [Peer(p, name, json.loads(told)) for *_, p, name, told, _ in rows if p is not None]


def ranking_of(
    *, person: Person, job: Job, peers: Iterable[Peer], rules: VersionRules, measure: MeasureRule
) -> Ranking | None:
    """The person's place among peers; None without an own attainment or where they are too few."""
    best: dict[int, tuple[Decimal, str]] = {}
    for peer in peers:
        value = attainment_in(rules, measure, peer.inputs)
        if value is not None and (peer.person not in best or best[peer.person][0] < value):
            best[peer.person] = (value, peer.name)
    if person.pk not in best or not FEWEST <= len(best) < MOST:
        return None
    if len({value for value, _ in best.values()}) == 1:
        return None  # as in a period that has only begun: everybody would be first
    order = sorted(best.items(), key=lambda one: (-one[1][0], one[0] != person.pk, one[1][1]))
    places = [
        Place(1 + sum(other > value for other, _ in best.values()), name, value, who == person.pk)
        for who, (value, name) in order
    ]
    at = next(n for n, place in enumerate(places) if place.mine)
    first, last = max(0, at - BESIDE), at + BESIDE + 1
    return Ranking(
        title=measure.title,
        among=job.among,
        of=len(places),
        mine=places[at],
        rows=tuple(places[first:last]),
        above=first > 0,
        below=last < len(places),
    )
