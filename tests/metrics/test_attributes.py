"""What formulas read of a transaction, for one row after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from psycopg.sql import SQL

from formula import DATE, NUMBER, TEXT, Name
from metrics.attributes import about_of, aggregated, attributes_of, columns, kinds_into, names_of
from metrics.models import CreditRule, Delivery, Transaction, TransactionKind
from org.dates import EARLIEST_DAY
from org.sql import fetch
from tests.metrics.cast import AT, Cast

EVERY = {
    "amount": "money",
    "margin": "percent",
    "product": "text",
    "free": "yes_no",
    "due": "date",
}


def ref(kind: str, name: str) -> Any:
    return SimpleNamespace(kind=kind, name=name, column=f"{kind} {name}")


def add(kind: TransactionKind, key: str, about: Transaction | None = None, **said: Any) -> Any:
    delivery = Delivery.objects.first()
    return Transaction.objects.create(
        kind=kind,
        key=key,
        delivery=delivery,
        attributes=said,
        recorded_at=AT,
        about=about.key if about else "",
        about_kind=about.kind if about else None,
    )


def kinds(cast: Cast) -> tuple[TransactionKind, TransactionKind]:
    Delivery.objects.create(
        source=cast.telephone, file_name="f", sha256="0", content=b"", received_at=AT
    )
    sale = TransactionKind.objects.create(code="sale", dates=["sold"], attributes=EVERY)
    payment = TransactionKind.objects.create(
        code="payment", dates=["paid"], attributes={"amount": "money", "by": "text"}
    )
    return sale, payment


def read(kind: TransactionKind, *refs: Any) -> list[tuple[Any, ...]]:
    query = SQL(
        "SELECT {} FROM metrics_transaction AS deal WHERE kind_id = %s ORDER BY key"
    ).format(SQL(", ").join(columns(sorted(refs, key=lambda r: (r.kind, r.name)))))
    return fetch(query, [kind.pk])


def test_each_type_is_read_as_the_language_has_it(cast: Cast) -> None:
    sale, _ = kinds(cast)
    said = {"amount": "12.50", "margin": "0.4", "product": "card", "free": True}
    add(sale, "1", **said, due="2026-06-01", sold="2026-05-31")
    add(sale, "2")
    names = ("amount", "due", "free", "margin", "product", "sold")
    first, second = read(sale, *(ref("value", name) for name in names))
    assert first == (
        Decimal("12.50"),
        date(2026, 6, 1),
        True,
        Decimal("0.4"),
        "card",
        date(2026, 5, 31),
    )
    assert second == (None,) * 6


def test_names_that_no_kind_has_are_left_to_others(cast: Cast) -> None:
    kinds(cast)
    assert columns([ref("value", "sold_last_year"), ref("goal", "sales")]) == []


def test_what_is_about_it_is_counted_summed_and_put_in_order(cast: Cast) -> None:
    sale, payment = kinds(cast)
    one = add(sale, "1")
    add(sale, "2")
    add(payment, "b", one, amount="30", by="cheque", paid="2026-02-01")
    add(payment, "a", one, amount="12.5", by="cash", paid="2026-03-01")
    gone = add(payment, "c", one, amount="999", paid="2026-01-01")
    Transaction.objects.filter(pk=gone.pk).update(superseded_at=datetime(2026, 7, 2, tzinfo=UTC))
    wanted = [
        ref("count", "payment"),
        ref("first", "payment.by"),
        ref("first", "payment.paid"),
        ref("last", "payment.by"),
        ref("last", "payment.paid"),
        ref("sum", "payment.amount"),
    ]
    assert read(sale, *wanted) == [
        (2, "cheque", date(2026, 2, 1), "cash", date(2026, 3, 1), Decimal("42.5")),
        (0, None, None, None, None, 0),
    ]


def test_kinds_are_found_by_the_metrics_that_their_rules_feed(cast: Cast) -> None:
    sale, payment = kinds(cast)
    CreditRule.objects.create(
        kind=sale, group="g", order=1, into=cast.metrics["calls"], valid_from=EARLIEST_DAY,
        recorded_at=AT,
    )  # fmt: skip
    assert kinds_into([cast.metrics["calls"].pk]) == [sale]
    assert kinds_into([cast.metrics["balance"].pk]) == []
    assert names_of([sale])["amount"] == Name(NUMBER)
    assert names_of([sale, payment])["paid"] == Name(DATE)
    assert about_of([]) == {}
    assert about_of([sale])["payment"] == {"amount": NUMBER, "by": TEXT, "paid": DATE}
    assert [item.name for item in attributes_of(payment)] == ["amount", "by", "paid"]
    assert aggregated("count", payment, "", "about") == SQL("count(*)::numeric")
