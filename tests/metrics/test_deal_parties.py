"""Who takes part in a transaction is corrected as a whole, and stands over later deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command

from metrics.correct_deal import correct_parties, correct_transaction, withdraw_transaction
from metrics.deal_parties import PARTIES, SaidParty
from metrics.models import Delivery
from metrics.undo import undo
from org.errors import DomainError
from org.models import Person, StaleMark
from org.tenancy import enter
from tests.metrics.cast import Cast, make_cast
from tests.metrics.deals import Deals, amounts, kind, make_deals, sale, waiting


@pytest.fixture
def deals(db: None) -> Iterator[Deals]:
    cast: Cast = make_cast()
    with enter(cast.tenant.pk):
        yield make_deals(cast)


def set_(deals: Deals, key: str, attribute: str, value: str) -> str:
    return correct_transaction(
        kind=kind("sale"), key=key, attribute=attribute, value=value, reason="A slip.", by=None,
        at=deals.now(),
    )  # fmt: skip


def parties(deals: Deals, key: str, *said: tuple[str, str, str]) -> str:
    return correct_parties(
        kind=kind("sale"),
        key=key,
        parties=[SaidParty(role, deals.cast.people[who], share) for role, who, share in said],
        reason="Read off the contract.",
        by=None,
        at=deals.now(),
    )


def test_who_takes_part_is_corrected_and_stands_over_later_files(deals: Deals) -> None:
    first = sale(1, amount=100, seller_share="60 %", helper="ben", helper_share="40 %")
    deals.deliver(first)
    StaleMark.objects.all().delete()
    said = parties(deals, "1", ("seller", "ben", "2/3"), ("helper", "cy", "1/3"))
    assert said.startswith(
        "who takes part in sale 1: helper Ben Bell (40 %), seller Ann Arden (60 %) is now"
        " helper Cy Cole (33.3333333333 %), seller Ben Bell (66.6666666667 %)."
        " Later files do not change it."
    )
    assert amounts() == {("ben", "1"): "66.6666666667", ("cy", "1"): "33.3333333333"}
    people = dict(Person.objects.values_list("pk", "code"))
    assert {people[mark.person_id] for mark in StaleMark.objects.all()} == {"ann", "ben", "cy"}
    again = deals.deliver(first, sale(8, seller=""))
    assert again.unchanged == 1, "the same row changes nothing"
    report = deals.deliver({**first, "amount": 200, "seller_share": "50", "helper_share": "50"})
    assert (report.superseded, report.kept_by_correction) == (1, 1)
    assert set(amounts()) == {("ben", "1"), ("cy", "1")}
    set_(deals, "1", "amount", "300")
    assert amounts()["ben", "1"] == "200.0000000001"
    withdraw_transaction(
        kind=kind("sale"), key="1", attribute="amount", reason="No.", by=None, at=deals.now()
    )
    undo(delivery=Delivery.objects.get(pk=report.delivery), by=None, at=deals.now())
    assert amounts()["ben", "1"] == "66.6666666667", "parties by hand outlive an undoing"
    said = withdraw_transaction(
        kind=kind("sale"), key="1", attribute=PARTIES, reason="No.", by=None, at=deals.now()
    )
    assert "is helper Ben Bell (40 %), seller Ann Arden (60 %) again." in said
    assert amounts() == {("ann", "1"): "60", ("ben", "1"): "40"}
    assert deals.deliver(first, sale(9, seller="")).unchanged == 1


def test_a_deal_of_nobody_gets_a_seller_by_hand(deals: Deals) -> None:
    deals.deliver(sale(1, amount=100, seller=""))
    assert waiting()
    parties(deals, "1", ("seller", "ben", "1"))
    assert amounts() == {("ben", "1"): "100"}
    parties(deals, "1")
    assert amounts() == {}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ([("buyer", "ann", "")], "has no role “buyer”. It has: helper, seller."),
        ([("seller", "ann", "50"), ("seller", "ann", "50")], "stands twice as seller"),
        ([("seller", "ann", "160 %")], "which is no share"),
        ([("seller", "ann", "half")], "The share of Ann"),
    ],
)
def test_parties_that_cannot_be(
    deals: Deals, said: list[tuple[str, str, str]], sentence: str
) -> None:
    deals.deliver(sale(1, amount=100))
    with pytest.raises(DomainError, match=sentence):
        parties(deals, "1", *said)
    with pytest.raises(DomainError, match="is no single value"):
        set_(deals, "1", PARTIES, "ann")


def test_parties_by_command(deals: Deals) -> None:
    deals.deliver(sale(1, amount=100))
    tenant = deals.cast.tenant.code
    said = StringIO()
    call_command(
        *("correct", tenant, "--transaction", "sale:1", PARTIES, "--party", "seller:ann:60%"),
        *("--party", "helper:ben:40%", "--reason", "Ben helped"),
        stdout=said,
    )
    assert amounts() == {("ann", "1"): "60", ("ben", "1"): "40"}
    assert "helper Ben Bell (40 %)" in said.getvalue()
    call_command(
        *("correct", tenant, "--transaction", "sale:1", PARTIES, "withdraw", "--reason", "No"),
        stdout=said,
    )
    assert amounts() == {("ann", "1"): "100"}
