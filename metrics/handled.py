"""Saying that the rows which a delivery left out are dealt with, and how."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from metrics.models import Delivery, HandledRejections
from org import audit
from org.errors import DomainError
from org.models import User


@transaction.atomic
def handle_rejections(
    *, delivery: Delivery, reason: str, by: User | None, at: datetime
) -> HandledRejections:
    """Note that the rows left out of a delivery are handled; the same again changes nothing.

    Refuses (DomainError) without a reason, where no row was left out, and where somebody else
    said another reason already.
    """
    if not reason.strip():
        raise DomainError("Say what became of the rows: the reason stays with the delivery.")
    now = Delivery.objects.defer("content").select_for_update(of=("self",)).get(pk=delivery.pk)
    if now.undone_at is not None or not now.rows_rejected:
        raise DomainError(f"{now} has no row that waits to be handled.")
    before = HandledRejections.objects.filter(delivery=now).select_related("by").first()
    if before is not None and before.reason != reason.strip():
        raise DomainError(f"{before.by} handled its rows on {before.at:%Y-%m-%d}: {before.reason}")
    if before is not None:
        return before
    made = HandledRejections.objects.create(delivery=now, reason=reason.strip(), by=by, at=at)
    audit.record(
        action="handle rejected rows",
        subject=str(now),
        by=by,
        at=at,
        reason=reason.strip(),
        detail={"delivery": now.pk, "rows": now.rows_rejected},
    )
    return made
