"""One way of three: statements written by hand for this one plan, as good as we can write them.

They read the same values and write the same tables: totals, run, results with their inputs,
earnings, the period's pointer. Nothing in them is general: kinds, tiers, goals and proration are
spelt out. Each stage aggregates by CREATE TEMP TABLE AS, which runs in parallel, and then inserts.
"""

from __future__ import annotations

import json
import os
import time

import psycopg
from psycopg import sql

from bench.memory import peak_mb
from bench.world import DAYS, END, START, World, from_arguments

NEVER = "'9999-12-31 00:00:00+00'::timestamptz"

TAKE_MARKS = ("DELETE FROM org_stalemark",)

# One pass over the values for all kinds; what a kind does not keep is left out when written. The
# last values are found by the last day, which that pass brings.
TOTALS = (
    f"""
    CREATE TEMP TABLE summed ON COMMIT DROP AS
    SELECT metric_id, person_id, coalesce(assignment_id, 0) AS assignment_id, count(*) AS rows,
           sum(numerator) AS n, sum(denominator) AS d, min(numerator) AS least,
           max(numerator) AS greatest, max(day) AS last_day
    FROM metrics_value
    WHERE superseded_at = {NEVER} AND day >= {{start}} AND day < {{end}}
    GROUP BY 1, 2, 3
    """,
    f"""
    CREATE TEMP TABLE latest ON COMMIT DROP AS
    SELECT value.person_id, coalesce(value.assignment_id, 0) AS assignment_id,
           sum(value.numerator) AS last_value
    FROM summed JOIN metrics_value AS value ON value.metric_id = {{portfolio}}
     AND value.person_id = summed.person_id AND value.day = summed.last_day
     AND value.superseded_at = {NEVER}
     AND coalesce(value.assignment_id, 0) = summed.assignment_id
    WHERE summed.metric_id = {{portfolio}}
    GROUP BY 1, 2
    """,
    """
    INSERT INTO metrics_total (period_id, metric_id, person_id, assignment_id, rows, numerator,
                               denominator, minimum, maximum, last_day, last_value)
    SELECT {period}, metric_id, person_id, assignment_id, rows, n, d, NULL::numeric, NULL::numeric,
           NULL::date, NULL::numeric
    FROM summed WHERE metric_id NOT IN ({longest}, {portfolio})
    UNION ALL
    SELECT {period}, metric_id, person_id, assignment_id, rows, NULL, NULL, least, greatest,
           NULL, NULL
    FROM summed WHERE metric_id = {longest}
    UNION ALL
    SELECT {period}, metric_id, person_id, assignment_id, rows, NULL, NULL, NULL, NULL,
           last_day, last_value
    FROM summed JOIN latest USING (person_id, assignment_id) WHERE metric_id = {portfolio}
    """,
    "INSERT INTO metrics_kepttotal (period_id, metric_id)"
    " SELECT DISTINCT {period}::bigint, metric_id FROM summed",
)

