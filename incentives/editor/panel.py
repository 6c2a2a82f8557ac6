"""What stands beside a part: the same in words, worked out over figures, and the help."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from formula import BOOLEAN, Table, TableError, key_of
from formula.numbers import written
from formula.tables import CurveTable, LookupTable, MatrixTable, StepTable
from incentives.editor import choices, figures, names, trial, typed
from incentives.editor.figures import Figure, Worked
from incentives.editor.pages import typed_figures
from incentives.editor.trial import Checked
from incentives.models import Component, Measure, PlanPeriod, PlanVersion, Result
from incentives.rules import ComponentRule, VersionRules
from org.access import request_sees_pay
from org.models import Period, Person
from org.reading import log_reading

REMEMBERED = "worked for"


@dataclass(frozen=True)
class Chosen:
    """For whom and when a rule is worked out."""

    person: Person | None = None
    period: Period | None = None


def panel(
    request: HttpRequest, version: PlanVersion, section: str, saved: Any, form: Any
) -> dict[str, Any]:
    """The panel of a page that is opened, or sent without script."""
    post = typed.sent(request.POST) if request.method == "POST" else _post_of(form)
    if section == "components":
        return component_panel(request, version, saved, post)
    if section == "tables":
        return table_panel(version, saved, post)
    if section == "measures":
        row = typed.measure(version, saved, post)
        return _simple(trial.check_filter(version, row), {}) | measure_said(row)
    whole = typed.whole(version, request.POST) if request.method == "POST" else version
    return _simple(trial.check_whole(whole), titles(version)) | whole_said(whole)


def _post_of(form: Any) -> dict[str, str]:
    """An unsent form as it would be sent."""
    found = {}
    for field in form:
        value = field.value()
        if value is True:
            found[field.name] = "on"
        elif value not in (None, False):
            found[field.name] = str(getattr(value, "pk", value))
    return found


def _simple(checked: Checked, called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "checked": checked,
        "names_json": json.dumps(names.as_data(checked.scope, called)),
        "help": names.helped(checked.scope),
    }


def whole_said(row: PlanVersion) -> dict[str, Any]:
    """What a version says as a whole, in words."""
    return {"choices": choices.of_version(row)}


def measure_said(row: Measure) -> dict[str, Any]:
    """A measure in words, once it says what it stands on."""
    return {"choices": choices.of_measure(row) if row.metric_id or row.earnings_of else []}


def titles(version: PlanVersion) -> dict[str, str]:
    """What the measures of a version stand on, by name."""
    rows = version.measures.select_related("metric")
    return {row.name: row.metric.name if row.metric else row.earnings_of for row in rows}


# --- components


def component_panel(
    request: HttpRequest, version: PlanVersion, saved: Component | None, post: Mapping[str, str]
) -> dict[str, Any]:
    """A component in words, worked out over the figures of whoever was chosen, with its help."""
    row = typed.component(version, saved, post)
    checked = trial.check_component(version, row)
    chosen = chosen_for(request, version)
    given = typed_figures(post)
    if request.method == "GET":
        given = stored_figures(request, version, chosen)
    return {
        **_simple(checked, titles(version)),
        **component_said(row, checked, given),
        "chosen": chosen,
        "periods": periods_of(version),
        "sees_pay": request_sees_pay(request),
    }


def component_said(row: Component, checked: Checked, given: Mapping[str, str]) -> dict[str, Any]:
    """A component in words, and worked out over the figures that stand beside it."""
    context: dict[str, Any] = {
        "checked": checked,
        "empty": not row.formula.strip(),
        "named": f"{row.per}|{row.of}",
        "choices": choices.of_component(row) if checked.component is not None else [],
    }
    if checked.component is not None and checked.rules is not None:
        needed = figures.needed(checked.rules, checked.component)
        context["choices"] += _over_the_year(checked.rules, checked.component)
        context |= worked_over(checked, needed, given)
    return context


def _over_the_year(rules: VersionRules, component: ComponentRule) -> list[str]:
    """What whoever adds up a year and pays by period should know."""
    read = [rules.measures.get(key_of(name)) for name in sorted(component.measures())]
    yearly = [one.name for one in read if one and one.window.kind == "year_to_date"]
    if component.to_date or not yearly:
        return []
    return [
        f"It reads {', '.join(yearly)}, which adds up the year. If each period is to pay only what"
        " is new, choose “To date” under “Over time”."
    ]


def worked_over(
    checked: Checked, needed: Sequence[Figure], given: Mapping[str, str]
) -> dict[str, Any]:
    """The component over figures, and the figures as boxes to be changed."""
    assert checked.rules is not None
    assert checked.component is not None
    shown = {figure.column: _typed_as(figure, given.get(figure.column, "")) for figure in needed}
    found: dict[str, Any] = {"figures": [(figure, shown[figure.column]) for figure in needed]}
    if not needed or any(shown.values()):
        worked = figures.work_out(checked.rules, checked.component, shown)
        found |= {"worked": worked, "steps": steps_of(worked)}
    return found


def _typed_as(figure: Figure, text: str) -> str:
    """A value as people type it."""
    if figure.type is BOOLEAN:
        return {"true": "yes", "t": "yes", "false": "no", "f": "no"}.get(text, text)
    return text


def steps_of(worked: Worked) -> list[tuple[str, list[tuple[int, str, str, str]]]]:
    """The steps of each part as (depth, text, value, note), the result first."""
    return [(part_words(name), list(_lines(outcome.steps, 0))) for name, outcome in worked.parts]


def part_words(name: str) -> str:
    """What people call a part of a component: ``was formula`` is that of earlier this year."""
    first, _, rest = name.partition(" ")
    if not rest:
        return name
    when = {"was": "earlier this year", "start": "up to the version before"}.get(first, first)
    return f"{rest}, {when}"


def _lines(step: Any, depth: int) -> Any:
    yield min(depth, 6), " ".join(step.text.split()), step.shown, step.note
    for part in step.parts:
        yield from _lines(part, depth + 1)


def periods_of(version: PlanVersion) -> list[Period]:
    """The periods in which a plan can be worked out, the latest first."""
    return list(version.plan.calendar.periods.order_by("-valid_from")[:24])


def chosen_for(request: HttpRequest, version: PlanVersion) -> Chosen:
    """The person and period that were chosen last, or those of the plan's latest run."""
    code, period_code = request.session.get(REMEMBERED, ("", ""))
    periods = version.plan.calendar.periods
    period = periods.filter(code=period_code).first()
    person = Person.objects.filter(code=code).first() if code else None
    if period is None:
        point = _latest(version)
        period = point.period if point else None
    return Chosen(person, period)


