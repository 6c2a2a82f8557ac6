"""The goal of each result: the nearest one for each day, put together as its metric demands.

Goals are worked out in rounds (incentives.goal_chunks): measures over the same days together. Most
people have their goals in common: ``goal_like`` names for each result the one whose goals are
worked out for both, and ``goal_slice`` holds the slices of those.
``goal_piece`` holds, for each slice (or unit, for goals of the unit as a whole) and metric, the
stretches of days with the goal that wins there. ``goal_of_<n>`` holds one goal for each result (or
unit) and variant of round n, ``goal_like_<n>`` whose goals each result has, and ``goal_told_<n>``
what the goals of results were put together from, where they differ within one.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref
from incentives import absence, goal_chunks
from incentives.goal_chunks import Part, Round, Variant
from incentives.participants import RANK, Frame, fraction
from incentives.rules import Kind, MeasureRule
from org.errors import DomainError
from org.sql import NEVER, execute, fetch, keep
from org.workdays import workday_counts

# Kinds whose goal is an amount for the whole period, so that part of the period has part of it.
GROWS_WITH_DAYS = frozenset({Kind.SUM})
WEIGHTED = frozenset({Kind.RATIO, Kind.WEIGHTED_MEAN})


@dataclass(frozen=True)
class Goal:
    """Where the goal of a measure stands: the number of its round, and its variant there."""

    round: int
    variant: int
    of: str

    @property
    def joins(self) -> list[tuple[str, Composable]]:
        """Joins to ``key``, a row of ``outcome_key``, each under a name: the same one only once."""
        like = f"goal_like_{self.round}"
        goal = self._name("goal")
        group = SQL("key.unit_id") if self.of == "team" else Identifier(like, "like_id")
        joins: list[tuple[str, Composable]] = [
            (like, SQL("LEFT JOIN {0} ON {0}.result_id = key.result_id").format(Identifier(like)))
        ]
        for name, table in ((goal, "goal_of"), (self._name("told"), "goal_told")):
            joins.append(
                (
                    name,
                    SQL(
                        "LEFT JOIN {table} AS {name} ON {name}.of = {of} AND {name}.variant ="
                        " {variant} AND {name}.group_id = {group}"
                    ).format(
                        table=Identifier(f"{table}_{self.round}"),
                        name=Identifier(name),
                        of=Literal(self.of),
                        variant=Literal(self.variant),
                        group=group,
                    ),
                )
            )
        return joins

    def _name(self, what: str) -> str:
        return f"{what}_{self.round}_{self.of}_{self.variant}"

    @property
    def column(self) -> Composable:
        """The goal itself."""
        return Identifier(self._name("goal"), "goal")

    @property
    def told(self) -> Composable:
        """How it was put together, as JSON text; NULL where one goal held all the time."""
        return Identifier(self._name("told"), "told")


def find(frame: Frame) -> dict[str, Goal]:
    """Work out the goals of the measures of a version; where the goal of each stands."""
    rounds: dict[Round, list[Variant]] = {}
    found: dict[str, Goal] = {}
    for measure in frame.rules.shown:
        variant = goal_chunks.variant_of(measure)
        if variant is None or not _wanted(frame, measure):
            continue
        variants = rounds.setdefault(goal_chunks.round_of(frame, measure), [])
        if variant not in variants:
            variants.append(variant)
        number = list(rounds).index(goal_chunks.round_of(frame, measure))
        found[measure.name] = Goal(number, variants.index(variant), variant.of)
    for number, (one, variants) in enumerate(rounds.items()):
        _Rounds(frame, one, variants, number).find()
    return found


def _wanted(frame: Frame, measure: MeasureRule) -> bool:
    """Whether anybody reads the goal: of figures of other days only what formulas ask for."""
    reads = {Ref("goal", measure.name), Ref("attainment", measure.name)}
    return not measure.variant_of or bool(reads & frame.rules.references)


class _Rounds:
    """One round: fills the tables of this module, one after the other."""

    def __init__(self, frame: Frame, one: Round, variants: list[Variant], number: int) -> None:
        self.frame, self.one, self.number = frame, one, number
        self.variants = variants
        self.metrics = sorted({variant.metric for variant in variants})
        self.parts: list[Part] = goal_chunks.parts_of(frame, one)
        self.count = "day_count" if one.plain else "goal_day_count"

    @property
    def about(self) -> dict[str, Composable]:
        """The days of the round, and its metrics."""
        first = min((part.of_first for part in self.parts), default=self.frame.start)
        until = max((part.of_until for part in self.parts), default=self.frame.start)
        return {
            "start": Literal(first),
            "end": Literal(until),
            "never": SQL(NEVER),
            "metrics": Literal(self.metrics),
        }

    def find(self) -> None:
        if self.one.plain:
            _share(self.frame, self.metrics)
        else:
            self._slices()
        keep("goal_part", goal_chunks.rows(self.parts))
        self._spans()
        keep("goal_match", self._matches())
        _refuse_ties()
        keep("goal_piece", SQL(NEAREST + " UNION ALL " + CUT_PIECES))
        queries = [self._own_goals()] if any(v.of == "person" for v in self.variants) else []
        if any(v.of == "team" for v in self.variants):
            queries.append(self._unit_goals())
        keep(f"goal_of_{self.number}", SQL(" UNION ALL ").join(queries))
        execute(f"CREATE INDEX ON goal_of_{self.number} (of, variant, group_id)")
        keep(f"goal_like_{self.number}", SQL("SELECT result_id, like_id FROM goal_like"))
        keep(f"goal_told_{self.number}", self._told())

    def _slices(self) -> None:
        """``goal_slice`` of everybody, over all parts of the round."""
        first = min((part.of_first for part in self.parts), default=self.frame.start)
        until = max((part.of_until for part in self.parts), default=self.frame.start)
        keep(self.count, workday_counts(first, until))
        execute(f"CREATE INDEX ON {self.count} (calendar_id, day)")
        absence.find(self.frame.version, first, until)
        keep("goal_part", goal_chunks.rows(self.parts))
        query = goal_chunks.stretches(self.frame, self.one)
        keep("goal_stretch", query)
        keep(
            "goal_slice",
            SQL("SELECT row_number() OVER () AS slice_id, row.* FROM ({}) AS row").format(
                absence.measured(
                    self.frame.version, SQL("SELECT * FROM goal_stretch"), count=self.count
                )
            ),
        )
        keep("goal_like", SQL("SELECT result_id, result_id AS like_id FROM outcome_key"))

    def _spans(self) -> None:
        """What goals are looked for: slices of those who stand for all, and units as a whole."""
        keep(
            "unit_span",
            SQL(
                "SELECT row_number() OVER () AS span_id, unit_id, first, until"
                " FROM (SELECT DISTINCT unit_id FROM outcome_key) AS unit"
                " CROSS JOIN (SELECT DISTINCT of_first AS first, of_until AS until FROM goal_part)"
                " AS part WHERE {wanted}"
            ).format(wanted=Literal(any(v.of == "team" for v in self.variants))),
        )
        keep(
            "span",
            SQL(
                "SELECT 'person' AS of, slice_id AS span_id, person_id, unit_id, job_type_id,"
                " first_day, end_day FROM goal_slice UNION ALL"
                " SELECT 'team', span_id, NULL::bigint, unit_id, NULL::bigint, first, until"
                " FROM unit_span"
            ),
        )

    def _matches(self) -> Composable:
        """Every goal that is for a span on some of its days; ``cut``: one of them not on all."""
        # Goals of single people are joined by person: there may be as many as people.
        anyone = SQL(
            "near.person_id IS NULL AND (near.job_type_id IS NULL"
            " OR near.job_type_id = span.job_type_id)"
        )
        whose = "calendar_id = {calendar}"
        if not self.one.strict:
            whose = f"(calendar_id IS NULL OR {whose})"
        goals = SQL(GOALS + " AND " + whose).format(
            calendar=Literal(self.one.calendar), **self.about
        )
        both = SQL("{} UNION ALL {}").format(
            SQL(MATCH).format(join=anyone),
            SQL(MATCH).format(join=SQL("near.person_id = span.person_id")),
        )
        return SQL(
            "WITH goal AS ({}) SELECT *, bool_or(first_day > span_first OR end_day < span_end)"
            " OVER (PARTITION BY of, span_id, metric_id) AS cut FROM ({}) AS match"
        ).format(goals, both)

    # --- goals of people

    def _own_goals(self) -> Composable:
        keep("goal_days", self._days())
        own = [v for v in self.variants if v.of == "person"]
        keep(
            "goal_weight",
            SQL(" UNION ALL ").join(
                SQL(WEIGHTS).format(
                    metric=Literal(v.metric), weigh=Literal(v.weigh), never=SQL(NEVER)
                )
                for v in own
                if v.kind in WEIGHTED
            )
            if any(v.kind in WEIGHTED for v in own)
            else SQL(NO_WEIGHTS),
        )
        execute("CREATE INDEX ON goal_weight (result_id)")
        return SQL(" UNION ALL ").join(
            self._own_goal(number, v) for number, v in enumerate(self.variants) if v in own
        )

    def _days(self) -> Composable:
        """Eligible days of each piece of a slice, counted as the version says, and working days."""
        version = self.frame.version
        days = {
            "calendar": "row.end_day - row.counted_from",
            "working": "last.before - first.before",
            "scheduled": "CASE WHEN row.in_hours THEN coalesce(met.hours, 0)"
            " ELSE last.before - first.before END",
        }[version.prorate_days]
        absent = "met.absent_goal" if absence.used(version) else "0::numeric AS absent_goal"
        return SQL(PIECE_DAYS).format(
            days=SQL(days),
            absent=SQL(absent),
            count=SQL(self.count),
            met=absence.met(version, SQL("row.in_hours"), count=self.count),
        )

    def _own_goal(self, number: int, variant: Variant) -> Composable:
        return SQL(
            "SELECT 'person' AS of, {number} AS variant, piece.result_id AS group_id,"
            " {goal} AS goal"
            " FROM goal_days AS piece LEFT JOIN goal_weight AS weight"
            " ON weight.result_id = piece.result_id AND weight.metric_id = piece.metric_id"
            "  AND weight.weigh = {weigh} AND weight.slice_id = piece.slice_id"
            "  AND weight.first_day = piece.first_day"
            " WHERE piece.metric_id = {metric} GROUP BY piece.result_id"
        ).format(
            number=Literal(number),
            metric=Literal(variant.metric),
            weigh=Literal(variant.weigh),
            goal=self._put_together(variant.kind),
        )

    def _put_together(self, kind: str) -> Composable:
        """One goal out of the pieces of a result, as the kind of metric demands."""
        by_days = fraction([], over="value")
        if kind in GROWS_WITH_DAYS:
            reduced = self.frame.version.prorate_goal
            by_days = fraction(reduced, over="value")
            if not self.one.plain and "days" not in reduced:
                # Each period of the window has its goal, whole as soon as there is a day.
                by_days = fraction([*reduced, "days"], over="value", whole="part_days")
            day = "value * work_days"
            day += " * share" if "share" in reduced else ""
            if "absence" in reduced:
                day += " * (days - absent_goal)::numeric(80,50) / nullif(days, 0)"
            return SQL(
                "CASE WHEN min(basis) = 'person_day' THEN round(sum({day}), 12) ELSE {by_days} END"
            ).format(day=SQL(day), by_days=by_days)
        if kind in WEIGHTED:
            return SQL(
                "coalesce(round(sum(weight.goal)::numeric(80,50)"
                " / nullif(sum(weight.weight), 0), 12), {})"
            ).format(by_days)
        if kind == Kind.LAST:
            return SQL("round((array_agg(value ORDER BY piece.end_day DESC))[1], 12)")
        return by_days

    def _told(self) -> Composable:
        """The pieces of goals that changed within a result: what explains a blended goal."""
        if not any(v.of == "person" for v in self.variants):
            return SQL(NOTHING_TOLD)
        return SQL(" UNION ALL ").join(
            SQL(TOLD).format(
                number=Literal(number), metric=Literal(v.metric), weigh=Literal(v.weigh)
            )
            for number, v in enumerate(self.variants)
            if v.of == "person"
        )

    # --- goals of units

    def _unit_goals(self) -> Composable:
        """Goals of units as a whole: fixed, or for each working day of each person there."""
        return SQL(" UNION ALL ").join(
            SQL(UNIT_GOALS).format(
                number=Literal(number),
                metric=Literal(v.metric),
                never=SQL(NEVER),
                count=SQL(self.count),
                calendar=SQL(CALENDAR_OF_UNIT),
                goal=SQL(
                    "sum(goal)"
                    if v.kind in GROWS_WITH_DAYS
                    else "sum(goal * days)::numeric(80,50) / sum(days)"
                ),
            )
            for number, v in enumerate(self.variants)
            if v.of == "team"
        )


def _share(frame: Frame, metrics: list[int]) -> None:
    """Find results whose goals must be the same: one slice alike in all that a goal depends on.

    Where a goal or the tree changes inside the period, ratios weigh goals by the person's own days:
    then every result stands for itself.
    """
    about = dict(metrics=Literal(metrics), **frame.days)
    [(changes, people, units)] = fetch(SQL(GOAL_FACTS).format(**about))
    alike = ["job_type_id", "first_day", "end_day", "share", "counted_from", "calendar_id", "days"]
    alike += ["period_days", "CASE WHEN slices > 1 THEN result_id END"]
    alike += ["result_id"] if changes or absence.used(frame.version) else []
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
NO_WEIGHTS = """
    SELECT NULL::bigint AS result_id, NULL::bigint AS metric_id, NULL::bigint AS weigh,
           NULL::bigint AS slice_id, NULL::date AS first_day, NULL::numeric AS goal,
           NULL::numeric AS weight WHERE false