# Who takes part, with which days; then one row for each person with the figures side by side.
FIGURES = (
    f"""
    CREATE TEMP TABLE part ON COMMIT DROP AS
    SELECT id AS assignment_id, person_id, unit_id, job_type_id, slot,
           greatest(valid_from, {{start}}) AS first_day, least(valid_to, {{end}}) AS end_day,
           least(valid_to, {{end}}) - greatest(valid_from, {{start}}) AS days
    FROM org_assignment
    WHERE superseded_at = {NEVER} AND valid_from < {{end}} AND valid_to > {{start}}
      AND job_type_id IN ({{agent}}, {{senior}})
    """,
    "CREATE INDEX ON part (person_id)",
    "ANALYZE part",
    """
    CREATE TEMP TABLE person ON COMMIT DROP AS
    SELECT part.person_id, min(part.job_type_id) AS job_type_id,
           sum(part.days)::numeric(80,40) AS days,
           round(sum(part.days)::numeric(80,40) / {days}, 12) AS prorate,
           jsonb_agg(jsonb_build_object('unit', unit_id, 'job_type', job_type_id, 'slot', slot,
             'from', first_day, 'to', end_day, 'days', days, 'of', {days})
             ORDER BY first_day) AS segments,
           max(part.end_day) AS end_day
    FROM part GROUP BY part.person_id
    """,
    """
    CREATE TEMP TABLE figure ON COMMIT DROP AS
    SELECT total.person_id,
           sum(n) FILTER (WHERE metric_id = {calls}) AS calls,
           sum(n) FILTER (WHERE metric_id = {sales}) AS sales,
           sum(n) FILTER (WHERE metric_id = {chats}) AS chats,
           sum(n) FILTER (WHERE metric_id = {referrals}) AS referrals,
           sum(n) FILTER (WHERE metric_id = {resolution}) AS resolution_n,
           sum(d) FILTER (WHERE metric_id = {resolution}) AS resolution_d,
           sum(n) FILTER (WHERE metric_id = {adherence}) AS adherence_n,
           sum(d) FILTER (WHERE metric_id = {adherence}) AS adherence_d,
           sum(n) FILTER (WHERE metric_id = {talk_time}) AS talk_time_n,
           sum(d) FILTER (WHERE metric_id = {talk_time}) AS talk_time_d,
           sum(n) FILTER (WHERE metric_id = {quality}) AS quality_n,
           sum(d) FILTER (WHERE metric_id = {quality}) AS quality_d,
           max(greatest) FILTER (WHERE metric_id = {longest}) AS longest
    FROM summed AS total JOIN part USING (person_id, assignment_id)
    GROUP BY total.person_id
    """,
    # A last value counts in the job in which the person's latest one lies.
    """
    CREATE TEMP TABLE standing ON COMMIT DROP AS
    SELECT DISTINCT ON (person_id) person_id, last_value AS portfolio
    FROM latest JOIN summed USING (person_id, assignment_id)
    JOIN part USING (person_id, assignment_id)
    WHERE metric_id = {portfolio}
    ORDER BY person_id, last_day DESC
    """,
    f"""
    CREATE TEMP TABLE goal ON COMMIT DROP AS
    SELECT job_type_id, max(value) FILTER (WHERE metric_id = {{calls}}) AS calls,
           max(value) FILTER (WHERE metric_id = {{sales}}) AS sales,
           max(value) FILTER (WHERE metric_id = {{chats}}) AS chats,
           max(value) FILTER (WHERE metric_id = {{referrals}}) AS referrals,
           max(value) FILTER (WHERE metric_id = {{resolution}}) AS resolution,
           max(value) FILTER (WHERE metric_id = {{adherence}}) AS adherence,
           max(value) FILTER (WHERE metric_id = {{talk_time}}) AS talk_time,
           max(value) FILTER (WHERE metric_id = {{quality}}) AS quality,
           max(value) FILTER (WHERE metric_id = {{longest}}) AS longest,
           max(value) FILTER (WHERE metric_id = {{portfolio}}) AS portfolio
    FROM metrics_goal WHERE superseded_at = {NEVER} AND of = 'person'
    GROUP BY job_type_id
    """,
    "ANALYZE person",
    "ANALYZE figure",
    "ANALYZE standing",
    "ANALYZE goal",
)

OUTCOME = """
    CREATE TEMP TABLE outcome ON COMMIT DROP AS
    SELECT *,
        CASE WHEN calls_attained >= 1.1 THEN 160 WHEN calls_attained >= 1 THEN 100
             WHEN calls_attained >= 0.9 THEN 50 WHEN calls_attained IS NOT NULL THEN 0 END
          AS calls_rate
    FROM (SELECT *,
            CASE WHEN resolution >= 0.75 THEN CASE WHEN sales < 5000 THEN sales * 0.02
                 WHEN sales < 6000 THEN 100 + (sales - 5000) * 0.03
                 WHEN sales < 7000 THEN 130 + (sales - 6000) * 0.045
                 ELSE 175 + (sales - 7000) * 0.06 END
                 WHEN resolution IS NOT NULL THEN 0 END AS commission,
            round(calls / nullif(goal_calls, 0)::numeric(80,40), 12) AS calls_attained,
            round(quality * 0.8, 12) AS quality_pay,
            round(goal_talk_time / nullif(talk_time, 0)::numeric(80,40), 12) AS talk_time_attained
        FROM (SELECT person.person_id, person.prorate, person.segments,
                coalesce(figure.calls, 0) AS calls, coalesce(figure.sales, 0) AS sales,
                coalesce(figure.chats, 0) AS chats, coalesce(figure.referrals, 0) AS referrals,
                round(resolution_n::numeric(80,40) / nullif(resolution_d, 0), 12) AS resolution,
                round(adherence_n::numeric(80,40) / nullif(adherence_d, 0), 12) AS adherence,
                round(talk_time_n::numeric(80,40) / nullif(talk_time_d, 0), 12) AS talk_time,
                round(quality_n::numeric(80,40) / nullif(quality_d, 0), 12) AS quality,
                figure.longest, standing.portfolio,
                round(goal.calls * days / {days}, 12) AS goal_calls,
                round(goal.sales * days / {days}, 12) AS goal_sales,
                round(goal.chats * days / {days}, 12) AS goal_chats,
                round(goal.referrals * days / {days}, 12) AS goal_referrals,
                goal.resolution AS goal_resolution, goal.adherence AS goal_adherence,
                goal.talk_time AS goal_talk_time, goal.quality AS goal_quality,
                goal.longest AS goal_longest, goal.portfolio AS goal_portfolio
              FROM person JOIN goal USING (job_type_id) LEFT JOIN figure USING (person_id)
              LEFT JOIN standing USING (person_id) OFFSET 0) AS figures
        OFFSET 0) AS attained
"""

