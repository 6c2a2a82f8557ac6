"""A plan version as the engine works with it: everything parsed, checked and put in order.

:func:`load` reads a version into frozen :class:`VersionRules`; :func:`problems` says in sentences
what is wrong with one. Both engines, the explanation, the admin and the tenant file use the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from formula import (
    BOOLEAN,
    DATE,
    NUMBER,
    TEXT,
    Formula,
    FormulaError,
    Name,
    Ref,
    Scope,
    Table,
    TableError,
    Type,
    check,
    key_of,
    name_problem,
)
from formula.nodes import Call, Expression, Reference
from incentives.currencies import rounding_trouble
from incentives.models import Component, Measure, PlanVersion
from metrics.models import Metric, MetricDefinition
from org.dates import NEVER
from org.errors import DomainError
from org.models import FactType, Tenant
from org.tenancy import current_tenant_id

Kind = MetricDefinition.Kind
FACT_TYPES: Mapping[str, Type] = {"number": NUMBER, "text": TEXT, "date": DATE, "yes_no": BOOLEAN}
UNIT_SCOPES = frozenset({Measure.Scope.TEAM, Measure.Scope.SUBTREE})
# So that the names of parts ("…__modifier") stay within what the formula language takes.
LONGEST_NAME = 36
PARTS = ("gate", "formula", "modifier", "floor", "cap")


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
    None: as is usual for the scope.
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


@dataclass(frozen=True)
class ComponentRule:
    """A component: its parts as formulas, and the formula that puts them together."""

    id: int
    name: str
    title: str
    earning_type: str
    parts: Mapping[str, Formula]
    amount: Formula

    @property
    def column(self) -> str:
        """How the engines call its amount: a measure may have the component's name."""
        return part_name(self.name, "amount")

    @property
    def steps(self) -> list[tuple[str, Formula]]:
        """Its parts under the names by which ``amount`` calls them."""
        return [(part_name(self.name, part), f) for part, f in self.parts.items()]

    def measures(self, *, gate_only: bool = False) -> frozenset[str]:
        """The measures that it (or its gate) reads, by value, goal or attainment."""
        parts = [f for part, f in self.parts.items() if part == "gate" or not gate_only]
        kinds = {"value", "goal", "attainment"}
        return frozenset(r.name for f in parts for r in f.references if r.kind in kinds)


@dataclass(frozen=True)
class VersionRules:
    """All that one version says, ready for both engines."""

    version: PlanVersion
    on: date
    measures: Mapping[str, MeasureRule]
    components: Mapping[str, ComponentRule]
    tables: Mapping[str, Table] = field(default_factory=dict)

    @cached_property
    def separate(self) -> bool:
        """Whether segments stay apart: as the version says, or because a unit's figure is read."""
        scopes = {measure.scope for measure in self.measures.values()}
        wanted = self.version.segments == PlanVersion.Segments.SEPARATE
        return wanted or bool(scopes & UNIT_SCOPES)

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
        """The measures that the version names."""
        return [measure for measure in self.measures.values() if not measure.hidden]

    def under(self, measure: MeasureRule) -> list[MeasureRule]:
        """A measure and, where it is derived, the hidden ones that it is worked out from."""
        return [
            other
            for other in self.measures.values()
            if other.name == measure.name or other.name.startswith(f"{measure.name}__")
        ]

    @cached_property
    def facts(self) -> frozenset[str]:
        """The codes of the facts that formulas read."""
        return frozenset(r.name for r in self.references if r.kind == "fact")

    @cached_property
    def references(self) -> frozenset[Ref]:
        """Everything that the components read."""
        return frozenset(
            ref for c in self.components.values() for f in c.parts.values() for ref in f.references
        )

    def attainments(self) -> list[tuple[str, Formula]]:
        """The attainment of every measure, by the name of its column."""
        return [(Ref("attainment", m.name).column, m.attainment) for m in self.shown]

    def groups(self) -> list[list[tuple[str, Formula]]]:
        """The formulas of the components in two levels: their parts, then their amounts."""
        components = self.components.values()
        parts = [step for component in components for step in component.steps]
        return [parts, [(component.column, component.amount) for component in components]]


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


