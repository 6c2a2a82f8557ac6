"""``metrics:`` of the tenant file: what each figure is, from which day on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from formula import (
    NUMBER,
    Formula,
    FormulaError,
    Name,
    Scope,
    Type,
    check,
    dependency_order,
    key_of,
    name_problem,
)
from formula.numbers import read_number
from metrics.models import Goal, Metric, MetricDefinition, Value
from metrics.tags import Tag
from org import config_tools as tools
from org.audit import record
from org.changes import Mark, record_change
from org.config_section import Section
from org.config_tools import Problems
from org.dates import FOREVER, NEVER
from org.models import InputChange, User

M = MetricDefinition
DEFAULTS: dict[str, Any] = {
    "unit": M.Unit.COUNT,
    "direction": M.Direction.HIGHER,
    "decimals": 2,
    "attainment_formula": "",
    "attainment_decimals": None,
    "minimum_sample": None,
    "formula": "",
}
FIELDS = ("kind", "attainment", *DEFAULTS, "valid_from", "valid_to")
ATTAINMENT = {
    M.Direction.HIGHER: M.Attainment.ACTUAL_BY_GOAL,
    M.Direction.LOWER: M.Attainment.GOAL_BY_ACTUAL,
}

DEFINITION = tools.mapping(
    "What the metric is, and from which day on.",
    {
        "name": tools.text("As people read it. Left out: the code."),
        "tags": tools.listing(
            "What compliance packs go by; of several definitions the first says it.",
            tools.choice("A tag.", Tag.values),
            uniqueItems=True,
        ),
        "kind": tools.choice(
            "How values add up: sum; ratio (sum of numerators ÷ sum of denominators); "
            "weighted_mean; last (the latest value); minimum; maximum; derived (a formula).",
            M.Kind.values,
        ),
        "unit": tools.choice("What it counts in. Left out: count.", M.Unit.values),
        "direction": tools.choice("Whether more is better. Left out: higher.", M.Direction.values),
        "decimals": tools.whole("Shown after the point. Left out: 2.", minimum=0, maximum=12),
        "attainment": tools.choice(
            "How the actual is held against the goal: actual_by_goal (actual ÷ goal, the default "
            "where higher is better), goal_by_actual (goal ÷ actual, the default where lower is "
            "better), two_minus (2 − actual ÷ goal), formula.",
            M.Attainment.values,
        ),
        "attainment_formula": tools.formula("With attainment: formula, over actual and goal."),
        "attainment_decimals": tools.whole(
            "Decimals of the attainment in per cent before it decides anything (tables, gates). "
            "Left out: not rounded.",
            minimum=0,
            maximum=12,
        ),
        "minimum_sample": tools.number(
            "Below this denominator or weight (or count of rows) there is no data."
        ),
        "formula": tools.formula("Of a derived metric, over the codes of other metrics."),
        "from": tools.FROM,
        "to": tools.day(
            "First day on which it no longer counts. Left out: until the next one's from."
        ),
    },
    "kind",
)
SCHEMA = tools.by_code(
    "Metrics by the code that formulas use. One definition, or a list of dated ones.",
    {"anyOf": [DEFINITION, tools.listing("Definitions in turn.", DEFINITION, minItems=1)]},
    name=True,
)


def read() -> dict[str, Any] | None:
    """All metrics with their present knowledge of all definitions."""
    metrics = Metric.objects.order_by("code")
    rows = M.objects.filter(superseded_at=NEVER).order_by("metric_id", "valid_from")
    by_metric: dict[int, list[M]] = {}
    for row in rows:
        by_metric.setdefault(row.metric_id, []).append(row)
    return {m.code: _written(m, by_metric[m.pk]) for m in metrics if m.pk in by_metric} or None


def _written(metric: Metric, rows: list[M]) -> Any:
    written = [_definition(row, rows[n + 1 : n + 2]) for n, row in enumerate(rows)]
    if metric.tags:
        written[0] = {"tags": metric.tags, **written[0]}
    if metric.name != metric.code:
        written[0] = {"name": metric.name, **written[0]}
    return written[0] if len(written) == 1 else written


def _definition(row: M, following: list[M]) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in ("kind", *DEFAULTS)}
    if row.attainment != ATTAINMENT[M.Direction(row.direction)]:
        said["attainment"] = row.attainment
    days = tools.write_days(row)
    if following and following[0].valid_from == row.valid_to:
        days.pop("to", None)
    return {**tools.without_defaults(said, DEFAULTS), **days}


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the metrics as the file says; a changed definition marks its days stale."""
    problems = Problems()
    _check_codes(data, problems)
    problems.stop("The metrics cannot be applied.")
    wanted = {code: _wanted(code, item, problems) for code, item in data.items()}
    _check_formulas(wanted, problems)
    problems.stop("The metrics cannot be applied.")
    known = {metric.code: metric for metric in Metric.objects.all()}
    said: list[str] = []
    for code in known.keys() - wanted.keys():
        said += _remove(known[code], problems)
    for code, (own, rows) in wanted.items():
        said += _apply_one(known.get(code), code, own, rows, by=by, at=at)
    problems.stop("Metrics that are in use cannot be left out.")
    return said


