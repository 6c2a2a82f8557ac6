"""Reading the measures of a version: what each adds up, and how it is held against its goal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from formula import (
    BOOLEAN,
    NUMBER,
    Formula,
    FormulaError,
    Name,
    Ref,
    Scope,
    Table,
    check,
    key_of,
)
from formula.nodes import Call, Expression, Reference
from incentives.models import Component, Measure
from incentives.rules.names import name_trouble
from incentives.rules.parts import (
    Kind,
    MeasureRule,
    Window,
    actual_name,
    decided_name,
    goal_name,
)
from metrics.attributes import about_of, kinds_into, names_of
from metrics.models import Metric, MetricDefinition
from org.dates import NEVER
from org.models import Calendar

if TYPE_CHECKING:
    from incentives.rules.reader import Reader

Direction = MetricDefinition.Direction
ABOUT = frozenset({"count", "sum", "first", "last"})


def definitions_on(on: date, known: datetime | None = None) -> dict[str, MetricDefinition]:
    """The definition of every metric that has one on a day, by the metric's code.

    ``known``: as it was known at that moment, of what has been replaced since.
    """
    rows = MetricDefinition.objects.filter(valid_from__lte=on, valid_to__gt=on)
    if known is None:
        rows = rows.filter(superseded_at=NEVER)
    else:
        rows = rows.filter(superseded_at__gt=known).order_by("-recorded_at")
    return {row.metric.code: row for row in rows.select_related("metric")}


class MeasureReader:
    """Reads the measures of one version; what is wrong goes to the reader of the version."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.definitions = definitions_on(reader.on, reader.known)

    def read(self) -> dict[str, MeasureRule]:
        """Every measure, after the hidden ones that it stands on."""
        measures: dict[str, MeasureRule] = {}
        for row in self.reader.version.measures.select_related("metric"):
            where = f"measures.{row.name}"
            trouble = name_trouble(row.name)
            if key_of(row.name) in measures:
                trouble = f"There is another measure “{row.name}”; capitals make no difference."
            if trouble:
                self.reader.add(where, trouble)
                continue
            for measure in self._read_row(where, row):
                measures[measure.name] = measure
        return measures

    def _read_row(self, where: str, row: Measure) -> Iterator[MeasureRule]:
        name = key_of(row.name)
        if row.metric is None:
            if trouble := earnings_trouble(row.earnings_of):
                self.reader.add(f"{where}.earnings_of", trouble)
                return
            yield earnings_measure(name, row.earnings_of, scope=row.scope, **self._said(where, row))
            return
        yield from self._measure(where, name, row.metric, row)

    def _measure(
        self, where: str, name: str, metric: Metric, row: Measure, seen: tuple[str, ...] = ()
    ) -> Iterator[MeasureRule]:
        """The measure, after the hidden ones that a derived metric stands on."""
        definition = self.definitions.get(metric.code)
        if definition is None:
            self.reader.add(
                where, f"The metric “{metric.code}” has no definition on {self.reader.on}."
            )
            return
        if metric.code in seen:
            path = " → ".join([*seen, metric.code])
            self.reader.add(where, f"These metrics are worked out from each other: {path}.")
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
            derived = rename(derived, lambda ref: Ref("value", renamed[ref.name]))
        rule = self._rule(where, name, definition, row, derived, hidden=bool(seen))
        if rule is not None:
            yield rule

    def _derived_formula(
        self, where: str, metric: Metric, definition: MetricDefinition
    ) -> Formula | None:
        names = {code: Name(NUMBER) for code in self.definitions}
        return self.reader.formula(
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
            attainment = attainment_of(name, definition)
        except FormulaError as error:
            self.reader.add(f"{where}, attainment of metric {definition.metric.code}", str(error))
            return None
        return MeasureRule(
            name=name,
            title=definition.metric.name,
            metric=definition.metric_id,
            kind=definition.kind,
            unit=definition.unit,
            decimals=definition.decimals,
            scope=row.scope,
            minimum_sample=definition.minimum_sample,
            zero_is_no_data=zero_is_no_data(definition),
            attainment=attainment,
            attainment_text=definition.get_attainment_display(),
            derived=derived,
            hidden=hidden,
            filter=self._filter(where, row, definition),
            undone_as=row.undone_as,
            lower_is_better=definition.direction == Direction.LOWER,
            **self._said(where, row),
        )

    def _said(self, where: str, row: Measure) -> dict[str, Any]:
        """What the measure's own row chooses, whatever it stands on."""
        goal = row.options.get("goal", {})
        metric = self.definitions.get(goal.get("metric", ""))
        if goal.get("metric") and metric is None:
            self.reader.add(f"{where}.goal", f"There is no metric “{goal['metric']}”.")
        named = goal.get("calendar")
        calendar = Calendar.objects.filter(code=named).first() if named else None
        if named and calendar is None:
            self.reader.add(f"{where}.goal", f"There is no calendar “{goal['calendar']}”.")
        return {
            "no_data": row.no_data,
            "window": window_of(row),
            "apart": row.options.get("segments"),
            "goal_metric": metric and metric.metric_id,
            "goal_of": goal.get("of"),
            "goal_calendar": calendar and calendar.pk,
            "with_manager": row.options.get("with_manager"),
        }

    def _filter(self, where: str, row: Measure, definition: MetricDefinition) -> Formula | None:
        if not row.filter.strip():
            return None
        scope = filter_scope(definition.metric_id, self.reader.tables)
        if scope is None:
            self.reader.add(
                f"{where}.filter",
                f"No credit rule feeds the metric “{definition.metric.code}”, so its values have no"
                " attributes that a filter could read.",
            )
            return None
        return self.reader.formula(f"{where}.filter", row.filter, scope, BOOLEAN)


def filter_scope(metric: int, tables: Mapping[str, Table]) -> Scope | None:
    """What the filter of a measure of a metric may read; None where no transaction feeds it."""
    kinds = kinds_into([metric])
    if not kinds:
        return None
    return Scope(names_of(kinds), tables, about=about_of(kinds), uses=ABOUT)


def window_of(row: Measure) -> Window:
    """The window that a measure's row says."""
    said = row.options.get("window", {})
    if row.window == "rolling":
        return Window("rolling", periods=said["rolling"])
    if row.window == "own_dates":
        return Window(
            "own_dates",
            start=date.fromisoformat(said["from"]),
            end=date.fromisoformat(said["to"]),
        )
    return Window(row.window)


def earnings_trouble(named: str) -> str:
    """Why no measure can stand on what a component (``plan.component``) earned; '' where it can."""
    plan, _, component = named.rpartition(".")
    if not plan:
        return f"“{named}” is no component of a plan: write plan.component."
    found = Component.objects.filter(version__plan__code=plan, name__iexact=component)
    if found.exists():
        return ""
    plans = Component.objects.filter(version__plan__code=plan).values_list("name", flat=True)
    if plans:
        known = ", ".join(sorted(set(plans)))
        return f"The plan “{plan}” has no component “{component}”. It has: {known}."
    return f"There is no plan “{plan}” with components."


def earnings_measure(name: str, named: str, **said: Any) -> MeasureRule:
    """A measure over what a component of a plan earned: an amount of money."""
    text = f"DEFAULT({decided_name(name)}, {actual_name(name)} / {goal_name(name)})"
    choices: dict[str, Any] = {"no_data": Measure.NoData.UNDECIDED} | said
    return MeasureRule(
        name=name,
        title=f"What {named} earned",
        metric=0,
        kind=Kind.SUM,
        unit=MetricDefinition.Unit.MONEY,
        decimals=2,
        minimum_sample=None,
        zero_is_no_data=False,
        attainment=check(text, _attainment_scope(name), NUMBER),
        attainment_text=MetricDefinition.Attainment.ACTUAL_BY_GOAL.label,
        earnings_of=named,
        **choices,
    )


def _attainment_scope(name: str) -> Scope:
    return Scope({n(name): Name(NUMBER) for n in (actual_name, goal_name, decided_name)})


def attainment_of(name: str, definition: MetricDefinition) -> Formula:
    """The formula of a measure's attainment; FormulaError where the metric's own is unsound."""
    return check(attainment_text(name, definition), _attainment_scope(name), NUMBER)


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


def _renamed_text(formula: Formula, names: Mapping[str, str]) -> str:
    """A formula's text with names replaced, word by word."""
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b", re.IGNORECASE)
    return pattern.sub(lambda match: names[match.group(1).lower()], formula.text)


def zero_is_no_data(definition: MetricDefinition) -> bool:
    """Whether an actual of zero says nothing: it would divide, or nobody handles a call in 0 s."""
    divides = definition.attainment == MetricDefinition.Attainment.GOAL_BY_ACTUAL
    lower = definition.direction == Direction.LOWER
    return divides or (lower and definition.unit == MetricDefinition.Unit.SECONDS)


# --- the same measure on other days


def variants(
    measures: Mapping[str, MeasureRule], of: str, prefix: str, window: Window
) -> list[MeasureRule]:
    """A measure, and all that it stands on, over another window, named ``<prefix>__<name>``."""

    def named(name: str) -> str:
        return f"{prefix}__{name}"

    measure = measures[of]
    family = [
        other
        for other in measures.values()
        if other.name == of or (other.name.startswith(f"{of}__") and other.hidden)
    ]
    found = []
    for part in family:
        derived = part.derived and rename(part.derived, lambda ref: Ref("value", named(ref.name)))
        name = named(part.name)
        found.append(
            replace(
                part,
                name=name,
                window=window,
                variant_of=measure.name,
                derived=derived,
                attainment=_attainment_of(part, name),
            )
        )
    return found


def _attainment_of(measure: MeasureRule, name: str) -> Formula:
    """The attainment of a measure for the same measure under another name."""
    names = {f(measure.name): f(name) for f in (actual_name, goal_name, decided_name)}
    return rename(measure.attainment, lambda ref: Ref("value", names[ref.name]))


def rename(formula: Formula, name: Callable[[Ref], Ref]) -> Formula:
    """The same formula, reading other things: ``name`` says what instead of each reference."""
    return replace(formula, node=_rename(formula.node, name))


def _rename(node: Expression, name: Callable[[Ref], Ref]) -> Expression:
    if isinstance(node, Reference):
        return replace(node, ref=name(node.ref))
    if isinstance(node, Call):
        return replace(node, arguments=tuple(_rename(a, name) for a in node.arguments))
    return node
