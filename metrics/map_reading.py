"""Reading the parts that every column map has, with a sentence for each thing that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from formula import NUMBER as FORMULA_NUMBER
from formula import TEXT, Type, name_problem
from metrics.cells import known_zone
from metrics.conditions import Condition, parse_condition
from metrics.map_parts import DayColumn, Reading, ShortName
from org.errors import DomainError

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


class FileParser:
    """Reads the keys of a map that say how the file is read; collects what is wrong."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.problems: list[str] = []
        self.decimal, self.thousands = ".", ""
        self.types: dict[str, Type] = {}

    def attempt(self, where: str, read: Any) -> Any:
        try:
            return read()
        except DomainError as error:
            self.problems += [f"{where}: {line}" for line in error.problems or (error.sentence,)]
            return None

    def refuse_unknown(self, where: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
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
        for name, given in mapping_of(self.given.get("names", {}), "names").items():
            if problem := name_problem(str(name)):
                raise DomainError(problem)
            if isinstance(given, Mapping):
                reading = self.reading(given) if given.get("as", "text") != "text" else None
                found.append(ShortName(str(name), text_of(given.get("column"), "column"), reading))
            else:
                found.append(ShortName(str(name), text_of(given, name)))
            self.types[str(name)] = FORMULA_NUMBER if found[-1].reading else TEXT
        return tuple(found)

    def _header_row(self) -> int | None:
        given = self.given.get("header_row", "auto")
        if given in ("auto", None):
            return None
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise DomainError(f"{given!r} is no row. Write its number, from 1, or auto.")
        return given

    def _skip_rows(self) -> tuple[Condition, ...]:
        given = self.given.get("skip_rows", [])
        listed = given if isinstance(given, list) else [given]
        return tuple(parse_condition(one, self.types) for one in listed)

    def reading(self, given: Mapping[str, Any]) -> Reading:
        kind = one_of(given.get("as", "number"), READINGS, "as")
        decimal = str(given.get("decimal", self.decimal))
        # Who states the decimal sign of a column says anew what groups its digits.
        inherited = "" if "decimal" in given else self.thousands
        thousands = str(given.get("thousands", inherited))
        _check_signs(decimal, thousands)
        return Reading(kind, decimal, thousands)

    def file(self) -> dict[str, Any]:
        """The fields of a FileMap."""
        self.attempt("decimal", self._signs)
        names = self.attempt("names", self._names) or ()
        return {
            "names": names,
            "sheet": str(self.given.get("sheet", "")),
            "delimiter": {"tab": "\t"}.get(word := str(self.given.get("delimiter", "")), word),
            "encoding": str(self.given.get("encoding", "")),
            "decimal": self.decimal,
            "thousands": self.thousands,
            "header_row": self.attempt("header_row", self._header_row),
            "skip_rows": self.attempt("skip_rows", self._skip_rows) or (),
        }

    def day_column(self, given: Any, where: str) -> DayColumn:
        """The column of a day, as a map writes it."""
        if not isinstance(given, Mapping):
            return DayColumn(text_of(given, where))
        self.refuse_unknown(where, given, ("column", "time_stamp", "format", "zone"))
        formats = given.get("format", [])
        formats = formats if isinstance(formats, list) else [formats]
        zone = str(given.get("zone", ""))
        if zone:
            _check_zone(zone)
        return DayColumn(
            text_of(given.get("column", given.get("time_stamp")), "column"),
            tuple(_day_format(str(one)) for one in formats),
            zone,
        )


def mapping_of(given: Any, what: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise DomainError(f"{what} is {given!r}, but takes keys: {{sum: Column}}.")
    return given


def text_of(given: Any, what: object) -> str:
    if isinstance(given, str | int) and not isinstance(given, bool) and str(given).strip():
        return str(given)
    raise DomainError(f"{what} names no column. Write its name as the file's header has it.")


def one_of(given: Any, known: tuple[str, ...], what: str) -> str:
    if given in known:
        return str(given)
    near = get_close_matches(str(given), known, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    raise DomainError(f"{what}: {given} is unknown.{hint} Known: {', '.join(known)}.")


def number_of(given: Any) -> Decimal:
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
