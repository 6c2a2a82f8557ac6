"""Wallboards: the screen without a login, and the addresses and messages of those who keep it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from org.dates import FOREVER
from org.errors import DomainError
from org.models import AuditEntry, Unit, UnitClosure
from org.tenancy import enter
from scorecards.models import Leaderboard, Wallboard, WallMessage, WallToken
from scorecards.ranking import rank
from scorecards.walls import hash_of, make_token, open_token, read_only, say
from tests.web.board_cast import add_agent, add_unit, calls, make_board, make_wall, many, rank_june
from tests.web.cast import NOW, SINCE, Cast

Browser = Callable[[str], Client]
PAGE = "/wallboards/floor/"


@pytest.fixture
def floor(bank: Cast) -> Wallboard:
    """The wallboard of the floor, without a unit: those who configure keep it."""
    with enter(bank.tenant.pk):
        calls(bank, {"ann": 275, "cleo": 310})
        board = make_board(bank)
        rank_june(bank, board)
        return make_wall(bank, board)


def in_north(bank: Cast) -> None:
    """Let the wallboard hang where Ann works."""
    with enter(bank.tenant.pk):
        north = Unit.objects.get(code="north")
        UnitClosure.objects.create(
            ancestor=north, descendant=north, depth=0, valid_from=SINCE, valid_to=FOREVER
        )
        Wallboard.objects.update(unit=north)


def address_of(bank: Cast, floor: Wallboard, secret: str = "s" * 43, **fields: Any) -> str:
    values = {"label": "West", "expires_at": None, "by": bank.user("ada"), "at": NOW, **fields}
    with enter(bank.tenant.pk):
        make_token(wallboard=floor, secret=secret, **values)
    return f"/wall/{secret}/"


def form_of(page: str) -> dict[str, str]:
    found = re.search(r'name="secret" value="([^"]+)"', page)
    assert found is not None
    return {"secret": html.unescape(found.group(1)), "label": "Floor 2, west", "until": ""}


# --- the screen


def test_a_screen_opens_without_a_login(bank: Cast, floor: Wallboard) -> None:
    answer = Client().get(address_of(bank, floor))
    page = answer.content.decode()
    assert answer.status_code == 200
    for said in ("Floor two", "Most calls", "C. C.", "A. A.", "310", "585", "provisional",
                 "As of 22 June 2026", "June 2026"):  # fmt: skip
        assert said in page, said
    assert "Ann" not in page
    assert "€" not in page
    assert "style=" not in page
    assert 'hx-trigger="every 60s"' in page
    assert '<meta http-equiv="refresh" content="60">' in page
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]


def test_the_moving_part_alone_marks_what_is_new(bank: Cast, floor: Wallboard) -> None:
    address = address_of(bank, floor)
    screen = Client()
    whole = screen.get(address).content.decode()
    part = screen.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.strip() in whole or 'id="wall"' in part
    seen = re.search(r'hx-get="([^"]+)"', part)
    assert seen is not None
    same = screen.get(html.unescape(seen.group(1)), headers={"HX-Request": "true"})
    assert "fresh" not in same.content.decode()
    with enter(bank.tenant.pk):
        board = Leaderboard.objects.get()
        calls(bank, {"ann": 9, "cleo": 1}, period="2026-05")
        rank(board=board, period=bank.periods["2026-05"], at=NOW, on=NOW.date())
        rank(
            board=board,
            period=bank.periods["2026-06"],
            at=NOW + timedelta(minutes=5),
            on=NOW.date(),
        )
    news = screen.get(html.unescape(seen.group(1)), headers={"HX-Request": "true"})
    assert news.content.decode().count("place fresh") == 2


def test_names_stand_only_where_board_and_wallboard_say_so(bank: Cast, floor: Wallboard) -> None:
    address = address_of(bank, floor)
    with enter(bank.tenant.pk):
        Wallboard.objects.update(names="names")
    assert "Ann Abel" in Client().get(address).content.decode()
    with enter(bank.tenant.pk):
        Leaderboard.objects.update(names="initials")
    assert "Ann Abel" not in Client().get(address).content.decode()


def test_a_wallboard_of_a_unit_ranks_its_own_people(bank: Cast, floor: Wallboard) -> None:
    address = address_of(bank, floor)
    with enter(bank.tenant.pk):
        add_unit("south", "South")
        add_agent(bank, "dee", "Dee Dorn", unit="south")
        calls(bank, {"dee": 900})
        rank_june(bank, Leaderboard.objects.get())
    assert "D. D." in Client().get(address).content.decode()
    in_north(bank)
    page = Client().get(address).content.decode()
    assert "D. D." not in page
    assert re.findall(r'class="rank">([^<]+)<', page) == ["1", "2"]


@pytest.mark.parametrize("how", ["revoked", "ended", "unknown", "off"])
def test_what_opens_nothing_is_the_same_404(bank: Cast, floor: Wallboard, how: str) -> None:
    address = address_of(bank, floor, expires_at=NOW + timedelta(days=1))
    plain = Client().get("/wall/nothing/")
    if how == "revoked":
        WallToken.objects.update(revoked_at=NOW)
    elif how == "ended":
        WallToken.objects.update(expires_at=NOW)
    elif how == "off":
        with enter(bank.tenant.pk):
            Wallboard.objects.update(active=False)
    else:
        address = "/wall/" + "t" * 43 + "/"
    answer = Client().get(address)
    assert answer.status_code == plain.status_code == 404
    assert answer.content == plain.content
    kept = ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")
    assert [answer[key] for key in kept] == [plain[key] for key in kept]
    polled = Client().get(address, headers={"HX-Request": "true"})
    assert (polled.status_code, polled["HX-Refresh"]) == (404, "true")


def test_a_screen_takes_no_post(bank: Cast, floor: Wallboard) -> None:
    assert Client().post(address_of(bank, floor)).status_code == 405


def test_an_address_opens_its_own_tenant_whoever_is_logged_in(
    browser: Browser, bank: Cast, floor: Wallboard
) -> None:
    address = address_of(bank, floor)
    for name in ("olga", "una", "ann"):
        page = browser(name).get(address).content.decode()
        assert "Floor two" in page
        assert "Bank" in page
        assert "Union" not in page


def test_a_screen_writes_nothing_in_the_tenant(bank: Cast, floor: Wallboard) -> None:
    with enter(bank.tenant.pk):
        read_only()
        with pytest.raises(DatabaseError, match="read-only"), transaction.atomic():
            Wallboard.objects.update(title="x")
    with enter(bank.tenant.pk):
        Wallboard.objects.update(title="x")


def test_only_the_hash_is_kept_and_no_log_has_the_secret(bank: Cast, floor: Wallboard) -> None:
    address = address_of(bank, floor)
    token = WallToken.objects.get()
    assert token.sha256 == hash_of("s" * 43)
    with structlog.testing.capture_logs() as lines:
        Client().get(address)
    assert [line["path"] for line in lines if "path" in line] == ["/wall/…/"]
    token.refresh_from_db()
    assert token.seen_at == NOW
    opened = open_token("s" * 43, at=NOW + timedelta(seconds=30))
    assert opened is not None
    token.refresh_from_db()
    assert token.seen_at == NOW, "written once a minute"


@pytest.mark.parametrize("people", [1, 3])
def test_a_screen_asks_as_often_for_three_as_for_one(
    bank: Cast, floor: Wallboard, people: int
) -> None:
    address = address_of(bank, floor)
    Client().get(address)
    with enter(bank.tenant.pk):
        many(bank, people)
        rank_june(bank, Leaderboard.objects.get())
    with CaptureQueriesContext(connection) as asked:
        Client().get(address)
    assert len([query for query in asked if "SAVEPOINT" not in (query["sql"] or "")]) == 9


def test_the_screen_is_dark_by_the_tokens(bank: Cast) -> None:
    folder = Path(settings.BASE_DIR) / "static" / "css"
    pairs = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
    dark = dict(pairs.findall((folder / "tokens.css").read_text().split("prefers-color-scheme")[1]))
    wall = dict(pairs.findall((folder / "wall.css").read_text()))
    assert wall
    assert {name: dark[name] for name in wall} == wall


# --- addresses


def test_an_address_is_shown_once_and_made_once(
    browser: Browser, bank: Cast, floor: Wallboard
) -> None:
    ada = browser("ada")
    form = form_of(ada.get(PAGE).content.decode())
    first, again = ada.post(PAGE, form), ada.post(PAGE, form)
    found = re.search(r"http://testserver(/wall/[\w-]+/)", first.content.decode())
    assert found is not None
    assert found.group(1) in again.content.decode(), "sent twice, it is the same address"
    assert first["Cache-Control"] == "no-store"
    assert WallToken.objects.count() == 1
    assert Client().get(found.group(1)).status_code == 200
    assert "/wall/" not in ada.get(PAGE).content.decode()
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="wallboard address made").count() == 1


def test_a_secret_of_ones_own_making_is_refused(browser: Browser, floor: Wallboard) -> None:
    answer = browser("ada").post(PAGE, {"secret": "easy", "label": "x"})
    assert "This form is too old" in answer.content.decode()
    assert not WallToken.objects.exists()


def test_an_address_that_ends_before_it_begins_is_refused(
    browser: Browser, floor: Wallboard
) -> None:
    ada = browser("ada")
    form = form_of(ada.get(PAGE).content.decode()) | {"until": "2026-06-20"}
    assert "would end before it begins" in ada.post(PAGE, form).content.decode()
    assert not WallToken.objects.exists()


def test_a_revoked_address_opens_nothing(browser: Browser, bank: Cast, floor: Wallboard) -> None:
    address = address_of(bank, floor)
    token = WallToken.objects.get()
    revoke = f"{PAGE}addresses/{token.pk}/revoke/"
    assert browser("ada").get(revoke).status_code == 405
    for _ in range(2):
        assert browser("ada").post(revoke)["Location"] == PAGE
    assert Client().get(address).status_code == 404
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="wallboard address revoked").count() == 1
        with pytest.raises(DomainError, match="was revoked"):
            make_token(
                wallboard=floor,
                secret="s" * 43,
                label="x",
                expires_at=None,
                by=bank.user("ada"),
                at=NOW,
            )


# --- messages


def test_a_message_is_on_the_screen_in_its_time(
    browser: Browser, bank: Cast, floor: Wallboard
) -> None:
    ada = browser("ada")
    message = {"text": "Cake at four", "begins": "2026-06-22T08:00", "ends": "2026-06-22T17:00"}
    for _ in range(2):
        assert ada.post(f"{PAGE}messages/", message)["Location"] == PAGE
    address = address_of(bank, floor)
    assert Client().get(address).content.decode().count("Cake at four") == 1
    with enter(bank.tenant.pk):
        [there] = WallMessage.objects.all()
    assert ada.post(f"{PAGE}messages/{there.pk}/end/")["Location"] == PAGE
    assert "Cake at four" not in Client().get(address).content.decode()


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        ("2026-06-22T08:00", "2026-06-22T07:00", "ends before it begins"),
        ("2026-06-21T08:00", "2026-06-21T09:00", "would be over already"),
        ("soon", "2026-06-22T09:00", "Enter a valid date/time"),
    ],
)
def test_a_message_without_its_time_is_refused(
    browser: Browser, floor: Wallboard, begins: str, ends: str, said: str
) -> None:
    data = {"text": "Cake", "begins": begins, "ends": ends}
    assert said in browser("ada").post(f"{PAGE}messages/", data).content.decode()


def test_a_message_of_another_wallboard_is_not_found(
    browser: Browser, bank: Cast, floor: Wallboard
) -> None:
    with enter(bank.tenant.pk):
        other = Wallboard.objects.create(code="other", title="Other")
        there = say(
            wallboard=other,
            text="x",
            begins=NOW,
            ends=NOW + timedelta(hours=1),
            by=bank.user("ada"),
            at=NOW,
        )
        token = make_token(
            wallboard=other,
            secret="o" * 43,
            label="x",
            expires_at=None,
            by=bank.user("ada"),
            at=NOW,
        )
    ada = browser("ada")
    assert ada.post(f"{PAGE}messages/{there.pk}/end/").status_code == 404
    assert ada.post(f"{PAGE}addresses/{token.pk}/revoke/").status_code == 404


# --- who


ADDRESSES = ("/wallboards/", PAGE)
ACTIONS = (f"{PAGE}messages/", f"{PAGE}messages/1/end/", f"{PAGE}addresses/1/revoke/")


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("una", 403), ("ann", 403), ("mia", 403), ("audrey", 403)]
)
def test_only_those_who_keep_wallboards_get_in(
    browser: Browser, floor: Wallboard, name: str, status: int
) -> None:
    client = browser(name)
    assert [client.get(address).status_code for address in ADDRESSES] == [status] * 2
    assert [client.post(address).status_code for address in ACTIONS] == [status] * 3


def test_a_supervisor_keeps_the_wallboards_where_the_own_people_work(
    browser: Browser, bank: Cast, floor: Wallboard
) -> None:
    sam = browser("sam")
    assert "Floor two" not in sam.get("/wallboards/").content.decode()
    assert sam.get(PAGE).status_code == 403
    assert sam.post(f"{PAGE}messages/").status_code == 403
    in_north(bank)
    assert "Floor two" in sam.get("/wallboards/").content.decode()
    form = form_of(sam.get(PAGE).content.decode())
    assert "/wall/" in sam.post(PAGE, form).content.decode()


def test_another_tenants_wallboard_is_not_there(
    browser: Browser, union: Cast, floor: Wallboard
) -> None:
    client = Client()
    client.force_login(union.user("ada"))
    assert client.get(PAGE).status_code == 404
    assert [client.post(address).status_code for address in ACTIONS] == [404] * 3
    assert browser("ada").get("/wallboards/none/").status_code == 404


@pytest.mark.parametrize("name", ["ada", "mia"])
def test_boards_are_set_up_in_the_admin(
    browser: Browser, bank: Cast, floor: Wallboard, name: str
) -> None:
    with enter(bank.tenant.pk):
        board = Leaderboard.objects.get()
    client = browser(name)
    data = {
        "code": "calls",
        "title": "Calls of June",
        "what": "metric",
        "metric": board.metric_id,
        "weights": "{}",
        "of": "people",
        "calendar": board.calendar_id,
        "movement": "period",
        "open_to": "scope",
        "top": 5,
        "names": "initials",
        "active": "on",
    }
    change = f"/admin/scorecards/leaderboard/{board.pk}/change/"
    assert client.post(change, data).status_code == 302
    with enter(bank.tenant.pk):
        board.refresh_from_db()
        assert (board.title, board.top) == ("Calls of June", 5)
    wrong = client.post(change, data | {"what": "points"})
    assert "Name the plan whose attainments are ranked." in html.unescape(wrong.content.decode())
    assert client.get("/admin/scorecards/wallboard/").status_code == 200


def test_the_admin_of_boards_is_not_for_supervisors(browser: Browser, floor: Wallboard) -> None:
    assert browser("sam").get("/admin/scorecards/leaderboard/add/").status_code in (302, 403)
    assert browser("audrey").post("/admin/scorecards/leaderboard/add/").status_code == 403
