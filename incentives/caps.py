"""Caps over several plans: what one person can earn in a period by all of them together.

The plans stand in an order: what an earlier one pays is kept, and the cut is taken from the later
ones. It is allotted to their components to the cent (docs/adr/0104).
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg.sql import SQL, Composable, Literal

from incentives.currencies import places
from incentives.models import CalculationRun, PersonCap, Plan
from incentives.outcome import allot, summarise
from org.dates import NEVER
from org.models import Period, Tenant
from org.sql import values
from org.tenancy import current_tenant_id


def caps_of(period: Period) -> list[PersonCap]:
    """The caps that hold in a period, as known now."""
    return list(
        PersonCap.objects.filter(
            calendar=period.calendar_id,
            superseded_at=NEVER,
            valid_from__lte=period.valid_from,
            valid_to__gt=period.valid_from,
        ).order_by("name")
    )


def plans_capped_with(plan: Plan, period: Period) -> set[str]:
    """The codes of the plans that share a cap with a plan in a period, itself among them."""
    return {code for cap in caps_of(period) if plan.code in cap.plans for code in cap.plans}


def apply(period: Period, made: Iterable[CalculationRun]) -> None:
    """Cut what runs have just found to the caps of their period."""
    fresh = {run.plan.code: run for run in made}
    for cap in caps_of(period):
        touched = [code for code in cap.plans if code in fresh]
        if not touched:
            continue
        runs = _runs(cap, period, fresh)
        changed = allot(
            _cuts(cap, runs),
            runs=[fresh[code].pk for code in touched],
            key=("person_id", "plan_id"),
            places=_places(fresh[touched[0]].plan),
            why="person",
        )
        if changed:
            for code in touched:
                summarise(fresh[code])


def _places(plan: Plan) -> int:
    return places(plan.currency or Tenant.objects.get(pk=current_tenant_id()).currency)


def _runs(
    cap: PersonCap, period: Period, fresh: dict[str, CalculationRun]
) -> list[tuple[int, int]]:
    """Each plan's place in the order, with the runs that say what it should pay by now."""
    return [
        (place, run)
        for place, code in enumerate(cap.plans)
        for run in ([fresh[code].pk] if _whole(fresh.get(code)) else _latest(code, period))
    ]


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


def _cuts(cap: PersonCap, runs: list[tuple[int, int]]) -> Composable:
    """For each person and plan, what it came to and what the cap leaves of it.

    What all plans up to one come to is cut to the cap; a plan has the difference that it makes. So
    a negative amount gives back the room that it takes.
    """
    return SQL(CUTS).format(
        runs=values(runs, (("place", "int"), ("run_id", "bigint"))), amount=Literal(cap.amount)
    )


CUTS = """
    SELECT person_id, plan_id, gross AS total, upto - before AS allowed FROM (
      SELECT person_id, plan_id, total, gross,
             LEAST({amount}, sum(gross) OVER places) AS upto,
             LEAST({amount}, sum(gross) OVER places - gross) AS before
      FROM (SELECT earning.person_id, earning.plan_id, run.place, sum(earning.amount) AS total,
                   sum(coalesce((earning.detail ->> 'person')::numeric, earning.amount)) AS gross
            FROM ({runs}) AS run JOIN incentives_earning AS earning ON earning.run_id = run.run_id
            WHERE earning.status = 'decided' AND NOT EXISTS (
              SELECT 1 FROM ({runs}) AS later
              JOIN incentives_calculationrun AS made ON made.id = later.run_id
              WHERE later.place = run.place AND later.run_id > run.run_id
                AND (made.only IS NULL OR made.only @> to_jsonb(earning.person_id)))
            GROUP BY 1, 2, 3) AS plan
      WINDOW places AS (PARTITION BY person_id ORDER BY place ROWS UNBOUNDED PRECEDING)) AS capped
    WHERE total <> upto - before
"""
