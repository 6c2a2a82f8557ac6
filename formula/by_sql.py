"""The emitters of the SQL engine: the same meaning as ``by_decimal``, for a whole population.

Each returns (value, error) as SQL that cannot fail when it runs; see ``layering``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import cast

from psycopg.sql import SQL, Composable, Literal

from formula.layering import NULL, Layering, Sql, coalesce, number_literal, template
from formula.numbers import LARGEST_EXPONENT
from formula.table_sql import curve_sql, lookup_sql, matrix_sql, rate_sql, tier_sql
from formula.tables import CurveTable, LookupTable, MatrixTable, StepTable, Table
from formula.values import BOOLEAN, DATE, NUMBER, TEXT, Type

Emitter = Callable[[Layering, Sequence[Sql], Sequence[Type], Table | None], Sql]

DIVIDEND = SQL("numeric(80, 50)")
"""50 places: a quotient of two 12-place numbers below 10^18 can come as near as 5 * 10^-43 to the
middle between two 12-place numbers. With 40 places it is rounded to that middle, then away."""


def arithmetic(pattern: str) -> Emitter:
    """An operation on numbers whose result may be too large, never anything else."""

    def emitter(
        layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
    ) -> Sql:
        values = {"ab"[number]: part.value for number, part in enumerate(parts)}
        return layers.checked(parts, template(pattern, **values))

    return emitter


def simple(pattern: str, weight: int = 1) -> Emitter:
    """An operation that cannot fail on arguments of its types."""

    def emitter(
        layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
    ) -> Sql:
        values = {"ab"[number]: part.value for number, part in enumerate(parts)}
        return layers.strict(parts, template(pattern, **values), weight=weight)

    return emitter


def subtract(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    if types[0] is DATE:
        return simple("({a} - {b})::numeric")(layers, parts, types, table)
    return arithmetic("({a} - {b})")(layers, parts, types, table)


def divide(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    a, b = (layers.light(part) for part in parts)
    raw = template("round({a}::{wide} / NULLIF({b}, 0), 12)", a=a.value, b=b.value, wide=DIVIDEND)
    if isinstance(b.constant, Decimal) and b.constant != 0:
        return layers.checked((a, b), raw, weight=2)
    zero = template("{b} = 0", b=b.value)
    return layers.checked((a, b), raw, failures=[(zero, "division")], weight=3)


def power(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    a, b = (layers.light(part, 1) for part in parts)
    values = {"a": a.value, "b": b.value, "most": number_literal(Decimal(LARGEST_EXPONENT))}
    bad = template("({b} <> trunc({b}) OR abs({b}) > {most} OR ({a} = 0 AND {b} <= 0))", **values)
    raw = template(
        "round(power((CASE WHEN NOT {bad} THEN {a} END)::numeric(80, 40), {b}), 12)",
        bad=bad,
        **values,
    )
    return layers.checked((a, b), raw, failures=[(bad, "power")], weight=12)


def modulo(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    a, b = (layers.light(part, 1) for part in parts)
    # mod() takes the sign of the dividend; adding the divisor once more takes the divisor's.
    value = template("mod(mod({a}, NULLIF({b}, 0)) + {b}, NULLIF({b}, 0))", a=a.value, b=b.value)
    zero = template("{b} = 0", b=b.value)
    return layers.failing((a, b), value, zero, "division", weight=6)


_ROUNDED = {
    "nearest": "round({a}, {b})",
    "down": "trunc({a}, {b})",
    # Away from zero: one step, less the smallest difference there is, and cut off.
    "up": "trunc({a} + sign({a}) * (power(10::numeric, -{b}) - 0.000000000001), {b})",
}


def rounding(how: str) -> Emitter:
    def emitter(
        layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
    ) -> Sql:
        a = layers.light(parts[0])
        b = layers.light(parts[1], 1) if len(parts) > 1 else number_sql(Decimal(0))
        silly = template("({b} <> trunc({b}) OR abs({b}) > 12)", b=b.value)
        whole = template("(CASE WHEN NOT {silly} THEN {b} END)::int", silly=silly, b=b.value)
        known = isinstance(b.constant, Decimal) and _is_whole(b.constant, -12, 12)
        if known and isinstance(b.constant, Decimal):
            whole = template("({b})", b=Literal(int(b.constant)))
        raw = template(_ROUNDED[how], a=a.value, b=whole)
        failures = [] if known else [(silly, "places")]
        return layers.checked((a, b), raw, failures=failures, weight=1 if known else 8)

    return emitter


def _is_whole(number: Decimal, least: int, most: int) -> bool:
    return number == number.to_integral_value() and least <= number <= most


def extreme(function: str) -> Emitter:
    """LEAST and GREATEST skip NULL; here a blank argument makes the result blank."""

    def emitter(
        layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
    ) -> Sql:
        light = [layers.light(part) if part.blank else part for part in parts]
        values = SQL(", ").join(part.value for part in light)
        value = template(f"{function}({{values}})", values=values)
        tests = [SQL("{} IS NOT NULL").format(part.value) for part in light if part.blank]
        if tests:
            known = SQL(" AND ").join(tests)
            value = template("CASE WHEN {known} THEN {value} END", known=known, value=value)
        extra = sum(1 + part.weight for part in light if part.blank)
        return layers.strict(light, value, weight=1 + extra)

    return emitter


def day(layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None) -> Sql:
    y, m, d = (layers.light(part, 1) for part in parts)
    constants = [part.constant for part in (y, m, d)]
    fixed = _fixed_day([c for c in constants if isinstance(c, Decimal)])
    if fixed is not None:
        return Sql(SQL("{}::date").format(Literal(fixed.isoformat())), blank=False, constant=fixed)
    guarded = {
        name: template(
            "(CASE WHEN {v} = trunc({v}) AND {v} BETWEEN {least} AND {most} THEN {v} END)::int",
            v=part.value,
            least=Literal(least),
            most=Literal(most),
        )
        for name, part, least, most in (("y", y, 1900, 9999), ("m", m, 1, 12), ("d", d, 1, 31))
    }
    raw = template("(make_date({y}, {m}, 1) + ({d} - 1))", **guarded)
    found = layers.light(layers.strict((y, m, d), raw, weight=20, blank=True))
    right = template("extract(month FROM {raw}) = {m}", raw=found.value, m=m.value)
    value = template("CASE WHEN {right} THEN {raw} END", right=right, raw=found.value)
    own = template(
        "CASE WHEN {y} IS NOT NULL AND {m} IS NOT NULL AND {d} IS NOT NULL"
        " AND ({right}) IS NOT TRUE THEN 'date' END",
        y=y.value, m=m.value, d=d.value, right=right,
    )  # fmt: skip
    return replace(
        found, value=value, weight=5, error=coalesce([found.error, own]), error_weight=20
    )


def _fixed_day(parts: Sequence[Decimal]) -> date | None:
    if len(parts) != 3 or not all(_is_whole(part, 1, 9999) for part in parts) or parts[0] < 1900:
        return None
    try:
        return date(*(int(part) for part in parts))
    except ValueError:  # no such day: the general form reports it for each person
        return None


# -- text and comparison ------------------------------------------------------------------------

_AS_TEXT = {
    TEXT: "{a}",
    NUMBER: "trim_scale({a})::text",
    BOOLEAN: "CASE WHEN {a} THEN 'TRUE' WHEN NOT {a} THEN 'FALSE' END",
    DATE: "to_char({a}, 'YYYY-MM-DD')",
}
FOLDED = 'casefold({a} COLLATE "pg_unicode_fast")'
"""The same folding as Python's ``str.casefold``, whatever the collation of the database."""


