"""Whether the digits of a spreadsheet are enough: what a trace has that doubles cannot tell.

A spreadsheet's number keeps 15 digits. Where a longer one decides something (a comparison, a row of
a table, a rounding) and lies nearer to the bound than those digits can tell, or where letters
compare otherwise in a spreadsheet, the workbook says so instead of promising the same amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from formula.cells import DIGITS
from formula.engine import Step
from formula.nodes import Call, Literal
from formula.numbers import CONTEXT
from formula.tables import CurveTable, LookupTable, MatrixTable, StepTable
from formula.values import Value

LARGEST = Decimal(10) ** DIGITS
_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_ROUNDINGS = frozenset({"ROUND", "ROUNDUP", "ROUNDDOWN"})
_BLUR = Decimal(1).scaleb(1 - DIGITS)

MANY_DIGITS = (
    "A number on the way has more digits than a spreadsheet holds, so that the amount may differ"
    " in its last digits. The booked amount is exact."
)
LETTERS = (
    "A text on the way has letters that spreadsheets compare otherwise. The booked amount is exact."
)
OLD_DAYS = "Spreadsheets count days before 1 March 1900 otherwise. The booked amount is exact."
SMALL_IN_TEXT = "A small number within a text is written otherwise by spreadsheets."


def doubts(trace: Step) -> list[str]:
    """Why a spreadsheet may come to something else than this trace, a sentence each."""
    return list(dict.fromkeys(_doubts(trace)))


def blur_of(trace: Step) -> Decimal:
    """How far off a spreadsheet's number may be; 0 where it holds every digit."""
    return _blur(trace)


def _doubts(step: Step) -> Iterator[str]:
    for part in step.parts:
        yield from _doubts(part)
    values = [step.value, *_values(step)]
    if step.error == "too_large":
        yield MANY_DIGITS
    for value in values:
        if isinstance(value, Decimal) and value.copy_abs() >= LARGEST:
            yield MANY_DIGITS
        elif not isinstance(value, Decimal | str | bool | None) and value.year <= 1900:
            yield OLD_DAYS
    node = step.node
    if not isinstance(node, Call):
        return
    if node.function == "&":
        small = Decimal("0.001")
        if any(isinstance(v, Decimal) and 0 < v.copy_abs() < small for v in values[1:]):
            yield SMALL_IN_TEXT
    compares = node.function in _COMPARISONS or node.table is not None
    texts = [*values[1:], *_keys(node)]
    if compares and any(isinstance(text, str) and not _plain(text, node) for text in texts):
        yield LETTERS
    if _near(step, node):
        yield MANY_DIGITS


def _keys(node: Call) -> tuple[Value, ...]:
    """The keys among which a text is looked up."""
    if isinstance(node.table, MatrixTable):
        return (*node.table.rows.keys, *node.table.columns.keys)
    if isinstance(node.table, LookupTable):
        return tuple(key for key, _ in node.table.rows)
    return ()


def _plain(text: str, node: Call) -> bool:
    """Whether a spreadsheet compares a text as the language does."""
    if node.function in ("<", "<=", ">", ">="):
        return text.isascii() and (text.isalnum() or not text)
    return text.casefold() == text.lower() and not text.endswith(("σ", "ς"))


def _near(step: Step, node: Call) -> bool:
    """Whether a number that is not exact lies so near to a bound that its row cannot be told."""
    values = [value for value in _values(step) if isinstance(value, Decimal)]
    pair = len(values) == 2 and not step.error
    if pair and node.function in ("^", "MOD") and _out_of_reach(node.function, *values):
        return True
    parts = [part for part in step.parts if isinstance(part.value, Decimal)]
    blur = max((_blur(part) for part in parts), default=Decimal(0))
    if not blur or step.error:
        return False
    if node.function in _COMPARISONS and len(values) == 2:
        return abs(values[0] - values[1]) <= blur
    if node.function in _ROUNDINGS and values:
        places = int(values[1]) if len(values) > 1 else 0
        scaled = CONTEXT.scaleb(values[0], places)
        rest = CONTEXT.remainder(scaled.copy_abs(), Decimal(1))
        bound = Decimal("0.5") if node.function == "ROUND" else Decimal(0)
        way = min(abs(rest - bound), abs(1 - rest + bound))
        return way <= CONTEXT.scaleb(blur, places)
    if node.function == "MOD" and len(values) == 2 and values[1]:
        quotient = CONTEXT.divide(*values)
        return abs(quotient - quotient.to_integral_value()) <= Decimal("0.000000001")
    return any(abs(value - bound) <= blur for value in values for bound in _bounds(node))


def _out_of_reach(function: str, left: Decimal, right: Decimal) -> bool:
    """Whether doubles cannot tell a power or the rest of a division, though its numbers are short:
    a power that is next to nothing on the way, a quotient of many digits."""
    if function == "^":
        return abs(left.adjusted() * right) > 250
    whole = left == left.to_integral_value() and right == right.to_integral_value()
    return not whole and abs(CONTEXT.divide(left, right)) >= 100_000


def _bounds(node: Call) -> tuple[Decimal, ...]:
    table = node.table
    if isinstance(table, StepTable):
        return table.bounds if node.function == "RATE" else ()
    if isinstance(table, CurveTable):
        return tuple(x for x, _ in table.points) if table.strict else ()
    if isinstance(table, MatrixTable):
        return (*table.rows.bounds, *table.columns.bounds)
    return ()


def _blur(step: Step) -> Decimal:
    """What is missing beyond the digits that a spreadsheet keeps, the steps before included."""
    own = step.value
    if not isinstance(own, Decimal):
        return Decimal(0)
    inherited = [_blur(part) for part in step.parts if isinstance(part.value, Decimal)]
    if isinstance(step.node, Call) and step.node.function in _ROUNDINGS:
        inherited = []
    if len(own.as_tuple().digits) <= DIGITS and not any(inherited):
        return Decimal(0)
    sizes = [abs(v) for v in _values(step) if isinstance(v, Decimal)]
    largest = max([abs(own), *sizes, Decimal(1)])
    return max([largest * _BLUR, *(_grown(blur, step) for blur in inherited)])


def _grown(blur: Decimal, step: Step) -> Decimal:
    """A blur after a product, whose other factor makes it larger."""
    if isinstance(step.node, Call) and step.node.function in ("*", "/", "^", "PRORATE", "TIER"):
        numbers = [v for v in (step.value, *_values(step)) if isinstance(v, Decimal)]
        return blur * max([*map(abs, numbers), Decimal(1)])
    return blur * 2


def _values(step: Step) -> Iterator[Value | None]:
    """What the arguments of a step came to, those that stand in the formula itself among them."""
    if not isinstance(step.node, Call):
        return
    worked_out = iter(step.parts)
    for argument in step.node.arguments:
        if isinstance(argument, Literal):
            yield argument.value
        else:
            part = next(worked_out, None)
            yield part.value if part is not None else None
