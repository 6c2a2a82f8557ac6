"""Compiled expressions and the layers of subselects on which they stand.

A compiled expression is a pair (value, error) of SQL. Where an emitter needs a value twice it asks
for it ``light``: a heavier one becomes a column of the next layer first. So the text stays as long
as the formulas, and there are few layers. Nothing here can fail when it runs: divisors are
``NULLIF(…, 0)``, arguments are replaced by NULL before a function could refuse them. (CASE around a
failing operation would not do: PostgreSQL works out constant parts while planning.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from formula.numbers import LIMIT
from formula.values import Value

LIGHT = 16
"""The weight (columns, constants and operations) up to which an expression may be repeated."""

NULL = SQL("NULL")


@dataclass(frozen=True)
class Sql:
    """A compiled expression. ``error`` is None where it cannot fail; value is NULL on an error.

    ``layer``: the layers whose columns it needs. ``blank``: whether it may be NULL. ``constant``:
    its value where it is a literal of the formula.
    """

    value: Composable
    error: Composable | None = None
    layer: int = 0
    weight: int = 1
    error_weight: int = 1
    blank: bool = True
    constant: Value | None = None


def template(text: str, **parts: Composable) -> Composed:
    """SQL with named places for other SQL. ``text`` is always a constant of this package."""
    return SQL(text).format(**parts)


def text_literal(text: str) -> Composable:
    """A text constant without a ``%`` in it, which would break a statement that has parameters."""
    pieces: list[Composable] = []
    for number, piece in enumerate(text.split("%")):
        pieces += [SQL("chr(37)")] if number else []
        pieces += [SQL("{}::text").format(Literal(piece))] if piece or not number else []
    joined = SQL(" || ").join(pieces)
    return SQL("({})").format(joined) if len(pieces) > 1 else joined


def number_literal(number: Decimal) -> Composable:
    """A numeric constant; the cast keeps PostgreSQL from reading 5 as an integer."""
    return SQL("{}::numeric").format(Literal(format(number, "f")))


def coalesce(parts: Iterable[Composable | None]) -> Composable | None:
    """The first error that is there; None where there can be none."""
    found = [part for part in parts if part is not None]
    if len(found) < 2:
        return found[0] if found else None
    return SQL("COALESCE({})").format(SQL(", ").join(found))


class Layering:
    """Collects the columns of each layer while formulas are compiled."""

    def __init__(self) -> None:
        self.layers: list[list[Composed]] = []
        self._count = 0
        self._placed: dict[int, tuple[Composable, Identifier, int]] = {}

    def place(self, expression: Composable, layer: int, name: str) -> None:
        """Makes ``expression``, which needs ``layer`` layers, the column ``name`` of the next."""
        while len(self.layers) <= layer:
            self.layers.append([])
        column = SQL("{} AS {}").format(expression, Identifier(name))
        self.layers[layer].append(column)

    def _column(self, expression: Composable, layer: int) -> tuple[Identifier, int]:
        """A column for ``expression`` and the layers below which it cannot be used.

        An expression that has a column already keeps it, in whichever layer that one is.
        """
        known = self._placed.get(id(expression))
        if known is None:
            self._count += 1
            name = f"~{self._count}"
            self.place(expression, layer, name)
            # Keeping the expression keeps its id from being given to another one.
            known = self._placed[id(expression)] = (expression, Identifier(name), layer + 1)
        return known[1], known[2]

    def light(self, part: Sql, limit: int = LIGHT) -> Sql:
        """The same with a value that may be repeated."""
        if part.weight <= limit:
            return part
        column, layer = self._column(part.value, part.layer)
        return replace(part, value=column, layer=max(layer, part.layer), weight=1)

    def light_error(self, part: Sql) -> Sql:
        """The same with an error that may be repeated."""
        if part.error is None or part.error_weight <= LIGHT:
            return part
        column, layer = self._column(part.error, part.layer)
        return replace(part, error=column, layer=max(layer, part.layer), error_weight=1)

    def strict(
        self, parts: Sequence[Sql], value: Composable, *, weight: int = 1, blank: bool = False
    ) -> Sql:
        """An operation that cannot fail by itself, on ``parts`` that each stand in it once."""
        return Sql(
            value=value,
            error=coalesce(part.error for part in parts),
            layer=max((part.layer for part in parts), default=0),
            weight=weight + sum(part.weight for part in parts),
            error_weight=1 + sum(part.error_weight for part in parts if part.error),
            blank=blank or any(part.blank for part in parts),
        )

    def checked(
        self,
        parts: Sequence[Sql],
        raw: Composable,
        *,
        failures: Sequence[tuple[Composable, str]] = (),
        weight: int = 1,
    ) -> Sql:
        """A number that is an error from 10^18 on, or where one of ``failures`` holds.

        ``parts`` must be light if there are failures, and ``raw`` NULL where one of those holds.
        """
        result = self.light(self.strict(parts, raw, weight=weight))
        limit = number_literal(LIMIT)
        too_large = template("abs({raw}) >= {limit}", raw=result.value, limit=limit)
        known = _all_known(parts)
        cases = [template("WHEN {c} THEN 'too_large'", c=too_large)] + [
            template("WHEN {c}{known} THEN {code}", c=c, known=known, code=Literal(code))
            for c, code in failures
        ]
        own = template("CASE {cases} END", cases=SQL(" ").join(cases))
        value = template(
            "CASE WHEN abs({raw}) < {limit} THEN {raw} END", raw=result.value, limit=limit
        )
        return replace(
            result,
            value=value,
            error=coalesce([result.error, own]),
            weight=2 * result.weight + 2,
            error_weight=result.error_weight + result.weight + 3 * len(cases),
            blank=True,
        )

    def failing(
        self, parts: Sequence[Sql], value: Composable, failure: Composable, code: str, weight: int
    ) -> Sql:
        """Like ``checked`` where the result cannot be too large. ``parts`` must be light."""
        result = self.strict(parts, value, weight=weight, blank=True)
        own = template(
            "CASE WHEN {c}{known} THEN {code} END",
            c=failure,
            known=_all_known(parts),
            code=Literal(code),
        )
        error = coalesce([result.error, own])
        return replace(result, error=error, error_weight=result.error_weight + weight)

    def select(self, base: Composable, keep: Sequence[str] | None) -> Composed:
        """The whole statement: the base and one nested subselect for each layer."""
        source = SQL("{} AS q").format(base)
        for columns in self.layers:
            layer = SQL("SELECT q.*, {} FROM {} OFFSET 0").format(SQL(", ").join(columns), source)
            source = SQL("({}) AS q").format(layer)
        kept = SQL("q.*") if keep is None else SQL(", ").join(map(Identifier, keep))
        return SQL("SELECT {} FROM {}").format(kept, source)


def _all_known(parts: Sequence[Sql]) -> Composable:
    """`` AND … IS NOT NULL`` for the parts that may be blank: blank goes before an error."""
    tests = [SQL(" AND {} IS NOT NULL").format(part.value) for part in parts if part.blank]
    return SQL("").join(tests)