def join(layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None) -> Sql:
    light = [
        layers.light(part) if kind is BOOLEAN else part
        for part, kind in zip(parts, types, strict=True)
    ]
    texts = [
        template(_AS_TEXT[kind], a=part.value) for part, kind in zip(light, types, strict=True)
    ]
    return layers.strict(light, template("({a} || {b})", a=texts[0], b=texts[1]), weight=5)


def comparing(operator: str) -> Emitter:
    def emitter(
        layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
    ) -> Sql:
        values = [part.value for part in parts]
        if types[0] is TEXT:
            values = [template(FOLDED, a=value) for value in values]
        value = template(f"({{a}} {operator} {{b}})", a=values[0], b=values[1])
        return layers.strict(parts, value)

    return emitter


# -- decisions ----------------------------------------------------------------------------------


def if_(layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None) -> Sql:
    condition, then, otherwise = layers.light(parts[0]), parts[1], parts[2]
    pattern = "CASE {c} WHEN TRUE THEN {a} WHEN FALSE THEN {b} END"
    value = template(pattern, c=condition.value, a=then.value, b=otherwise.value)
    result = layers.strict((condition, then, otherwise), value)
    branch_error = None
    if then.error is not None or otherwise.error is not None:
        branch_error = template(
            pattern, c=condition.value, a=then.error or NULL, b=otherwise.error or NULL
        )
    return replace(
        result,
        error=coalesce([condition.error, branch_error]),
        error_weight=result.error_weight + condition.weight + 1,
    )


