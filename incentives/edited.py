"""Whether a version was changed since somebody opened it: two editors never overwrite each other.

Every change of a version or of its parts, whoever wrote it, leaves an event (org.history); the last
events are what an editor has seen, and a page sends them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from incentives.models import Component, Eligibility, Example, Measure, PlanVersion, RateTable
from org.past import events_of

PARTS = (Measure, RateTable, Component, Eligibility, Example)


@dataclass(frozen=True)
class Edited:
    """The last change of a version: a text that is another after each, who made it and when."""

    stamp: str
    who: str = ""
    at: datetime | None = None


def last_edit_of(row: models.Model | None) -> Edited:
    """What somebody who opens one part of a version now has seen of it; a new one has no past."""
    if row is None or row.pk is None:
        return Edited("new")
    return _edited(events_of(type(row)).objects.filter(row_id=row.pk))


def last_edit_of_rows(model: type[models.Model], version: PlanVersion) -> Edited:
    """The same of all rows of one kind that a version has."""
    return _edited(events_of(model).objects.filter(version=version.pk))


def _edited(events: Any) -> Edited:
    event = events.order_by("-id").first()
    if event is None:
        return Edited("0")
    return Edited(str(event.pk), (event.pgh_context or {}).get("name", ""), event.pgh_created_at)


def last_edit(version: PlanVersion) -> Edited:
    """What somebody who opens a version now has seen of it."""
    own = [events_of(PlanVersion).objects.filter(row_id=version.pk)]
    parts = [events_of(part).objects.filter(version=version.pk) for part in PARTS]
    last = [events.order_by("-id").first() for events in own + parts]
    stamp = "-".join(str(event.pk if event else 0) for event in last)
    known = [event for event in last if event is not None]
    if not known:
        return Edited(stamp)
    # Of one moment, the change that names somebody says more.
    at, who = max(
        (event.pgh_created_at, (event.pgh_context or {}).get("name", "")) for event in known
    )
    return Edited(stamp, who, at)
