"""Plans in the admin: who may, mistakes with their caret, and publishing by somebody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from incentives.models import Component, Measure, PlanVersion, RateTable
from org.models import AuditEntry
from org.tenancy import enter
from tests.factories import make_ready
from tests.web.cast import BONUS, Cast, make_version

Browser = Callable[[str], Client]
VERSIONS = "/admin/incentives/planversion/"


@pytest.fixture
def draft(bank: Cast) -> PlanVersion:
    """Mia's draft of a second version."""
    with enter(bank.tenant.pk):
        version = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        version.in_force = "2026-07-01"
        version.save()
    return version


def posted(version: PlanVersion | None, plan: Any, **changes: str) -> dict[str, str]:
    """What the browser sends for a version with one measure, one table and one component."""
    parts: dict[str, Any] = {"measures": None, "tables": None, "components": None}
    if version is not None:
        parts = {
            "measures": Measure.objects.get(version=version),
            "tables": RateTable.objects.get(version=version),
            "components": Component.objects.get(version=version),
        }
    data = {
        "plan": str(plan.pk),
        "in_force": "2026-07-01",
        "segments": "blend",
        "prorate_days": "calendar",
        "first_day": "in",
        "measures-0-name": "calls",
        "measures-0-metric": str(Measure.objects.filter(name="calls")[0].metric_id),
        "measures-0-scope": "own",
        "measures-0-no_data": "undecided",
        "tables-0-name": "step",
        "tables-0-rows": "0 | 1\n10 | 1.5",
        "components-0-name": "bonus",
        "components-0-order": "0",
        "components-0-formula": BONUS,
        "components-0-rounding_decimals": "2",
        "components-0-earning_type": "incentive",
        "eligibility-TOTAL_FORMS": "0",
        "eligibility-INITIAL_FORMS": "0",
    }
    for prefix, row in parts.items():
        data[f"{prefix}-TOTAL_FORMS"] = "1"
        data[f"{prefix}-INITIAL_FORMS"] = "1" if row else "0"
        if row:
            data[f"{prefix}-0-id"] = str(row.pk)
            data[f"{prefix}-0-version"] = str(row.version_id)
    return {**data, **changes}


def save(client: Client, bank: Cast, version: PlanVersion | None, **changes: str) -> Any:
    """Send the version's page; the answer."""
    with enter(bank.tenant.pk):
        data = posted(version, bank.plan, **changes)
    return client.post(f"{VERSIONS}{version.pk}/change/" if version else f"{VERSIONS}add/", data)


def formula_of(bank: Cast, version: PlanVersion) -> str:
    """What stands in the database."""
    with enter(bank.tenant.pk):
        return Component.objects.get(version=version).formula


# --- who may


@pytest.mark.parametrize("name", ["mia", "mo", "pam", "audrey", "ada"])
def test_roles_that_see_rules_open_the_admin(browser: Browser, bank: Cast, name: str) -> None:
    page = browser(name).get("/admin/")
    assert page.status_code == 200
    assert "Bank" in page.content.decode(), "the admin says which tenant it shows"


@pytest.mark.parametrize("name", ["ann", "sam"])
def test_other_roles_get_a_sentence(browser: Browser, name: str) -> None:
    answer = browser(name).get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "open to plan managers" in answer.content.decode()


