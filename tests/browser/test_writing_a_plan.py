"""A new plan manager writes a plan with what the pages say alone: scenario 13, in a browser.

5 % of the year's sales to 120,000 and 8 % above, paid by month: a year to date less what it had
earned before. The steps are those of somebody who reads labels and help, and nothing else.
"""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.browser.album import Album
from tests.browser.site import Site
from tests.browser.steps import Window
from tests.browser.test_axe import AXE, LOOK, TAGS

STEPS = "From\tRate\n€ 0\t5%\n€ 120,000\t8%"
SOON = 20_000
WIDTHS = (390, 1440)


def look(page: Page) -> None:
    """A part that is being written reads well for everybody: light and dark, phone and desk."""
    page.evaluate(AXE)
    wrong: list[str] = []
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wrong += page.evaluate(LOOK, TAGS)
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append(f"the page is wider than {width}")
    page.emulate_media(color_scheme="light")
    assert wrong == []


def begin(page: Page, site: Site, name: str) -> None:
    """Begin a plan that pays by month, from the first of the year."""
    page.goto(f"{site.address}/rules/")
    page.get_by_role("link", name="Write a plan").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_role("button", name="Begin the draft").click()
    expect(page.locator("#messages")).to_contain_text("is begun, as a draft of yours")


def add_measure(page: Page) -> None:
    """The first-year revenue of the year to date, called volume."""
    page.get_by_role("link", name="Add a measure").first.click()
    form = page.locator("#part-form")
    form.get_by_label("Metric").first.select_option(label="First-year revenue")
    form.get_by_label("Name").first.fill("volume")
    form.get_by_label("Of which days").select_option("year_to_date")
    expect(page.locator("#checked")).to_contain_text("adds up the year", timeout=SOON)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("“volume” is saved.")


def add_table(page: Page) -> None:
    """Both steps, pasted as a spreadsheet gives them."""
    page.get_by_role("link", name="Add a table").first.click()
    form = page.locator("#part-form")
    form.get_by_label("Name").first.fill("steps")
    form.get_by_label("Rows").fill(STEPS)
    expect(page.locator("#read table")).to_contain_text("120000", timeout=SOON)
    expect(page.locator("#read")).to_contain_text("names the columns")
    look(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("“steps” is saved.")


def write_formula(page: Page) -> None:
    """Type the formula by keyboard, taking what is offered."""
    page.get_by_role("link", name="Add a component").first.click()
    page.get_by_label("Title").fill("Commission")
    formula = page.get_by_label("Formula", exact=True)
    formula.click()
    formula.press_sequentially("TIER(volu", delay=30)
    expect(page.get_by_role("option", name=re.compile("volume measure"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    formula.press_sequentially(", stps)", delay=30)
    page.keyboard.press("Escape")
    said = page.locator("#said-formula")
    expect(said).to_contain_text('Did you mean "steps"?', timeout=SOON)
    expect(said.locator("pre.caret")).to_contain_text("^^^^")
    look(page)
    formula.fill("TIER(volume, steps)")
    expect(page.locator("#checked")).to_contain_text("each slice of volume at its own rate")


def pay_to_date(page: Page) -> None:
    """Pay what the year earns so far less what it had earned before."""
    page.get_by_text("Over time", exact=False).first.click()
    page.get_by_label("Over the year").select_option("to_date")
    expect(page.locator("#checked")).to_contain_text("less what was due", timeout=SOON)


def test_a_new_manager_writes_a_plan_within_ten_minutes(window: Window, site: Site) -> None:
    started = time.monotonic()
    page, album = window("planner"), Album("writing")
    begin(page, site, "Commission of the year")
    album.take(page, "begun")
    add_measure(page)
    album.take(page, "measure")
    add_table(page)
    album.take(page, "table")
    write_formula(page)
    album.take(page, "formula")
    pay_to_date(page)
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#tried .total")).to_contain_text("2026", timeout=60_000)
    before = page.get_by_label("First-year revenue, earlier this year")
    now = page.get_by_label("First-year revenue, year to date")
    before.fill("110000")
    now.fill("125000")
    # 10,000 at 5 % and 5,000 at 8 %: the November of scenario 13.
    expect(page.locator("#checked .total")).to_contain_text("€\xa0900.00", timeout=SOON)
    album.take(page, "worked-out")
    look(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("“commission” is saved.")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("Nothing is wrong with its rules.")).to_be_visible()
    expect(page.locator(".picture a", has_text="steps")).to_be_visible()
    album.take(page, "overview")
    assert time.monotonic() - started < 600


def test_without_script_the_same_is_checked_by_a_button(window: Window, site: Site) -> None:
    page = window("planner", java_script_enabled=False)
    begin(page, site, "Written without script")
    page.get_by_role("link", name="Add a component").first.click()
    page.get_by_label("Title").fill("Bonus")
    page.get_by_label("Formula", exact=True).fill("10 * 2 +")
    page.get_by_role("button", name="Check without saving").click()
    expect(page.locator("main")).to_contain_text("The formula ends too early")
    page.get_by_label("Formula", exact=True).fill("10 * 2")
    page.get_by_role("button", name="Check without saving").click()
    expect(page.locator("#checked")).to_contain_text("Pays 10 × 2.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("“bonus” is saved.")
