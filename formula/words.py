"""A rule in plain English, for explanations and plan documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import singledispatch

from formula.checker import Formula
from formula.errors import joined
from formula.functions import FUNCTIONS
from formula.nodes import Call, Expression, Literal, Reference
from formula.numbers import written
from formula.scope import key_of

_TIGHTNESS = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3, "%": 4, "-x": 4, "+x": 4}
_LISTS = ("IF", "IFS", "AND", "OR", "DEFAULT", "&", "NOT")


Names = Mapping[str, str]
"""What people call a name of formulas, by :func:`key_of` it."""


def words(formula: Formula, names: Names | None = None) -> str:
    """The rule in words: "if attainment of sales is at least 100%, 500, else 0".

    ``names``: titles by which people know what formulas call otherwise.
    """
    return _words(formula.node, names or {})


@singledispatch
def _words(node: Expression, names: Names) -> str:
    raise TypeError(f"there are no words for {type(node).__name__}")


@_words.register
def _(node: Literal, names: Names) -> str:
    if isinstance(node.value, bool):
        return "yes" if node.value else "no"
    if isinstance(node.value, Decimal):
        return " ".join(node.text.strip("() ").split()) or written(node.value)
    return node.value.isoformat() if isinstance(node.value, date) else f'"{node.value}"'


@_words.register
def _(node: Reference, names: Names) -> str:
    ref = node.ref
    name = names.get(key_of(ref.subject)) or ref.subject.replace("_", " ")
    owner, _, part = name.rpartition(".")
    within = {"plan": "the plan", "unit": "the unit", "job_type": "the job type"}.get(ref.within)
    by = f"what {name} pays" if ref.of_component else name
    return {
        "value": name,
        "goal": f"the goal of {name}",
        "attainment": f"attainment of {name}",
        "fact": name,
        "tenure": "months of tenure",
        "prorate": "the eligible part of the period",
        "prior": f"{name} {_earlier(ref.periods)}",
        "ytd": f"{name} of the year to date",
        "qtd": f"{name} of the quarter to date",
        "rank": f"the place by {by} within {within}",
        "ties": f"the number of people on the same place by {by} within {within}",
        "share": f"the part of {by} within {within}",
        "earned": f"what {part} of plan {owner} pays" if owner else f"what {name} pays",
        "running": f"the total of {name} before this credit",
        "count": f"the number of {name} transactions about it",
        "sum": f"the sum of {part} over the {owner} transactions about it",
        "first": f"{part} of the first {owner} transaction about it",
        "last": f"{part} of the last {owner} transaction about it",
    }[ref.kind]


def _earlier(periods: int) -> str:
    return "of the period before" if periods == 1 else f"{periods} periods earlier"


@_words.register
def _(node: Call, names: Names) -> str:
    function = FUNCTIONS[node.function]
    if node.function == "IFS":
        return _ifs(node, names)
    if node.function == "DATE":
        return _day(node, names)
    parts = [_part(node, position, names) for position in range(len(node.arguments))]
    named = {
        "and": joined(parts, "and"),
        "or": joined(parts, "or"),
        "all": joined(parts, "and"),
        "rest": joined(parts[1:], "and"),
        "table": node.table.name.replace("_", " ") if node.table else "",
        "places": _places(node, parts),
        "else": f", or {parts[1]} where there is none" if len(parts) > 1 else "",
    }
    return function.words.format(*parts, **named)


def _part(node: Call, position: int, names: Names) -> str:
    """An argument in words, in brackets where it would be read differently without."""
    argument = node.arguments[position]
    text = _words(argument, names)
    if not isinstance(argument, Call):
        return text
    own, inner = _TIGHTNESS.get(node.function), _TIGHTNESS.get(argument.function)
    if own is not None:
        if inner is None:
            return text if argument.function not in _LISTS else f"({text})"
        return f"({text})" if inner < own or (inner == own and position) else text
    symbol = not node.function.isalpha()
    inside_list = node.function in ("AND", "OR", "NOT", "DEFAULT", "IF") and position == 0
    lists = argument.function in _LISTS and (
        symbol
        or inside_list
        or node.table is not None
        or node.function in ("AND", "OR", "MIN", "MAX", "CHOOSE")
    )
    plain = node.function == "IF" and argument.function in ("AND", "OR", "NOT")
    return f"({text})" if lists and not plain else text


def _ifs(node: Call, names: Names) -> str:
    pieces = []
    for condition, value in zip(node.arguments[::2], node.arguments[1::2], strict=True):
        always = isinstance(condition, Literal) and condition.value is True
        pieces.append(
            f"else {_words(value, names)}"
            if always
            else f"if {_words(condition, names)}, {_words(value, names)}"
        )
    return "; ".join(pieces)


def _day(node: Call, names: Names) -> str:
    values = [part.value for part in node.arguments if isinstance(part, Literal)]
    if len(values) == 3:
        year, month, number = (int(value) for value in values if isinstance(value, Decimal))
        return f"{year:04}-{month:02}-{number:02}"
    return "the day of year {}, month {}, day {}".format(
        *(_words(argument, names) for argument in node.arguments)
    )


def _places(node: Call, parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return " to a whole number"
    return f" to {parts[1]} decimal places"
