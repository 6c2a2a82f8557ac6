"""``holidays:`` and ``calendars:`` of the tenant file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Max

from org import audit
from org import config_tools as tools
from org.calendars import Span, add_periods, make_periods, pay_date
from org.changes import Mark, record_change
from org.config_codes import remove
from org.config_section import Section
from org.config_tools import Problems
from org.dates import EARLIEST_DAY, FOREVER, LATEST_DAY, plausible
from org.errors import DomainError
from org.models import (
    Assignment,
    Calendar,
    Holiday,
    HolidayCalendar,
    InputChange,
    Period,
    User,
)

ONE_DAY = timedelta(days=1)

# -- holidays -------------------------------------------------------------------------------------

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = tools.mapping(
    "A day on which the site does not work.",
    {"day": tools.day("Which day."), "name": tools.text("What it is called.")},
    "day",
)
HOLIDAYS_SCHEMA = tools.by_code(
    "Holiday calendars by code: which weekdays a site works, and on which days it does not.",
    tools.mapping(
        "A site's calendar.",
        {
            "weekdays": tools.listing(
                "Working weekdays. Left out: Monday to Friday.",
                tools.choice("A weekday.", WEEKDAYS),
                minItems=1,
            ),
            "default": tools.truth("Whether it counts for units that name none. Left out: false."),
            "days": tools.listing("The holidays.", HOLIDAY),
        },
    ),
)


def read_holidays() -> dict[str, Any] | None:
    """All holiday calendars with their days."""
    calendars = HolidayCalendar.objects.prefetch_related("holidays").order_by("code")
    return {calendar.code: _written_holidays(calendar) for calendar in calendars} or None


def _written_holidays(calendar: HolidayCalendar) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if calendar.weekdays != "12345":
        said["weekdays"] = [WEEKDAYS[int(number) - 1] for number in calendar.weekdays]
    if calendar.is_default:
        said["default"] = True
    days = [tools.without_defaults({"day": h.day, "name": h.name}, {}) for h in _sorted(calendar)]
    return {**said, "days": days} if days else said


def _sorted(calendar: HolidayCalendar) -> list[Holiday]:
    return sorted(calendar.holidays.all(), key=lambda holiday: holiday.day)


def apply_holidays(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Have exactly these calendars and days; a changed day is a cause for all who are there."""
    problems = Problems()
    for code, item in data.items():
        _check_days_once(code, item or {}, problems)
    if sum(bool(item and item.get("default")) for item in data.values()) > 1:
        problems.add("holidays", "only one calendar can be the default.")
    problems.stop("The holidays cannot be applied.")
    known = {row.code: row for row in HolidayCalendar.objects.all()}
    HolidayCalendar.objects.filter(is_default=True).exclude(
        code__in=[code for code, item in data.items() if item and item.get("default")]
    ).update(is_default=False)
    said: list[str] = []
    for code in sorted(known.keys() - data.keys()):
        said += remove(known[code], "holidays", "holiday calendar", problems)
    for code, item in data.items():
        said += _apply_holidays(known.get(code), code, item or {}, by=by, at=at)
    problems.stop("A holiday calendar that is in use cannot be left out.")
    return said


def _check_days_once(code: str, item: Mapping[str, Any], problems: Problems) -> None:
    days = [holiday["day"] for holiday in item.get("days", [])]
    for day in sorted({day for day in days if days.count(day) > 1}):
        problems.add(f"holidays.{code}", f"{day} stands there {days.count(day)} times.")


