"""``leaderboards:`` and ``wallboards:`` of the tenant file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import ProtectedError

from incentives.models import Plan
from metrics.models import Metric
from org import audit
from org import config_tools as tools
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.errors import DomainError
from org.models import Calendar, JobType, Unit, User
from scorecards.checks import board_problems, panel_problems
from scorecards.models import Leaderboard, Wallboard, WallPanel
from scorecards.models.leaderboards import Names
from scorecards.ranking import rank_board, remove

BOARD_DEFAULTS: dict[str, Any] = {
    "of": "people",
    "names": "names",
    "opt_out": False,
    "open_to": "scope",
    "top": 10,
    "movement": "period",
    "active": True,
}
WALL_DEFAULTS: dict[str, Any] = {"names": "initials", "refresh_seconds": 60, "active": True}
PANEL_TOP = 8
REFERENCES = ("metric", "plan", "calendar", "unit", "job_type")

WEIGHTS = tools.by_code("Points at 100 % of the goal, by measure.", tools.number("A weight."))
LEADERBOARDS = tools.by_code(
    "Leaderboards, by code.",
    tools.mapping(
        "Ranks people or teams for the periods of a calendar.",
        {
            "title": tools.text("As people read it.", minLength=1, maxLength=120),
            "metric": tools.text("Ranks this metric. Either this, or a plan."),
            "plan": tools.text("Ranks attainments of this plan's measures."),
            "measure": tools.text("The one measure whose attainment is ranked."),
            "points": WEIGHTS,
            "calendar": tools.text("Whose periods. Left out: the plan's calendar."),
            "of": tools.choice("Who is ranked. Left out: people.", Leaderboard.Of.values),
            "unit": tools.text("Only who works in this unit or below it."),
            "job_type": tools.text("Only who works as this."),
            "minimum_sample": tools.number(
                "Below this many observations nobody is ranked. Left out: as the metric says."
            ),
            "names": tools.choice("How people are named. Left out: names.", Names.values),
            "opt_out": tools.truth(
                "Whether people may choose to be shown without a name. Left out: false."
            ),
            "open_to": tools.choice(
                "Who may open it: everyone on it, or supervisors. Left out: scope.",
                Leaderboard.OpenTo.values,
            ),
            "top": tools.whole("So many places everyone sees. Left out: 10.", minimum=1),
            "movement": tools.choice(
                "Compared with the period before, or with a week ago. Left out: period.",
                Leaderboard.Movement.values,
            ),
            "active": tools.truth("Whether it still ranks. Left out: true."),
        },
        "title",
    ),
)
WALLBOARDS = tools.by_code(
    "Wallboards, by code. Their addresses are made on their pages, never in a file.",
    tools.mapping(
        "A page for a television.",
        {
            "title": tools.text("As it stands on the screen.", minLength=1, maxLength=80),
            "unit": tools.text("Where it hangs: rankings show only its people."),
            "names": tools.choice("How people are named. Left out: initials.", Names.values),
            "refresh_seconds": tools.whole(
                "How often it looks for news, 10 to 3600. Left out: 60.", minimum=10
            ),
            "active": tools.truth("Whether addresses open it. Left out: true."),
            "panels": tools.listing(
                "Its parts, from left to right: up to three leaderboards, and up to three others.",
                tools.mapping(
                    "One part.",
                    {
                        "kind": tools.choice("What it shows.", WallPanel.Kind.values),
                        "leaderboard": tools.text("Whose places, or whose goal together."),
                        "top": tools.whole("So many places, 10 at most. Left out: 8.", minimum=1),
                    },
                    "kind",
                ),
            ),
        },
        "title",
        "panels",
    ),
)


# --- leaderboards


def read_boards() -> dict[str, Any] | None:
    """All leaderboards."""
    rows = Leaderboard.objects.select_related(*REFERENCES).order_by("code")
    return {row.code: _written_board(row) for row in rows} or None


def _written_board(row: Leaderboard) -> dict[str, Any]:
    said: dict[str, Any] = {"title": row.title}
    if row.metric:
        said["metric"] = row.metric.code
    if row.plan:
        said["plan"] = row.plan.code
    weights = {name: _said(weight) for name, weight in row.weights.items()}
    if row.what == Leaderboard.What.ATTAINMENT:
        said["measure"] = next(iter(weights))
    elif row.what == Leaderboard.What.POINTS:
        said["points"] = weights
    if row.plan is None or row.plan.calendar_id != row.calendar_id:
        said["calendar"] = row.calendar.code
    said["unit"] = row.unit and row.unit.code
    said["job_type"] = row.job_type and row.job_type.code
    said["minimum_sample"] = None if row.minimum_sample is None else _said(row.minimum_sample)
    said |= {name: getattr(row, name) for name in BOARD_DEFAULTS}
    return tools.without_defaults(said, BOARD_DEFAULTS)


def _said(value: Any) -> int | Decimal:
    """A number as a file says it."""
    text = _number(value)
    return text if isinstance(text, int) else Decimal(text)


def _number(value: Any) -> Any:
    """A number as JSON keeps it: whole, or exact text."""
    text = tools.plain(value) if not isinstance(value, str) else value
    return int(text) if text.isdigit() and text.isascii() and len(text) <= 15 else text


def apply_boards(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the leaderboards as the file says, and rank those that changed."""
    problems = Problems()
    known = {row.code: row for row in Leaderboard.objects.all()}
    find = _Finder(problems)
    wanted = {code: _board(code, item, find, problems) for code, item in data.items()}
    problems.stop("The leaderboards cannot be applied.")
    said = [_remove_board(known[code], problems) for code in sorted(known.keys() - wanted.keys())]
    problems.stop("Leaderboards that have final periods cannot be left out.")
    for code, fields in wanted.items():
        row = known.get(code)
        if row is None:
            row = Leaderboard.objects.create(code=code, **fields)
            said.append(f"+ leaderboard {code}")
        elif changed := tools.update_row(row, fields):
            said.append(f"~ leaderboard {code}: {', '.join(changed)}")
        else:
            continue
        rank_board(board=row, at=at, on=today)
    if said:
        audit.record(action="set leaderboards", subject=", ".join(data), by=by, at=at)
    return said


