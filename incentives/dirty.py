"""Which final periods a recorded cause may have moved: only their differences are posted."""

from __future__ import annotations

from incentives.sql import run


def mark_final_periods() -> int:
    """Turn the marks that a refresh has just taken into dirty final plan periods.

    A mark counts for a plan where it names no plan and no metric, or one that the plan's version
    reads. Where a version reads figures of units or reports, one person's change is everybody's.
    """
    return run(
        """
        INSERT INTO incentives_dirty (plan_id, period_id, person_id, change_id)
        SELECT DISTINCT final.plan_id, final.period_id,
               CASE WHEN read.others THEN NULL ELSE mark.person_id END, mark.change_id
        FROM taken_mark AS mark
        JOIN org_period AS period ON period.valid_from < mark.end_day
         AND period.valid_to > mark.first_day
        JOIN incentives_planperiod AS final ON final.period_id = period.id
         AND final.final_at IS NOT NULL
        JOIN incentives_calculationrun AS run ON run.id = final.run_id
        JOIN (SELECT measure.version_id, bool_or(measure.scope <> 'own') AS others,
                     array_agg(measure.metric_id) AS metrics, bool_or(metric.derived) AS derived
              FROM incentives_measure AS measure
              JOIN (SELECT metric_id, bool_or(kind = 'derived') AS derived
                    FROM metrics_metricdefinition GROUP BY 1) AS metric USING (metric_id)
              GROUP BY 1) AS read ON read.version_id = run.version_id
        WHERE mark.change_id IS NOT NULL AND (mark.plan IS NULL OR mark.plan = final.plan_id)
          AND (mark.metric IS NULL OR read.derived OR mark.metric = ANY(read.metrics))
        ON CONFLICT DO NOTHING
        """
    )