def test_who_is_not_logged_in_is_asked_to(browser: Browser) -> None:
    answer = browser("").get(VERSIONS, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/")


def test_another_tenant_sees_nothing_of_it(browser: Browser, draft: PlanVersion) -> None:
    olga = browser("olga")
    assert "Union" in olga.get("/admin/").content.decode()
    assert olga.get(f"{VERSIONS}{draft.pk}/change/").status_code == 404
    assert olga.post(f"{VERSIONS}{draft.pk}/publish/").status_code == 404
    assert olga.post(f"{VERSIONS}{draft.pk}/copy/").status_code == 404


@pytest.mark.parametrize("name", ["pam", "audrey", "ada"])
def test_readers_write_nothing(browser: Browser, bank: Cast, draft: PlanVersion, name: str) -> None:
    client = browser(name)
    page = client.get(f"{VERSIONS}{draft.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert save(client, bank, draft, **{"components-0-formula": "1"}).status_code == 403
    assert client.get(f"{VERSIONS}add/").status_code == 403
    assert client.post(f"{VERSIONS}{draft.pk}/publish/").status_code == 403
    assert client.post(f"{VERSIONS}{draft.pk}/copy/").status_code == 403
    assert formula_of(bank, draft) == BONUS


def test_every_page_of_the_admin_asks_for_roles() -> None:
    from django.contrib import admin  # the registry is filled when the site starts

    from org.admin_base import TenantAdmin

    assert admin.site._registry
    assert all(isinstance(page, TenantAdmin) for page in admin.site._registry.values())


@pytest.mark.parametrize(
    "model", ["planversion", "plan", "family", "planperiod", "calculationrun", "transfer"]
)
def test_an_auditor_reads_every_list(browser: Browser, model: str) -> None:
    assert browser("audrey").get(f"/admin/incentives/{model}/").status_code == 200
    assert browser("audrey").get(f"/admin/incentives/{model}/add/").status_code == 403


# --- writing


def test_a_new_version_gets_its_number_and_its_author(browser: Browser, bank: Cast) -> None:
    assert save(browser("mo"), bank, None).status_code == 302
    with enter(bank.tenant.pk):
        made = PlanVersion.objects.get(number=2)
        assert (made.status, made.author) == ("draft", bank.user("mo"))
        assert made.tables.get().spec == {"rows": [["0", "1"], ["10", "1.5"]]}
        assert made.components.get().formula == BONUS
        noted = AuditEntry.objects.get(action="plan version added")
        assert (noted.by, noted.subject) == (bank.user("mo"), str(made))


def test_a_changed_formula_is_kept(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    answer = save(browser("mia"), bank, draft, **{"components-0-formula": "calls * 2"})
    assert answer.status_code == 302
    assert formula_of(bank, draft) == "calls * 2"
    history = browser("mia").get(f"{VERSIONS}{draft.pk}/history/")
    assert "mia.bank" in history.content.decode()


def test_a_mistake_shows_line_caret_suggestion_and_example(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    answer = save(browser("mia"), bank, draft, **{"components-0-formula": "ROUND(cals,\n  2)"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Line 1, column 7" in page
    assert '<pre class="caret">    ROUND(cals,\n          ^^^^</pre>' in page
    assert "Did you mean &quot;calls&quot;?" in page
    assert "Example: ROUND(calls, 2)" in page
    assert formula_of(bank, draft) == BONUS, "nothing is half written"


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("components-0-gate", "calls * 2", "Yes or no is needed here"),
        ("components-0-cap", '"much"', "A number is needed here"),
        ("components-0-name", "two words", "is no name"),
        ("measures-0-name", "a__b", "two underscores"),
        ("tables-0-rows", "0 | 4%\n0 | 6%", "Row 1 and 2 overlap: both begin at 0."),
        ("tables-0-rows", "0 | 10 | 4%\n20 | | 6%", "There is a gap: row 1 ends at 10"),
        ("tables-0-rows", "0 | 30 | 4%\n20 | | 6%", "Rows overlap: row 1 ends at 30"),
        ("tables-0-rows", "0 | four", "is not a number"),
    ],
)
def test_each_mistake_stands_at_its_field(
    browser: Browser, bank: Cast, draft: PlanVersion, field: str, text: str, sentence: str
) -> None:
    answer = save(browser("mia"), bank, draft, **{field: text})
    assert answer.status_code == 200
    forms = [f for s in answer.context["inline_admin_formsets"] for f in s.formset.forms]
    named = {f"{form.prefix}-{name}": list(e) for form in forms for name, e in form.errors.items()}
    assert field in named
    assert sentence in named[field][0]


def test_a_value_on_a_bound_goes_where_the_table_says(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    assert (
        save(browser("mia"), bank, draft, **{"tables-0-on_bound": "lower_row"}).status_code == 302
    )
    with enter(bank.tenant.pk):
        assert draft.tables.get().spec["on_bound"] == "lower_row"
    page = browser("mia").get(f"{VERSIONS}{draft.pk}/change/").content.decode()
    assert "0  | 1\n10 | 1.5" in page


def test_a_version_without_components_is_kept_and_warned_of(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    mia = browser("mia")
    assert save(mia, bank, draft, **{"components-0-DELETE": "on"}).status_code == 302
    assert "Not ready to be published. components" in mia.get(VERSIONS).content.decode()


def test_a_published_version_is_read_only(browser: Browser, bank: Cast) -> None:
    page = browser("mia").get(f"{VERSIONS}{bank.version.pk}/change/").content.decode()
    assert "never changes" in page
    assert "<pre>0  | 1\n10 | 1.5</pre>" in page, "who reads it sees the tables, too"
    assert 'name="_save"' not in page
    answer = save(browser("mia"), bank, bank.version, **{"components-0-formula": "1"})
    assert answer.status_code == 403
    assert formula_of(bank, bank.version) == BONUS


def test_somebody_elses_draft_is_read_only(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    assert "is mia.bank's" in browser("mo").get(f"{VERSIONS}{draft.pk}/change/").content.decode()
    assert save(browser("mo"), bank, draft, **{"components-0-formula": "1"}).status_code == 403


# --- publishing and copying


@pytest.fixture
def ready(bank: Cast, draft: PlanVersion) -> PlanVersion:
    """Mia's draft, handed in."""
    with enter(bank.tenant.pk):
        draft.refresh_from_db()
        return make_ready(draft)


def test_the_author_cannot_publish(browser: Browser, bank: Cast, ready: PlanVersion) -> None:
    answer = browser("mia").post(f"{VERSIONS}{ready.pk}/publish/", follow=True)
    assert "somebody else must publish it" in answer.content.decode()
    with enter(bank.tenant.pk):
        assert PlanVersion.objects.get(pk=ready.pk).status == "review"


def test_a_draft_is_handed_in_first(browser: Browser, draft: PlanVersion) -> None:
    answer = browser("mo").post(f"{VERSIONS}{draft.pk}/publish/", follow=True)
    assert "is a draft that was not handed in" in answer.content.decode()


def test_somebody_else_publishes(browser: Browser, bank: Cast, ready: PlanVersion) -> None:
    answer = browser("mo").post(f"{VERSIONS}{ready.pk}/publish/", follow=True)
    assert "is published: in force from" in answer.content.decode()
    with enter(bank.tenant.pk):
        published = PlanVersion.objects.get(pk=ready.pk)
    assert (published.status, published.published_by) == ("published", bank.user("mo"))


@pytest.mark.parametrize("verb", ["publish", "copy"])
def test_publishing_and_copying_take_a_post(
    browser: Browser, draft: PlanVersion, verb: str
) -> None:
    assert browser("mo").get(f"{VERSIONS}{draft.pk}/{verb}/").status_code == 405


def test_the_list_publishes_versions_and_says_what_was_refused(
    browser: Browser, bank: Cast, ready: PlanVersion
) -> None:
    chosen = {"action": "publish_versions", "_selected_action": [ready.pk, bank.version.pk]}
    page = browser("mo").post(VERSIONS, chosen, follow=True).content.decode()
    assert "is published: in force from" in page
    assert "is published already" in page


def test_a_copy_is_a_draft_of_whoever_copies(browser: Browser, bank: Cast) -> None:
    answer = browser("mo").post(f"{VERSIONS}{bank.version.pk}/copy/", follow=True)
    assert "is a draft of yours" in answer.content.decode()
    with enter(bank.tenant.pk):
        copy = PlanVersion.objects.get(number=2)
        assert (copy.status, copy.author) == ("draft", bank.user("mo"))
        assert copy.published_at is None
        assert copy.components.get().formula == BONUS
        assert copy.measures.get().metric == bank.version.measures.get().metric


# --- two editors


def seen_on(client: Client, version: PlanVersion) -> str:
    """What the page says that its reader has seen."""
    page = client.get(f"{VERSIONS}{version.pk}/change/").content.decode()
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_who_saves_second_overwrites_nothing(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    first, second = browser("mia"), browser("mia")
    seen = seen_on(first, draft)
    assert seen_on(second, draft) == seen
    mine = {"components-0-formula": "calls * 2", "seen": seen}
    assert save(first, bank, draft, **mine).status_code == 302
    theirs = {"components-0-formula": "calls * 3", "seen": seen}
    answer = save(second, bank, draft, **theirs)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "mia.bank changed this version" in page, re.findall(r"errornote.*?</ul>", page, re.S)
    assert "calls * 3" in page, "what was typed is still there"
    assert save(second, bank, draft, **theirs).status_code == 200, "a second click saves no more"
    assert formula_of(bank, draft) == "calls * 2"
    fresh = {"components-0-formula": "calls * 3", "seen": seen_on(second, draft)}
    assert save(second, bank, draft, **fresh).status_code == 302
    assert formula_of(bank, draft) == "calls * 3"