class _Finder:
    """The rows that a leaderboard names, by their codes."""

    def __init__(self, problems: Problems) -> None:
        every: dict[str, tuple[str, Any]] = {
            "metric": ("metric", Metric),
            "plan": ("plan", Plan),
            "calendar": ("calendar", Calendar),
            "unit": ("unit", Unit),
            "job_type": ("job type", JobType),
        }
        self.codes = {
            key: Codes(what, model.objects.all(), problems) for key, (what, model) in every.items()
        }

    def __call__(self, item: Mapping[str, Any], where: str) -> dict[str, Any]:
        return {
            key: codes.find(item.get(key), f"{where}.{key}") for key, codes in self.codes.items()
        }


def _board(code: str, item: Mapping[str, Any], find: _Finder, problems: Problems) -> dict[str, Any]:
    where = f"leaderboards.{code}"
    before = len(problems.found)
    fields = find(item, where)
    if fields["calendar"] is None and fields["plan"] is not None:
        fields["calendar"] = fields["plan"].calendar
    fields |= BOARD_DEFAULTS | {key: item[key] for key in BOARD_DEFAULTS if key in item}
    fields |= {"title": item["title"], "what": _what(item), "weights": _weights(item)}
    fields["minimum_sample"] = _minimum(item.get("minimum_sample"))
    if fields["calendar"] is None and len(problems.found) == before:
        problems.add(where, "name a calendar, whose periods are ranked.")
    if fields["top"] > 100:
        problems.add(
            f"{where}.top", f"everyone may see the first 100 at most, not {fields['top']}."
        )
    if len(problems.found) == before:
        for field, sentence in board_problems(Leaderboard(code=code, **fields)):
            key = {"weights": "points" if "points" in item else "measure"}.get(field, field)
            problems.add(f"{where}.{key}", sentence)
    return fields


def _what(item: Mapping[str, Any]) -> str:
    if "points" in item:
        return Leaderboard.What.POINTS
    return Leaderboard.What.ATTAINMENT if "measure" in item else Leaderboard.What.METRIC


def _weights(item: Mapping[str, Any]) -> dict[str, Any]:
    """The weights as they are kept: whole numbers, or exact text."""
    said = item.get("points") or ({item["measure"]: 1} if "measure" in item else {})
    return {name: _number(weight) for name, weight in said.items()}


