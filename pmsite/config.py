"""``schedules:`` of the tenant file: at which times of its day a tenant wants which job done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from org import audit
from org import config_tools as tools
from org.config_section import Section
from org.config_tools import Problems
from org.errors import DomainError
from org.models import User
from pmsite.models import Schedule
from pmsite.schedule import set_schedule

EVERY_DAY = "1234567"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SCHEMA = tools.listing(
    "Jobs and the times at which they are done. One that is left out is done no more.",
    tools.mapping(
        "A job at a time.",
        {
            "job": tools.text("What is done, such as nightly."),
            "at": tools.text(
                "Time of the tenant's day, such as 02:30.",
                pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
            ),
            "weekdays": tools.listing(
                "On which weekdays. Left out: on all.",
                tools.choice("A weekday.", WEEKDAYS),
                minItems=1,
            ),
            "active": tools.truth("Whether it is done at all. Left out: true."),
        },
        "job",
        "at",
    ),
)


def read() -> list[dict[str, Any]] | None:
    """All schedules."""
    return [_written(row) for row in Schedule.objects.order_by("job", "at_time")] or None


def _written(row: Schedule) -> dict[str, Any]:
    said: dict[str, Any] = {"job": row.job, "at": f"{row.at_time:%H:%M}"}
    if row.weekdays != EVERY_DAY:
        said["weekdays"] = [WEEKDAYS[int(digit) - 1] for digit in row.weekdays]
    return said if row.active else {**said, "active": False}


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Have exactly these schedules."""
    problems = Problems()
    wanted = {}
    for n, item in enumerate(data):
        key = item["job"], time.fromisoformat(item["at"])
        if key in wanted:
            problems.add(f"schedules[{n}]", f"{item['job']} at {item['at']} is there twice.")
        wanted[key] = n, item
    known = {(row.job, row.at_time): row for row in Schedule.objects.all()}
    said = [_remove(known[key], by=by, at=at) for key in sorted(known.keys() - wanted.keys())]
    for key, (n, item) in wanted.items():
        said += _set(known.get(key), n, item, problems, by=by, at=at)
    problems.stop("The schedules cannot be applied.")
    return said


def _remove(row: Schedule, *, by: User | None, at: datetime) -> str:
    words = str(row)
    row.delete()
    audit.record(action="schedule.remove", subject=words, by=by, at=at)
    return f"- schedule {words}"


def _set(
    row: Schedule | None,
    position: int,
    item: Mapping[str, Any],
    problems: Problems,
    *,
    by: User | None,
    at: datetime,
) -> list[str]:
    days = sorted({WEEKDAYS.index(day) + 1 for day in item.get("weekdays", WEEKDAYS)})
    weekdays, active = "".join(map(str, days)), item.get("active", True)
    if row and (row.weekdays, row.active) == (weekdays, active):
        return []
    try:
        with transaction.atomic():
            set_schedule(
                job=item["job"],
                at_time=time.fromisoformat(item["at"]),
                weekdays=weekdays,
                active=active,
                by=by,
                at=at,
            )
    except DomainError as error:
        problems.add(f"schedules[{position}].job", str(error))
    except ValidationError as error:
        problems.add(f"schedules[{position}]", " ".join(error.messages))
    return [f"{'~' if row else '+'} schedule {item['job']} at {item['at']}"]


SECTIONS: tuple[Section, ...] = (Section(key="schedules", schema=SCHEMA, read=read, apply=apply),)
