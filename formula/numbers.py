"""Exact numbers: one context, one rounding, one way to read and to write them.

Every operation rounds half away from zero to 12 places. 80 digits are enough for each to be exact
before that: two numbers below 10^18 with 12 places multiply to 60 digits.
"""

from __future__ import annotations

import re
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

from formula.values import Failed

PLACES = 12
LIMIT = Decimal(10) ** 18
LARGEST_EXPONENT = 400
_QUANTUM = Decimal(1).scaleb(-PLACES)

CONTEXT = Context(
    prec=80,
    rounding=ROUND_HALF_UP,
    Emin=-999_999,
    Emax=999_999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(\s*%)?", re.ASCII)


def fitted(exact: Decimal) -> Decimal:
    """``exact`` rounded to 12 places; Failed('too_large') where it reaches 10^18."""
    # Not abs(): that rounds to the 28 digits of Python's own context.
    if exact.copy_abs() > LIMIT:
        raise Failed("too_large")
    rounded = exact.quantize(_QUANTUM, context=CONTEXT)
    if rounded.copy_abs() >= LIMIT:
        raise Failed("too_large")
    return plain(rounded)


def plain(number: Decimal) -> Decimal:
    """The same number without zeros at its end, and never as minus zero."""
    if number == 0:
        return Decimal(0)
    if number == number.to_integral_value():
        return number.quantize(Decimal(1), context=CONTEXT)
    return number.normalize(CONTEXT)


def to_places(number: Decimal, places: int, how: str) -> Decimal:
    """``number`` to ``places`` (negative: tens, hundreds …) by 'nearest', 'up' or 'down'."""
    mode = {"nearest": ROUND_HALF_UP, "up": ROUND_UP, "down": ROUND_DOWN}[how]
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=mode, context=CONTEXT)
    return fitted(rounded)


def is_exact(number: Decimal) -> bool:
    """Whether a number is one that the language can hold: below 10^18, at most 12 places."""
    return (
        number.is_finite()
        and number.copy_abs() < LIMIT
        and number == number.quantize(_QUANTUM, context=CONTEXT)
    )


def written(number: Decimal, *, percent: bool = False) -> str:
    """The number as people write it in formulas and tables: 0.04, or 4% on request."""
    if percent:
        return f"{written(CONTEXT.multiply(number, Decimal(100)))}%"
    return format(plain(number), "f")


def read_number(cell: object) -> tuple[Decimal, bool]:
    """A number from a file's cell and whether it was written in percent.

    Takes int, Decimal and text such as ``4%`` or ``-1.5``; a float only as far as its digits are
    the ones that were typed (15). Raises ValueError with a sentence that starts with the cell.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | Decimal | float | str):
        raise ValueError(f"{cell!r} is not a number")
    text = repr(cell) if isinstance(cell, float) else str(cell).strip()
    if isinstance(cell, float) and len(re.sub(r"\D", "", text.split("e")[0])) > 15:
        raise ValueError(f"{text} has more than 15 digits: write it in quotation marks")
    number, percent = _read_text(format(Decimal(text), "f") if _has_exponent(text) else text)
    if not is_exact(number):
        raise ValueError(
            f"{cell} is out of range: at most 12 decimal places and less than 10 to the 18th"
        )
    return plain(number), percent


def _has_exponent(text: str) -> bool:
    return re.fullmatch(r"[+-]?[\d.]+e[+-]?\d{1,3}", text, re.IGNORECASE | re.ASCII) is not None


def _read_text(text: str) -> tuple[Decimal, bool]:
    match = _NUMBER.fullmatch(text)
    if match is None and "," in text:
        bare = text.replace(",", "")
        raise ValueError(f'"{text}" contains a comma: write {bare}, with a point for decimals')
    if match is None:
        raise ValueError(f'"{text}" is not a number')
    percent = match.group(3) is not None
    number = Decimal(text.rstrip("% \t"))
    return (CONTEXT.multiply(number, Decimal("0.01")) if percent else number), percent