def _check_codes(codes: Iterable[str], problems: Problems) -> None:
    seen: dict[str, str] = {}
    for code in codes:
        if sentence := name_problem(code):
            problems.add(f"metrics.{code}", sentence)
        other = seen.setdefault(key_of(code), code)
        if other != code:
            problems.add(f"metrics.{code}", f"formulas cannot tell it from “{other}”.")


def _wanted(
    code: str, item: Any, problems: Problems
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    where = f"metrics.{code}"
    items = item if isinstance(item, list) else [item]
    places = [f"{where}[{n}]" if isinstance(item, list) else where for n in range(len(items))]
    rows = [_fields(one, place, problems) for one, place in zip(items, places, strict=True)]
    for before, after, place in zip(rows, rows[1:], places[1:], strict=False):
        if before["valid_to"] == FOREVER:
            before["valid_to"] = after["valid_from"]
        if before["valid_from"] >= after["valid_from"] or before["valid_to"] > after["valid_from"]:
            problems.add(
                place, "definitions stand in the order of their days, and none overlaps the next."
            )
    names = [one["name"] for one in items if one.get("name")]
    tags: list[str] = next((one["tags"] for one in items if one.get("tags")), [])
    return {"name": names[-1] if names else code, "tags": sorted(tags)}, rows


def _fields(item: Mapping[str, Any], where: str, problems: Problems) -> dict[str, Any]:
    fields = {name: item.get(name, default) for name, default in DEFAULTS.items()}
    fields["kind"] = item["kind"]
    fields["attainment"] = item.get("attainment") or ATTAINMENT[fields["direction"]]
    if fields["minimum_sample"] is not None:
        fields["minimum_sample"] = sample_of(
            fields["minimum_sample"], f"{where}.minimum_sample", problems
        )
    _need("formula", fields["kind"] == M.Kind.DERIVED, "a derived metric", fields, where, problems)
    own = fields["attainment"] == M.Attainment.FORMULA
    _need("attainment_formula", own, "“attainment: formula”", fields, where, problems)
    return fields | tools.days_of(item, where, problems)


def _need(
    key: str, needed: bool, what: str, fields: dict[str, Any], where: str, problems: Problems
) -> None:
    if needed and not fields[key]:
        problems.add(where, f"{what} needs “{key}”.")
    if fields[key] and not needed:
        problems.add(f"{where}.{key}", f"only {what} has this.")


def number_of(value: Any, where: str, problems: Problems) -> Decimal | None:
    """A number of the file, ``4%`` included; a problem where it is none."""
    try:
        return read_number(value)[0]
    except ValueError as error:
        problems.add(where, f"{error}.")
        return None


def sample_of(value: Any, where: str, problems: Problems) -> Decimal | None:
    """A minimum sample: not negative, below 10^12, at most 6 decimals, as the column holds it."""
    sample = number_of(value, where, problems)
    if sample is not None and not (0 <= sample < 10**12 and sample == round(sample, 6)):
        problems.add(where, f"{value} is no sample: from 0 on, with at most 6 decimals.")
    return sample


# -- formulas -------------------------------------------------------------------------------------


Wanted = Mapping[str, tuple[dict[str, Any], list[dict[str, Any]]]]


def _check_formulas(wanted: Wanted, problems: Problems) -> None:
    names = {code: Name(NUMBER) for code in wanted}
    own = {"actual": Name(NUMBER), "goal": Name(NUMBER)}
    derived: list[tuple[str, dict[str, Any], Formula]] = []
    for code, (_, rows) in wanted.items():
        for position, row in enumerate(rows):
            where = f"metrics.{code}" if len(rows) == 1 else f"metrics.{code}[{position}]"
            check_text(row["attainment_formula"], f"{where}.attainment_formula", own, problems)
            found = check_text(row["formula"], f"{where}.formula", names, problems)
            if found:
                derived.append((code, row, found))
    _check_cycles(derived, problems)


def _check_cycles(derived: list[tuple[str, dict[str, Any], Formula]], problems: Problems) -> None:
    """Look at each day from which other definitions count: what is in force then needs an order."""
    for day in sorted({row["valid_from"] for _, row, _ in derived}):
        in_force = {
            code: found
            for code, row, found in derived
            if row["valid_from"] <= day < row["valid_to"]
        }
        try:
            dependency_order(in_force)
        except FormulaError as error:
            problems.add("metrics", str(error))
            return


def check_text(
    text: str,
    where: str,
    names: Mapping[str, Name],
    problems: Problems,
    *,
    expect: Type | None = NUMBER,
) -> Formula | None:
    """A checked formula, or None and a problem that shows the place with a caret."""
    if not text:
        return None
    try:
        return check(text, Scope(names=names), expect)
    except FormulaError as error:
        problems.add(where, str(error))
        return None


# -- writing --------------------------------------------------------------------------------------


def _apply_one(
    metric: Metric | None,
    code: str,
    own: dict[str, Any],
    rows: list[dict[str, Any]],
    *,
    by: User | None,
    at: datetime,
) -> list[str]:
    if metric is None:
        metric = Metric.objects.create(code=code, **own)
        _insert(metric, rows, at)
        return [f"+ metric {code}: {_words(rows)}"]
    said = []
    changed = tools.update_row(metric, own)
    if "name" in changed:
        said.append(f"~ metric {code} is now called “{own['name']}”")
    if "tags" in changed:
        said.append(f"~ metric {code}: tags")
        record(action="tag metric", subject=code, by=by, at=at, detail={"tags": own["tags"]})
    now = M.objects.filter(metric=metric, superseded_at=NEVER)
    changes = tools.difference(now, rows, FIELDS)
    if changes:
        tools.supersede(changes.gone, at=at)
        _insert(metric, changes.new, at)
        _record(metric, changes, by=by, at=at)
        said.append(f"~ metric {code}: {_words(rows)}")
    return said


def _insert(metric: Metric, rows: list[dict[str, Any]], at: datetime) -> None:
    M.objects.bulk_create(M(metric=metric, recorded_at=at, **row) for row in rows)


def _record(metric: Metric, changes: tools.Difference, *, by: User | None, at: datetime) -> None:
    touched = [(row.valid_from, row.valid_to) for row in changes.gone]
    touched += [(row["valid_from"], row["valid_to"]) for row in changes.new]
    sentence = f"The definition of {metric.name} changed"
    marks = [Mark(first, end, metric=metric.pk) for first, end in touched]
    record_change(
        kind=InputChange.Kind.DEFINITION,
        sentence=sentence,
        marks=marks,
        by=by,
        at=at,
        reference=f"metric {metric.code}",
    )
    record(action="define metric", subject=metric.code, by=by, at=at)


def _words(rows: list[dict[str, Any]]) -> str:
    return "; ".join(f"{row['kind']}{tools.day_words(row)}" for row in rows)


def _remove(metric: Metric, problems: Problems) -> list[str]:
    """Take out a metric that nothing ever used; one that is in use stays, and is a problem."""
    used = Value.objects.filter(metric_id=metric.pk).exists() and "values"
    used = used or (Goal.objects.filter(metric=metric).exists() and "goals")
    if not used:
        try:
            with transaction.atomic():
                M.objects.filter(metric=metric).delete()
                metric.delete()
            return [f"- metric {metric.code}"]
        except ProtectedError as error:
            rows = list(error.protected_objects)
            used = str(rows[0]._meta.verbose_name_plural)
    problems.add(
        f"metrics.{metric.code}",
        f"the file leaves this metric out, but there are {used} of it. Put it back, or end it "
        "with “to”.",
    )
    return []


METRICS = Section(key="metrics", schema=SCHEMA, read=read, apply=apply)
