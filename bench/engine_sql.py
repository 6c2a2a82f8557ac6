"""The engine bench's statements written by hand: the same rows in the same tables, no engine.

What a good engineer would write who knows this one plan: constants in place of tables, one pass
over the figures for all plans, window functions for running totals, pools and places.
"""

from __future__ import annotations

from bench.engine_world import (
    COMPONENTS,
    FIGURES,
    GROUPS,
    PLANS,
    RULES_EACH,
    STEPS,
    amount_from,
    july,
)
from incentives.models import CalculationRun, Component, PlanVersion
from metrics.models import CreditRule, Metric
from org.dates import NEVER as NEVER_MOMENT
from org.sql import execute

NEVER = "'9999-12-31 00:00:00+00'::timestamptz"


def _run(plan: str) -> tuple[int, int, int]:
    """A run of a plan's only version: its id, the plan's and the version's."""
    version = PlanVersion.objects.select_related("plan").get(plan__code=plan)
    from bench.engine_world import AT

    made = CalculationRun.objects.create(
        plan=version.plan, version=version, period=july(), at=AT, on=AT.date(),
        statement="by hand", statement_sha256="",
    )  # fmt: skip
    return made.pk, version.plan_id, version.pk


def _components(version: int) -> dict[str, int]:
    return dict(Component.objects.filter(version=version).values_list("name", "pk"))


def tier(x: str) -> str:
    """Each slice at its own rate, with the table's rows as constants."""
    parts = []
    bounds = [bound for bound, _ in STEPS] + [None]
    for (bound, rate), above in zip(STEPS, bounds[1:], strict=True):
        upper = f"LEAST({x}, {above})" if above is not None else x
        slice_ = f"GREATEST({upper} - {bound}, 0)" if bound else upper
        parts.append(f"{slice_} * {float(rate.rstrip('%')) / 100:.3f}")
    return "(" + " + ".join(parts) + ")"


def plans() -> None:
    """20 plans × 10 components from the totals, which are there."""
    ids = dict(Metric.objects.values_list("code", "pk"))
    columns = ", ".join(
        f"coalesce(sum(numerator) FILTER (WHERE metric_id = {ids[name]}), 0) AS {name}"
        for name in FIGURES
    )
    execute("DROP TABLE IF EXISTS wide")
    execute(
        "CREATE TEMP TABLE wide ON COMMIT DROP AS SELECT job.person_id, job.unit_id,"
        f" job.job_type_id, {columns} FROM org_assignment AS job LEFT JOIN metrics_total AS total"
        f" ON total.period_id = {july().pk} AND total.person_id = job.person_id"
        f" AND total.metric_id IN ({', '.join(str(ids[name]) for name in FIGURES)})"
        f" WHERE job.superseded_at = {NEVER} GROUP BY 1, 2, 3"
    )
    execute("ANALYZE wide")
    for number in range(PLANS):
        run, plan, version = _run(f"plan{number}")
        _results(
            run, FIGURES, [f"'goal {name}', '{1000 + 10 * n}'" for n, name in enumerate(FIGURES)]
        )
        ids_of = _components(version)
        lines = ", ".join(
            f"({ids_of[f'c{c}']}, round({_by_hand(number, c)}, 2))" for c in range(COMPONENTS)
        )
        execute(
            "INSERT INTO incentives_earning (run_id, person_id, component_id, job, plan_id,"
            f" period_id, currency, amount, status) SELECT {run}, person_id, line.component,"
            f" 'primary', {plan}, {july().pk}, 'EUR', line.amount, 'decided' FROM wide"
            f" CROSS JOIN LATERAL (VALUES {lines}) AS line (component, amount)"
        )


def _by_hand(plan: int, component: int) -> str:
    figure = FIGURES[component]
    other = FIGURES[(component + plan) % len(FIGURES)]
    return (
        tier(figure),
        f"CASE WHEN {other} >= {900 + plan} THEN {figure} * 0.01 ELSE 0 END",
        f"LEAST({figure} / {1000 + 10 * component}, 1.2) * 50",
    )[component % 3]


def _results(run: int, names: tuple[str, ...], constants: list[str]) -> None:
    pairs = ", ".join([f"'{name}', {name}::text" for name in names] + constants)
    execute(
        f"INSERT INTO incentives_result (run_id, person_id, job, inputs, segments) SELECT {run},"
        f" person_id, 'primary', jsonb_build_object('prorate', '1', {pairs}), jsonb_build_array("
        "jsonb_build_object('unit', unit_id, 'job_type', job_type_id, 'slot', 'primary', 'from',"
        " '2026-07-01', 'to', '2026-08-01', 'days', 31, 'of', 31)) FROM wide"
    )


