"""``goals:`` of the tenant file: all targets there are, with whom and when they are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from metrics.config_metrics import number_of
from metrics.models import Goal, Metric
from org import config_tools as tools
from org.audit import record
from org.changes import Mark, record_change
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import NEVER
from org.models import Calendar, InputChange, JobType, Person, Unit, User

SCHEMA = tools.listing(
    "All goals. The nearest wins: person, unit and job type, nearest unit, job type, everybody. "
    "A goal that the file leaves out counts no longer.",
    tools.mapping(
        "A goal.",
        {
            "metric": tools.text("Code of the metric."),
            "value": tools.number("The target, exact; 95% is 0.95."),
            "person": tools.text("Only for this person (personnel number)."),
            "unit": tools.text("Only in this unit and those below it."),
            "job_type": tools.text("Only for this job type."),
            "of": tools.choice(
                "Whose result it is held against: person (each one's, the default) or team (the "
                "unit's as a whole).",
                Goal.Of.values,
            ),
            "basis": tools.choice(
                "What the value is for: period (a whole period, the default) or person_day (each "
                "working day of each person, so that it follows the head-count).",
                Goal.Basis.values,
            ),
            "calendar": tools.text("Only for periods of this calendar. Left out: of any."),
            "from": tools.FROM,
            "to": tools.TO,
        },
        "metric",
        "value",
    ),
)
DEFAULTS = {"of": Goal.Of.PERSON, "basis": Goal.Basis.PERIOD}
WHOSE = ("metric_id", "of", "calendar_id", "person_id", "unit_id", "job_type_id")
FIELDS = (*WHOSE, "basis", "value", "valid_from", "valid_to")
RELATED = ("metric", "calendar", "person", "unit", "job_type")


def read() -> list[dict[str, Any]] | None:
    """All goals as known now, in a stable order."""
    rows = Goal.objects.filter(superseded_at=NEVER).select_related(*RELATED)
    return sorted((written(row) for row in rows), key=_order) or None


def written(row: Goal) -> dict[str, Any]:
    """A goal as the tenant file says it."""
    codes = {name: getattr(row, name) and getattr(row, name).code for name in RELATED}
    said = {
        "metric": codes.pop("metric"),
        "value": row.value,
        **codes,
        "of": row.of,
        "basis": row.basis,
    }
    return {**tools.without_defaults(said, DEFAULTS), **tools.write_days(row)}


def _order(item: Mapping[str, Any]) -> tuple[str, ...]:
    keys = ("metric", "of", "calendar", "job_type", "unit", "person", "from", "to", "value")
    return tuple(str(item.get(key, "")) for key in keys)


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the goals as the file says: what it leaves out is superseded, what is new is added."""
    problems = Problems()
    wanted = _wanted(data, problems)
    for place, sentence in _ties(wanted):
        problems.add(place, sentence)
    problems.stop("The goals cannot be applied.")
    now = Goal.objects.filter(superseded_at=NEVER).select_related(*RELATED)
    changes = tools.difference(now, wanted, FIELDS)
    if not changes:
        return []
    tools.supersede(changes.gone, at=at)
    added = Goal.objects.bulk_create(
        Goal(recorded_at=at, **{name: row[name] for name in FIELDS}) for row in changes.new
    )
    said = [f"- goal {_words(written(row))}" for row in changes.gone]
    said += [f"+ goal {row['words']}" for row in changes.new]
    note_goals([*changes.gone, *added], said, by=by, at=at)
    return said


def _wanted(data: list[dict[str, Any]], problems: Problems) -> list[dict[str, Any]]:
    codes = {
        "metric": Codes("metric", Metric.objects.all(), problems),
        "calendar": Codes("calendar", Calendar.objects.all(), problems),
        "person": Codes("person", Person.objects.all(), problems),
        "unit": Codes("unit", Unit.objects.all(), problems),
        "job_type": Codes("job type", JobType.objects.all(), problems),
    }
    return [_fields(item, f"goals[{n}]", codes, problems) for n, item in enumerate(data)]


def _fields(
    item: dict[str, Any], where: str, codes: Mapping[str, Codes], problems: Problems
) -> dict[str, Any]:
    fields: dict[str, Any] = {"where": where, "words": _words(item)}
    for name, known in codes.items():
        row = known.find(item.get(name), f"{where}.{name}")
        fields[f"{name}_id"] = row and row.pk
    if item.get("person") and (item.get("unit") or item.get("job_type")):
        problems.add(where, "a goal for a person names neither unit nor job type.")
    fields["value"] = number_of(item["value"], f"{where}.value", problems)
    fields |= {name: item.get(name, default) for name, default in DEFAULTS.items()}
    return fields | tools.days_of(item, where, problems)


def _ties(wanted: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Goals for the same people, metric and calendar whose days overlap: none could win."""
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in wanted:
        alike.setdefault(tuple(row[name] for name in WHOSE), []).append(row)
    for rows in alike.values():
        rows.sort(key=lambda row: row["valid_from"])
        for before, after in pairwise(rows):
            if before["valid_to"] > after["valid_from"]:
                yield (
                    after["where"],
                    f"this goal ({after['words']}) and {before['where']} ({before['words']}) are "
                    f"for the same people on {after['valid_from']}, so neither wins. Give one of "
                    "them other days.",
                )


def _words(item: Mapping[str, Any]) -> str:
    whom = [str(item[name]) for name in ("person", "unit", "job_type") if item.get(name)]
    value = item["value"]
    said = f"{item['metric']} {value if isinstance(value, str) else tools.plain(value)}"
    said += f" for {' and '.join(whom)}" if whom else ""
    said += " of the team" if item.get("of") == Goal.Of.TEAM else ""
    said += " a person-day" if item.get("basis") == Goal.Basis.PERSON_DAY else ""
    for key in ("from", "to"):
        said += f" {key} {item[key]}" if item.get(key) else ""
    return said


def words_of(row: Goal) -> str:
    """A goal in words: its metric and value, for whom and from when."""
    return _words(written(row))


def note_goals(
    rows: Iterable[Goal],
    said: list[str],
    *,
    by: User | None,
    at: datetime,
    reference: str = "tenant file",
) -> None:
    """Record that goals were added or ended: the cause, whom it may move, and the audit row."""
    marks = {Mark(r.valid_from, r.valid_to, person=r.person_id, metric=r.metric_id) for r in rows}
    first = said[0][2:] if len(said) == 1 else f"{len(said)} goals"
    record_change(
        kind=InputChange.Kind.GOAL,
        sentence=f"Goals changed: {first}",
        marks=sorted(marks, key=str),
        by=by,
        at=at,
        reference=reference,
    )
    record(action="set goals", subject=first, by=by, at=at, detail={"changes": said[:200]})


GOALS = Section(key="goals", schema=SCHEMA, read=read, apply=apply)
