"""Reads the tables of a tenant file. Each mistake becomes a sentence; all of them are reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from formula.errors import listed, nearest
from formula.numbers import read_number, written
from formula.tables import (
    Axis,
    Cell,
    CurveTable,
    LookupTable,
    MatrixTable,
    StepTable,
    Table,
    TableError,
    lookup_key,
)

_OPTIONS = {
    "step": ("rows", "on_bound", "below"),
    "tier": ("rows", "on_bound", "below"),
    "rate": ("rows", "on_bound", "below"),
    "curve": ("points", "outside"),
    "matrix": ("columns", "rows", "on_bound"),
    "lookup": ("rows",),
}
_CHOICES = {
    "on_bound": ("upper_row", "lower_row"),
    "below": ("first_row", "nothing"),
    "outside": ("flat", "error"),
}


def read_table(name: str, spec: object) -> Table:
    """The table that ``spec`` describes; TableError lists all that is wrong with it."""
    if not isinstance(spec, Mapping):
        raise TableError(name, ["it must say rows: or points:, for example {rows: [[0, 4%]]}."])
    return _Reader(name, spec).read()


class _Reader:
    """Collects the problems of one table while reading it."""

    def __init__(self, name: str, spec: Mapping[str, Any]) -> None:
        self.name = name
        self.spec = spec
        self.kind = str(spec.get("kind") or _guess_kind(spec))
        self.problems: list[str] = []

    def read(self) -> Table:
        if self.kind not in _OPTIONS:
            self._fail(f'kind "{self.kind}" is unknown; there are {listed(_OPTIONS)}.')
        self._check_options()
        readers = {"curve": self._curve, "matrix": self._matrix, "lookup": self._lookup}
        table = readers.get(self.kind, self._step)()
        self._stop_if_wrong()
        return table

    # -- what all kinds share -------------------------------------------------------------------

    def _fail(self, problem: str) -> None:
        self.problems.append(problem)
        self._stop_if_wrong()

    def _stop_if_wrong(self, since: int = 0) -> None:
        """Stops where problems were added after ``since``: what follows could not be read."""
        if len(self.problems) > since:
            raise TableError(self.name, self.problems)

    def _check_options(self) -> None:
        known = ("kind", *_OPTIONS[self.kind])
        for option in self.spec:
            if option not in known:
                near = nearest(str(option), known)
                hint = f' Did you mean "{near}"?' if near else ""
                self.problems.append(
                    f'a {self.kind} table has no "{option}"; it has {listed(known)}.{hint}'
                )
        for option, choices in _CHOICES.items():
            said = self.spec.get(option)
            if said is not None and said not in choices:
                self.problems.append(f'{option} is "{said}", but must be {" or ".join(choices)}.')

    def _option(self, option: str, said: str) -> bool:
        return self.spec.get(option) == said

    def _list(self, option: str) -> list[list[Any]]:
        rows, since = self.spec.get(option), len(self.problems)
        if isinstance(rows, str) or not isinstance(rows, Sequence) or not rows:
            self._fail(f"it has no {option}: there must be at least one.")
        assert isinstance(rows, Sequence)
        for number, row in enumerate(rows, 1):
            if isinstance(row, str) or not isinstance(row, Sequence):
                self.problems.append(f"row {number} must be a list such as [0, 4%].")
        self._stop_if_wrong(since)
        return [list(row) for row in rows]

    def _number(self, where: str, cell: object) -> Decimal:
        try:
            return read_number(cell)[0]
        except ValueError as problem:
            text = "a value is missing" if cell is None else str(problem)
            self.problems.append(f"{where}: {text}.")
            return Decimal(0)

    def _ascending(self, what: str, bounds: Sequence[Decimal]) -> None:
        if self.problems:  # an unreadable number stands as 0 and would be reported twice
            return
        for number, (before, bound) in enumerate(pairwise(bounds), 2):
            if bound == before:
                self.problems.append(
                    f"{what} {number - 1} and {number} overlap: both begin at {written(bound)}."
                )
            elif bound < before:
                self.problems.append(
                    f"{what} {number} begins at {written(bound)}, below {what} {number - 1}"
                    f" ({written(before)}): bounds must ascend."
                )

    def _canonical(self, **parts: Any) -> dict[str, Any]:
        if self.problems:  # cells that could not be read cannot be written either
            return {}
        spec: dict[str, Any] = {"kind": self.kind} if self.spec.get("kind") else {}
        spec.update({key: _canonical_cell(value) for key, value in parts.items()})
        spec.update({key: self.spec[key] for key in _CHOICES if self.spec.get(key) is not None})
        return spec

    # -- the kinds ------------------------------------------------------------------------------

    def _step(self) -> StepTable:
        rows, since = self._list("rows"), len(self.problems)
        width = len(rows[0])
        for number, row in enumerate(rows, 1):
            if len(row) != width or width not in (2, 3):
                self.problems.append(
                    f"row {number} has {len(row)} values: every row is [from, rate], or every row"
                    " is [from, to, rate]."
                )
        self._stop_if_wrong(since)
        bounds = [self._number(f"row {n}, from", row[0]) for n, row in enumerate(rows, 1)]
        rates = [self._number(f"row {n}, rate", row[-1]) for n, row in enumerate(rows, 1)]
        if width == 3:
            self._check_ends(rows, bounds)
        else:
            self._ascending("row", bounds)
        return StepTable(
            name=self.name,
            kind=self.kind,
            spec=self._canonical(rows=rows),
            bounds=tuple(bounds),
            rates=tuple(rates),
            upper=not self._option("on_bound", "lower_row"),
            below_nothing=self._option("below", "nothing"),
            percent=any(isinstance(row[-1], str) and "%" in row[-1] for row in rows),
        )

    def _check_ends(self, rows: list[list[Any]], bounds: list[Decimal]) -> None:
        """Rows [from, to, rate]: each must begin where the one before ends; the last has no end."""
        for number, (row, following) in enumerate(zip(rows, bounds[1:], strict=False), 1):
            end = self._number(f"row {number}, to", row[1])
            if self.problems:
                continue
            span = f"row {number} ends at {written(end)}, row {number + 1} begins at"
            if end <= bounds[number - 1]:
                self.problems.append(
                    f"row {number} ends at {written(end)}, not above its begin"
                    f" {written(bounds[number - 1])}."
                )
            elif end < following:
                self.problems.append(f"there is a gap: {span} {written(following)}.")
            elif end > following:
                self.problems.append(f"rows overlap: {span} {written(following)}.")
        if rows[-1][1] is not None:
            self.problems.append(
                f"the last row ends at {rows[-1][1]}: leave its end empty (null), so that larger"
                " values have a rate, too."
            )

    def _curve(self) -> CurveTable:
        rows, since = self._list("points"), len(self.problems)
        for number, row in enumerate(rows, 1):
            if len(row) != 2:
                self.problems.append(f"point {number} must be two numbers, such as [80%, 50%].")
        if len(rows) < 2:
            self.problems.append("a curve needs at least two points.")
        self._stop_if_wrong(since)
        points = [
            (self._number(f"point {n}, first", row[0]), self._number(f"point {n}, second", row[1]))
            for n, row in enumerate(rows, 1)
        ]
        self._ascending("point", [x for x, _ in points])
        return CurveTable(
            name=self.name,
            kind=self.kind,
            spec=self._canonical(points=rows),
            points=tuple(points),
            strict=self._option("outside", "error"),
        )

    def _matrix(self) -> MatrixTable:
        columns = self.spec.get("columns")
        if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
            self._fail("it has no columns: list their bounds or names, such as columns: [0, 90%].")
        assert isinstance(columns, Sequence)
        rows, since = self._list("rows"), len(self.problems)
        for number, row in enumerate(rows, 1):
            if len(row) != len(columns) + 1:
                self.problems.append(
                    f"row {number} has {len(row) - 1} values after its bound, but there are"
                    f" {len(columns)} columns."
                )
        self._stop_if_wrong(since)
        cells = tuple(
            tuple(self._number(f"row {n}, column {m}", cell) for m, cell in enumerate(row[1:], 1))
            for n, row in enumerate(rows, 1)
        )
        return MatrixTable(
            name=self.name,
            kind=self.kind,
            spec=self._canonical(columns=columns, rows=rows),
            rows=self._axis("row", [row[0] for row in rows]),
            columns=self._axis("column", columns),
            cells=cells,
            upper=not self._option("on_bound", "lower_row"),
        )

    def _axis(self, what: str, cells: Sequence[object]) -> Axis:
        if all(_is_word(cell) for cell in cells):
            keys = tuple(str(cell).strip() for cell in cells)
            self._unique(keys)
            return Axis(keys=keys)
        bounds = tuple(self._number(f"{what} {n}", cell) for n, cell in enumerate(cells, 1))
        self._ascending(what, bounds)
        return Axis(bounds=bounds)

    def _lookup(self) -> LookupTable:
        rows = self.spec.get("rows")
        pairs = [list(item) for item in rows.items()] if isinstance(rows, Mapping) else None
        if pairs is None:
            pairs = self._list("rows")
        since = len(self.problems)
        for number, row in enumerate(pairs, 1):
            if len(row) != 2 or row[0] in (None, ""):
                self.problems.append(f"row {number} must be a key and a value.")
        if not pairs:
            self.problems.append("it has no rows: there must be at least one.")
        self._stop_if_wrong(since)
        keys = self._cells("key", [row[0] for row in pairs], quoted_is_text=True)
        values = self._cells("value", [row[1] for row in pairs], quoted_is_text=False)
        self._unique(keys)
        for key in keys:
            if isinstance(key, Decimal) and key != key.to_integral_value():
                self.problems.append(
                    f"the key {key} is not whole: keys are texts or whole numbers."
                )
        # JSON would turn the whole numbers of a mapping into texts, so those become pairs.
        as_mapping = isinstance(rows, Mapping) and all(isinstance(key, str) for key in rows)
        canonical = dict(pairs) if as_mapping else [[_whole(key), value] for key, value in pairs]
        return LookupTable(
            name=self.name,
            kind=self.kind,
            spec=self._canonical(rows=canonical),
            rows=tuple(zip(keys, values, strict=True)),
        )

    def _cells(self, what: str, cells: list[object], *, quoted_is_text: bool) -> list[Cell]:
        """All numbers or all texts; a text among numbers is reported as a non-number.

        A key in quotation marks stays text ("007"), unless other keys are plain numbers.
        """
        strings = [cell for cell in cells if isinstance(cell, str)]
        if len(strings) == len(cells) and (quoted_is_text or all(map(_is_word, cells))):
            return [text.strip() for text in strings]
        return [self._number(f"{what} of row {n}", cell) for n, cell in enumerate(cells, 1)]

    def _unique(self, keys: Sequence[Cell]) -> None:
        if self.problems:
            return
        seen: dict[str, Cell] = {}
        for key in keys:
            if lookup_key(key) in seen:
                self.problems.append(
                    f'the key "{key}" is there twice (large and small letters are the same).'
                )
            seen[lookup_key(key)] = key


def _guess_kind(spec: Mapping[str, Any]) -> str:
    rows = spec.get("rows")
    if "points" in spec:
        return "curve"
    if "columns" in spec:
        return "matrix"
    if isinstance(rows, Mapping):
        return "lookup"
    if isinstance(rows, Sequence) and rows and all(_is_key_row(row) for row in rows):
        return "lookup"
    return "step"


def _is_key_row(row: object) -> bool:
    return isinstance(row, list | tuple) and len(row) == 2 and _is_word(row[0])


def _is_word(cell: object) -> bool:
    """A text that is not meant as a number: there is a letter in it."""
    return isinstance(cell, str) and any(c.isalpha() for c in cell)


def _whole(key: Any) -> Any:
    return int(key) if isinstance(key, Decimal | float) and key == int(key) else key


def _canonical_cell(cell: Any) -> Any:
    """Cells as a file can hold them without loss: text for Decimal and float, int as it is."""
    if isinstance(cell, Mapping):
        return {key.strip(): _canonical_cell(value) for key, value in cell.items()}
    if isinstance(cell, list | tuple):
        return [_canonical_cell(item) for item in cell]
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, Decimal | float):
        return written(read_number(cell)[0])
    return cell
