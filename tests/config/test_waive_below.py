"""``waive_below``: one number where a tenant pays in one currency, else one for each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from incentives.editor.save import begin_plan
from org.dates import EARLIEST_DAY
from org.errors import DomainError
from org.models import Calendar, Tenant, User
from org.tenancy import enter
from tests.config.files import AT, SMALL, Folder, export, user

ABROAD = """\
  abroad:
    calendar: monthly
    family: abroad
    currency: EUR
    versions:
      - {in_force: 2026-01-01, measures: {calls: {}}, components: {pay: {formula: calls}}}
"""


def said(waived: str, rest: str = "") -> str:
    """The small file with this for what is waived."""
    return SMALL.replace("currency: CHF}", f"currency: CHF, waive_below: {waived}}}") + rest


@pytest.mark.parametrize(
    ("text", "waived"),
    [
        (said("20"), {"CHF": Decimal(20)}),
        (said("{CHF: 20}"), {"CHF": Decimal(20)}),
        (said("{EUR: 19.50}", ABROAD), {"EUR": Decimal("19.5")}),
        (said("{CHF: 20, EUR: 19.50}", ABROAD), {"CHF": Decimal(20), "EUR": Decimal("19.5")}),
    ],
)
def test_it_comes_out_as_it_went_in(folder: Folder, text: str, waived: dict[str, Decimal]) -> None:
    folder.apply(text)
    assert Tenant.objects.get().waived == waived
    written = export()
    assert folder.changes(written) == {}
    assert export() == written
    assert folder.changes(SMALL if "abroad" not in text else SMALL + ABROAD)["tenant"] == [
        "~ tenant: waive_below"
    ]
    assert Tenant.objects.get().waived == {}


def test_one_number_says_nothing_of_another_currency(folder: Folder) -> None:
    sentence = (
        "tenant.waive_below (line 1): waive_below is one number, but plans pay in CHF and EUR. Say"
        " it for each currency in the tenant file, such as {CHF: 20, EUR: 20}; in a currency that"
        " is left out, nothing is waived."
    )
    assert sentence in folder.refusal(said("20", ABROAD))
    folder.apply(SMALL + ABROAD)
    only_the_tenant = said("20").partition("\n")[0]
    assert sentence in folder.refusal(only_the_tenant)
    folder.apply(said("{CHF: 20}").partition("\n")[0])


@pytest.mark.parametrize(
    ("waived", "sentence"),
    [
        ("{}", "tenant.waive_below"),
        ("{chf: 20}", "a currency is three capitals, such as CHF."),
        ("{CHF: -1}", "tenant.waive_below.CHF (line 1): -1 is no such amount: above 0"),
        ("{CHF: much}", "a number, such as 0.5, 100 or 4%, belongs here."),
    ],
)
def test_what_is_no_amount_gets_a_sentence(folder: Folder, waived: str, sentence: str) -> None:
    assert sentence in folder.refusal(said(waived))
    assert not Tenant.objects.exists()


def test_the_editor_begins_no_plan_that_the_number_says_nothing_of(folder: Folder) -> None:
    folder.apply(said("20"))
    author: User = user("anna")
    with enter(Tenant.objects.get().pk):
        given = {
            "code": "abroad",
            "name": "Abroad",
            "calendar": Calendar.objects.get(),
            "family": "abroad",
            "in_force": EARLIEST_DAY.replace(year=2027),
            "by": author,
            "at": AT,
        }
        with pytest.raises(DomainError, match=r"would pay in EUR. waive_below is one number"):
            begin_plan(**given, currency="EUR")
        begin_plan(**given, currency="CHF")