def credits() -> None:
    """A million sales through 20 rules, the totals, and two tiers along the credits."""
    rules = {
        (r.group, r.order): r.pk for r in CreditRule.objects.filter(superseded_at=NEVER_MOMENT)
    }
    into = dict(Metric.objects.values_list("code", "pk"))
    groups = []
    for g in range(GROUPS):
        whens = " ".join(
            f"WHEN amount >= {amount_from(g, o)} AND product <> 'p{(g + o) % 7}'"
            f" THEN {o}" for o in range(RULES_EACH)
        )  # fmt: skip
        ids = ", ".join(str(rules[f"g{g}", o]) for o in range(RULES_EACH))
        groups.append(
            f"({g}, {into[f'credit{g}']}::bigint, CASE {whens} END, ARRAY[{ids}]::bigint[])"
        )
    execute(
        "INSERT INTO metrics_value (person_id, day, metric_id, reference, superseded_at,"
        " recorded_at, numerator, transaction_id, rule_id, role, assignment_id)"
        " SELECT party.person_id, deal.sold, line.metric, 'sale/' || deal.key || '/g' || line.g"
        f" || '/seller', {NEVER}, now(), round(deal.amount * (1 - 0.1 * line.o), 12), deal.id,"
        " line.rules[line.o + 1], 'seller', job.id"
        " FROM (SELECT id, key, (attributes ->> 'amount')::numeric AS amount,"
        "  attributes ->> 'product' AS product, (attributes ->> 'sold')::date AS sold"
        f"  FROM metrics_transaction WHERE superseded_at = {NEVER}) AS deal"
        " JOIN metrics_party AS party ON party.transaction_id = deal.id"
        " JOIN org_assignment AS job ON job.person_id = party.person_id"
        f"  AND job.superseded_at = {NEVER} AND job.slot = 'primary'"
        "  AND job.valid_from <= deal.sold AND job.valid_to > deal.sold"
        f" CROSS JOIN LATERAL (VALUES {', '.join(groups)}) AS line (g, metric, o, rules)"
        " WHERE line.o IS NOT NULL"
    )
    metrics = ", ".join(str(into[f"credit{g}"]) for g in range(GROUPS))
    execute(
        "INSERT INTO metrics_total (period_id, metric_id, person_id, assignment_id, rows,"
        f" numerator) SELECT {july().pk}, metric_id, person_id, assignment_id, count(*),"
        f" sum(numerator) FROM metrics_value WHERE superseded_at = {NEVER}"
        f" AND metric_id IN ({metrics}) AND day >= '2026-07-01' AND day < '2026-08-01'"
        " GROUP BY 2, 3, 4"
    )
    _tiers(into)


def _tiers(into: dict[str, int]) -> None:
    run, plan, version = _run("deals")
    ids = _components(version)
    _wide_credits(into)
    _results(run, tuple(f"credit{g}" for g in range(GROUPS)), ["'earned first', first::text"])
    for name, metric in (("first", "credit0"), ("second", "credit1")):
        upto, before = tier("upto"), tier("(upto - amount)")
        execute(
            "INSERT INTO incentives_earning (run_id, person_id, component_id, job, grain, plan_id,"
            " period_id, transaction_id, role, day, currency, amount, status, detail)"
            f" SELECT {run}, person_id, {ids[name]}, 'primary', reference, {plan}, {july().pk},"
            " transaction_id, role, day, 'EUR', round(sum(raw) OVER upto, 2)"
            " - round(sum(raw) OVER upto - raw, 2), 'decided', jsonb_build_object('amount',"
            " amount::text, 'raw', raw::text, 'running', (upto - amount)::text)"
            f" FROM (SELECT *, {upto} - {before} AS raw FROM (SELECT person_id, day, reference,"
            "   transaction_id, role, numerator AS amount, sum(numerator) OVER (PARTITION BY"
            "   person_id ORDER BY day, reference ROWS UNBOUNDED PRECEDING) AS upto"
            f"   FROM metrics_value WHERE metric_id = {into[metric]} AND superseded_at = {NEVER}"
            "   AND day >= '2026-07-01' AND day < '2026-08-01') AS v) AS v"
            " WINDOW upto AS (PARTITION BY person_id ORDER BY day, reference"
            " ROWS UNBOUNDED PRECEDING)"
        )
    execute(
        "INSERT INTO incentives_earning (run_id, person_id, component_id, job, plan_id, period_id,"
        f" currency, amount, status) SELECT {run}, wide.person_id, {ids['sum']}, 'primary',"
        f" {plan}, {july().pk}, 'EUR', coalesce(sum(line.amount), 0), 'decided' FROM wide"
        f" LEFT JOIN incentives_earning AS line ON line.run_id = {run}"
        " AND line.person_id = wide.person_id GROUP BY 2"
    )


