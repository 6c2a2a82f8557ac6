"""What becomes of a row: staged rows, or the one problem that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from metrics.cells import Unreadable, text_of
from metrics.reading import Cell, column_key


class Staged(NamedTuple):
    """A row for the staging table; with a ``reason`` it is a problem and holds no value."""

    line: int
    metric: int | None
    verb: str | None
    person: str | None
    day: str | None
    reference: str
    slot: str | None
    numerator: str | None
    denominator: str | None
    reason: str | None = None
    column: str | None = None
    value: str | None = None
    sentence: str | None = None


@dataclass(frozen=True)
class Header:
    """Where the columns stand: the row of the header, and the place of each column."""

    line: int
    places: Mapping[str, int]
    names: tuple[str, ...]

    def place(self, column: str) -> int:
        """The index of a column in a row."""
        return self.places[column_key(column)]


class Problem(Exception):
    """Why a row cannot be used: a code, the column, its value, and the rest of the sentence."""

    def __init__(self, reason: str, column: str, value: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason, self.column, self.value, self.sentence = reason, column, value, sentence

    def staged(self, line: int) -> Staged:
        """The problem as a staged row, with the line at the beginning of its sentence."""
        sentence = f"Line {line}: {self.column} {self.sentence}"
        return Staged(
            line,
            *(None, None, None, None, "", None, None, None),
            reason=self.reason,
            column=self.column,
            value=self.value,
            sentence=sentence[:500],
        )


def unreadable(column: str, cell: Cell, error: Unreadable) -> Problem:
    return Problem(error.reason, column, text_of(cell), str(error))


# --- The text form of COPY

NULL = r"\N"
NO_PROBLEM = f"\t{NULL}\t{NULL}\t{NULL}\t{NULL}\n"


def copy_line(staged: Staged) -> str:
    """A row in the text form of COPY. A million of them are made, so the usual one is direct."""
    if staged.reason is not None:
        return "\t".join([field(value) for value in staged]) + "\n"
    line, metric, verb, person, day, reference, slot, above, below, *_ = staged
    reference = reference and field(reference)
    return (
        f"{line}\t{metric}\t{verb}\t{field(person)}\t{day}\t{reference}\t{field(slot)}"
        f"\t{above}\t{below or NULL}{NO_PROBLEM}"
    )


def field(value: str | int | None) -> str:
    """A value in the text form of COPY."""
    if value is None:
        return NULL
    if not isinstance(value, str):
        return str(value)
    # Nearly every cell is plain; only a strange one is worth taking apart.
    if value.isalnum() or (value.isprintable() and "\\" not in value):
        return value
    value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\0", "")
    return value.replace("\n", "\\n").replace("\r", "\\r")
