"""What can be written into a formula: names to complete, and functions with their examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from formula import Scope
from formula.complaints import table_example
from formula.functions import FUNCTIONS, GROUPS
from formula.specials import ENTRIES, SPECIALS, WHERE


@dataclass(frozen=True)
class Offer:
    """Something to write: its name, what it is, what is put into the text, and a sentence."""

    name: str
    kind: str
    insert: str
    help: str = ""

    def as_json(self) -> dict[str, str]:
        """As the page's script reads it."""
        return {"n": self.name, "k": self.kind, "i": self.insert, "h": self.help}


@dataclass(frozen=True)
class Help:
    """A function as the help beside a formula shows it."""

    signature: str
    meaning: str
    example: str


def offers(scope: Scope, titles: Mapping[str, str]) -> list[Offer]:
    """Everything that a formula of a scope may call; ``titles``: what measures are called."""
    return [*_names(scope, titles), *_asked(scope), *_functions(scope)]


def _names(scope: Scope, titles: Mapping[str, str]) -> Iterator[Offer]:
    for name, entry in scope.names.items():
        kind = "measure" if entry.measure else "attribute"
        yield Offer(name, kind, name, titles.get(name, entry.help))
    for name, table in scope.tables.items():
        example = table_example(table)
        yield Offer(name, "table", name, f"A {table.kind} table: {example}")


def _asked(scope: Scope) -> Iterator[Offer]:
    for name in scope.facts:
        yield Offer(name, "fact", f"FACT({name})", "A fact about the person.")
    if "earned" in scope.uses:
        for name in sorted(scope.components):
            inside = name if name.replace(".", "_").isidentifier() else f'"{name}"'
            yield Offer(name, "component", f"EARNED({inside})", "What this component pays.")
    for kind, attributes in scope.about.items():
        yield Offer(kind, "transaction", f"COUNT({kind})", "How many of these are about it.")
        for attribute in attributes:
            name = f"{kind}.{attribute}"
            yield Offer(name, "transaction", f"LAST({name})", "Of the last one about it.")


def _functions(scope: Scope) -> Iterator[Offer]:
    for name in usable(scope):
        entry = ENTRIES[name]
        insert = name if name in ("TRUE", "FALSE") else f"{name}("
        yield Offer(name, "function", insert, f"{entry.signature}: {entry.meaning}")


def usable(scope: Scope) -> list[str]:
    """The functions that may be used in a scope."""
    names = [name for name in FUNCTIONS if name.isalpha()] + list(SPECIALS)
    return [n for n in names if n.lower() not in WHERE or n.lower() in scope.uses]


def as_data(scope: Scope, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """The offers as data of the page."""
    return [offer.as_json() for offer in offers(scope, titles)]


def helped(scope: Scope) -> list[tuple[str, list[Help]]]:
    """The functions of a scope by group, each with its meaning and an example."""
    names = usable(scope)
    found = []
    for group in GROUPS:
        entries = [ENTRIES[name] for name in names if ENTRIES[name].group == group]
        if entries:
            shown = [Help(e.signature, e.meaning, e.example) for e in entries]
            found.append((group, shown))
    return found
