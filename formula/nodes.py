"""The typed nodes of a formula: frozen, compared by meaning, checked when they are built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from formula.functions import FUNCTIONS
from formula.scope import Ref
from formula.tables import Table
from formula.values import Type, Value, type_of


@dataclass(frozen=True)
class Node:
    """A piece of a formula. ``text`` is how it was written; it plays no part in comparisons."""

    text: str = field(default="", compare=False, kw_only=True)


@dataclass(frozen=True)
class Literal(Node):
    """A value that stands in the formula itself."""

    value: Value
    # A field, so that it is compared: to Python 1 and TRUE are equal.
    type: Type = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", type_of(self.value))


@dataclass(frozen=True)
class Reference(Node):
    """A value that comes from outside, by its column."""

    ref: Ref
    type: Type

    def __post_init__(self) -> None:
        if not isinstance(self.ref, Ref) or not isinstance(self.type, Type):
            raise TypeError(f"a reference needs a Ref and a Type, not {self.ref!r}, {self.type!r}")


@dataclass(frozen=True)
class Call(Node):
    """A function or an operator on its arguments, and the table that it looks up in."""

    function: str
    arguments: tuple[Expression, ...]
    type: Type
    table: Table | None = None

    def __post_init__(self) -> None:
        function = FUNCTIONS[self.function]
        if not all(isinstance(part, Literal | Reference | Call) for part in self.arguments):
            raise TypeError(f"{self.function} got an argument that is no expression")
        types = [part.type for part in self.arguments]
        problem = function.problem(types, self.table)
        if problem or function.result_type(types, self.table) is not self.type:
            raise TypeError(problem or f"{self.function} does not give {self.type.value}")


Expression = Literal | Reference | Call


def walk(node: Expression) -> Iterator[Expression]:
    """The node and all below it, left to right."""
    yield node
    if isinstance(node, Call):
        for part in node.arguments:
            yield from walk(part)
