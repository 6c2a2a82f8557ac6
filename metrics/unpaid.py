"""Transactions of a person that credit nothing, and why: for the person's statement.

A statement that lists only what pays leaves people guessing about the rest. Nothing of this is
stored: the rules of the group are worked out again, by the engine that explains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable, Literal

from formula import Outcome, Step, evaluate, key_of
from metrics.attributes import attribute, attributes_of, columns
from metrics.credit_rules import RECORDED, Rule, load_one
from metrics.models import TransactionKind, Waiting
from org.models import Person
from org.sql import fetch

MOST_CONDITIONS = 3


@dataclass(frozen=True)
class Unpaid:
    """A transaction that credits a person nothing in one group of rules, and why: a sentence."""

    kind: str
    key: str
    day: date
    why: str

    def __str__(self) -> str:
        return f"{self.day} {self.kind}/{self.key}: {self.why}"


@dataclass(frozen=True)
class _Asked:
    """Whose transactions, of which days ``[start, end)``, as known at which moment."""

    person: int
    start: date
    end: date
    metrics: Collection[int]
    at: datetime


@dataclass(frozen=True)
class _Deal:
    """One transaction with what the rules' conditions read of it."""

    id: int
    key: str
    day: date
    inputs: Mapping[str, Any]


def unpaid(
    *,
    person: Person,
    start: date,
    end: date,
    kinds: Iterable[TransactionKind],
    metrics: Collection[int],
    at: datetime,
) -> list[Unpaid]:
    """The transactions in which a person has a part and that credit none of these metrics to them,
    of the days ``[start, end)``, as known at a moment, in their order.

    ``kinds``: those that rules turn into one of the metrics.
    """
    asked = _Asked(person.pk, start, end, metrics, at)
    found: list[Unpaid] = []
    for kind in kinds:
        rules = load_one(kind)
        for group in rules.groups:
            own = [rule for rule in rules.rules if rule.group == group]
            if any(rule.into in metrics for rule in own):
                found += _of_group(kind, own, asked)
    return sorted(found, key=lambda one: (one.day, one.kind, one.key))


def _of_group(kind: TransactionKind, rules: Sequence[Rule], asked: _Asked) -> Iterator[Unpaid]:
    waits = dict(
        Waiting.objects.filter(kind_id=kind.pk, group=rules[0].group).values_list("key", "sentence")
    )
    for deal in _deals(kind, rules, asked):
        why = waits.get(deal.key) or _why(kind, rules, deal, asked)
        yield Unpaid(kind.code, deal.key, deal.day, why)


DEALS = """
    SELECT deal.id, deal.key, {day} AS day {columns}
    FROM metrics_transaction AS deal
    WHERE deal.kind_id = {kind} AND deal.recorded_at <= {at} AND deal.superseded_at > {at}
      AND {day} >= {start} AND {day} < {end}
      AND EXISTS (SELECT 1 FROM metrics_party AS party WHERE party.transaction_id = deal.id
        AND party.person_id = {person} AND party.role = ANY({roles}::text[]))
      AND NOT EXISTS (SELECT 1 FROM metrics_value AS value WHERE value.transaction_id = deal.id
        AND value.person_id = {person} AND value.rule_id = ANY({rules}::bigint[])
        AND value.recorded_at <= {at} AND value.superseded_at > {at})
    ORDER BY day, deal.key
"""


def _deals(kind: TransactionKind, rules: Sequence[Rule], asked: _Asked) -> Iterator[_Deal]:
    refs = {ref for rule in rules if rule.when is not None for ref in rule.when.references}
    read = columns(refs, "deal")
    roles = sorted({to.name for rule in rules for to in rule.to if to.how == "party"})
    query = SQL(DEALS).format(
        day=_day_of(kind, rules),
        columns=SQL("").join(SQL(", {}").format(column) for column in read),
        kind=Literal(kind.pk),
        at=Literal(asked.at),
        start=Literal(asked.start),
        end=Literal(asked.end),
        person=Literal(asked.person),
        roles=Literal(roles),
        rules=Literal([rule.pk for rule in rules]),
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description][3:]
        rows = cursor.fetchall()
    for pk, key, day, *values in rows:
        yield _Deal(pk, key, day, dict(zip(names, values, strict=True)))


