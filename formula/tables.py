"""Rate tables: read from the tenant file, checked, and looked up exactly.

Four kinds. A *step* table (``rate`` and ``tier`` say that only RATE or only TIER may use it) has
rows ``[from, rate]`` or ``[from, to, rate]``; a *curve* has points ``[x, y]``; a *matrix* has
columns and rows of bounds or of texts; a *lookup* has keys. A value exactly on a bound belongs to
the upper row unless ``on_bound: lower_row``; the first bound always belongs to the first row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, cast

from formula.numbers import CONTEXT, fitted, plain, written
from formula.values import NUMBER, TEXT, Failed, Type

Cell = Decimal | str
Found = tuple[Cell, str]  # the value and the row that applied, in words


class TableError(ValueError):
    """A rate table that cannot be used; ``problems`` holds one sentence for each mistake."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__("\n".join(f"Table {name}: {problem}" for problem in problems))


@dataclass(frozen=True)
class Table:
    """A rate table. ``spec`` is its canonical form for the tenant file; equality ignores it."""

    name: str
    kind: str
    spec: Mapping[str, Any] = field(compare=False, repr=False)

    key_types: ClassVar[tuple[Type, ...]] = (NUMBER,)
    result: ClassVar[Type] = NUMBER

    @staticmethod
    def parse(name: str, spec: Mapping[str, Any]) -> Table:
        """Read a table of the tenant file; raises TableError with a sentence for each mistake."""
        from formula.table_files import read_table  # it builds the classes of this module

        return read_table(name, spec)

    def to_dict(self) -> dict[str, Any]:
        """The table for the tenant file; parsing it again gives an equal table."""
        return _copied(self.spec)  # type: ignore[no-any-return]

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that take this table."""
        raise NotImplementedError(f"{type(self).__name__} names no functions")


@dataclass(frozen=True)
class StepTable(Table):
    """Rates from a bound on. ``below_nothing``: 0 below the first bound, else its rate goes on."""

    bounds: tuple[Decimal, ...]
    rates: tuple[Decimal, ...]
    upper: bool = True
    below_nothing: bool = False
    percent: bool = False

    @property
    def functions(self) -> tuple[str, ...]:
        own = {"tier": ("TIER", "SLICE"), "rate": ("RATE",)}
        return own.get(self.kind, ("TIER", "SLICE", "RATE"))

    @cached_property
    def intercepts(self) -> tuple[Decimal, ...]:
        """In row i TIER(x) is ``intercepts[i] + x * rates[i]``, exactly: no slices to add up."""
        reached, result = Decimal(0), []
        for i, (bound, rate) in enumerate(zip(self.bounds, self.rates, strict=True)):
            result.append(CONTEXT.subtract(reached, CONTEXT.multiply(bound, rate)))
            if i + 1 < len(self.bounds):
                width = CONTEXT.subtract(self.bounds[i + 1], bound)
                reached = CONTEXT.fma(width, rate, reached)
        return tuple(result)

    def row(self, x: Decimal) -> int | None:
        """Which row holds ``x``; None below the first bound of a table with nothing there."""
        if x < self.bounds[0]:
            return None if self.below_nothing else 0
        return row_of(self.bounds, x, upper=self.upper)

    def rate(self, x: Decimal) -> Found:
        """The rate reached, and its row."""
        row = self.row(x)
        if row is None:
            return Decimal(0), f"below {written(self.bounds[0])}: nothing"
        return self.rates[row], self._row_words(row)

    def tier(self, x: Decimal) -> Found:
        """Each slice at its own rate, and the slices in words."""
        row = self.row(x)
        if row is None:
            return Decimal(0), f"below {written(self.bounds[0])}: nothing"
        total = CONTEXT.fma(x, self.rates[row], self.intercepts[row])
        return fitted(total), f"{self._row_words(row)}: {self._slices(x, row)}"

    def slice(self, before: Decimal, amount: Decimal) -> Found:
        """TIER(before + amount) - TIER(before), and the rows that the amount lies in, in words."""
        after = fitted(CONTEXT.add(before, amount))
        (upper, _), (lower, _) = self.tier(after), self.tier(before)
        value = fitted(CONTEXT.subtract(cast(Decimal, upper), cast(Decimal, lower)))
        return value, self._slice_words(before, after)

    def _slice_words(self, before: Decimal, after: Decimal) -> str:
        """ "row 2 (from 100: 6%) after row 1: 10 × 4% + 8 × 6%"; the row reached comes first."""
        first, last = self.row(before), self.row(after)
        parts = self._parts(before, after)
        reached = self.rate(after)[1] if last is None else self._row_words(last)
        if first != last:
            left = f"row {first + 1}" if first is not None else "nothing below the first row"
            reached += f" after {left}"
        return f"{reached}: {' + '.join(parts)}" if parts else reached

    def _parts(self, before: Decimal, after: Decimal) -> list[str]:
        """How much of the way from ``before`` to ``after`` lies in which row; back is negative."""
        low, high = sorted((before, after))
        ends = (*self.bounds[1:], high)
        parts, start = [], low
        if self.below_nothing:
            start = max(low, self.bounds[0])
        for end, rate in zip(ends, self.rates, strict=True):
            stop = min(end, high)
            if stop > start:
                width = CONTEXT.subtract(stop, start)
                signed = plain(width if after > before else CONTEXT.minus(width))
                parts.append(f"{written(signed)} × {written(rate, percent=self.percent)}")
                start = stop
        return parts

    def _row_words(self, row: int) -> str:
        rate = written(self.rates[row], percent=self.percent)
        return f"row {row + 1} (from {written(self.bounds[row])}: {rate})"

    def _slices(self, x: Decimal, row: int) -> str:
        ends = (*self.bounds[1 : row + 1], x)
        parts = []
        for start, end, rate in zip(self.bounds, ends, self.rates, strict=False):
            width = plain(CONTEXT.subtract(end, start))
            if width or len(ends) == 1:
                parts.append(f"{written(width)} × {written(rate, percent=self.percent)}")
        return " + ".join(parts)


@dataclass(frozen=True)
class CurveTable(Table):
    """Points joined by straight lines. Outside: the ends hold, or ``strict``: an error value."""

    points: tuple[tuple[Decimal, Decimal], ...]
    strict: bool = False

    @property
    def functions(self) -> tuple[str, ...]:
        return ("CURVE",)

    def curve(self, x: Decimal) -> Found:
        """The point on the line, and between which points it lies."""
        first, last = self.points[0], self.points[-1]
        if self.strict and not first[0] <= x <= last[0]:
            raise Failed("outside")
        if x <= first[0]:
            return first[1], f"at or below the first point {written(first[0])}"
        if x >= last[0]:
            return last[1], f"at or above the last point {written(last[0])}"
        at = bisect_right(self.points, x, key=lambda point: point[0]) - 1
        (x0, y0), (x1, y1) = self.points[at], self.points[at + 1]
        rise = CONTEXT.multiply(CONTEXT.subtract(x, x0), CONTEXT.subtract(y1, y0))
        part = fitted(CONTEXT.divide(rise, CONTEXT.subtract(x1, x0)))
        return fitted(CONTEXT.add(y0, part)), f"between {written(x0)} and {written(x1)}"


@dataclass(frozen=True)
class Axis:
    """One side of a matrix: ascending bounds, or texts that must be met."""

    bounds: tuple[Decimal, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def type(self) -> Type:
        return TEXT if self.keys else NUMBER

    def find(self, value: Cell, *, upper: bool) -> int:
        """The position of a value; Failed('outside') below the first bound or without a key."""
        if isinstance(value, str):
            folded = value.casefold()
            for position, key in enumerate(self.keys):
                if key.casefold() == folded:
                    return position
            raise Failed("outside")
        if value < self.bounds[0]:
            raise Failed("outside")
        return row_of(self.bounds, value, upper=upper)

    def label(self, position: int) -> str:
        return self.keys[position] if self.keys else f"from {written(self.bounds[position])}"


@dataclass(frozen=True)
class MatrixTable(Table):
    """A value for each row and column."""

    rows: Axis
    columns: Axis
    cells: tuple[tuple[Decimal, ...], ...]
    upper: bool = True

    @property
    def functions(self) -> tuple[str, ...]:
        return ("MATRIX",)

    @property
    def key_types(self) -> tuple[Type, ...]:  # type: ignore[override]
        return (self.rows.type, self.columns.type)

    def cell(self, row: Cell, column: Cell) -> Found:
        """The value where row and column meet, and which those are."""
        at = self.rows.find(row, upper=self.upper)
        across = self.columns.find(column, upper=self.upper)
        words = f"row {self.rows.label(at)}, column {self.columns.label(across)}"
        return self.cells[at][across], words


@dataclass(frozen=True)
class LookupTable(Table):
    """A value for each key; keys are all numbers or all texts, and so are the values."""

    rows: tuple[tuple[Cell, Cell], ...]

    @property
    def functions(self) -> tuple[str, ...]:
        return ("LOOKUP",)

    @property
    def key_types(self) -> tuple[Type, ...]:  # type: ignore[override]
        return (TEXT if isinstance(self.rows[0][0], str) else NUMBER,)

    @property
    def result(self) -> Type:  # type: ignore[override]
        return TEXT if isinstance(self.rows[0][1], str) else NUMBER

    @cached_property
    def by_key(self) -> dict[str, Cell]:
        """The value for each key in the form that ``lookup_key`` gives it."""
        return {lookup_key(key): value for key, value in self.rows}

    def find(self, key: Cell) -> Found | None:
        """The value of a key and its row in words; None where no row has it."""
        value = self.by_key.get(lookup_key(key))
        if value is None:
            return None
        return value, f"row {key if isinstance(key, str) else written(key)}"


def row_of(bounds: Sequence[Decimal], value: Decimal, *, upper: bool) -> int:
    """The row whose bounds hold ``value``; values at or below the first bound are in row 0."""
    return max(0, (bisect_right if upper else bisect_left)(bounds, value) - 1)


def lookup_key(key: Cell) -> str:
    """Text without case; a number without zeros at its end."""
    return key.casefold() if isinstance(key, str) else written(key)


def _copied(spec: Any) -> Any:
    if isinstance(spec, Mapping):
        return {key: _copied(value) for key, value in spec.items()}
    if isinstance(spec, list | tuple):
        return [_copied(item) for item in spec]
    return spec
