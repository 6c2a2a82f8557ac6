"""The texts of the statements that work goals out (:mod:`incentives.goals`)."""

from incentives.participants import RANK

# Whether goals, or the tree on which goals of units stand, change inside the period; whether single
# people have goals, and units.
GOAL_FACTS = """
    SELECT coalesce(bool_or(valid_from > {start} OR valid_to < {end}), false)
             OR coalesce(bool_or(unit_id IS NOT NULL), false) AND EXISTS (
               SELECT 1 FROM org_unitclosure WHERE valid_from > {start} AND valid_from < {end}
               OR valid_to > {start} AND valid_to < {end}),
           coalesce(bool_or(person_id IS NOT NULL), false),
           coalesce(bool_or(unit_id IS NOT NULL), false)
    FROM metrics_goal WHERE superseded_at = {never} AND metric_id = ANY({metrics})
      AND valid_from < {end} AND valid_to > {start}
"""


SLICE_SPANS = """
    SELECT 'person' AS of, slice_id AS span_id, person_id, unit_id, job_type_id, first_day, end_day
    FROM goal_slice
"""
WHOLE_UNITS = """
    SELECT row_number() OVER () AS span_id, unit_id, first, until
    FROM (SELECT DISTINCT unit_id FROM outcome_key) AS unit
    CROSS JOIN (SELECT DISTINCT of_first AS first, of_until AS until FROM ({parts}) AS part) AS part
"""
UNIT_SPANS = """
    SELECT 'team', span_id, NULL::bigint, unit_id, NULL::bigint, first, until FROM unit_span
"""
NEAREST = """
    (SELECT DISTINCT ON (of, span_id, metric_id) of, span_id, metric_id, goal_id, value, basis,
            first_day, end_day
     FROM goal_match WHERE NOT cut ORDER BY of, span_id, metric_id, rank DESC)
"""
GOALS = """
    SELECT * FROM metrics_goal WHERE superseded_at = {never} AND metric_id = ANY({metrics})
     AND valid_from < {end} AND valid_to > {start}
"""
MATCH = f"""
    SELECT span.of, span.span_id, near.metric_id, near.id AS goal_id, near.value, near.basis,
           {RANK} AS rank,
           GREATEST(span.first_day, near.valid_from, closure.valid_from) AS first_day,
           LEAST(span.end_day, near.valid_to, closure.valid_to) AS end_day,
           span.first_day AS span_first, span.end_day AS span_end
    FROM span JOIN goal AS near ON near.of = span.of AND {{join}}
     AND near.valid_from < span.end_day AND near.valid_to > span.first_day
    LEFT JOIN org_unitclosure AS closure ON closure.ancestor_id = near.unit_id
     AND closure.descendant_id = span.unit_id AND (span.of = 'person' OR closure.depth = 0)
     AND closure.valid_from < span.end_day AND closure.valid_to > span.first_day
    WHERE near.unit_id IS NULL OR closure.id IS NOT NULL
"""
PIECE_DAYS = """
    SELECT row.*, last.before - first.before AS work_days, ({days})::numeric AS days, {absent},
           sum(({days})::numeric) OVER (PARTITION BY row.result_id, row.metric_id, row.of_first)
             AS part_days
    FROM (SELECT piece.*, slice.slice_id, slice.result_id, slice.share, slice.period_days,
                 slice.person_id, slice.slot, slice.assignment_id, slice.calendar_id,
                 slice.in_hours, slice.of_first,
                 LEAST(GREATEST(piece.first_day, slice.counted_from), piece.end_day)
                   AS counted_from
          FROM goal_piece AS piece JOIN goal_slice AS slice ON slice.slice_id = piece.span_id
          WHERE piece.of = 'person') AS row
    JOIN {count} AS first ON first.calendar_id = row.calendar_id AND first.day = row.counted_from
    JOIN {count} AS last ON last.calendar_id = row.calendar_id AND last.day = row.end_day
    {met}
"""
# Denominators of the days of each piece, where the pieces of a result have different goals.
WEIGHTS = """
    SELECT piece.result_id, piece.metric_id, {weigh}::bigint AS weigh, piece.slice_id,
           piece.first_day, sum(piece.value * value.denominator) AS goal,
           sum(value.denominator) AS weight
    FROM goal_days AS piece JOIN (SELECT result_id, metric_id FROM goal_days
      WHERE metric_id = {metric} GROUP BY 1, 2 HAVING min(value) <> max(value)) AS split
      USING (result_id, metric_id)
    JOIN metrics_value AS value ON value.person_id = piece.person_id AND value.metric_id = {weigh}
     AND value.day >= piece.first_day AND value.day < piece.end_day
     AND value.assignment_id = piece.assignment_id AND value.superseded_at = {never}
    GROUP BY 1, 2, 3, 4, 5
"""
WEIGHT = """
    LEFT JOIN goal_weight AS weight ON weight.result_id = piece.result_id
     AND weight.metric_id = piece.metric_id AND weight.weigh = {weigh}
     AND weight.slice_id = piece.slice_id AND weight.first_day = piece.first_day
"""
NO_WEIGHT = "CROSS JOIN (SELECT NULL::numeric AS weight) AS weight"
# The pieces of a goal that changed within a result: what explains a blended goal.
TOLD = """
    CASE WHEN min(piece.value) <> max(piece.value) THEN
      jsonb_agg(jsonb_build_array(piece.first_day, piece.end_day,
        trim_scale(piece.value)::text, trim_scale(piece.days)::text,
        trim_scale(weight.weight)::text) ORDER BY piece.first_day, piece.slice_id)::text END
"""
CALENDAR_OF_UNIT = (
    "coalesce(unit.holiday_calendar_id, (SELECT id FROM org_holidaycalendar WHERE is_default), 0)"
)
UNIT_GOALS = """
    SELECT 'team' AS of, {number} AS variant, unit_id AS group_id, round({goal}, 12) AS goal,
           NULL::text AS told
    FROM (SELECT whole.unit_id, sum(piece.end_day - piece.first_day) AS days,
            CASE WHEN min(basis) = 'person_day' THEN sum(piece.value * there.work_days)
            ELSE sum(piece.value * (piece.end_day - piece.first_day))::numeric(80,50)
             / sum(piece.end_day - piece.first_day) END AS goal
          FROM goal_piece AS piece JOIN unit_span AS whole ON whole.span_id = piece.span_id
          LEFT JOIN LATERAL (
            SELECT sum(last.before - first.before) AS work_days
            FROM org_assignment AS job JOIN org_unit AS unit ON unit.id = job.unit_id
            JOIN {count} AS first ON first.calendar_id = {calendar}
             AND first.day = GREATEST(job.valid_from, piece.first_day)
            JOIN {count} AS last ON last.calendar_id = {calendar}
             AND last.day = LEAST(job.valid_to, piece.end_day)
            WHERE piece.basis = 'person_day' AND job.unit_id = whole.unit_id
             AND job.superseded_at = {never} AND job.valid_from < piece.end_day
             AND job.valid_to > piece.first_day) AS there ON true
          WHERE piece.of = 'team' AND piece.metric_id = {metric}
          GROUP BY whole.unit_id, whole.span_id) AS goal
    GROUP BY unit_id
"""

# Where a goal changes inside a span: cut at every change, and take the nearest goal of each piece.
CUT_PIECES = """
    SELECT * FROM (SELECT DISTINCT ON (match.of, match.span_id, match.metric_id, piece.first_day)
        match.of, match.span_id, match.metric_id, match.goal_id, match.value, match.basis,
        piece.first_day, piece.end_day
    FROM (SELECT of, span_id, metric_id, day AS first_day,
                 lead(day) OVER (PARTITION BY of, span_id, metric_id ORDER BY day) AS end_day
          FROM (SELECT of, span_id, metric_id, first_day AS day FROM goal_match WHERE cut
                UNION SELECT of, span_id, metric_id, end_day FROM goal_match WHERE cut) AS edge
         ) AS piece
    JOIN goal_match AS match USING (of, span_id, metric_id)
    WHERE match.first_day <= piece.first_day AND match.end_day >= piece.end_day
    ORDER BY match.of, match.span_id, match.metric_id, piece.first_day, match.rank DESC) AS nearest
"""
