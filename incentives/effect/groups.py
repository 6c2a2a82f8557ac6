"""An effect by unit, job type, tenure and contract share, and how the changes are spread.

A person counts where they are on the period's last day, or were last in it: in the primary job
slot, else in another. Read while ``effect_person`` is there (:mod:`incentives.effect.working`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

from psycopg.sql import SQL, Composable, Identifier, Literal

from org.models import Period
from org.sql import NEVER, fetch, keep

BINS = 12
# Months of tenure: from each on, until the next.
TENURES = ((0, "under 3 months"), (3, "3 to 11 months"), (12, "1 to 2 years"), (36, "3 years on"))
# Contract shares: up to each, from above the one before.
SHARES = (
    (Decimal("0.5"), "up to 50 %"),
    (Decimal("0.8"), "over 50 to 80 %"),
    (Decimal("0.999999"), "over 80, under 100 %"),
    (Decimal(1), "full time"),
)


NO_JOB, NOT_EMPLOYED = "no job in the period", "no employment"


@dataclass(frozen=True)
class Group:
    """Some people together, in one currency; ``depth`` and ``within``: of a unit in the tree."""

    key: str
    name: str
    people: int
    before: Decimal
    after: Decimal
    gain: int
    lose: int
    depth: int = 0
    within: str = ""

    @property
    def change(self) -> Decimal:
        """What all of them gain, or, below 0, lose."""
        return self.after - self.before

    @property
    def relative(self) -> Decimal | None:
        """The change as a part of what there was; None where there was nothing."""
        return self.change / self.before if self.before > 0 else None


@dataclass(frozen=True)
class Spread:
    """How many people change by how much: bars of ``step`` from ``start`` on, nobody at 0."""

    start: Decimal
    step: Decimal
    counts: tuple[int, ...]


def find(period: Period) -> None:
    """Fill ``effect_group``: how many people, and their sums, of each currency, unit_id,
    job_type_id, ``share`` and ``tenure`` (bands by name) and ``hours`` (full or part).

    Everything that is said of groups is added up from it: people are looked at once.
    """
    keep(
        "effect_group",
        SQL(GROUPS).format(
            share=_band("about.share <= {}", SHARES, NO_JOB),
            tenure=_band("about.tenure >= {}", TENURES[::-1], NOT_EMPLOYED),
            never=SQL(NEVER),
            start=Literal(period.valid_from),
            end=Literal(period.valid_to),
        ),
        joined=["unit_id", "job_type_id"],
    )


def _band(test: str, bands: Iterable[tuple[int | Decimal, str]], none: str) -> Composable:
    """The name of the first band whose test a person passes."""
    whens = [
        SQL("WHEN " + test + " THEN {}").format(Literal(bound), Literal(name))
        for bound, name in bands
    ]
    return SQL("CASE {} ELSE {} END").format(SQL(" ").join(whens), Literal(none))


GROUPS = """
    WITH job AS (
      SELECT DISTINCT ON (job.person_id) job.person_id, job.unit_id, job.job_type_id, job.share
      FROM org_assignment AS job
      WHERE job.superseded_at = {never} AND job.valid_from < {end} AND job.valid_to > {start}
        AND job.person_id IN (SELECT person_id FROM effect_person)
      ORDER BY job.person_id, job.slot <> 'primary', job.valid_to DESC),
    hired AS (
      SELECT DISTINCT ON (person_id) person_id,
             (extract(year FROM age({end}::date, tenure_start)) * 12
              + extract(month FROM age({end}::date, tenure_start)))::int AS tenure
      FROM org_employment WHERE superseded_at = {never} AND valid_from < {end}
        AND person_id IN (SELECT person_id FROM effect_person)
      ORDER BY person_id, valid_from DESC),
    about AS (
      SELECT who.*, job.unit_id, job.job_type_id, job.share,
             CASE WHEN job.person_id IS NOT NULL THEN hired.tenure END AS tenure
      FROM effect_person AS who LEFT JOIN job USING (person_id) LEFT JOIN hired USING (person_id))
    SELECT currency, unit_id, job_type_id, {share} AS share, {tenure} AS tenure,
           CASE WHEN about.share < 1 THEN 'part' WHEN about.share = 1 THEN 'full' END AS hours,
           count(*) AS people, sum(before) AS before, sum(after) AS after,
           count(*) FILTER (WHERE after > before) AS gain,
           count(*) FILTER (WHERE after < before) AS lose
    FROM about GROUP BY 1, 2, 3, 4, 5, 6
"""
SUMS = """
    sum(people)::bigint AS people, sum(before) AS before, sum(after) AS after,
    sum(gain)::bigint AS gain, sum(lose)::bigint AS lose
