"""What formulas read of a transaction: its attributes, its dates, and what is about it.

A name means the same in every kind of a tenant (``config_credits`` refuses two types of one name),
so a measure that several kinds feed can be read without asking which kind a row has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import BOOLEAN, DATE, NUMBER, TEXT, Name, Ref, Type, key_of, name_problem
from metrics.models import CreditRule, TransactionKind
from org.base import CURRENT
from org.sql import NEVER

TYPES: dict[str, Type] = {
    "money": NUMBER,
    "number": NUMBER,
    "percent": NUMBER,
    "text": TEXT,
    "choice": TEXT,
    "date": DATE,
    "yes_no": BOOLEAN,
}
_READ = {
    NUMBER: "({})::numeric",
    TEXT: "{}",
    BOOLEAN: "({})::boolean",
    DATE: "({})::date",
}
ABOUT = ("count", "sum", "first", "last")


@dataclass(frozen=True)
class Attribute:
    """An attribute or date: how its kinds write it, and its type in formulas."""

    name: str
    type: Type


def kinds_into(metric_ids: Iterable[int]) -> list[TransactionKind]:
    """The kinds of transaction that credit rules, as known now, turn into one of these metrics."""
    rules = CreditRule.objects.filter(CURRENT, into_id__in=list(metric_ids))
    return list(
        TransactionKind.objects.filter(pk__in=rules.values("kind_id")).order_by("code", "pk")
    )


def attributes_of(kind: TransactionKind) -> list[Attribute]:
    """The attributes and dates of a kind, in the order of the tenant file."""
    typed = [Attribute(name, TYPES[type_]) for name, type_ in kind.attributes.items()]
    return typed + [Attribute(name, DATE) for name in kind.dates]


def names_of(kinds: Iterable[TransactionKind]) -> dict[str, Name]:
    """What a formula may call by name: each attribute and date of any of these kinds."""
    found = {key_of(item.name): item for kind in kinds for item in attributes_of(kind)}
    return {item.name: Name(item.type) for item in found.values()}


def about_of(kinds: Iterable[TransactionKind]) -> dict[str, dict[str, Type]]:
    """Kinds that may be about one of these (any may), each with its attributes and dates.

    Without any of ``kinds`` there is nothing to be about, so nothing.
    """
    if not list(kinds):
        return {}
    return about_any(TransactionKind.objects.order_by("code"))


def about_any(kinds: Iterable[TransactionKind]) -> dict[str, dict[str, Type]]:
    """Each kind that formulas can name, with its attributes and dates."""
    return {
        kind.code: {item.name: item.type for item in attributes_of(kind)}
        for kind in kinds
        if not name_problem(kind.code)
    }


def columns(
    refs: Iterable[Ref], deal: str = "deal", *, kinds: Sequence[TransactionKind] | None = None
) -> list[Composable]:
    """``expression AS "column of the reference"`` for each reference to a transaction.

    ``deal``: the alias of a row of ``metrics_transaction``. References of other kinds (measures,
    facts) and names that no kind has are passed over. None of these can fail. ``kinds``: all kinds
    of the tenant, where the caller has them already.
    """
    known = list(TransactionKind.objects.order_by("code") if kinds is None else kinds)
    written = {key_of(item.name): item for kind in known for item in attributes_of(kind)}
    found: list[Composable] = []
    for _, ref in sorted({ref.column: ref for ref in refs}.items()):
        expression = _expression(ref, deal, written, {key_of(kind.code): kind for kind in known})
        if expression is not None:
            found.append(SQL("{} AS {}").format(expression, Identifier(ref.column)))
    return found


def _expression(
    ref: Ref, deal: str, written: Mapping[str, Attribute], kinds: Mapping[str, TransactionKind]
) -> Composable | None:
    if ref.kind == "value":
        item = written.get(key_of(ref.name))
        return None if item is None else attribute(item, deal)
    if ref.kind not in ABOUT:
        return None
    code, _, name = ref.name.partition(".")
    kind = kinds.get(key_of(code))
    if kind is None:
        return None
    return SQL("(SELECT {} FROM metrics_transaction AS about WHERE {})").format(
        aggregated(ref.kind, kind, name, "about"),
        SQL(
            "about.about_kind_id = {deal}.kind_id AND about.about = {deal}.key"
            " AND about.kind_id = {kind} AND about.superseded_at = {never}"
        ).format(deal=Identifier(deal), kind=Literal(kind.pk), never=SQL(NEVER)),
    )


def attribute(item: Attribute, row: str) -> Composable:
    """The typed value of an attribute of a row of ``metrics_transaction``; NULL where blank."""
    text = SQL("{}.attributes ->> {}").format(Identifier(row), Literal(item.name))
    return SQL(_READ[item.type]).format(text)


def aggregated(function: str, kind: TransactionKind, name: str, row: str) -> Composable:
    """What COUNT, SUM, FIRST or LAST makes of rows ``row`` of a kind: an aggregate of SQL.

    First and last go by the kind's first date, then by key; blanks are passed over. A count or sum
    of nothing is 0, a first or last of nothing is blank.
    """
    if function == "count":
        return SQL("count(*)::numeric")
    item = next(i for i in attributes_of(kind) if key_of(i.name) == key_of(name))
    value = attribute(item, row)
    if function == "sum":
        return SQL("coalesce(sum({}), 0)").format(value)
    if item.type is DATE:
        return SQL("min({})" if function == "first" else "max({})").format(value)
    down = SQL("" if function == "first" else " DESC")
    order = SQL('{row}.key COLLATE "C"{down}').format(row=Identifier(row), down=down)
    if kind.dates:
        when = attribute(Attribute(kind.dates[0], DATE), row)
        order = SQL("{}{} NULLS LAST, {}").format(when, down, order)
    return SQL(
        "(array_agg({value} ORDER BY {order}) FILTER (WHERE {value} IS NOT NULL))[1]"
    ).format(value=value, order=order)