def load(version: PlanVersion, on: date | None = None) -> VersionRules:
    """Read a version with the metric definitions of a day (its first); RulesProblem if unsound."""
    reader = _Reader(version, on or version.in_force)
    rules = reader.read()
    if reader.found:
        raise RulesProblem(version, reader.found)
    return rules


def problems(version: PlanVersion) -> list[Problem]:
    """Everything that is wrong with a version; empty where it can be published."""
    reader = _Reader(version, version.in_force)
    reader.read()
    return reader.found


class _Reader:
    """Reads a version part by part and collects what is wrong instead of stopping at the first."""

    def __init__(self, version: PlanVersion, on: date) -> None:
        self.version = version
        self.on = on
        self.found: list[Problem] = []
        tenant = Tenant.objects.get(pk=current_tenant_id())
        self.currency = version.plan.currency or tenant.currency
        self.definitions = definitions_on(on)
        self.fact_types = {
            fact.code: FACT_TYPES[fact.kind] for fact in FactType.objects.order_by("code")
        }

    def read(self) -> VersionRules:
        tables = self._tables()
        measures = self._measures()
        names = {m.name: Name(NUMBER, measure=True) for m in measures.values() if not m.hidden}
        scope = Scope(names, tables, self.fact_types)
        components = dict(self._components(scope))
        if not components and not self.found:
            self._add("components", "The version has no component, so it would pay nobody.")
        return VersionRules(self.version, self.on, measures, components, tables)

    def _add(self, where: str, sentence: str) -> None:
        self.found.append(Problem(where, sentence))

    def _formula(self, where: str, text: str, scope: Scope, expect: Type) -> Formula | None:
        try:
            return check(text, scope, expect)
        except FormulaError as error:
            self._add(where, str(error))
            return None

    # --- tables

    def _tables(self) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        for row in self.version.tables.all():
            try:
                tables[row.name] = Table.parse(row.name, row.spec)
            except TableError as error:
                self._add(f"tables.{row.name}", str(error))
        return tables

    # --- measures

    def _measures(self) -> dict[str, MeasureRule]:
        measures: dict[str, MeasureRule] = {}
        for row in self.version.measures.select_related("metric"):
            where = f"measures.{row.name}"
            trouble = name_trouble(row.name) or self._unsupported(row)
            if key_of(row.name) in measures:
                trouble = f"There is another measure “{row.name}”; capitals make no difference."
            if trouble:
                self._add(where, trouble)
                continue
            assert row.metric is not None
            for measure in self._measure(where, key_of(row.name), row.metric, row):
                measures[measure.name] = measure
        return measures

    def _unsupported(self, row: Measure) -> str:
        if row.metric is None:
            return "A measure over earnings is not calculated yet: name a metric instead."
        if row.window != Measure.Window.PERIOD:
            return f"The window “{row.window}” is not calculated yet: use “period”."
        if row.filter:
            return "A filter over credits is not calculated yet: leave it out."
        if row.undone_as != Measure.UndoneAs.RESTATE:
            return f"“undone_as: {row.undone_as}” needs credits, which are not calculated yet."
        return ""

    def _measure(
        self, where: str, name: str, metric: Metric, row: Measure, seen: tuple[str, ...] = ()
    ) -> Iterator[MeasureRule]:
        """The measure, after the hidden ones that a derived metric stands on."""
        definition = self.definitions.get(metric.code)
        if definition is None:
            self._add(where, f"The metric “{metric.code}” has no definition on {self.on}.")
            return
        if metric.code in seen:
            path = " → ".join([*seen, metric.code])
            self._add(where, f"These metrics are worked out from each other: {path}.")
            return
        derived = None
        if definition.kind == Kind.DERIVED:
            derived = self._derived_formula(where, metric, definition)
            if derived is None:
                return
            renamed = {}
            for number, code in enumerate(sorted(derived.names), start=1):
                part = self.definitions[code].metric
                renamed[code] = f"{name}__{number}"
                yield from self._measure(where, renamed[code], part, row, (*seen, metric.code))
            derived = rename(derived, renamed)
        rule = self._rule(where, name, definition, row, derived, hidden=bool(seen))
        if rule is not None:
            yield rule

    def _derived_formula(
        self, where: str, metric: Metric, definition: MetricDefinition
    ) -> Formula | None:
        names = {code: Name(NUMBER) for code in self.definitions}
        return self._formula(
            f"{where} (metric {metric.code})", definition.formula, Scope(names), NUMBER
        )

    def _rule(
        self,
        where: str,
        name: str,
        definition: MetricDefinition,
        row: Measure,
        derived: Formula | None,
        *,
        hidden: bool,
    ) -> MeasureRule | None:
        try:
            text = attainment_text(name, definition)
        except FormulaError as error:
            self._add(f"{where}, attainment of metric {definition.metric.code}", str(error))
            return None
        names = {n(name): Name(NUMBER) for n in (actual_name, goal_name, decided_name)}
        attainment = self._formula(f"{where}, attainment", text, Scope(names), NUMBER)
        if attainment is None:
            return None
        return MeasureRule(
            name=name,
            title=definition.metric.name,
            metric=definition.metric_id,
            kind=definition.kind,
            unit=definition.unit,
            decimals=definition.decimals,
            scope=row.scope,
            no_data=row.no_data,
            minimum_sample=definition.minimum_sample,
            zero_is_no_data=zero_is_no_data(definition),
            attainment=attainment,
            attainment_text=definition.get_attainment_display(),
            derived=derived,
            hidden=hidden,
        )

    # --- components

    def _components(self, scope: Scope) -> Iterator[tuple[str, ComponentRule]]:
        seen: set[str] = set()
        for row in self.version.components.all():
            where = f"components.{row.name}"
            trouble = name_trouble(row.name) or _not_yet(row)
            trouble = trouble or rounding_trouble(self.currency, row.rounding_decimals)
            if key_of(row.name) in seen:
                trouble = f"There is another component “{row.name}”; capitals make no difference."
            seen.add(key_of(row.name))
            if trouble:
                self._add(where, trouble)
                continue
            parts = {}
            for part in PARTS:
                text = getattr(row, part)
                if text.strip():
                    expect = BOOLEAN if part == "gate" else NUMBER
                    formula = self._formula(f"{where}.{part}", text, scope, expect)
                    if formula is not None:
                        parts[part] = formula
            if "formula" in parts:
                yield key_of(row.name), self._component(row, parts)
            elif not row.formula.strip():
                self._add(f"{where}.formula", "The formula is empty: say what it pays.")

    def _component(self, row: Component, parts: dict[str, Formula]) -> ComponentRule:
        reduced = row.prorate and bool(self.version.prorate_amount)
        text = amount_text(key_of(row.name), parts, reduced=reduced, decimals=row.rounding_decimals)
        types = {part: BOOLEAN if part == "gate" else NUMBER for part in parts}
        scope = Scope(
            {part_name(key_of(row.name), part): Name(type_) for part, type_ in types.items()}
        )
        amount = check(text, scope, NUMBER)
        return ComponentRule(
            row.pk, key_of(row.name), str(row), row.earning_type or "incentive", parts, amount
        )


