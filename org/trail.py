"""The audit trail as it is read: what people did, and what became of rows, whoever wrote them.

Two kinds of entries. *Deeds* are written by the verbs, with a reason: who published, corrected,
paid, read. *Rows* are written by the database itself (org.history), also where SQL or bulk code
changed something and no verb ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from psycopg.sql import SQL, Composed, Identifier, Literal

from org.history import TRACKED
from org.models import AuditEntry, ByHand
from org.past import Change, changes_of, events_of
from org.sql import fetch


@dataclass(frozen=True)
class Asked:
    """Which row events are wanted; what is empty asks for nothing."""

    model: str = ""
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None
    without_person: bool = False


def actions() -> list[str]:
    """Every kind of deed that the trail holds."""
    kinds = AuditEntry.objects.order_by("action").values_list("action", flat=True)
    return list(kinds.distinct())


def kinds() -> list[tuple[str, str]]:
    """The tracked models: label and the words for it."""
    return sorted(
        ((model._meta.label, str(model._meta.verbose_name)) for model in TRACKED),
        key=lambda kind: kind[1],
    )


def differing(row: ByHand) -> Iterator[tuple[str, str, str]]:
    """Each column of a row written by hand that has another value than before, with both."""
    old, new = row.before or {}, row.after or {}
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before != after:
            yield name, *("nothing" if value is None else str(value) for value in (before, after))


def row_changes(asked: Asked, *, page: int, size: int) -> tuple[list[Change], bool]:
    """One page of what happened to rows, the newest first, and whether there is a further page."""
    wanted = [m for m in TRACKED if not asked.model or m._meta.label == asked.model]
    most = page * size + 1
    union = SQL(" UNION ALL ").join(_events(model, asked, most) for model in wanted)
    order = SQL("SELECT * FROM ({}) AS happened ORDER BY 3 DESC, 2 DESC LIMIT {} OFFSET {}")
    found = fetch(order.format(union, Literal(size + 1), Literal((page - 1) * size)))
    told = _told([(label, event, row) for label, event, _, row in found[:size]])
    return [told[label, event] for label, event, *_ in found[:size]], len(found) > size


def _events(model: type[models.Model], asked: Asked, most: int) -> Composed:
    conditions = [SQL("true")]
    if asked.who:
        conditions.append(SQL("pgh_context ->> 'name' = {}").format(Literal(asked.who)))  # type: ignore[arg-type]
    if asked.without_person:
        conditions.append(SQL("pgh_context ->> 'name' IS NULL"))
    if asked.since:
        conditions.append(SQL("pgh_created_at >= {}").format(Literal(asked.since)))  # type: ignore[arg-type]
    if asked.until:
        conditions.append(SQL("pgh_created_at < {}").format(Literal(asked.until)))  # type: ignore[arg-type]
    return SQL(
        "(SELECT {} AS label, id, pgh_created_at, row_id FROM {} WHERE {}"
        " ORDER BY pgh_created_at DESC, id DESC LIMIT {})"
    ).format(
        Literal(model._meta.label),
        Identifier(events_of(model)._meta.db_table),
        SQL(" AND ").join(conditions),
        Literal(most),
    )


def _told(events: Iterable[tuple[str, int, int]]) -> dict[tuple[str, int], Change]:
    """Events in words, each against the one before of its row."""
    rows: dict[str, set[int]] = defaultdict(set)
    for label, _, row in events:
        rows[label].add(row)
    by_label = {model._meta.label: model for model in TRACKED}
    return {
        (label, change.event): change
        for label, own in rows.items()
        for change in changes_of(model=by_label[label], rows=own)
    }
