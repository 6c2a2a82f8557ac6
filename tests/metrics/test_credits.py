"""What transactions credit to whom: rules in order, groups, shares, once per, undone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from metrics.models import Transaction, Value
from org.base import CURRENT
from org.models import Assignment
from tests.metrics.deals import RULES, SALE, Deals, amounts, credits, sale, waiting

CARDS = {"group": "cards", "kind": "sale", "to": "seller", "into": "cards", "on": "sold"}


def test_a_sale_is_credited_whole_to_its_seller(deals: Deals) -> None:
    report = deals.deliver(sale(1, amount="19,999.99".replace(",", "")))
    assert report.sentences()[1] == (
        "Transactions of sale: 1 accepted, 0 superseded, 0 unchanged, 0 kept by a correction."
    )
    assert credits() == [
        ("ann", "2026-06-01", "sales", "1", "seller", "19999.99", None, None, None)
    ]
    value = Value.objects.get(CURRENT)
    assert value.reference == "sale/1/volume/seller"
    assert value.assignment_id == Assignment.objects.get(person__code="ann").pk


def test_each_deal_is_tested_singly(deals: Deals) -> None:
    deals.rules({**RULES[0], "when": "AND(amount >= 20000, margin >= 35%)"})
    deals.deliver(
        sale(1, amount=25000, margin="40 %"),
        sale(2, amount="19999.99", margin="60 %"),
        sale(3, amount=40000, margin="34.9"),
        sale(4, amount=20000, margin="35%"),
    )
    assert amounts() == {("ann", "1"): "25000", ("ann", "4"): "20000"}
    deals.deliver(sale(3, amount=40000, margin="35.0"))
    assert amounts()["ann", "3"] == "40000"


def test_the_first_rule_of_a_group_that_takes_it_wins(deals: Deals) -> None:
    deals.rules(
        {"group": "cards", "order": 1, "kind": "sale", "when": "free", "into": "none"},
        {**CARDS, "order": 2, "when": 'product = "gold card"', "amount": "40",
         "once_per": ["customer", "product"]},
        {**CARDS, "order": 3, "when": 'product = "silver card"', "amount": "25"},
        {**CARDS, "order": 4, "amount": "amount * 0.5%"},
    )  # fmt: skip
    gold = {"product": "Gold card", "free": "no"}
    deals.deliver(
        sale("g2", customer="C1", sold="2026-06-02", **gold),
        sale("g1", customer="c1", **gold),
        sale("g3", customer="c2", **gold),
        sale("s1", product="silver card", free="no"),
        sale("l1", product="loan", amount=12000, free="no"),
        sale("l2", product="loan", amount=8000, free="yes"),
    )
    assert amounts("cards") == {
        ("ann", "g1"): "40",
        ("ann", "g3"): "40",
        ("ann", "s1"): "25",
        ("ann", "l1"): "60",
    }
    assert waiting() == {}


def test_an_earlier_one_that_comes_late_takes_the_place(deals: Deals) -> None:
    deals.rules({**CARDS, "order": 1, "once_per": ["customer"]})
    deals.deliver(sale(5, customer="c", sold="2026-06-10"), sale(6, customer="d"))
    deals.deliver(sale(4, customer="C", sold="2026-06-09"))
    assert set(amounts("cards")) == {("ann", "4"), ("ann", "6")}
    deals.deliver(sale(4, customer="e", sold="2026-06-09"))
    assert set(amounts("cards")) == {("ann", "4"), ("ann", "5"), ("ann", "6")}
    deals.deliver(sale(7, sold="2026-06-09"))
    assert waiting() == {
        "7": "Rule cards 1 took it, but “customer”, by which it credits only once, is blank."
    }


def test_shares_divide_and_an_overlay_is_a_group_of_its_own(deals: Deals) -> None:
    deals.kinds(sale={**SALE, "roles": {"seller": {"share": "equal"}}})
    crm = deals.crm
    crm.column_map = {
        "transaction": "sale",
        "attributes": ["amount", "sold"],
        "parties": {"seller": ["seller", "helper", "third"]},
    }
    crm.save()
    deals.rules(
        {**RULES[0], "to": "seller"},
        {"group": "overlay", "order": 1, "kind": "sale", "to": "manager of seller",
         "amount": "amount", "into": "deals", "on": "sold"},
    )  # fmt: skip
    deals.load("sale_no,sold,amount,seller,helper,third\n1,2026-06-01,19999.99,cy,ben,ann\n")
    # What twelve places leave over, the first of them gets: the parts are the whole.
    assert sum(map(Decimal, amounts().values())) == Decimal("19999.99")
    assert amounts()["cy", "1"] == "6666.663333346667"
    assert [row[:6] for row in credits("deals")] == [
        ("cy", "2026-06-01", "deals", "1", "manager of seller", "13333.326666653333")
    ]
    assert "Cy Cole has no manager on 2026-06-01" in waiting()["1"]


def test_a_split_that_is_not_whole_credits_nobody(deals: Deals) -> None:
    deals.deliver(
        sale(1, amount=100, seller_share="60 %", helper="ben", helper_share="40 %"),
        sale(2, amount=100, seller_share="60", helper="ben", helper_share="39.99"),
        sale(3, amount=100, seller_share="0.5", helper="ben", helper_share="0.5"),
        sale(4, amount=10000, seller_share="1/3", helper="ben", helper_share="2/3"),
    )
    assert amounts() == {
        ("ann", "1"): "60",
        ("ben", "1"): "40",
        ("ann", "3"): "50",
        ("ben", "3"): "50",
        ("ann", "4"): "3333.33333333",
        ("ben", "4"): "6666.66666667",
    }
    assert waiting() == {
        "2": "Rule volume 1 took it, but the shares sum to 99.99 % and not to 100 %."
    }
    deals.deliver(sale(2, amount=100, seller_share="60", helper="ben", helper_share="40"))
    assert amounts()["ben", "2"] == "40"
    assert waiting() == {}


def test_what_fails_waits_and_stops_nobody(deals: Deals) -> None:
    deals.rules(
        {**RULES[0], "when": "free", "amount": "amount / months"},
        {"group": "late", "order": 1, "kind": "sale", "to": "helper", "into": "cards",
         "on": "cancelled"},
    )  # fmt: skip
    ok = {"free": "yes", "months": 1, "helper": "ben", "cancelled": "2026-06-05"}
    ok |= {"seller_share": "50 %", "helper_share": "50 %"}
    deals.deliver(
        sale("fine", amount=10, **ok),
        sale("zero", amount=10, **{**ok, "months": 0}),
        sale("blank", **ok),
        sale("who", amount=10, **{**ok, "free": ""}),
        sale("big", amount="999999999999999", **{**ok, "months": "0.5"}),
        sale("alone", amount=10, free="no", cancelled="2026-06-05", months=3),
        sale("later", amount=10, free="no", helper="ben", seller_share=50, helper_share=50),
    )
    assert amounts() == {("ann", "fine"): "5", ("ben", "fine"): "5"}
    found = waiting()
    assert found["zero"].startswith("Rule volume 1 took it, but its amount cannot be worked out: ")
    assert "divided by zero" in found["zero"]
    assert "something that it reads is blank" in found["blank"]
    assert found["who"] == (
        "Rule volume 1 took it, but whether the rule takes it cannot be decided: something that "
        "it reads is blank."
    )
    assert "came out as 1999999999999998" in found["big"]
    assert found["alone"] == "Rule late 1 took it, but nobody plays the role “helper” in it."
    assert found["later"] == (
        "Rule late 1 took it, but the date “cancelled” by which it counts is blank; it credits as "
        "soon as that is known."
    )


def test_what_is_undone_keeps_its_amount_and_says_how_far(deals: Deals) -> None:
    deals.deliver(sale(1, amount=360, months=5, cancelled="2026-06-20"), sale(2, amount=10))
    row, other = credits()
    assert row[5:] == ("360", None, "0.583333333333", "2026-06-20")
    assert other[7:] == (None, None)
    deals.deliver(sale(1, amount=360))
    assert credits()[0][7:] == (None, None)
    deals.deliver(sale(1, amount=360, cancelled="2026-06-20"))
    assert "how far it is undone cannot be worked out" in waiting()["1"]
    assert amounts() == {("ann", "2"): "10"}


def test_rules_hold_by_the_day_of_the_credit(deals: Deals) -> None:
    day = date(2026, 6, 1)
    deals.rules({**RULES[0], "until": day}, {**RULES[0], "from": day, "amount": "amount * 2"})
    deals.deliver(sale(1, amount=10, sold="2026-05-31"), sale(2, amount=10))
    assert amounts() == {("ann", "1"): "10", ("ann", "2"): "20"}


def test_a_weight_makes_it_a_ratio(deals: Deals) -> None:
    deals.rules({**RULES[0], "into": "mix", "amount": "margin * amount", "weight": "amount"})
    deals.deliver(sale(1, amount=100, margin="40%", seller_share=75, helper="ben", helper_share=25))
    assert [row[5:7] for row in credits("mix")] == [("30", "75"), ("10", "25")]


def test_the_day_it_came_in_and_the_head_of_a_unit(deals: Deals) -> None:
    deals.rules({**RULES[0], "to": "unit north", "split": False, "on": "recorded", "into": "deals"})
    deals.deliver(sale(1, amount=10))
    deals.deliver(sale(1, amount=11))
    assert credits() == [("cy", "2026-07-01", "deals", "1", "unit north", "11", None, None, None)]
    assert Transaction.objects.filter(CURRENT).count() == 1


def test_what_waits_holds_no_place(deals: Deals) -> None:
    once = {**RULES[0], "once_per": ["customer"]}
    deals.rules(once, {**CARDS, "order": 1, "once_per": ["product"]})
    deals.deliver(
        sale(1, amount=10, customer="c", product="a", seller_share=50),
        sale(2, amount=20, customer="c", product="b"),
        sale(3, amount=30, customer="d", product="b"),
    )
    assert amounts() == {("ann", "2"): "20", ("ann", "3"): "30"}
    deals.deliver(sale(1, amount=10, customer="c", product="z"))
    assert amounts() == {("ann", "1"): "10", ("ann", "3"): "30"}
    # Sale 2 came in beside sale 1 by the customer; by the product sale 3 stays behind it.
    assert amounts("cards") == {("ann", "1"): "1", ("ann", "2"): "1"}
    deals.deliver(sale(1, amount=10, customer="e", product="z"))
    assert set(amounts()) == {("ann", "1"), ("ann", "2"), ("ann", "3")}
    assert set(amounts("cards")) == {("ann", "1"), ("ann", "2")}
