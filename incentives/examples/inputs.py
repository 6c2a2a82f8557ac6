"""What the formulas of a version read, by the names that people use, and reading an example's text.

An example says ``GOAL(sales)`` where stored results and both engines say ``goal sales``. The list
of a version's inputs is what a form shows, what a file may say, and what an engine must be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from formula import BOOLEAN, DATE, NUMBER, TEXT, Ref, Type, Value, error_column, key_of
from formula.nodes import Reference, walk
from formula.numbers import read_number
from incentives.models import Measure
from incentives.rules import (
    POPULATION,
    ComponentRule,
    Kind,
    MeasureRule,
    Per,
    VersionRules,
    decided_name,
    part_name,
)
from incentives.rules.components import CREDIT_NAMES, YEAR_BEGINS
from metrics.attributes import ABOUT
from org.errors import DomainError

LEFT_OUT = "left out"
YES, NO = ("yes", "true"), ("no", "false")
BEFORE, UNDONE = "before", "undone"
_PRIOR = re.compile(r"prior_(\d+)")


@dataclass(frozen=True)
class Input:
    """One thing that an example says: ``name`` as people call it, ``key`` as the engines do.

    ``default``: what holds where it is left out; '' is blank, not known.
    """

    name: str
    key: str
    title: str
    type: Type = NUMBER
    default: str = ""


@dataclass(frozen=True)
class Needs:
    """All that the examples of a version may say, and by which measure, day or colleague."""

    inputs: tuple[Input, ...]
    credits: Mapping[str, tuple[Input, ...]] = field(default_factory=dict)
    days: tuple[Input, ...] = ()
    others: bool = False


def needs_of(rules: VersionRules) -> Needs:
    """What a version's formulas read, so what its examples say."""
    components = rules.components.values()
    types = types_of(rules)
    daily = {name for c in components if c.per == Per.DAY for name in c.measures()}
    paid = {c.of: [] for c in components if c.per == Per.CREDIT}  # type: dict[str, list[ComponentRule]]
    for component in components:
        if component.per == Per.CREDIT:
            paid[component.of].append(component)
    return Needs(
        inputs=tuple(_of_person(rules, types)),
        credits={of: tuple(_of_credit(rules, of, own, types)) for of, own in paid.items()},
        days=tuple(
            Input(m.name, m.name, m.title, default="0" if m.kind == Kind.SUM else "")
            for m in rules.measures.values()
            if m.name in daily
        ),
        others=any(c.per == Per.TEAM for c in components),
    )


def types_of(rules: VersionRules) -> dict[Ref, Type]:
    """The type of everything that formulas read."""
    formulas = [f for c in rules.components.values() for f in c.formulas]
    nodes = (node for f in (*formulas, *rules.whole.values()) for node in walk(f.node))
    return {node.ref: node.type for node in nodes if isinstance(node, Reference)}


# --- of the person


def _read(rules: VersionRules) -> set[Ref]:
    """What is read of the person: all but the figures of single days."""
    found = {ref for formula in rules.whole.values() for ref in formula.references}
    for component in rules.components.values():
        by_day = component.per == Per.DAY
        found |= {r for r in component.references if not (by_day and r.kind == "value")}
    return found


def _of_person(rules: VersionRules, types: Mapping[Ref, Type]) -> Iterator[Input]:
    read = _read(rules)
    for measure in rules.measures.values():
        yield from _of_measure(measure, read)
    for ref in sorted(read):
        if ref.kind == "fact":
            yield Input(f"FACT({ref.name})", ref.column, ref.name.replace("_", " "), types[ref])
        elif ref.kind == "tenure":
            yield Input("TENURE()", ref.column, "months of tenure")
        elif ref.kind in POPULATION:
            yield Input(_standing(ref), ref.column, _standing_title(ref))
    if rules.version.prorate_amount or any(ref.kind == "prorate" for ref in read):
        yield Input("PRORATE", "prorate", "the part of the period that counts", default="1")
    yield from _given(rules)


def _of_measure(measure: MeasureRule, read: set[Ref]) -> Iterator[Input]:
    asked = {ref.kind for ref in read if ref.name == measure.name}
    name = label(measure)
    title = measure.title if not measure.variant_of else f"{measure.title}, {_days(measure)}"
    if asked & {"value", "attainment"}:
        zero = measure.no_data == Measure.NoData.ZERO
        yield Input(name, measure.name, title, default="0" if zero else "")
    if asked & {"goal", "attainment"}:
        yield Input(f"GOAL({name})", Ref("goal", measure.name).column, f"the goal of {title}")
    if "attainment" in asked:
        yield Input(
            f"ATTAINMENT({name})",
            decided_name(measure.name),
            f"the attainment of {title}, where somebody decided it",
        )


