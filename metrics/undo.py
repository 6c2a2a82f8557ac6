"""Undoing a delivery: its values go, and what they had replaced comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from metrics import deal_versions
from metrics.compare import marks_of
from metrics.credit import credit
from metrics.locks import hold_values
from metrics.models import Delivery, Transaction
from metrics.restore import bring_back
from metrics.stage import temporary
from org import audit
from org.changes import MARKED_SINGLY, record_change
from org.errors import DomainError
from org.models import InputChange, User
from org.sql import NEVER, execute, fetch


@dataclass(frozen=True)
class Undone:
    """How many values of the delivery were taken back, and how many older ones hold again."""

    delivery: int
    taken_back: int
    restored: int
    what: str = "values"
    credits: str = ""

    def sentence(self) -> str:
        """What was done, in words."""
        return (
            f"Delivery {self.delivery} is undone: {self.taken_back:,} {self.what} taken back, "
            f"{self.restored:,} earlier ones hold again. The file can be loaded again."
            + (f" {self.credits}" if self.credits else "")
        )


@transaction.atomic
def undo(*, delivery: Delivery, by: User | None, at: datetime, reason: str = "") -> Undone:
    """Take back what a delivery brought, as far as nothing newer has replaced it since."""
    hold_values()
    delivery = Delivery.objects.select_for_update().defer("content").get(pk=delivery.pk)
    if delivery.undone_at is not None:
        raise DomainError(
            f"Delivery {delivery.pk} was undone on {delivery.undone_at:%Y-%m-%d} already."
        )
    done = (_undo_deals if _brought_deals(delivery) else _undo_values)(delivery, by, at)
    audit.record(
        action="undo",
        subject=f"delivery {delivery.pk}: {delivery.file_name}",
        by=by,
        at=delivery.undone_at or at,
        reason=reason,
        detail={"taken_back": done.taken_back, "restored": done.restored},
    )
    return done


def _end(delivery: Delivery, moment: datetime, by: User | None) -> None:
    delivery.undone_at, delivery.undone_by = moment, by
    delivery.save(update_fields=["undone_at", "undone_by"])


def _undo_values(delivery: Delivery, by: User | None, at: datetime) -> Undone:
    temporary(
        "freed",
        "SELECT person_id, day, metric_id, reference, recorded_at FROM metrics_value"
        f" WHERE delivery_id = %s AND superseded_at = {NEVER}",
        [delivery.pk],
    )
    taken, latest = fetch("SELECT count(*), max(recorded_at) FROM freed")[0]
    moment = max(at, (latest or delivery.received_at) + timedelta(microseconds=1))
    execute(
        "UPDATE metrics_value SET superseded_at = %s"
        f" WHERE delivery_id = %s AND superseded_at = {NEVER}",
        [moment, delivery.pk],
    )
    _end(delivery, moment, by)
    done = Undone(delivery.pk, taken, bring_back(moment))
    if taken:
        _mark(delivery, moment, by)
    return done


def _brought_deals(delivery: Delivery) -> bool:
    return Transaction.objects.filter(delivery=delivery).exists()


def _undo_deals(delivery: Delivery, by: User | None, at: datetime) -> Undone:
    latest = deal_versions.latest_recorded(delivery.pk)
    moment = max(at, (latest or delivery.received_at) + timedelta(microseconds=1))
    taken = deal_versions.supersede_delivered(delivery.pk, moment)
    _end(delivery, moment, by)
    restored = deal_versions.bring_back(moment)
    if not taken:
        return Undone(delivery.pk, 0, 0, what="transactions")
    done = credit(at=moment)
    record_change(
        kind=InputChange.Kind.UNDO,
        sentence=f"Delivery {delivery.pk} ({delivery.file_name}) was undone.",
        marks=marks_of(done.marks),
        by=by,
        at=done.moment,
        reference=f"delivery {delivery.pk}",
    )
    return Undone(delivery.pk, taken, restored, what="transactions", credits=done.sentence())


def _mark(delivery: Delivery, moment: datetime, by: User | None) -> None:
    few = fetch(
        "SELECT count(*) <= %s FROM (SELECT DISTINCT person_id, metric_id FROM freed) AS pair",
        [MARKED_SINGLY],
    )[0][0]
    person = "person_id" if few else "NULL::bigint"
    rows = fetch(f"SELECT min(day), max(day), {person}, metric_id FROM freed GROUP BY 3, 4")
    record_change(
        kind=InputChange.Kind.UNDO,
        sentence=f"Delivery {delivery.pk} ({delivery.file_name}) was undone.",
        marks=marks_of(rows),
        by=by,
        at=moment,
        reference=f"delivery {delivery.pk}",
    )
