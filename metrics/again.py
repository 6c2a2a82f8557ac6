"""Trying a delivery again: undone, and its file taken in as people, aliases and maps are now."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from metrics.ingest import IngestReport, ingest
from metrics.models import Delivery
from metrics.undo import undo
from org.models import User
from org.progress import Tell, quiet


@transaction.atomic
def again(
    *, delivery: Delivery, by: User | None, at: datetime, reason: str = "", tell: Tell = quiet
) -> IngestReport:
    """Undo a delivery and take its file in once more; what later deliveries said stands.

    Not only its rejected rows: of rows that add up, some without the others would be half a figure.
    """
    tell("Taking back what it brought", 0, 0)
    undo(delivery=delivery, by=by, at=at, reason=reason)
    kept = Delivery.objects.select_related("source").get(pk=delivery.pk)
    assert kept.undone_at is not None
    return ingest(
        source=kept.source,
        file_name=kept.file_name,
        content=bytes(kept.content),
        by=by,
        at=max(at, kept.undone_at),
        instead_of=kept,
        tell=tell,
    )