def label(measure: MeasureRule) -> str:
    """What formulas, and so examples, call a measure: ``sales``, ``PRIOR(sales, 1)``."""
    if measure.hidden and measure.earnings_of:
        return f"EARNED({measure.earnings_of})"
    prefix = measure.name.removesuffix(f"__{measure.variant_of}") if measure.variant_of else ""
    if prior := _PRIOR.fullmatch(prefix):
        return f"PRIOR({measure.variant_of}, {prior[1]})"
    return f"{prefix.upper()}({measure.variant_of})" if prefix in ("ytd", "qtd") else measure.name


def _days(measure: MeasureRule) -> str:
    window = measure.window
    return {
        "before": "before this period",
        "prior": f"{window.periods} periods earlier",
        "year_to_date": f"before {window.end}" if window.end else "of the year to date",
        "quarter_to_date": "of the quarter to date",
    }.get(window.kind, window.kind.replace("_", " "))


def _standing(ref: Ref) -> str:
    return f"{ref.kind.upper()}({ref.subject}, {ref.within})"


def _standing_title(ref: Ref) -> str:
    what = {"rank": "the place", "ties": "how many share the place", "share": "the part of all"}
    return f"{what[ref.kind]} by {ref.subject}, within the {ref.within.replace('_', ' ')}"


def _given(rules: VersionRules) -> Iterator[Input]:
    """What comes from rates and from the ledger."""
    for component in rules.components.values():
        if component.rate:
            rate = part_name(component.name, "rate")
            yield Input(rate, rate, f"what one {component.currency} is worth")
    if any(component.to_date for component in rules.components.values()):
        title = "whether this is the first period of the year"
        yield Input("first_period_of_year", YEAR_BEGINS, title, BOOLEAN, "yes")
    for component in rules.components.values():
        if component.to_date:
            opened = part_name(component.name, "opened")
            yield Input(opened, opened, f"{component.title}: booked earlier in the year")


# --- of a credit


def _of_credit(
    rules: VersionRules, of: str, own: Sequence[ComponentRule], types: Mapping[Ref, Type]
) -> Iterator[Input]:
    yield Input("amount", "amount", "the amount of the credit")
    read = {ref for c in own for ref in c.references if is_of_credit(c, ref)}
    if any(ref.column == "weight" for c in own for ref in c.references):
        yield Input("weight", "weight", "the weight of the credit")
    for ref in sorted(read):
        title = ref.name.replace("_", " ")
        nothing = "0" if ref.kind in ("count", "sum") else ""
        yield Input(credit_label(ref), ref.column, title, types[ref], nothing)
    if any(c.each == "running" or _runs(c) for c in own):
        title = "whether it came before this period, and only counts in the running total"
        yield Input(BEFORE, BEFORE, title, BOOLEAN, "no")
    if rules.measures[of].undone_as == Measure.UndoneAs.REVERSE:
        yield Input(UNDONE, UNDONE, "the share of it that was taken back", default="0")


def is_of_credit(component: ComponentRule, ref: Ref) -> bool:
    """Whether a component per credit reads this of the credit's transaction."""
    if ref.kind in ABOUT:
        return True
    own = ref.kind == "value" and ref.name in component.attributes
    return own and ref.column not in CREDIT_NAMES


def _runs(component: ComponentRule) -> bool:
    return any(ref.kind == "running" for ref in component.references)


def credit_label(ref: Ref) -> str:
    """What formulas call it: ``product``, ``COUNT(payment)``, ``SUM(payment.amount)``."""
    return ref.name if ref.kind == "value" else f"{ref.kind.upper()}({ref.name})"


# --- reading what an example says

Row = dict[str, Value | None]


