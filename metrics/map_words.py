"""A column map in words, column by column, for whoever is about to bring a file in."""

from __future__ import annotations

from collections.abc import Iterator

from metrics.column_map import ColumnMap
from metrics.map_parts import Count, DayColumn, FromColumn, LongValues, MetricMap, Part, Reading
from metrics.transaction_map import TransactionMap

BY = {
    "alias": "by this source's own name for a person, else by personnel number",
    "code": "by personnel number",
    "name": "by this source's own name for a person, else by full name",
}
VERBS = {
    "count": "rows counted",
    "sum": "added up for each day",
    "column": "one figure for each day",
    "last": "the last of the day",
    "minimum": "the smallest of the day",
    "maximum": "the largest of the day",
    "average": "an average, weighted by what it was divided by",
    "constant": "the same for each row",
}
UNITS = {
    "number": "a number",
    "money": "an amount",
    "percent": "a percentage",
    "duration": "a duration, kept in seconds",
    "hh:mm:ss": "hours, minutes and seconds, kept in seconds",
    "mm:ss": "minutes and seconds, kept in seconds",
    "hh:mm": "hours and minutes, kept in seconds",
    "seconds": "seconds",
    "milliseconds": "milliseconds, kept in seconds",
    "minutes": "minutes, kept in seconds",
    "hours": "hours, kept in seconds",
}
Words = dict[str, str]


def columns_in_words(given: ColumnMap | TransactionMap, zone: str) -> list[Words]:
    """Each column that a map reads: ``column``, what it ``becomes``, and ``how`` it is read.

    ``zone``: the source's time zone, which decides the day of a moment.
    """
    found = _of_deals(given, zone) if isinstance(given, TransactionMap) else _of_values(given, zone)
    return [*found, *(_skipped(given))]


def _words(column: str, becomes: str, how: str) -> Words:
    return {"column": column, "becomes": becomes, "how": how}


def _skipped(given: ColumnMap | TransactionMap) -> Iterator[Words]:
    columns = dict.fromkeys(c for one in given.skip_rows for c in given.columns_of(one))
    for column in columns:
        yield _words(column, "which rows are passed over", "by the map's skip_rows")


def _of_values(given: ColumnMap, zone: str) -> Iterator[Words]:
    yield _words(given.person.column, "the person", BY[given.person.by])
    yield _words(given.day.column, "the day", _day(given.day, zone))
    for column in given.reference:
        yield _words(column, "the reference", "tells rows of one day from each other")
    if given.slot.column:
        yield _words(given.slot.column, "the job slot", "of people with several jobs")
    if isinstance(given.values, LongValues):
        yield from _long(given.values)
        return
    for item in given.values:
        yield from _metric(item)


def _long(values: LongValues) -> Iterator[Words]:
    yield _words(values.metric, "which metric it is", "by its code, or as the map says")
    parts = ((values.value, VERBS[values.verb]), (values.denominator, "divides it"))
    for part, how in (*parts, (values.weight, "weighs it")):
        if part is not None:
            yield _words(part.column, "its value", f"{_unit(part.reading)}; {how}")


def _metric(item: MetricMap) -> Iterator[Words]:
    yield _part(item.part, item.metric, VERBS[item.verb])
    if item.denominator is not None:
        yield _part(item.denominator, item.metric, "what divides it")
    if item.weight is not None:
        yield _part(item.weight, item.metric, "what weighs it")


def _part(part: Part, metric: str, how: str) -> Words:
    only = ", where the map's condition holds" if part.where else ""
    if isinstance(part, FromColumn):
        return _words(part.column, metric, f"{_unit(part.reading)}; {how}{only}")
    rows = "each row counts one" if isinstance(part, Count) else "the same number for each row"
    said = rows if how == VERBS["count"] else f"{rows}; {how}"
    return _words("(rows)", metric, said + only)


def _unit(reading: Reading) -> str:
    said = UNITS[reading.kind]
    if reading.decimal != ".":
        said += f", decimal sign “{reading.decimal}”"
    if reading.thousands:
        said += f", thousands parted by “{reading.thousands}”"
    return said


def _day(day: DayColumn, zone: str) -> str:
    written = f"written {' or '.join(day.formats)}" if day.formats else "written in any usual way"
    return f"{written}; a moment falls on the day in {day.zone or zone}" if zone else written


def _of_deals(given: TransactionMap, zone: str) -> Iterator[Words]:
    for column in given.key or ():
        yield _words(column, f"the key of the {given.kind}", "names the transaction")
    for name, cells in given.attributes or ():
        how = _unit(cells.reading) if cells.reading else "by the attribute's type"
        if cells.formats:
            how = _day(DayColumn("", cells.formats, cells.zone), zone)
        yield _words(cells.column, name, how)
    for party in given.parties or ():
        yield _words(party.person, f"the {party.role}", BY[given.people_by])
        if party.share:
            yield _words(party.share, f"the share of the {party.role}", "60 %, 0.6 or 1/3")
    for column in given.about_columns:
        yield _words(column, f"the {given.about_kind} that it is about", "by its key")
