"""The goal of each result: the nearest one for each day, put together as its metric demands.

Goals are worked out in rounds (incentives.goal_chunks): measures over the same days together. Most
people have their goals in common: ``like_<goal_n>`` names for each result the one whose goals are
worked out for both, and ``goal_slice`` holds the slices of those.
``goal_piece`` holds, for each slice (or unit, for goals of the unit as a whole) and metric, the
stretches of days with the goal that wins there. ``goal_<n>`` holds a row for each result (or unit)
with the goal of every variant of round n, and what the goals of results were put together from,
where they differ within one.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref
from incentives import absence, goal_chunks
from incentives.goal_chunks import Part, Round, Variant
from incentives.goal_sql import (
    CALENDAR_OF_UNIT,
    CUT_PIECES,
    GOAL_FACTS,
    GOALS,
    MATCH,
    NEAREST,
    NO_WEIGHT,
    PIECE_DAYS,
    SLICE_SPANS,
    TOLD,
    UNIT_GOALS,
    UNIT_SPANS,
    WEIGHT,
    WEIGHTS,
    WHOLE_UNITS,
)
from incentives.participants import Frame, fraction
from incentives.rules import Kind, MeasureRule
from org.errors import DomainError
from org.sql import NEVER, execute, fetch, keep
from org.workdays import workday_counts

# Kinds whose goal is an amount for the whole period, so that part of the period has part of it.
GROWS_WITH_DAYS = frozenset({Kind.SUM})
WEIGHTED = frozenset({Kind.RATIO, Kind.WEIGHTED_MEAN})


@dataclass(frozen=True)
class Goal:
    """Where the goal of a measure stands: the table of its round, and its variant there."""

    table: str
    variant: int
    of: str

    @property
    def joins(self) -> list[tuple[str, Composable]]:
        """Joins to ``key``, a row of ``outcome_key``, each under a name: the same one only once."""
        like = f"like_{self.table}"
        group = SQL("key.unit_id") if self.of == "team" else Identifier(like, "like_id")
        joins: list[tuple[str, Composable]] = [
            (like, SQL("LEFT JOIN {0} ON {0}.result_id = key.result_id").format(Identifier(like)))
        ]
        joins.append(
            (
                self._name,
                SQL(
                    "LEFT JOIN {table} AS {name} ON {name}.of = {of} AND {name}.group_id = {group}"
                ).format(
                    table=Identifier(self.table),
                    name=Identifier(self._name),
                    of=Literal(self.of),
                    group=group,
                ),
            )
        )
        return joins

    @property
    def _name(self) -> str:
        return f"{self.table}_{self.of}"

    @property
    def column(self) -> Composable:
        """The goal itself."""
        return Identifier(self._name, f"goal {self.variant}")

    @property
    def told(self) -> Composable:
        """How it was put together, as JSON text; NULL where one goal held all the time."""
        return Identifier(self._name, f"told {self.variant}")


def find(frame: Frame) -> dict[str, Goal]:
    """Work out the goals of the measures of a version; where the goal of each stands."""
    rounds: dict[Round, dict[Variant, None]] = {}
    wanted: dict[str, tuple[Round, Variant]] = {}
    for measure in frame.rules.shown:
        variant = goal_chunks.variant_of(measure)
        if variant is None or not _wanted(frame, measure):
            continue
        one = goal_chunks.round_of(frame, measure)
        rounds.setdefault(one, {})[variant] = None
        wanted[measure.name] = one, variant
    tables = {one: _find_round(frame, one, tuple(variants)) for one, variants in rounds.items()}
    return {
        name: Goal(tables[one], list(rounds[one]).index(variant), variant.of)
        for name, (one, variant) in wanted.items()
    }


def _find_round(frame: Frame, one: Round, variants: tuple[Variant, ...]) -> str:
    """Fill the table of a round, if no plan before has it; its name."""
    reduced = tuple(frame.version.prorate_goal)
    name, there = frame.common.table("goal", (one, variants, reduced))
    if not there:
        _Round(frame, one, variants, name).find()
    return name


def _wanted(frame: Frame, measure: MeasureRule) -> bool:
    """Whether anybody reads the goal: of figures of other days only what formulas ask for."""
    reads = {Ref("goal", measure.name), Ref("attainment", measure.name)}
    return not measure.variant_of or bool(reads & frame.rules.references)


class _Round:
    """One round: fills the tables of this module, one after the other."""

    def __init__(self, frame: Frame, one: Round, variants: tuple[Variant, ...], name: str) -> None:
        self.frame, self.one, self.name = frame, one, name
        self.like = f"like_{name}"
        self.variants = variants
        self.metrics = sorted({variant.metric for variant in variants})
        self.parts: list[Part] = goal_chunks.parts_of(frame, one)
        self.prefix = "" if one.plain else "goal_"
        self.count = f"{self.prefix}day_count"

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
            self._share()
        else:
            self._slices()
        self._spans()
        keep("goal_match", self._matches())
        _refuse_ties()
        keep("goal_piece", SQL(NEAREST + " UNION ALL " + CUT_PIECES))
        queries = [self._own_goals()] if any(v.of == "person" for v in self.variants) else []
        if any(v.of == "team" for v in self.variants):
            queries.append(self._unit_goals())
        keep(self.name, self._side_by_side(SQL(" UNION ALL ").join(queries)))
        execute(f"CREATE INDEX ON {self.name} (of, group_id)")

    def _side_by_side(self, goals: Composable) -> Composable:
        """A row for each result or unit, with all its goals and what they were made of."""
        columns = [
            SQL(
                "max(goal) FILTER (WHERE variant = {number}) AS {goal},"
                " max(told) FILTER (WHERE variant = {number}) AS {told}"
            ).format(
                number=Literal(number),
                goal=Identifier(f"goal {number}"),
                told=Identifier(f"told {number}"),
            )
            for number in range(len(self.variants))
        ]
        return SQL("SELECT of, group_id, {} FROM ({}) AS goal GROUP BY of, group_id").format(
            SQL(", ").join(columns), goals
        )

    def _share(self) -> None:
        """Find results whose goals must be the same: one slice alike in all that a goal depends on.

        Where a goal or the tree changes inside the period, ratios weigh goals by the person's own
        days: then every result stands for itself.
        """
        frame = self.frame
        about = dict(metrics=Literal(self.metrics), **frame.days)
        [(changes, people, units)] = fetch(SQL(GOAL_FACTS).format(**about))
        alike = [
            "job_type_id",
            "first_day",
            "end_day",
            "share",
            "counted_from",
            "calendar_id",
            "days",
        ]
        alike += [
            "period_days",
            "CASE WHEN result_id IN (SELECT * FROM several) THEN result_id END",
        ]
        alike += ["result_id"] if changes or absence.used(frame.version) else []
        alike += ["unit_id"] if units else []
        if people:
            alike.append("CASE WHEN person_id IN (SELECT person_id FROM named) THEN person_id END")
        keep(
            self.like,
            SQL(
                "WITH named AS (SELECT person_id FROM metrics_goal WHERE superseded_at = {never}"
                "  AND metric_id = ANY({metrics}) AND person_id IS NOT NULL),"
                " several AS (SELECT result_id FROM slice WHERE NOT behind"
                "  GROUP BY 1 HAVING count(*) > 1)"
                " SELECT DISTINCT result_id, min(result_id) OVER (PARTITION BY "
                + ", ".join(alike)
                + ") AS like_id FROM slice WHERE NOT behind"
            ).format(**about),
        )
        keep(
            "goal_slice",
            SQL(
                "SELECT slice.* FROM slice JOIN {} USING (result_id) WHERE result_id = like_id"
            ).format(Identifier(self.like)),
        )

    def _slices(self) -> None:
        """``goal_slice`` of everybody, over all parts of the round."""
        first = min((part.of_first for part in self.parts), default=self.frame.start)
        until = max((part.of_until for part in self.parts), default=self.frame.start)
        keep(self.count, workday_counts(first, until))
        execute(f"CREATE INDEX ON {self.count} (calendar_id, day)")
        absence.find(self.frame.version, first, until, prefix=self.prefix)
        keep("goal_part", goal_chunks.rows(self.parts))
        keep("goal_stretch", goal_chunks.stretches(self.frame, self.one))
        keep(
            "goal_slice",
            SQL("SELECT row_number() OVER () AS slice_id, row.* FROM ({}) AS row").format(
                absence.measured(
                    self.frame.version, SQL("SELECT * FROM goal_stretch"), prefix=self.prefix
                )
            ),
        )
        keep(self.like, SQL("SELECT result_id, result_id AS like_id FROM outcome_key"))

    def _spans(self) -> None:
        """What goals are looked for: slices of those who stand for all, and units as a whole."""
        spans = SLICE_SPANS
        if any(v.of == "team" for v in self.variants):
            keep("unit_span", SQL(WHOLE_UNITS).format(parts=goal_chunks.rows(self.parts)))
            spans += " UNION ALL " + UNIT_SPANS
        keep("span", SQL(spans))

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
        weights = [
            SQL(WEIGHTS).format(metric=Literal(v.metric), weigh=Literal(v.weigh), never=SQL(NEVER))
            for v in own
            if v.kind in WEIGHTED
        ]
        if weights:
            keep("goal_weight", SQL(" UNION ALL ").join(weights))
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
            met=absence.met(version, SQL("row.in_hours"), prefix=self.prefix),
        )

    def _own_goal(self, number: int, variant: Variant) -> Composable:
        weight = WEIGHT if variant.kind in WEIGHTED else NO_WEIGHT
        return SQL(
            "SELECT 'person' AS of, {number} AS variant, piece.result_id AS group_id,"
            " {goal} AS goal, " + TOLD + " AS told FROM goal_days AS piece " + weight + ""
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
