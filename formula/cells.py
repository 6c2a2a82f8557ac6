"""What the Excel engine puts together: pieces of formula text, and where a piece gets a cell.

A spreadsheet has no value for *blank*, so the text :data:`NO_DATA` stands for it; an error value is
an error of the spreadsheet, which goes on by itself. A piece that must be read twice gets a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from formula.numbers import PLACES, written
from formula.tables import Table
from formula.values import Value

NO_DATA, UNDEFINED = "no_data", "undefined"
NAMES: Mapping[str, str] = {NO_DATA: '"– no data –"', UNDEFINED: "SQRT(-1)"}
"""The names that a workbook must define, each with its formula."""
BLANK_TEXT = "– no data –"
"""What a cell holds where a value is blank."""

DIGITS = 14
"""So many digits of a number a spreadsheet keeps for certain: a double holds 15, less one in which
the errors of an operation gather before it is rounded."""
_LONGEST, _DEEPEST = 240, 6


@dataclass(frozen=True)
class Part:
    """A piece of a formula. ``blank``: it may be blank; ``fails``: it may be an error; ``light``:
    it may be written twice; ``constant``: its value where it stands in the formula itself."""

    text: str
    blank: bool = False
    fails: bool = False
    light: bool = False
    depth: int = 0
    constant: Value | None = None


class Working:
    """One call while it is written: the values that were worked out, and cells for its pieces."""

    def __init__(
        self,
        place: Callable[[str], str],
        ranges: Callable[[Table], Mapping[str, str]],
        values: Sequence[Value | None] = (),
        result: Value | None = None,
    ) -> None:
        self._place = place
        self._ranges = ranges
        self.values = values
        self.result = result

    def light(self, part: Part) -> Part:
        """The same so that it can be written more than once."""
        if part.light:
            return part
        return replace(part, text=self._place(part.text), light=True, depth=0)

    def short(self, part: Part) -> Part:
        """The same, in a cell of its own where it is long."""
        long = len(part.text) > _LONGEST or part.depth > _DEEPEST
        return self.light(part) if long else part

    def ranges(self, table: Table | None) -> Mapping[str, str]:
        """Where the columns of a table stand, by name."""
        assert table is not None, "the checker gives every function of a table its table"
        return self._ranges(table)

    def rounded(self, text: str, value: Value | None = None) -> str:
        """``text`` rounded as the language rounds, so far as a spreadsheet's digits reach."""
        about = self.result if value is None else value
        return f"ROUND({text},{places_of(about)})"

    def strict(self, parts: Sequence[Part], text: Callable[..., str]) -> Part:
        """An operation: the leftmost error, then blank where a part is, else ``text`` of all."""
        if not any(part.blank for part in parts):
            return made(parts, text(*(part.text for part in parts)))
        parts = [self.light(part) for part in parts]
        tests = [f"{part.text}={NO_DATA}" for part in parts if part.blank or part.fails]
        asked = tests[0] if len(tests) == 1 else f"OR({','.join(tests)})"
        value = text(*(part.text for part in parts))
        return made(parts, f"IF({asked},{NO_DATA},{value})")


def made(parts: Sequence[Part], text: str, *, blank: bool = False, fails: bool = False) -> Part:
    """A piece that was put together from others."""
    return Part(
        text,
        blank=blank or any(part.blank for part in parts),
        fails=fails or any(part.fails for part in parts),
        depth=1 + max((part.depth for part in parts), default=0),
    )


def places_of(value: Value | None) -> int:
    """To how many places a number of this size can be rounded in a spreadsheet: 12 at most."""
    if not isinstance(value, Decimal) or isinstance(value, bool):
        return DIGITS - 5
    return max(0, min(PLACES, DIGITS - 1 - max(0, value.adjusted() if value else 0)))


def number_text(number: Decimal) -> str:
    """A number as it stands in a formula."""
    return written(number) if number >= 0 else f"({written(number)})"


def quoted(text: str) -> str:
    """A text as it stands in a formula: in pieces of at most 255 characters."""
    pieces = [text[at : at + 200] for at in range(0, len(text), 200)] or [""]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces)


def error_text(code: str) -> str:
    """The error of a spreadsheet that stands for an error value: #N/A only for who is left out,
    #DIV/0! for a division by zero or a goal of zero, #NUM! for all else."""
    return {"left_out": "NA()", "division": "1/0", "zero_goal": "1/0"}.get(code, UNDEFINED)
