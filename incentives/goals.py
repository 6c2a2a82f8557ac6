"""The goal of each result: the nearest one for each day, put together as its metric demands.

Most people have their goals in common: ``goal_like`` names for each result the one whose goals are
worked out for both, and ``goal_slice`` holds the slices of those.
``goal_piece`` holds, for each slice (or unit, for goals of the unit as a whole) and metric, the
stretches of days with the goal that wins there. ``goal_of`` holds one goal for each result (or
unit) and metric.
"""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier, Literal

from incentives.participants import RANK, Frame, fraction
from incentives.rules import UNIT_SCOPES, Kind, MeasureRule
from org.errors import DomainError
from org.sql import NEVER, execute, fetch, keep

# Kinds whose goal is an amount for the whole period, so that part of the period has part of it.
GROWS_WITH_DAYS = frozenset({Kind.SUM})
WEIGHTED = frozenset({Kind.RATIO, Kind.WEIGHTED_MEAN})


def find(frame: Frame) -> None:
    """Fill ``goal_of`` (of, group_id, metric_id, goal) for the measures of a version."""
    shown = frame.rules.shown
    if not shown:
        return
    own = [m for m in shown if m.scope not in UNIT_SCOPES]
    units = [m for m in shown if m.scope in UNIT_SCOPES]
    metrics = sorted({m.metric for m in shown})
    _share(frame, metrics)
    _spans(frame)
    _pieces(frame, metrics)
    parts = [_own_goals(frame, own)] if own else []
    if units:
        parts.append(_unit_goals(frame, units))
    keep("goal_of", SQL(" UNION ALL ").join(parts))
    execute("CREATE INDEX ON goal_of (of, group_id, metric_id)")


def _share(frame: Frame, metrics: list[int]) -> None:
    """Find results whose goals must be the same: one slice alike in all that a goal depends on.

    Where a goal or the tree changes inside the period, ratios weigh goals by the person's own days:
    then every result stands for itself.
    """
    about = dict(metrics=Literal(metrics), **frame.days)
    [(changes, people, units)] = fetch(SQL(GOAL_FACTS).format(**about))
    alike = ["job_type_id", "first_day", "end_day", "share", "counted_from", "calendar_id", "days"]
    alike += ["period_days", "CASE WHEN slices > 1 THEN result_id END"]
    alike += ["result_id"] if changes else []
    alike += ["unit_id"] if units else []
    if people:
        alike.append("CASE WHEN person_id IN (SELECT person_id FROM named) THEN person_id END")
    keep(
        "goal_like",
        SQL(
            "WITH named AS (SELECT person_id FROM metrics_goal WHERE superseded_at = {never}"
            "  AND metric_id = ANY({metrics}) AND person_id IS NOT NULL)"
            " SELECT DISTINCT result_id, min(result_id) OVER (PARTITION BY "
            + ", ".join(alike)
            + ") AS like_id FROM (SELECT *, count(*) OVER (PARTITION BY result_id) AS slices"
            "  FROM slice WHERE NOT behind) AS slice"
        ).format(**about),
    )
    keep(
        "goal_slice",
        SQL("SELECT slice.* FROM slice JOIN goal_like USING (result_id) WHERE result_id = like_id"),
    )


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


def _spans(frame: Frame) -> None:
    """What goals are looked for: slices of those who stand for all, and the units as a whole."""
    keep(
        "span",
        SQL(
            "SELECT 'person' AS of, slice_id AS span_id, person_id, unit_id, job_type_id,"
            " first_day, end_day FROM goal_slice UNION ALL"
            " SELECT DISTINCT 'team', unit_id, NULL::bigint, unit_id, NULL::bigint,"
            " {start}::date, {end}::date FROM slice"
        ).format(**frame.days),
    )


def _pieces(frame: Frame, metrics: list[int]) -> None:
    keep("goal_match", _matches(frame, metrics))
    _refuse_ties()
    keep(
        "goal_piece",
        SQL(
            "(SELECT DISTINCT ON (of, span_id, metric_id) of, span_id, metric_id, goal_id, value,"
            " basis, first_day, end_day FROM goal_match WHERE NOT cut"
            " ORDER BY of, span_id, metric_id, rank DESC)"
        )
        + SQL(" UNION ALL ")
        + SQL(CUT_PIECES),
    )


