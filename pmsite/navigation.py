"""The places of the site by what people do, and which of them somebody's roles open.

One table: the rail at the left, the bar of a phone and the keys ``g`` + letter all read it. A place
is an address without arguments; what needs a period is redirected to the one that counts now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from django.urls import reverse

from org.permissions import Permission as P


@dataclass(frozen=True)
class Place:
    """A page to go to.

    ``icon`` names an outline icon of the icon package; ``any_of``: permissions, one of which is
    needed, none means everybody; ``within``: further beginnings of addresses that lie here;
    ``key``: the letter after ``g``; ``thumb``: also in the bar of a phone, the lowest first;
    ``own``: only for a member who is somebody among the tenant's people; ``short``: its name there.
    """

    label: str
    icon: str
    url_name: str
    any_of: frozenset[P] = frozenset()
    within: tuple[str, ...] = ()
    key: str = ""
    thumb: int = 0
    args: tuple[str, ...] = ()
    own: bool = False
    short: str = ""

    def address(self) -> str:
        """Where it is."""
        return _address(self.url_name, self.args)


@dataclass(frozen=True)
class Section:
    """Places under one heading."""

    label: str
    places: tuple[Place, ...]


@cache
def _address(url_name: str, args: tuple[str, ...]) -> str:
    """Asked for every place of every page."""
    return reverse(url_name, args=args)


def _of(*any_of: P) -> frozenset[P]:
    return frozenset(any_of)


PEOPLE = "/people/"
SECTIONS = (
    Section(
        "My work",
        (
            Place("Home", "home", "overview", key="h", thumb=1),
            Place(
                "My scorecard",
                "gauge",
                "me",
                _of(P.SEE_OWN),
                key="m",
                thumb=2,
                own=True,
                short="Scorecard",
            ),
            Place("My plans", "file-text", "my-plans", _of(P.SEE_OWN), key="n", own=True),
            Place("Leaderboards", "trophy", "leaderboards", key="l"),
            Place(
                *("Disputes", "message-report", "disputes"),
                _of(P.SEE_OWN, P.ANSWER_DISPUTES, P.SEE_AUDIT),
                key="q",
            ),
        ),
    ),
    Section(
        "Team",
        (
            Place(
                "Team",
                "users",
                "my-team",
                _of(P.SEE_TEAM, P.SEE_EVERYONE),
                within=("/team/", PEOPLE),
                key="t",
                thumb=3,
            ),
            Place(
                "Absences",
                "calendar-off",
                "my-absences",
                _of(P.RECORD_ABSENCE),
                within=("/absences/",),
                key="w",
            ),
            Place(
                "Manual scores",
                "clipboard-check",
                "scores",
                _of(P.ENTER_SCORES),
                within=("/scores/",),
                key="s",
            ),
            Place(
                "Corrections",
                "pencil-check",
                "corrections",
                _of(P.CORRECT_DATA, P.APPROVE_CORRECTIONS, P.SEE_AUDIT),
                within=("/corrections/",),
                key="x",
            ),
            Place(
                "Team days",
                "calendar-user",
                "my-team-days",
                _of(P.CONFIRM_TEAM),
                within=("/team-days/",),
                key="y",
            ),
            Place("Wallboards", "device-tv", "wallboards", _of(P.CONFIGURE, P.SEE_TEAM), key="v"),
        ),
    ),
    Section(
        "Rules",
        (
            Place(
                *("Plans", "file-text", "rules"),
                _of(P.SEE_RULES),
                within=("/admin/incentives/",),
                key="p",
                thumb=5,
            ),
        ),
    ),
    Section(
        "Data",
        (
            Place("Deliveries", "inbox", "deliveries", _of(P.SEE_RULES), key="i"),
            Place("Bring in a file", "upload", "upload", _of(P.UPLOAD_DATA), key="u"),
            Place("Unknown names", "user-question", "unknown", _of(P.SEE_RULES)),
            Place("Deals that wait", "hourglass", "credits-waiting", _of(P.SEE_RULES)),
            Place(
                *("Metrics and data", "database", "admin:app_list"),
                _of(P.SEE_RULES),
                key="d",
                args=("metrics",),
            ),
        ),
    ),
    Section(
        "Pay",
        (
            Place(
                *("Closing", "calendar-check", "closings"),
                _of(P.FINALISE, P.SEE_AUDIT),
                key="c",
                thumb=6,
            ),
            Place(
                *("Batches and files", "cash", "pay"),
                _of(P.PREPARE_PAY, P.APPROVE_PAY, P.SEE_AUDIT),
                within=("/admin/payroll/",),
                key="b",
                thumb=4,
                short="Pay",
            ),
        ),
    ),
    Section(
        "Audit",
        (
            Place(
                "Audit trail",
                "list-search",
                "trail",
                _of(P.SEE_AUDIT),
                key="a",
                thumb=2,
                short="Audit",
            ),
        ),
    ),
    Section(
        "Settings",
        (
            Place(
                *("Organisation", "building", "admin:app_list"),
                _of(P.MANAGE_PEOPLE, P.MANAGE_USERS, P.SEE_AUDIT),
                key="o",
                args=("org",),
            ),
            Place(
                "Unconfirmed teams",
                "calendar-question",
                "unconfirmed",
                _of(P.MANAGE_PEOPLE, P.SEE_AUDIT),
                within=("/team-days/open/", "/team-days/wrong/"),
            ),
            Place("Jobs", "calendar-time", "jobs", _of(P.CONFIGURE), key="j"),
            Place("Building blocks", "components", "gallery", _of(P.CONFIGURE)),
        ),
    ),
)


def open_to(permissions: Iterable[P], *, somebody: bool) -> Iterator[Section]:
    """The sections with the places that these permissions open; empty sections are left out.

    ``somebody``: whether the member is one of the tenant's people.
    """
    held = frozenset(permissions)
    for section in SECTIONS:
        places = tuple(
            place
            for place in section.places
            if (not place.any_of or place.any_of & held) and (somebody or not place.own)
        )
        if places:
            yield Section(section.label, places)


def thumbs(sections: Iterable[Section]) -> list[Place]:
    """The three places of a phone's bar; the fourth is everything else."""
    places = [place for section in sections for place in section.places if place.thumb]
    return sorted(places, key=lambda place: place.thumb)[:3]


def here(places: Iterable[Place], path: str, *, code: str = "") -> Place | None:
    """The place in which an address lies: the one with the longest beginning in common.

    ``code``: the personnel number of whoever asks, whose own pages lie where only they go.
    """
    own = (f"{PEOPLE}{quote(code)}/",) if code else ()
    found, length = None, 0
    for place in places:
        for beginning in (place.address(), *place.within, *(own if place.own else ())):
            lies_in = path == "/" if beginning == "/" else path.startswith(beginning)
            if lies_in and len(beginning) > length:
                found, length = place, len(beginning)
    return found
