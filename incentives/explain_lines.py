"""Explaining the lines of a component: each credit, day or share of a pool, worked out again.

The Decimal engine works each line out from what the run kept of it; rounding is checked where
it is done over several lines together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Literal

from formula import ErrorValue, Outcome, Step, evaluate
from formula.numbers import CONTEXT
from incentives.by_hand import tenant_currency
from incentives.describe import in_words, titles_of
from incentives.explanation import ComponentLine, Disagreement, GrainLine
from incentives.models import CalculationRun, Earning, Result
from incentives.pools import weight_name
from incentives.rules import ComponentRule, Per, VersionRules, part_name
from metrics.attributes import columns as attribute_columns

Known = dict[str, Any]
# A line of a component within a run: whose, in which job, and for what.
Line = tuple[int, str, str]


def grain_component(
    rules: VersionRules,
    component: ComponentRule,
    known: Mapping[str, Any],
    made: CalculationRun,
    result: Result,
) -> ComponentLine:
    """A component of one person with all its lines."""
    rows = list(
        Earning.objects.filter(
            run_id=made.pk,
            person_id=result.person_id,
            component_id=component.id,
            job=result.job,
        ).order_by("day", "grain")
    )
    work = {Per.CREDIT: _credit, Per.DAY: _day, Per.TEAM: _team}[Per(component.per)]
    deals = deals_of(component, rows)
    lines = tuple(work(component, known, row, deals, made) for row in rows)
    waits = any(row.amount is None for row in rows)
    total = sum((row.amount or Decimal(0) for row in rows), Decimal(0))
    return ComponentLine(
        name=component.name,
        title=component.title,
        rule=in_words(component, titles_of(rules)),
        parts=(),
        amount=None if waits else total,
        currency=rows[0].currency if rows else made.plan.currency or tenant_currency(),
        status=Earning.Status.UNDECIDED if waits else Earning.Status.DECIDED,
        problem="",
        amount_steps=Step(f"the sum of {len(rows)} lines", None if waits else total),
        lines=lines,
    )


def deals_of(component: ComponentRule, rows: Iterable[Earning]) -> dict[int, Known]:
    """What formulas read of the transactions of these lines, by transaction."""
    ids = sorted({row.transaction_id for row in rows if row.transaction_id is not None})
    columns = attribute_columns(component.references, "deal")
    if not ids or not columns:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            SQL(
                "SELECT deal.id, {} FROM metrics_transaction AS deal WHERE deal.id = ANY({})"
            ).format(SQL(", ").join(columns), Literal(ids))
        )
        names = [column.name for column in cursor.description]
        return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in cursor.fetchall()}


# --- one line


def _credit(
    component: ComponentRule,
    known: Mapping[str, Any],
    row: Earning,
    deals: Mapping[int, Known],
    made: CalculationRun,
) -> GrainLine:
    detail = row.detail or {}
    inputs = line_inputs(component, known, row, deals)
    parts, raw = evaluate_line(component, inputs)
    undone = _number(detail.get("reversed")) or Decimal(0)
    value = raw.value if isinstance(raw.value, Decimal) else None
    if raw.error == "left_out":
        value = Decimal(0)
    taken = None if value is None else CONTEXT.multiply(value, 1 - undone)
    said = _rounding(component, row, taken, detail, made)
    return _line(row, parts, raw, said)


def _rounding(
    component: ComponentRule,
    row: Earning,
    raw: Decimal | None,
    detail: Mapping[str, str],
    made: CalculationRun,
) -> str:
    """How the amount of a credit was rounded, in words; Disagreement where it was otherwise."""
    if row.amount is None or "plan" in detail or "person" in detail:
        return ""
    if raw is None:
        raise _disagreement(component, row, raw)
    if component.each == "running":
        before = _number(detail.get("before")) or Decimal(0)
        expected = _rounded(before + raw, component) - _rounded(before, component)
        said = "rounded along the running result"
    elif component.each == "credit":
        expected, said = _rounded(raw, component), ""
    else:
        parties = _parties(component, row, made)
        expected = _shared(row, parties, component)
        said = f"rounded over {len(parties)} parties" if len(parties) > 1 else ""
    if expected != row.amount:
        raise _disagreement(component, row, expected)
    return said


def _parties(
    component: ComponentRule, row: Earning, made: CalculationRun
) -> list[tuple[Line, Decimal]]:
    """The lines that share the rounded sum of a transaction, with what each would get, not
    rounded, in the order in which equal ones get a coin."""
    rows = Earning.objects.filter(run_id=made.pk, component_id=row.component_id)
    if row.transaction_id is None:
        rows = rows.filter(person_id=row.person_id, job=row.job, grain=row.grain)
    else:
        rows = rows.filter(transaction_id=row.transaction_id)
    if component.of_others:
        rows = rows.filter(person_id=row.person_id, job=row.job)
    return [
        (_line_of(one), Decimal(one.detail["raw"]))
        for one in rows.order_by("person_id", "grain")
        if one.detail and "raw" in one.detail and _is_counter(one) == _is_counter(row)
    ]


def _line_of(row: Earning) -> Line:
    return row.person_id, row.job, row.grain


def _is_counter(row: Earning) -> bool:
    """Whether a line takes back what was credited on another day (measures that are *net*)."""
    return row.grain.endswith(" undone")


def _shared(row: Earning, parties: list[tuple[Line, Decimal]], component: ComponentRule) -> Decimal:
    """A line's part of the rounded sum: the largest remainders get the last coins."""
    coin = Decimal(1).scaleb(-component.decimals)
    if len(parties) == 1:
        return _rounded(parties[0][1], component)
    least = {
        line: (raw / coin).to_integral_value(rounding=ROUND_DOWN) * coin for line, raw in parties
    }
    whole = _rounded(sum((raw for _, raw in parties), Decimal(0)), component)
    rest = whole - sum(least.values())
    way = Decimal(1).copy_sign(rest)
    order = sorted(parties, key=lambda one: -way * (one[1] - least[one[0]]))
    extra = {line for line, _ in order[: int(abs(rest) / coin)]}
    mine = _line_of(row)
    return least[mine] + (way * coin if mine in extra else 0)


