"""What a formula works with: the four types, blank, and error values.

A value is a Decimal, a text, a yes/no or a date; ``None`` is *blank*: not known, which is not 0. An
error value stands in the place of a value that cannot be worked out for one person (a division by
zero); it never stops the others and is never shown as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import MappingProxyType

Value = Decimal | str | bool | date


class Type(Enum):
    """The type of an expression; the value is the word that managers read."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "yes/no"
    DATE = "date"


NUMBER, TEXT, BOOLEAN, DATE = Type.NUMBER, Type.TEXT, Type.BOOLEAN, Type.DATE

ERROR_SENTENCES = MappingProxyType(
    {
        "division": "It would have to be divided by zero. Test the divisor with IF first.",
        "too_large": "A number of 10 to the 18th or more came out, which cannot be pay. Look for a"
        " wrong factor or a wrong unit.",
        "power": "This power has no value: the exponent must be a whole number from -400 to 400,"
        " and 0 cannot be raised to 0 or to a negative number.",
        "places": "The number of decimal places must be a whole number from -12 to 12.",
        "choose": "CHOOSE has no value at this position. Positions are 1, 2, 3 and so on.",
        "no_condition": "None of the conditions of IFS was met. End it with TRUE and a value that"
        " holds otherwise.",
        "no_row": "The table has no row for this key. Add the row, or give LOOKUP a third argument"
        " that holds for all other keys.",
        "outside": "The value lies outside the table. Add a row for it to the table.",
        "date": "There is no such day in the calendar. DATE takes year, month and day, the year"
        " with four digits from 1900 on.",
        "zero_goal": "The goal is zero, so there is no attainment. Set a goal, or decide what it"
        " means for this person (command decide).",
    }
)


@dataclass(frozen=True)
class ErrorValue:
    """Why a value could not be worked out. ``code`` is stored, ``sentence()`` is shown.

    Inputs may carry codes of their own makers; those have no sentence here.
    """

    code: str

    def sentence(self) -> str:
        """What is wrong and what to do, for the manager of the person whom it hit."""
        return ERROR_SENTENCES.get(self.code, f"The value could not be worked out ({self.code}).")


class Failed(Exception):
    """Carries an error code upwards while one person's formula is worked out."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def type_of(value: Value) -> Type:
    """The type of a value; whatever is no value of the language raises TypeError."""
    if isinstance(value, bool):
        return BOOLEAN
    for kind, found in ((Decimal, NUMBER), (str, TEXT), (date, DATE)):
        if isinstance(value, kind):
            return found
    raise TypeError(f"{value!r} is no value of the formula language")
