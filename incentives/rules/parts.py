"""A plan version as the engine works with it: frozen, checked, and put in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from formula import BOOLEAN, DATE, NUMBER, TEXT, Formula, Ref, Table, Type
from incentives.models import Component, Measure, PlanVersion
from metrics.attributes import kinds_into
from metrics.models import MetricDefinition, TransactionKind
from org.errors import DomainError

Kind = MetricDefinition.Kind
Per = Component.Per
FACT_TYPES: Mapping[str, Type] = {"number": NUMBER, "text": TEXT, "date": DATE, "yes_no": BOOLEAN}
UNIT_SCOPES = frozenset({Measure.Scope.TEAM, Measure.Scope.SUBTREE})
# References that look at everybody of the plan at once.
POPULATION = frozenset({"rank", "ties", "share"})
# The parts of a component, in the order in which it is read.
PARTS = ("gate", "formula", "modifier", "floor", "cap")
# The name by which the parts of a plan call the sum of its components.
TOTAL = "total"
# Before the names of those parts, as a component's name stands before the names of its own.
WHOLE = "plan__whole"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a version: where, and what to do, with a caret under a formula's place."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


class RulesProblem(DomainError):
    """A version that cannot be calculated with; ``found`` lists every problem."""

    def __init__(self, version: PlanVersion, found: list[Problem]) -> None:
        super().__init__(f"{version} cannot be used:", tuple(str(problem) for problem in found))
        self.found = found


@dataclass(frozen=True)
class Window:
    """Which days a measure adds up, seen from the period that is calculated.

    ``kind``: a window of :class:`~incentives.models.Measure`, or ``rolling`` (this period and those
    before it, ``periods`` in all), ``own_dates`` (``[start, end)``), ``prior`` (the period that
    lies ``periods`` earlier), ``before`` (the year up to the period's first day), ``since_hire``.
    """

    kind: str = "period"
    periods: int = 1
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class MeasureRule:
    """A measure with the definition of its metric on the first day of the period.

    ``metric`` is 0 for a measure over earnings. ``filter`` reads attributes of transactions.
    ``apart``: whether its segments stay apart, None where the version decides. ``goal_metric``,
    ``goal_of`` and ``goal_calendar`` (an id) name another goal than that of metric and scope.
    ``with_manager``: whether the person's own values are in the figure of a unit, of reports;
    None: as is usual for the scope. ``hidden``: a figure that a derived one stands on.
    ``variant_of``: the measure of the version whose figure of other days this is.
    """

    name: str
    title: str
    metric: int
    kind: str
    unit: str
    decimals: int
    scope: str
    no_data: str
    minimum_sample: Any
    zero_is_no_data: bool
    attainment: Formula
    attainment_text: str
    derived: Formula | None = None
    hidden: bool = False
    window: Window = Window()
    filter: Formula | None = None
    undone_as: str = "restate"
    earnings_of: str = ""
    apart: str | None = None
    goal_metric: int | None = None
    goal_of: str | None = None
    goal_calendar: int | None = None
    with_manager: bool | None = None
    variant_of: str = ""
    lower_is_better: bool = False


@dataclass(frozen=True)
class ComponentRule:
    """A component: its parts as formulas, and the formula that puts them together.

    ``steps``: every part under the name by which ``amount`` calls it, also those of earlier days
    that a component to date stands on. ``amount`` is rounded, but for a component per credit, whose
    credits are rounded together (``each``). ``reads``: the components of the version that must be
    known first. ``weight``: how a component per team is shared out among ``within``.
    ``attributes``: what names of a component per credit say of the credit or its transaction.
    ``of_others``: whether a result may have the credits of several people.
    """

    id: int
    name: str
    title: str
    earning_type: str
    parts: Mapping[str, Formula]
    steps: Sequence[tuple[str, Formula]]
    amount: Formula
    per: str = Per.PERSON
    of: str = ""
    of_others: bool = False
    decimals: int = 2
    each: str = "credit"
    weight: Formula | None = None
    within: str = "unit"
    rate: str = ""
    currency: str = ""
    to_date: bool = False
    after_final: str = "restate"
    reads: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()

    @property
    def column(self) -> str:
        """How the engines call its amount: a measure may have the component's name."""
        return part_name(self.name, "amount")

    @property
    def formulas(self) -> Iterator[Formula]:
        """Everything that it works out, in order."""
        yield from (formula for _, formula in self.steps)
        if self.weight is not None:
            yield self.weight

    @cached_property
    def references(self) -> frozenset[Ref]:
        """All that it reads."""
        return frozenset(ref for formula in self.formulas for ref in formula.references)

    def measures(self, *, gate_only: bool = False) -> frozenset[str]:
        """The measures that it (or its gate) reads, by value, goal, attainment or place."""
        gates = {part_name(self.name, "gate")}
        parts = [f for name, f in self.steps if not gate_only or name in gates]
        if self.weight is not None and not gate_only:
            parts.append(self.weight)
        found = {name for f in parts for ref in f.references for name in _measure_of(ref)}
        return frozenset(found - self.attributes)


def _measure_of(ref: Ref) -> Iterator[str]:
    if ref.kind in ("value", "goal", "attainment", "running"):
        yield ref.name
    elif ref.kind in POPULATION:
        yield ref.name.rpartition(" ")[0]


@dataclass(frozen=True)
class Stage:
    """Components that can be worked out together: of one grain, all they stand on being known."""

    per: str
    components: tuple[ComponentRule, ...]

    @property
    def population(self) -> list[Ref]:
        """The places and shares among everybody that these components read."""
        found = {ref for c in self.components for ref in c.references if ref.kind in POPULATION}
        return sorted(found)


@dataclass(frozen=True)
class VersionRules:
    """All that one version says, ready for both engines.

    ``whole``: gate, modifier and cap over the sum of its components, as formulas, and ``amount``
    that joins them. ``taken_over``: the day in this year on which it took over from another version
    or system.
    """

    version: PlanVersion
    on: date
    measures: Mapping[str, MeasureRule]
    components: Mapping[str, ComponentRule]
    tables: Mapping[str, Table] = field(default_factory=dict)
    whole: Mapping[str, Formula] = field(default_factory=dict)
    taken_over: date | None = None

    @cached_property
    def separate(self) -> bool:
        """Whether segments stay apart: as the version or a measure says, or because something of
        the unit is read: its figure or goal, a place or share in it, a pool of its people."""
        measures = self.measures.values()
        wanted = self.version.segments == PlanVersion.Segments.SEPARATE
        units = any(m.scope in UNIT_SCOPES or m.goal_of == "team" for m in measures)
        pools = any(c.per == Per.TEAM and c.within != "plan" for c in self.components.values())
        places = any(r.kind in POPULATION and r.within != "plan" for r in self.references)
        apart = any(m.apart == "separate" for m in measures)
        return wanted or units or pools or places or apart

    @cached_property
    def everybody(self) -> bool:
        """Whether one person's figures move others: places, shares, pools, figures of units."""
        own = all(measure.scope == Measure.Scope.OWN for measure in self.measures.values())
        pools = any(c.per == Per.TEAM for c in self.components.values())
        return not own or pools or any(ref.kind in POPULATION for ref in self.references)

    @cached_property
    def stored(self) -> list[MeasureRule]:
        """The measures that read totals; a derived one stands on hidden ones among these."""
        return [measure for measure in self.measures.values() if measure.derived is None]

    @cached_property
    def derived(self) -> list[MeasureRule]:
        """The measures that are formulas over others."""
        return [measure for measure in self.measures.values() if measure.derived is not None]

    @cached_property
    def shown(self) -> list[MeasureRule]:
        """The measures that have a goal and an attainment: all but the parts of derived ones."""
        return [measure for measure in self.measures.values() if not measure.hidden]

    @cached_property
    def named(self) -> list[MeasureRule]:
        """The measures that the version itself names."""
        return [measure for measure in self.shown if not measure.variant_of]

    @cached_property
    def metrics(self) -> frozenset[int]:
        """The metrics that its measures add up."""
        return frozenset(measure.metric for measure in self.stored if not measure.earnings_of)

    @cached_property
    def kinds(self) -> list[TransactionKind]:
        """The kinds of transaction that credit rules turn into one of its metrics."""
        return kinds_into(self.metrics)

    def under(self, measure: MeasureRule) -> list[MeasureRule]:
        """A measure and, where it is derived, the hidden ones that it is worked out from."""
        inside = re.compile(rf"{re.escape(measure.name)}(__\d+)*")
        return [other for other in self.measures.values() if inside.fullmatch(other.name)]

    @cached_property
    def facts(self) -> frozenset[str]:
        """The codes of the facts that formulas read."""
        return frozenset(r.name for r in self.references if r.kind == "fact")

    @cached_property
    def references(self) -> frozenset[Ref]:
        """Everything that the components, and the plan as a whole, read."""
        formulas = [f for c in self.components.values() for f in c.formulas]
        formulas += self.whole.values()
        return frozenset(ref for formula in formulas for ref in formula.references)

    def attainments(self) -> list[tuple[str, Formula]]:
        """The attainment of every measure, by the name of its column."""
        return [(Ref("attainment", m.name).column, m.attainment) for m in self.shown]

    @cached_property
    def stages(self) -> list[Stage]:
        """The components in an order in which all that one stands on is known before it.

        Within one level credits come first, then days, people and teams (docs/adr/0100).
        """
        grains = [Per.CREDIT, Per.DAY, Per.PERSON, Per.TEAM]
        waiting = dict(self.components)
        stages: list[Stage] = []
        done: set[str] = set()
        while waiting:
            ready = [c for c in waiting.values() if c.reads <= done]
            per = min((Per(c.per) for c in ready), key=grains.index)
            together = tuple(c for c in ready if c.per == per)
            stages.append(Stage(per, together))
            done |= {c.name for c in together}
            for component in together:
                del waiting[component.name]
        return stages

    @cached_property
    def plans_read(self) -> frozenset[str]:
        """The codes of the plans whose earnings it stands on."""
        read = (m.earnings_of for m in self.measures.values() if m.earnings_of)
        return frozenset(name.partition(".")[0] for name in read)


def part_name(component: str, part: str) -> str:
    """How the engine calls a part of a component; no name that people give has ``__`` in it."""
    return f"{component}__{part}"


def actual_name(measure: str) -> str:
    """The figure of a measure as its attainment sees it."""
    return f"{measure}__actual"


def goal_name(measure: str) -> str:
    """The goal of a measure as its attainment sees it: a goal of zero is an error value."""
    return f"{measure}__goal"


def decided_name(measure: str) -> str:
    """The attainment that somebody decided for a person whose goal is zero."""
    return f"{measure}__decided"
