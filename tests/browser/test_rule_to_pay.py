"""One rule from a manager's idea to an agent's pay: every hand that it goes through, in a browser.

A manager changes a tier and sees whose pay moves, writes examples and is refused the own approval;
a second manager publishes. An agent reads the new statement, disputes a line, and claims work that
is missing in a month that is closed. The owners answer; the claim is accepted and approved. Another
two close the month, and the difference is paid with it. All of it at the demo's credit union, which
no other journey touches.
"""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.album import Album
from tests.browser.site import Site
from tests.browser.steps import Window, approve, close_period, prepare, told

UNION = "Quillpond Credit Union"
AGENT = "303"  # Ebba Pinto, six tenths of the hours: 74.1 % of the goal in October
OCTOBER = f"/people/{AGENT}/monthly/2026-10"
AUGUST = f"/people/{AGENT}/monthly/2026-08"
PLAN = "Member service bonus"
DRAFT = f"{PLAN} version 2"


def link(page: Page, name: str) -> None:
    """Follow a link."""
    page.get_by_role("link", name=name, exact=True).first.click()


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button."""
    page.get_by_role("button", name=name).first.click()


def field(page: Page, label: str) -> Locator:
    """The field of a form with a label."""
    return page.locator("main").get_by_label(label, exact=True)


def change_a_tier(page: Page, site: Site) -> None:
    """Copy what is in force, let the copy begin in October, and move two steps."""
    page.goto(f"{site.address}/rules/")
    link(page, PLAN)
    press(page, "Copy as a new draft")
    told(page, f"{DRAFT} is a draft of yours")
    link(page, "Rules")
    page.get_by_role("link", name=re.compile("The plan as a whole")).click()
    field(page, "First day").fill("2026-10-01")
    press(page, "Save")
    page.locator("#outline").get_by_role("link", name=re.compile("^opened ")).click()
    rows = field(page, "Rows")
    assert re.search(r"80%\s*\| 60", rows.input_value())
    rows.fill("0 | 0\n70% | 60\n100% | 110\n125% | 200")
    expect(page.locator("#read table")).to_contain_text("70%")
    press(page, "Save")
    told(page, "“opened” is saved.")
    page.get_by_role("link", name=re.compile("Life and differences")).first.click()
    expect(page.locator("main")).to_contain_text("tier 3 from 120 to 110")


def see_the_impact(page: Page, site: Site) -> None:
    """What it would do to October: cost, picture, who gains and who loses."""
    link(page, "What would it change?")
    field(page, "Period").select_option(label="October 2026")
    press(page, "Work it out")
    expect(page.locator("main")).to_contain_text("Waits for a worker")
    site.work()
    expect(page.locator("main")).to_contain_text("It costs", timeout=20_000)
    expect(page.locator("figure.chart svg").first).to_be_visible()
    gain = page.locator("table", has_text="Gain most")
    expect(gain).to_contain_text("Ebba Pinto")
    expect(gain).to_contain_text("+36.00")
    expect(page.locator("table", has_text="Lose most").locator("tbody tr").first).to_be_visible()


def write_examples(page: Page, site: Site, life: str) -> None:
    """One by a click from a real person, one by hand; the old one comes out otherwise now."""
    page.goto(life)
    page.get_by_role("link", name=re.compile("Examples")).first.click()
    card = page.locator("section.card")
    expect(card.filter(has_text="The goal is reached")).to_contain_text("otherwise")
    press(page, "I checked it: expect what came out")
    told(page, "expects what came out")
    field(page, "Period").select_option(label="October 2026")
    press(page, "Take it")
    told(page, "has the figures of that result, not the name")
    expect(card.filter(has_text="As in October 2026")).to_contain_text("as expected")
    link(page, "Write an example")
    field(page, "Name").fill("Seven tenths of the goal")
    given, expected = (
        page.get_by_role("group", name=name) for name in ("What goes in", "What must come out")
    )
    given.get_by_label("Accounts opened", exact=True).fill("14")
    given.get_by_label("The goal of Accounts opened").fill("20")
    given.get_by_label("Satisfaction").first.fill("8.5")
    expected.get_by_label("Accounts opened", exact=True).fill("60")
    press(page, "Save and run it")
    told(page, "comes out.")


def be_refused(page: Page, life: str) -> None:
    """Hand it in, and read why somebody else must publish it; a forged button says so, too."""
    page.goto(life)
    press(page, "Hand in for review")
    told(page, "is handed in. Somebody else publishes it.")
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    sentence = "was written by planner, so somebody else must publish it"
    expect(page.locator("main")).to_contain_text(sentence)
    page.evaluate("document.querySelector('[value=take_back]').value = 'publish'")
    press(page, "Take back")
    told(page, sentence)


def publish(page: Page, site: Site) -> None:
    """From the own list to the version, what differs, and the button; then the night's work."""
    page.goto(f"{site.address}/")
    page.get_by_role("link", name=re.compile("Version waits for you to publish it")).click()
    expect(page.locator("main")).to_contain_text("What differs from version 1")
    press(page, "Publish")
    told(page, "is published: in force from 1 October 2026")
    expect(page.locator("main")).to_contain_text("still show what the version before came to")
    press(page, "Work everything out now")
    told(page, "has been asked for")
    site.work()
    page.reload()
    expect(page.locator("main")).not_to_contain_text("what the version before came to")


