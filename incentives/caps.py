"""Caps over several plans: what one person can earn in a period by all of them together.

The plans stand in an order: what an earlier one pays is kept, and the cut is taken from the later
ones. It is allotted to their components to the cent (docs/adr/0104). Where several caps hold, each
cuts what those before it, by name, have left (docs/adr/0130).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg.sql import SQL, Composable, Literal

from incentives.currencies import currency_of, places, rate_in
from incentives.models import CalculationRun, PersonCap, Plan
from incentives.outcome import allot, summarise
from org.dates import NEVER
from org.errors import DomainError
from org.models import Period
from org.sql import fetch, keep, values


def caps_of(period: Period) -> list[PersonCap]:
    """The caps that hold in a period, as known now, in the order in which they cut."""
    return list(
        PersonCap.objects.filter(
            calendar=period.calendar_id,
            superseded_at=NEVER,
            valid_from__lte=period.valid_from,
            valid_to__gt=period.valid_from,
        ).order_by("name")
    )


def plans_capped_with(plan: Plan, period: Period) -> set[str]:
    """The codes of the plans that share caps with a plan in a period, itself among them.

    Also by way of a third plan: what one cap leaves of that one, the next cap looks at.
    """
    caps = [set(cap.plans) for cap in caps_of(period)]
    found: set[str] = set()
    more = {code for cap in caps if plan.code in cap for code in cap}
    while more - found:
        found |= more
        more = {code for cap in caps if cap & found for code in cap}
    return found


def apply(period: Period, made: Iterable[CalculationRun]) -> None:
    """Cut what runs have just found to the caps of their period. Again, it changes nothing."""
    caps = caps_of(period)
    if not caps:
        return
    fresh = {run.plan.code: run for run in made}
    together = {code for run in fresh.values() for code in plans_capped_with(run.plan, period)}
    if not together:
        return
    plans = {plan.code: plan for plan in Plan.objects.filter(code__in=together)}
    runs = [
        (plan.pk, run)
        for code, plan in plans.items()
        for run in ([fresh[code].pk] if _whole(fresh.get(code)) else _latest(code, period))
    ]
    cuts: Composable = SQL(GROSS).format(
        runs=values(runs, (("plan_id", "bigint"), ("run_id", "bigint")))
    )
    bounds = [
        Bound(cap.amount, _members(cap, period, plans)) for cap in caps if together & set(cap.plans)
    ]
    _keep_cut(bounds, cuts)
    for code in sorted(together & fresh.keys()):
        changed = allot(
            SQL(
                "SELECT person_id, plan_id, gross AS total, allowed FROM capped"
                " WHERE plan_id = {} AND total <> allowed"
            ).format(Literal(plans[code].pk)),
            runs=[fresh[code].pk],
            key=("person_id", "plan_id"),
            places=places(currency_of(plans[code])),
            why="person",
        )
        if changed:
            summarise(fresh[code])


def _whole(made: CalculationRun | None) -> bool:
    return made is not None and made.only is None


def _latest(code: str, period: Period) -> list[int]:
    """A plan's latest run of everybody in a period, and later ones of some people."""
    runs = CalculationRun.objects.filter(plan__code=code, period=period)
    whole = runs.filter(only__isnull=True).order_by("-pk").values_list("pk", flat=True).first()
    if whole is None:
        return []
    later = runs.filter(pk__gt=whole, only__isnull=False).values_list("pk", flat=True)
    return [whole, *later]


