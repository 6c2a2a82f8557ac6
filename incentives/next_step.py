"""What the next step of a plan would bring a person: the plan's own rules, with one figure moved.

A step is where something changes its row or its answer as one figure improves: the next bound of a
table, the other side of a comparison. Each is tried by the Decimal engine over the inputs of the
person's result, everything else as it stands; what is promised is what the engine then says.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from formula import NUMBER, ErrorValue, Formula, Ref, evaluate
from formula.nodes import Call, Expression, Reference, walk
from formula.numbers import CONTEXT, LIMIT
from formula.tables import CurveTable, MatrixTable, StepTable, Table
from incentives.explain import attainment_inputs, work_out
from incentives.rules import WHOLE, Kind, MeasureRule, Per, VersionRules, part_name

COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
# Windows that end before the period: what is done now moves nothing in them.
OVER = frozenset({"prior", "before"})
FARTHEST = 60
State = tuple[Any, ...] | None
Known = Mapping[str, Any]


@dataclass(frozen=True)
class NextStep:
    """``more`` is earned where a measure, now at ``now``, stands at ``to`` and all else as it is.

    ``grows``: the titles of the components that pay more.
    """

    measure: MeasureRule
    now: Decimal
    to: Decimal
    more: Decimal
    grows: tuple[str, ...]

    @property
    def now_shown(self) -> Decimal:
        """The figure of now as people read it, cut where rounding would make it look reached."""
        unit = grid(self.measure)
        shown = (self.now / unit).to_integral_value(rounding=ROUND_HALF_UP) * unit
        if shown != self.to:
            return shown
        up = ROUND_CEILING if self.measure.lower_is_better else ROUND_FLOOR
        return (self.now / unit).to_integral_value(rounding=up) * unit

    @property
    def away(self) -> Decimal:
        """How far it is, as a part of the figure to be reached."""
        return abs(self.to - self.now) / max(abs(self.to), abs(self.now))


def grid(measure: MeasureRule) -> Decimal:
    """The smallest difference that people see: a percentage has two places more than it shows."""
    places = measure.decimals + (2 if measure.unit == "percent" else 0)
    return Decimal(1).scaleb(-places)


def next_steps(rules: VersionRules, stored: Mapping[str, str]) -> list[NextStep]:
    """For each measure the nearest step that pays more, the nearest of all first."""
    known = work_out(rules, stored)
    found = (_step_of(rules, stored, known, measure) for measure in rules.named)
    return sorted((step for step in found if step), key=lambda step: step.away)


def _step_of(
    rules: VersionRules, stored: Mapping[str, str], known: Mapping[str, Any], measure: MeasureRule
) -> NextStep | None:
    now = known[measure.name]
    if not isinstance(now, Decimal) or now < 0 or f"{measure.name} ?" in stored:
        return None
    points = {
        to
        for place in decisive(rules, measure)
        if (to := _first_change(known, measure, place)) is not None
    }
    for to in sorted(points, reverse=measure.lower_is_better):
        instead = moved(rules, known, measure, to)
        if instead is None:
            return None
        then = work_out(rules, stored, instead)
        more = total(rules, then, known) - total(rules, known, then)
        if more > 0:
            return NextStep(measure, now, to, more, tuple(_growing(rules, known, then)))
    return None


def total(rules: VersionRules, known: Mapping[str, Any], beside: Mapping[str, Any]) -> Decimal:
    """What components per person, and the plan as a whole, come to; only what both can tell."""
    if rules.whole:
        name = part_name(WHOLE, "amount")
        both = [one[name] for one in (known, beside)]
        return known[name] if all(isinstance(x, Decimal) for x in both) else Decimal(0)
    return sum((known[column] for _, column in _comparable(rules, known, beside)), Decimal(0))


def _growing(
    rules: VersionRules, before: Mapping[str, Any], then: Mapping[str, Any]
) -> Iterator[str]:
    for title, column in _comparable(rules, before, then):
        if then[column] > before[column]:
            yield title


def _comparable(
    rules: VersionRules, one: Mapping[str, Any], other: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for component in rules.components.values():
        column = Ref("earned", component.name).column
        if component.per == Per.PERSON and all(
            isinstance(known[column], Decimal) for known in (one, other)
        ):
            yield component.title, column


# --- what moves with a figure


def moved(
    rules: VersionRules, known: Mapping[str, Any], measure: MeasureRule, to: Decimal
) -> dict[str, Decimal] | None:
    """The figures that move when a measure does: of the same metric, in windows that go on.

    None where another figure of the same metric would move in a way that nobody can tell.
    """
    found = {measure.name: to}
    now = known[measure.name]
    if measure.derived is not None or measure.earnings_of:
        return found
    for other in rules.stored:
        if other.name == measure.name or other.metric != measure.metric or _over(other):
            continue
        value = known[other.name]
        alike = other.scope == measure.scope and other.filter == measure.filter
        if measure.kind != Kind.SUM or not alike or not isinstance(value, Decimal):
            return None
        found[other.name] = value + (to - now)
    return found


def _over(measure: MeasureRule) -> bool:
    return measure.window.kind in OVER or measure.window.end is not None


# --- where something changes


@dataclass(frozen=True)
class Place:
    """A look-up or comparison that reads a measure: what it reads, and where that decides.

    ``parts``: formulas, each with the bounds between which it lies. A comparison is decided by the
    difference of its sides, whose bound is 0. ``answer``: the comparison itself, None of a table.
    """

    parts: tuple[tuple[Formula, tuple[Decimal, ...]], ...]
    upper: bool = True
    answer: Formula | None = None

    def state(self, known: Known) -> State:
        """The rows, or the answer, to which it comes; None where there is none."""
        if self.answer is not None:
            value = evaluate(self.answer, known).value
            return None if value is None else (value,)
        side = bisect_right if self.upper else bisect_left
        values = self.values(known)
        pairs = zip(values, (bounds for _, bounds in self.parts), strict=True)
        return tuple(side(bounds, value) for value, bounds in pairs) if values else None

    def values(self, known: Known) -> list[Decimal]:
        """What its parts come to; nothing where one of them is no number."""
        found = [evaluate(part, known).value for part, _ in self.parts]
        numbers = [value for value in found if isinstance(value, Decimal)]
        return numbers if len(numbers) == len(found) else []


def decisive(rules: VersionRules, measure: MeasureRule) -> Iterator[Place]:
    """Each look-up and comparison of numbers that reads the measure."""
    formulas = [
        formula
        for component in rules.components.values()
        if component.per == Per.PERSON
        for formula in component.parts.values()
    ]
    return places_of((*formulas, *rules.whole.values()), measure)


def places_of(formulas: Iterable[Formula], measure: MeasureRule) -> Iterator[Place]:
    """Each look-up and comparison of numbers in some formulas that reads the measure."""
    for formula in formulas:
        for node in walk(formula.node):
            if isinstance(node, Call) and _reads(node, measure):
                if node.table is not None:
                    parts = tuple(_parts(formula, node, node.table, measure))
                    if parts:
                        yield Place(parts, getattr(node.table, "upper", True))
                elif node.function in COMPARISONS and node.arguments[0].type is NUMBER:
                    apart = Call("-", node.arguments, NUMBER)
                    sides = ((replace(formula, node=apart), (Decimal(0),)),)
                    yield Place(sides, answer=replace(formula, node=node))


def _parts(
    formula: Formula, node: Call, table: Table, measure: MeasureRule
) -> Iterator[tuple[Formula, tuple[Decimal, ...]]]:
    for number, argument in enumerate(node.arguments):
        bounds = _bounds(table, number)
        if bounds and _reads(argument, measure):
            yield replace(formula, node=argument), bounds


def _reads(node: Expression, measure: MeasureRule) -> bool:
    return any(
        isinstance(part, Reference)
        and part.ref.kind in ("value", "attainment")
        and part.ref.name == measure.name
        for part in walk(node)
    )


def _bounds(table: Table, argument: int) -> tuple[Decimal, ...]:
    """The bounds of a table along one of its arguments; none where it goes by keys."""
    if isinstance(table, StepTable):
        return table.bounds
    if isinstance(table, CurveTable):
        return tuple(x for x, _ in table.points)
    if isinstance(table, MatrixTable):
        return (table.rows, table.columns)[argument].bounds
    return ()


def with_figure(known: Known, measure: MeasureRule, figure: Decimal) -> dict[str, Any]:
    """The names with a measure at a figure, and with its attainment; all else as it is."""
    found = {**known, measure.name: CONTEXT.plus(figure)}
    attainment_inputs(found, measure)
    outcome = evaluate(measure.attainment, found)
    column = Ref("attainment", measure.name).column
    found[column] = ErrorValue(outcome.error) if outcome.error else outcome.value
    return found


@dataclass(frozen=True)
class Way:
    """The figures of a measure that are better than now, on the grid of what people read."""

    known: Known
    measure: MeasureRule

    def point(self, strides: int) -> Decimal:
        """So many units better than now; zero is the least."""
        unit = grid(self.measure)
        now: Decimal = self.known[self.measure.name]
        if self.measure.lower_is_better:
            start = (now / unit).to_integral_value(rounding=ROUND_CEILING)
            return max(Decimal(0), (start - strides) * unit)
        return ((now / unit).to_integral_value(rounding=ROUND_FLOOR) + strides) * unit

    def at(self, strides: int) -> dict[str, Any]:
        """The names with the measure there, and with its attainment."""
        return with_figure(self.known, self.measure, self.point(strides))

    def ends(self, strides: int) -> bool:
        """Whether there is nothing to look for so far away."""
        point = self.point(strides)
        return point == 0 or strides > 2**FARTHEST or point * 2 >= LIMIT


def _first_change(known: Known, measure: MeasureRule, place: Place) -> Decimal | None:
    """The nearest better figure at which a place comes to another state; None without one.

    Looked for from where a straight line would meet the next bound, in longer and longer strides
    and then by halves: as if it changed once on the way.
    """
    way, was = Way(known, measure), place.state(known)
    if was is None:
        return None

    def changed(strides: int) -> bool:
        then = place.state(way.at(strides))
        return then is not None and then != was

    far = _guess(way, place)
    if far is None:
        return None
    near, stride = 0, 1
    if changed(far):
        while far - stride > 0 and changed(far - stride):
            far, stride = far - stride, stride * 2
        near = max(0, far - stride)
    else:
        while not changed(far):
            if way.ends(far):
                return None
            near, far, stride = far, far + stride, stride * 2
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (near, middle) if changed(middle) else (middle, far)
    return way.point(far)


def _guess(way: Way, place: Place) -> int | None:
    """How many units away a straight line meets a bound; None where none lies that way."""
    now = way.known[way.measure.name]
    far = max(1, int(now / grid(way.measure) / 8))
    before, after = place.values(way.known), place.values(way.at(far))
    if not before or not after:
        return 1
    found: list[int] = []
    flat = True
    for value, then, (_, bounds) in zip(before, after, place.parts, strict=True):
        slope = (then - value) / far
        flat = flat and slope == 0
        ahead = [b for b in bounds if (b - value) * slope >= 0] if slope else []
        found += [max(1, min(int((b - value) / slope), 2**FARTHEST)) for b in ahead]
    return 1 if flat else min(found, default=None)
