"""Which final periods a recorded cause may have moved: only their differences are posted."""

from __future__ import annotations

from incentives.models import Dirty, Plan
from org.models import Period
from org.sql import execute


def dirty_people(plan: Plan, period: Period) -> tuple[int, ...] | None:
    """Those whom a recorded cause may have moved in a final period; None: it may be everybody."""
    people = set(Dirty.objects.filter(plan=plan, period=period).values_list("person", flat=True))
    return None if None in people else tuple(sorted(people))


def mark_final_periods() -> int:
    """Turn the marks that a refresh has just taken into dirty final plan periods.

    A mark counts for a plan where it names no plan and no metric, or a metric that the plan read
    when the period became final or reads there by now. A version counts for the other plans of its
    family too: it may take people from them. Where a version reads figures of units or reports,
    one person's change is everybody's.
    """
    return execute(
        """
        WITH final AS MATERIALIZED (
            SELECT final.plan_id, final.period_id, plan.family_id,
                   period.valid_from, period.valid_to,
                   coalesce(bool_or(measure.scope <> 'own'), false) AS others,
                   array_agg(measure.metric_id) AS metrics,
                   coalesce(bool_or(measure.metric_id IN (
                     SELECT metric_id FROM metrics_metricdefinition WHERE kind = 'derived'
                   )), false) AS derived
            FROM incentives_planperiod AS final
            JOIN incentives_plan AS plan ON plan.id = final.plan_id
            JOIN org_period AS period ON period.id = final.period_id
            JOIN incentives_calculationrun AS run ON run.id = final.run_id
            LEFT JOIN incentives_measure AS measure ON measure.version_id IN (
                run.version_id,
                (SELECT version.id FROM incentives_planversion AS version
                 WHERE version.plan_id = final.plan_id AND version.status = 'published'
                   AND version.in_force <= period.valid_from
                 ORDER BY version.in_force DESC LIMIT 1))
            WHERE final.final_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5)
        INSERT INTO incentives_dirty (plan_id, period_id, person_id, change_id)
        SELECT DISTINCT final.plan_id, final.period_id,
               CASE WHEN final.others THEN NULL ELSE mark.person_id END, mark.change_id
        FROM taken_mark AS mark
        JOIN final ON final.valid_from < mark.end_day AND final.valid_to > mark.first_day
        LEFT JOIN incentives_plan AS changed ON changed.id = mark.plan AND mark.kind = 'version'
        WHERE mark.change_id IS NOT NULL AND (mark.plan IS NULL OR mark.plan = final.plan_id
            OR changed.family_id = final.family_id)
          AND (mark.metric IS NULL OR final.derived OR mark.metric = ANY(final.metrics))
        ON CONFLICT DO NOTHING
        """
    )
