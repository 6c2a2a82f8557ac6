"""What a wallboard shows: its panels, read from the standings of leaderboards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Rank

from org.models import Period, UnitClosure
from scorecards.boards import BEGUN, Row, board_rows, named
from scorecards.models import Place, Standing, Wallboard, WallMessage, WallPanel
from scorecards.standing import standing_of


@dataclass(frozen=True)
class Shown:
    """One panel as it is on the screen; ``standing`` None: nothing has been ranked yet."""

    panel: WallPanel
    standing: Standing | None = None
    rows: list[Row] = field(default_factory=list)
    bar: int = 0
    state: str = "none"
    word: str = ""
    messages: list[WallMessage] = field(default_factory=list)

    @property
    def stamp(self) -> str:
        """What a change of this panel changes, so that a screen knows what is new."""
        if self.standing is None:
            return ",".join(str(message.pk) for message in self.messages)
        return f"{self.standing.pk}.{self.standing.at:%Y%m%d%H%M%S}"


@dataclass(frozen=True)
class Wall:
    """A wallboard at a moment. ``complete``: the earliest day up to which its data goes."""

    wallboard: Wallboard
    panels: list[Shown]
    messages: list[WallMessage]
    at: datetime

    @property
    def standings(self) -> list[Standing]:
        """The standings that are on the screen."""
        return [shown.standing for shown in self.panels if shown.standing is not None]

    @property
    def period(self) -> Period | None:
        """The period of all its rankings; None where they have several, or there are none."""
        periods = {standing.period for standing in self.standings}
        return periods.pop() if len(periods) == 1 else None

    @property
    def ranked_at(self) -> datetime | None:
        """The moment of the oldest of its rankings."""
        return min((standing.at for standing in self.standings), default=None)

    @property
    def complete(self) -> date | None:
        """The day up to which all of its data goes; None where no source has said."""
        days = [s.complete_through for s in self.standings if s.complete_through is not None]
        return min(days, default=None)

    @property
    def final(self) -> bool:
        """Whether nothing on it can move any more."""
        return bool(self.standings) and all(s.final_at is not None for s in self.standings)

    @property
    def stamp(self) -> str:
        """What the screen shows, in short: the same stamp, the same screen."""
        return "-".join(shown.stamp for shown in self.panels)


def wall_of(wallboard: Wallboard, *, at: datetime, on: date) -> Wall:
    """A wallboard as it is at a moment of the tenant's day ``on``."""
    panels = list(wallboard.panels.select_related("leaderboard"))
    messages = list(WallMessage.objects.filter(wallboard=wallboard, begins__lte=at, ends__gt=at))
    standings = _standings({p.leaderboard_id for p in panels if p.leaderboard_id})
    units = _units(wallboard, on)
    shown = [
        _shown(panel, standings.get(panel.leaderboard_id), wallboard, units, messages)
        for panel in panels
    ]
    return Wall(wallboard, shown, messages, at)


def _standings(boards: set[int]) -> dict[int | None, Standing]:
    """The latest standing with figures of each board, in one query."""
    found = Standing.objects.filter(leaderboard__in=boards, ranked__gt=0)
    ordered = found.order_by("leaderboard_id", BEGUN, "-period__valid_from")
    latest = ordered.distinct("leaderboard_id").select_related("leaderboard", "period__calendar")
    return {standing.leaderboard_id: standing for standing in latest}


def _units(wallboard: Wallboard, on: date) -> list[int] | None:
    """The units that the wallboard is about; None: all."""
    if wallboard.unit_id is None:
        return None
    below = UnitClosure.objects.filter(
        ancestor=wallboard.unit_id, valid_from__lte=on, valid_to__gt=on
    )
    return list(below.values_list("descendant", flat=True))


def _shown(
    panel: WallPanel,
    standing: Standing | None,
    wallboard: Wallboard,
    units: list[int] | None,
    messages: list[WallMessage],
) -> Shown:
    if panel.kind == WallPanel.Kind.MESSAGES:
        return Shown(panel, messages=messages)
    if standing is None:
        return Shown(panel)
    if panel.kind == WallPanel.Kind.GOAL:
        stands = standing_of(
            standing.whole_attainment,
            kind=standing.whole_kind,
            final=standing.final_at is not None,
        )
        return Shown(panel, standing, bar=stands.bar or 0, state=stands.state, word=stands.word)
    return Shown(panel, standing, rows=_rows(panel, standing, wallboard, units))


def _rows(
    panel: WallPanel, standing: Standing, wallboard: Wallboard, units: list[int] | None
) -> list[Row]:
    """The first places; in a unit those of its own people, ranked among themselves."""
    places: Any = Place.objects.filter(standing_id=standing.pk, rank__isnull=False)
    places = named(places.order_by("position"), standing.leaderboard)
    if units is None:
        return board_rows(places[: panel.top], standing, subject=None, how=wallboard.names)
    among = places.filter(unit_id__in=units).annotate(
        here=Window(Rank(), order_by=F("rank").asc()),
        was=Window(Rank(), order_by=F("before").asc(nulls_last=True)),
    )
    return _ranked_here(list(among[: panel.top + 1]), panel.top, standing, wallboard)


def _ranked_here(
    places: list[Any], top: int, standing: Standing, wallboard: Wallboard
) -> list[Row]:
    """The places with their ranks among the shown unit's; one more is read, to know of a tie."""
    ranks = [place.here for place in places]
    for number, place in enumerate(places, 1):
        place.rank, place.tied, place.position = place.here, ranks.count(place.here) > 1, number
        place.before = None if place.before is None else place.was
    best = Standing(best=places[0].value if places else None, lower=standing.lower)
    best.leaderboard = standing.leaderboard
    return board_rows(places[:top], best, subject=None, how=wallboard.names)