def ifs(layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None) -> Sql:
    result = Sql(NULL, error=SQL("'no_condition'"))
    for position in range(len(parts) - 2, -1, -2):
        condition, value = parts[position], parts[position + 1]
        if condition.constant is True:
            result = value
        else:
            result = if_(layers, (condition, value, result), types, table)
    return result


def deciding(decided_by: bool) -> Emitter:
    joint, undecided = (" OR ", "IS NOT TRUE") if decided_by else (" AND ", "IS NOT FALSE")

    def emitter(
        layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
    ) -> Sql:
        if all(part.error is None for part in parts):
            joined = SQL(joint).join(part.value for part in parts)
            return layers.strict(parts, SQL("({})").format(joined))
        light = [layers.light_error(layers.light(part)) for part in parts]
        error: Composable | None = None
        for part in reversed(light):
            if error is not None:
                error = template(
                    "CASE WHEN {a} {undecided} THEN {error} END",
                    a=part.value,
                    undecided=SQL(undecided),
                    error=error,
                )
            error = coalesce([part.error, error])
        value = SQL("({})").format(SQL(joint).join(part.value for part in light))
        failed = layers.light_error(replace(layers.strict(light, value), error=error,
            error_weight=sum(p.weight + p.error_weight for p in light)))  # fmt: skip
        return _unless_failed(failed)

    return emitter


def _unless_failed(part: Sql) -> Sql:
    """NULL on an error, for values that would not be so by themselves. The error must be light."""
    if part.error is None:
        return part
    value = template(
        "CASE WHEN {error} IS NULL THEN {value} END", error=part.error, value=part.value
    )
    return replace(part, value=value, weight=part.weight + part.error_weight + 2, blank=True)