def _apply_holidays(
    row: HolidayCalendar | None,
    code: str,
    item: Mapping[str, Any],
    *,
    by: User | None,
    at: datetime,
) -> list[str]:
    numbers = sorted(WEEKDAYS.index(name) + 1 for name in item.get("weekdays", WEEKDAYS[:5]))
    values = {
        "weekdays": "".join(map(str, dict.fromkeys(numbers))),
        "is_default": bool(item.get("default")),
    }
    wanted = {holiday["day"]: holiday.get("name", "") for holiday in item.get("days", [])}
    if row is None:
        row, said = HolidayCalendar.objects.create(code=code, **values), [f"+ holidays {code}"]
        Holiday.objects.bulk_create(Holiday(calendar=row, day=d, name=n) for d, n in wanted.items())
        _mark(code, [(EARLIEST_DAY, FOREVER)] if row.is_default else [], by=by, at=at)
        return said
    before = (row.weekdays, HolidayCalendar.objects.filter(pk=row.pk, is_default=True).exists())
    tools.update_row(row, values)
    known = dict(row.holidays.values_list("day", "name"))
    moved = sorted(known.keys() ^ wanted.keys())
    renamed = [day for day in known.keys() & wanted.keys() if known[day] != wanted[day]]
    row.holidays.exclude(day__in=[d for d in wanted if d not in renamed]).delete()
    new = [day for day in wanted if day not in known or day in renamed]
    Holiday.objects.bulk_create(Holiday(calendar=row, day=d, name=wanted[d]) for d in new)
    other_week = before != (values["weekdays"], values["is_default"])
    if not (moved or renamed or other_week):
        return []
    marks = [(EARLIEST_DAY, FOREVER)] if other_week else [(day, day + ONE_DAY) for day in moved]
    _mark(code, marks, by=by, at=at)
    days = f": {', '.join(map(str, moved[:5]))}{' …' if len(moved) > 5 else ''}" if moved else ""
    return [f"~ holidays {code}{days}"]


def _mark(code: str, days: list[tuple[date, date]], *, by: User | None, at: datetime) -> None:
    audit.record(action="change holidays", subject=code, by=by, at=at)
    if days and Assignment.objects.exists():
        record_change(
            kind=InputChange.Kind.AVAILABILITY,
            sentence=f"The holidays of {code} changed",
            marks=[Mark(first, end) for first, end in days],
            by=by,
            at=at,
            reference=f"holidays {code}",
        )


# -- calendars ------------------------------------------------------------------------------------

PERIOD = tools.mapping(
    "A period of a calendar of its own dates.",
    {
        "code": tools.text("What it is called, such as march."),
        "first_day": tools.day("Its first day."),
        "last_day": tools.day("Its last day, which is part of it."),
        "pay_date": tools.day("When it is paid."),
    },
    "code",
    "first_day",
    "last_day",
)
CALENDAR_DEFAULTS: dict[str, Any] = {
    "first_day": 1,
    "anchor": None,
    "pay_day": None,
    "pay_days_after": None,
}
CALENDAR = tools.mapping(
    "A way to cut time into periods.",
    {
        "kind": tools.choice("How long its periods are.", Calendar.Kind.values),
        "first_day": tools.whole(
            "Day of the month on which a period begins: 15 for 15th to 14th. Left out: 1.",
            minimum=1,
            maximum=28,
        ),
        "anchor": tools.day(
            "Of weeks: a day on which a period begins. Of quarters and years: a day in the month "
            "in which the year begins."
        ),
        "from": tools.day("Periods are made from the one that contains this day …"),
        "to": tools.day("… to the one that contains this day."),
        "periods": tools.listing("With kind own_dates: the periods.", PERIOD),
        "pay_day": tools.whole(
            "Pay dates: this day of the month in which the period ends; 31 is its last day.",
            minimum=1,
            maximum=31,
        ),
        "pay_days_after": tools.whole(
            "Pay dates: so many days after the period's last day.", minimum=0, maximum=365
        ),
        "pay_dates": tools.by_code(
            "Pay dates that differ from the rule, by the period's code.", tools.day("When.")
        ),
    },
    "kind",
)
CALENDARS_SCHEMA = tools.by_code("Calendars by code, for earning and for paying.", CALENDAR)


