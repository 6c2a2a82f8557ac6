"""The plan editor: parts on pages of their own, judged on trial, checked while they are typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incentives.models import Component, Example, Plan, PlanVersion, RateTable
from org.models import AuditEntry
from org.tenancy import enter
from tests.web.cast import BONUS, Cast, make_version

Browser = Callable[[str], Client]


@pytest.fixture
def draft(bank: Cast) -> PlanVersion:
    """Mia's draft of a second version."""
    with enter(bank.tenant.pk):
        version = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        version.in_force = "2026-07-01"
        version.save()
    return version


def at(name: str, *args: Any) -> str:
    """The address of a page."""
    return reverse(name, args=args)


def page(client: Client, address: str) -> str:
    """A page that must open, as text."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send of the form of a part, as it stands."""
    form = html[html.index('id="part-form"') :]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]+>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        box = 'type="checkbox"' in tag
        if name and (not box or " checked" in tag) and not name[1].startswith("csrf"):
            found[name[1]] = value[1] if value else "on" if box else ""
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.S):
        found[name] = _plain(text)
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def _plain(text: str) -> str:
    for sign, plain in (("&gt;", ">"), ("&lt;", "<"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(sign, plain)
    return text


def save(client: Client, address: str, **changes: str) -> Any:
    """Open a page, change some of it, and send it."""
    return client.post(address, {**fields_of(page(client, address)), **changes})


def told(answer: Any) -> list[str]:
    """What a page that was sent back complains of."""
    html = answer.content.decode()
    lists = re.findall(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>', html, re.S)
    return [re.sub(r"<[^>]+>|\s+", " ", one).strip() for one in lists]


def component(bank: Cast, version: PlanVersion, name: str = "bonus") -> Component:
    """A component as it stands in the database."""
    with enter(bank.tenant.pk):
        return Component.objects.get(version=version, name=name)


# --- a plan from nothing


def test_a_plan_is_written_from_nothing(browser: Browser, bank: Cast) -> None:
    mia = browser("mia")
    with enter(bank.tenant.pk):
        calendar, family = bank.plan.calendar_id, bank.plan.family.code
        metric = bank.version.measures.get().metric_id
    begun = mia.post(
        at("begin-plan"),
        {"name": "Sales commission", "calendar": calendar, "in_force": "2026-07-01",
         "family": family},
    )  # fmt: skip
    with enter(bank.tenant.pk):
        version = PlanVersion.objects.get(plan__code="sales_commission")
    assert begun["Location"] == at("edit-version", version.pk)
    assert "How to write a plan" in page(mia, begun["Location"])
    done = save(
        mia,
        at("edit-new", version.pk, "measures"),
        metric=str(metric),
        name="volume",
        window="year_to_date",
    )
    assert done.status_code == 302, told(done)
    done = save(
        mia,
        at("edit-new", version.pk, "tables"),
        name="steps",
        rows="Sales\tRate\n$0\t5%\n$120,000\t8%",
    )
    assert done.status_code == 302
    done = save(
        mia,
        at("edit-new", version.pk, "components"),
        name="commission",
        title="Commission",
        formula="TIER(volume, steps)",
        cumulate="to_date",
    )
    assert done.status_code == 302
    with enter(bank.tenant.pk):
        row = Component.objects.get(version=version)
        assert (row.formula, row.cumulate) == ("TIER(volume, steps)", "to_date")
        spec = RateTable.objects.get(version=version).spec
        assert spec["rows"] == [["0", "5%"], ["120000", "8%"]]
    shown = page(mia, at("edit-version", version.pk))
    assert "Nothing is wrong with its rules" in shown
    assert "The component Commission reads the measure volume and the table steps." in shown


def test_a_code_that_is_taken_is_refused(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        data = {"name": "x", "code": bank.plan.code, "calendar": bank.plan.calendar_id,
                "in_force": "2026-07-01", "family": bank.plan.family.code}  # fmt: skip
    answer = browser("mia").post(at("begin-plan"), data)
    assert "There is a plan “calls” already" in answer.content.decode()
    with enter(bank.tenant.pk):
        assert Plan.objects.count() == 1


def test_a_plan_adds_up_with_others_unless_a_family_is_chosen(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        data = {"name": "Spring", "calendar": bank.plan.calendar_id, "in_force": "2026-07-01"}
    assert browser("mia").post(at("begin-plan"), data).status_code == 302
    with enter(bank.tenant.pk):
        assert Plan.objects.get(code="spring").family.code == "spring"


def test_a_plan_of_the_same_name_gets_a_code_of_its_own(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        data = {"name": "Calls", "calendar": bank.plan.calendar_id,
                "in_force": "2026-07-01", "family": bank.plan.family.code}  # fmt: skip
    assert browser("mia").post(at("begin-plan"), data).status_code == 302
    with enter(bank.tenant.pk):
        assert Plan.objects.filter(code="calls_2").exists()


# --- one part


def test_a_formula_is_changed(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    address = at("edit-part", draft.pk, "components", "bonus")
    done = save(browser("mia"), address, formula="calls * 2")
    assert done.status_code == 302, told(done)
    assert component(bank, draft).formula == "calls * 2"
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="change draft", by=bank.user("mia")).exists()


def test_a_mistake_stands_at_its_field_with_a_caret(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    address = at("edit-part", draft.pk, "components", "bonus")
    answer = save(browser("mia"), address, formula="calls * 2", gate="cals > 1")
    shown = answer.content.decode()
    assert answer.status_code == 200
    said = shown[shown.index('id="said-gate"') :]
    assert "Did you mean &quot;calls&quot;?" in said[: said.index("</div>")]
    assert "^^^^" in said[: said.index("</div>")]
    assert 'name="gate"' in shown
    assert "cals &gt; 1" in shown, "what was typed is still there"
    assert component(bank, draft).formula == BONUS, "nothing is half written"


def test_renaming_a_measure_renames_it_in_formulas(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    done = save(browser("mia"), at("edit-part", draft.pk, "measures", "calls"), name="answered")
    assert done.status_code == 302, told(done)
    assert done["Location"] == at("edit-part", draft.pk, "measures", "answered")
    assert component(bank, draft).formula == BONUS.replace("calls", "answered")


def test_a_renamed_part_keeps_its_examples(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        Example.objects.create(
            version=draft,
            name="x",
            inputs={"calls": "275", "GOAL(calls)": "250"},
            expected={"bonus": "412.5"},
        )
    mia = browser("mia")
    save(mia, at("edit-part", draft.pk, "measures", "calls"), name="answered")
    save(mia, at("edit-part", draft.pk, "components", "bonus"), name="premium")
    with enter(bank.tenant.pk):
        row = Example.objects.get(version=draft, name="x")
    assert row.inputs == {"answered": "275", "GOAL(answered)": "250"}
    assert row.expected == {"premium": "412.5"}


def test_what_breaks_elsewhere_is_saved_and_said(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    mia = browser("mia")
    address = at("edit-part", draft.pk, "tables", "step")
    assert save(mia, address, rows="80% | 1\n100% | 2", kind="curve").status_code == 302
    shown = page(mia, at("edit-version", draft.pk))
    assert "Before it can be published" in shown
    assert "RATE cannot use it" in shown
    assert "1 to do" in shown


def test_a_part_that_is_read_stays(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    address = at("edit-remove", draft.pk, "tables", "step")
    shown = browser("mia").post(address, follow=True).content.decode()
    assert "“step” stays, because it is still read here" in shown
    assert "component bonus: formula" in shown
    with enter(bank.tenant.pk):
        assert draft.tables.exists()


def test_a_part_is_taken_out(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    browser("mia").post(at("edit-remove", draft.pk, "components", "bonus"))
    with enter(bank.tenant.pk):
        assert not draft.components.exists()


def test_a_name_that_differs_by_case_is_refused(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    answer = save(
        browser("mia"), at("edit-new", draft.pk, "tables"), name="STEP", rows="0 | 1\n10 | 2"
    )
    assert "capitals make no difference" in answer.content.decode()


def test_a_new_component_with_a_mistake_can_be_sent_again(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    mia = browser("mia")
    address = at("edit-new", draft.pk, "components")
    answer = save(mia, address, name="extra", formula="cals")
    assert answer.status_code == 200
    data = fields_of(answer.content.decode()) | {"formula": "calls"}
    assert mia.post(address, data).status_code == 302
    assert component(bank, draft, "extra").formula == "calls"


def test_a_name_is_made_of_the_title(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mia = browser("mia")
    address = at("edit-new", draft.pk, "components")
    answer = save(mia, address, formula="calls")
    assert "Give it a title, or a name of its own." in answer.content.decode()
    done = save(mia, address, title="2nd bonus", formula="calls")
    assert done["Location"] == at("edit-part", draft.pk, "components", "n_2nd_bonus")


def test_without_script_a_button_checks(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    address = at("edit-part", draft.pk, "components", "bonus")
    answer = save(browser("mia"), address, formula="cals", _check="yes")
    assert "Did you mean &quot;calls&quot;?" in answer.content.decode()
    answer = save(browser("mia"), address, formula="calls * 3", _check="yes")
    assert "Pays calls × 3." in answer.content.decode()
    assert component(bank, draft).formula == BONUS, "nothing is saved"


def test_every_choice_of_a_component_is_kept(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        draft.schedules = {"later": [{"share": "100%", "release": "3 months later"}]}
        draft.save()
    address = at("edit-part", draft.pk, "components", "bonus")
    said = {
        "floor": "10", "cap": "1600", "modifier": "1.1", "gate": "calls > 1",
        "earning_type": "bonus", "rounding_decimals": "0", "schedule": "later",
        "after_final": "freeze",
    }  # fmt: skip
    assert save(browser("mia"), address, **said).status_code == 302
    row = component(bank, draft)
    assert {name: str(getattr(row, name)) for name in said} == said
    data = fields_of(page(browser("mia"), address))
    assert {name: data[name] for name in said} == said


def test_places_on_the_statement_change(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mia = browser("mia")
    save(mia, at("edit-new", draft.pk, "components"), name="extra", formula="calls")
    mia.post(at("edit-move", draft.pk, "extra"), {"to": "up"})
    with enter(bank.tenant.pk):
        names = list(draft.components.order_by("order", "name").values_list("name", flat=True))
    assert names == ["extra", "bonus"]


# --- the version, whom it is for, schedules


def test_what_a_version_says_as_a_whole(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    address = at("edit-whole", draft.pk)
    done = save(
        browser("mia"), address, cap="3000", limit="24000", excess="lose", trailing_days="30"
    )
    assert done.status_code == 302, told(done)
    with enter(bank.tenant.pk):
        options = PlanVersion.objects.get(pk=draft.pk).options
    assert options == {
        "cap": "3000",
        "limit": {"amount": 24000, "excess": "lose"},
        "leavers": {"trailing_days": 30},
    }


def test_a_version_begins_with_a_period(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    answer = save(browser("mia"), at("edit-whole", draft.pk), in_force="2026-07-15")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "No period of the calendar monthly begins on 15 July 2026" in shown


def test_whom_a_version_is_for(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mia = browser("mia")
    address = at("edit-whom", draft.pk)
    seen = re.search(r'name="seen" value="([^"]+)"', page(mia, address))
    assert seen is not None
    data = {
        "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "seen": seen[1],
        "form-0-person": "ann", "form-1-slot": "primary",
    }  # fmt: skip
    assert mia.post(address, data).status_code == 302
    assert "person ann" in page(mia, address).lower()
    with enter(bank.tenant.pk):
        assert draft.eligibility.count() == 2
    wrong = {**data, "form-0-person": "nobody"}
    assert "Nobody has the personnel number “nobody”" in mia.post(address, wrong).content.decode()


def test_a_schedule_sums_to_the_whole(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mia = browser("mia")
    address = at("edit-new-schedule", draft.pk)
    seen = re.search(r'name="seen" value="([^"]+)"', page(mia, address))
    assert seen is not None
    data = {
        "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "seen": seen[1], "name": "later",
        "form-0-share": "70%", "form-0-release": "final",
        "form-1-share": "20%", "form-1-release": "3 months later",
    }  # fmt: skip
    assert "The shares sum to 90 %" in mia.post(address, data).content.decode()
    assert mia.post(address, {**data, "form-1-share": "30 %"}).status_code == 302
    with enter(bank.tenant.pk):
        assert PlanVersion.objects.get(pk=draft.pk).schedules == {
            "later": [
                {"share": "70%", "release": "final"},
                {"share": "30%", "release": "3 months later"},
            ]
        }


# --- who may


@pytest.mark.parametrize("name", ["pam", "audrey", "ada"])
def test_readers_read_and_write_nothing(
    browser: Browser, bank: Cast, draft: PlanVersion, name: str
) -> None:
    client = browser(name)
    address = at("edit-part", draft.pk, "components", "bonus")
    shown = page(client, address)
    assert "disabled" in shown
    assert ">Save<" not in shown
    assert client.post(address, {"formula": "1", "name": "bonus"}).status_code == 403
    assert component(bank, draft).formula == BONUS


def test_somebody_elses_draft_is_read(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mo = browser("mo")
    address = at("edit-part", draft.pk, "components", "bonus")
    assert "mia.bank writes it; you read it" in page(mo, address)
    mo.post(address, {"formula": "1", "name": "bonus", "per": "person", "rounding_decimals": "2"})
    assert component(bank, draft).formula == BONUS
    assert mo.post(at("edit-remove", draft.pk, "components", "bonus")).status_code == 403


def test_a_published_version_does_not_change(browser: Browser, bank: Cast) -> None:
    mia = browser("mia")
    address = at("edit-part", bank.version.pk, "components", "bonus")
    assert "it never changes" in page(mia, address)
    data = {**fields_of(page(mia, address)), "formula": "1"}
    mia.post(address, data)
    assert component(bank, bank.version).formula == BONUS


def test_two_windows_overwrite_nothing(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    first, second = browser("mia"), browser("mia")
    address = at("edit-part", draft.pk, "components", "bonus")
    mine, theirs = (fields_of(page(client, address)) for client in (first, second))
    assert first.post(address, {**mine, "formula": "calls * 2"}).status_code == 302
    answer = second.post(address, {**theirs, "formula": "calls * 3"})
    shown = answer.content.decode()
    assert "mia.bank changed this" in shown
    assert "calls * 3" in shown, "what was typed is still there"
    assert component(bank, draft).formula == "calls * 2"


def test_another_tenant_finds_nothing(browser: Browser, draft: PlanVersion) -> None:
    olga = browser("olga")
    for address in (
        at("edit-version", draft.pk),
        at("edit-part", draft.pk, "components", "bonus"),
        at("edit-whole", draft.pk),
    ):
        assert olga.get(address).status_code == 404
    assert olga.post(at("edit-check", draft.pk, "components"), {}).status_code == 404
    assert olga.post(at("edit-try", draft.pk), {}).status_code == 404