def choose(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    position, choices = layers.light(parts[0]), parts[1:]
    numbered = list(enumerate(choices, 1))
    values = [template("WHEN {n} THEN {v}", n=Literal(n), v=c.value) for n, c in numbered]
    errors = [template("WHEN {n} THEN {e}", n=Literal(n), e=c.error or NULL) for n, c in numbered]
    value = template("CASE {p} {cases} END", p=position.value, cases=SQL(" ").join(values))
    own = template(
        "CASE WHEN {p} IS NOT NULL THEN CASE {p} {cases} ELSE 'choose' END END",
        p=position.value,
        cases=SQL(" ").join(errors),
    )
    result = layers.strict((position, *choices), value, weight=len(choices), blank=True)
    return replace(
        result,
        error=coalesce([position.error, own]),
        error_weight=result.error_weight + 2 * position.weight + 2 * len(choices),
    )


def default(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    first, second = layers.light_error(parts[0]), parts[1]
    if second.error is not None:
        first = layers.light(first)
    value = template("COALESCE({a}, {b})", a=first.value, b=second.value)
    result = layers.strict((first, second), value)
    if second.error is not None:
        late = template("CASE WHEN {a} IS NULL THEN {error} END", a=first.value, error=second.error)
        error = coalesce([first.error, late])
        result = layers.light_error(
            replace(result, error=error, error_weight=result.error_weight + first.weight + 1)
        )
    return replace(_unless_failed(result), blank=second.blank or result.error is not None)


def is_blank(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    part = layers.light_error(parts[0])
    result = layers.strict((part,), template("({a} IS NULL)", a=part.value))
    return _unless_failed(replace(result, blank=False))


# -- tables -------------------------------------------------------------------------------------


def tier(layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None) -> Sql:
    value = layers.light(parts[0], 1)
    raw, weight = tier_sql(cast(StepTable, table), value.value)
    return layers.checked((value,), raw, weight=weight)


def slice_(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    before, amount = (layers.light_error(layers.light(part, 1)) for part in parts)
    after = arithmetic("({a} + {b})")(layers, (before, amount), types, None)
    if amount.blank:
        # A blank amount makes the result blank even where TIER of what came before is an error.
        known = template("CASE WHEN {b} IS NOT NULL THEN {a} END", a=before.value, b=amount.value)
        before = layers.strict((before, amount), known, weight=1, blank=True)
    ends = [tier(layers, (end,), types, table) for end in (after, before)]
    return arithmetic("({a} - {b})")(layers, ends, types, None)


def rate(layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None) -> Sql:
    value = layers.light(parts[0], 1)
    found, weight = rate_sql(cast(StepTable, table), value.value)
    return layers.strict((value,), found, weight=weight)


def curve(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    value = layers.light(parts[0], 1)
    points = cast(CurveTable, table)
    raw, outside, weight = curve_sql(points, value.value)
    failures = [(outside, "outside")] if points.strict else []
    return layers.checked((value,), raw, failures=failures, weight=weight)


def matrix(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    row, column = (layers.light(part, 1) for part in parts)
    found, weight = matrix_sql(cast(MatrixTable, table), row.value, column.value)
    cell = layers.light(layers.strict((row, column), found, weight=weight, blank=True))
    # Cells are never blank: a NULL from known arguments lies outside.
    missing = template("{cell} IS NULL", cell=cell.value)
    failed = layers.failing((row, column), cell.value, missing, "outside", weight=3)
    return replace(failed, layer=max(failed.layer, cell.layer))


def lookup(
    layers: Layering, parts: Sequence[Sql], types: Sequence[Type], table: Table | None
) -> Sql:
    key = layers.light(parts[0])
    rows = cast(LookupTable, table)
    found_value, weight = lookup_sql(rows, key.value)
    found = layers.light(layers.strict((key,), found_value, weight=weight, blank=True))
    missing = template("{key} IS NOT NULL AND {found} IS NULL", key=key.value, found=found.value)
    if len(parts) == 1:
        own = template("CASE WHEN {missing} THEN 'no_row' END", missing=missing)
        value, error_weight = found.value, 6
        layer = found.layer
    else:
        other = parts[1]
        value = template(
            "CASE WHEN {missing} THEN {other} ELSE {found} END",
            missing=missing, other=other.value, found=found.value,
        )  # fmt: skip
        own = None
        if other.error is not None:
            own = template("CASE WHEN {missing} THEN {e} END", missing=missing, e=other.error)
        error_weight, layer = 6 + other.error_weight, max(found.layer, other.layer)
    total = 1 if len(parts) == 1 else 6 + parts[1].weight + key.weight
    return Sql(value, coalesce([key.error, own]), layer, found.weight + total, error_weight)


def number_sql(number: Decimal) -> Sql:
    """A number of the formula itself."""
    return Sql(number_literal(number), blank=False, constant=number)
