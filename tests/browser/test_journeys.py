"""The main journey of each role, walked in a browser on the demo."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.steps import Window, approve, close_period, prepare, told

PHONE = {"viewport": {"width": 390, "height": 844}}


def test_an_agent_reads_what_was_earned_and_why(window: Window, site: Site) -> None:
    page = window("agent", **PHONE)
    expect(page).to_have_url(re.compile(r"/people/\d+/monthly/2026-1\d/"))
    expect(page.locator(".amount").first).to_contain_text("€")
    page.locator("details.line > summary").first.click()
    expect(page.get_by_text("The rule", exact=True).first).to_be_visible()
    page.locator(".line[open] .figures tbody a").first.click()
    expect(page.get_by_text("The rows below add up to the figure.")).to_be_visible()
    page.get_by_role("link", name="Statement").click()
    expect(page.get_by_text("Earned so far, not booked yet")).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("cell", name="September 2026")).to_be_visible()
    page.locator(".thumb summary").click()
    expect(page.locator(".thumb .sheet")).to_be_visible()
    assert page.goto(f"{site.address}/team/monthly/2026-10/").status == 403  # type: ignore[union-attr]
    assert page.goto(f"{site.address}/people/10001/monthly/2026-10/").status == 404  # type: ignore[union-attr]


def test_a_supervisor_goes_from_the_team_to_a_person(window: Window, site: Site) -> None:
    page = window("supervisor")
    page.goto(f"{site.address}/team/monthly/2026-10/")
    link = page.locator("main tbody a").first
    name = link.inner_text()
    link.click()
    expect(page.locator("h1")).to_have_text(name)


def test_a_manager_writes_and_another_cannot_be_passed_by(window: Window, site: Site) -> None:
    page = window("planner")
    page.goto(f"{site.address}/rules/")
    page.get_by_role("link", name="Sales commission", exact=True).click()
    page.get_by_role("button", name=re.compile("Copy")).click()
    expect(page.get_by_text("is a draft of yours")).to_be_visible()
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.get_by_text("is handed in. Somebody else publishes it.")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    page.goto(f"{site.address}/rules/")
    expect(page.get_by_text("somebody else must publish it")).to_be_visible()


def test_a_period_is_closed_paid_and_its_file_taken_along(window: Window, site: Site) -> None:
    payroll, approver = window("payroll"), window("approver")
    close_period(payroll, approver, site, "monthly/2026-10")
    batch = prepare(payroll, site, label="October 2026")
    approve(approver, batch)
    payroll.goto(batch)
    payroll.select_option("select[name=profile]", index=1)
    payroll.get_by_role("button", name="Write the file").click()
    told(payroll, "is written")
    with payroll.expect_download() as taken:
        payroll.get_by_role("link", name="Take it along").click()
    assert taken.value.path().stat().st_size > 100
    auditor = window("auditor")
    auditor.goto(f"{site.address}/audit/?action=payroll.download")
    expect(auditor.locator("main tbody")).to_contain_text("payroll")


def test_an_auditor_sees_who_read_whose_pay(window: Window, site: Site) -> None:
    window("supervisor").goto(f"{site.address}/team/monthly/2026-10/")
    page = window("auditor")
    page.goto(f"{site.address}/audit/")
    page.select_option("select[name=action]", "read pay")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("main tbody")).to_contain_text("supervisor")
    page.get_by_role("link", name="What became of rows").click()
    expect(page.locator("h1")).to_have_text("Audit trail")


def test_keys_search_and_go(window: Window, site: Site) -> None:
    page = window("planner")
    page.keyboard.press("/")
    page.keyboard.type("sales comm")
    expect(page.locator("#found a").first).to_contain_text("Sales commission")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/incentives/plan/"))
    page.goto(f"{site.address}/")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(f"{site.address}/rules/")


@pytest.mark.parametrize(
    "address", ["/people/10301/monthly/2026-10/", "/people/10301/", "/pay/batches/1/"]
)
def test_an_outsider_finds_nothing_of_the_other_organisation(
    window: Window, site: Site, address: str
) -> None:
    page = window("branch-manager")
    answer = page.goto(f"{site.address}{address}")
    assert answer is not None
    assert answer.status in (403, 404)
    assert "Haruto" not in page.content()


def test_a_click_too_many_sends_a_form_once(window: Window, site: Site) -> None:
    page = window("planner")
    page.goto(f"{site.address}/rules/")
    page.get_by_role("link", name="Portfolio growth", exact=True).click()
    page.get_by_role("button", name=re.compile("Copy")).dblclick()
    expect(page.get_by_text("is a draft of yours")).to_be_visible()
    page.goto(f"{site.address}/rules/")
    expect(page.get_by_text("Portfolio growth version 2")).to_have_count(1)
