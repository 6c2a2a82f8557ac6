"""An effect as a page shows it: figures and names as JSON, amounts as text of exact decimals.

Written while the effect can be read (:mod:`incentives.effect.working`); what it says of groups is
for everybody who may see rules, single people stand in rows of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from psycopg.sql import SQL, Literal

from incentives import calculate
from incentives.effect import groups
from incentives.effect.alone import Pair
from incentives.effect.curves import MOST_CURVES, Curve, Line, curves
from incentives.effect.groups import Group
from incentives.effect.notes import Note, notes
from incentives.effect.working import Worked
from incentives.models import Budget, Component, Plan
from org.dates import NEVER
from org.models import Period
from org.sql import fetch

Json = dict[str, Any]


def report(worked: Worked) -> Json:
    """All that a page says of an effect."""
    plans = {plan.code: plan for plan in Plan.objects.all()}
    return {
        "said": list(worked.said),
        "alone": worked.alone,
        "undecided": list(worked.undecided),
        "final": [plan.name for plan in worked.final],
        "currencies": [_in(currency, worked, plans) for currency in groups.currencies()],
        "curves": curves_of(worked.typical)[:MOST_CURVES],
        "typical": _only(one.person for pair in worked.typical for one in pair if one),
    }


def curves_of(pairs: Iterable[Pair]) -> list[Json]:
    """The pay curves of plans, of each for its typical person before and after."""
    found = []
    for pair in pairs:
        version = next((side.rules.version for side in reversed(pair) if side), None)
        plan = str(version.plan) if version else ""
        found += [{**_curve(curve), "plan": plan} for curve in curves(*pair)]
    return found


def _only(people: Iterable[int]) -> int | None:
    """The one person whom all curves are drawn for; None where there are several."""
    every = set(people)
    return every.pop() if len(every) == 1 else None


def _in(currency: str, worked: Worked, plans: dict[str, Plan]) -> Json:
    everybody = groups.all_together(currency)
    units = groups.by_unit(currency, worked.period)
    said = notes(*groups.of_part_time(currency), units, everybody)
    spread = groups.spread(currency)
    return {
        "currency": currency,
        "all": _group(everybody),
        **_sums(currency),
        "parts": list(_parts(currency, worked, plans)),
        "budgets": list(_budgets(currency, worked, plans)),
        "units": [_group(group) for group in units],
        "job_types": [_group(group) for group in groups.by_job_type(currency)],
        "tenures": [_group(group) for group in groups.by_tenure(currency)],
        "shares": [_group(group) for group in groups.by_share(currency)],
        "notes": [_note(note) for note in said],
        "spread": spread
        and {
            "start": _text(spread.start),
            "step": _text(spread.step),
            "counts": list(spread.counts),
        },
    }


def _sums(currency: str) -> Json:
    """What is gained and lost, and by how many that is which must be told."""
    [(zero, reduced, earned, gain, lose)] = fetch(
        SQL(
            "SELECT count(*) FILTER (WHERE after = 0 AND before > 0),"
            " count(*) FILTER (WHERE earned < 0), coalesce(sum(earned), 0),"
            " coalesce(sum(after - before) FILTER (WHERE after > before), 0),"
            " coalesce(sum(after - before) FILTER (WHERE after < before), 0)"
            " FROM effect_person WHERE currency = {}"
        ).format(Literal(currency))
    )
    return {
        "zero": zero,
        "reduced": reduced,
        "earned": _text(earned),
        "sums": {"gain": _text(gain), "lose": _text(lose)},
    }


def _parts(currency: str, worked: Worked, plans: dict[str, Plan]) -> Iterable[Json]:
    """Each component that pays before or after, in the order of statements."""
    titles: dict[str, dict[str, str]] = {}
    for (plan, component, paid_in), (before, after) in worked.parts.items():
        if paid_in != currency or not (before or after):
            continue
        if plan not in titles:
            titles[plan] = _titles(plans[plan], worked.period)
        yield {
            "plan": plans[plan].name,
            "component": titles[plan].get(component, component),
            "before": _text(before),
            "after": _text(after),
        }


def _titles(plan: Plan, period: Period) -> dict[str, str]:
    version = calculate.version_for(plan, period)
    rows = Component.objects.filter(version=version)
    return {row.name: str(row) for row in rows}


def _budgets(currency: str, worked: Worked, plans: dict[str, Plan]) -> Iterable[Json]:
    """The budget of each plan that has one for the period, and what it comes to."""
    rows = Budget.objects.filter(
        superseded_at=NEVER,
        valid_from__lte=worked.period.valid_from,
        valid_to__gt=worked.period.valid_from,
    )
    amounts = dict(rows.values_list("plan__code", "amount"))
    for code, amount in sorted(amounts.items()):
        sums = [
            s for (plan, _, paid), s in worked.parts.items() if (plan, paid) == (code, currency)
        ]
        if sums:
            before, after = (sum(column, Decimal(0)) for column in zip(*sums, strict=True))
            yield {
                "plan": plans[code].name,
                "amount": _text(amount),
                "before": _text(before),
                "after": _text(after),
            }


def _group(group: Group) -> Json:
    return {
        "key": group.key,
        "name": group.name,
        "people": group.people,
        "before": _text(group.before),
        "after": _text(group.after),
        "gain": group.gain,
        "lose": group.lose,
        "depth": group.depth,
    }


def _note(note: Note) -> Json:
    return {"kind": note.kind, "group": _group(note.group), "others": _group(note.others)}


def _curve(curve: Curve) -> Json:
    return {
        "title": curve.title,
        "measure": curve.measure.title or curve.measure.name,
        "unit": curve.measure.unit,
        "places": curve.measure.decimals,
        "now": None if curve.now is None else _text(curve.now),
        "before": _line(curve.before),
        "after": _line(curve.after),
        "same": curve.before == curve.after,
    }


def _line(line: Line | None) -> Json | None:
    if line is None:
        return None
    return {
        "points": [[_text(x), _text(y)] for x, y in line.points],
        "cliffs": [
            {
                "at": _text(c.at),
                "unit": _text(c.unit),
                "below": _text(c.below),
                "above": _text(c.above),
            }
            for c in line.cliffs
        ],
    }


def _text(value: Decimal) -> str:
    """An exact number as plain digits."""
    return f"{value:f}"
