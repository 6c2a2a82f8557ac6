"""The examples of docs/transactions.md: kinds, rules and maps that apply, and say what is said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from metrics.config_credits import CREDITS, TRANSACTIONS
from metrics.config_sources import SOURCES
from metrics.ingest import ingest
from metrics.models import Source
from pmsite.tenant_yaml import load
from tests.metrics.cast import AT, Cast, make_metric
from tests.metrics.deals import credits

TEXT = (Path(__file__).parents[2] / "docs" / "transactions.md").read_text()
KINDS, UNDONE, RULES, MAPS = (
    load(part.split("```")[0], "example").data for part in TEXT.split("```yaml")[1:]
)


def test_the_examples_apply_and_credit(cast: Cast) -> None:
    for code in ("sales", "gold_cards", "team_sales"):
        make_metric(code, "sum")
    day = date(2026, 7, 1)
    kinds = KINDS["transactions"]
    TRANSACTIONS.apply(kinds, by=None, at=AT, today=day)
    CREDITS.apply(RULES["credits"], by=None, at=AT, today=day)
    telephone = {"telephone": {"map": cast.telephone.column_map}}
    SOURCES.apply({**telephone, **MAPS["sources"]}, by=None, at=AT, today=day)
    for section in (TRANSACTIONS, CREDITS, SOURCES):
        assert section.apply(section.read(), by=None, at=AT, today=day) == []
    ingest(
        source=Source.objects.get(code="crm"),
        file_name="deals.csv",
        content=(
            b"Number;Amount;Margin;Product;Customer;No commission;Sold on;Seller;Seller part;"
            b"Second seller;Second part\n"
            b"1003;30.000,00;40;gold card;C;no;03.06.2026;ann;60 %;ben;40 %\n"
        ),
        by=None,
        at=AT,
    )
    assert [row[:2] + row[2:6] for row in credits()] == [
        ("ann", "2026-06-03", "gold_cards", "1003", "seller", "0.6"),
        ("ann", "2026-06-03", "sales", "1003", "seller", "18000"),
        ("ben", "2026-06-03", "sales", "1003", "helper", "12000"),
    ]
    TRANSACTIONS.apply({**kinds, "sale": {**kinds["sale"], **UNDONE}}, by=None, at=AT, today=day)
    ingest(
        source=Source.objects.get(code="till"),
        file_name="refunds.csv",
        content=b"refund_no,paid,amount,sale_no\nr1,2026-06-09,7500,1003\n",
        by=None,
        at=AT,
    )
    assert {row[7:] for row in credits()} == {("0.25", "2026-06-09")}