def _minimum(value: Any) -> Any:
    """A number that is kept with six places; None for none."""
    return None if value is None else Leaderboard._meta.get_field("minimum_sample").to_python(value)


def _remove_board(row: Leaderboard, problems: Problems) -> str:
    try:
        remove(board=row)
    except (DomainError, ProtectedError) as refusal:
        sentence = getattr(refusal, "sentence", "a wallboard shows it. Take it off there first.")
        problems.add(f"leaderboards.{row.code}", sentence)
    return f"- leaderboard {row.code}"


# --- wallboards


def read_walls() -> dict[str, Any] | None:
    """All wallboards with their panels."""
    rows = Wallboard.objects.select_related("unit").prefetch_related("panels__leaderboard")
    return {row.code: _written_wall(row) for row in rows.order_by("code")} or None


def _written_wall(row: Wallboard) -> dict[str, Any]:
    said: dict[str, Any] = {"title": row.title, "unit": row.unit and row.unit.code}
    said |= {name: getattr(row, name) for name in WALL_DEFAULTS}
    panels = [
        tools.without_defaults(
            {
                "kind": panel.kind,
                "leaderboard": panel.leaderboard and panel.leaderboard.code,
                "top": panel.top,
            },
            {"top": PANEL_TOP},
        )
        for panel in row.panels.all()
    ]
    return tools.without_defaults(said, WALL_DEFAULTS) | {"panels": panels}


def apply_walls(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the wallboards as the file says; their addresses and messages stay."""
    problems = Problems()
    units = Codes("unit", Unit.objects.all(), problems)
    boards = Codes("leaderboard", Leaderboard.objects.all(), problems)
    known = {row.code: row for row in Wallboard.objects.all()}
    wanted = {}
    for code, item in data.items():
        where = f"wallboards.{code}"
        fields = WALL_DEFAULTS | {key: item[key] for key in WALL_DEFAULTS if key in item}
        fields |= {"title": item["title"], "unit": units.find(item.get("unit"), f"{where}.unit")}
        if fields["refresh_seconds"] > 3600:
            problems.add(f"{where}.refresh_seconds", "look for news every 3600 seconds at least.")
        wanted[code] = fields, _panels(item["panels"], where, boards, problems)
    problems.stop("The wallboards cannot be applied.")
    said = []
    for code in sorted(known.keys() - wanted.keys()):
        known[code].delete()
        said.append(f"- wallboard {code}")
    for code, (fields, panels) in wanted.items():
        said += _set_wall(code, known.get(code), fields, panels)
    if said:
        audit.record(action="set wallboards", subject=", ".join(data), by=by, at=at)
    return said


def _panels(
    items: list[Mapping[str, Any]], where: str, boards: Codes, problems: Problems
) -> list[dict[str, Any]]:
    found = [
        {
            "order": n,
            "kind": item["kind"],
            "leaderboard": boards.find(item.get("leaderboard"), f"{where}.panels[{n - 1}]"),
            "top": item.get("top", PANEL_TOP),
        }
        for n, item in enumerate(items, 1)
    ]
    if not problems:
        for sentence in panel_problems([WallPanel(**fields) for fields in found]):
            problems.add(f"{where}.panels", sentence)
    return found


def _set_wall(
    code: str, row: Wallboard | None, fields: dict[str, Any], panels: list[dict[str, Any]]
) -> list[str]:
    said = []
    if row is None:
        row = Wallboard.objects.create(code=code, **fields)
        said.append(f"+ wallboard {code}")
    elif changed := tools.update_row(row, fields):
        said.append(f"~ wallboard {code}: {', '.join(changed)}")
    there = list(row.panels.select_related("leaderboard"))
    if tools.difference(there, panels, ("order", "kind", "leaderboard", "top")):
        row.panels.all().delete()
        WallPanel.objects.bulk_create(WallPanel(wallboard=row, **panel) for panel in panels)
        said = said or [f"~ wallboard {code}: panels"]
    return said


SECTIONS: tuple[Section, ...] = (
    Section(key="leaderboards", schema=LEADERBOARDS, read=read_boards, apply=apply_boards),
    Section(key="wallboards", schema=WALLBOARDS, read=read_walls, apply=apply_walls),
)
