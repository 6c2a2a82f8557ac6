"""The SQL engine: the formulas of a whole population in one statement.

Formulas become nested subselects, one for each level of what must be known first, each ending
``OFFSET 0``: without it PostgreSQL would inline the levels and work everything out many times.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, singledispatch

from psycopg.sql import SQL, Composable, Composed, Identifier
from psycopg.sql import Literal as Constant

from formula.by_sql import number_sql
from formula.checker import Formula
from formula.functions import FUNCTIONS
from formula.layering import Layering, Sql, text_literal
from formula.nodes import Call, Expression, Literal, Reference
from formula.scope import error_column, key_of

Steps = Sequence[Sequence[tuple[str, Formula]]]


class Compiler:
    """Compiles nodes; equal nodes are compiled once and share their columns."""

    def __init__(self, never_fails: Collection[str]) -> None:
        self.layers = Layering()
        self.never_fails = never_fails
        self.named: dict[str, Sql] = {}
        self.read: set[str] = set()
        self._known: dict[Expression, Sql] = {}

    def compile(self, node: Expression) -> Sql:
        """(value, error) of a node; compiled once."""
        if node not in self._known:
            self._known[node] = _compiled(node, self)
        return self._known[node]

    def add(self, name: str, formula: Formula) -> Sql:
        """Makes a formula the columns ``name`` and ``name !``; returns how others refer to it."""
        found = self.compile(formula.node)
        self.layers.place(found.value, found.layer, name)
        error = found.error if found.error is not None else SQL("NULL::text")
        self.layers.place(error, found.layer, error_column(name))
        return Sql(
            Identifier(name),
            None if found.error is None else Identifier(error_column(name)),
            layer=found.layer + 1,
            blank=found.blank,
        )


def layers(
    steps: Steps,
    base: Composable,
    *,
    never_fails: Collection[str] = (),
    keep: Sequence[str] | None = None,
) -> Composed:
    """A SELECT of all columns of ``base`` and, for each named formula, ``name`` and ``name !``.

    ``steps``: groups of (name, formula); a formula may use the names of earlier groups, without
    case, and the columns of ``base``. ``base``: a subselect in brackets, or a table, without an
    alias; it has for every reference the column ``Ref.column`` (number: numeric with at most 12
    places and below 10^18; text; boolean; date) and ``Ref.error_column`` (text: NULL or an error
    code, the value then being NULL). Columns in ``never_fails`` need no error column.

    Beside the named columns there are working columns whose names begin with ``~``; select by name,
    or pass ``keep``: the columns to return. An error is a code of ERROR_SENTENCES or of an input.
    ValueError if a name is there twice or is a column that the formulas read from ``base``.
    """
    groups = tuple(tuple(group) for group in steps)
    return _compile(groups, frozenset(never_fails)).select(base, keep)


# What is calculated for one person is compiled again and again.
@lru_cache(maxsize=512)
def _compile(steps: tuple[tuple[tuple[str, Formula], ...], ...], fixed: frozenset[str]) -> Layering:
    compiler = Compiler(fixed)
    for group in steps:
        found = {}
        for name, formula in group:
            if key_of(name) in compiler.named or key_of(name) in found:
                raise ValueError(f"two formulas are called {name}")
            found[key_of(name)] = compiler.add(name, formula)
        compiler.named.update(found)
    both = sorted(compiler.read & set(compiler.named))
    if both:
        raise ValueError(f"{', '.join(both)}: a formula, but other formulas read it from the base")
    return compiler.layers


@singledispatch
def _compiled(node: Expression, compiler: Compiler) -> Sql:
    raise TypeError(f"the SQL engine does not know {type(node).__name__}")


@_compiled.register
def _(node: Literal, compiler: Compiler) -> Sql:
    value = node.value
    if isinstance(value, Decimal):
        return number_sql(value)
    if isinstance(value, bool):
        return Sql(SQL("TRUE") if value else SQL("FALSE"), blank=False, constant=value)
    if isinstance(value, date):
        return Sql(SQL("{}::date").format(Constant(value.isoformat())), blank=False, constant=value)
    return Sql(text_literal(value), blank=False, constant=value)


@_compiled.register
def _(node: Reference, compiler: Compiler) -> Sql:
    column = node.ref.column
    if node.ref.kind == "value" and column in compiler.named:
        return compiler.named[column]
    compiler.read.add(column)
    fails = column not in compiler.never_fails
    return Sql(Identifier(column), Identifier(node.ref.error_column) if fails else None)


@_compiled.register
def _(node: Call, compiler: Compiler) -> Sql:
    parts = [compiler.compile(argument) for argument in node.arguments]
    types = [argument.type for argument in node.arguments]
    return FUNCTIONS[node.function].sql(compiler.layers, parts, types, node.table)
