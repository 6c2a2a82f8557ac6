"""The parts of a column map, as values that do not change. :mod:`metrics.column_map` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from metrics.conditions import Condition


@dataclass(frozen=True)
class Reading:
    """How the text of a cell becomes a number; durations become seconds, percents fractions."""

    kind: str = "number"
    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True)
class Count:
    """One for each row."""

    where: Condition | None = None


@dataclass(frozen=True)
class FromColumn:
    """What stands in a column."""

    column: str
    reading: Reading
    where: Condition | None = None


@dataclass(frozen=True)
class Constant:
    """The same number for each row."""

    number: Decimal
    where: Condition | None = None


Part = Count | FromColumn | Constant


@dataclass(frozen=True)
class MetricMap:
    """How one metric comes out of a row: ``verb`` says how the rows of a day become one value."""

    metric: str
    verb: str
    part: Part
    denominator: Part | None = None
    weight: Part | None = None


@dataclass(frozen=True)
class LongValues:
    """A file with one value in each row: a column says which metric it is."""

    metric: str
    value: FromColumn
    denominator: FromColumn | None = None
    weight: FromColumn | None = None
    verb: str = "column"
    metrics: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PersonColumn:
    """Which column names the person, and by what: the source's own name, our code, the name."""

    column: str
    by: str = "alias"


@dataclass(frozen=True)
class DayColumn:
    """Which column holds the day, or a moment from which the day follows."""

    column: str
    formats: tuple[str, ...] = ()
    zone: str = ""


@dataclass(frozen=True)
class Slot:
    """The job slot of every row, or the column that names it."""

    constant: str = ""
    column: str = ""


NO_SLOT = Slot()


@dataclass(frozen=True)
class ShortName:
    """A name that formulas of this map may use for a column; as a number, or as text."""

    name: str
    column: str
    reading: Reading | None = None


@dataclass(frozen=True, kw_only=True)
class FileMap:
    """How a file is read, whatever its rows become."""

    sheet: str = ""
    header_row: int | None = None
    delimiter: str = ""
    encoding: str = ""
    decimal: str = "."
    thousands: str = ""
    names: tuple[ShortName, ...] = ()
    skip_rows: tuple[Condition, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a file must have, each once, in the map's order."""
        raise NotImplementedError

    def column_of(self, name: str) -> str:
        """The column behind a short name; any other name is a column itself."""
        return next((short.column for short in self.names if short.name == name), name)

    def columns_of(self, condition: Condition) -> list[str]:
        """The columns that a condition reads."""
        return [self.column_of(name) for name in condition.columns()]