def _day_of(kind: TransactionKind, rules: Sequence[Rule]) -> Composable:
    """The day by which the group's credits count; of a date that is blank, the next one."""
    known = {item.name: item for item in attributes_of(kind)}
    days: list[Composable] = []
    for name in dict.fromkeys(rule.on for rule in rules if rule.on):
        if name == RECORDED:
            days.append(SQL("deal.recorded_at::date"))
        elif name in known:
            days.append(attribute(known[name], "deal"))
    return SQL("coalesce({})").format(SQL(", ").join(days))


# --- why


def _why(kind: TransactionKind, rules: Sequence[Rule], deal: _Deal, asked: _Asked) -> str:
    missed: list[str] = []
    for rule in rules:
        if rule.dated and not rule.valid_from <= deal.day < rule.valid_to:
            continue
        outcome = None if rule.when is None else evaluate(rule.when, deal.inputs)
        if outcome is None or outcome.value is True:
            return _taken(kind, rules, rule, deal, asked)
        if rule.into in asked.metrics:
            missed.append(missed_words(kind, outcome))
    more = "" if len(missed) <= MOST_CONDITIONS else f"; and {len(missed) - MOST_CONDITIONS} more"
    return "; ".join(missed[:MOST_CONDITIONS]) + more + "." if missed else "no rule takes it."


def _taken(
    kind: TransactionKind, rules: Sequence[Rule], rule: Rule, deal: _Deal, asked: _Asked
) -> str:
    """Why a transaction that a rule took credits nothing all the same."""
    if rule.into is None:
        when = f" ({' '.join(rule.when.text.split())})" if rule.when is not None else ""
        return f"rule {rule.words} excludes it on purpose{when}."
    if rule.into not in asked.metrics:
        return f"rule {rule.words} takes it, and credits nothing that this plan pays."
    if rule.once_per:
        alike = [one.pk for one in rules if one.order == rule.order]
        first = _first_of(kind, rule, alike, deal, asked.at)
        if first is not None:
            return (
                f"it counts only once per {' and '.join(rule.once_per)}, and {kind.code} {first[0]}"
                f" of {first[1]} came first."
            )
    return f"rule {rule.words} takes it, but it credits this person nothing."


def _first_of(
    kind: TransactionKind, rule: Rule, alike: list[int], deal: _Deal, at: datetime
) -> tuple[str, date] | None:
    """The transaction that counts in place of one that is alike in all that it counts once for."""
    same = [
        SQL("first.attributes -> {name} = other.attributes -> {name}").format(name=Literal(name))
        for name in rule.once_per
    ]
    found = fetch(
        SQL(
            "SELECT first.key, value.day FROM metrics_transaction AS other"
            " JOIN metrics_transaction AS first ON first.kind_id = other.kind_id AND {same}"
            " JOIN metrics_value AS value ON value.transaction_id = first.id"
            "  AND value.rule_id = ANY({alike}::bigint[]) AND value.recorded_at <= {at}"
            "  AND value.superseded_at > {at}"
            " WHERE other.id = {deal} ORDER BY value.day, first.key LIMIT 1"
        ).format(
            same=SQL(" AND ").join(same),
            alike=Literal(alike),
            at=Literal(at),
            deal=Literal(deal.id),
        )
    )
    return found[0] if found else None


def missed_words(kind: TransactionKind, outcome: Outcome) -> str:
    """Which part of a condition did not hold, with what it read: a clause."""
    step = _decisive(outcome.steps)
    types = {key_of(name): type_ for name, type_ in kind.attributes.items()}
    read = {key_of(leaf.text): leaf for leaf in _leaves(step)}
    said = " and ".join(
        f"{leaf.text} is {_value(leaf, types.get(name, ''))}" for name, leaf in read.items()
    )
    what = "cannot be decided" if outcome.value is None else "does not hold"
    return f"{' '.join(step.text.split())} {what}" + (f": {said}" if said else "")


def _decisive(step: Step) -> Step:
    """The innermost condition to which it comes down that the whole does not hold."""
    false = [part for part in step.parts if part.value is False]
    return _decisive(false[0]) if len(false) == 1 else step


def _leaves(step: Step) -> Iterator[Step]:
    if not step.parts:
        yield step
    for part in step.parts:
        yield from _leaves(part)


def _value(leaf: Step, type_: str) -> str:
    """What a name stood for, as people write it: a percent with its sign."""
    if type_ == "percent" and isinstance(leaf.value, Decimal):
        return f"{(leaf.value * 100).normalize():f}%"
    if leaf.value is None and not leaf.error:
        return "blank"
    return {"TRUE": "yes", "FALSE": "no"}.get(leaf.shown, leaf.shown)
