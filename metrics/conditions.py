"""Conditions of a column map: which rows count. Simple ones read like a sentence.

``Resolved = Y`` compares one column, ``[…]`` joins several that must all hold, ``{Topic: [A, B]}``
asks for one of some texts, ``{column: Agent, begins: Total}`` says the comparison in words, and
``{formula: 'AND(answered = "Y", seconds > 30)'}`` uses the formula language over the short names
that the map declares under ``names``. Texts compare without case; numbers compare as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from formula import BOOLEAN, FormulaError, Name, Scope, Type, check
from org.errors import DomainError

OPERATORS = {
    "equals": "=",
    "differs": "<>",
    "at_least": ">=",
    "at_most": "<=",
    "above": ">",
    "below": "<",
    "begins": "",
    "contains": "",
}
ORDERINGS = {"at_least", "at_most", "above", "below"}
_BY_SIGN = {sign: name for name, sign in OPERATORS.items() if sign}
_SIMPLE = re.compile(r"\s*(?P<column>.+?)\s*(?P<sign><>|>=|<=|=|>|<)\s*(?P<value>.*?)\s*")
_FORMULA = re.compile(r"\s*(AND|OR|NOT|IF|IFS|ISBLANK)\(", re.IGNORECASE)
_EXAMPLE = "Write it like “Resolved = Y”."


@dataclass(frozen=True)
class Compare:
    """One column against one text or number, or several of which one must fit."""

    column: str
    operator: str
    values: tuple[str, ...]

    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return (self.column,)


@dataclass(frozen=True)
class All:
    """Several conditions that must all hold."""

    parts: tuple[Condition, ...]

    def columns(self) -> tuple[str, ...]:
        """The columns that they read."""
        return tuple(column for part in self.parts for column in part.columns())


@dataclass(frozen=True)
class ByFormula:
    """A yes/no formula over the short names of the map."""

    text: str
    reads: tuple[str, ...]

    def columns(self) -> tuple[str, ...]:
        """The short names that it reads; the map knows their columns."""
        return ()


Condition = Compare | All | ByFormula


def parse_condition(given: Any, names: Mapping[str, Type]) -> Condition:
    """The condition that a map writes; ``names`` are the short names with their types."""
    if isinstance(given, str):
        return _from_text(given, names)
    if isinstance(given, list) and given:
        return All(tuple(parse_condition(part, names) for part in given))
    if isinstance(given, Mapping) and given:
        return _from_mapping(given, names)
    raise DomainError(f"{given!r} is no condition. {_EXAMPLE}")


def _from_text(text: str, names: Mapping[str, Type]) -> Condition:
    if _FORMULA.match(text):
        return _formula(text, names)
    match = _SIMPLE.fullmatch(text)
    if match is None:
        raise DomainError(f"“{text}” is no condition: it compares nothing. {_EXAMPLE}")
    value = match["value"]
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return _compare(match["column"], _BY_SIGN[match["sign"]], [value])


def _from_mapping(given: Mapping[str, Any], names: Mapping[str, Type]) -> Condition:
    if set(given) == {"formula"}:
        return _formula(str(given["formula"]), names)
    if "column" in given:
        operators = [key for key in given if key != "column"]
        if len(operators) != 1 or operators[0] not in OPERATORS:
            raise DomainError(
                f"A condition on the column {given['column']} takes one of "
                f"{', '.join(OPERATORS)}. {_EXAMPLE}"
            )
        return _compare(str(given["column"]), operators[0], given[operators[0]])
    parts = tuple(_compare(str(column), "equals", value) for column, value in given.items())
    return parts[0] if len(parts) == 1 else All(parts)


def _compare(column: str, operator: str, given: Any) -> Compare:
    values = tuple(
        text for value in (given if isinstance(given, list) else [given]) for text in _texts(value)
    )
    if operator in ORDERINGS and not all(_is_number(value) for value in values):
        raise DomainError(
            f"“{column} {OPERATORS[operator]} {', '.join(values)}” compares with something that "
            "is no number. Larger and smaller are for numbers: Seconds > 30."
        )
    return Compare(column, operator, values)


def _texts(value: Any) -> tuple[str, ...]:
    """YAML reads an unquoted Yes as true: mean what stands in the file, either way."""
    if isinstance(value, bool):
        return ("Yes", "True") if value else ("No", "False")
    return ("" if value is None else str(value),)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _formula(text: str, names: Mapping[str, Type]) -> ByFormula:
    try:
        scope = Scope(names={name: Name(kind) for name, kind in names.items()})
        formula = check(text, scope, BOOLEAN)
    except FormulaError as error:
        raise DomainError(
            f"{error} (A formula reads the short names that the map declares under “names”.)"
        ) from error
    return ByFormula(text, tuple(sorted(formula.names)))


def condition_to_dict(condition: Condition) -> Any:
    """The condition as a map writes it, in the shortest form that means the same."""
    if isinstance(condition, All):
        return [condition_to_dict(part) for part in condition.parts]
    if isinstance(condition, ByFormula):
        return {"formula": condition.text}
    values = list(condition.values)
    if len(values) == 1 and OPERATORS[condition.operator]:
        text = f"{condition.column} {OPERATORS[condition.operator]} {values[0]}"
        if _reads_back(text, condition):
            return text
    return {
        "column": condition.column,
        condition.operator: values[0] if len(values) == 1 else values,
    }


def _reads_back(text: str, condition: Compare) -> bool:
    try:
        return parse_condition(text, {}) == condition
    except DomainError:
        return False