def read_calendars() -> dict[str, Any] | None:
    """All calendars, from their first period to their last."""
    calendars = Calendar.objects.prefetch_related("periods").order_by("code")
    return {calendar.code: _written_calendar(calendar) for calendar in calendars} or None


def _written_calendar(calendar: Calendar) -> dict[str, Any]:
    periods = sorted(calendar.periods.all(), key=lambda period: period.valid_from)
    said = {name: getattr(calendar, name) for name in CALENDAR_DEFAULTS}
    written = {"kind": calendar.kind, **tools.without_defaults(said, CALENDAR_DEFAULTS)}
    if calendar.kind == Calendar.Kind.OWN_DATES:
        return {**written, "periods": [_written_period(calendar, p) for p in periods]}
    if not periods:
        return written
    special = {
        p.code: p.pay_date
        for p in periods
        if p.pay_date and p.pay_date != pay_date(calendar, p.valid_to)
    }
    span = {"from": periods[0].valid_from, "to": periods[-1].valid_to - ONE_DAY}
    return {**written, **span, **({"pay_dates": special} if special else {})}


def _written_period(calendar: Calendar, period: Period) -> dict[str, Any]:
    said = {
        "code": period.code,
        "first_day": period.valid_from,
        "last_day": period.valid_to - ONE_DAY,
    }
    if period.pay_date and period.pay_date != pay_date(calendar, period.valid_to):
        said["pay_date"] = period.pay_date
    return said