def _matches(frame: Frame, metrics: list[int]) -> Composable:
    """Every goal that is for a span on some of its days; ``cut``: one of them not on all."""
    general = SQL(
        "SELECT span.of, span.span_id, near.metric_id, near.id AS goal_id, near.value, near.basis,"
        + RANK
        + " AS rank,"
        " GREATEST(span.first_day, near.valid_from, closure.valid_from) AS first_day,"
        " LEAST(span.end_day, near.valid_to, closure.valid_to) AS end_day,"
        " span.first_day AS span_first, span.end_day AS span_end"
        " FROM span JOIN goal AS near ON near.of = span.of AND {join}"
        "  AND near.valid_from < span.end_day AND near.valid_to > span.first_day"
        " LEFT JOIN org_unitclosure AS closure ON closure.ancestor_id = near.unit_id"
        "  AND closure.descendant_id = span.unit_id AND (span.of = 'person' OR closure.depth = 0)"
        "  AND closure.valid_from < span.end_day AND closure.valid_to > span.first_day"
        " WHERE near.unit_id IS NULL OR closure.id IS NOT NULL"
    )
    # Goals of single people are joined by person: there may be as many as people.
    anyone = SQL(
        "near.person_id IS NULL AND (near.job_type_id IS NULL"
        " OR near.job_type_id = span.job_type_id)"
    )
    goals = SQL(
        "WITH goal AS (SELECT * FROM metrics_goal WHERE superseded_at = {never}"
        " AND metric_id = ANY({metrics}) AND valid_from < {end} AND valid_to > {start}"
        " AND (calendar_id IS NULL OR calendar_id = {calendar}))"
    ).format(metrics=Literal(metrics), calendar=Literal(frame.period.calendar_id), **frame.days)
    both = SQL("{} UNION ALL {}").format(
        general.format(join=anyone), general.format(join=SQL("near.person_id = span.person_id"))
    )
    return SQL(
        "{} SELECT *, bool_or(first_day > span_first OR end_day < span_end)"
        " OVER (PARTITION BY of, span_id, metric_id) AS cut FROM ({}) AS match"
    ).format(goals, both)


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


def _refuse_ties() -> None:
    tied = fetch(
        "SELECT DISTINCT metric.name FROM goal_match AS a JOIN goal_match AS b"
        " ON a.of = b.of AND a.span_id = b.span_id AND a.metric_id = b.metric_id"
        " AND a.rank = b.rank AND a.goal_id < b.goal_id"
        " AND a.first_day < b.end_day AND b.first_day < a.end_day"
        " JOIN metrics_metric AS metric ON metric.id = a.metric_id ORDER BY 1"
    )
    if tied:
        names = ", ".join(name for (name,) in tied)
        raise DomainError(
            f"Two goals are equally near to the same people on the same day, for: {names}."
            " Make one of them more specific, or end it before the other begins."
        )


def _days(frame: Frame) -> Composable:
    """Eligible days of each piece of a slice: counted as the version says, and working days."""
    working = frame.version.prorate_days == "working"
    return SQL(
        "SELECT piece.*, last.before - first.before AS work_days, ({days})::numeric AS days"
        " FROM (SELECT piece.*, slice.result_id, slice.share, slice.period_days, slice.person_id,"
        "   slice.assignment_id, slice.calendar_id,"
        "   LEAST(GREATEST(piece.first_day, slice.counted_from), piece.end_day) AS counted_from"
        "  FROM goal_piece AS piece JOIN goal_slice AS slice ON slice.slice_id = piece.span_id"
        "  WHERE piece.of = 'person') AS piece"
        " JOIN day_count AS first ON first.calendar_id = piece.calendar_id"
        "  AND first.day = piece.counted_from"
        " JOIN day_count AS last ON last.calendar_id = piece.calendar_id"
        "  AND last.day = piece.end_day"
    ).format(days=SQL("last.before - first.before" if working else "end_day - counted_from"))


def _own_goals(frame: Frame, measures: list[MeasureRule]) -> Composable:
    keep("goal_days", _days(frame))
    weighted = {m.metric for m in measures if m.kind in WEIGHTED}
    keep("goal_weight", _weights(weighted))
    kinds = {m.metric: m.kind for m in measures}
    return SQL(" UNION ALL ").join(
        _own_goal(frame, metric, kind) for metric, kind in sorted(kinds.items())
    )


