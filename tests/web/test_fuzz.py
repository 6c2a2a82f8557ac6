"""Forms of the editor and of the admin, filled with what nobody should type: never a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from incentives.models import PlanVersion
from metrics.models import CreditRule, Metric, TransactionKind
from org.base import TenantModel
from org.tenancy import enter
from tests import seeds
from tests.factories import make_pay_group
from tests.web.cast import NOW, SINCE, Cast, make_version

Browser = Callable[[str], Client]
NASTY = (
    *("²", "-", "--5", "1e309", "NaN", "-Infinity", "9" * 5000, "0" * 300, "1,5", "½", "=1+1"),
    *(
        "\u202eabc\u2066",
        "\ud7ff\uffff",
        "a\r\nb",
        "<script>",
        "%s %(x)s {0}",
        "'; DROP",
        "(" * 300,
    ),
    *(
        "IF(" * 200,
        "[" * 100_000,
        "SUM(",
        "a|b|c",
        "{}",
        "[]",
        "null",
        "true",
        "0000-00-00",
        "9999-99-99",
        "ſ",
    ),
)


@pytest.fixture
def draft(bank: Cast) -> PlanVersion:
    """A draft of Mia with a schedule, beside a kind of transaction with a rule and a pay group."""
    with enter(bank.tenant.pk):
        made: PlanVersion = make_version(
            bank.plan, author=bank.user("mia"), status="draft", number=2
        )
        made.schedules = {"later": [{"share": "100%", "release": "final"}]}
        made.save()
        kind = TransactionKind.objects.create(
            code="sale", key_columns=["no"], dates=["sold"], roles={"seller": {}},
            attributes={"amount": "money"},
        )  # fmt: skip
        CreditRule.objects.create(
            kind=kind, group="volume", order=1, to=["seller"], into=Metric.objects.get(),
            on="sold", valid_from=SINCE, recorded_at=NOW,
        )  # fmt: skip
        make_pay_group(bank.plan.calendar, "staff")
    return made


def pages(draft: PlanVersion) -> Iterator[str]:
    """The editor's pages with a form."""
    yield from (
        reverse(name, args=[draft.pk, *args])
        for name, args in (
            ("edit-whole", ()),
            ("edit-whom", ()),
            ("edit-new", ("measures",)),
            ("edit-part", ("measures", "calls")),
            ("edit-new", ("tables",)),
            ("edit-part", ("tables", "step")),
            ("edit-new", ("components",)),
            ("edit-part", ("components", "bonus")),
            ("edit-new-schedule", ()),
            ("edit-schedule", ("later",)),
            ("edit-try", ()),
        )
    )
    for section in ("measures", "tables", "components"):
        yield reverse("edit-check", args=[draft.pk, section])
    for name, args in (
        ("begin-plan", ()),
        ("kind-new", ()),
        ("kind", ("sale",)),
        ("credit-rule-new", ("sale",)),
        ("pay-rule", ("staff",)),
        ("budget-new", ()),
        ("metric-tags", ("calls",)),
        ("kind-tags", ("sale",)),
        ("job-licences", ("agent",)),
    ):
        yield reverse(name, args=args)


def fields(answer: Any) -> dict[str, str]:
    """The names of a page's fields, with what stands in them."""
    found: dict[str, str] = {}
    for context in answer.context or ():
        for value in (context.get("form"), context.get("formset")):
            for form in [value] if hasattr(value, "fields") else list(value or ()):
                for bound in form if hasattr(form, "fields") else ():
                    shown = bound.value()
                    found[bound.html_name] = "" if shown is None else str(shown)
            if hasattr(value, "management_form"):
                for bound in value.management_form:
                    found[bound.html_name] = str(bound.value() or 0)
    return found


@pytest.mark.parametrize("tried", [1, pytest.param(len(NASTY), marks=pytest.mark.long)])
def test_no_form_of_the_editor_falls_over(
    browser: Browser, bank: Cast, draft: PlanVersion, tried: int
) -> None:
    mia = browser("mia")
    for number, address in enumerate(pages(draft)):
        shown = mia.get(address)
        usual = fields(shown) if shown.status_code == 200 else {}
        names = [name for name in usual if not name.endswith("_FORMS")]
        whole = tried == len(NASTY)
        alone = [NASTY[(number + n) % len(NASTY)] for n in range(len(names))] if whole else []
        posts: list[dict[str, Any]] = [
            {},
            *({**usual, **dict.fromkeys(names, one)} for one in shown_of(number, tried)),
            *({**usual, name: one} for name, one in zip(names, alone, strict=False)),
            *({**usual, name: "9" * 30} for name in usual if whole and name.endswith("_FORMS")),
        ]
        for post in posts:
            answer = mia.post(address, post)
            assert answer.status_code < 500, (address, post)