def _rounded(value: Decimal, component: ComponentRule) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-component.decimals), rounding=ROUND_HALF_UP)


def _day(
    component: ComponentRule,
    known: Mapping[str, Any],
    row: Earning,
    deals: Mapping[int, Known],
    made: CalculationRun,
) -> GrainLine:
    detail = row.detail or {}
    inputs = line_inputs(component, known, row, deals)
    parts, raw = evaluate_line(component, inputs)
    if row.amount is not None and raw.value != row.amount and "plan" not in detail:
        raise _disagreement(component, row, raw.value)
    return _line(row, parts, raw, "")


def _team(
    component: ComponentRule,
    known: Mapping[str, Any],
    row: Earning,
    deals: Mapping[int, Known],
    made: CalculationRun,
) -> GrainLine:
    detail = row.detail or {}
    inputs = line_inputs(component, known, row, deals)
    parts, raw = evaluate_line(component, inputs)
    weight = known[weight_name(component)]
    pool, weights = _number(detail.get("pool")), _number(detail.get("weights"))
    if row.problem == "not_employed":
        return _line(row, parts, raw, "others share the pool")
    if row.amount is not None and (raw.value != pool or weight != _number(detail.get("weight"))):
        raise _disagreement(component, row, raw.value)
    if weight is None or weights is None:
        return _line(row, parts, raw, "")
    said = f"{weight} of {weights}, to the cent by largest remainder"
    return _line(row, parts, raw, said)


def line_inputs(
    component: ComponentRule,
    known: Mapping[str, Any],
    row: Earning,
    deals: Mapping[int, Known],
) -> Known:
    """What the formulas of a line read: of the person, and of the credit, day or unit itself."""
    return {**_blank(component, known), **known, **own_inputs(component, row, deals)}


def own_inputs(component: ComponentRule, row: Earning, deals: Mapping[int, Known]) -> Known:
    """What a line alone has: its amount and deal, the figures of its day, those of its unit."""
    detail = row.detail or {}
    rated = _rate(component, row) if component.rate else {}
    if component.per == Per.DAY:
        return {name: _number(detail.get(name)) for name in sorted(component.measures())} | rated
    if component.per == Per.TEAM:
        return {k[3:]: _number(v) for k, v in detail.items() if k.startswith("in ")}
    found = dict(deals.get(row.transaction_id or 0, {}))
    found |= {name: _number(detail.get(name)) for name in ("amount", "weight")}
    for ref in sorted(component.references):
        if ref.kind == "running" or ref.column in detail:
            found[ref.column] = _number(detail.get(ref.column))
    return found | rated


def _rate(component: ComponentRule, row: Earning) -> Known:
    """The exchange rate of a line; that of the person's result where a day once kept none."""
    name = part_name(component.name, "rate")
    said = _number((row.detail or {}).get(name))
    if said is not None:
        return {name: said}
    return {} if component.per == Per.DAY and not row.problem else {name: ErrorValue("no_rate")}


def evaluate_line(
    component: ComponentRule, inputs: Known
) -> tuple[tuple[tuple[str, str, Outcome], ...], Outcome]:
    """Each part of a component on the inputs of a line, which get the parts; and the amount."""
    parts = []
    for name, formula in component.steps:
        outcome = evaluate(formula, inputs)
        inputs[name] = ErrorValue(outcome.error) if outcome.error else outcome.value
        parts.append((name.partition("__")[2].replace("__", " "), formula.text, outcome))
    return tuple(parts), evaluate(component.amount, inputs)


def _line(
    row: Earning, parts: tuple[tuple[str, str, Outcome], ...], raw: Outcome, said: str
) -> GrainLine:
    return GrainLine(
        grain=row.grain,
        day=row.day,
        about=row.role or "",
        parts=parts,
        raw=raw,
        amount=row.amount,
        status=row.status,
        problem=row.problem or "",
        rounded=said,
    )


def _blank(component: ComponentRule, known: Mapping[str, Any]) -> Known:
    """Nothing for every name that only some transactions have."""
    return {ref.column: None for ref in component.references if ref.column not in known}


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _disagreement(component: ComponentRule, row: Earning, found: object) -> Disagreement:
    return Disagreement(
        f"{component.title}, {row.grain}: the explanation comes to {found}, but {row.amount} was"
        " calculated. This must never happen: tell your administrator, and do not pay."
    )
