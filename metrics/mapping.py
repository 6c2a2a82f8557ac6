"""From the rows of a file to staged rows: one for each value that a row holds, or one problem.

The mapper is built once for a file, from its column map and header, and then turned on row after
row; memory does not grow with the file. A row with anything unreadable in it yields one problem
and no value: half a row would count a call without its duration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, localcontext
from difflib import get_close_matches

from metrics.cells import Unreadable, days, figures, text_of
from metrics.column_map import ColumnMap
from metrics.map_parts import Constant, Count, FileMap, FromColumn, LongValues, MetricMap, Part
from metrics.reading import Cell, Readable, Row, column_key
from metrics.row_conditions import RowReader
from metrics.staged import Header, Problem, Staged, unreadable
from org.errors import DomainError

HEADER_SEARCHED = 50
# With these, two rows of the same person, day and metric are a duplicate, not parts of a sum.
ONE_VALUE = ("column", "single")


def find_header(readable: Readable, column_map: FileMap, file_name: str) -> Header:
    """The row that holds all columns of the map; else a sentence with the nearest names."""
    wanted = {column_key(name): name for name in column_map.columns}
    head = readable.head(max(HEADER_SEARCHED, column_map.header_row or 0))
    if column_map.header_row is not None:
        head = [pair for pair in head if pair[0] == column_map.header_row]
    best: tuple[int, int, Row] = (-1, column_map.header_row or 1, [])
    for line, row in head:
        keys = [column_key(_header_text(cell)) for cell in row]
        found = len(wanted.keys() & set(keys))
        if found == len(wanted):
            return _header(line, row, keys, wanted, file_name)
        best = max(best, (found, line, row), key=lambda one: one[0])
    raise _missing_columns(best[1], best[2], wanted, file_name)


def _header_text(cell: Cell) -> str:
    return text_of(cell) if isinstance(cell, str | date | time) else str(cell)


def _header(
    line: int, row: Row, keys: list[str], wanted: Mapping[str, str], file_name: str
) -> Header:
    twice = [wanted[key] for key in wanted if keys.count(key) > 1]
    if twice:
        raise DomainError(
            f"{file_name} has the column “{twice[0]}” more than once in row {line}. Rename one of "
            "them, so that it is clear which is meant."
        )
    names = tuple(_header_text(cell) or f"column {i}" for i, cell in enumerate(row, 1))
    return Header(line, {key: i for i, key in enumerate(keys)}, names)


def _missing_columns(line: int, row: Row, wanted: Mapping[str, str], file_name: str) -> DomainError:
    there = {column_key(text): text for cell in row if (text := _header_text(cell))}
    sentences = []
    for key in [key for key in wanted if key not in there]:
        near = get_close_matches(key, [k for k in there if k not in wanted], n=1, cutoff=0.5)
        hint = f" The nearest is “{there[near[0]]}”." if near else ""
        sentences.append(f"{file_name} has no column “{wanted[key]}”.{hint}")
    listed = ", ".join(list(there.values())[:20]) or "nothing"
    return DomainError(
        f"{sentences[0]} Row {line} holds: {listed}. Mend the file's header or the column map.",
        tuple(sentences[1:]),
    )


@dataclass(frozen=True)
class Metrics:
    """The metrics of the tenant, as a mapper needs them: code to id, and ids of each kind."""

    ids: Mapping[str, int]
    sums: frozenset[int]
    ratios: frozenset[int]
    means: frozenset[int]


class RowMapper(RowReader):
    """Turns rows into staged values, for one file."""

    def __init__(
        self, *, column_map: ColumnMap, header: Header, metrics: Metrics, zone: str
    ) -> None:
        super().__init__(column_map, header)
        self.map, self.metrics = column_map, metrics
        self.person = header.place(column_map.person.column)
        self.day = header.place(column_map.day.column)
        self.read_day = days(column_map.day, zone)
        self.references = [header.place(column) for column in column_map.reference]
        slot = column_map.slot
        self.slot = header.place(slot.column) if slot.column else None
        self.constant_slot = slot.constant or None
        if isinstance(column_map.values, LongValues):
            self.values = self._long_values(column_map.values)
        else:
            self.values = self._wide_values(column_map.values)

    def rows_of(self, line: int, row: Row) -> list[Staged]:
        person = text_of(row[self.person])
        if not person:
            raise Problem(
                "no_person", self.map.person.column, "", "is empty. Each row needs its person."
            )
        try:
            day = self.read_day(row[self.day])
        except Unreadable as error:
            raise unreadable(self.map.day.column, row[self.day], error) from error
        slot = self.constant_slot
        reference = self._reference(row) if self.references else ""
        if self.slot is not None:
            slot = text_of(row[self.slot]) or None
            # Without a reference, two jobs on one day would share a key: the slot tells them apart.
            reference = reference or slot or ""
        return [
            Staged(line, metric, verb, person, day, reference, slot, numerator, denominator)
            for metric, verb, numerator, denominator in self.values(row)
        ]

    def _reference(self, row: Row) -> str:
        parts = [text_of(row[place]) for place in self.references]
        if not all(parts):
            column = self.map.reference[parts.index("")]
            raise Problem(
                "no_reference", column, "", "is empty, but it is what tells this row from others."
            )
        reference = " / ".join(parts)
        if len(reference) > 120:
            raise Problem(
                "long_reference",
                self.map.reference[0],
                reference,
                f"is {len(reference)} characters long; references have 120 at most.",
            )
        return reference

    # Values

    def _wide_values(self, items: tuple[MetricMap, ...]) -> Callable[[Row], list[_Value]]:
        readers = [self._metric(item) for item in items]

        def values(row: Row) -> list[_Value]:
            found = []
            for reader in readers:
                value = reader(row)
                if value is not None:
                    found.append(value)
            return found

        return values

    def _metric(self, item: MetricMap) -> Callable[[Row], _Value | None]:
        """The reader of one metric: (metric, verb, numerator, denominator), or nothing to say."""
        metric = self.metrics.ids[item.metric]
        numerator = self._part(item.part)
        beside = item.denominator or item.weight
        verb = "single" if self.references else item.verb
        if beside is None:
            weight = "1" if metric in self.metrics.means else None
            # Rows that do not meet the condition count nothing, which is a figure: 0.
            zero = "0" if metric in self.metrics.sums else None

            def plain(row: Row) -> _Value | None:
                value = numerator(row)
                if value is None:
                    value = zero
                return (metric, verb, value, weight) if value else None

            return plain
        denominator = self._beside(beside, item)
        if item.weight is not None:
            return self._weighted(metric, verb, numerator, denominator)
        return self._ratio(item, metric, verb, numerator, denominator)

    def _beside(self, part: Part, item: MetricMap) -> _Read:
        """The reader of a denominator or weight, which is never negative."""
        what = "weight" if item.weight is not None else "denominator"
        column = part.column if isinstance(part, FromColumn) else what
        read = self._part(part)

        def beside(row: Row) -> str | None:
            found = read(row)
            if found and found.startswith("-"):
                raise Problem(
                    f"negative_{what}",
                    column,
                    found,
                    f"is {found}, but the {what} of {item.metric} cannot be negative.",
                )
            return found

        return beside

    def _weighted(
        self, metric: int, verb: str, numerator: _Read, weight: _Read
    ) -> Callable[[Row], _Value | None]:
        """A value and its weight: without a value, the weight counts nothing either."""

        def weighted(row: Row) -> _Value | None:
            value = numerator(row)
            by = weight(row) if value else None
            # A row without a value still says that there was none: it replaces an older one.
            if not value or not by:
                return metric, verb, "0", "0"
            return metric, verb, _times(value, by), by

        return weighted

    def _ratio(
        self, item: MetricMap, metric: int, verb: str, numerator: _Read, denominator: _Read
    ) -> Callable[[Row], _Value | None]:
        column = item.part.column if isinstance(item.part, FromColumn) else ""

        def ratio(row: Row) -> _Value | None:
            above, below = numerator(row), denominator(row) or "0"
            if above == "" and below != "0":
                raise Problem(
                    "blank",
                    column,
                    "",
                    f"is empty, but the row counts in the denominator of {item.metric}.",
                )
            above = above or "0"
            if item.verb == "average":
                above = _times(above, below)
            if below == "0" and above != "0" and verb in ONE_VALUE:
                raise _zero_denominator(item)
            return metric, verb, above, below

        return ratio

    def _part(self, part: Part) -> _Read:
        """The reader of a part: a figure, ``""`` for a blank cell, None where it does not count."""
        where = self.conditions.condition(part.where) if part.where else None
        own: Callable[[Row], str]
        if isinstance(part, Count):
            own = _always("1")
        elif isinstance(part, Constant):
            own = _always(format(part.number, "f"))
        else:
            own = self._column(part)
        if where is None:
            return own
        return lambda row: own(row) if where(row) else None

    def _column(self, part: FromColumn) -> Callable[[Row], str]:
        place, read = self.header.place(part.column), figures(part.reading)

        def column(row: Row) -> str:
            try:
                return read(row[place])
            except Unreadable as error:
                raise unreadable(part.column, row[place], error) from error

        return column

    def _long_values(self, long: LongValues) -> Callable[[Row], list[_Value]]:
        place = self.header.place(long.metric)
        ours = {column_key(code): code for code in self.metrics.ids}
        ours |= {column_key(theirs): code for theirs, code in long.metrics}
        readers: dict[str, Callable[[Row], _Value | None]] = {}

        def values(row: Row) -> list[_Value]:
            name = text_of(row[place])
            reader = readers.get(name)
            if reader is None:
                code = ours.get(column_key(name))
                if code is None:
                    raise _unknown_metric(long.metric, name, ours)
                reader = readers[name] = self._long_metric(self._long_item(code, long))
            value = reader(row)
            if value is None:
                raise Problem("blank", long.value.column, "", "is empty. Each row needs its value.")
            return [value]

        return values

    def _long_item(self, code: str, long: LongValues) -> MetricMap:
        """One metric of a long file: a weight is for means, where both columns are named."""
        is_mean = self.metrics.ids[code] in self.metrics.means
        if long.weight is not None and (is_mean or long.denominator is None):
            return MetricMap(code, long.verb, long.value, None, long.weight)
        return MetricMap(code, long.verb, long.value, long.denominator)

    def _long_metric(self, item: MetricMap) -> Callable[[Row], _Value | None]:
        """One row of a long file; a denominator column is empty for metrics that have none."""
        metric = self.metrics.ids[item.metric]
        numerator = self._part(item.part)
        beside = item.denominator or item.weight
        below = self._beside(beside, item) if beside else _always("")
        verb = "single" if self.references else item.verb
        is_mean = metric in self.metrics.means
        column = beside.column if isinstance(beside, FromColumn) else ""

        def value(row: Row) -> _Value | None:
            above = numerator(row)
            if not above:
                return None
            if not is_mean and metric not in self.metrics.ratios:
                return metric, verb, above, None
            by = below(row) or ("1" if is_mean and beside is None else "")
            if not by:
                raise Problem(
                    "no_denominator",
                    column,
                    "",
                    f"is empty, but {item.metric} needs its denominator or weight.",
                )
            if by == "0" and above != "0" and not item.weight and verb in ONE_VALUE:
                raise _zero_denominator(item)
            return metric, verb, _times(above, by) if item.weight else above, by

        return value


_Value = tuple[int, str, str | None, str | None]
_Read = Callable[[Row], str | None]


def _times(value: str, by: str) -> str:
    if by == "1":
        return value
    with localcontext() as context:
        context.prec = 60
        return format(Decimal(value) * Decimal(by), "f")


def _always(figure: str) -> Callable[[Row], str]:
    return lambda row: figure


def _zero_denominator(item: MetricMap) -> Problem:
    part = item.denominator
    column = part.column if isinstance(part, FromColumn) else "the denominator"
    return Problem(
        "zero_denominator",
        column,
        "0",
        f"is 0, but {item.metric} has a value to divide by it. Mend one of the two.",
    )


def _unknown_metric(column: str, name: str, known: Mapping[str, str]) -> Problem:
    near = get_close_matches(column_key(name), list(known), n=1)
    hint = f" Did you mean “{known[near[0]]}”?" if near else ""
    return Problem(
        "unknown_metric",
        column,
        name,
        f"names the metric “{name}”, which is not known here.{hint} Map the name or mend the file.",
    )


def staged_rows(
    readable: Readable, mapper: RowMapper, header: Header
) -> Iterator[tuple[int, list[Staged] | None]]:
    """Each row below the header with its staged rows (None: it is no data)."""
    for line, row in readable.rows():
        if line > header.line:
            yield line, mapper.staged(line, row)