def definitions_on(on: date) -> dict[str, MetricDefinition]:
    """The definition of every metric that has one on a day, by the metric's code."""
    rows = MetricDefinition.objects.filter(
        superseded_at=NEVER, valid_from__lte=on, valid_to__gt=on
    ).select_related("metric")
    return {row.metric.code: row for row in rows}


def name_trouble(name: str) -> str:
    """Why a measure or component cannot have this name, as a sentence; '' where it can."""
    if "__" in name:
        return f"“{name}” has two underscores in a row, which pmsite keeps for itself: use one."
    if len(name.encode()) > LONGEST_NAME:
        return f"“{name}” is too long: {LONGEST_NAME} bytes are the limit."
    return name_problem(name)


def _not_yet(row: Component) -> str:
    """Why the engine cannot calculate a component yet, as a sentence; '' where it can."""
    if row.per != Component.Per.PERSON:
        return f"“per: {row.per}” is not calculated yet: use “per: person”."
    if row.cumulate != "restart":
        return f"“cumulate: {row.cumulate}” is not calculated yet: use “restart”."
    if row.schedule:
        return "Schedules are not calculated yet: leave “schedule” out, and all is paid when final."
    if row.exchange_rate:
        return "Exchange rates are not applied yet: pay in the plan's own currency."
    if row.after_final != "restate":
        return f"“after_final: {row.after_final}” is not calculated yet: use “restate”."
    if row.paid_as != "earned":
        return f"“paid_as: {row.paid_as}” is not calculated yet: use “earned”."
    return ""


