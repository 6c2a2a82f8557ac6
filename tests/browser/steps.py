"""What several journeys do: hand a plan's period over, close it, pay it, ask on a page."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.site import Site

Window = Callable[..., Page]


def told(page: Page, *sentences: str) -> None:
    """The page says what was done, or why not."""
    for sentence in sentences:
        expect(page.locator("#messages")).to_contain_text(sentence)


def hand_over(page: Page, plan: str) -> None:
    """Accept what may stay open of a plan's checklist, and hand it over."""
    page.goto(plan)
    while page.locator(".check.open details.why").count():
        one = page.locator(".check.open details.why").first
        one.locator("summary").click()
        one.locator("textarea").fill("Looked at; it moves nobody")
        one.get_by_role("button").click()
        told(page, "Accepted")
    page.get_by_role("button", name="It is ready to close").click()
    told(page, "Handed over")


def close_period(handing: Page, closing: Page, site: Site, period: str) -> None:
    """Have one person hand over every plan of a period, and another close them."""
    address = f"{site.address}/closing/{period}/"
    handing.goto(address)
    plans = [link.get_attribute("href") for link in handing.locator("main tbody a").all()]
    for plan in plans:
        hand_over(handing, f"{site.address}{plan}")
    closing.goto(address)
    closing.get_by_role("button", name=re.compile("Make final what others")).click()
    told(closing, "is being closed")
    site.work()
    closing.goto(address)
    expect(closing.locator("main tbody .tag.good")).to_have_count(len(plans))


def prepare(page: Page, site: Site, **period: str | int) -> str:
    """Open the draft of a batch for the only pay group; where it is."""
    page.goto(f"{site.address}/pay/")
    page.select_option("select[name=pay_group]", index=1)
    page.select_option("select[name=period]", **period)  # type: ignore[arg-type]
    page.get_by_role("button", name="Prepare").click()
    told(page, "Somebody else approves it")
    expect(page.get_by_role("button", name="Approve and pay")).to_have_count(0)
    return page.url


def approve(page: Page, batch: str) -> None:
    """Pay a batch that somebody else prepared."""
    page.goto(batch)
    page.get_by_role("button", name="Approve and pay").click()
    told(page, "is approved")
