"""``units:`` of the tenant file: the tree, with every dated move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from org import audit
from org import config_tools as tools
from org.base import CURRENT
from org.config_codes import remove
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import EARLIEST_DAY, FOREVER
from org.models import HolidayCalendar, Unit, UnitClosure, UnitPlacement, User
from org.models.tenants import check_zone
from org.sync import Wanted
from org.units import note_holidays, rebuild_closure, set_placements

DEFAULTS: dict[str, Any] = {"kind": "", "time_zone": ""}
PARENT = {"type": ["string", "null"], "description": "The unit above. Left out: none, a root."}
MOVE = tools.mapping(
    "From this day on the unit hangs elsewhere.",
    {"on": tools.day("The first day under the new parent."), "parent": PARENT},
    "on",
    "parent",
)
SCHEMA = tools.listing(
    "The functional-area tree: divisions, branches, teams.",
    tools.mapping(
        "A unit.",
        {
            "code": tools.text("Short name used in files.", pattern=r"\S"),
            "name": tools.text("As people read it. Left out: the code."),
            "kind": tools.text("Division, branch, team …"),
            "parent": PARENT,
            "from": tools.FROM,
            "to": tools.TO,
            "moves": tools.listing("Later places in the tree, in order.", MOVE),
            "time_zone": tools.text("Left out: the tenant's."),
            "holidays": tools.text("Code of a holiday calendar. Left out: the default one."),
        },
        "code",
    ),
)


def read() -> list[dict[str, Any]] | None:
    """All units, those above first."""
    placements: dict[int, list[UnitPlacement]] = {}
    for row in (
        UnitPlacement.objects.filter(CURRENT).select_related("parent").order_by("valid_from")
    ):
        placements.setdefault(row.unit_id, []).append(row)
    units = Unit.objects.select_related("holiday_calendar").order_by("code")
    depth = dict(UnitClosure.objects.order_by("depth").values_list("descendant_id", "depth"))
    ordered = sorted(units, key=lambda unit: (depth.get(unit.pk, 0), unit.code))
    return [_written(unit, placements.get(unit.pk, [])) for unit in ordered] or None


def _written(unit: Unit, rows: list[UnitPlacement]) -> dict[str, Any]:
    said: dict[str, Any] = {"code": unit.code}
    if unit.name != unit.code:
        said["name"] = unit.name
    said |= tools.without_defaults({name: getattr(unit, name) for name in DEFAULTS}, DEFAULTS)
    if unit.holiday_calendar:
        said["holidays"] = unit.holiday_calendar.code
    if not rows:
        return said
    if rows[0].parent:
        said["parent"] = rows[0].parent.code
    if rows[0].valid_from != EARLIEST_DAY:
        said["from"] = rows[0].valid_from
    if rows[-1].valid_to != FOREVER:
        said["to"] = rows[-1].valid_to
    moves = [
        {"on": row.valid_from, "parent": row.parent.code if row.parent else None}
        for row in rows[1:]
    ]
    return {**said, "moves": moves} if moves else said


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Have exactly these units in these places; refuses circles, and leaving out what is in use."""
    problems = Problems()
    for code, count in Counter(item["code"] for item in data).items():
        if count > 1:
            problems.add(f"units.{code}", f"stands there {count} times.")
    holidays = Codes("holiday calendar", HolidayCalendar.objects.all(), problems)
    wanted = {item["code"]: _fields(item, holidays, problems) for item in data}
    problems.stop("The units cannot be applied.")
    said = []
    known = {unit.code: unit for unit in Unit.objects.all()}
    other_holidays = []
    for code, values in wanted.items():
        before = known[code].holiday_calendar_id if code in known else None
        told = _apply_one(known, code, values)
        said += told
        if told and code in known and known[code].holiday_calendar_id != before:
            other_holidays.append(known[code])
    note_holidays(other_holidays, by=by, at=at)
    units = Codes("unit", known.values(), problems)
    placements = {known[item["code"]]: _placements(item, units, problems) for item in data}
    problems.stop("The units cannot be applied.")
    moved = set_placements(wanted=placements, by=by, at=at)
    new = {line.split()[-1] for line in said if line.startswith("+")}
    said += [f"~ unit {unit.code}: its place" for unit in moved if unit.code not in new]
    said += _remove([known[code] for code in known.keys() - wanted.keys()], problems)
    problems.stop("A unit that is in use cannot be left out.")
    if said:
        subject = f"units: {len(said)} changed"
        audit.record(action="configure", subject=subject, by=by, at=at, detail={"said": said})
    return said


def _fields(item: Mapping[str, Any], holidays: Codes, problems: Problems) -> dict[str, Any]:
    where = f"units.{item['code']}"
    values = {name: item.get(name, default) for name, default in DEFAULTS.items()}
    if values["time_zone"]:
        try:
            check_zone(values["time_zone"])
        except ValidationError as error:
            problems.add(f"{where}.time_zone", error.messages[0])
    values["holiday_calendar"] = holidays.find(item.get("holidays"), f"{where}.holidays")
    return {"name": item.get("name") or item["code"], **values}


def _apply_one(known: dict[str, Unit], code: str, values: dict[str, Any]) -> list[str]:
    if code not in known:
        known[code] = Unit.objects.create(code=code, **values)
        return [f"+ unit {code}"]
    changed = tools.update_row(known[code], values)
    return [f"~ unit {code}: {', '.join(changed)}"] if changed else []


def _placements(item: Mapping[str, Any], units: Codes, problems: Problems) -> list[Wanted]:
    where = f"units.{item['code']}"
    first = {"on": item.get("from") or EARLIEST_DAY, "parent": item.get("parent")}
    steps = [first, *item.get("moves", [])]
    ends = [*(step["on"] for step in steps[1:]), item.get("to") or FOREVER]
    rows = []
    for step, end in zip(steps, ends, strict=True):
        parent = units.find(step["parent"], f"{where}.parent")
        if step["on"] >= end:
            problems.add(
                where, f"from, moves and to stand in order; {end} comes after {step['on']}."
            )
        if parent is not None and parent.code == item["code"]:
            problems.add(where, "cannot hang under itself.")
        rows.append(Wanted(step["on"], end, (parent.pk if parent else None,)))
    return rows


def _remove(units: list[Unit], problems: Problems) -> list[str]:
    said: list[str] = []
    for unit in sorted(units, key=lambda unit: unit.code):
        try:
            with transaction.atomic():
                UnitPlacement.objects.filter(unit=unit).delete()
                UnitClosure.objects.filter(ancestor=unit).delete()
                UnitClosure.objects.filter(descendant=unit).delete()
                line = remove(unit, "units", "unit", problems)
                if not line:
                    raise _StillUsed
        except _StillUsed:
            continue
        said += line
    if said:
        rebuild_closure()
    return said


class _StillUsed(Exception):
    """Rolls the removal of one unit back."""


UNITS = Section("units", SCHEMA, read, apply)
