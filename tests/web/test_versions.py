"""Pages of a version: its life, its differences, its examples, and the compliance packs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from incentives.late import Effect
from incentives.models import Example, PlanPeriod, PlanVersion
from incentives.review import hand_in
from metrics.models import Metric
from org.models import AuditEntry, Tenant
from org.tenancy import enter
from tests.factories import make_example
from tests.web.cast import NOW, Cast, make_version

Browser = Callable[[str], Client]


@pytest.fixture
def draft(bank: Cast) -> PlanVersion:
    """Mia's draft of a second version, from July on, with one example."""
    with enter(bank.tenant.pk):
        version = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        PlanVersion.objects.filter(pk=version.pk).update(in_force=date(2026, 7, 1))
        version.refresh_from_db()
        make_example(version, "Hundred")
    return version


@pytest.fixture
def ready(bank: Cast, draft: PlanVersion) -> PlanVersion:
    """The same, handed in."""
    with enter(bank.tenant.pk):
        return hand_in(version=draft, by=bank.user("mia"), at=NOW)


def address(version: PlanVersion, rest: str = "life/") -> str:
    return f"/rules/versions/{version.pk}/{rest}"


def do(client: Client, version: PlanVersion, deed: str, **fields: str) -> str:
    """Press a button of the version's page; the page that follows."""
    answer = client.post(address(version), {"do": deed, **fields}, follow=True)
    assert answer.status_code == 200, (deed, answer.status_code)
    return answer.content.decode()


def state(bank: Cast, version: PlanVersion) -> str:
    with enter(bank.tenant.pk):
        return PlanVersion.objects.get(pk=version.pk).status


# --- the life of a version


