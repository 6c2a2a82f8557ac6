"""The Decimal engine: one person, step by step, with a trace that is the explanation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import singledispatch

from formula.by_decimal import Arguments, as_text
from formula.checker import Formula
from formula.functions import FUNCTIONS
from formula.nodes import Call, Expression, Literal, Reference
from formula.numbers import is_exact, plain
from formula.values import ErrorValue, Failed, Type, Value, type_of

Inputs = Mapping[str, Value | ErrorValue | None]


@dataclass(frozen=True)
class Step:
    """One sub-expression: how it was written, what came out, and from which steps.

    ``note`` names the row of the table that applied; ``node`` is what was worked out. Branches that
    were not taken have no step.
    """

    text: str
    value: Value | None
    error: str | None = None
    note: str = ""
    parts: tuple[Step, ...] = ()
    node: Expression | None = field(default=None, compare=False, repr=False)

    @property
    def shown(self) -> str:
        """The result as a word: a number, 'blank', or 'error' with its code."""
        if self.error:
            return f"error ({self.error})"
        return "blank" if self.value is None else as_text(self.value)

    def lines(self, depth: int = 0) -> list[str]:
        """The steps as indented lines, the result first."""
        note = f"   [{self.note}]" if self.note else ""
        own = f"{'  ' * depth}{' '.join(self.text.split())} = {self.shown}{note}"
        return [own, *(line for part in self.parts for line in part.lines(depth + 1))]


@dataclass(frozen=True)
class Outcome:
    """What a formula gives for one person: a value, blank (both None), or an error code."""

    value: Value | None
    error: str | None
    steps: Step

    def lines(self) -> list[str]:
        """The whole trace as text."""
        return self.steps.lines()


def evaluate(formula: Formula, inputs: Inputs) -> Outcome:
    """Work the formula out for one person.

    ``inputs`` holds a value, None (blank) or an ErrorValue for the column of every reference.
    KeyError for a missing one, TypeError for one of the wrong type, ValueError for a number that
    the language cannot hold (10^18 and more, or more than 12 places).
    """
    steps = _step(formula.node, inputs)
    return Outcome(steps.value, steps.error, steps)


@singledispatch
def _step(node: Expression, inputs: Inputs) -> Step:
    raise TypeError(f"the Decimal engine does not know {type(node).__name__}")


@_step.register
def _(node: Literal, inputs: Inputs) -> Step:
    return Step(node.text, node.value, node=node)


@_step.register
def _(node: Reference, inputs: Inputs) -> Step:
    value = inputs[node.ref.column]
    if isinstance(value, ErrorValue):
        return Step(node.text, None, value.code, node=node)
    return Step(node.text, None if value is None else _accepted(value, node), node=node)


@_step.register
def _(node: Call, inputs: Inputs) -> Step:
    parts: list[Step] = []

    def thunk(argument: Expression) -> Callable[[], Value | None]:
        def worked_out() -> Value | None:
            step = _step(argument, inputs)
            if not isinstance(argument, Literal):
                parts.append(step)
            if step.error:
                raise Failed(step.error)
            return step.value

        return worked_out

    call = Arguments([thunk(argument) for argument in node.arguments], node.table)
    value, error = None, None
    try:
        value = FUNCTIONS[node.function].decimal(call)
    except Failed as failure:
        error = failure.code
    return Step(node.text, value, error, "; ".join(call.notes), tuple(parts), node)


def _accepted(value: Value | int, node: Reference) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if isinstance(value, datetime) or type_of(value) is not node.type:
        raise TypeError(f"{node.ref.column} must be {node.type.value}, not {value!r}")
    if node.type is Type.NUMBER and isinstance(value, Decimal):
        if not is_exact(value):
            raise ValueError(f"{node.ref.column}: {value} has over 12 places or reaches 10^18")
        return plain(value)
    return value if not isinstance(value, date) else date(value.year, value.month, value.day)