def _latest(version: PlanVersion) -> PlanPeriod | None:
    points = PlanPeriod.objects.filter(plan=version.plan_id, run__isnull=False)
    return points.select_related("period").order_by("-period__valid_from").first()


def stored_figures(request: HttpRequest, version: PlanVersion, chosen: Chosen) -> dict[str, str]:
    """The figures that the plan's last run kept of the chosen person, if they may be seen."""
    if chosen.person is None or chosen.period is None:
        return {}
    if not request_sees_pay(request, chosen.person):
        return {}
    point = PlanPeriod.objects.filter(
        plan=version.plan_id, period=chosen.period, run__isnull=False
    ).first()
    if point is None or point.run_id is None:
        return {}
    result = Result.objects.filter(run_id=point.run_id, person_id=chosen.person.pk).first()
    if result is None:
        return {}
    log_reading(request, [chosen.person], what=f"plan editor {chosen.period}")
    return dict(result.inputs)


# --- tables


@dataclass(frozen=True)
class Grid:
    """A table as it was understood."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: str
    functions: str


def table_panel(version: PlanVersion, saved: Any, post: Mapping[str, str]) -> dict[str, Any]:
    """A table as it was understood, with what was read otherwise than it stood."""
    if not post.get("rows", "").strip():
        return {"checked": Checked(()), "grid": None, "names_json": "[]"}
    form = typed.table(version, saved, post)
    sentences = list(form.errors.get("rows", []))
    grid = None if sentences else grid_of(form.instance.spec)
    return {
        "checked": Checked(()),
        "grid": grid,
        "table_problems": sentences,
        "notes": form.notes,
        "names_json": "[]",
    }


def grid_of(spec: Mapping[str, Any]) -> Grid | None:
    """Heads and rows of a table."""
    try:
        table = Table.parse("table", spec)
    except TableError:
        return None
    functions = ", ".join(table.functions)
    if isinstance(table, StepTable):
        bounds = [written(bound, percent=_in_percent(spec, 0)) for bound in table.bounds]
        rows = zip(bounds, [*bounds[1:], "and more"], _rates(table), strict=True)
        return Grid(("From", "To", "Rate"), tuple(rows), "Steps", functions)
    if isinstance(table, CurveTable):
        x_percent, y_percent = _in_percent(spec, 0), _in_percent(spec, 1)
        points = tuple(
            (written(x, percent=x_percent), written(y, percent=y_percent)) for x, y in table.points
        )
        return Grid(("At", "Value"), points, "Curve", functions)
    if isinstance(table, LookupTable):
        pairs = tuple((_cell(key), _cell(value)) for key, value in table.rows)
        return Grid(("Key", "Value"), pairs, "Look-up", functions)
    assert isinstance(table, MatrixTable)
    heads = ("", *(table.columns.label(n) for n in range(len(table.cells[0]))))
    lines = tuple(
        (table.rows.label(n), *map(written, cells)) for n, cells in enumerate(table.cells)
    )
    return Grid(heads, lines, "Matrix", functions)


def _in_percent(spec: Mapping[str, Any], column: int) -> bool:
    """Whether a column of steps or points was written in percent."""
    rows = spec.get("rows") or spec.get("points") or ()
    return any(str(row[column]).strip().endswith("%") for row in rows)


def _rates(table: StepTable) -> list[str]:
    return [written(rate, percent=table.percent) for rate in table.rates]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else written(value)
