"""Reading leaderboards: which are open to whom, and the rows that somebody may see.

Everyone sees the first places and the neighbourhood of their own; a supervisor also all of their
people; only roles that see everyone see everybody's place (docs/adr/0161).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable

from incentives.stale import period_is_stale
from org.models import Assignment, Membership, Period, Person, Unit
from org.permissions import Permission
from org.prepared import Question
from org.queries import assignments_on, visible_people
from scorecards.models import Leaderboard, OptOut, Place, Standing
from scorecards.models.leaderboards import Names
from scorecards.naming import NAMELESS, shown_name

BESIDE = 2
LONG = 1000
PER_PAGE = 100  # of which an agent sees the first places and a neighbourhood
FULL_BAR = 100
# Standings with figures first: a period of one day, where all are at nothing, says nothing yet.
BEGUN = Case(When(~Q(best=0), ranked__gt=0, then=Value(0)), default=Value(1))


@dataclass(frozen=True)
class Viewer:
    """Who looks at a board, and how far: at everyone, at a team, or at the own place."""

    membership: Membership
    permissions: frozenset[Permission]
    on: date

    @property
    def person(self) -> int:
        """Who looks, among the tenant's people; 0 for nobody."""
        return self.membership.person_id or 0

    @property
    def everyone(self) -> bool:
        """Whether all places are open."""
        return Permission.SEE_EVERYONE in self.permissions

    @property
    def supervises(self) -> bool:
        """Whether boards for supervisors are open."""
        return self.everyone or Permission.SEE_TEAM in self.permissions


@dataclass(frozen=True)
class Row:
    """One line of a board: ``rank`` as it is said (“2 =”), ``bar`` 0 to 100, ``moved`` places up.

    ``code``: the person whose figures the viewer may open. ``after_gap``: places before it are
    not shown.
    """

    rank: str
    name: str
    beside: str
    value: Decimal | None
    bar: int
    moved: int | None
    mine: bool
    reason: str
    code: str = ""
    after_gap: bool = False

    @property
    def movement(self) -> str:
        """The movement in words."""
        if self.moved is None:
            return "new"
        if self.moved == 0:
            return "same place"
        return f"{'up' if self.moved > 0 else 'down'} {abs(self.moved)}"

    @property
    def steps(self) -> int:
        """How many places it moved, either way."""
        return abs(self.moved or 0)


# --- which boards


def open_boards(viewer: Viewer) -> list[Standing]:
    """The latest standing with figures of each board that is open to somebody, by title.

    Each has ``mine``, the rank of the viewer or the viewer's team, and ``placed``.
    """
    boards = Leaderboard.objects.filter(active=True).values(newest=Subquery(_latest("pk")))
    found = with_own(Standing.objects.filter(pk__in=boards), viewer)
    if not viewer.supervises:
        found = found.filter(Q(placed=True), leaderboard__open_to=Leaderboard.OpenTo.SCOPE)
    return list(found.order_by("leaderboard__title", "leaderboard__code"))


def latest_standing(code: str) -> Standing | None:
    """A board's last standing with figures, else its last one."""
    board = Leaderboard.objects.filter(code=code)
    found = Standing.objects.filter(pk__in=board.values(newest=Subquery(_latest("pk"))))
    return found.select_related("leaderboard", "period__calendar").first()


def _latest(board: str) -> QuerySet[Standing]:
    found = Standing.objects.filter(leaderboard=OuterRef(board))
    return found.order_by(BEGUN, "-period__valid_from").values("pk")[:1]  # type: ignore[return-value]


def find_standing(viewer: Viewer, *, code: str, calendar: str, period: str) -> Standing | None:
    """A board's standing by the codes of its address, with ``mine``, ``placed`` and ``hidden``."""
    where = {"code": code, "calendar": calendar, "period": period}
    found = _STANDING.objects(person=viewer.person, on=viewer.on, **where)
    return found[0] if found else None


def _standing(
    *, person: int, on: date, code: str, calendar: str, period: str
) -> QuerySet[Standing]:
    found = Standing.objects.filter(
        leaderboard__code=code, period__calendar__code=calendar, period__code=period
    )
    return _with_own(found, person, on)


_STANDING = Question(_standing)


def with_own(standings: QuerySet[Standing], viewer: Viewer) -> QuerySet[Standing]:
    """The standings with the viewer's own place: subject, rank and position, None where none."""
    return _with_own(standings, viewer.person, viewer.on)


def _with_own(standings: QuerySet[Standing], somebody: int, on: date) -> QuerySet[Standing]:
    job = assignments_on(on).filter(person=somebody)
    unit = Subquery(job.order_by(_secondary(), "slot").values("unit")[:1])
    person = Value(somebody, output_field=BigIntegerField())
    of_people = When(leaderboard__of=Leaderboard.Of.PEOPLE, then=person)
    own = Place.objects.filter(standing_id=OuterRef("pk"), subject_id=OuterRef("subject"))
    out = OptOut.objects.filter(leaderboard=OuterRef("leaderboard"), person=somebody)
    return standings.annotate(
        stale=period_is_stale(),
        subject=Case(of_people, default=unit, output_field=BigIntegerField()),
        mine=Subquery(own.values("rank")[:1]),
        position=Subquery(own.values("position")[:1]),
        placed=Exists(own),
        hidden=Exists(out),
    ).select_related("leaderboard__unit", "leaderboard__job_type", "period__calendar")


def _secondary() -> Combinable:
    return Case(When(slot=Assignment.PRIMARY, then=Value(0)), default=Value(1))


