"""The figures that a component reads, and its steps worked out over them while it is typed.

The Decimal engine works the typed rule out over figures that stand beside it on the page: those of
a real person, as the engine found them, or as the manager changes them to see what would happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from formula import BOOLEAN, DATE, NUMBER, ErrorValue, Formula, Outcome, Ref, Type, evaluate
from formula.nodes import Reference, walk
from formula.numbers import is_exact
from incentives.explain import measured
from incentives.rules import POPULATION, ComponentRule, MeasureRule, Per, VersionRules, part_name
from incentives.rules.components import YEAR_BEGINS

WITHIN = {"plan": "the plan", "unit": "the unit", "job_type": "the job type"}
Typed = Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """Something that a rule reads: the key under which its value stands, and what it is."""

    column: str
    label: str
    type: Type = NUMBER

    @property
    def hint(self) -> str:
        """How a value of it is typed."""
        return {BOOLEAN: "yes or no", DATE: "2026-05-31"}.get(self.type, "")


@dataclass(frozen=True)
class Worked:
    """A component over typed figures: its parts with their steps, what they come to, and which
    figures are missing or cannot be read."""

    parts: tuple[tuple[str, Outcome], ...]
    amount: Outcome
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def needed(rules: VersionRules, component: ComponentRule) -> list[Figure]:
    """The figures that a component, and what it stands on, reads; each once, in order."""
    found: dict[str, Figure] = {}
    for figure in _needed(rules, component, set()):
        found.setdefault(figure.column, figure)
    return list(found.values())


def _needed(rules: VersionRules, component: ComponentRule, seen: set[str]) -> Iterator[Figure]:
    seen.add(component.name)
    for formula in component.formulas:
        for node in walk(formula.node):
            if isinstance(node, Reference):
                yield from _figures(rules, component, node, seen)
    if component.rate:
        yield Figure(part_name(component.name, "rate"), "the exchange rate")
    if component.to_date:
        yield Figure(YEAR_BEGINS, "the first period of the year", BOOLEAN)


def _figures(
    rules: VersionRules, component: ComponentRule, node: Reference, seen: set[str]
) -> Iterator[Figure]:
    ref = node.ref
    measure = rules.measures.get(ref.name)
    own = ref.name in component.attributes
    if measure is not None and ref.kind in ("value", "attainment", "goal") and not own:
        if ref.kind != "goal":
            yield from (
                Figure(part.name, label_of(part))
                for part in rules.under(measure)
                if part.derived is None
            )
        if ref.kind != "value":
            yield Figure(Ref("goal", measure.name).column, f"goal of {label_of(measure)}")
        return
    other = rules.components.get(ref.name) if ref.kind == "earned" else None
    if other is not None and other.per == Per.PERSON:
        if other.name not in seen:
            yield from _needed(rules, other, seen)
        return
    yield Figure(ref.column, _ref_label(rules, ref), node.type)


def label_of(measure: MeasureRule) -> str:
    """What people call a measure on its days."""
    window = measure.window
    when = {
        "prior": f"{window.periods} period{'s' * (window.periods > 1)} earlier",
        "before": "earlier this year",
        "year_to_date": f"this year before {window.end}" if window.end else "year to date",
        "quarter_to_date": "quarter to date",
        "rolling": f"{window.periods} periods",
        "since_hire": "since hire",
    }.get(window.kind, "")
    return f"{measure.title}, {when}" if when else measure.title


def _ref_label(rules: VersionRules, ref: Ref) -> str:
    name = ref.subject.replace("_", " ")
    if ref.kind in POPULATION:
        return f"{ref.kind} by {name} within {WITHIN[ref.within]}"
    if ref.kind == "running":
        return f"{name} before this credit"
    return {
        "value": name,
        "fact": name,
        "tenure": "months of tenure",
        "prorate": "eligible part of the period",
        "earned": f"what {name} pays",
        "count": f"number of {name}",
    }.get(ref.kind, f"{ref.kind} {name}")


# --- working out


def work_out(rules: VersionRules, component: ComponentRule, typed: Typed) -> Worked:
    """The component over the figures; what is missing is blank, as it would be for a person."""
    figures = needed(rules, component)
    values, unreadable = read(figures, typed)
    known = measured(_without_others(rules, component), _texts(values))
    known.update({f.column: values[f.column] for f in figures if f.column not in known})
    known.update({c: v for c, v in values.items() if v is not None})
    known.setdefault("prorate", Decimal(1))
    known["prorate"] = Decimal(1) if known["prorate"] is None else known["prorate"]
    known.setdefault(part_name(component.name, "opened"), None)
    parts = _steps(rules, component, known, set())
    missing = tuple(f.label for f in figures if values[f.column] is None and f.column in typed)
    return Worked(tuple(parts), evaluate(component.amount, known), missing, tuple(unreadable))


def _without_others(rules: VersionRules, component: ComponentRule) -> VersionRules:
    """The same rules with this component alone, so that no other's inputs are asked for."""
    return VersionRules(
        rules.version, rules.on, rules.measures, {component.name: component}, rules.tables
    )


def _steps(
    rules: VersionRules, component: ComponentRule, known: dict[str, Any], seen: set[str]
) -> list[tuple[str, Outcome]]:
    """Work out a component's parts, after the components per person that it stands on."""
    seen.add(component.name)
    for name in sorted(component.reads & rules.components.keys()):
        other = rules.components[name]
        if other.per == Per.PERSON and name not in seen:
            _steps(rules, other, known, seen)
            outcome = evaluate(other.amount, known)
            known[Ref("earned", name).column] = _value(outcome)
    found = []
    for name, formula in component.steps:
        outcome = _evaluated(formula, known)
        known[name] = _value(outcome)
        found.append((name.partition("__")[2].replace("__", " "), outcome))
    known.setdefault(part_name(component.name, "opened"), None)
    return found


def _evaluated(formula: Formula, known: dict[str, Any]) -> Outcome:
    for ref in formula.references:
        known.setdefault(ref.column, None)
    return evaluate(formula, known)


def _value(outcome: Outcome) -> Any:
    return ErrorValue(outcome.error) if outcome.error else outcome.value


def read(figures: list[Figure], typed: Typed) -> tuple[dict[str, Any], list[str]]:
    """The values of figures as they were typed, None where empty, and what cannot be read."""
    values: dict[str, Any] = {}
    unreadable = []
    for figure in figures:
        text = typed.get(figure.column, "").strip()
        try:
            values[figure.column] = _read(text, figure.type) if text else None
        except ValueError:
            values[figure.column] = None
            unreadable.append(f"“{text}” is no value of {figure.label}.")
    return values, unreadable


def _read(text: str, kind: Type) -> Any:
    if kind is NUMBER:
        try:
            number = Decimal(text.removesuffix("%").strip().replace(",", ""))
        except InvalidOperation:
            raise ValueError(text) from None
        number = number / 100 if text.endswith("%") else number
        if not is_exact(number):
            raise ValueError(text)
        return number
    if kind is BOOLEAN:
        if text.lower() not in ("yes", "no", "true", "false", "t", "f"):
            raise ValueError(text)
        return text.lower() in ("yes", "true", "t")
    return date.fromisoformat(text) if kind is DATE else text


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as results keep them, for those who read them from there."""
    found = {}
    for column, value in values.items():
        if isinstance(value, bool):
            found[column] = "true" if value else "false"
        elif value is not None:
            found[column] = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return found