def dispute_a_line(page: Page, site: Site) -> str:
    """The agent reads the new amount, and says that it is wrong; where the dispute is."""
    page.goto(f"{site.address}{OCTOBER}/statement/")
    line = page.locator("table.slip tr", has_text="Accounts opened").first
    expect(line).to_contain_text("36.00")
    line.get_by_role("link", name=re.compile("Something is wrong")).click()
    field(page, "What kind of thing").select_option(label="The amount is wrong")
    field(page, "What is wrong").fill("I count nine accounts, not eight.")
    press(page, "Send it")
    told(page, "The line is frozen until then; all else goes on.")
    return page.url


def claim_what_is_missing(page: Page, site: Site) -> str:
    """Work that no line of the closed August shows; where the claim is."""
    page.goto(f"{site.address}{AUGUST}/statement/")
    link(page, "Something is missing")
    field(page, "What kind of thing").select_option(label="A sale or other work is missing")
    field(page, "What is missing").fill("Four accounts of the Holm family, 12 August.")
    press(page, "Send it")
    told(page, "It should be answered by")
    return page.url


def accept_the_claim(page: Page, site: Site) -> None:
    """Its owner, the agent's supervisor, accepts it and asks for the figure to be corrected."""
    page.goto(f"{site.address}/")
    page.get_by_role("link", name=re.compile("Disputes wait for your answer")).click()
    mine = page.locator("main tbody tr", has_text="Something missing").filter(
        has_text="August 2026"
    )
    mine.get_by_role("link", name="Ebba Pinto").click()
    expect(page.locator("main")).to_contain_text("Holm family")
    page.get_by_role("link", name=re.compile("have a figure corrected")).click()
    field(page, "Metric").select_option(label="Accounts opened")
    field(page, "Day").fill("2026-08-12")
    press(page, "Show the figure")
    field(page, "Right figure").fill("4")
    field(page, "Reason").fill("The branch's list of the 12th has all four.")
    press(page, "Ask for it")
    told(page, "Accepted, and asked for.")


def answer_the_dispute(page: Page, dispute: str) -> None:
    """The manager of the plan answers for good; the line goes on."""
    page.goto(dispute)
    field(page, "Answer").fill("The ninth was opened on 2 November, and counts there.")
    press(page, "Reject")
    told(page, "Rejected: Ebba Pinto")


def approve_the_correction(page: Page, site: Site) -> None:
    """A second person approves what the claim asks for."""
    page.goto(f"{site.address}/")
    page.get_by_role("link", name=re.compile("Correction waits for a decision")).click()
    page.get_by_role("link", name="Ebba Pinto").first.click()
    expect(page.locator("main")).to_contain_text("The branch's list of the 12th")
    press(page, "Approve")


def pay(payroll: Page, approver: Page, site: Site, album: Album) -> None:
    """Both halves in one batch: what October earned, and the difference of August."""
    batch = prepare(payroll, site, index=1)
    rows = payroll.locator("main tbody tr", has_text="Ebba Pinto")
    expect(rows.first).to_contain_text("72.00")
    expect(rows.filter(has_text="August 2026")).to_contain_text("list of the 12th")
    album.take(payroll, "batch-prepared")
    approve(approver, batch)
    lines = approver.locator("main tbody tr", has_text="Ebba Pinto")
    expect(lines).to_have_count(2)
    expect(lines.filter(has_text="August 2026")).to_contain_text("36.00")
    album.take(approver, "batch-paid")


def read_why(page: Page, site: Site, claim: str, album: Album) -> None:
    """The agent is told of it, and reads the cause where the difference stands."""
    page.goto(f"{site.address}{OCTOBER}/")
    expect(page.locator("main")).to_contain_text("What changed in October 2026")
    album.take(page, "agent-is-told")
    page.goto(f"{site.address}{OCTOBER}/statement/")
    changed = page.locator("section", has_text="What changed in earlier periods").last
    expect(changed).to_contain_text("The branch's list of the 12th has all four.")
    expect(changed).to_contain_text("36.00")
    album.take(page, "agent-reads-why")
    page.goto(claim)
    expect(page.locator("main")).to_contain_text("What it changed so far")
    album.take(page, "claim-settled")


def test_a_rule_goes_from_a_draft_to_pay(window: Window, site: Site) -> None:
    album = Album("rule")
    planner, agent = window("planner", at=UNION), window("teller")
    change_a_tier(planner, site)
    life = planner.url
    album.take(planner, "what-differs")
    see_the_impact(planner, site)
    album.take(planner, "impact")
    write_examples(planner, site, life)
    album.take(planner, "examples")
    be_refused(planner, life)
    album.take(planner, "refused")
    reviewer = window("reviewer", at=UNION)
    publish(reviewer, site)
    album.take(reviewer, "published")
    dispute = dispute_a_line(agent, site)
    album.take(agent, "disputed")
    claim = claim_what_is_missing(agent, site)
    album.take(agent, "claimed")
    supervisor = window("branch-manager")
    accept_the_claim(supervisor, site)
    album.take(supervisor, "accepted")
    answer_the_dispute(planner, dispute)
    album.take(planner, "answered")
    approve_the_correction(reviewer, site)
    album.take(reviewer, "approved")
    payroll, approver = window("payroll", at=UNION), window("approver", at=UNION)
    close_period(payroll, approver, site, "monthly/2026-10")
    album.take(approver, "closed")
    pay(payroll, approver, site, album)
    read_why(agent, site, claim, album)