def may_open(viewer: Viewer, standing: Standing) -> bool:
    """Whether a standing is open to somebody: to supervisors, and to those on it if it says so."""
    open_to_all = standing.leaderboard.open_to == Leaderboard.OpenTo.SCOPE
    return viewer.supervises or (open_to_all and standing.placed)  # type: ignore[attr-defined]


def around(standing: Standing) -> tuple[Period | None, Period | None]:
    """The period before and the one after that the board ranked."""
    start = standing.period.valid_from
    periods = _AROUND.objects(board=standing.leaderboard_id, start=start)
    found = {period.valid_from < start: period for period in periods}
    return found.get(True), found.get(False)


def _around(*, board: int, start: date) -> QuerySet[Period]:
    same = Standing.objects.filter(leaderboard=board)
    before = same.filter(period__valid_from__lt=start).order_by("-period__valid_from")
    after = same.filter(period__valid_from__gt=start).order_by("period__valid_from")
    ids = before.values("period")[:1].union(after.values("period")[:1])
    return Period.objects.filter(pk__in=ids).select_related("calendar").order_by("valid_from")


_AROUND = Question(_around)


# --- which rows


def rows_for(viewer: Viewer, standing: Standing, *, page: int) -> tuple[list[Place], bool]:
    """A page of the places that somebody may see, and whether more follow.

    Positions count through, so whoever sees all reads them by index and skips nothing.
    """
    places = named(_seen(viewer, standing), standing.leaderboard)
    start = (page - 1) * PER_PAGE
    if viewer.everyone:
        places, start = places.filter(position__gt=start), 0
    found = list(places[start : start + PER_PAGE + 1])
    return found[:PER_PAGE], len(found) > PER_PAGE


def _seen(viewer: Viewer, standing: Standing) -> QuerySet[Place]:
    """The places of a standing that somebody may see, in their order, each with ``theirs``."""
    places = Place.objects.filter(standing_id=standing.pk).order_by("position")
    if viewer.everyone or (viewer.supervises and not standing.leaderboard.of_people):
        return places.annotate(theirs=Value(True, output_field=BooleanField()))
    allowed = Q(position__lte=standing.leaderboard.top, rank__isnull=False)
    own = standing.subject or 0  # type: ignore[attr-defined]
    if viewer.supervises:
        seen = _people_of(viewer)
        allowed |= Q(subject_id__in=seen)
        return places.filter(allowed).annotate(theirs=Q(subject_id__in=seen))
    here = standing.position  # type: ignore[attr-defined]
    if here is not None and standing.mine is not None:  # type: ignore[attr-defined]
        allowed |= Q(position__range=(here - BESIDE, here + BESIDE), rank__isnull=False)
    allowed |= Q(subject_id=own)
    return places.filter(allowed).annotate(theirs=Q(subject_id=own))


def _people_of(viewer: Viewer) -> Any:
    """The people whom a supervisor sees: a list, which an index can look up, unless it is long."""
    seen = visible_people(viewer.membership, on=viewer.on).order_by().values_list("pk", flat=True)
    listed = list(seen[: LONG + 1])
    return listed if len(listed) <= LONG else seen


def named(places: QuerySet[Place], board: Leaderboard) -> QuerySet[Place]:
    """The places with the name of each, where they work, and whether they chose to have none."""
    units = Unit.objects.filter(pk=OuterRef("unit_id"))
    if not board.of_people:
        return places.annotate(name=Subquery(units.values("name")[:1]), hidden=Value(False))
    people = Person.objects.filter(pk=OuterRef("subject_id"))
    out = OptOut.objects.filter(leaderboard=board, person_id=OuterRef("subject_id"))
    return places.annotate(
        name=Subquery(people.values("name")[:1]),
        code=Subquery(people.values("code")[:1]),
        unit=Subquery(units.values("name")[:1]),
        hidden=Exists(out) if board.opt_out else Value(False),
    )


def board_rows(
    places: Iterable[Place], standing: Standing, *, subject: int | None, how: str = ""
) -> list[Row]:
    """Lines of a board; ``how`` names people less than the board itself does, where it says so."""
    rows: list[Row] = []
    last = 0
    for place in places:
        row = _row(place, standing, mine=place.subject_id == subject, how=how)
        gap = bool(rows) and place.rank is not None and place.position > last + 1
        rows.append(replace(row, after_gap=gap))
        last = place.position
    return rows


def _row(place: Any, standing: Standing, *, mine: bool, how: str) -> Row:
    board = standing.leaderboard
    name = place.name or NAMELESS
    if board.of_people:
        less = Names.INITIALS if Names.INITIALS in (how, board.names) else board.names
        known = mine or getattr(place, "theirs", False)
        name = shown_name(name, how=less, known=known, opted_out=place.hidden)
    return Row(
        rank="" if place.rank is None else f"{place.rank}{' =' if place.tied else ''}",
        name=name,
        beside=(getattr(place, "unit", "") or "") if name != NAMELESS else "",
        value=None if place.rank is None else place.value,
        bar=bar(place.value, standing),
        moved=None if None in (place.before, place.rank) else place.before - place.rank,
        mine=mine,
        reason=place.get_reason_display(),
        code=place.code if board.of_people and getattr(place, "theirs", False) else "",
    )


def bar(value: Decimal | None, standing: Standing) -> int:
    """How long a bar is beside the first one's, 0 to 100; where low is good, the lowest is full."""
    if value is None or standing.best is None or value <= 0 or standing.best <= 0:
        return 0
    share = standing.best / value if standing.lower else value / standing.best
    return int(min(share, Decimal(1)) * FULL_BAR)