"""
TOLD = """
    SELECT 'person' AS of, {number} AS variant, piece.result_id AS group_id,
           jsonb_agg(jsonb_build_array(piece.first_day, piece.end_day,
             trim_scale(piece.value)::text, trim_scale(piece.days)::text,
             trim_scale(weight.weight)::text) ORDER BY piece.first_day, piece.slice_id)::text
             AS told
    FROM goal_days AS piece LEFT JOIN goal_weight AS weight
     ON weight.result_id = piece.result_id AND weight.metric_id = piece.metric_id
     AND weight.weigh = {weigh} AND weight.slice_id = piece.slice_id
     AND weight.first_day = piece.first_day
    WHERE piece.metric_id = {metric} GROUP BY piece.result_id
    HAVING min(piece.value) <> max(piece.value)
"""
NOTHING_TOLD = """
    SELECT 'person' AS of, 0 AS variant, NULL::bigint AS group_id, NULL::text AS told WHERE false
"""
CALENDAR_OF_UNIT = (
    "coalesce(unit.holiday_calendar_id, (SELECT id FROM org_holidaycalendar WHERE is_default), 0)"
)
UNIT_GOALS = """
    SELECT 'team' AS of, {number} AS variant, unit_id AS group_id, round({goal}, 12) AS goal
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
