"""Whatever the order of deliveries, undoings and corrections: credits are those of what is known.

A plain model in Python works all of them out from what holds in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.correct_deal import correct_transaction
from metrics.credit import credit, touch_kinds
from metrics.models import Delivery, Source, TransactionKind
from metrics.undo import undo
from tests.metrics.cast import AT, Cast
from tests.metrics.deals import SALE, Deals, credits, kind, make_deals, waiting
from tests.metrics.test_deal_changes import REFUND
from tests.seeds import examples

RULE = {"kind": "sale", "on": "sold"}
RULES = (
    {"group": "volume", "order": 1, "kind": "sale", "when": "free", "into": "none"},
    {**RULE, "group": "volume", "order": 2, "when": "amount >= 50", "to": ["seller", "helper"],
     "split": True, "amount": "amount", "into": "sales"},
    {**RULE, "group": "volume", "order": 3, "to": "seller", "amount": "100 / amount",
     "into": "deals"},
    {**RULE, "group": "cards", "order": 1, "to": "seller", "into": "cards",
     "once_per": ["customer"]},
    {**RULE, "group": "over", "order": 1, "to": "manager of seller", "amount": "amount",
     "into": "mix", "weight": "1"},
)  # fmt: skip
UNDONE = {
    "share": "IF(COUNT(refund) = 0, 0, SUM(refund.amount) / amount)",
    "on": "LAST(refund.paid)",
}
MANAGERS = {"ann": "cy", "ben": "cy"}
PLACES = Decimal("0.000000000001")

SALES = st.fixed_dictionaries(
    {
        "sold": st.sampled_from(["2026-06-01", "2026-06-02", "2026-07-03"]),
        "amount": st.sampled_from(["0", "40", "50", "90.01"]),
        "customer": st.sampled_from(["", "c", "C", "d"]),
        "free": st.sampled_from(["no", "no", "yes", ""]),
        "seller": st.sampled_from(["ann", "ben", "cy"]),
        "seller_share": st.sampled_from(["", "60", "1/3"]),
        "helper": st.sampled_from(["", "ben"]),
    }
)
REFUNDS = st.fixed_dictionaries(
    {
        "paid": st.sampled_from(["2026-06-09", "2026-07-09"]),
        "amount": st.sampled_from(["10", "45"]),
        "deal": st.sampled_from(["1", "2"]),
    }
)
ACTIONS = st.one_of(
    st.tuples(st.just("sale"), st.dictionaries(st.sampled_from("123"), SALES, min_size=1)),
    st.tuples(st.just("refund"), st.dictionaries(st.sampled_from("rs"), REFUNDS, min_size=1)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("amount"), st.sampled_from("123")),
)
Row = dict[str, str]


@dataclass
class Model:
    """What holds: per kind and key the versions as (delivery, row), deliveries undone, fixes."""

    versions: dict[tuple[str, str], list[tuple[int, Row]]] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)

    def deliver(self, code: str, number: int, rows: dict[str, Row]) -> None:
        for key, row in rows.items():
            held = self.held(code, key)
            if held is None or held[1] != row:
                self.versions.setdefault((code, key), []).append((number, row))

    def held(self, code: str, key: str) -> tuple[int, Row] | None:
        known = self.versions.get((code, key), [])
        return next((v for v in reversed(known) if v[0] not in self.undone), None)

    def current(self, code: str) -> dict[str, Row]:
        found = {}
        for kind_code, key in self.versions:
            held = self.held(kind_code, key)
            if kind_code == code and held:
                found[key] = dict(held[1])
                if code == "sale" and key in self.fixed:
                    found[key]["amount"] = "60"
        return found


def rounded(number: Decimal) -> Decimal:
    return number.quantize(PLACES, ROUND_HALF_UP)


def expected(model: Model) -> tuple[set[Any], set[str]]:
    """The credits (person, day, metric, key, role, figure, undone, undone on) and who waits."""
    refunds = model.current("refund").values()
    found: set[Any] = set()
    waits: set[str] = set()
    once: dict[str, tuple[str, str]] = {}
    sales = model.current("sale")
    for key, row in sales.items():
        if part(row, key, refunds) is not None and row["customer"]:
            name = row["customer"].casefold()
            once[name] = min(once.get(name, ("9", "")), (row["sold"], key))
    for key, row in sales.items():
        whole = part(row, key, refunds)
        if row["free"] == "" or whole is None:
            waits.add(key)
        if whole is None:
            continue
        made, waiting_now = credits_of(key, row, whole, once.get(row["customer"].casefold()))
        found |= made
        waits |= waiting_now
    return found, waits


def credits_of(
    key: str, row: Row, tail: tuple[Any, Any], first: tuple[str, str] | None
) -> tuple[set[Any], set[str]]:
    """What one sale that is not undone too far credits, and its key where it waits."""
    found: set[Any] = set()
    amount, day, seller = Decimal(row["amount"]), row["sold"], row["seller"]
    share = share_of(row["seller_share"])
    waits = not row["customer"] or seller not in MANAGERS
    if row["free"] == "no" and amount >= 50:
        made = split(row, key, amount, tail)
        waits, found = waits or not made, found | made
    elif row["free"] == "no" and amount:
        figure = rounded(rounded(100 / amount) * share)
        found.add((seller, day, "deals", key, "seller", figure, *tail))
    elif row["free"] == "no":
        waits = True
    if row["customer"] and first == (day, key):
        found.add((seller, day, "cards", key, "seller", share, *tail))
    if seller in MANAGERS:
        figure = rounded(amount * share)
        found.add((MANAGERS[seller], day, "mix", key, "manager of seller", figure, *tail))
    return found, {key} if waits else set()


def share_of(text: str) -> Decimal:
    return {"": Decimal(1), "60": Decimal("0.6"), "1/3": Decimal("0.333333333333")}[text]


def part(row: Row, key: str, refunds: Any) -> tuple[Decimal | None, str | None] | None:
    """How far it is undone and since when; None where that cannot be."""
    own = [refund for refund in refunds if refund["deal"] == key]
    if not own:
        return None, None
    if Decimal(row["amount"]) == 0:
        return None
    undone = rounded(sum(Decimal(r["amount"]) for r in own) / Decimal(row["amount"]))
    return None if undone > 1 else (undone, max(r["paid"] for r in own))


def split(row: Row, key: str, amount: Decimal, tail: Any) -> set[Any]:
    shares = {"seller": (row["seller"], share_of(row["seller_share"]))}
    if row["helper"]:
        shares["helper"] = ("ben", Decimal("0.4"))
    if sum(share for _, share in shares.values()) != 1:
        return set()
    return {
        (who, row["sold"], "sales", key, role, rounded(amount * share), *tail)
        for role, (who, share) in shares.items()
    }


def found() -> set[Any]:
    return {
        (*row[:5], rounded(Decimal(row[5] or 0)),
         None if row[7] is None else Decimal(row[7]), row[8])
        for row in credits()
    }  # fmt: skip


def act(deals: Deals, model: Model, till: Source, action: tuple[str, Any]) -> None:
    what, said = action
    if what == "sale":
        rows = {
            k: {**row, "helper_share": "40" if row["helper"] else ""} for k, row in said.items()
        }
        report = deals.deliver(*({"sale_no": key, **row} for key, row in rows.items()))
        if not report.already:
            model.deliver("sale", report.delivery or 0, said)
    elif what == "refund":
        lines = [f"{k},{r['paid']},{r['amount']},{r['deal']}" for k, r in said.items()]
        report = deals.load("no,paid,amount,deal\n" + "\n".join(lines) + "\n", till)
        if not report.already:
            model.deliver("refund", report.delivery or 0, said)
    elif what == "undo":
        standing = list(Delivery.objects.filter(undone_at=None).order_by("pk"))
        if standing:
            delivery = standing[said % len(standing)]
            undo(delivery=delivery, by=None, at=deals.now())
            model.undone.add(delivery.pk)
    elif model.held("sale", said):
        correct_transaction(
            kind=kind("sale"), key=said, attribute="amount", value="60", reason="x", by=None,
            at=deals.now(),
        )  # fmt: skip
        model.fixed.add(said)


def prepared(cast: Cast) -> None:
    deals = make_deals(cast)
    deals.kinds(sale={**SALE, "undone": UNDONE}, refund=REFUND)
    deals.rules(*RULES)
    Source.objects.create(
        code="till",
        column_map={"transaction": "refund", "about": {"kind": "sale", "column": "deal"}},
    )


@settings(
    max_examples=examples(4, of=10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=st.lists(ACTIONS, min_size=1, max_size=6))
def test_credits_follow_from_what_is_known(cast: Cast, actions: list[tuple[str, Any]]) -> None:
    if not Source.objects.filter(code="crm").exists():
        prepared(cast)
    with transaction.atomic():
        story(Deals(cast, Source.objects.get(code="crm"), hours=99), actions)
        # Each example is a story of its own.
        transaction.set_rollback(True)


def story(deals: Deals, actions: list[tuple[str, Any]]) -> None:
    till, model = Source.objects.get(code="till"), Model()
    for action in actions:
        act(deals, model, till, action)
    credited, waits = expected(model)
    assert found() == credited
    assert set(waiting()) == waits
    touch_kinds(TransactionKind.objects.values_list("pk", flat=True))
    again = credit(at=AT + timedelta(days=9))
    assert (again.new, again.changed, again.gone) == (0, 0, 0)
