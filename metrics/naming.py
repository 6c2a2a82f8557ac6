"""Names that nobody knew: which there are, and saying whom or what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet

from metrics import column_map as maps
from metrics.column_map import ColumnMap
from metrics.ingest import UNKNOWN
from metrics.map_parts import LongValues
from metrics.models import Metric, PersonAlias, Rejection, Source
from metrics.transaction_map import TransactionMap
from org import audit
from org.base import CURRENT
from org.dates import EARLIEST_DAY, FOREVER
from org.errors import DomainError
from org.models import Person, User

METRIC = "unknown_metric"
LONGEST = 120


def unknown_names() -> QuerySet[Any, dict[str, Any]]:
    """Each unknown name of each source, how many rows wait for it, and in which deliveries."""
    waiting = Rejection.objects.filter(reason__in=UNKNOWN, delivery__undone_at=None)
    found: QuerySet[Any, Any] = (
        waiting.values("delivery__source", "delivery__source__code", "reason", "value")
        .annotate(
            lines=Count("id"),
            deliveries=Count("delivery", distinct=True),
            first=Min("delivery"),
            latest=Max("delivery"),
        )
        .order_by("-lines", "value")
    )
    return found


@dataclass(frozen=True)
class Said:
    """Who or what the unknown names of sources mean by now: (source, name) to words."""

    people: Mapping[tuple[int, str], str]
    metrics: Mapping[tuple[int, str], str]

    def of(self, source: int, reason: str, name: str) -> str:
        """Whom or what a name means by now; "" where nobody has said so."""
        key = source, name
        return (self.metrics if reason == METRIC else self.people).get(key, "")


def said() -> Said:
    """What has been said of names, to tell who only has to be tried again."""
    people = {
        (row.source_id, row.external_id): row.person.name
        for row in PersonAlias.objects.filter(CURRENT).select_related("person")
    }
    metrics = {
        (source.pk, str(theirs)): str(ours)
        for source in Source.objects.all()
        for theirs, ours in _metrics_of(source.column_map).items()
    }
    return Said(people, metrics)


def _metrics_of(column_map: Mapping[str, Any]) -> Mapping[str, Any]:
    values = column_map.get("values", {})
    named: Mapping[str, Any] = values.get("metrics", {}) if "from" in values else {}
    return named


def nearest(name: str) -> Person | None:
    """The person whose name or number is nearest to a text, if any is near."""
    words = {
        word.casefold(): code
        for code, full in Person.objects.values_list("code", "name")[:5000]
        for word in (code, full)
    }
    found = get_close_matches(name.casefold(), words, n=1, cutoff=0.6)
    return Person.objects.filter(code=words[found[0]]).first() if found else None


def takes_people(source: Source) -> str:
    """Why a source's names of people cannot be mapped; "" where they can be."""
    try:
        parsed = maps.parse(source.column_map)
    except DomainError as refusal:
        return str(refusal.sentence)
    by = parsed.people_by if isinstance(parsed, TransactionMap) else parsed.person.by
    if by != "code":
        return ""
    return (
        f"The source {source.code} names people by personnel number, so there is nothing to map: "
        "take the person over first, or mend the file."
    )


@transaction.atomic
def name_person(
    *,
    source: Source,
    name: str,
    person: Person,
    valid_from: date = EARLIEST_DAY,
    by: User | None,
    at: datetime,
) -> PersonAlias:
    """Say whom a source means by a name, from a day on; whom it meant before ends there.

    DomainError where the source names people by number, and where a later day is said already.
    """
    if problem := takes_people(source):
        raise DomainError(problem)
    if not name.strip() or len(name) > LONGEST:
        raise DomainError(f"A name has 1 to {LONGEST} characters.")
    same = PersonAlias.objects.select_for_update().filter(CURRENT, source=source, external_id=name)
    later = same.filter(valid_from__gte=valid_from).order_by("valid_from").first()
    if later is not None:
        raise DomainError(
            f"{source.code} means {later.person} by “{name}” from {later.valid_from} on already. "
            "Give a later day, or change it in the tenant file."
        )
    before = same.filter(valid_to__gt=valid_from).first()
    if before is not None and before.person_id == person.pk:
        return before
    if before is not None:
        before.superseded_at = at
        before.save(update_fields=["superseded_at"])
        _alias(source, name, before.person, (before.valid_from, valid_from), at)
    made = _alias(source, name, person, (valid_from, FOREVER), at)
    audit.record(
        action="name person",
        subject=f"source {source.code}: “{name}” is {person.code}",
        by=by,
        at=at,
        detail={"from": valid_from.isoformat()},
    )
    return made


def _alias(
    source: Source, name: str, person: Person, days: tuple[date, date], at: datetime
) -> PersonAlias:
    return PersonAlias.objects.create(
        source=source,
        external_id=name,
        person=person,
        valid_from=days[0],
        valid_to=days[1],
        recorded_at=at,
    )


@transaction.atomic
def name_metric(
    *, source: Source, name: str, metric: Metric, by: User | None, at: datetime
) -> Source:
    """Say which metric a source means by a name in its rows: its column map learns it."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    parsed = maps.parse(source.column_map)
    if not isinstance(parsed, ColumnMap) or not isinstance(parsed.values, LongValues):
        raise DomainError(f"The files of {source.code} name no metrics in their rows.")
    values = source.column_map["values"]
    named = {**values.get("metrics", {}), name: metric.code}
    source.column_map = {**source.column_map, "values": {**values, "metrics": named}}
    maps.parse(source.column_map)
    source.save(update_fields=["column_map"])
    audit.record(
        action="name metric",
        subject=f"source {source.code}: “{name}” is {metric.code}",
        by=by,
        at=at,
    )
    return source