def shown_of(number: int, many: int) -> list[str]:
    """Some of the nasty texts, others for each page."""
    return [NASTY[(number * many + n) % len(NASTY)] for n in range(many)]


@pytest.mark.long
def test_a_table_of_nonsense_is_read_or_refused(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    page = reverse("edit-part", args=[draft.pk, "tables", "step"])
    for one in NASTY:
        assert browser("mia").post(page, {"name": "step", "pasted": one}).status_code < 500


# --- the admin

IDS = ("0", "abc", "9" * 30, "1_5F2", "-1", "²", "1 OR 1=1", "null")
QUERIES = (
    *("q=%25", "q=" + "x" * 3000, "o=999", "o=a.b", "p=99999999999999999999999", "p=-1", "all="),
    *("e=1", "id__exact=abc", "tenant__exact=1", "password__startswith=a", "_facets=True"),
    *("plan__exact=" + "9" * 40, "status__exact=%C2%B2", "_popup=1&_to_field=x"),
)


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "name", ["mia", pytest.param("ada", marks=LONG), pytest.param("pam", marks=LONG)]
)
def test_the_admin_answers_whatever_it_is_asked(browser: Browser, bank: Cast, name: str) -> None:
    client = browser(name)
    apart = 6 if seeds.long_wanted else 12
    for place, model in enumerate(admin.site._registry):
        opts = model._meta
        base = f"admin:{opts.app_label}_{opts.model_name}"
        some = slice(place % apart, None, apart) if name == "mia" else slice(None)
        for query in QUERIES[some]:
            answer = client.get(f"{reverse(f'{base}_changelist')}?{query}")
            assert answer.status_code < 500, (opts.label, query)
        for number in IDS[some]:
            for page in ("change", "delete", "history"):
                address = reverse(f"{base}_{page}", args=[number])
                assert client.get(address).status_code < 500, address
                assert client.post(address, {"post": "yes"}).status_code < 500, address


@pytest.mark.long
@pytest.mark.parametrize("name", ["ada", "mia"])
def test_the_admin_takes_no_nonsense(
    browser: Browser, bank: Cast, draft: PlanVersion, name: str
) -> None:
    client = browser(name)
    for model in admin.site._registry:
        opts = model._meta
        base = f"admin:{opts.app_label}_{opts.model_name}"
        with enter(bank.tenant.pk):
            rows = model._default_manager.all()
            is_global = not issubclass(model, TenantModel)
            row = (rows.filter(tenant=bank.tenant) if is_global else rows).first()
        addresses = [reverse(f"{base}_add")]
        if row is not None:
            addresses.append(reverse(f"{base}_change", args=[row.pk]))
        for address in addresses:
            names = admin_fields(client, address)
            for one in NASTY[::3]:
                answer = client.post(address, {**names, **dict.fromkeys(names, one)})
                assert answer.status_code < 500, (address, one)
            assert client.post(address, {}).status_code < 500, address
        changelist = reverse(f"{base}_changelist")
        for post in (
            {"action": "none", "_selected_action": "x"},
            {"action": "delete_selected", "_selected_action": ["9" * 30, "²"]},
            {"form-TOTAL_FORMS": "9" * 30, "_save": "x"},
        ):
            assert client.post(changelist, post).status_code < 500, (changelist, post)


def admin_fields(client: Client, address: str) -> dict[str, str]:
    """The names of the fields of an admin form."""
    answer = client.get(address)
    found: dict[str, str] = {}
    if answer.status_code == 200 and answer.context and "adminform" in answer.context:
        for bound in answer.context["adminform"].form:
            found[bound.html_name] = ""
        for inline in answer.context.get("inline_admin_formsets") or ():
            for bound in inline.formset.management_form:
                found[bound.html_name] = ""
    return found
