"""axe-core finds nothing to complain of on any page: light and dark, phone and desk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import groupby

import pytest
from playwright.sync_api import Page

from pmsite.services import ROOT
from tests.browser.pages import PAGES, Shown
from tests.browser.site import Site

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
# Two of the four ways see every colour and every width; the other two are long.
WAYS = [
    [("light", 1440), ("dark", 390)],
    pytest.param([("light", 390), ("dark", 1440)], marks=pytest.mark.long),
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Names what is wrong, where, and how often; axe's own text says what to do.
LOOK = """async tags => {
    const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}});
    return found.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(
        n => `${n.target.join(' ')} (${(n.any.concat(n.all, n.none)[0] || {}).message})`
    ).join('; '));
}"""
# Tables that somebody would have to push to and fro; those of rates are as wide as their rules.
WIDE = """() => [...document.querySelectorAll('main .table-wrap')]
    .filter(one => one.clientWidth && one.scrollWidth > one.clientWidth + 1)
    .filter(one => !one.querySelector('table.rates'))
    .map(one => 'a table is wider than its page: ' + one.querySelector('th, td').innerText)"""
BY_USER = [(user, list(pages)) for user, pages in groupby(PAGES, key=lambda shown: shown.user)]


@pytest.mark.parametrize(("user", "pages"), BY_USER, ids=[f"{u or 'nobody'}" for u, _ in BY_USER])
@pytest.mark.parametrize("ways", WAYS, ids=["two", "others"])
def test_axe_finds_nothing(
    window: Callable[..., Page],
    site: Site,
    user: str,
    pages: list[Shown],
    ways: list[tuple[str, int]],
) -> None:
    page = window(user)
    found: dict[str, list[str]] = defaultdict(list)
    for shown in pages:
        page.goto(f"{site.address}{shown.address}")
        assert shown.name == "organisation" or "/organisation/" not in page.url
        page.evaluate(AXE)
        for mode, width in ways:
            page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 900})
            wrong = page.evaluate(LOOK, TAGS)
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append("the page is wider than the window")
            wrong += page.evaluate(WIDE)
            if wrong:
                found[f"{shown.name} {mode} {width}"] += wrong
    assert found == {}