def test_a_version_goes_from_draft_to_in_force_by_two_people(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    assert "is handed in. Somebody else publishes it." in do(browser("mia"), draft, "hand_in")
    page = browser("mia").get(address(draft)).content.decode()
    assert "so somebody else must publish it" in page
    assert 'value="publish"' not in page
    assert "is published: in force from 1 July 2026" in do(browser("mo"), draft, "publish")
    assert state(bank, draft) == "published"


def test_a_second_click_says_so(browser: Browser, ready: PlanVersion) -> None:
    do(browser("mo"), ready, "publish")
    again = do(browser("mo"), ready, "publish")
    assert "is published already, by mo.bank" in again


def test_the_author_hands_in_and_nobody_else(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    assert "hands it in" in do(browser("mo"), draft, "hand_in")
    assert state(bank, draft) == "draft"
    assert browser("pam").post(address(draft), {"do": "hand_in"}).status_code == 403
    assert browser("audrey").post(address(draft), {"do": "publish"}).status_code == 403
    assert browser("olga").post(address(draft), {"do": "hand_in"}).status_code == 404


def test_what_is_sent_back_is_read_by_its_author(
    browser: Browser, bank: Cast, ready: PlanVersion
) -> None:
    assert "Say what is to be changed" in do(browser("mo"), ready, "send_back", reason="")
    do(browser("mo"), ready, "send_back", reason="Add a cap")
    page = browser("mia").get(address(ready)).content.decode()
    assert "Sent back." in page
    assert "Add a cap" in page
    assert 'value="hand_in"' in page


def test_the_author_takes_it_back(browser: Browser, bank: Cast, ready: PlanVersion) -> None:
    assert "others send it back" in do(browser("mo"), ready, "take_back")
    assert "is a draft of yours again" in do(browser("mia"), ready, "take_back")
    assert state(bank, ready) == "draft"


def test_a_version_in_review_cannot_be_changed(browser: Browser, ready: PlanVersion) -> None:
    page = browser("mia").get(f"/admin/incentives/planversion/{ready.pk}/change/")
    assert 'name="_save"' not in page.content.decode()
    assert "was handed in by mia.bank" in page.content.decode()


def test_a_version_is_withdrawn_with_a_reason(
    browser: Browser, bank: Cast, ready: PlanVersion
) -> None:
    do(browser("mo"), ready, "publish")
    page = do(browser("mia"), ready, "retire", reason="Wrong table")
    assert "was written by mia.bank, so somebody else must withdraw it" in page
    assert "is withdrawn. What ruled before it goes on." in do(
        browser("mo"), ready, "retire", reason="Wrong table"
    )
    assert state(bank, ready) == "retired"


def close_june(bank: Cast) -> None:
    """June is final with version 1."""
    with enter(bank.tenant.pk):
        PlanPeriod.objects.filter(plan=bank.plan).update(final_at=NOW, final_by=bank.user("pam"))


def test_what_is_final_offers_a_new_version_from_a_later_day(browser: Browser, bank: Cast) -> None:
    close_june(bank)
    first = bank.version
    page = browser("mo").get(address(first)).content.decode()
    assert "cannot be withdrawn: 2026-06 is final with it" in page
    assert 'value="retire"' not in page
    made = do(browser("mo"), first, "replace")
    assert "begins on 1 July 2026" in made
    with enter(bank.tenant.pk):
        draft = PlanVersion.objects.get(status="draft")
        assert (str(draft.in_force), draft.copied_from, draft.author) == (
            "2026-07-01",
            first,
            bank.user("mo"),
        )
    refused = browser("pam").post(address(first), {"do": "replace"})
    assert refused.status_code == 403


def test_the_higher_approval_stands_on_the_page(
    browser: Browser, bank: Cast, monkeypatch: pytest.MonkeyPatch, ready: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        PlanVersion.objects.filter(pk=ready.pk).update(in_force=date(2026, 6, 1), reason="Agreed")
    assert "It reaches periods that are final" not in page_of(browser("mo"), ready)
    close_june(bank)
    shown = page_of(browser("mo"), ready)
    assert "It reaches periods that are final" in shown
    assert "somebody above has to agree before it is published: ada.bank, pam.bank" in shown
    assert 'value="approve_reduction"' not in shown
    assert 'value="approve_reduction"' in page_of(browser("pam"), ready)
    refused = browser("mo").post(address(ready), {"do": "approve_reduction", "reason": "x"})
    assert refused.status_code == 403
    less = Effect("ann", "Ann Abel", "bonus", "2026-06", "EUR", Decimal(10), Decimal(5))
    monkeypatch.setattr("incentives.late.effects_on_final", lambda *_, **__: [less])
    said = do(browser("pam"), ready, "approve_reduction", reason="Paid twice")
    assert "You agree to what calls version 2 reduces" in said
    assert "pam.bank agrees to less pay already earned" in page_of(browser("mo"), ready)
    assert "Paid twice" in page_of(browser("mo"), ready)
    assert "is published: in force from 1 June 2026" in do(browser("mo"), ready, "publish")


def page_of(client: Client, version: PlanVersion) -> str:
    """The page of a version, its blanks made one."""
    return " ".join(client.get(address(version)).content.decode().split())


def test_a_copy_of_a_withdrawn_version_says_so(
    browser: Browser, bank: Cast, ready: PlanVersion
) -> None:
    do(browser("mo"), ready, "publish")
    do(browser("mo"), ready, "retire", reason="Wrong table")
    page = do(browser("mo"), ready, "copy")
    assert "is a draft of yours, like version 2" in page
    assert "was copied from version 2, which was withdrawn" in page


def test_a_double_click_copies_once_and_says_so_once(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    mia = browser("mia")
    with enter(bank.tenant.pk):
        make_example(bank.version, "Hundred")
    first, second = (mia.post(address(bank.version), {"do": "copy"}) for _ in "12")
    assert first["Location"] == second["Location"]
    page = mia.get(second["Location"]).content.decode()
    assert page.count("is a draft of yours, like version 1") == 1
    with enter(bank.tenant.pk):
        copy = PlanVersion.objects.get(number=3)
        copy.components.update(title="Other")
    mia.post(address(bank.version), {"do": "copy"})
    browser("mo").post(address(bank.version), {"do": "copy"})
    with enter(bank.tenant.pk):
        authors = PlanVersion.objects.filter(copied_from=bank.version).order_by("number")
        assert [one.author for one in authors] == [bank.user(name) for name in ("mia", "mia", "mo")]


def test_a_published_version_says_which_periods_still_show_the_one_before(
    browser: Browser, bank: Cast, ready: PlanVersion
) -> None:
    assert "Work everything out now" not in do(browser("mo"), ready, "publish")
    june = PlanVersion.objects.filter(pk=ready.pk)
    with enter(bank.tenant.pk):
        june.update(in_force=date(2026, 6, 1))
    page = browser("mo").get(address(ready)).content.decode()
    assert "June 2026 still shows what the version before came to" in page
    assert "Work everything out now" not in browser("pam").get(address(ready)).content.decode()
    asked = browser("mo").post("/jobs/run/", {"job": "nightly", "next": address(ready)})
    assert asked["Location"] == address(ready)
    away = browser("mo").post("/jobs/run/", {"job": "nightly", "next": "//elsewhere.example/"})
    assert away["Location"] == "/data/"


def test_the_page_says_what_differs(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    with enter(bank.tenant.pk):
        table = draft.tables.get()
        table.spec = {"rows": [[0, 1], [10, "1.75"]]}
        table.save()
        before = bank.version.tables.get()
        before.spec = {"rows": [[0, 1], [10, "1.5"]]}
        before.save()
    page = browser("audrey").get(address(draft)).content.decode()
    assert "What differs from version 1" in page
    assert "Table step: tier 2 from 1.5 to 1.75." in page


def test_an_unknown_deed_is_not_found(browser: Browser, draft: PlanVersion) -> None:
    assert browser("mia").post(address(draft), {"do": "burn"}).status_code == 404


# --- examples


def typed(**fields: str) -> dict[str, Any]:
    """What the form of an example sends."""
    return {"name": "Ten calls", "note": "", "in-0": "10", "in-1": "10", **fields}


def test_an_example_is_written_and_run(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mia = browser("mia")
    page = mia.get(address(draft, "examples/add/")).content.decode()
    assert "GOAL(calls)" in page
    sent = typed(**{"pays-bonus": "15"})
    answer = mia.post(address(draft, "examples/add/"), sent, follow=True).content.decode()
    assert "“Ten calls” comes out." in answer
    assert "as expected" in answer
    with enter(bank.tenant.pk):
        made = Example.objects.get(name="Ten calls")
        assert made.inputs == {"calls": "10", "GOAL(calls)": "10"}
        assert made.expected == {"bonus": "15"}
        assert AuditEntry.objects.get(action="add example").by == bank.user("mia")


def test_one_that_comes_out_otherwise_is_kept_and_says_so(
    browser: Browser, draft: PlanVersion
) -> None:
    sent = typed(**{"pays-bonus": "20"})
    page = browser("mia").post(address(draft, "examples/add/"), sent, follow=True)
    assert "20 is expected, but 15 came out" in page.content.decode()
    assert "otherwise" in page.content.decode()
    assert "20 is expected" in do(browser("mia"), draft, "hand_in")


def test_what_cannot_be_computed_is_kept_and_says_why(browser: Browser, draft: PlanVersion) -> None:
    sent = typed(**{"in-0": "ten", "pays-bonus": "15"})
    page = browser("mia").post(address(draft, "examples/add/"), sent, follow=True)
    assert "calls: &quot;ten&quot; is not a number" in page.content.decode()
    assert "not computed" in page.content.decode()


def test_two_of_one_name_are_refused_and_what_was_typed_stays(
    browser: Browser, draft: PlanVersion
) -> None:
    page = browser("mia").post(address(draft, "examples/add/"), typed(name="hundred"))
    assert page.status_code == 200
    assert "Another example is called “hundred”" in page.content.decode()
    assert 'value="10"' in page.content.decode()


def test_two_editors_never_overwrite_each_other(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    mia = browser("mia")
    page = mia.get(address(draft, "examples/add/")).content.decode()
    seen = page.split('name="seen" value="')[1].split('"')[0]
    with enter(bank.tenant.pk):
        draft.components.update(title="Other")
    answer = mia.post(address(draft, "examples/add/"), typed(seen=seen))
    assert "changed this version after you opened the page" in answer.content.decode()
    with enter(bank.tenant.pk):
        assert not Example.objects.filter(name="Ten calls").exists()


def test_an_example_is_changed_accepted_and_removed(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    mia, listed = browser("mia"), address(draft, "examples/")
    with enter(bank.tenant.pk):
        example = draft.examples.get()
    changed = typed(name="Hundred", **{"in-0": "20", "pays-bonus": "1"})
    mia.post(f"{listed}{example.pk}/", changed)
    answer = mia.post(listed, {"do": "accept", "example": example.pk}, follow=True)
    assert "expects what came out" in answer.content.decode()
    with enter(bank.tenant.pk):
        example.refresh_from_db()
        assert example.expected == {"bonus": "30"}
    assert browser("mo").post(listed, {"do": "remove", "example": example.pk}).status_code == 302
    with enter(bank.tenant.pk):
        assert draft.examples.exists(), "it is Mia's draft"
    mia.post(listed, {"do": "remove", "example": example.pk})
    with enter(bank.tenant.pk):
        assert not draft.examples.exists()
    assert mia.post(listed, {"do": "remove", "example": example.pk}).status_code == 404


def test_one_click_takes_a_real_person(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mia, listed = browser("mia"), address(draft, "examples/")
    with enter(bank.tenant.pk):
        point = PlanPeriod.objects.get(run=bank.run)
    sent = {"do": "take", "person": "ann", "point": point.pk}
    page = mia.post(listed, sent, follow=True).content.decode()
    assert "has the figures of that result, not the name" in page
    assert "As in June 2026" in page
    assert "Ann Abel" not in page
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="read pay", by=bank.user("mia")).exists()
    nobody = mia.post(listed, {**sent, "person": "nobody"}, follow=True).content.decode()
    assert "Nobody here has the name or number “nobody”" in nobody
    named = mia.post(listed, {**sent, "person": "abel"}, follow=True).content.decode()
    assert "As in June 2026 (2)" in named
    middle = mia.post(listed, {**sent, "person": ""}, follow=True).content.decode()
    assert "As in June 2026 (3)" in middle


def test_who_reads_rules_reads_examples(browser: Browser, draft: PlanVersion) -> None:
    page = browser("audrey").get(address(draft, "examples/")).content.decode()
    assert "Hundred" in page
    assert "as expected" in page
    assert 'value="remove"' not in page
    assert browser("audrey").get(address(draft, "examples/add/")).status_code == 403


# --- compliance


def test_an_administrator_switches_packs(browser: Browser, bank: Cast) -> None:
    ada = browser("ada")
    page = ada.post("/rules/compliance/", {"packs": ["loan_terms"]}, follow=True).content.decode()
    assert "Terms of a loan (Regulation Z, 12 CFR 1026.36(d)) is on." in page
    assert Tenant.objects.get(pk=bank.tenant.pk).compliance == ["loan_terms"]
    with enter(bank.tenant.pk):
        Metric.objects.update(tags=["loan_term"])
    page = browser("mia").get("/rules/compliance/").content.decode()
    assert "is paid by Calls answered, a term of a loan" in page
    assert "disabled" in page
    assert browser("mia").post("/rules/compliance/", {}).status_code == 403
    refused = ada.post("/rules/compliance/", {"packs": ["x"]}, follow=True).content.decode()
    assert "No pack is called x" in refused


def test_what_a_pack_refuses_stands_on_the_page_and_is_not_handed_in(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        Tenant.objects.filter(pk=bank.tenant.pk).update(compliance=["loan_terms"])
        Metric.objects.update(tags=["loan_term"])
    page = browser("mia").get(address(draft)).content.decode()
    assert "What the law says of it" in page
    assert "a term of a loan" in page
    assert "a term of a loan" in do(browser("mia"), draft, "hand_in")
    assert state(bank, draft) == "draft"
