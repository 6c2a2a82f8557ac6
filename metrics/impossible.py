"""Conditions that can never hold: constants, and comparisons that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from formula import Formula, evaluate
from formula.nodes import Call, Expression, Literal, Reference

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def never_holds(formula: Formula) -> str:
    """Why a condition can never hold, the end of a sentence; "" where it may.

    Found are constants and, joined by AND, comparisons of one name with constants.
    """
    if not formula.references:
        outcome = evaluate(formula, {})
        return "" if outcome.value is True else f"it is {outcome.steps.shown}, whatever comes in"
    bounds: dict[str, _Bounds] = {}
    for part in _joined(formula.node):
        if isinstance(part, Literal) and part.value is not True:
            return f"“{part.text or part.value}” never holds"
        found = _comparison(part)
        if found is None:
            continue
        column, operator, value = found
        own = bounds.setdefault(column, _Bounds(column))
        own.add(operator, value)
        if own.empty():
            return f"nothing is {own.words()}"
    return ""


def _joined(node: Expression) -> Iterator[Expression]:
    """The parts of a condition that must all hold."""
    if isinstance(node, Call) and node.function == "AND":
        for part in node.arguments:
            yield from _joined(part)
    else:
        yield node


def _comparison(node: Expression) -> tuple[str, str, Any] | None:
    if not isinstance(node, Call) or node.function not in _TURNED or len(node.arguments) != 2:
        return None
    left, right = node.arguments
    if isinstance(left, Reference) and isinstance(right, Literal):
        return left.ref.column, node.function, _comparable(right.value)
    if isinstance(left, Literal) and isinstance(right, Reference):
        return right.ref.column, _TURNED[node.function], _comparable(left.value)
    return None


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


@dataclass
class _Bounds:
    """What one name must be, as far as comparisons with constants say."""

    name: str
    said: list[str] = field(default_factory=list)
    pairs: list[tuple[str, Any]] = field(default_factory=list)

    def add(self, operator: str, value: Any) -> None:
        self.pairs.append((operator, value))
        shown = f"“{value}”" if isinstance(value, str) else str(value)
        self.said.append(f"{operator} {shown}")

    def words(self) -> str:
        return f"{self.name} {' and '.join(self.said)}"

    def empty(self) -> bool:
        exact = [value for operator, value in self.pairs if operator == "="]
        if exact:
            return not all(_fits(exact[0], *pair) for pair in self.pairs)
        ordered = [pair for pair in self.pairs if isinstance(pair[1], Decimal | date)]
        lows = [(v, o == ">") for o, v in ordered if o in (">", ">=")]
        highs = [(v, o != "<") for o, v in ordered if o in ("<", "<=")]
        if not lows or not highs:
            return False
        (low, open_low), (high, closed_high) = max(lows), min(highs)
        return bool(low > high or (low == high and (open_low or not closed_high)))


def _fits(value: Any, operator: str, bound: Any) -> bool:
    return {
        "=": value == bound,
        "<>": value != bound,
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
    }[operator]