def apply_calendars(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Have these calendars and periods; a period that is there is never moved or taken away."""
    problems = Problems()
    known = {row.code: row for row in Calendar.objects.all()}
    said: list[str] = []
    for code, item in data.items():
        said += _apply_calendar(known.get(code), code, item, problems, by=by, at=at)
    problems.stop("The calendars cannot be applied.")
    for code in sorted(known.keys() - data.keys()):
        said += remove(known[code], "calendars", "calendar", problems)
    problems.stop("A calendar that is in use cannot be left out.")
    if said:
        subject = f"calendars: {len(said)} changed"
        audit.record(action="configure", subject=subject, by=by, at=at, detail={"said": said})
    return said


def _apply_calendar(
    calendar: Calendar | None,
    code: str,
    item: Mapping[str, Any],
    problems: Problems,
    *,
    by: User | None,
    at: datetime,
) -> list[str]:
    where = f"calendars.{code}"
    values = {"kind": item["kind"]} | {
        name: item.get(name, default) for name, default in CALENDAR_DEFAULTS.items()
    }
    if values["pay_day"] is not None and values["pay_days_after"] is not None:
        problems.add(where, "gives both pay_day and pay_days_after. Give one of them.")
        return []
    made = calendar is None
    if calendar is None:
        calendar = Calendar.objects.create(code=code, **values)
    elif _recut(calendar, values):
        problems.add(
            where,
            "cannot be cut otherwise, because it has periods already. Make a calendar of another "
            "name for the new ones.",
        )
        return []
    changed = tools.update_row(calendar, values)
    there = set(calendar.periods.values_list("code", flat=True))
    try:
        added = _write_periods(calendar, _spans(calendar, item))
    except DomainError as refusal:
        problems.add(where, str(refusal))
        return []
    paid = _set_pay_dates(calendar, item, problems, there, by=by, at=at)
    if made:
        return [f"+ calendar {code}: {added} periods"]
    words = [*changed, *([f"{added} periods more"] if added else []), *paid]
    return [f"~ calendar {code}: {', '.join(words)}"] if words else []


def _recut(calendar: Calendar, values: Mapping[str, Any]) -> bool:
    cut = ("kind", "first_day", "anchor")
    differs = any(getattr(calendar, name) != values[name] for name in cut)
    return differs and calendar.periods.exists()


def _spans(calendar: Calendar, item: Mapping[str, Any]) -> list[Span]:
    if calendar.kind == Calendar.Kind.OWN_DATES:
        return [_own_span(period) for period in item.get("periods", [])]
    if item.get("periods"):
        raise DomainError("only a calendar of kind own_dates lists its periods.")
    if "from" not in item and "to" not in item:
        return []
    if "from" not in item or "to" not in item:
        raise DomainError("needs both from and to, the days between which periods are made.")
    _refuse_far(item["from"], item["to"])
    return make_periods(calendar, item["from"], item["to"])


def _refuse_far(*days: date) -> None:
    for day in days:
        if not plausible(day):
            raise DomainError(
                f"{day} is no plausible day. Give one between {EARLIEST_DAY} and {LATEST_DAY}."
            )


def _own_span(period: Mapping[str, Any]) -> Span:
    _refuse_far(period["first_day"], period["last_day"])
    if period["last_day"] < period["first_day"]:
        raise DomainError(f"period {period['code']} ends before it begins.")
    return Span(period["code"], period["first_day"], period["last_day"] + ONE_DAY)


def _write_periods(calendar: Calendar, spans: list[Span]) -> int:
    """Add the periods that are missing; refuses one that would move or overlap another."""
    known = {p.code: (p.valid_from, p.valid_to) for p in calendar.periods.all()}
    for span in spans:
        if known.get(span.code, (span.start, span.end)) != (span.start, span.end):
            raise DomainError(
                f"period {span.code} is there already with other days: {known[span.code][0]} to "
                f"{known[span.code][1] - ONE_DAY}. Give the new one another code."
            )
    new = [span for span in spans if span.code not in known]
    days = [(start, end, code) for code, (start, end) in known.items()]
    days = sorted(days + [(span.start, span.end, span.code) for span in new])
    for (_, end, one), (start, _, two) in pairwise(days):
        if start < end:
            raise DomainError(f"periods {one} and {two} overlap on {start}.")
    add_periods(calendar, new)
    return len(new)


def _set_pay_dates(
    calendar: Calendar,
    item: Mapping[str, Any],
    problems: Problems,
    there: Collection[str],
    *,
    by: User | None,
    at: datetime,
) -> list[str]:
    """Give each period its pay date: the one named, else the rule's.

    ``there``: the codes of the periods that had one before, or none.
    """
    named = dict(item.get("pay_dates") or {})
    named |= {p["code"]: p["pay_date"] for p in item.get("periods", []) if p.get("pay_date")}
    changed = []
    moved: set[date | None] = set()
    for period in calendar.periods.all():
        wanted = named.pop(period.code, None) or pay_date(calendar, period.valid_to)
        if period.pay_date != wanted:
            moved |= {period.pay_date, wanted} if period.code in there else set()
            period.pay_date = wanted
            changed.append(period)
    Period.objects.bulk_update(changed, ["pay_date"])
    _note_pay_dates(calendar, [day for day in moved if day is not None], by=by, at=at)
    for code in named:
        problems.add(f"calendars.{calendar.code}.pay_dates", f"no period is called “{code}”.")
    return [f"{len(changed)} pay dates"] if changed else []


def _note_pay_dates(
    calendar: Calendar, moved: list[date], *, by: User | None, at: datetime
) -> None:
    """Whether somebody was employed on the pay date is seen anew for what is paid on another day:
    what ended since the pay date before those that moved."""
    if not moved or not Assignment.objects.exists():
        return
    earlier = calendar.periods.filter(pay_date__lt=min(moved)).aggregate(last=Max("pay_date"))
    record_change(
        kind=InputChange.Kind.AVAILABILITY,
        sentence=f"Pay dates of the calendar {calendar.code} changed",
        marks=[Mark(earlier["last"] or EARLIEST_DAY, max(moved))],
        by=by,
        at=at,
        reference=f"calendar {calendar.code}",
    )


HOLIDAYS = Section("holidays", HOLIDAYS_SCHEMA, read_holidays, apply_holidays)
CALENDARS = Section("calendars", CALENDARS_SCHEMA, read_calendars, apply_calendars)
