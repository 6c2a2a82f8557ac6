"""Kinds of transaction, credit rules and pay rules: written by one person, in force by another."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from metrics.models import CreditRule, Delivery, Metric, Source, Transaction, TransactionKind
from org.models import AuditEntry, Membership, PayGroup, RuleChange
from org.tenancy import enter
from tests.factories import make_employment, make_pay_group
from tests.web.cast import NOW, SINCE, Cast

Browser = Callable[[str], Client]


def at(name: str, *args: Any) -> str:
    """The address of a page."""
    return reverse(name, args=args)


@pytest.fixture
def sale(bank: Cast) -> TransactionKind:
    """A kind of transaction with one credit rule."""
    with enter(bank.tenant.pk):
        kind = TransactionKind.objects.create(
            code="sale",
            name="Sale",
            key_columns=["no"],
            dates=["sold", "cancelled"],
            attributes={"amount": "money", "margin": "percent"},
            roles={"seller": {}},
            tags={"margin": ["loan_term"]},
        )
        CreditRule.objects.create(
            kind=kind, group="volume", order=1, when="amount > 100", to=["seller"],
            amount="amount", into=Metric.objects.get(), on="sold", valid_from=SINCE,
            recorded_at=NOW,
        )  # fmt: skip
    return kind


def rule(**changes: str) -> dict[str, str]:
    """A credit rule as its form sends it."""
    said = {"group": "volume", "order": "2", "when": "amount > 50", "to": "seller",
            "amount": "amount", "into": "calls", "on": "sold", "reason": "Agreed"}  # fmt: skip
    return {**said, **changes}


def complaints(answer: Any) -> str:
    """What a page that was sent back says is wrong."""
    html = answer.content.decode()
    found = re.findall(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>', html, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", one) for one in found)


def waiting(bank: Cast) -> RuleChange:
    """The change that waits."""
    with enter(bank.tenant.pk):
        return RuleChange.objects.get(state="waiting")


def decide(client: Client, change: RuleChange, do: str, answer: str = "") -> str:
    """Decide a change, and read its page."""
    post = {"do": do, "answer": answer}
    return client.post(at("rule-change-decide", change.pk), post, follow=True).content.decode()


# --- credit rules


def test_a_rule_is_asked_for_and_put_in_force_by_another(
    browser: Browser, bank: Cast, sale: TransactionKind
) -> None:
    mia = browser("mia")
    asked = mia.post(at("credit-rule-new", "sale"), rule())
    assert asked.status_code == 302, complaints(asked)
    change = waiting(bank)
    with enter(bank.tenant.pk):
        assert CreditRule.objects.count() == 1, "until then nothing moves"
    assert "somebody else must put it in force" in decide(mia, change, "approve")
    shown = decide(browser("mo"), change, "approve")
    assert "It is in force." in shown
    with enter(bank.tenant.pk):
        made = CreditRule.objects.get(order=2)
        assert (made.when, made.to, made.amount) == ("amount > 50", ["seller"], "amount")
        done = RuleChange.objects.get()
        assert (done.state, done.decided_by) == ("applied", bank.user("mo"))
        assert AuditEntry.objects.filter(action="approve a change of rules").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"when": "amont > 1"}, "Did you mean"),
        ({"to": "buyer"}, "has no role “buyer”"),
        ({"order": "1"}, "Give each rule of a group its own"),
        ({"on": ""}, "says “to” whom and “on” which date"),
        ({"when": "AND(amount > 10, amount < 5)"}, "can never hold"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_a_mistake_stands_at_its_field(
    browser: Browser, bank: Cast, sale: TransactionKind, changes: dict[str, str], sentence: str
) -> None:
    answer = browser("mia").post(at("credit-rule-new", "sale"), rule(**changes))
    assert answer.status_code == 200
    assert sentence in complaints(answer).replace("&quot;", '"')
    with enter(bank.tenant.pk):
        assert not RuleChange.objects.exists()


def test_a_rule_is_changed_and_taken_out(
    browser: Browser, bank: Cast, sale: TransactionKind
) -> None:
    mia, mo = browser("mia"), browser("mo")
    with enter(bank.tenant.pk):
        first = CreditRule.objects.get().pk
    changed = rule(order="1", when="amount > 200")
    assert mia.post(at("credit-rule", "sale", first), changed).status_code == 302
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        now = CreditRule.objects.get(superseded_at__year=9999)
        assert now.when == "amount > 200"
    gone = {"_remove": "yes", "reason": "No longer sold"}
    assert mia.post(at("credit-rule", "sale", now.pk), {**changed, **gone}).status_code == 302
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        assert not CreditRule.objects.filter(superseded_at__year=9999).exists()


def test_what_changed_meanwhile_is_not_undone(
    browser: Browser, bank: Cast, sale: TransactionKind
) -> None:
    mia = browser("mia")
    with enter(bank.tenant.pk):
        first = CreditRule.objects.get()
    mia.post(at("credit-rule", "sale", first.pk), rule(order="1", when="amount > 200"))
    with enter(bank.tenant.pk):
        CreditRule.objects.filter(pk=first.pk).update(when="amount > 300")
    shown = decide(browser("mo"), waiting(bank), "approve")
    assert "was changed by somebody else meanwhile" in shown


def test_a_change_is_refused_or_withdrawn(
    browser: Browser, bank: Cast, sale: TransactionKind
) -> None:
    mia, mo = browser("mia"), browser("mo")
    mia.post(at("credit-rule-new", "sale"), rule())
    assert "Say why it is refused" in decide(mo, waiting(bank), "refuse")
    assert "Not agreed" in decide(mo, waiting(bank), "refuse", "Not agreed")
    mia.post(at("credit-rule-new", "sale"), rule())
    change = waiting(bank)
    assert "Only who wrote a change withdraws it" in decide(mo, change, "withdraw")
    assert "Withdrawn." in decide(mia, change, "withdraw")
    assert "already" in decide(mo, change, "approve"), "a second click changes nothing"
    with enter(bank.tenant.pk):
        assert CreditRule.objects.count() == 1


def test_the_database_refuses_one_person_in_both_roles(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        mia = bank.user("mia")
        with pytest.raises(IntegrityError), transaction.atomic():
            RuleChange.objects.create(
                section="credits", code="x", reason="x", state="applied",
                asked_by=mia, asked_at=NOW, decided_by=mia, decided_at=NOW,
            )  # fmt: skip


def test_a_rule_is_worked_out_for_a_transaction(
    browser: Browser, bank: Cast, sale: TransactionKind
) -> None:
    with enter(bank.tenant.pk):
        source = Source.objects.create(code="crm")
        delivery = Delivery.objects.create(
            source=source, file_name="x.csv", content=b"x", sha256="9" * 64, received_at=NOW
        )
        Transaction.objects.create(
            kind=sale, key="A-7", delivery=delivery, recorded_at=NOW,
            attributes={"amount": "150", "margin": "0.4", "sold": "2026-06-01"},
        )  # fmt: skip
    post = {"when": "AND(amount >= 100, margin >= 35%)", "amount": "amount * 50%", "deal": "A-7"}
    said = browser("mia").post(at("check-rule", "sale", "credit"), post).content.decode()
    assert "Takes a transaction if amount is at least 100 and margin is at least 35%." in said
    assert "A-7" in said
    assert "<strong>75</strong>" in said
    post["when"] = "amont > 1"
    said = browser("mia").post(at("check-rule", "sale", "credit"), post).content.decode()
    assert "^^^^^" in said


# --- kinds


def test_a_kind_keeps_what_its_form_does_not_show(
    browser: Browser, bank: Cast, sale: TransactionKind
) -> None:
    post = {
        "name": "Sale", "key": "no", "dates": "sold, cancelled",
        "attributes": "amount: money\nmargin: percent\nproduct: text", "roles": "seller",
        "undone_share": "IF(ISBLANK(cancelled), 0, 1)", "undone_on": "cancelled",
        "reason": "Cancellations count",
    }  # fmt: skip
    asked = browser("mia").post(at("kind", "sale"), post)
    assert asked.status_code == 302, complaints(asked)
    decide(browser("mo"), waiting(bank), "approve")
    with enter(bank.tenant.pk):
        row = TransactionKind.objects.get()
    assert row.attributes == {"amount": "money", "margin": "percent", "product": "text"}
    assert (row.undone_on, row.tags) == ("cancelled", {"margin": ["loan_term"]})


def test_a_new_kind(browser: Browser, bank: Cast) -> None:
    post = {"code": "loan", "key": "no", "attributes": "amount: money", "roles": "seller: share",
            "reason": "New product"}  # fmt: skip
    asked = browser("mia").post(at("kind-new"), post)
    assert asked.status_code == 302, complaints(asked)
    decide(browser("mo"), waiting(bank), "approve")
    with enter(bank.tenant.pk):
        assert TransactionKind.objects.get().roles == {"seller": {"share": "share"}}
    wrong = browser("mia").post(
        at("kind-new"), {**post, "code": "x", "attributes": "amount: coins"}
    )
    assert "“amount: coins” has no type" in complaints(wrong)


# --- pay rules


def test_a_pay_rule_is_changed_by_two(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        group = make_pay_group(bank.plan.calendar, "staff")
        make_employment(bank.people["sam"], group)
        Membership.objects.filter(user=bank.user("mo")).update(person=bank.people["sam"])
    post = {"calendar": "monthly", "draw": "1800", "recover": "50%", "protect": "draw",
            "negative": "carry", "leavers": "repay_all_due", "minimum": "50",
            "reason": "Agreed"}  # fmt: skip
    mia = browser("mia")
    wrong = mia.post(at("pay-rule", "staff"), {**post, "recover": "150%"})
    assert "more than all of it" in complaints(wrong)
    asked = mia.post(at("pay-rule", "staff"), post)
    assert asked.status_code == 302, complaints(asked)
    assert "nobody approves what moves their own pay" in decide(
        browser("mo"), waiting(bank), "approve"
    )
    with enter(bank.tenant.pk):
        assert PayGroup.objects.get().draw == 0
        Membership.objects.filter(user=bank.user("mo")).update(person=None)
    decide(browser("mo"), waiting(bank), "approve")
    with enter(bank.tenant.pk):
        made = PayGroup.objects.get()
    assert (made.draw, str(made.recover), made.protect) == (1800, "0.500000", "draw")


# --- who may


@pytest.mark.parametrize("name", ["pam", "audrey", "ada"])
def test_readers_read(browser: Browser, bank: Cast, sale: TransactionKind, name: str) -> None:
    client = browser(name)
    for page, args in (("outside-plans", []), ("kind", ["sale"]), ("credit-rules", ["sale"])):
        assert client.get(at(page, *args)).status_code == 200
    assert client.post(at("credit-rule-new", "sale"), rule()).status_code == 403