def _weights(metrics: set[int]) -> Composable:
    """Denominators of the days of each piece, where the pieces of a result have different goals."""
    return SQL(
        "SELECT piece.result_id, piece.metric_id, sum(piece.value * value.denominator) AS goal,"
        " sum(value.denominator) AS weight"
        " FROM goal_days AS piece JOIN (SELECT result_id, metric_id FROM goal_days"
        "  WHERE metric_id = ANY({metrics}) GROUP BY 1, 2 HAVING min(value) <> max(value)) AS split"
        "  USING (result_id, metric_id)"
        " JOIN metrics_value AS value ON value.person_id = piece.person_id"
        "  AND value.metric_id = piece.metric_id AND value.day >= piece.first_day"
        "  AND value.day < piece.end_day AND value.assignment_id = piece.assignment_id"
        "  AND value.superseded_at = {never}"
        " GROUP BY 1, 2"
    ).format(metrics=Literal(sorted(metrics)), never=SQL(NEVER))


def _own_goal(frame: Frame, metric: int, kind: str) -> Composable:
    return SQL(
        "SELECT 'person' AS of, result_id AS group_id, metric_id, {goal} AS goal"
        " FROM goal_days LEFT JOIN goal_weight AS weight USING (result_id, metric_id)"
        " WHERE metric_id = {metric} GROUP BY result_id, metric_id"
    ).format(metric=Literal(metric), goal=_put_together(frame, kind))


def _put_together(frame: Frame, kind: str) -> Composable:
    """One goal out of the pieces of a result, as the kind of metric demands."""
    by_days = fraction([], over="value")
    if kind in GROWS_WITH_DAYS:
        reduced = frame.version.prorate_goal
        share = "share" if "share" in reduced else "1"
        return SQL(
            "CASE WHEN min(basis) = 'person_day' THEN round(sum(value * work_days * {share}), 12)"
            " ELSE {by_days} END"
        ).format(share=SQL(share), by_days=fraction(reduced, over="value"))
    if kind in WEIGHTED:
        return SQL(
            "coalesce(round(max(weight.goal)::numeric(80,50) / nullif(max(weight.weight), 0), 12),"
            " {})"
        ).format(by_days)
    if kind == Kind.LAST:
        return SQL("round((array_agg(value ORDER BY end_day DESC))[1], 12)")
    return by_days


def _unit_goals(frame: Frame, measures: list[MeasureRule]) -> Composable:
    """Goals of units as a whole: fixed, or for each working day of each person who is there."""
    return SQL(
        "SELECT 'team' AS of, piece.span_id AS group_id, piece.metric_id,"
        " CASE WHEN min(basis) = 'person_day' THEN round(sum(piece.value * there.work_days), 12)"
        " ELSE round(sum(piece.value * (piece.end_day - piece.first_day))::numeric(80,50)"
        "  / sum(piece.end_day - piece.first_day), 12) END AS goal"
        " FROM goal_piece AS piece LEFT JOIN LATERAL ("
        "  SELECT sum(last.before - first.before) AS work_days FROM org_assignment AS job"
        "  JOIN org_unit AS unit ON unit.id = job.unit_id"
        "  JOIN day_count AS first ON first.calendar_id = {calendar}"
        "   AND first.day = GREATEST(job.valid_from, piece.first_day)"
        "  JOIN day_count AS last ON last.calendar_id = {calendar}"
        "   AND last.day = LEAST(job.valid_to, piece.end_day)"
        "  WHERE piece.basis = 'person_day' AND job.unit_id = piece.span_id"
        "   AND job.superseded_at = {never} AND job.valid_from < piece.end_day"
        "   AND job.valid_to > piece.first_day) AS there ON true"
        " WHERE piece.of = 'team' AND piece.metric_id = ANY({metrics})"
        " GROUP BY piece.span_id, piece.metric_id"
    ).format(
        calendar=SQL(
            "coalesce(unit.holiday_calendar_id,"
            " (SELECT id FROM org_holidaycalendar WHERE is_default), 0)"
        ),
        metrics=Literal(sorted({m.metric for m in measures})),
        never=frame.days["never"],
    )


def goal_join(measure: MeasureRule, number: int) -> Composable:
    """The join that brings a measure's goal to its result, under the alias ``goal<number>``."""
    unit = measure.scope in UNIT_SCOPES
    return SQL(
        "LEFT JOIN goal_of AS {alias} ON {alias}.of = {of} AND {alias}.metric_id = {metric}"
        " AND {alias}.group_id = {group}"
    ).format(
        alias=Identifier(f"goal{number}"),
        of=Literal("team" if unit else "person"),
        metric=Literal(measure.metric),
        group=SQL("key.unit_id" if unit else "goal_like.like_id"),
    )
