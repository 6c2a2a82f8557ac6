"""The emitters of the Decimal engine: what each function does to one person's values.

An emitter gets its arguments unevaluated, so that IF leaves alone the branch that is not taken.
``strict`` is the common case: all arguments from left to right, the first error wins, then any
blank makes the result blank.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, cast

from formula.numbers import (
    CONTEXT,
    LARGEST_EXPONENT,
    LIMIT,
    PLACES,
    fitted,
    plain,
    to_places,
    written,
)
from formula.tables import CurveTable, LookupTable, MatrixTable, StepTable, Table
from formula.values import Failed, Value

Blank = Value | None
Thunk = Callable[[], Blank]


@dataclass
class Arguments:
    """One call: its arguments, its table, and the notes that it leaves for the explanation."""

    thunks: Sequence[Thunk]
    table: Table | None = None
    notes: list[str] = field(default_factory=list)

    def __getitem__(self, position: int) -> Blank:
        return self.thunks[position]()

    def __len__(self) -> int:
        return len(self.thunks)


Emitter = Callable[[Arguments], Blank]


def strict(function: Callable[..., Value]) -> Emitter:
    """Blank if any argument is blank, else what ``function`` makes of all of them."""

    def emitter(call: Arguments) -> Blank:
        values = [thunk() for thunk in call.thunks]
        return None if any(value is None for value in values) else function(*values)

    return emitter


def looked_up(function: Callable[..., tuple[Value, str]]) -> Emitter:
    """Like ``strict`` for functions of a table, whose row becomes a note."""

    def emitter(call: Arguments) -> Blank:
        values = [thunk() for thunk in call.thunks]
        if any(value is None for value in values):
            return None
        value, note = function(call.table, *values)
        call.notes.append(note)
        return value

    return emitter


# -- arithmetic ---------------------------------------------------------------------------------


def add(left: Decimal, right: Decimal) -> Value:
    return fitted(CONTEXT.add(left, right))


def subtract(left: Decimal | date, right: Decimal | date) -> Value:
    if isinstance(left, Decimal):
        return fitted(CONTEXT.subtract(left, cast(Decimal, right)))
    return Decimal((left - cast(date, right)).days)


def multiply(left: Decimal, right: Decimal) -> Value:
    return fitted(CONTEXT.multiply(left, right))


def divide(left: Decimal, right: Decimal) -> Value:
    if right == 0:
        raise Failed("division")
    return fitted(CONTEXT.divide(left, right))


def percent(number: Decimal) -> Value:
    return fitted(CONTEXT.multiply(number, Decimal("0.01")))


def negate(number: Decimal) -> Value:
    return plain(CONTEXT.minus(number))


def power(base: Decimal, exponent: Decimal) -> Value:
    whole = exponent == exponent.to_integral_value()
    if not whole or exponent.copy_abs() > LARGEST_EXPONENT or (base == 0 and exponent <= 0):
        raise Failed("power")
    return fitted(CONTEXT.power(base, exponent))


def modulo(number: Decimal, divisor: Decimal) -> Value:
    if divisor == 0:
        raise Failed("division")
    rest = CONTEXT.remainder(number, divisor)
    if rest != 0 and (rest < 0) != (divisor < 0):
        rest = CONTEXT.add(rest, divisor)
    return plain(rest)


def rounding(how: str) -> Emitter:
    def rounded(number: Decimal, places: Decimal = Decimal(0)) -> Value:
        if places != places.to_integral_value() or places.copy_abs() > PLACES:
            raise Failed("places")
        return to_places(number, int(places), how)

    return strict(rounded)


def day(year: Decimal, month: Decimal, number: Decimal) -> Value:
    parts = (year, month, number)
    if any(part != part.to_integral_value() or part.copy_abs() >= LIMIT for part in parts):
        raise Failed("date")
    if not (1900 <= year <= 9999 and 1 <= month <= 12):
        raise Failed("date")
    if not 1 <= number <= monthrange(int(year), int(month))[1]:
        raise Failed("date")
    return date(int(year), int(month), int(number))


def smallest(*values: Any) -> Value:
    return cast(Value, min(values))


def largest(*values: Any) -> Value:
    return cast(Value, max(values))


# -- text and comparison ------------------------------------------------------------------------


def as_text(value: Value) -> str:
    """A value inside a text: numbers without zeros at their end, days as 2026-05-31."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return written(value)
    return value.isoformat() if isinstance(value, date) else value


def join(left: Value, right: Value) -> Value:
    return as_text(left) + as_text(right)


def comparing(compare: Callable[[Any, Any], bool]) -> Emitter:
    def compared(left: Value, right: Value) -> Value:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left.casefold(), right.casefold())
        return compare(left, right)

    return strict(compared)


# -- decisions ----------------------------------------------------------------------------------


def if_(call: Arguments) -> Blank:
    condition = call[0]
    return None if condition is None else call[1 if condition else 2]


def ifs(call: Arguments) -> Blank:
    for position in range(0, len(call), 2):
        condition = call[position]
        if condition is None:
            return None
        if condition:
            return call[position + 1]
    raise Failed("no_condition")


def deciding(decided_by: bool) -> Emitter:
    """AND is decided by the first FALSE, OR by the first TRUE; an error before that wins."""

    def emitter(call: Arguments) -> Blank:
        blank = False
        for thunk in call.thunks:
            value = thunk()
            if value is decided_by:
                return decided_by
            blank = blank or value is None
        return None if blank else not decided_by

    return emitter


def choose(call: Arguments) -> Blank:
    position = cast(Decimal | None, call[0])
    if position is None:
        return None
    if position != position.to_integral_value() or not 1 <= position < len(call):
        raise Failed("choose")
    return call[int(position)]


def default(call: Arguments) -> Blank:
    value = call[0]
    return call[1] if value is None else value


def is_blank(call: Arguments) -> Blank:
    return call[0] is None


# -- tables -------------------------------------------------------------------------------------


def tier(table: StepTable, value: Decimal) -> tuple[Value, str]:
    return table.tier(value)


def slice_(table: StepTable, before: Decimal, amount: Decimal) -> tuple[Value, str]:
    return table.slice(before, amount)


def rate(table: StepTable, value: Decimal) -> tuple[Value, str]:
    return table.rate(value)


def curve(table: CurveTable, value: Decimal) -> tuple[Value, str]:
    return table.curve(value)


def matrix(table: MatrixTable, row: Any, column: Any) -> tuple[Value, str]:
    return table.cell(row, column)


def lookup(call: Arguments) -> Blank:
    key = call[0]
    if key is None:
        return None
    found = cast(LookupTable, call.table).find(cast(Decimal | str, key))
    if found is not None:
        call.notes.append(found[1])
        return found[0]
    if len(call) == 1:
        raise Failed("no_row")
    call.notes.append("no row has this key")
    return call[1]
