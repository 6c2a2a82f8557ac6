"""A deal is corrected from a dispute, by two people; deals that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incentives.dispute import open_dispute
from incentives.models import Dispute, DisputeRemedy
from metrics.credit import credit
from metrics.deal_requests import people_moved
from metrics.locks import hold_values
from metrics.models import (
    CreditRule,
    DealRequest,
    Delivery,
    Metric,
    Party,
    Source,
    Transaction,
    TransactionCorrection,
    TransactionKind,
    Value,
    Waiting,
)
from metrics.stage import temporary
from org.base import CURRENT
from org.models import AuditEntry
from org.sql import execute
from org.tenancy import enter
from tests.web.cast import NOW, SINCE, Cast

Browser = Callable[[str], Client]


def text(answer: Any) -> str:
    """What a page says, its blanks made one."""
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def credit_all() -> None:
    """Work out all credits, as a delivery does."""
    hold_values()
    temporary("touched_deal", "(kind_id bigint, key text)")
    execute("INSERT INTO touched_deal SELECT kind_id, key FROM metrics_transaction")
    credit(at=NOW)


@pytest.fixture
def deal(bank: Cast) -> Transaction:
    """Ann sold A-7 for 150 on 3 June; B-8 has no day yet, and C-9 no seller."""
    with enter(bank.tenant.pk):
        kind = TransactionKind.objects.create(
            code="sale", name="Sale", key_columns=["no"], dates=["sold"],
            attributes={"amount": "money", "margin": "percent"}, roles={"seller": {}},
        )  # fmt: skip
        CreditRule.objects.create(
            kind=kind, group="volume", order=1, to=["seller"], amount="amount",
            into=Metric.objects.get(), on="sold", valid_from=SINCE, recorded_at=NOW,
        )  # fmt: skip
        source = Source.objects.create(code="crm")
        delivery = Delivery.objects.create(
            source=source, file_name="x.csv", content=b"x", sha256="9" * 64, received_at=NOW
        )
        said = {"A-7": {"amount": "150", "margin": "0.04", "sold": "2026-06-03"},
                "B-8": {"amount": "10"}, "C-9": {"amount": "5", "sold": "2026-06-04"}}  # fmt: skip
        deals = {
            key: Transaction.objects.create(
                kind=kind, key=key, delivery=delivery, recorded_at=NOW, attributes=attributes
            )
            for key, attributes in said.items()
        }
        for key in ("A-7", "B-8"):
            Party.objects.create(
                transaction=deals[key], role="seller", person=bank.people["ann"], share=1
            )
        credit_all()
    return deals["A-7"]


@pytest.fixture
def dispute(bank: Cast, deal: Transaction) -> Dispute:
    """Ann says that something is wrong with June."""
    with enter(bank.tenant.pk):
        return open_dispute(
            plan=bank.plan,
            period=bank.periods["2026-06"],
            person=bank.people["ann"],
            component="bonus",
            reason="Sale A-7 was 250",
            by=bank.user("ann"),
            at=NOW,
        )


def asked(deal: Transaction, **changes: str) -> dict[str, str]:
    """What the form of a deal sends."""
    return {"attribute": "amount", "value": "250", "reason": "The contract says 250", **changes}


def ask(browser: Browser, dispute: Dispute, deal: Transaction, **changes: str) -> Any:
    address = f"{reverse('dispute-deal', args=[dispute.pk])}?deal={deal.pk}"
    return browser("mia").post(address, asked(deal, **changes), follow=True)


# --- a deal, by two people


def test_a_deal_is_corrected_from_a_dispute(
    browser: Browser, bank: Cast, dispute: Dispute, deal: Transaction
) -> None:
    mia, mo = browser("mia"), browser("mo")
    assert "have a deal corrected" in text(mia.get(reverse("dispute", args=[dispute.pk])))
    listed = text(mia.get(reverse("dispute-deal", args=[dispute.pk])))
    assert "Sale A-7" in listed
    assert "Sale B-8" not in listed, "it has no date in June"
    page = text(mia.get(f"{reverse('dispute-deal', args=[dispute.pk])}?deal={deal.pk}"))
    assert "margin: 4%" in page
    told = text(ask(browser, dispute, deal))
    assert "The line stays frozen until then" in told
    assert "amount of Sale A-7" in told
    with enter(bank.tenant.pk):
        request = DealRequest.objects.get()
        assert (request.before, request.value) == ("150", "250")
        assert Dispute.objects.get().waits
    address = reverse("deal-correction", args=[request.pk])
    assert "so somebody else decides" in text(mia.get(address))
    refused = mia.post(f"{address}decide/", {"decision": "approve"})
    assert "cannot both correct this and approve it" in text(refused)
    assert "amount of Sale A-7" in text(mo.get(reverse("corrections")))
    told = text(mo.post(f"{address}decide/", {"decision": "approve"}, follow=True))
    assert "is corrected. Scorecards and pay follow in a moment." in told
    again = text(mo.post(f"{address}decide/", {"decision": "approve"}, follow=True))
    assert "Approved" in again, "a second click changes nothing"
    with enter(bank.tenant.pk):
        assert TransactionCorrection.objects.get().value == "250"
        assert Value.objects.get(CURRENT, person_id=bank.people["ann"].pk).numerator == 250
        settled = Dispute.objects.get()
        assert (settled.state, settled.closed_at) == ("accepted", NOW)
        assert DisputeRemedy.objects.get().state == "approved"
        assert AuditEntry.objects.filter(action="correction request approved").count() == 1


def test_a_refused_correction_opens_the_dispute_again(
    browser: Browser, bank: Cast, dispute: Dispute, deal: Transaction
) -> None:
    ask(browser, dispute, deal)
    with enter(bank.tenant.pk):
        request = DealRequest.objects.get()
    address = f"{reverse('deal-correction', args=[request.pk])}decide/"
    assert "A refusal needs a reason" in text(browser("mo").post(address, {"decision": "refuse"}))
    assert "Nothing was decided" in text(browser("mo").post(address, {"answer": "x"}))
    said = {"decision": "refuse", "answer": "The contract says 150"}
    assert "stays as it is" in text(browser("mo").post(address, said, follow=True))
    with enter(bank.tenant.pk):
        assert Dispute.objects.get().state == "open"
        assert Value.objects.get(CURRENT, person_id=bank.people["ann"].pk).numerator == 150
    withdrawn = ask(browser, dispute, deal, attribute="sold", value="2026-06-05")
    assert "sold of Sale A-7" in text(withdrawn)
    with enter(bank.tenant.pk):
        request = DealRequest.objects.get(state="open")
    gone = reverse("deal-correction-withdraw", args=[request.pk])
    assert "Only mia.bank, who asked, can withdraw this" in text(
        browser("mo").post(gone, follow=True)
    )
    assert "Withdrawn" in text(browser("mia").post(gone, follow=True))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"value": "150"}, "is 150 already"),
        ({"value": "much"}, "amount is “much”"),
        ({"attribute": "sold", "value": "30.30.2026"}, "sold "),
        ({"attribute": "colour"}, "Select a valid choice"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_is_refused_at_the_form(
    browser: Browser,
    bank: Cast,
    dispute: Dispute,
    deal: Transaction,
    changes: dict[str, str],
    sentence: str,
) -> None:
    assert sentence in text(ask(browser, dispute, deal, **changes))
    with enter(bank.tenant.pk):
        assert not DealRequest.objects.exists()
        assert Dispute.objects.get().state == "open"


def test_a_percent_is_kept_exactly(
    browser: Browser, bank: Cast, dispute: Dispute, deal: Transaction
) -> None:
    ask(browser, dispute, deal, attribute="margin", value="4.5%")
    with enter(bank.tenant.pk):
        request = DealRequest.objects.get()
        assert request.value == "0.045"
    address = reverse("deal-correction", args=[request.pk])
    assert "4.5%" in text(browser("mo").get(address))
    browser("mo").post(f"{address}decide/", {"decision": "approve"})
    with enter(bank.tenant.pk):
        assert Transaction.objects.get(CURRENT, key="A-7").attributes["margin"] == "0.045"


def rows(*said: tuple[str, str, str], first: int = 1) -> dict[str, str]:
    """What the form of parties sends."""
    sent = {"party-TOTAL_FORMS": str(len(said)), "party-INITIAL_FORMS": str(first)}
    for place, row in enumerate(said):
        named = zip(("role", "person", "share"), row, strict=True)
        sent |= {f"party-{place}-{name}": value for name, value in named}
    return {**sent, "reason": "Cleo sold half of it"}


def test_who_takes_part_is_corrected_from_a_dispute(
    browser: Browser, bank: Cast, dispute: Dispute, deal: Transaction
) -> None:
    mia, mo = browser("mia"), browser("mo")
    plain = f"{reverse('dispute-deal', args=[dispute.pk])}?deal={deal.pk}"
    assert "seller Ann Abel (100 %)" in text(mia.get(plain))
    address = f"{plain}&about=parties"
    page = text(mia.get(address))
    assert 'value="ann"' in page
    assert 'value="100 %"' in page
    halves = rows(("seller", "ann", "50 %"), ("seller", "Cleo", "1/2"), ("seller", "", ""))
    told = text(mia.post(address, halves, follow=True))
    assert "Somebody else approves it" in told
    with enter(bank.tenant.pk):
        request = DealRequest.objects.get()
        assert Dispute.objects.get().waits
    at = reverse("deal-correction", args=[request.pk])
    page = text(mo.get(at))
    assert "Who takes part in Sale A-7" in page
    assert "seller Ann Abel (50 %), seller Cleo Chan (50 %)" in page
    assert "who takes part in Sale A-7" in text(mo.get(reverse("corrections")))
    told = text(mo.post(f"{at}decide/", {"decision": "approve"}, follow=True))
    assert "is corrected. Scorecards and pay follow in a moment." in told
    with enter(bank.tenant.pk):
        credited = Value.objects.filter(CURRENT, transaction_id__isnull=False)
        found = {one.person_id: one.numerator for one in credited}
        assert found[bank.people["ann"].pk] == found[bank.people["cleo"].pk] == 75
        assert Dispute.objects.get().state == "accepted"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (rows(("seller", "ann", "100 %")), "is seller Ann Abel (100 %) already"),
        (rows(("seller", "nobody", "100 %")), "Nobody here has the name or number “nobody”"),
        (rows(("seller", "", "100 %")), "A share needs a person beside it"),
        (rows(("seller", "ann", "half")), "The share of Ann Abel"),
        (rows(("seller", "ann", "1"), ("seller", "ann", "1")), "stands twice as seller"),
        (rows(("buyer", "ann", "1")), "Select a valid choice"),
        ({"reason": "x"}, "The form came incomplete"),
        ({**rows(("seller", "cleo", "1")), "reason": ""}, "This field is required"),
    ],
)
def test_parties_that_cannot_be_are_refused_at_the_form(
    browser: Browser,
    bank: Cast,
    dispute: Dispute,
    deal: Transaction,
    sent: dict[str, str],
    sentence: str,
) -> None:
    address = f"{reverse('dispute-deal', args=[dispute.pk])}?deal={deal.pk}&about=parties"
    assert sentence in text(browser("mia").post(address, sent))
    with enter(bank.tenant.pk):
        assert not DealRequest.objects.exists()
        assert Dispute.objects.get().state == "open"


def test_nobody_asks_to_take_part_themselves(
    browser: Browser, bank: Cast, dispute: Dispute, deal: Transaction
) -> None:
    address = f"{reverse('dispute-deal', args=[dispute.pk])}?deal={deal.pk}&about=parties"
    sent = rows(("seller", "sam", "100 %"))
    assert "asks to correct a deal of their own" in text(browser("sam").post(address, sent))
    browser("mia").post(address, sent)
    with enter(bank.tenant.pk):
        request = DealRequest.objects.get()
        assert people_moved(request) >= {bank.people["sam"].pk, bank.people["ann"].pk}


def test_shares_that_are_not_the_whole_are_said_to_whoever_approves(
    browser: Browser, bank: Cast, dispute: Dispute, deal: Transaction
) -> None:
    address = f"{reverse('dispute-deal', args=[dispute.pk])}?deal={deal.pk}&about=parties"
    browser("mia").post(address, rows(("seller", "ann", "99.99 %")))
    with enter(bank.tenant.pk):
        request = DealRequest.objects.get()
    page = text(browser("mo").get(reverse("deal-correction", args=[request.pk])))
    assert "The shares come to 99.99 %" in page


def test_a_deal_in_which_the_person_is_missing_is_found_by_its_number(
    browser: Browser, bank: Cast, dispute: Dispute, deal: Transaction
) -> None:
    with enter(bank.tenant.pk):
        nobodys = Transaction.objects.get(key="C-9")
        other = Transaction.objects.get(key="B-8")
        Party.objects.filter(transaction=other).update(person=bank.people["cleo"])
    address = reverse("dispute-deal", args=[dispute.pk])
    for wrong in (0, "x", 10**30):
        assert browser("mia").get(f"{address}?deal={wrong}").status_code == 404
    assert f"?deal={nobodys.pk}&amp;about=parties" in text(browser("sam").get(f"{address}?key=c-9"))
    assert browser("sam").get(f"{address}?deal={nobodys.pk}").status_code == 200
    assert "No deal that you can see" in text(browser("sam").get(f"{address}?key=B-8"))
    assert browser("sam").get(f"{address}?deal={other.pk}").status_code == 404, "Cleo is not his"
    assert "Sale B-8" in text(browser("mia").get(f"{address}?key=B-8"))
    assert "No deal that you can see" in text(browser("mia").get(f"{address}?key=nothing"))
    sent = rows(("seller", "ann", "1"), first=0)
    told = browser("mia").post(f"{address}?deal={nobodys.pk}&about=parties", sent, follow=True)
    assert "Somebody else approves it" in text(told)
    assert browser("ann").get(address).status_code == 403
    assert browser("oda").get(address).status_code in (403, 404)


# --- lists


def test_lists_name_the_component_by_its_title(
    browser: Browser, bank: Cast, dispute: Dispute
) -> None:
    listed = text(browser("mia").get(f"{reverse('disputes')}?show=open"))
    assert "Calls bonus, calls June 2026" in listed
    assert "bonus, calls" not in listed.replace("Calls bonus, calls", "")
    closing = text(
        browser("pam").get(reverse("closing-plan", args=["monthly", "2026-06", "calls"]))
    )
    assert "Calls bonus (412.5 EUR) is frozen" in closing


# --- deals that wait


def test_deals_that_wait_are_listed_by_name_with_what_to_do(
    browser: Browser, bank: Cast, deal: Transaction
) -> None:
    mia, address = browser("mia"), reverse("credits-waiting")
    page = text(mia.get(address))
    assert "sale B-8" in page
    assert "Ann Abel" in page
    assert "Bring in the date" in page
    assert "sale C-9" in page
    assert "Bring in who plays the role" in page
    dated = text(mia.get(f"{address}?problem=no_day"))
    assert "sale B-8" in dated
    assert "sale C-9" not in dated
    assert "sale B-8" in text(mia.get(f"{address}?who=abel"))
    assert "No deal that waits is like that" in text(mia.get(f"{address}?who=nobody"))
    file = mia.get(f"{address}?download=csv").content.decode()
    assert "sale B-8,Ann Abel" in file
    home = text(mia.get(reverse("overview")))
    assert "Deals credit nobody yet" in home
    assert "1 of them for want of a date" in home
    closing = text(mia.get(reverse("closing-plan", args=["monthly", "2026-06", "calls"])))
    assert f'<a href="{address}">sale/B-8 of Ann Abel' in closing
    with enter(bank.tenant.pk):
        assert set(Waiting.objects.values_list("problem", flat=True)) == {"no_day", "nobody"}
