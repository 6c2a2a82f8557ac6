"""The pay curve of a component: its amount against the figure that it turns on, and its cliffs.

Everything else is as it stands with one typical person; each amount is what the Decimal engine says
for that person with the figure moved (as for the next step, docs/adr/0151).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from itertools import islice
from typing import Any

from formula import Ref
from incentives.effect.typical import Typical
from incentives.explain import measured, work_out
from incentives.next_step import Place, grid, moved, places_of, with_figure
from incentives.rules import ComponentRule, MeasureRule, Per, VersionRules

# A jump at the next unit, beyond what a unit brings anyway, is a cliff from this part of it on.
CLIFF = Decimal("0.1")
PIECES = 24
MOST_TURNS = 40
# How far a curve is looked for, of a figure whose size nobody knows.
FARTHER_AND_FARTHER = (4, 64, 1024, 16384)
MOST_CURVES = 8
Point = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Cliff:
    """Where one unit more of the figure moves the amount by a jump; ``below``: before the unit."""

    at: Decimal
    unit: Decimal
    below: Decimal
    above: Decimal


@dataclass(frozen=True)
class Line:
    """One version's curve: its corners in order, and its cliffs."""

    points: tuple[Point, ...]
    cliffs: tuple[Cliff, ...]


@dataclass(frozen=True)
class Curve:
    """A component with both versions' curves over one measure; ``now``: the typical figure."""

    component: str
    title: str
    measure: MeasureRule
    now: Decimal | None
    before: Line | None
    after: Line | None


def curves(before: Typical | None, after: Typical | None) -> list[Curve]:
    """The curves of components per person that turn on a figure: those that differ, and others."""
    names = dict.fromkeys(
        name for side in (after, before) if side for name in side.rules.components
    )
    ordered = sorted(names, key=lambda name: _alike(name, before, after))
    found = (_curve(name, before, after) for name in ordered)
    return list(islice((curve for curve in found if curve is not None), MOST_CURVES))


def _alike(name: str, before: Typical | None, after: Typical | None) -> bool:
    """Whether both sides say the same of a component, and know the same of the person."""
    if before is None or after is None or before.inputs != after.inputs:
        return False
    old, new = (side.rules.components.get(name) for side in (before, after))
    return old is not None and new is not None and old.parts == new.parts


def _curve(name: str, before: Typical | None, after: Typical | None) -> Curve | None:
    alike = _alike(name, before, after)
    new = _bend(name, after)
    old = new if alike else _bend(name, before)
    shown = new or old
    if shown is None:
        return None
    same = [bend for bend in (old, new) if bend and bend.measure.name == shown.measure.name]
    spans = [bend.span for bend in ([shown] if alike else same)]
    low, top = min(low for low, _ in spans), max(top for _, top in spans)
    lines = {id(bend): bend.line(low, top) for bend in ([shown] if alike else same)}
    if not any(len({y for _, y in line.points}) > 1 for line in lines.values()):
        return None
    return Curve(
        component=name,
        title=shown.component.title,
        measure=shown.measure,
        now=shown.now,
        before=lines.get(id(old)),
        after=lines.get(id(new)),
    )


def _bend(name: str, side: Typical | None) -> Bend | None:
    """A component of a side with the first measure on which it turns."""
    component = side.rules.components.get(name) if side else None
    if side is None or component is None or component.per != Per.PERSON:
        return None
    known = measured(side.rules, side.inputs)
    for measure in _main_first(side.rules, component):
        places = tuple(places_of(component.parts.values(), measure))
        if places and isinstance(known.get(measure.name), Decimal | None):
            return Bend(side, component, measure, places, known)
    return None


def _main_first(rules: VersionRules, component: ComponentRule) -> Iterator[MeasureRule]:
    """The measures that a component reads, that of its formula before those of its gate."""
    formula = component.parts.get("formula")
    first = {ref.name for ref in formula.references} if formula else set()
    read = component.measures()
    yield from sorted(
        (measure for measure in rules.named if measure.name in read),
        key=lambda measure: (measure.name not in first, measure.name),
    )


