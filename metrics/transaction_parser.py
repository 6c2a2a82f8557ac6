"""Reading the column map of transactions as the tenant file writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metrics.map_reading import FileParser, mapping_of, one_of, text_of
from metrics.transaction_map import Cells, PartyColumns, TransactionMap
from org.errors import DomainError

PEOPLE_BY = ("alias", "code", "name")
KEYS = (
    "transaction",
    "key",
    "attributes",
    "parties",
    "people_by",
    "about",
    "sheet",
    "header_row",
    "delimiter",
    "encoding",
    "decimal",
    "thousands",
    "names",
    "skip_rows",
)
CELL_KEYS = ("column", "as", "decimal", "thousands", "format", "zone")


class TransactionParser(FileParser):
    """Parses one map; :meth:`parsed` raises DomainError with all that is wrong."""

    def parsed(self) -> TransactionMap:
        """The map, or a refusal with a sentence for each mistake."""
        self.refuse_unknown("", self.given, KEYS)
        file = self.file()
        about_kind, about_columns = self.attempt("about", self._about) or ("", ())
        rest = {
            "kind": self.attempt("transaction", self._kind) or "",
            "key": self.attempt("key", self._key),
            "attributes": self.attempt("attributes", self._attributes),
            "parties": self.attempt("parties", self._parties),
            "people_by": self.attempt("people_by", self._people_by) or "alias",
        }
        if self.problems:
            raise DomainError("The column map cannot be used.", tuple(self.problems))
        return TransactionMap(about_kind=about_kind, about_columns=about_columns, **rest, **file)

    def _kind(self) -> str:
        given = self.given["transaction"]
        if not isinstance(given, str) or not given:
            raise DomainError("names no kind of transaction. Write its code: transaction: sale.")
        return given

    def _key(self) -> tuple[str, ...] | None:
        return _columns(self.given["key"], "key") if "key" in self.given else None

    def _people_by(self) -> str:
        return one_of(self.given.get("people_by", "alias"), PEOPLE_BY, "people_by")

    def _attributes(self) -> tuple[tuple[str, Cells], ...] | None:
        if "attributes" not in self.given:
            return None
        given = self.given["attributes"]
        if isinstance(given, list):
            given = {name: name for name in given}
        return tuple(
            (str(name), self._cells(one, f"attributes.{name}"))
            for name, one in mapping_of(given, "attributes").items()
        )

    def _cells(self, given: Any, where: str) -> Cells:
        if not isinstance(given, Mapping):
            return Cells(text_of(given, where))
        self.refuse_unknown(where, given, CELL_KEYS)
        reads = any(key in given for key in ("as", "decimal", "thousands"))
        days = {key: given[key] for key in ("column", "format", "zone") if key in given}
        day = self.day_column(days, where)
        return Cells(day.column, self.reading(given) if reads else None, day.formats, day.zone)

    def _parties(self) -> tuple[PartyColumns, ...] | None:
        if "parties" not in self.given:
            return None
        found = []
        for role, said in mapping_of(self.given["parties"], "parties").items():
            for one in said if isinstance(said, list) else [said]:
                found.append(self._party(str(role), one))
        return tuple(found)

    def _party(self, role: str, given: Any) -> PartyColumns:
        if not isinstance(given, Mapping):
            return PartyColumns(role, text_of(given, role))
        self.refuse_unknown(f"parties.{role}", given, ("person", "share"))
        share = text_of(given["share"], "share") if "share" in given else ""
        return PartyColumns(role, text_of(given.get("person"), "person"), share)

    def _about(self) -> tuple[str, tuple[str, ...]]:
        if "about" not in self.given:
            return "", ()
        given = mapping_of(self.given["about"], "about")
        self.refuse_unknown("about", given, ("kind", "column", "columns"))
        kind = given.get("kind")
        if not isinstance(kind, str) or not kind:
            raise DomainError(
                "names no kind. Say what it concerns: about: {kind: sale, column: Sale number}."
            )
        return kind, _columns(given.get("columns", given.get("column")), "about")


def _columns(given: Any, what: str) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    if not listed:
        raise DomainError(f"{what} names no column. Write its name as the file's header has it.")
    return tuple(text_of(one, what) for one in listed)
