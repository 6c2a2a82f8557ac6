"""An example worked out by the Decimal engine, stage by stage, as explanations work results out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from formula import ErrorValue, Formula, Outcome, Ref, Value, evaluate
from formula.numbers import CONTEXT
from incentives.examples.inputs import BEFORE, UNDONE, Read, Row
from incentives.explain import measured
from incentives.pools import weight_name
from incentives.rules import (
    TOTAL,
    UNIT_SCOPES,
    WHOLE,
    ComponentRule,
    Per,
    VersionRules,
    part_name,
)

Known = dict[str, Any]
Engine = Callable[[Formula, Mapping[str, Any]], Outcome]
Amount = tuple[Decimal | None, str]
"""What a component came to (None: undecided), and the code of the error that stopped it."""

_ENGINE: ContextVar[Engine] = ContextVar("engine of formulas", default=evaluate)


@contextmanager
def evaluating(engine: Engine) -> Iterator[None]:
    """Within it, formulas are worked out by another engine; the stages between them stay."""
    token = _ENGINE.set(engine)
    try:
        yield
    finally:
        _ENGINE.reset(token)


def amounts(rules: VersionRules, read: Read) -> dict[str, Amount]:
    """What each component comes to by name, and ``total`` where the plan has rules of its own."""
    people = [_known(rules, read, row) for row in (read.own, *read.others)]
    found: dict[str, Amount] = {}
    for stage in rules.stages:
        for component in stage.components:
            if component.weight is not None:
                for known in people:
                    _add(known, weight_name(component), component.weight)
        for component in stage.components:
            paid = _component(rules, component, people, read)
            for known, (amount, _) in zip(people, paid, strict=True):
                known[Ref("earned", component.name).column] = amount
            found[component.name] = paid[0]
    if rules.whole:
        found[TOTAL] = _whole(rules, people[0])
    return found


def _known(rules: VersionRules, read: Read, row: Row) -> Known:
    return measured(rules, read.stored(rules, row), read.instead(rules, row))


def _add(known: Known, name: str, formula: Formula) -> Outcome:
    outcome = _ENGINE.get()(formula, known)
    known[name] = ErrorValue(outcome.error) if outcome.error else outcome.value
    return outcome


def _worked_out(component: ComponentRule, known: Known) -> Amount:
    """The parts of a component and what joins them, over what is known; left out earns nothing."""
    for name, formula in component.steps:
        _add(known, name, formula)
    outcome = _ENGINE.get()(component.amount, known)
    if outcome.error == "left_out":
        return Decimal(0), ""
    value = outcome.value
    return (value if isinstance(value, Decimal) else None), outcome.error or ""


def _component(
    rules: VersionRules, component: ComponentRule, people: Sequence[Known], read: Read
) -> list[Amount]:
    """What each person has of a component; colleagues have no credits and no days of their own."""
    nothing: list[Amount] = [(Decimal(0), "") for _ in people[1:]]
    if component.per == Per.PERSON:
        return [_worked_out(component, known) for known in people]
    if component.per == Per.CREDIT:
        return [_credits(component, people[0], read.credits.get(component.of, ())), *nothing]
    if component.per == Per.DAY:
        lines = [_day(component, {**people[0], **day}) for day in read.days]
        return [_sum(lines), *nothing]
    return _pool(rules, component, people)


def _day(component: ComponentRule, known: Known) -> Amount:
    if component.rate:
        known[part_name(component.name, "rate")] = _rate(component, known)
    return _worked_out(component, known)


def _sum(lines: Sequence[Amount]) -> Amount:
    error = next((error for _, error in lines if error), "")
    decided = [amount for amount, _ in lines if amount is not None]
    if error or len(decided) < len(lines):
        return None, error
    return sum(decided, Decimal(0)), ""


# --- credits


def _credits(component: ComponentRule, known: Known, rows: Sequence[Row]) -> Amount:
    """The credits of the period, rounded alone or along the running result."""
    lines: list[Amount] = []
    total, before = Decimal(0), Decimal(0)
    for row in rows:
        raw, error = _raw(component, known, row, total)
        total += _number(row.get("amount")) or Decimal(0)
        counts = row.get(BEFORE) is not True
        if raw is None:
            lines += [(None, error)] if counts else []
            continue
        amount = _rounded(raw, component)
        if component.each == "running":
            amount = _rounded(before + raw, component) - _rounded(before, component)
        before += raw
        lines += [(amount, "")] if counts else []
    return _sum(lines)


def _raw(component: ComponentRule, known: Known, row: Row, total: Decimal) -> Amount:
    """What a credit earns before it is rounded, less the part that was taken back."""
    inputs: Known = {**known, **row}
    for ref in component.references:
        if ref.kind == "running":
            inputs[ref.column] = total
        else:
            inputs.setdefault(ref.column, None)
    if component.rate:
        inputs[part_name(component.name, "rate")] = _rate(component, inputs)
    raw, error = _worked_out(component, inputs)
    undone = _number(row.get(UNDONE)) or Decimal(0)
    return (None if raw is None else CONTEXT.multiply(raw, 1 - undone)), error


def _rate(component: ComponentRule, known: Known) -> Any:
    said = known.get(part_name(component.name, "rate"))
    return ErrorValue("no_rate") if said is None else said


def _number(value: Value | None) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def _rounded(value: Decimal, component: ComponentRule) -> Decimal:
    coin = Decimal(1).scaleb(-component.decimals)
    return value.quantize(coin, rounding=ROUND_HALF_UP, context=CONTEXT)


# --- pools


def _pool(rules: VersionRules, component: ComponentRule, people: Sequence[Known]) -> list[Amount]:
    """What each has of one pool: by weight in whole coins, the largest remainders get the rest."""
    of_group = _of_group(rules, component, people)
    if component.rate:
        of_group[part_name(component.name, "rate")] = _rate(component, people[0])
    pool, error = _worked_out(component, of_group)
    weights = [known[weight_name(component)] for known in people]
    failed = next((one.code for one in weights if isinstance(one, ErrorValue)), "")
    if error or failed:
        return [(None, error or failed) for _ in people]
    known_weights = [weight for weight in weights if isinstance(weight, Decimal)]
    if pool is None or len(known_weights) < len(people):
        return [(None, "") for _ in people]
    whole = sum(known_weights, Decimal(0))
    if whole == 0:
        return [(Decimal(0), "") for _ in people]
    return [(share, "") for share in _shared(pool, known_weights, whole, component.decimals)]


def _shared(
    pool: Decimal, weights: Sequence[Decimal], whole: Decimal, places: int
) -> list[Decimal]:
    coin = Decimal(1).scaleb(-places)
    fine = Decimal(1).scaleb(-20)
    ideal = [
        CONTEXT.divide(CONTEXT.multiply(pool, weight), whole).quantize(fine, context=CONTEXT)
        for weight in weights
    ]
    least = [one.quantize(coin, rounding=ROUND_FLOOR, context=CONTEXT) for one in ideal]
    coins = int((pool - sum(least, Decimal(0))) / coin)
    order = sorted(range(len(ideal)), key=lambda n: (least[n] - ideal[n], n))
    extra = set(order[:coins])
    return [one + coin if n in extra else one for n, one in enumerate(least)]


def _of_group(rules: VersionRules, component: ComponentRule, people: Sequence[Known]) -> Known:
    """What a pool reads of its group: the unit's own figures, or the sum of its people's."""
    found: Known = {}
    for ref in {ref for _, formula in component.steps for ref in formula.references}:
        values = [known.get(ref.column) for known in people]
        measure = rules.measures.get(ref.name)
        numbers = [value for value in values if isinstance(value, Decimal)]
        of_unit = ref.kind in ("value", "goal", "attainment") and measure is not None
        if of_unit and measure is not None and measure.scope in UNIT_SCOPES:
            found[ref.column] = max(numbers, default=None)
        elif len(numbers) == len(people):
            found[ref.column] = sum(numbers, Decimal(0))
        else:
            found[ref.column] = None
    return found


# --- the plan as a whole


def _whole(rules: VersionRules, known: Mapping[str, Any]) -> Amount:
    amounts = [known[Ref("earned", name).column] for name in rules.components]
    inputs: Known = {**known, TOTAL: None if None in amounts else sum(amounts, Decimal(0))}
    outcome = None
    for part, formula in rules.whole.items():
        outcome = _add(inputs, part_name(WHOLE, part), formula)
    assert outcome is not None, "the parts of a plan end with the formula that joins them"
    value = outcome.value
    return (value if isinstance(value, Decimal) else None), outcome.error or ""
