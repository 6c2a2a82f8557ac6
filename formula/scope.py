"""What a formula may refer to, and what it refers to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from formula.tables import Table
from formula.values import Type

REFERENCE_KINDS = ("value", "goal", "attainment", "fact", "tenure", "prorate")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
# PostgreSQL cuts identifiers after 63 bytes: "attainment " before a name and " !" after it.
NAME_BYTES = 63 - len("attainment ") - len(" !")
_TAKEN = {"true", "false", "tenure", "prorate"}


def key_of(name: str) -> str:
    """The form in which names are compared: composed characters, lower case."""
    return unicodedata.normalize("NFC", name).lower()


@dataclass(frozen=True)
class Name:
    """A plain name of a scope. ``measure``: it has a goal, so GOAL and ATTAINMENT may be asked."""

    type: Type
    measure: bool = False
    help: str = ""


@dataclass(frozen=True, order=True)
class Ref:
    """One thing that a formula reads: a name, a goal, an attainment, a fact, tenure, prorating."""

    kind: str
    name: str

    def __post_init__(self) -> None:
        if self.kind not in REFERENCE_KINDS:
            raise ValueError(f"{self.kind!r} is no kind of reference")

    @property
    def column(self) -> str:
        """Its column in SQL and its key among Decimal inputs: 'sold', 'goal sold', 'tenure'."""
        if self.kind == "value":
            return key_of(self.name)
        if self.kind in ("tenure", "prorate"):
            return self.kind
        return f"{self.kind} {key_of(self.name)}"

    @property
    def error_column(self) -> str:
        """The column that holds its error code."""
        return error_column(self.column)


def error_column(column: str) -> str:
    """The name of the column that holds the error code of ``column``."""
    return f"{column} !"


def name_problem(name: str, *, taken: Collection[str] = frozenset(_TAKEN)) -> str:
    """Why a name cannot be used in formulas, as a sentence; '' where it can."""
    if not _IDENTIFIER.fullmatch(name):
        return f'"{name}" is no name: use letters, digits and _, and begin with a letter.'
    if key_of(name) in taken:
        return f'"{name}" has a meaning of its own in formulas: choose another name.'
    if len(name.encode()) > NAME_BYTES:
        return f'"{name}" is too long: {NAME_BYTES} bytes are the limit (letters like é take two).'
    return ""


@dataclass(frozen=True)
class Scope:
    """The names, rate tables and facts that a formula may use.

    Names are compared without case. Raises ValueError, a sentence, for a name that cannot be used
    or that is there twice.
    """

    names: Mapping[str, Name] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    facts: Mapping[str, Type] = field(default_factory=dict)
    _canonical: dict[str, dict[str, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, dict[str, str]] = {}
        for what, names in (("name", self.names), ("table", self.tables), ("fact", self.facts)):
            found[what] = {}
            for name in names:
                problem = name_problem(name, taken=_TAKEN if what == "name" else ())
                if not problem and key_of(name) in found[what]:
                    problem = f'"{name}" and "{found[what][key_of(name)]}" are the same {what}.'
                if problem:
                    raise ValueError(problem)
                found[what][key_of(name)] = name
        object.__setattr__(self, "_canonical", found)

    def find(self, what: str, name: str) -> str | None:
        """The name as the scope writes it; ``what`` is 'name', 'table' or 'fact'."""
        return self._canonical[what].get(key_of(name))
