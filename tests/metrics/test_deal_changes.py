"""Versions, undoing, correcting, what is about a transaction, and what each change marks stale."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from metrics.correct import correct
from metrics.correct_deal import correct_transaction, withdraw_transaction
from metrics.models import Delivery, Metric, Source, Transaction, Value
from metrics.totals import Wanted, refresh
from metrics.undo import undo
from org.base import CURRENT
from org.changes import Mark, record_change
from org.errors import DomainError
from org.models import Assignment, Calendar, InputChange, Period, Person, StaleMark
from org.sql import fetch
from org.users import add_member
from tests.metrics.cast import plain
from tests.metrics.deals import (
    RULES,
    SALE,
    Deals,
    amounts,
    credits,
    kind,
    sale,
    waiting,
)

REFUND = {"key": ["no"], "dates": ["paid"], "attributes": {"amount": "money"}}


def versions(key: str) -> list[tuple[int, str | None, bool]]:
    """Version, amount and whether it holds."""
    rows = Transaction.objects.filter(key=key).order_by("version")
    current = set(Transaction.objects.filter(CURRENT).values_list("pk", flat=True))
    return [(row.version, row.attributes.get("amount"), row.pk in current) for row in rows]


def marks() -> set[tuple[str | None, int | None, str, str]]:
    people = dict(Person.objects.values_list("pk", "code"))
    return {
        (people.get(m.person_id), m.metric, m.first_day.isoformat(), m.end_day.isoformat())
        for m in StaleMark.objects.all()
    }


def test_a_newer_delivery_supersedes_and_an_identical_one_changes_nothing(deals: Deals) -> None:
    deals.deliver(sale(1, amount=10), sale(2, amount=20))
    report = deals.deliver(sale(1, amount="10.00"), sale(2, amount=21), sale(3, amount=5))
    assert (report.accepted, report.superseded, report.unchanged) == (2, 1, 1)
    assert versions("1") == [(1, "10", True)]
    assert versions("2") == [(1, "20", False), (2, "21", True)]
    assert Value.objects.count() == 4
    assert Value.objects.filter(CURRENT).count() == 3
    change = InputChange.objects.latest("pk")
    assert change.sentence == "deals.csv from crm: 1 new of sale, 1 changed: 2."


def test_the_mark_holds_old_and_new_days_and_people(deals: Deals) -> None:
    deals.deliver(sale(1, amount=10))
    StaleMark.objects.all().delete()
    sales = deals.cast.metrics["sales"].pk
    deals.deliver(
        sale(1, amount=10, sold="2026-08-03", seller="ben", months=3, cancelled="2026-10-09")
    )
    assert marks() == {
        ("ann", sales, "2026-06-01", "2026-06-02"),
        ("ben", sales, "2026-08-03", "2026-08-04"),
        ("ben", sales, "2026-10-09", "2026-10-10"),
    }


def test_undoing_brings_the_version_before_back(deals: Deals) -> None:
    deals.deliver(sale(1, amount=10))
    deals.deliver(sale(1, amount=11, seller="ben"), sale(2, amount=2))
    second = Delivery.objects.latest("pk")
    done = undo(delivery=second, by=None, at=deals.now())
    assert done.sentence() == (
        f"Delivery {second.pk} is undone: 2 transactions taken back, 1 earlier ones hold again. "
        "The file can be loaded again. Credits: 1 new, 0 changed, 2 taken back."
    )
    assert amounts() == {("ann", "1"): "10"}
    assert versions("1") == [(1, "10", False), (2, "11", False), (3, "10", True)]
    deals.deliver(sale(1, amount=11, seller="ben"), sale(2, amount=2))
    assert amounts() == {("ben", "1"): "11", ("ann", "2"): "2"}
    assert versions("2") == [(1, "2", False), (2, "2", True)]
    undo(delivery=Delivery.objects.earliest("pk"), by=None, at=deals.now())
    assert amounts() == {("ben", "1"): "11", ("ann", "2"): "2"}
    undo(delivery=Delivery.objects.latest("pk"), by=None, at=deals.now())
    assert amounts() == {}


def set_(deals: Deals, key: str, attribute: str, value: str) -> str:
    return correct_transaction(
        kind=kind("sale"), key=key, attribute=attribute, value=value, reason="A slip.", by=None,
        at=deals.now(),
    )  # fmt: skip


def test_a_correction_stands_over_later_deliveries_and_undoings(deals: Deals) -> None:
    deals.rules({**RULES[0], "when": "margin >= 35%"})
    deals.deliver(sale(3, amount=40000, margin="34.9 %"))
    assert amounts() == {}
    assert set_(deals, "3", "margin", "35.0 %") == (
        "margin of sale 3: 0.349 is now 0.35. Later files do not change it. "
        "Credits: 1 new, 0 changed, 0 taken back."
    )
    change = InputChange.objects.latest("pk")
    assert change.kind == "correction"
    assert change.sentence == "margin of sale 3: 0.349 is now 0.35: A slip."
    report = deals.deliver(sale(3, amount=40001, margin="34.9 %"))
    assert (report.accepted, report.kept_by_correction) == (1, 1)
    assert amounts() == {("ann", "3"): "40001"}
    assert deals.deliver(sale(3, amount=40001, margin="34.9"), sale(9)).unchanged == 1
    undo(delivery=Delivery.objects.get(rows_read=1, pk=report.delivery), by=None, at=deals.now())
    assert amounts() == {("ann", "3"): "40000"}
    said = withdraw_transaction(
        kind=kind("sale"), key="3", attribute="margin", reason="No.", by=None, at=deals.now()
    )
    assert said.startswith("margin of sale 3: 0.35 is 0.349 again. ")
    assert amounts() == {}


def test_nobody_corrects_or_approves_their_own_deal(deals: Deals) -> None:
    """Ann sold it, Cy is credited for it as her manager; Olga and Pat have no part in it."""
    overlay = {"to": "manager of seller", "group": "overlay", "split": False}
    deals.rules(RULES[0], {**RULES[0], **overlay})
    deals.deliver(sale(3, amount=100))
    people = {"ann": deals.cast.people["ann"], "cy": deals.cast.people["cy"], "olga": None}
    users = {
        name: add_member(username=name, by=None, at=deals.now(), person=person).user
        for name, person in [*people.items(), ("pat", None)]
    }

    def set_by(by: str, approver: str | None) -> str:
        return correct_transaction(
            kind=kind("sale"), key="3", attribute="amount", value="200", reason="A slip.",
            by=users[by], approved_by=users[approver] if approver else None, at=deals.now(),
        )  # fmt: skip

    for by, approver in (("ann", None), ("olga", "ann"), ("olga", "cy")):
        with pytest.raises(DomainError, match="nobody approves what moves their own pay"):
            set_by(by, approver)
    with pytest.raises(DomainError, match="cannot both correct this and approve it"):
        set_by("olga", "olga")
    set_by("olga", "pat")
    assert InputChange.objects.latest("pk").sentence.endswith("A slip. (approved by pat)")


def test_corrections_that_cannot_be(deals: Deals) -> None:
    deals.deliver(sale(3, amount=40))
    for key, attribute, value, sentence in (
        ("4", "amount", "1", "There is no sale “4”."),
        ("3", "amuont", "1", "has no attribute or date “amuont”"),
        ("3", "amount", "much", "amount is “much”, which is no number."),
        ("3", "sold", "June", "sold is “June”, which is no date"),
        ("3", "free", "perhaps", "free is “perhaps”. Write yes or no"),
        ("3", "amount", "1000000000000000", "no amount reaches 10 to the 15th"),
    ):
        with pytest.raises(DomainError, match=sentence.replace("(", r"\(")):
            set_(deals, key, attribute, value)
    set_(deals, "3", "amount", "")
    assert amounts() == {}
    value = {"person": deals.cast.people["ann"], "day": date(2026, 6, 1)}
    set_(deals, "3", "amount", "41")
    with pytest.raises(DomainError, match="is what sale/3/volume/seller credits"):
        correct(
            **value, metric=deals.cast.metrics["sales"], reference="sale/3/volume/seller",
            numerator=Decimal(1), reason="x", by=None,
            at=deals.now(),
        )  # fmt: skip


@pytest.fixture
def refunds(deals: Deals) -> Source:
    undone = {
        "share": "IF(COUNT(refund) = 0, 0, MIN(1, SUM(refund.amount) / amount))",
        "on": "LAST(refund.paid)",
    }
    deals.kinds(sale={**SALE, "undone": undone}, refund=REFUND)
    return Source.objects.create(
        code="till",
        column_map={"transaction": "refund", "about": {"kind": "sale", "column": "deal"}},
    )


def refund(deals: Deals, source: Source, *rows: str) -> Any:
    return deals.load("no,paid,amount,deal\n" + "\n".join(rows) + "\n", source)


def test_what_is_about_a_deal_undoes_it_and_may_come_first(deals: Deals, refunds: Source) -> None:
    refund(deals, refunds, "r1,2026-07-01,40,1", "r2,2026-07-03,80,2")
    deals.deliver(sale(1, amount=100), sale(2, amount=100))
    assert [row[7:] for row in credits()] == [("0.4", "2026-07-01"), ("0.8", "2026-07-03")]
    refund(deals, refunds, "r1,2026-07-01,40,2", "r3,2026-07-09,30,2")
    assert [row[7:] for row in credits()] == [(None, None), ("1", "2026-07-09")]
    undo(delivery=Delivery.objects.latest("pk"), by=None, at=deals.now())
    assert [row[7:] for row in credits()] == [("0.4", "2026-07-01"), ("0.8", "2026-07-03")]


def test_a_part_undone_outside_of_the_whole_waits(deals: Deals) -> None:
    deals.kinds(sale={**SALE, "undone": {"share": "months"}})
    deals.deliver(sale(1, amount=100, months="1.2"), sale(2, amount=100, months="1"))
    assert "the part undone came out as 1.2" in waiting()["1"]
    assert [row[3:] for row in credits()] == [("2", "seller", "100", None, "1", None)]


def test_the_same_key_twice_and_other_bad_rows(deals: Deals, refunds: Source) -> None:
    report = deals.deliver(
        sale(1, amount=10),
        sale(2, amount=20),
        sale(1, amount=11),
        sale(3, amount="1" + "0" * 15),
        sale(4, amount=10, seller="zoe"),
        sale(5, amount=10, seller_share=120),
        sale(6, amount=10, seller="", seller_share=10),
        sale("", amount=10),
        sale(7, amount=10, free="perhaps"),
        sale(8, amount=10, sold="soon"),
        sale("x" * 201),
    )
    assert amounts() == {("ann", "2"): "20"}
    said = {row.line: row.sentence for row in report.rejections}
    repeated = (
        "the key “1” stands in the lines 2 and 4 of this file, and nobody can say which counts. "
        "None was taken: leave one of them in."
    )
    assert said[2] == f"Line 2: {repeated}"
    assert said[4] == f"Line 4: {repeated}"
    assert "no amount reaches 10 to the 15th" in said[5]
    assert said[6].startswith("Line 6 names seller “zoe”, whom nobody knows here.")
    assert "is “120”, which is no share" in said[7]
    assert "seller is empty, but seller_share beside it is not" in said[8]
    assert "sale_no is empty, but it is what names the transaction" in said[9]
    assert "Write yes or no" in said[10]
    assert "sold is “soon”, which is no date" in said[11]
    assert "keys have 200" in said[12]
    refunds.column_map = {"transaction": "refund", "about": {"kind": "refund", "column": "deal"}}
    refunds.save()
    itself = refund(deals, refunds, "r1,2026-07-01,40,r1", "r2,2026-07-01,40,r1")
    assert [row.sentence for row in itself.rejections] == [
        "Line 2: deal says that refund r1 is about itself. Name the transaction that it concerns, "
        "or leave the cell empty."
    ]
    deals.crm.column_map = {
        "transaction": "sale",
        "attributes": ["amount", "sold"],
        "parties": {"seller": ["seller", "helper"]},
    }
    deals.crm.save()
    twice = deals.deliver(sale(20, amount=1, helper="ann"))
    assert [row.sentence for row in twice.rejections] == [
        "Line 2 names “ann” twice as seller. Add the shares up in one place."
    ]


def total(deals: Deals, metric: str, person: str = "ann") -> str | None:
    """The restated total of June."""
    calendar, _ = Calendar.objects.get_or_create(code="monthly", defaults={"kind": "monthly"})
    days = {"valid_from": date(2026, 6, 1), "valid_to": date(2026, 7, 1)}
    period, _ = Period.objects.get_or_create(calendar=calendar, code="2026-06", defaults=days)
    found = Metric.objects.get(code=metric)
    definition = found.definitions.get()
    refresh([Wanted(period.pk, found.pk, definition.kind, *days.values())])
    rows = fetch(
        "SELECT coalesce(numerator, maximum, last_value) FROM metrics_total WHERE period_id = %s"
        " AND metric_id = %s AND person_id = %s",
        [period.pk, found.pk, deals.cast.people[person].pk],
    )
    return plain(rows[0][0]) if rows else None


def test_totals_are_restated(deals: Deals) -> None:
    deals.rules(
        RULES[0],
        {"group": "most", "order": 1, "kind": "sale", "to": "seller", "amount": "amount",
         "into": "longest", "on": "sold"},
        {"group": "last", "order": 1, "kind": "sale", "to": "seller", "amount": "amount",
         "into": "balance", "on": "sold"},
    )  # fmt: skip
    deals.deliver(
        sale(1, amount=360, months=6, cancelled="2026-09-20"),
        sale(2, amount=900, months=0, cancelled="2026-06-20", sold="2026-06-09"),
        sale(3, amount=100),
    )
    assert total(deals, "sales") == "280"
    assert total(deals, "longest") == "180"
    assert total(deals, "balance") == "280"
    deals.deliver(sale(1, amount=360))
    assert total(deals, "sales") == "460"


def test_a_manager_learnt_late_gets_the_credit(deals: Deals) -> None:
    deals.rules(
        {"group": "over", "order": 1, "kind": "sale", "to": "manager of seller",
         "amount": "amount", "into": "deals", "on": "sold"},
    )  # fmt: skip
    deals.deliver(sale(1, amount=360))
    assert total(deals, "deals", "cy") == "360"
    ann, ben = deals.cast.people["ann"], deals.cast.people["ben"]
    Assignment.objects.filter(person=ann).update(manager=ben)
    at = deals.now()
    change = record_change(
        kind=InputChange.Kind.ASSIGNMENT,
        sentence="Ann moved",
        marks=[Mark(date(2026, 6, 1), date(2026, 7, 1), person=ann.pk)],
        by=None,
        at=at,
    )
    assert total(deals, "deals", "ben") == "360"
    taken = fetch("SELECT change_id, person_id FROM taken_mark WHERE kind = 'credit'")
    assert {row[0] for row in taken} == {change.pk}
    assert {row[1] for row in taken} == {ben.pk, deals.cast.people["cy"].pk}
    assert total(deals, "deals", "cy") is None
    assert Value.objects.get(CURRENT).recorded_at == at


def test_changed_rules_credit_anew_and_say_why(deals: Deals) -> None:
    deals.deliver(sale(1, amount=360), sale(2, amount=40))
    StaleMark.objects.all().delete()
    said = deals.rules({**RULES[0], "when": "amount > 100", "amount": "amount * 2"})
    assert said[-1] == "~ Credits: 0 new, 1 changed, 1 taken back."
    assert amounts() == {("ann", "1"): "720"}
    assert InputChange.objects.latest("pk").sentence == (
        "Its credit rules changed: kind of transaction sale."
    )
    assert marks()
    assert deals.rules({**RULES[0], "when": "amount > 100", "amount": "amount * 2"}) == []
    deals.kinds(sale={**SALE, "undone": {"share": "50%"}})
    assert credits()[0][7] == "0.5"
    deals.rules()
    assert amounts() == {}


def test_the_commands_show_a_transaction_and_the_queue(deals: Deals) -> None:
    deals.rules(
        RULES[0],
        {"group": "cards", "order": 1, "kind": "sale", "when": "free", "into": "none"},
        {"group": "cards", "order": 2, "kind": "sale", "to": "seller", "into": "cards",
         "on": "sold", "once_per": ["customer"]},
    )  # fmt: skip
    deals.deliver(
        sale(1, amount=10, free="no", customer="c"),
        sale(2, amount=10, free="no", customer="C", seller_share=50),
        sale(3, amount=10, free="yes"),
    )
    code = deals.cast.tenant.code

    def run(*words: str) -> list[str]:
        out = StringIO()
        call_command(*words, stdout=out)
        return out.getvalue().splitlines()

    assert run("queue", code) == [
        "sale 2: Rule volume 1 took it, but the shares sum to 50 % and not to 100 %.",
        "1 credit waits.",
    ]
    assert run("correct", code, "amount=12", "--transaction", "sale:1", "--reason", "Seen.") == [
        "amount of sale 1: 10 is now 12. Later files do not change it. "
        "Credits: 0 new, 2 changed, 0 taken back."
    ]
    shown = run("transaction", code, "sale", "1")
    assert shown[0] == "sale 1: 2 versions."
    assert "Corrected: amount from 10 to 12: Seen." in shown
    assert "Group cards: rule 2 takes it and credits" in shown
    assert "  Ann Arden (ann) as seller: 12 into sales on 2026-06-01" in shown
    second = run("transaction", code, "sale", "2")
    assert second[-2:] == [
        "Group cards: rule 2 takes it, and credits nothing: it credits once per customer, and "
        "sale 1 of 2026-06-01 came first.",
        "Group volume: waits. Rule volume 1 took it, but the shares sum to 50 % and not to 100 %.",
    ]
    assert "Group cards: rule 1 takes it and credits nobody, on purpose." in run(
        "transaction", code, "sale", "3"
    )
    run("correct", code, "amount", "withdraw", "--transaction", "sale:1", "--reason", "No.")
    assert amounts() == {("ann", "1"): "10", ("ann", "3"): "10"}