# For each person and plan, what stands by now (total), and what it comes to before any cap.
GROSS = """
    SELECT earning.person_id, earning.plan_id, sum(earning.amount) AS total,
           sum(coalesce((earning.detail ->> 'person')::numeric, earning.amount)) AS gross,
           sum(coalesce((earning.detail ->> 'person')::numeric, earning.amount)) AS allowed
    FROM ({runs}) AS run JOIN incentives_earning AS earning ON earning.run_id = run.run_id
    WHERE earning.status = 'decided' AND NOT EXISTS (
      SELECT 1 FROM ({runs}) AS later
      JOIN incentives_calculationrun AS made ON made.id = later.run_id
      WHERE later.plan_id = run.plan_id AND later.run_id > run.run_id
        AND (made.only IS NULL OR made.only @> to_jsonb(earning.person_id)))
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Bound:
    """A cap's amount, and its plans: a query of plan_id, place, rate and places."""

    amount: Decimal
    members: Composable


def _members(cap: PersonCap, period: Period, plans: Mapping[str, Plan]) -> Composable:
    members = [
        (plan.pk, place, _rate(cap, period, plan), places(currency_of(plan)))
        for place, plan in enumerate(plans[code] for code in cap.plans if code in plans)
    ]
    return values(
        members,
        (("plan_id", "bigint"), ("place", "int"), ("rate", "numeric"), ("places", "int")),
    )


def _keep_cut(bounds: Sequence[Bound], cuts: Composable) -> None:
    """Keep what all caps leave as ``capped``.

    A later cap takes less away of an amount below zero, whose room an earlier one gave to others:
    so they go on in turn until none is exceeded. Each turn lowers the sum, by a coin at least.
    """
    keep("capped", _cut(bounds, cuts))
    while len(bounds) > 1 and fetch(_exceeded(bounds)):
        keep("capped_again", _cut(bounds, SQL("SELECT * FROM capped")))
        keep("capped", SQL("SELECT * FROM capped_again"))


def _exceeded(bounds: Sequence[Bound]) -> Composable:
    return SQL(" UNION ALL ").join(
        SQL(
            "SELECT person_id FROM capped JOIN ({}) AS member USING (plan_id)"
            " GROUP BY person_id HAVING sum(allowed * rate) > {}"
        ).format(bound.members, Literal(bound.amount))
        for bound in bounds
    )


def _cut(bounds: Sequence[Bound], known: Composable) -> Composable:
    """What caps leave of ``allowed``, one after the other, for each person and plan.

    What all plans up to one come to, in the cap's currency, is cut to the cap; a plan has the
    difference that it makes. So a negative amount gives back the room that it takes.
    """
    for bound in bounds:
        known = SQL(CUT).format(known=known, members=bound.members, amount=Literal(bound.amount))
    return known


def _rate(cap: PersonCap, period: Period, plan: Plan) -> Decimal:
    """What one unit of a plan's currency is worth in the cap's."""
    base, quote = currency_of(plan), currency_of(cap)
    if base == quote:
        return Decimal(1)
    rate = rate_in(period, name=cap.exchange_rate, base=base, quote=quote)
    if rate is None:
        raise DomainError(
            f"The cap “{cap.name}” is in {quote} and the plan “{plan}” pays in {base}, but there is"
            f" no rate “{cap.exchange_rate}” from {base} to {quote} for {period}. Add it under"
            " exchange_rates."
        )
    return rate


# Cut amounts are rounded down, so that together they never come to more than the cap.
CUT = """
    SELECT person_id, plan_id, total, gross,
           CASE WHEN place IS NULL OR upto - before = inside THEN allowed
             ELSE floor((upto - before)::numeric(80,40) / rate * power(10::numeric, places))
                  / power(10::numeric, places) END AS allowed
    FROM (SELECT known.*, member.place, member.rate, member.places, allowed * rate AS inside,
                 LEAST({amount}, sum(allowed * rate) OVER upward) AS upto,
                 LEAST({amount}, sum(allowed * rate) OVER upward - allowed * rate) AS before
          FROM ({known}) AS known LEFT JOIN ({members}) AS member USING (plan_id)
          WINDOW upward AS (PARTITION BY person_id, place IS NULL ORDER BY place
                            ROWS UNBOUNDED PRECEDING)) AS found
"""