@dataclass(frozen=True)
class Bend:
    """A component of a typical person, and the measure that is moved."""

    side: Typical
    component: ComponentRule
    measure: MeasureRule
    places: tuple[Place, ...]
    known: Mapping[str, Any]

    @property
    def now(self) -> Decimal | None:
        """The figure as it stands."""
        figure: Decimal | None = self.known[self.measure.name]
        return figure

    @cached_property
    def inputs(self) -> Mapping[str, str]:
        """The person's inputs as if all data were there: a curve waits for nothing."""
        return {name: x for name, x in self.side.inputs.items() if not name.endswith(" ?")}

    @cached_property
    def unit(self) -> Decimal:
        """The smallest difference that people see."""
        return grid(self.measure)

    @cached_property
    def span(self) -> tuple[Decimal, Decimal]:
        """The stretch to draw: all turns within reach and the figure of now, with room beside."""
        goal = self.known.get(Ref("goal", self.measure.name).column)
        scale = max((x for x in (self.now, goal) if isinstance(x, Decimal)), default=Decimal(0))
        far = max(scale * 2, self.unit * PIECES)
        for times in (2,) if scale else FARTHER_AND_FARTHER:
            if marks := list(self.turns(far * times)):
                if self.now is not None:
                    marks.append(self.now)
                first, last = min(marks), max(marks)
                low = Decimal(0) if first * 2 < last else max(Decimal(0), 3 * first - last) / 2
                return self._on_grid(low), self._on_grid(last + max(last - first, last / 5) / 4)
        return Decimal(0), self._on_grid(far)

    def _on_grid(self, figure: Decimal) -> Decimal:
        return (figure / self.unit).to_integral_value(ROUND_CEILING) * self.unit

    def turns(self, top: Decimal) -> Iterator[Decimal]:
        """The figures up to ``top`` at which a look-up or comparison comes to another state."""
        strides = max(1, int(top / self.unit))
        step = max(1, strides // (PIECES * 4))
        found = 0
        for start in range(0, strides, step):
            end = min(start + step, strides)
            for turn in self._between(start, end):
                yield turn
                found += 1
                if found >= MOST_TURNS:
                    return

    def _between(self, start: int, end: int) -> Iterator[Decimal]:
        """The changes of state in a stretch of units, found by halves."""
        if self._state(start) == self._state(end):
            return
        if end - start == 1:
            yield end * self.unit
            return
        middle = (start + end) // 2
        yield from self._between(start, middle)
        yield from self._between(middle, end)

    def _state(self, units: int) -> tuple[Any, ...]:
        there = with_figure(self.known, self.measure, units * self.unit)
        return tuple(place.state(there) for place in self.places)

    def line(self, low: Decimal, top: Decimal) -> Line:
        """The curve from ``low`` to ``top``."""
        turns = [turn for turn in self.turns(top) if turn > low]
        figures = {self._on_grid(low + (top - low) * n / PIECES) for n in range(PIECES + 1)}
        for turn in turns:
            figures |= {turn - self.unit, turn}
        points = tuple((x, y) for x in sorted(figures) if (y := self.amount(x)) is not None)
        return Line(points, tuple(self._cliffs(turns)))

    def _cliffs(self, turns: Iterable[Decimal]) -> Iterator[Cliff]:
        for turn in turns:
            before, below, above = (self.amount(turn - self.unit * n) for n in (2, 1, 0))
            if below is None or above is None:
                continue
            usual = below - before if before is not None and turn >= 2 * self.unit else Decimal(0)
            if abs(above - below - usual) > CLIFF * max(abs(below), abs(above)):
                yield Cliff(turn, self.unit, below, above)

    def amount(self, figure: Decimal) -> Decimal | None:
        """What the component comes to at a figure; None where that cannot be told."""
        if figure < 0:
            return None
        instead = None
        if self.now is not None:
            instead = moved(self.side.rules, self.known, self.measure, figure)
        known = work_out(
            self.side.rules,
            self.inputs,
            instead or {self.measure.name: figure},
            only=self._needed,
        )
        amount = known.get(Ref("earned", self.component.name).column)
        return amount if isinstance(amount, Decimal) else None

    @cached_property
    def _needed(self) -> frozenset[str]:
        """The component, and those of its version that it stands on."""
        found: set[str] = set()
        more = {self.component.name}
        while more - found:
            found |= more
            more = {
                name for one in found for name in self.side.rules.components[one].reads
            } & self.side.rules.components.keys()
        return frozenset(found)
