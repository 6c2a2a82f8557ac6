"""The saved column map of a source: which columns hold what, and how cells are to be read.

:func:`parse` reads a map as the tenant file writes it and raises :class:`DomainError` with one
sentence for each thing that is wrong; :meth:`ColumnMap.to_dict` writes it back, and parsing that
gives an equal map. docs/column-maps.md explains every key with an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from metrics.column_map_schema import SCHEMA
from metrics.conditions import parse_condition
from metrics.map_parts import (
    NO_SLOT,
    Constant,
    Count,
    DayColumn,
    FileMap,
    FromColumn,
    LongValues,
    MetricMap,
    Part,
    PersonColumn,
    Reading,
    Slot,
)
from metrics.map_reading import FileParser, mapping_of, number_of, one_of, text_of
from metrics.map_writing import Writer
from metrics.transaction_map import TransactionMap, is_transaction_map
from metrics.transaction_parser import TransactionParser
from org.errors import DomainError

__all__ = ["SCHEMA", "ColumnMap", "parse"]

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


@dataclass(frozen=True, kw_only=True)
class ColumnMap(FileMap):
    """Everything that is needed to turn the rows of a source's file into values."""

    person: PersonColumn
    day: DayColumn
    values: tuple[MetricMap, ...] | LongValues
    reference: tuple[str, ...] = ()
    slot: Slot = NO_SLOT

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
            named += self.columns_of(condition)
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

    def _columns_of_part(self, part: Part | None) -> list[str]:
        if part is None:
            return []
        own = [part.column] if isinstance(part, FromColumn) else []
        return own + (self.columns_of(part.where) if part.where else [])

    def to_dict(self) -> dict[str, Any]:
        """The map as the tenant file writes it, without what goes without saying."""
        return Writer(self).written()


# --- Reading a map


def parse(given: Any) -> ColumnMap | TransactionMap:
    """Check a map as the tenant file writes it; all that is wrong is said at once."""
    if not isinstance(given, Mapping):
        raise DomainError("A column map is a list of keys: person, day and values at least.")
    if is_transaction_map(given):
        return TransactionParser(given).parsed()
    return _Parser(given).parsed()


class _Parser(FileParser):
    def parsed(self) -> ColumnMap:
        self.refuse_unknown("", self.given, SECTIONS)
        file = self.file()
        person = self.attempt("person", self._person)
        day = self.attempt("day", self._day)
        values = self.attempt("values", self._values)
        rest: dict[str, Any] = {
            "slot": self.attempt("slot", self._slot) or NO_SLOT,
            "reference": self.attempt("reference", self._reference) or (),
        }
        if self.problems or person is None or day is None or values is None:
            raise DomainError("The column map cannot be used.", tuple(self.problems))
        return ColumnMap(
            person=person,
            day=day,
            values=values,
            **file,
            **rest,
        )

    def _person(self) -> PersonColumn:
        given = self._section("person")
        if not isinstance(given, Mapping):
            return PersonColumn(text_of(given, "person"))
        self.refuse_unknown("person", given, ("column", "by"))
        return PersonColumn(
            text_of(given.get("column"), "column"),
            one_of(given.get("by", "alias"), PEOPLE_BY, "by"),
        )

    def _day(self) -> DayColumn:
        return self.day_column(self._section("day"), "day")

    def _slot(self) -> Slot:
        given = self.given.get("slot", "")
        if isinstance(given, Mapping):
            self.refuse_unknown("slot", given, ("column",))
            return Slot(column=text_of(given.get("column"), "column"))
        return Slot(constant=str(given or ""))

    def _reference(self) -> tuple[str, ...]:
        given = self.given.get("reference", [])
        if isinstance(given, Mapping):
            self.refuse_unknown("reference", given, ("column", "columns"))
            given = given.get("columns", given.get("column"))
        return tuple(
            text_of(one, "reference") for one in (given if isinstance(given, list) else [given])
        )

    def _section(self, name: str) -> Any:
        if name not in self.given:
            raise DomainError(f"is missing. Say which column holds it: {name}: {{column: …}}.")
        return self.given[name]

    # values

    def _values(self) -> tuple[MetricMap, ...] | LongValues:
        if "values" not in self.given:
            raise DomainError("is missing. Name at least one metric: calls: {count: rows}.")
        given = mapping_of(self.given["values"], "values")
        if "from" in given and isinstance(given["from"], Mapping):
            return self._long(given)
        found = []
        for metric, one in given.items():
            item = self.attempt(f"values.{metric}", lambda m=metric, o=one: self._metric(str(m), o))
            found += [item] if item else []
        if not given:
            raise DomainError("names no metric. Name at least one: calls: {count: rows}.")
        return tuple(found)

    def _metric(self, metric: str, given: Any) -> MetricMap:
        if isinstance(given, str):
            given = {"column": given}
        given = mapping_of(given, metric)
        self.refuse_unknown(f"values.{metric}", given, MAP_KEYS)
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
        return {"column": given} if isinstance(given, str) else mapping_of(given, "denominator")

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
            return Constant(number_of(wanted), where)
        return FromColumn(text_of(wanted, verbs[0]), self.reading(given), where)

    def _long(self, given: Mapping[str, Any]) -> LongValues:
        self.refuse_unknown(
            "values", given, ("from", "as", "decimal", "thousands", "metrics", "verb")
        )
        columns = given["from"]
        self.refuse_unknown("values.from", columns, ("metric", "value", "denominator", "weight"))
        reading = self.reading(given)
        plain = Reading("number", reading.decimal, reading.thousands)

        def column(name: str, how: Reading) -> FromColumn | None:
            return FromColumn(text_of(columns[name], name), how) if name in columns else None

        value = column("value", reading)
        if value is None or "metric" not in columns:
            raise DomainError("from: names the columns metric and value, at least.")
        return LongValues(
            metric=text_of(columns["metric"], "metric"),
            value=value,
            denominator=column("denominator", plain),
            weight=column("weight", plain),
            verb=one_of(given.get("verb", "column"), ("column", "sum", "last"), "verb"),
            metrics=tuple(
                (str(theirs), str(ours))
                for theirs, ours in mapping_of(given.get("metrics", {}), "metrics").items()
            ),
        )
