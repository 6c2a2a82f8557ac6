"""A sales department for the tests of transactions: kinds, rules and a source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from metrics.config_credits import CREDITS, TRANSACTIONS
from metrics.ingest import IngestReport, ingest
from metrics.models import Metric, Source, TransactionKind, Value, Waiting
from org.base import CURRENT
from org.models import Assignment, Person
from tests.metrics.cast import AT, Cast, make_metric, plain

SALE = {
    "key": ["sale_no"],
    "dates": ["sold", "cancelled"],
    "attributes": {
        "amount": "money",
        "margin": "percent",
        "product": "text",
        "customer": "text",
        "free": "yes_no",
        "months": "number",
    },
    "roles": {"seller": {"share": "seller_share"}, "helper": {"share": "helper_share"}},
    "undone": {
        "share": "IF(ISBLANK(cancelled), 0, 1 - MIN(months, 12) / 12)",
        "on": "cancelled",
    },
}
RULES = [
    {
        "group": "volume",
        "order": 1,
        "kind": "sale",
        "to": ["seller", "helper"],
        "split": True,
        "amount": "amount",
        "into": "sales",
        "on": "sold",
    }
]
HEAD = (
    "sale_no",
    "sold",
    "cancelled",
    "amount",
    "margin",
    "product",
    "customer",
    "free",
    "months",
    "seller",
    "seller_share",
    "helper",
    "helper_share",
)


def sale(number: object, **said: object) -> dict[str, object]:
    """A row of the file: sold by Ann on 1 June 2026, unless said otherwise."""
    return {"sale_no": number, "sold": "2026-06-01", "seller": "ann", **said}


def as_csv(rows: list[dict[str, object]], head: tuple[str, ...] = HEAD) -> str:
    """The rows as a file."""
    lines = [",".join(str(row.get(name, "")) for name in head) for row in rows]
    return "\n".join([",".join(head), *lines]) + "\n"


@dataclass
class Deals:
    """The department; each delivery comes an hour after the one before."""

    cast: Cast
    crm: Source
    hours: int = 0
    files: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """The next moment."""
        self.hours += 1
        return AT + timedelta(hours=self.hours)

    def deliver(self, *rows: dict[str, object], source: Source | None = None) -> IngestReport:
        """Take rows in."""
        return self.load(as_csv(list(rows)), source)

    def load(self, content: str, source: Source | None = None) -> IngestReport:
        """Take a file in."""
        return ingest(
            source=source or self.crm,
            file_name="deals.csv",
            content=content.encode(),
            by=None,
            at=self.now(),
        )

    def rules(self, *rules: dict[str, Any]) -> list[str]:
        """Apply credit rules."""
        return CREDITS.apply(list(rules), by=None, at=self.now(), today=date(2026, 7, 1))

    def kinds(self, **kinds: Any) -> list[str]:
        """Apply kinds of transaction."""
        return TRANSACTIONS.apply(kinds, by=None, at=self.now(), today=date(2026, 7, 1))


def make_deals(cast: Cast) -> Deals:
    """Ann and Ben sell, Cy manages them; sales, cards and deals are metrics."""
    for code, kind in (("sales", "sum"), ("cards", "sum"), ("deals", "sum"), ("mix", "ratio")):
        cast.metrics[code] = make_metric(code, kind)
    manager = cast.people["cy"]
    Assignment.objects.exclude(person=manager).update(manager=manager)
    deals = Deals(cast, Source.objects.create(code="crm", column_map={"transaction": "sale"}))
    deals.kinds(sale=SALE)
    deals.rules(*RULES)
    return deals


def credits(*metrics: str) -> list[tuple[Any, ...]]:
    """Current credits: person, day, metric, role, numerator, denominator, undone, undone on."""
    names = dict(Person.objects.values_list("id", "code"))
    codes = dict(Metric.objects.values_list("id", "code"))
    return sorted(
        (
            (
                names[v.person_id],
                v.day.isoformat(),
                codes[v.metric_id],
                v.reference.split("/")[1],
                v.role,
                plain(v.numerator),
                plain(v.denominator),
                plain(v.undone),
                v.undone_on and v.undone_on.isoformat(),
            )
            for v in Value.objects.filter(CURRENT, transaction_id__isnull=False)
            if not metrics or codes[v.metric_id] in metrics
        ),
        key=str,
    )


def amounts(metric: str = "sales") -> dict[tuple[str, str], str]:
    """Credited amounts by person and key of the transaction."""
    return {(row[0], row[3]): row[5] for row in credits(metric)}


def waiting() -> dict[str, str]:
    """The sentence of each waiting transaction."""
    return {row.key: row.sentence for row in Waiting.objects.all()}


def kind(code: str) -> TransactionKind:
    """A kind of transaction."""
    return TransactionKind.objects.get(code=code)
