"""The saved column map of a source: which columns hold what, and how cells are to be read.

:func:`parse` reads a map as the tenant file writes it and raises :class:`DomainError` with one
sentence for each thing that is wrong; :meth:`ColumnMap.to_dict` writes it back, and parsing that
gives an equal map. docs/column-maps.md explains every key with an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from formula import NUMBER as FORMULA_NUMBER
from formula import TEXT, Type, name_problem
from metrics.cells import known_zone
from metrics.column_map_schema import SCHEMA
from metrics.conditions import Condition, parse_condition
from metrics.map_parts import (
    NO_SLOT,
    Constant,
    Count,
    DayColumn,
    FromColumn,
    LongValues,
    MetricMap,
    Part,
    PersonColumn,
    Reading,
    ShortName,
    Slot,
)
from metrics.map_writing import Writer
from org.errors import DomainError

__all__ = ["SCHEMA", "ColumnMap", "parse"]

READINGS = (
    "number",
    "money",
    "percent",
    "duration",
    "hh:mm:ss",
    "mm:ss",
    "hh:mm",
    "seconds",
    "milliseconds",
    "minutes",
    "hours",
)
VERBS = ("count", "sum", "column", "last", "minimum", "maximum", "average", "constant")
PEOPLE_BY = ("alias", "code", "name")
SECTIONS = (
    "sheet",
    "header_row",
    "delimiter",
    "encoding",
    "decimal",
    "thousands",
    "names",
    "person",
    "day",
    "reference",
    "slot",
    "skip_rows",
    "values",
)
MAP_KEYS = (*VERBS, "as", "decimal", "thousands", "where", "denominator", "weight")


@dataclass(frozen=True)
class ColumnMap:
    """Everything that is needed to turn the rows of a source's file into values."""

    person: PersonColumn
    day: DayColumn
    values: tuple[MetricMap, ...] | LongValues
    sheet: str = ""
    header_row: int | None = None
    delimiter: str = ""
    encoding: str = ""
    decimal: str = "."
    thousands: str = ""
    names: tuple[ShortName, ...] = ()
    reference: tuple[str, ...] = ()
    slot: Slot = NO_SLOT
    skip_rows: tuple[Condition, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The codes of the metrics that the map names; a long file may name others in its rows."""
        if isinstance(self.values, LongValues):
            return tuple(sorted({code for _, code in self.values.metrics}))
        return tuple(item.metric for item in self.values)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a file must have, each once, in the map's order."""
        named = [self.person.column, self.day.column, *self.reference, self.slot.column]
        for condition in self.skip_rows:
            named += self._columns_of(condition)
        if isinstance(self.values, LongValues):
            long = self.values
            named += [
                long.metric,
                *(c.column for c in (long.value, long.denominator, long.weight) if c),
            ]
        else:
            for item in self.values:
                for part in (item.part, item.denominator, item.weight):
                    named += self._columns_of_part(part)
        return tuple(dict.fromkeys(name for name in named if name))

    def column_of(self, name: str) -> str:
        """The column behind a short name; any other name is a column itself."""
        return next((short.column for short in self.names if short.name == name), name)

    def _columns_of_part(self, part: Part | None) -> list[str]:
        if part is None:
            return []
        own = [part.column] if isinstance(part, FromColumn) else []
        return own + (self._columns_of(part.where) if part.where else [])

    def _columns_of(self, condition: Condition) -> list[str]:
        return [self.column_of(name) for name in condition.columns()]

    def to_dict(self) -> dict[str, Any]:
        """The map as the tenant file writes it, without what goes without saying."""
        return Writer(self).written()


# --- Reading a map


def parse(given: Any) -> ColumnMap:
    """Check a map as the tenant file writes it; all that is wrong is said at once."""
    if not isinstance(given, Mapping):
        raise DomainError("A column map is a list of keys: person, day and values at least.")
    return _Parser(given).parsed()


class _Parser:
    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.problems: list[str] = []
        self.decimal, self.thousands = ".", ""
        self.types: dict[str, Type] = {}

    def parsed(self) -> ColumnMap:
        self._refuse_unknown("", self.given, SECTIONS)
        self._try("decimal", self._signs)
        names = self._try("names", self._names) or ()
        person = self._try("person", self._person)
        day = self._try("day", self._day)
        values = self._try("values", self._values)
        rest = {
            "header_row": self._try("header_row", self._header_row),
            "slot": self._try("slot", self._slot) or NO_SLOT,
            "skip_rows": self._try("skip_rows", self._skip_rows) or (),
            "reference": self._try("reference", self._reference) or (),
        }
        if self.problems or person is None or day is None or values is None:
            raise DomainError("The column map cannot be used.", tuple(self.problems))
        return ColumnMap(
            person=person,
            day=day,
            values=values,
            names=names,
            sheet=str(self.given.get("sheet", "")),
            delimiter={"tab": "\t"}.get(word := str(self.given.get("delimiter", "")), word),
            encoding=str(self.given.get("encoding", "")),
            decimal=self.decimal,
            thousands=self.thousands,
            **rest,
        )

    def _try(self, where: str, read: Any) -> Any:
        try:
            return read()
        except DomainError as error:
            self.problems += [f"{where}: {line}" for line in error.problems or (error.sentence,)]
            return None

    def _refuse_unknown(self, where: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in given:
            if key not in known:
                near = get_close_matches(str(key), known, n=1)
                hint = f" Did you mean “{near[0]}”?" if near else f" Known: {', '.join(known)}."
                self.problems.append(f"{where or 'map'}: “{key}” means nothing here.{hint}")

    def _signs(self) -> None:
        self.decimal = str(self.given.get("decimal", "."))
        self.thousands = str(self.given.get("thousands", ""))
        _check_signs(self.decimal, self.thousands)

    def _names(self) -> tuple[ShortName, ...]:
        found = []
        for name, given in _mapping(self.given.get("names", {}), "names").items():
            if problem := name_problem(str(name)):
                raise DomainError(problem)
            if isinstance(given, Mapping):
                reading = self._reading(given) if given.get("as", "text") != "text" else None
                found.append(ShortName(str(name), _text(given.get("column"), "column"), reading))
            else:
                found.append(ShortName(str(name), _text(given, name)))
            self.types[str(name)] = FORMULA_NUMBER if found[-1].reading else TEXT
        return tuple(found)

    def _person(self) -> PersonColumn:
        given = self._section("person")
        if not isinstance(given, Mapping):
            return PersonColumn(_text(given, "person"))
        self._refuse_unknown("person", given, ("column", "by"))
        return PersonColumn(
            _text(given.get("column"), "column"), _one_of(given.get("by", "alias"), PEOPLE_BY, "by")
        )

    def _day(self) -> DayColumn:
        given = self._section("day")
        if not isinstance(given, Mapping):
            return DayColumn(_text(given, "day"))
        self._refuse_unknown("day", given, ("column", "time_stamp", "format", "zone"))
        formats = given.get("format", [])
        formats = formats if isinstance(formats, list) else [formats]
        zone = str(given.get("zone", ""))
        if zone:
            _check_zone(zone)
        return DayColumn(
            _text(given.get("column", given.get("time_stamp")), "column"),
            tuple(_day_format(str(one)) for one in formats),
            zone,
        )

    def _header_row(self) -> int | None:
        given = self.given.get("header_row", "auto")
        if given in ("auto", None):
            return None
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise DomainError(f"{given!r} is no row. Write its number, from 1, or auto.")
        return given

    def _slot(self) -> Slot:
        given = self.given.get("slot", "")
        if isinstance(given, Mapping):
            self._refuse_unknown("slot", given, ("column",))
            return Slot(column=_text(given.get("column"), "column"))
        return Slot(constant=str(given or ""))

    def _reference(self) -> tuple[str, ...]:
        given = self.given.get("reference", [])
        if isinstance(given, Mapping):
            self._refuse_unknown("reference", given, ("column", "columns"))
            given = given.get("columns", given.get("column"))
        return tuple(
            _text(one, "reference") for one in (given if isinstance(given, list) else [given])
        )

    def _skip_rows(self) -> tuple[Condition, ...]:
        given = self.given.get("skip_rows", [])
        listed = given if isinstance(given, list) else [given]
        return tuple(parse_condition(one, self.types) for one in listed)

    def _section(self, name: str) -> Any:
        if name not in self.given:
            raise DomainError(f"is missing. Say which column holds it: {name}: {{column: …}}.")
        return self.given[name]

    # values

    def _values(self) -> tuple[MetricMap, ...] | LongValues:
        if "values" not in self.given:
            raise DomainError("is missing. Name at least one metric: calls: {count: rows}.")
        given = _mapping(self.given["values"], "values")
        if "from" in given and isinstance(given["from"], Mapping):
            return self._long(given)
        found = []
        for metric, one in given.items():
            item = self._try(f"values.{metric}", lambda m=metric, o=one: self._metric(str(m), o))
            found += [item] if item else []
        if not given:
            raise DomainError("names no metric. Name at least one: calls: {count: rows}.")
        return tuple(found)

    def _metric(self, metric: str, given: Any) -> MetricMap:
        if isinstance(given, str):
            given = {"column": given}
        given = _mapping(given, metric)
        self._refuse_unknown(f"values.{metric}", given, MAP_KEYS)
        part = self._part(given)
        if "denominator" in given and "weight" in given:
            raise DomainError("has a denominator and a weight; a metric has one or neither.")
        beside = {
            name: self._part(self._beside(given[name]))
            for name in ("denominator", "weight")
            if name in given
        }
        verb = next(verb for verb in VERBS if verb in given)
        if verb == "average" and "denominator" not in beside:
            raise DomainError(
                "is an average: averages are never averaged. Name the denominator by which it "
                "was divided: denominator: {column: Calls}."
            )
        return MetricMap(metric, verb, part, **beside)

    def _beside(self, given: Any) -> Mapping[str, Any]:
        """A denominator or weight may be a plain number or a plain column."""
        if isinstance(given, int | float | Decimal) and not isinstance(given, bool):
            return {"constant": given}
        return {"column": given} if isinstance(given, str) else _mapping(given, "denominator")

    def _part(self, given: Mapping[str, Any]) -> Part:
        verbs = [verb for verb in VERBS if verb in given]
        if len(verbs) != 1:
            raise DomainError(
                f"says {' and '.join(verbs) or 'nothing'}; it takes one of {', '.join(VERBS)}."
            )
        where = parse_condition(given["where"], self.types) if "where" in given else None
        wanted = given[verbs[0]]
        if verbs[0] == "count":
            if wanted != "rows":
                raise DomainError(f"count: {wanted} is unknown. Rows are counted: count: rows.")
            return Count(where)
        if verbs[0] == "constant":
            return Constant(_number(wanted), where)
        return FromColumn(_text(wanted, verbs[0]), self._reading(given), where)

    def _reading(self, given: Mapping[str, Any]) -> Reading:
        kind = _one_of(given.get("as", "number"), READINGS, "as")
        decimal = str(given.get("decimal", self.decimal))
        # Who states the decimal sign of a column says anew what groups its digits.
        inherited = "" if "decimal" in given else self.thousands
        thousands = str(given.get("thousands", inherited))
        _check_signs(decimal, thousands)
        return Reading(kind, decimal, thousands)

    def _long(self, given: Mapping[str, Any]) -> LongValues:
        self._refuse_unknown(
            "values", given, ("from", "as", "decimal", "thousands", "metrics", "verb")
        )
        columns = given["from"]
        self._refuse_unknown("values.from", columns, ("metric", "value", "denominator", "weight"))
        reading = self._reading(given)
        plain = Reading("number", reading.decimal, reading.thousands)

        def column(name: str, how: Reading) -> FromColumn | None:
            return FromColumn(_text(columns[name], name), how) if name in columns else None

        value = column("value", reading)
        if value is None or "metric" not in columns:
            raise DomainError("from: names the columns metric and value, at least.")
        return LongValues(
            metric=_text(columns["metric"], "metric"),
            value=value,
            denominator=column("denominator", plain),
            weight=column("weight", plain),
            verb=_one_of(given.get("verb", "column"), ("column", "sum", "last"), "verb"),
            metrics=tuple(
                (str(theirs), str(ours))
                for theirs, ours in _mapping(given.get("metrics", {}), "metrics").items()
            ),
        )


def _mapping(given: Any, what: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise DomainError(f"{what} is {given!r}, but takes keys: {{sum: Column}}.")
    return given


def _text(given: Any, what: object) -> str:
    if isinstance(given, str | int) and not isinstance(given, bool) and str(given).strip():
        return str(given)
    raise DomainError(f"{what} names no column. Write its name as the file's header has it.")


def _one_of(given: Any, known: tuple[str, ...], what: str) -> str:
    if given in known:
        return str(given)
    near = get_close_matches(str(given), known, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    raise DomainError(f"{what}: {given} is unknown.{hint} Known: {', '.join(known)}.")


def _number(given: Any) -> Decimal:
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        raise DomainError(f"constant: {given} is no number.") from None
    if not number.is_finite():
        raise DomainError(f"constant: {given} is no number.")
    return number


def _check_signs(decimal: str, thousands: str) -> None:
    if decimal not in (".", ","):
        raise DomainError(f"decimal: “{decimal}” is no decimal sign. It is “.” or “,”.")
    if thousands not in ("", ".", ",", " ", "'", "’") or thousands == decimal:
        raise DomainError(
            f"thousands: “{thousands}” cannot group digits here. Use one of , . ' or a blank, "
            "and not the decimal sign."
        )


def _check_zone(zone: str) -> None:
    if not known_zone(zone):
        raise DomainError(f"zone: “{zone}” is no time zone. Use UTC, or America/New_York.")


_TOKENS = (("YYYY", "%Y"), ("MMM", "%b"), ("MM", "%m"), ("DD", "%d"), ("YY", "%y"))


def _day_format(text: str) -> str:
    """``DD.MM.YYYY`` or ``%d.%m.%Y``: both ways of writing a format are understood."""
    if "%" in text:
        return text
    for token, sign in _TOKENS:
        text = text.replace(token, sign)
    if "%" not in text:
        raise DomainError(f"format: “{text}” is unknown. Write it like DD.MM.YYYY or %d.%m.%Y.")
    return text
