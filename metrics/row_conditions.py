"""Reading row after row of a file: what is no data is passed over, by the map's conditions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from formula import BOOLEAN, NUMBER, TEXT, Name, Scope, check, evaluate, key_of
from metrics.cells import REMEMBERED, Unreadable, figures, text_of
from metrics.conditions import ORDERINGS, All, ByFormula, Compare, Condition
from metrics.map_parts import FileMap
from metrics.reading import Cell, Row, column_key
from metrics.staged import Header, Problem, Staged, copy_line, unreadable


class RowReader:
    """Reads the rows of one file; subclasses say in :meth:`rows_of` what becomes of each."""

    def __init__(self, file_map: FileMap, header: Header) -> None:
        self.conditions = RowConditions(file_map, header)
        self.header = header
        self.skip = [self.conditions.condition(one) for one in file_map.skip_rows]
        self.width = 1 + max(header.place(column) for column in file_map.columns)

    def staged(self, line: int, row: Row) -> list[Staged] | None:
        """The staged rows of one row of the file; None where it is no data (blank, total)."""
        if len(row) < self.width:
            row = [*row, *[""] * (self.width - len(row))]
        if not any(cell != "" for cell in row) or _is_blank(row):
            return None
        try:
            if any(condition(row) for condition in self.skip):
                return None
            if len(row) > len(self.header.names):
                self._refuse_beyond(row)
            return self.rows_of(line, row)
        except Problem as problem:
            return [problem.staged(line)]
        except Unreadable as error:
            return [Problem(error.reason, "a cell", "", str(error)).staged(line)]

    def _refuse_beyond(self, row: Row) -> None:
        """Refuse a row with more than its header names: its cells may stand in wrong columns."""
        last = len(self.header.names)
        for place, cell in enumerate(row[last:], last + 1):
            if text_of(cell):
                raise Problem(
                    "beyond_the_header",
                    f"cell {place}",
                    text_of(cell),
                    f"stands beyond the last of the {last} columns that the header names, so the"
                    " cells before it may have moved. A comma within a cell wants quotation marks"
                    " around it.",
                )

    def copied(self, line: int, row: Row) -> list[str] | None:
        """The staged rows as lines of COPY."""
        found = self.staged(line, row)
        return None if found is None else [copy_line(one) for one in found]

    def rows_of(self, line: int, row: Row) -> list[Staged]:
        """The staged rows of a row that is data; raises Problem for one that cannot be used."""
        raise NotImplementedError

    def as_dict(self, row: Row) -> dict[str, str]:
        """The row as it came, for whoever mends it."""
        names = self.header.names
        beyond = [f"cell {place}" for place in range(len(names) + 1, len(row) + 1)]
        pairs = zip((*names, *beyond), row, strict=False)
        return {name: str(cell) for name, cell in pairs if cell != ""}


def _is_blank(row: Row) -> bool:
    return all(isinstance(cell, str) and not cell.strip() for cell in row)


class RowConditions:
    """Makes tests of rows, for one file."""

    def __init__(self, file_map: FileMap, header: Header) -> None:
        self.map, self.header = file_map, header

    def condition(self, condition: Condition) -> Callable[[Row], bool]:
        """The test of a row that a condition of the map makes."""
        if isinstance(condition, All):
            parts = [self.condition(part) for part in condition.parts]
            return lambda row: all(part(row) for part in parts)
        if isinstance(condition, ByFormula):
            return self._formula(condition)
        place = self.header.place(self.map.column_of(condition.column))
        known: dict[Cell, bool] = {}

        def holds(row: Row) -> bool:
            cell = row[place]
            if isinstance(cell, bool):
                return _compare(cell, condition)
            found = known.get(cell)
            if found is None:
                found = _compare(cell, condition)
                if len(known) < REMEMBERED:
                    known[cell] = found
            return found

        return holds

    def _formula(self, condition: ByFormula) -> Callable[[Row], bool]:
        """A formula, worked out once for each combination of the cells that it reads."""
        shorts = {short.name: short for short in self.map.names}
        scope = Scope(names={n: Name(NUMBER if s.reading else TEXT) for n, s in shorts.items()})
        formula = check(condition.text, scope, BOOLEAN)
        read = [(key_of(name), shorts[name]) for name in condition.reads]
        places = [self.header.place(short.column) for _, short in read]
        known: dict[tuple[Cell, ...], bool] = {}

        def work_out(cells: tuple[Cell, ...]) -> bool:
            inputs: dict[str, Decimal | str | None] = {}
            for (key, short), cell in zip(read, cells, strict=True):
                try:
                    text = figures(short.reading)(cell) if short.reading else text_of(cell)
                except Unreadable as error:
                    raise unreadable(short.column, cell, error) from error
                inputs[key] = (Decimal(text) if short.reading else text) if text else None
            outcome = evaluate(formula, inputs)
            if outcome.error:
                raise Problem(
                    "condition",
                    read[0][1].column,
                    text_of(cells[0]),
                    f"makes the condition {condition.text} impossible to decide ({outcome.error}).",
                )
            return bool(outcome.value)

        def holds(row: Row) -> bool:
            cells = tuple(row[place] for place in places)
            found = known.get(cells)
            if found is None:
                found = work_out(cells)
                if len(known) < REMEMBERED:
                    known[cells] = found
            return found

        return holds


def _compare(cell: Cell, condition: Compare) -> bool:
    """Whether a cell meets a comparison: as numbers where both are, else as text without case."""
    text = column_key(text_of(cell))
    number = _as_number(text)
    return any(_fits(text, number, condition.operator, wanted) for wanted in condition.values) != (
        condition.operator == "differs"
    )


def _fits(text: str, number: Decimal | None, operator: str, wanted: str) -> bool:
    if operator in ORDERINGS:
        bound = Decimal(wanted)
        if number is None:
            return False
        return {
            "above": number > bound,
            "below": number < bound,
            "at_least": number >= bound,
            "at_most": number <= bound,
        }[operator]
    if operator == "begins":
        return text.startswith(column_key(wanted))
    if operator == "contains":
        return column_key(wanted) in text
    if text == column_key(wanted):
        return True
    other = _as_number(wanted)
    return number is not None and other is not None and number == other


def _as_number(text: str) -> Decimal | None:
    bare = text.removeprefix("-").replace(".", "", 1)
    return Decimal(text) if bare.isdecimal() and bare.isascii() else None
