"""What changed on a statement since its person last looked, and why.

What a line came to is kept with what went into it, once for each day on which the person looks; so
the reason is told by the figures, goals and rules that are others now, and by the causes that the
ledger keeps (docs/adr/0188).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from incentives.own import Found, Point
from incentives.rules import ComponentRule
from org.models import Period, Person
from org.prepared import Question
from scorecards.models import SeenStatement
from scorecards.statement import Statement

KEPT = 2
Said = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A line whose amount is another than when the person last looked."""

    what: str
    amount: Decimal
    currency: str
    why: str


@dataclass(frozen=True)
class Changes:
    """All of them, and when the person looked before; None at the first look."""

    since: datetime | None
    rows: list[Change]

    @property
    def sums(self) -> list[tuple[str, Decimal]]:
        """What they come to, by currency."""
        found: dict[str, Decimal] = {}
        for row in self.rows:
            found[row.currency] = found.get(row.currency, Decimal(0)) + row.amount
        return sorted(found.items())


def changes_since(*, found: Statement, on: date) -> Changes:
    """What is otherwise than on the last day before ``on`` on which the person looked."""
    seen = _earlier(found.person, found.period, on)
    if seen is None:
        return Changes(None, [])
    return Changes(seen.at, list(_changes(seen.said, found)))


@transaction.atomic
def note_seen(*, found: Statement, on: date, at: datetime) -> None:
    """Keep what the person sees now as what was seen on this day."""
    seen = SeenStatement(
        person=found.person, period=found.period, day=on, at=at, said=said_by(found)
    )
    SeenStatement.objects.bulk_create(
        [seen],
        update_conflicts=True,
        unique_fields=["tenant", "person", "period", "day"],
        update_fields=["at", "said"],
    )
    rows = SeenStatement.objects.filter(person=found.person, period=found.period)
    rows.exclude(pk__in=rows.order_by("-day").values("pk")[:KEPT]).delete()


def _earlier(person: Person, period: Period, on: date) -> SeenStatement | None:
    found = _EARLIER.objects(person=person.pk, period=period.pk, on=on)
    return found[0] if found else None


def _before(*, person: int, period: int, on: date) -> QuerySet[SeenStatement]:
    rows = SeenStatement.objects.filter(person=person, period=period, day__lt=on)
    return rows.order_by("-day")[:1]


_EARLIER = Question(_before)


# --- what a statement says


def said_by(found: Statement) -> Said:
    """The statement as it is kept: every line, what went in, and the last movement."""
    moves = [move.id for slip in found.slips for move in slip.moves]
    return {
        "lines": {key: line for point in found.points for key, line in _lines(found, point)},
        "last": max(moves, default=0),
    }


def _lines(found: Statement, point: Point) -> Iterator[tuple[str, Said]]:
    rules, plan_period = point.rules, point.plan_period
    assert plan_period.run is not None, "only calculated plan periods are read"
    for result in point.results:
        for component in rules.components.values():
            outcome = result.outcomes.get(component.id)
            if outcome is None:
                continue
            key = "|".join(
                (plan_period.plan.code, str(plan_period.period_id), result.job, component.name)
            )
            yield (
                key,
                {
                    "what": f"{component.title}, {plan_period.plan} {plan_period.period.code}",
                    "amount": str(outcome.decided),
                    "currency": outcome.currency,
                    "version": plan_period.run.version.number,
                    "lines": outcome.lines,
                    "figures": _figures(point, component, result),
                },
            )


def _figures(point: Point, component: ComponentRule, result: Found) -> dict[str, list[str]]:
    """What a component reads by its title: the figure, and its goal."""
    found: dict[str, list[str]] = {}
    for name in sorted(component.measures()):
        measure = point.rules.measures.get(name)
        if measure is not None:
            for part in point.rules.under(measure):
                if part.derived is None:
                    goal = result.inputs.get(f"goal {name}", "")
                    found[part.title] = [result.inputs.get(part.name, ""), goal]
    for ref in sorted(component.references):
        if ref.kind in ("fact", "rank", "share", "tenure"):
            found[f"{ref.kind} {ref.subject}".strip()] = [result.inputs.get(ref.column, ""), ""]
    return found


# --- what is otherwise


def _changes(said: Said, found: Statement) -> Iterator[Change]:
    now = said_by(found)["lines"]
    for key in dict.fromkeys((*now, *said["lines"])):
        before, after = said["lines"].get(key), now.get(key)
        one = after or before
        amount = _amount(after) - _amount(before)
        if amount:
            yield Change(one["what"], amount, one["currency"], _why(before, after))
    for slip in found.slips:
        for item in (*slip.differences, *slip.adjustments, *slip.opening):
            fresh = [move for move in item.moves if move.id > said["last"]]
            amount = sum((move.granted for move in fresh), Decimal(0))
            if amount:
                why = "; ".join(dict.fromkeys(move.cause for move in fresh if move.cause))
                what = f"{item.first.title or item.first.component or 'Adjustment'}"
                earned = f", {item.first.earned}" if item.first.earned else ""
                yield Change(f"{what}{earned}, booked", amount, slip.currency, why)


def _amount(line: Said | None) -> Decimal:
    return Decimal(line["amount"]) if line else Decimal(0)


def _why(before: Said | None, after: Said | None) -> str:
    """Why a line came to something else, by what went into it."""
    if before is None:
        return "This line was not there when you last looked."
    if after is None:
        return "This line is not paid any more: the rules or whom they are for have changed."
    reasons = []
    if before["version"] != after["version"]:
        reasons.append(f"version {after['version']} of the rules took over")
    reasons += _moved(before["figures"], after["figures"])
    if not reasons and before["lines"] != after["lines"]:
        reasons.append(f"{after['lines']} lines count where there were {before['lines']}")
    said = "; ".join(reasons) or "what others reached, or single deals behind it, moved"
    return f"{said[0].upper()}{said[1:]}."


def _moved(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> Iterator[str]:
    for title in dict.fromkeys((*after, *before)):
        old, new = before.get(title, ["", ""]), after.get(title, ["", ""])
        if old[0] != new[0]:
            yield f"{title} went from {old[0] or 'no data'} to {new[0] or 'no data'}"
        if old[1] != new[1]:
            yield f"the goal of {title} went from {old[1] or 'none'} to {new[1] or 'none'}"
