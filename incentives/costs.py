"""What the results of a run cost each unit.

The result of somebody who worked in several units is one (blended), and its cost is theirs by the
days that counted in each, in whole coins: the largest remainders get the last ones. The share of a
unit's pool is that unit's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from psycopg.sql import SQL, Literal

from incentives.models import PlanPeriod
from org.currencies import places
from org.sql import fetch, values


@dataclass(frozen=True)
class UnitCost:
    """What the decided earnings of a plan cost a unit in one currency."""

    plan: str
    unit: str
    name: str
    amount: Decimal
    currency: str


COSTS = """
    WITH part AS (
        SELECT result.run_id, result.person_id, result.job, (segment ->> 'unit')::bigint AS unit_id,
               sum((segment ->> 'days')::numeric) AS days
        FROM incentives_result AS result
        CROSS JOIN LATERAL jsonb_array_elements(result.segments) AS segment
        WHERE result.run_id = ANY({runs}) GROUP BY 1, 2, 3, 4),
    earned AS (
        SELECT run_id, person_id, job, currency, unit_id, sum(amount) AS amount
        FROM incentives_earning WHERE run_id = ANY({runs}) AND status = 'decided'
        GROUP BY 1, 2, 3, 4, 5),
    ideal AS (
        SELECT earned.run_id, earned.person_id, earned.job, earned.currency, earned.amount,
               part.unit_id, said.coin, round(earned.amount::numeric(80,40)
                 * CASE WHEN sum(part.days) OVER here > 0 THEN part.days ELSE 1 END
                 / CASE WHEN sum(part.days) OVER here > 0 THEN sum(part.days) OVER here
                        ELSE count(*) OVER here END, 20) AS ideal
        FROM earned JOIN part USING (run_id, person_id, job)
        JOIN ({coins}) AS said USING (currency)
        WHERE earned.unit_id IS NULL
        WINDOW here AS (PARTITION BY earned.run_id, earned.person_id, earned.job, earned.currency)),
    whole AS (SELECT *, floor(ideal / coin) * coin AS least FROM ideal),
    shared AS (
        SELECT run_id, unit_id, currency, least + CASE WHEN row_number() OVER (
                 PARTITION BY run_id, person_id, job, currency ORDER BY ideal - least DESC, unit_id)
                 <= round((amount - sum(least) OVER (
                 PARTITION BY run_id, person_id, job, currency)) / coin)
               THEN coin ELSE 0 END AS amount
        FROM whole
        UNION ALL SELECT run_id, unit_id, currency, amount FROM earned WHERE unit_id IS NOT NULL)
    SELECT plan.code, unit.code, unit.name, sum(amount), shared.currency
    FROM shared JOIN org_unit AS unit ON unit.id = unit_id
    JOIN incentives_calculationrun AS run ON run.id = run_id
    JOIN incentives_plan AS plan ON plan.id = run.plan_id
    GROUP BY 1, 2, 3, 5 HAVING sum(amount) <> 0
    ORDER BY 1, 4 DESC, 2
"""


def costs_by_unit(periods: QuerySet[PlanPeriod]) -> list[UnitCost]:
    """What plan periods cost each unit, by plan, the dearest first; they sum to what is decided."""
    ids = list(periods.exclude(run=None).values_list("run", flat=True))
    used = fetch(
        "SELECT DISTINCT currency FROM incentives_earning WHERE run_id = ANY(%s::bigint[])", [ids]
    )
    coins = [(currency, Decimal(1).scaleb(-places(currency))) for (currency,) in used]
    if not coins:
        return []
    said = values(coins, (("currency", "text"), ("coin", "numeric")))
    return [UnitCost(*row) for row in fetch(SQL(COSTS).format(runs=Literal(ids), coins=said))]
