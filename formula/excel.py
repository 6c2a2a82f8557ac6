"""The Excel engine: a formula as text for a spreadsheet that works it out again.

Every operation is rounded as the language rounds, so far as the digits of a spreadsheet reach
(docs/adr/0185); how large its numbers are is known from the trace of the Decimal engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import singledispatch

from formula.cells import Part, Working, number_text, quoted
from formula.checker import Formula
from formula.engine import Step
from formula.functions import FUNCTIONS
from formula.nodes import Call, Expression, Literal, Reference
from formula.scope import key_of
from formula.tables import Table
from formula.values import Value

Cells = Mapping[str, Part]
Values = Mapping[Expression, Value | None]


class ExcelWriter:
    """Writes formulas for one sheet.

    ``cells``: where the column of each reference stands. ``place``: gives a piece of formula a cell
    of its own and says where; ``ranges``: where the columns of a table stand.
    """

    def __init__(
        self,
        cells: Cells,
        *,
        place: Callable[[str], str],
        ranges: Callable[[Table], Mapping[str, str]],
    ) -> None:
        self.cells = cells
        self.place = place
        self.ranges = ranges
        self.values: Values = {}

    def write(self, formula: Formula, trace: Step) -> Part:
        """The formula as text without its equals sign; ``trace``: how it was worked out."""
        self.values = dict(_values(trace))
        part = self.part(formula.node)
        text = part.text
        if text.startswith("(") and _closes(text):
            text = text[1:-1]
        return Part(text, part.blank, part.fails, part.light, part.depth, part.constant)

    def part(self, node: Expression) -> Part:
        """One piece."""
        return _part(node, self)

    def working(self, node: Call) -> Working:
        """What the emitter of a call works with."""
        values = [
            part.value if isinstance(part, Literal) else self.values.get(part)
            for part in node.arguments
        ]
        return Working(self.place, self.ranges, values, self.values.get(node))


@singledispatch
def _part(node: Expression, writer: ExcelWriter) -> Part:
    raise TypeError(f"the Excel engine does not know {type(node).__name__}")


@_part.register
def _(node: Literal, writer: ExcelWriter) -> Part:
    value = node.value
    if isinstance(value, bool):
        return Part("TRUE()" if value else "FALSE()", light=True, constant=value)
    if isinstance(value, Decimal):
        percent = re.fullmatch(r"\d{1,9}%", node.text)
        text = node.text if percent else number_text(value)
        return Part(text, light=True, constant=value)
    if isinstance(value, date):
        text = f"DATE({value.year},{value.month},{value.day})"
        return Part(text, light=True, constant=value)
    return Part(quoted(value), light=len(value) < 40, constant=value)


@_part.register
def _(node: Reference, writer: ExcelWriter) -> Part:
    column = node.ref.column
    return writer.cells[column if node.ref.kind != "value" else key_of(column)]


@_part.register
def _(node: Call, writer: ExcelWriter) -> Part:
    working = writer.working(node)
    parts = [working.short(writer.part(argument)) for argument in node.arguments]
    types = [argument.type for argument in node.arguments]
    return FUNCTIONS[node.function].excel(working, parts, types, node.table)


def _values(trace: Step) -> Iterator[tuple[Expression, Value | None]]:
    if trace.node is not None:
        yield trace.node, trace.value
    for part in trace.parts:
        yield from _values(part)


def _closes(text: str) -> bool:
    """Whether the bracket that a text begins with ends it, and no text in it has brackets."""
    if '"' in text or not text.endswith(")"):
        return False
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return at == len(text) - 1
    return False