RUN = (
    'INSERT INTO incentives_calculationrun (plan_id, version_id, period_id, purpose, at, "on",'
    " statement_sha256, statement, people, undecided, failed, total)"
    " VALUES ({plan}, {version}, {period}, 'period', now(), {end}, '', '', 0, 0, 0, 0)"
    " RETURNING id"
)

WRITE = (
    """
    INSERT INTO incentives_result (run_id, person_id, job, inputs, segments)
    SELECT {run}, person_id, 'primary', jsonb_strip_nulls(jsonb_build_object(
        'calls', trim_scale(calls)::text, 'sales', trim_scale(sales)::text,
        'chats', trim_scale(chats)::text, 'referrals', trim_scale(referrals)::text,
        'resolution', trim_scale(resolution)::text, 'adherence', trim_scale(adherence)::text,
        'talk_time', trim_scale(talk_time)::text, 'quality', trim_scale(quality)::text,
        'longest', trim_scale(longest)::text, 'portfolio', trim_scale(portfolio)::text,
        'prorate', trim_scale(prorate)::text,
        'goal calls', trim_scale(goal_calls)::text, 'goal sales', trim_scale(goal_sales)::text,
        'goal chats', trim_scale(goal_chats)::text,
        'goal referrals', trim_scale(goal_referrals)::text,
        'goal resolution', trim_scale(goal_resolution)::text,
        'goal adherence', trim_scale(goal_adherence)::text,
        'goal talk_time', trim_scale(goal_talk_time)::text,
        'goal quality', trim_scale(goal_quality)::text,
        'goal longest', trim_scale(goal_longest)::text,
        'goal portfolio', trim_scale(goal_portfolio)::text)), segments
    FROM outcome
    """,
    """
    INSERT INTO incentives_earning (run_id, person_id, component_id, job, plan_id, period_id,
                                    currency, amount, status)
    SELECT {run}, person_id, line.component, 'primary', {plan}, {period}, 'USD', line.amount,
           CASE WHEN line.amount IS NULL THEN 'undecided' ELSE 'decided' END
    FROM outcome CROSS JOIN LATERAL (VALUES
        ({commission}, round(round(round(commission, 12) * prorate, 12), 2)),
        ({calls_bonus}, round(round(calls_rate * prorate, 12), 2)),
        ({quality_bonus},
         round(least(round(round(quality_pay * talk_time_attained, 12) * prorate, 12), 80), 2))
    ) AS line (component, amount)
    """,
    """
    UPDATE incentives_calculationrun SET people = found.people, undecided = found.undecided,
           total = found.total
    FROM (SELECT count(DISTINCT person_id) AS people,
                 count(*) FILTER (WHERE amount IS NULL) AS undecided,
                 coalesce(sum(amount), 0) AS total
          FROM incentives_earning WHERE run_id = {run}) AS found
    WHERE id = {run}
    """,
    "INSERT INTO incentives_planperiod (plan_id, period_id, run_id, outdated)"
    " VALUES ({plan}, {period}, {run}, false)",
)


def literals(world: World, **more: object) -> dict[str, sql.Composable]:
    """Every key that the statements name."""
    names: dict[str, object] = {
        "start": START,
        "end": END,
        "days": DAYS,
        "period": world.period,
        "plan": world.plan,
        "version": world.version,
        **world.metrics,
        **world.job_types,
        **world.components,
        **more,
    }
    return {name: sql.Literal(value) for name, value in names.items()}


def calculate(connection: psycopg.Connection, world: World) -> None:
    """Do it all in one transaction, as the job does."""

    def execute(statement: str, **more: object) -> psycopg.Cursor:
        return connection.execute(sql.SQL(statement).format(**literals(world, **more)))  # type: ignore[arg-type]

    with connection.transaction():
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.tenant)])
        for statement in (*TAKE_MARKS, *TOTALS, *FIGURES, OUTCOME):
            execute(statement)
        found = execute(RUN).fetchone()
        assert found is not None
        for statement in WRITE:
            execute(statement, run=found[0])


def main() -> None:
    """Calculate as the application's role; prints seconds and memory as JSON."""
    world = from_arguments()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        begin = time.perf_counter()
        calculate(connection, world)
        seconds = time.perf_counter() - begin
    peak = peak_mb()
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main()
