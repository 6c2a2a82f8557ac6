"""An example worked out by the SQL engine: by the statement that pays, over rows of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from psycopg.sql import SQL, Identifier

from formula import Ref, Type, error_column
from incentives.evaluate import Work, earned_column, work_out
from incentives.examples.by_decimal import Amount
from incentives.examples.inputs import BEFORE, UNDONE, Input, Needs, Read, Row, needs_of
from incentives.given import SQL_TYPES, Column, Given, Rows
from incentives.leavers import NOT_EMPLOYED
from incentives.measuring import told_name
from incentives.models import Component
from incentives.participants import KEY_COLUMNS, Frame
from incentives.rules import TOTAL, WHOLE, ComponentRule, Per, VersionRules, decided_name, part_name
from org.calendars import make_periods
from org.models import Calendar, Period
from org.sql import fetch

KEY_TYPES = ("bigint", "bigint", "text", "text", "bigint", "bigint", "date", "date", "numeric")
CREDIT_COLUMNS: tuple[Column, ...] = (
    ("~result", "bigint"),
    ("~person", "bigint"),
    ("~day", "date"),
    ("~grain", "text"),
    ("~deal", "bigint"),
    ("~role", "text"),
    ("~share", "numeric"),
    ("~undone", "numeric"),
    ("~current", "boolean"),
    ("~counter", "boolean"),
    ("amount", "numeric"),
    ("weight", "numeric"),
)
DAY_COLUMNS: tuple[Column, ...] = (("result_id", "bigint"), ("day", "date"))


def amounts(rules: VersionRules, read: Read) -> dict[str, Amount]:
    """What each component comes to by name, and ``total`` where the plan has rules of its own."""
    with transaction.atomic():
        frame = Frame(rules, first_period(rules), given=given(rules, read))
        assert frame.given is not None, "an example is given"
        work = work_out(frame, frame.given.results.query)
        found = {
            component.name: _amount(work, component) for component in rules.components.values()
        }
        if rules.whole:
            whole = part_name(WHOLE, "amount")
            found[TOTAL] = _read(whole, error_column(whole))
    return found


def first_period(rules: VersionRules) -> Period:
    """The first period that the version rules, whether or not there is a row of it yet."""
    calendar, day = rules.version.plan.calendar, rules.version.in_force
    known = calendar.periods.filter(valid_from__lte=day, valid_to__gt=day).first()
    if known is not None:
        return known
    start, end = day, day + timedelta(days=1)
    if calendar.kind != Calendar.Kind.OWN_DATES:
        [made, *_] = make_periods(calendar, day, day)
        start, end = made.start, made.end
    return Period(calendar=calendar, code="example", valid_from=start, valid_to=end)


def _amount(work: Work, component: ComponentRule) -> Amount:
    earned = earned_column(component.name)
    if component.per == Component.Per.PERSON:
        amount, error = _read(component.column, error_column(component.column))
        return (Decimal(0), "") if error == "left_out" else (amount, error)
    [[amount]] = fetch(SQL("SELECT {} FROM outcome WHERE result_id = 1").format(Identifier(earned)))
    table = next(name for one, name in work.grains if one.name == component.name)
    errors = fetch(
        SQL('SELECT "~error" FROM {} WHERE "~error" IS NOT NULL LIMIT 1').format(Identifier(table))
    )
    return amount, errors[0][0] if errors else ""


def _read(column: str, error: str) -> Amount:
    [[amount, code]] = fetch(
        SQL("SELECT {}, {} FROM outcome WHERE result_id = 1").format(
            Identifier(column), Identifier(error)
        )
    )
    return amount, code or ""


# --- what is given


def given(rules: VersionRules, read: Read) -> Given:
    """The rows of an example, in the columns that the stages of a calculation read."""
    needs = needs_of(rules)
    columns = list(_columns(rules, needs))
    people = [
        _result(number, row, columns, rules, read)
        for number, row in enumerate((read.own, *read.others), 1)
    ]
    with_errors = {name.removesuffix(" !") for name, _ in columns if name.endswith(" !")}
    return Given(
        results=Rows(columns, people),
        sure=frozenset(name for name, _ in columns if name not in with_errors),
        credits={of: _credits(rules, of, wanted, read) for of, wanted in needs.credits.items()},
        days=_days(rules, needs, read),
    )


def _columns(rules: VersionRules, needs: Needs) -> Iterator[Column]:
    """Everything that is known of a result before its components are worked out."""
    yield from zip(KEY_COLUMNS, KEY_TYPES, strict=True)
    types: dict[str, Type] = {one.key: one.type for one in needs.inputs}
    for measure in rules.measures.values():
        yield measure.name, "numeric"
        types.pop(measure.name, None)
        if measure.derived is not None:
            yield error_column(measure.name), "text"
    for measure in rules.shown:
        decided = decided_name(measure.name)
        yield Ref("goal", measure.name).column, "numeric"
        yield f"{measure.name} ?", "boolean"
        yield decided, "numeric"
        yield error_column(decided), "text"
        yield told_name(measure.name), "text"
        types.pop(decided, None)
        types.pop(Ref("goal", measure.name).column, None)
    yield NOT_EMPLOYED, "boolean"
    for component in rules.components.values():
        if component.rate:
            yield error_column(part_name(component.name, "rate")), "text"
    types.pop("prorate", None)
    yield from ((key, SQL_TYPES[wanted]) for key, wanted in types.items())


def _result(
    number: int, row: Row, columns: Sequence[Column], rules: VersionRules, read: Read
) -> list[Any]:
    start, period = rules.version.in_force, first_period(rules)
    key = (number, number, "", "", 1, 1, start, period.valid_to, row.get("prorate"))
    known: dict[str, Any] = {**row, **dict(zip(KEY_COLUMNS, key, strict=True))}
    known[NOT_EMPLOYED] = False
    known |= {f"{measure.name} ?": False for measure in rules.shown}
    known |= {error_column(name): "left_out" for name in read.decided}
    for component in rules.components.values():
        rate = part_name(component.name, "rate")
        if component.rate:  # one for all, so that only the first says it
            known[rate] = read.own.get(rate)
            known[error_column(rate)] = "no_rate" if known[rate] is None else None
    return [known.get(name) for name, _ in columns]


def _credits(rules: VersionRules, of: str, wanted: Sequence[Input], read: Read) -> Rows:
    own = [one for one in wanted if one.key not in ("amount", "weight", BEFORE, UNDONE)]
    rated = [c for c in rules.components.values() if c.of == of and c.per == Per.CREDIT and c.rate]
    columns: list[Column] = [*CREDIT_COLUMNS]
    columns += [(one.key, SQL_TYPES[one.type]) for one in own]
    for component in rated:
        rate = part_name(component.name, "rate")
        columns += [(rate, "numeric"), (error_column(rate), "text")]
    rows = []
    for number, row in enumerate(read.credits.get(of, ()), 1):
        line = _credit(rules, number, row)
        line += [row.get(one.key) for one in own]
        for component in rated:
            value = read.own.get(part_name(component.name, "rate"))
            line += [value, "no_rate" if value is None else None]
        rows.append(line)
    return Rows(columns, rows)


def _credit(rules: VersionRules, number: int, row: Row) -> list[Any]:
    current = row.get(BEFORE) is not True
    fixed = (1, 1, rules.version.in_force, f"{number:09}", None, None, None, row.get(UNDONE))
    return [*fixed, current, False, row.get("amount"), row.get("weight")]


def _days(rules: VersionRules, needs: Needs, read: Read) -> Rows:
    columns = [*DAY_COLUMNS, *((one.key, "numeric") for one in needs.days)]
    first = rules.version.in_force
    rows = [
        [1, first + timedelta(days=number), *(row.get(one.key) for one in needs.days)]
        for number, row in enumerate(read.days)
    ]
    return Rows(columns, rows)