"""
GROUPED = (
    "SELECT {key}, {name}, "
    + SUMS
    + " FROM effect_group AS about {joins} WHERE currency = {currency} GROUP BY 1, 2"
)


def _grouped(currency: str, key: Composable, name: Composable, joins: str = "") -> list[Group]:
    query = SQL(GROUPED).format(key=key, name=name, joins=SQL(joins), currency=Literal(currency))
    return [Group(*row) for row in fetch(query)]


def all_together(currency: str) -> Group:
    """Everybody in one currency."""
    return _grouped(currency, SQL("''"), SQL("''"))[0]


def currencies() -> list[str]:
    """The currencies in which anybody is paid, the most frequent first."""
    found = fetch("SELECT currency FROM effect_group GROUP BY 1 ORDER BY sum(people) DESC, 1")
    return [currency for (currency,) in found]


def by_job_type(currency: str) -> list[Group]:
    """By job type, the largest first."""
    found = _grouped(
        currency,
        SQL("coalesce(job_type.code, '')"),
        SQL("coalesce(job_type.name, 'no job in the period')"),
        "LEFT JOIN org_jobtype AS job_type ON job_type.id = about.job_type_id",
    )
    return sorted(found, key=lambda group: (-group.people, group.name))


def by_tenure(currency: str) -> list[Group]:
    """By bands of tenure, the shortest first."""
    return _banded(currency, "tenure", [*(name for _, name in TENURES), NOT_EMPLOYED])


def by_share(currency: str) -> list[Group]:
    """By bands of contract share, the smallest first."""
    return _banded(currency, "share", [*(name for _, name in SHARES), NO_JOB])


def _banded(currency: str, column: str, names: Iterable[str]) -> list[Group]:
    found = {
        group.name: group for group in _grouped(currency, SQL("''"), Identifier("about", column))
    }
    return [found[name] for name in names if name in found]


def of_part_time(currency: str) -> tuple[Group | None, Group | None]:
    """Who works part of full hours, and who works all of them."""
    found = {
        group.key: group for group in _grouped(currency, Identifier("about", "hours"), SQL("''"))
    }
    return found.get("part"), found.get("full")


def by_unit(currency: str, period: Period) -> list[Group]:
    """Each unit with all below it, as a tree: the top levels first, each followed by its own."""
    rows = fetch(
        SQL(UNITS).format(currency=Literal(currency), last=Literal(period.valid_to), sums=SQL(SUMS))
    )
    children: dict[str, list[Group]] = {}
    for within, *row in rows:
        children.setdefault(within, []).append(replace(Group(*row), within=within))
    return list(_below("", children, 0))


UNITS = """
    WITH tree AS (
      SELECT descendant_id, ancestor_id, depth FROM org_unitclosure
      WHERE valid_from < {last} AND valid_to >= {last}),
    sums AS (
      SELECT tree.ancestor_id AS unit_id, {sums}
      FROM effect_group AS about JOIN tree ON tree.descendant_id = about.unit_id
      WHERE about.currency = {currency} GROUP BY 1)
    SELECT coalesce(parent.code, ''), unit.code, unit.name, sums.people, sums.before, sums.after,
           sums.gain, sums.lose
    FROM sums JOIN org_unit AS unit ON unit.id = sums.unit_id
    LEFT JOIN tree ON tree.descendant_id = unit.id AND tree.depth = 1
    LEFT JOIN org_unit AS parent ON parent.id = tree.ancestor_id
    ORDER BY unit.name, unit.code
"""


def _below(code: str, children: dict[str, list[Group]], depth: int) -> Iterable[Group]:
    for group in children.get(code, []):
        yield replace(group, depth=depth)
        yield from _below(group.key, children, depth + 1)


# --- the spread


def spread(currency: str) -> Spread | None:
    """How the changes of those who gain or lose are spread; None where nobody does."""
    changed = SQL("currency = {} AND after <> before").format(Literal(currency))
    [(least, most)] = fetch(
        SQL("SELECT min(after - before), max(after - before) FROM effect_person WHERE {}").format(
            changed
        )
    )
    if least is None:
        return None
    step = _round_step(max(most, Decimal(0)) - min(least, Decimal(0)))
    start = min(Decimal(0), (least / step).to_integral_value(ROUND_FLOOR) * step)
    counts = dict(
        fetch(
            SQL(
                "SELECT CASE WHEN after > before"
                " THEN ceil((after - before - {start}) / {step}) - 1"
                " ELSE floor((after - before - {start}) / {step}) END::int, count(*)"
                " FROM effect_person WHERE {changed} GROUP BY 1"
            ).format(start=Literal(start), step=Literal(step), changed=changed)
        )
    )
    return Spread(start, step, tuple(counts.get(n, 0) for n in range(max(counts) + 1)))


def _round_step(width: Decimal) -> Decimal:
    """A round step with which a width has at most :data:`BINS` bars."""
    wanted = width / BINS
    power = Decimal(10) ** wanted.adjusted()
    return next(power * n for n in (1, 2, 5, 10) if power * n >= wanted)
