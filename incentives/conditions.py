"""Conditions over a transaction and what is about it: when a part is payable, when it is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import BOOLEAN, Formula, FormulaError, Scope, check, layers
from metrics import attributes
from metrics.models import TransactionKind
from org.sql import NEVER, fetch, keep

MET = "condition met"


def scope_of(kinds: Sequence[TransactionKind]) -> Scope:
    """What a condition may read: attributes and dates of these kinds, and what is about them."""
    return Scope(
        attributes.names_of(kinds),
        about=attributes.about_of(kinds),
        uses=frozenset(attributes.ABOUT),
    )


def read(text: str, kinds: Sequence[TransactionKind]) -> Formula:
    """A condition, checked; FormulaError says what to change, and where."""
    return check(text, scope_of(kinds), BOOLEAN)


def keep_met(name: str, waiting: Composable) -> list[str]:
    """Keep the ids of those whose condition holds now in a temporary table; sentences of trouble.

    ``waiting`` is a query of id, condition and transaction_id (any version: the current one
    decides). Nothing holds of a transaction that is gone: all of it would read as blank. A
    condition that cannot be read any more holds for nobody, and is told.
    """
    keep("waiting_condition", waiting)
    texts = [text for (text,) in fetch("SELECT DISTINCT condition FROM waiting_condition")]
    kinds = list(TransactionKind.objects.order_by("code")) if texts else []
    queries: list[Composable] = []
    troubles = []
    for text in sorted(texts):
        try:
            formula = read(text, kinds)
        except FormulaError as error:
            troubles.append(f"The condition “{text}” cannot be read any more: {error}")
        else:
            queries.append(_met(text, formula, kinds))
    nobody = SQL("SELECT id FROM waiting_condition WHERE false")
    keep(name, SQL(" UNION ALL ").join([nobody, *queries]))
    return troubles


def _met(text: str, formula: Formula, kinds: Iterable[TransactionKind]) -> Composable:
    """The ids of those that wait for one condition which holds by now."""
    columns = attributes.columns(formula.references, "deal", kinds=list(kinds))
    base = SQL(
        "(SELECT waiting.id AS waiting_id{columns} FROM waiting_condition AS waiting"
        " JOIN metrics_transaction AS known ON known.id = waiting.transaction_id"
        " JOIN metrics_transaction AS deal ON deal.kind_id = known.kind_id"
        "  AND deal.key = known.key AND deal.superseded_at = {never}"
        " WHERE waiting.condition = {text})"
    ).format(
        columns=SQL("").join(SQL(", {}").format(column) for column in columns),
        never=SQL(NEVER),
        text=Literal(text),
    )
    sure = sorted(ref.column for ref in formula.references)
    return SQL("SELECT waiting_id AS id FROM ({}) AS worked_out WHERE {}").format(
        layers([[(MET, formula)]], base, never_fails=sure, keep=["waiting_id", MET]),
        Identifier(MET),
    )