@dataclass(frozen=True)
class Read:
    """An example's values by the keys of the engines: of the person, and of what is finer.

    ``decided``: the measures whose attainment is left out by a decision.
    """

    own: Row
    credits: Mapping[str, Sequence[Row]]
    days: Sequence[Row]
    others: Sequence[Row]
    decided: frozenset[str] = frozenset()

    def stored(self, rules: VersionRules, row: Row | None = None) -> dict[str, str]:
        """A person's inputs as a run would have stored them (:class:`incentives.models.Result`).

        Derived measures have no place there; :meth:`instead` has them.
        """
        known = self.own if row is None else row
        derived = {measure.name for measure in rules.derived}
        found = {
            key: text_of(value)
            for key, value in known.items()
            if value is not None and key not in derived
        }
        found |= {error_column(key): "left_out" for key in self.decided}
        return found

    def instead(self, rules: VersionRules, row: Row | None = None) -> dict[str, Decimal]:
        """The figures of derived measures, which an example says outright."""
        known = self.own if row is None else row
        return {
            measure.name: value
            for measure in rules.derived
            if isinstance(value := known.get(measure.name), Decimal)
        }


def text_of(value: Value) -> str:
    """A value as results store it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def value_of(text: str, wanted: Type) -> Value:
    """The value that a text says; ValueError with a sentence where it says none of this type."""
    if wanted is NUMBER:
        return read_number(text)[0]
    if wanted is BOOLEAN:
        if text.lower() not in YES + NO:
            raise ValueError(f"{text} is neither yes nor no")
        return text.lower() in YES
    if wanted is DATE:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text} is no day: write it as 2026-01-31") from None
    assert wanted is TEXT
    return text


class Unreadable(DomainError):
    """An example that cannot be worked out: what it says is not what the formulas read."""


@dataclass(frozen=True)
class Said:
    """An example as it stands in a row or a form."""

    inputs: Mapping[str, str]
    lines: Mapping[str, object] = field(default_factory=dict)
    expected: Mapping[str, str] = field(default_factory=dict)


def read(needs: Needs, said: Said) -> Read:
    """The values of an example; Unreadable with a sentence for everything that does not fit."""
    troubles: list[str] = []
    left_out = {
        one.key
        for one in needs.inputs
        if one.name.startswith("ATTAINMENT(") and _said(said.inputs, one) == LEFT_OUT
    }
    inputs = {n: t for n, t in said.inputs.items() if t != LEFT_OUT}
    own = _row(needs.inputs, inputs, "", troubles)
    credits_: dict[str, list[Row]] = {}
    for of, rows in _mapping(said.lines.get("credits")).items():
        wanted = needs.credits.get(key_of(of))
        if wanted is None:
            troubles.append(f"credits: no component pays the credits of “{of}”.")
            continue
        credits_[key_of(of)] = [
            _row(wanted, one, f"credit {n} of {of}: ", troubles) for n, one in enumerate(rows, 1)
        ]
    days = [
        _row(needs.days, one, f"day {n}: ", troubles)
        for n, one in enumerate(_rows(said.lines.get("days")), 1)
    ]
    others = [
        own | _row(needs.inputs, one, f"colleague {n}: ", troubles, fill=False)
        for n, one in enumerate(_rows(said.lines.get("others")), 1)
    ]
    if troubles:
        raise Unreadable("It cannot be computed:", tuple(troubles))
    return Read(own, credits_, days, others, frozenset(left_out))


def _mapping(value: object) -> dict[str, list[dict[str, str]]]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[dict[str, str]]:
    return value if isinstance(value, list) else []


def _said(values: Mapping[str, str], one: Input) -> str:
    return next((t for name, t in values.items() if _alike(name) == _alike(one.name)), "")


def _alike(name: str) -> str:
    return key_of("".join(name.split()))


def _row(
    wanted: Sequence[Input],
    values: Mapping[str, str],
    where: str,
    troubles: list[str],
    *,
    fill: bool = True,
) -> Row:
    """The values by key; with ``fill`` also those that are left out, by their defaults."""
    by_name = {_alike(one.name): one for one in wanted}
    found: Row = {}
    for name, text in values.items():
        one = by_name.pop(_alike(name), None)
        if one is None:
            known = ", ".join(item.name for item in wanted) or "nothing"
            troubles.append(f"{where}no formula reads “{name}”. They read: {known}.")
            continue
        try:
            found[one.key] = value_of(text, one.type)
        except ValueError as error:
            troubles.append(f"{where}{name}: {error}.")
    if fill:
        for one in by_name.values():
            found[one.key] = value_of(one.default, one.type) if one.default else None
    return found


def ordered(wanted: Sequence[Input], values: Mapping[str, str]) -> list[tuple[str, str]]:
    """What an example says, in the order in which the version reads it; what it does not, last."""
    place = {_alike(one.name): number for number, one in enumerate(wanted)}
    return sorted(values.items(), key=lambda item: place.get(_alike(item[0]), len(place)))