def _wide_credits(into: dict[str, int]) -> None:
    columns = ", ".join(
        f"coalesce(sum(numerator) FILTER (WHERE metric_id = {into[f'credit{g}']}), 0) AS credit{g}"
        for g in range(GROUPS)
    )
    execute("DROP TABLE IF EXISTS wide")
    execute(
        "CREATE TEMP TABLE wide ON COMMIT DROP AS SELECT job.person_id, job.unit_id,"
        f" job.job_type_id, {columns}, 0 AS first FROM org_assignment AS job"
        f" LEFT JOIN metrics_total AS total ON total.period_id = {july().pk}"
        " AND total.person_id = job.person_id"
        f" WHERE job.superseded_at = {NEVER} GROUP BY 1, 2, 3"
    )
    execute("ANALYZE wide")


def pools() -> None:
    """A pool for each team by one figure, and prizes by places in another."""
    ids = dict(Metric.objects.values_list("code", "pk"))
    columns = ", ".join(
        f"coalesce(sum(numerator) FILTER (WHERE metric_id = {ids[name]}), 0) AS {name}"
        for name in ("m1", "m2", "m3")
    )
    run, plan, version = _run("pools")
    of = _components(version)
    execute("DROP TABLE IF EXISTS wide")
    execute(
        "CREATE TEMP TABLE wide ON COMMIT DROP AS SELECT job.person_id, job.unit_id,"
        f" job.job_type_id, {columns} FROM org_assignment AS job LEFT JOIN metrics_total AS total"
        f" ON total.period_id = {july().pk} AND total.person_id = job.person_id"
        f" WHERE job.superseded_at = {NEVER} GROUP BY 1, 2, 3"
    )
    execute("ANALYZE wide")
    _results(run, ("m1", "m2", "m3"), [])
    execute(
        "INSERT INTO incentives_earning (run_id, person_id, component_id, job, grain, plan_id,"
        " period_id, unit_id, currency, amount, status, detail)"
        f" SELECT {run}, person_id, {of['pool']}, 'primary|' || code || '|agent', code, {plan},"
        f" {july().pk}, unit_id, 'EUR', least + CASE WHEN row_number() OVER (PARTITION BY unit_id"
        "  ORDER BY ideal - least DESC, person_code) <= round((pool - sum(least) OVER"
        "  (PARTITION BY unit_id)) * 100) THEN 0.01 ELSE 0 END, 'decided',"
        " jsonb_build_object('pool', pool::text, 'weight', m1::text, 'weights', weights::text)"
        " FROM (SELECT *, floor(ideal * 100) / 100 AS least FROM (SELECT *,"
        "   pool * m1 / nullif(weights, 0) AS ideal FROM (SELECT wide.*, unit.code,"
        "    person.code AS person_code, round(sum(m3) OVER (PARTITION BY unit_id) * 0.01, 2)"
        "    AS pool, sum(m1) OVER (PARTITION BY unit_id) AS weights FROM wide"
        "    JOIN org_unit AS unit ON unit.id = wide.unit_id"
        "    JOIN org_person AS person ON person.id = wide.person_id) AS w) AS w) AS w"
    )
    execute(
        "INSERT INTO incentives_earning (run_id, person_id, component_id, job, plan_id,"
        " period_id, currency, amount, status)"
        f" SELECT {run}, person_id, {of['prize']}, 'primary|' || code || '|agent', {plan},"
        f" {july().pk}, 'EUR', round(({_prize('place - 1 + ties')} - {_prize('place - 1')})"
        " / ties, 2), 'decided' FROM (SELECT wide.*, unit.code, rank() OVER (PARTITION BY unit_id"
        "  ORDER BY m2 DESC) AS place, count(*) OVER (PARTITION BY unit_id, m2)::numeric AS ties"
        "  FROM wide JOIN org_unit AS unit ON unit.id = wide.unit_id) AS w"
    )


def _prize(upto: str) -> str:
    x = f"({upto})"
    return (
        f"(LEAST({x}, 1) * 500 + GREATEST(LEAST({x}, 2) - 1, 0) * 300"
        f" + GREATEST(LEAST({x}, 3) - 2, 0) * 200)"
    )
