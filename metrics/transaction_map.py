"""The column map of a source that delivers transactions: which columns hold what of a deal.

What a map leaves out goes by name: an attribute, date, role or key column stands in the column
that is called like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from metrics.map_parts import DayColumn, FileMap, Reading
from metrics.map_writing import written_transaction_map
from metrics.models import TransactionKind
from org.errors import DomainError

NUMBERS = {"money": "money", "number": "number", "percent": "percent"}


@dataclass(frozen=True)
class Cells:
    """The column of an attribute, and how its cells are read; None: by the attribute's type."""

    column: str
    reading: Reading | None = None
    formats: tuple[str, ...] = ()
    zone: str = ""


@dataclass(frozen=True)
class PartyColumns:
    """The column of a person in a role, and that of the share; "" where the role has the whole."""

    role: str
    person: str
    share: str = ""


@dataclass(frozen=True, kw_only=True)
class TransactionMap(FileMap):
    """Everything that is needed to turn the rows of a source's file into transactions of a kind.

    ``attributes`` also holds the dates; None: all that the kind has, by their names. The same holds
    for ``parties`` and ``key``.
    """

    kind: str
    key: tuple[str, ...] | None = None
    attributes: tuple[tuple[str, Cells], ...] | None = None
    parties: tuple[PartyColumns, ...] | None = None
    people_by: str = "alias"
    about_kind: str = ""
    about_columns: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Which metrics come of it, the credit rules say."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a file must have, each once, in the map's order."""
        named = [*(self.key or ()), *(cells.column for _, cells in self.attributes or ())]
        for party in self.parties or ():
            named += [party.person, party.share]
        named += self.about_columns
        for condition in self.skip_rows:
            named += self.columns_of(condition)
        return tuple(dict.fromkeys(name for name in named if name))

    def completed(self, kind: TransactionKind) -> TransactionMap:
        """The map with what goes by name filled in; refuses names that the kind does not have."""
        problems = self.problems(kind)
        if problems:
            raise DomainError(f"The column map does not fit the kind {kind.code}.", problems)
        every = [*kind.attributes, *kind.dates]
        attributes = self.attributes
        if attributes is None:
            attributes = tuple((name, Cells(name)) for name in every)
        parties = self.parties
        if parties is None:
            parties = tuple(PartyColumns(role, role) for role in kind.roles)
        return replace(
            self,
            key=self.key or tuple(kind.key_columns),
            attributes=attributes,
            parties=tuple(_with_share(party, kind) for party in parties),
        )

    def problems(self, kind: TransactionKind) -> tuple[str, ...]:
        """What does not fit the kind, a sentence each."""
        every = [*kind.attributes, *kind.dates]
        found = [
            f"attributes: the kind {kind.code} has no attribute or date “{name}”. It has: "
            f"{', '.join(every) or 'none'}."
            for name, _ in self.attributes or ()
            if name not in every
        ]
        found += [
            f"parties: the kind {kind.code} has no role “{party.role}”. It has: "
            f"{', '.join(kind.roles) or 'none'}."
            for party in self.parties or ()
            if party.role not in kind.roles
        ]
        if self.key is not None and len(self.key) != len(kind.key_columns):
            found.append(
                f"key: names {len(self.key)} columns; the key of {kind.code} has "
                f"{len(kind.key_columns)}: {', '.join(kind.key_columns)}."
            )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """The map as the tenant file writes it, without what goes without saying."""
        return written_transaction_map(self)


def _with_share(party: PartyColumns, kind: TransactionKind) -> PartyColumns:
    """A role's share stands where the kind says, unless the map says otherwise."""
    column = kind.roles[party.role].get("share", "")
    return party if party.share or column == EQUAL else replace(party, share=column)


EQUAL = "equal"
"""A role's share that stands nowhere: all its people have equal parts of the whole."""


def is_transaction_map(given: Mapping[str, Any]) -> bool:
    """Whether a map, as written, makes transactions of its rows."""
    return "transaction" in given


def day_column(cells: Cells) -> DayColumn:
    """How the cells of a date are read."""
    return DayColumn(cells.column, cells.formats, cells.zone)
