"""What a formula may refer to, and what it refers to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from formula.tables import Table
from formula.values import Type

WITHIN = ("plan", "unit", "job_type")
"""Among whom RANK, TIES and SHARE compare; the first holds where nothing is said."""
STANDING = ("rank", "ties", "share")
PAID = "c."
"""Stands before a component in the name of a ``rank``, ``ties`` or ``share``: by what it pays."""
LATEST_PRIOR = 99

DEFAULT_USES = frozenset({"goal", "attainment", "tenure", "prorate"})
EVERY_USE = DEFAULT_USES | {
    "prior", "ytd", "qtd", *STANDING, "earned", "running", "count", "sum", "first", "last",
}  # fmt: skip
REFERENCE_KINDS = frozenset({"value", "fact"}) | EVERY_USE

COLUMN_BYTES = 63 - len(" !")
"""PostgreSQL cuts identifiers after 63 bytes; a column's error has ``" !"`` after its name."""
_HASH_DIGITS = 12
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
NAME_BYTES = COLUMN_BYTES - len("attainment ")
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
    """One thing that a formula reads from outside.

    ``name`` by ``kind``: "sold" of a value, goal, attainment, ytd, qtd or running; "sold 2" of a
    prior (how many periods earlier); "sold unit" or "c.bonus unit" of a rank, ties or share;
    "bonus" or "plan.bonus" of an earned; "payment" of a count, "payment.amount" of a sum, first or
    last; the fact's name; '' of tenure and prorate.
    """

    kind: str
    name: str

    def __post_init__(self) -> None:
        if self.kind not in REFERENCE_KINDS:
            raise ValueError(f"{self.kind!r} is no kind of reference")

    @property
    def column(self) -> str:
        """Its column in SQL and its key among Decimal inputs: 'sold', 'goal sold', 'tenure'.

        A name too long for PostgreSQL is cut and ends with a hash of the whole.
        """
        if self.kind == "value":
            return key_of(self.name)
        if self.kind in ("tenure", "prorate"):
            return self.kind
        return _shortened(f"{self.kind} {key_of(self.name)}")

    @property
    def error_column(self) -> str:
        """The column that holds its error code."""
        return error_column(self.column)

    @property
    def subject(self) -> str:
        """What it is about: the measure of a prior or running, the component of an earned …"""
        if self.kind == "prior" or self.kind in STANDING:
            return self.name.rpartition(" ")[0].removeprefix(PAID)
        return self.name

    @property
    def of_component(self) -> bool:
        """Whether a rank, ties or share is by what a component pays, not by a measure."""
        return self.kind in STANDING and self.name.startswith(PAID)

    @property
    def periods(self) -> int:
        """How many periods earlier a prior lies; 0 of all others."""
        return int(self.name.rpartition(" ")[2]) if self.kind == "prior" else 0

    @property
    def within(self) -> str:
        """Among whom a rank, ties or share compares: one of WITHIN; '' of all others."""
        return self.name.rpartition(" ")[2] if self.kind in STANDING else ""


def _shortened(column: str) -> str:
    if len(column.encode()) <= COLUMN_BYTES:
        return column
    digits = sha256(column.encode()).hexdigest()[:_HASH_DIGITS]
    start = column.encode()[: COLUMN_BYTES - _HASH_DIGITS - 1].decode(errors="ignore")
    return f"{start}~{digits}"


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
    """What a formula may use: names, rate tables, facts, and what there is beyond them.

    ``components``: those whose pay may be asked for, "bonus" for one of this plan and "plan.bonus"
    for another's. ``about``: the kinds of transactions that may be about this one, each with its
    attributes and dates. ``uses``: which kinds of references beyond names and facts are at hand.

    Names are compared without case. Raises ValueError, a sentence, for a name that cannot be used
    or that is there twice.
    """

    names: Mapping[str, Name] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    facts: Mapping[str, Type] = field(default_factory=dict)
    components: Collection[str] = frozenset()
    about: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    uses: frozenset[str] = DEFAULT_USES
    _canonical: dict[str, dict[str, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        strange = sorted(set(self.uses) - EVERY_USE)
        if strange:
            raise ValueError(f"{', '.join(strange)}: no such kind of reference can be allowed")
        found: dict[str, dict[str, str]] = {}
        for what, names in self._lists():
            found[what] = {}
            for name in names:
                problem = self._problem(what, name)
                if not problem and key_of(name) in found[what]:
                    problem = f'"{name}" and "{found[what][key_of(name)]}" are the same {what}.'
                if problem:
                    raise ValueError(problem)
                found[what][key_of(name)] = name
        object.__setattr__(self, "_canonical", found)

    def _lists(self) -> Iterator[tuple[str, Collection[str]]]:
        yield from (("name", self.names), ("table", self.tables), ("fact", self.facts))
        yield from (("component", self.components), ("kind", self.about))
        yield "attribute", list(self.attributes)

    @staticmethod
    def _problem(what: str, name: str) -> str:
        # A plan's code is free: quotation marks let it stand where a component is meant.
        if what in ("component", "attribute"):
            return ""
        return name_problem(name, taken=_TAKEN if what == "name" else ())

    @property
    def attributes(self) -> dict[str, Type]:
        """What SUM, FIRST and LAST may take, as "kind.attribute"."""
        return {
            f"{kind}.{name}": type_
            for kind, attributes in self.about.items()
            for name, type_ in attributes.items()
        }

    def find(self, what: str, name: str) -> str | None:
        """The name as the scope writes it.

        ``what`` is 'name', 'table', 'fact', 'component', 'kind' or 'attribute'.
        """
        return self._canonical[what].get(key_of(name))