def attainment_text(name: str, definition: MetricDefinition) -> str:
    """The formula of a measure's attainment, with the decision on a goal of zero in front."""
    actual, goal = actual_name(name), goal_name(name)
    way = MetricDefinition.Attainment
    text = {
        way.ACTUAL_BY_GOAL: f"{actual} / {goal}",
        way.GOAL_BY_ACTUAL: f"{goal} / {actual}",
        way.TWO_MINUS: f"2 - {actual} / {goal}",
        way.FORMULA: definition.attainment_formula,
    }[way(definition.attainment)]
    if definition.attainment == way.FORMULA:
        plain = check(text, Scope({"actual": Name(NUMBER), "goal": Name(NUMBER)}), NUMBER)
        text = _renamed_text(plain, {"actual": actual, "goal": goal})
    if definition.attainment_decimals is not None:
        text = f"ROUND({text}, {definition.attainment_decimals + 2})"
    return f"DEFAULT({decided_name(name)}, {text})"


def zero_is_no_data(definition: MetricDefinition) -> bool:
    """Whether an actual of zero says nothing: it would divide, or nobody handles a call in 0 s."""
    divides = definition.attainment == MetricDefinition.Attainment.GOAL_BY_ACTUAL
    lower = definition.direction == MetricDefinition.Direction.LOWER
    return divides or (lower and definition.unit == MetricDefinition.Unit.SECONDS)


def _renamed_text(formula: Formula, names: Mapping[str, str]) -> str:
    """A formula's text with names replaced, word by word."""
    import re  # only here

    pattern = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b", re.IGNORECASE)
    return pattern.sub(lambda match: names[match.group(1).lower()], formula.text)


def amount_text(name: str, parts: Mapping[str, Any], *, reduced: bool, decimals: int) -> str:
    """How the parts of a component become its amount, in the order of the model.

    Formula, gate, modifier, prorate, floor and cap, rounded once.
    """

    def part(which: str) -> str:
        return part_name(name, which)

    text = part("formula")
    if "gate" in parts:
        text = f"IF({part('gate')}, {text}, 0)"
    if "modifier" in parts:
        text = f"{text} * {part('modifier')}"
    if reduced:
        text = f"PRORATE({text})"
    if "floor" in parts:
        text = f"MAX({text}, {part('floor')})"
    if "cap" in parts:
        text = f"MIN({text}, {part('cap')})"
    return f"ROUND({text}, {decimals})"


def rename(formula: Formula, names: Mapping[str, str]) -> Formula:
    """The same formula over other plain names."""
    return replace(formula, node=_rename(formula.node, names))


def _rename(node: Expression, names: Mapping[str, str]) -> Expression:
    if isinstance(node, Reference) and node.ref.kind == "value":
        return replace(node, ref=Ref("value", names.get(node.ref.name, node.ref.name)))
    if isinstance(node, Call):
        return replace(node, arguments=tuple(_rename(a, names) for a in node.arguments))
    return node
