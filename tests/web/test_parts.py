"""The gallery, the search, places, tables as files, charts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from openpyxl import load_workbook

from org.permissions import Permission
from org.tables import harmless
from pmsite import navigation
from pmsite.templatetags.frame import drawing, initials
from scorecards import charts

Browser = Callable[[str], Client]


def test_the_gallery_shows_every_part_without_anything_inline(browser: Browser) -> None:
    page = browser("ada").get("/gallery/").content.decode()
    for part in (
        "facts",
        "chart",
        "todo",
        "empty",
        "errorlist",
        "<progress",
        "<dialog",
        "tag open",
    ):
        assert part in page
    assert "style=" not in page


def test_the_gallery_is_for_those_who_configure(browser: Browser) -> None:
    assert browser("ann").get("/gallery/").status_code == 403
    assert browser("ada").post("/gallery/").status_code == 405


def test_a_table_is_taken_along_as_a_file(browser: Browser) -> None:
    answer = browser("ada").get("/gallery/?download=csv")
    assert answer["Content-Disposition"] == 'attachment; filename="gallery.csv"'
    assert answer.content.decode("utf-8-sig").splitlines()[1] == "East,Branches,301"
    book = load_workbook(io.BytesIO(browser("ada").get("/gallery/?download=xlsx").content))
    assert [cell.value for cell in book.active[2]] == ["East", "Branches", 301]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(Decimal("-1")) == Decimal("-1")


def test_search_finds_whom_one_may_see_and_nobody_else(browser: Browser) -> None:
    assert "Ann Abel" in browser("sam").get("/search/?q=abel").content.decode()
    assert "Cleo" not in browser("sam").get("/search/?q=cleo").content.decode()
    assert browser("una").get("/search/?q=cleo").status_code == 403


def test_search_shows_plans_and_metrics_to_those_who_see_rules(browser: Browser) -> None:
    assert "Calls answered" in browser("mia").get("/search/?q=calls").content.decode()
    assert "Calls answered" not in browser("ann").get("/search/?q=calls").content.decode()


def test_search_answers_typing_with_the_list_alone(browser: Browser) -> None:
    part = browser("mia").get("/search/?q=zzz", headers={"HX-Request": "true"}).content.decode()
    assert "Nothing that you may open" in part
    assert "<html" not in part


def test_every_place_has_an_address_an_icon_and_a_key_of_its_own() -> None:
    places = [place for section in navigation.SECTIONS for place in section.places]
    assert all(place.address() and drawing(place.icon) for place in places)
    keys = [place.key for place in places if place.key]
    assert len(keys) == len(set(keys))


def test_a_role_sees_only_its_places() -> None:
    agent = navigation.open_to([Permission.SEE_OWN], somebody=True)
    shown = [p.label for s in agent for p in s.places]
    assert shown == ["Home", "My scorecard", "My plans", "Leaderboards", "Disputes"]


def test_the_place_with_the_longest_beginning_is_where_a_page_lies() -> None:
    places = [place for section in navigation.SECTIONS for place in section.places]
    assert getattr(navigation.here(places, "/team/monthly/2026-06/"), "url_name", "") == "my-team"
    assert getattr(navigation.here(places, "/"), "url_name", "") == "overview"
    assert navigation.here(places, "/nowhere/") is None


def test_my_own_pages_lie_in_my_scorecard_and_those_of_others_in_the_team() -> None:
    places = [place for section in navigation.SECTIONS for place in section.places]
    for path, lies_in in (("/people/ann/history/", "me"), ("/people/annabel/", "my-team")):
        place = navigation.here(places, path, code="ann")
        assert getattr(place, "url_name", "") == lies_in


def test_a_chart_names_what_it_shows_and_takes_its_colours_from_the_page() -> None:
    drawn = charts.svg(charts.bars([("North", Decimal(2), "2")]), label='North "2"')
    assert drawn.startswith("<svg ")
    assert 'aria-label="North &quot;2&quot;"' in drawn
    assert "var(--bar)" in drawn
    assert "style=" not in drawn
    assert "var(" not in charts.for_print(drawn)


def test_a_wide_chart_comes_a_second_time_for_a_phone() -> None:
    """Shrunk to a phone, its words would be half as large as those around it."""
    wide = charts.svg(charts.spread([Decimal(1), Decimal(2)]), label="Bars.")
    sizes = dict(re.findall(r'data-size="(\w+)" viewBox="0 0 ([0-9.]+) ', wide))
    assert list(sizes) == ["wide", "slim"]
    assert float(sizes["slim"]) < 350 < float(sizes["wide"])
    small = charts.svg(charts.bars([("North", Decimal(2), "2")], width=120), label="One bar.")
    assert small.count("<svg ") == 1


@pytest.mark.parametrize(
    ("name", "letters"), [("Ann Abel", "AA"), ("ann.abel", "AA"), ("ada", "A"), ("", "")]
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters
