"""A call centre with three people, five metrics and a telephone, for the tests of ingest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from metrics.ingest import IngestReport, ingest
from metrics.models import Metric, MetricDefinition, PersonAlias, Source, Value
from org.base import CURRENT
from org.dates import FOREVER
from org.models import Assignment, JobType, Person, Tenant, Unit
from org.tenancy import enter
from tests.factories import make_tenant

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
SINCE = date(2020, 1, 1)
KINDS = {
    "calls": "sum",
    "handle_time": "ratio",
    "quality": "weighted_mean",
    "balance": "last",
    "longest": "maximum",
    "shortest": "minimum",
    "index": "derived",
}
SIMPLE = {"person": "Agent", "day": "Date", "values": {"calls": "Calls"}}


@dataclass
class Cast:
    """The tenant, its people by code, its metrics by code, and the telephone."""

    tenant: Tenant
    people: dict[str, Person]
    metrics: dict[str, Metric]
    telephone: Source

    def ingest(
        self, content: str | bytes, map_: dict[str, Any] | None = None, **options: Any
    ) -> IngestReport:
        """Take a file of the telephone in, at a fixed moment unless the test says otherwise."""
        if map_ is not None:
            self.telephone.column_map = map_
            self.telephone.save()
        data = content.encode() if isinstance(content, str) else content
        given = {"source": self.telephone, "file_name": "calls.csv", "by": None, "at": AT}
        return ingest(content=data, **{**given, **options})


def make_cast(code: str = "") -> Cast:
    """Ann, Ben and Cy work the whole time; nobody else is known."""
    tenant = make_tenant(code, time_zone="America/New_York")
    with enter(tenant.pk):
        unit = Unit.objects.create(code="north", name="North")
        job = JobType.objects.create(code="agent", name="Agent")
        people = {
            code: Person.objects.create(code=code, name=name)
            for code, name in (("ann", "Ann Arden"), ("ben", "Ben Bell"), ("cy", "Cy Cole"))
        }
        for person in people.values():
            assign(person, unit, job)
        metrics = {code: make_metric(code, kind) for code, kind in KINDS.items()}
        telephone = Source.objects.create(code="telephone", name="Telephone", column_map=SIMPLE)
    return Cast(tenant, people, metrics, telephone)


def make_metric(code: str, kind: str, since: date = SINCE) -> Metric:
    """A metric defined since 2020."""
    metric = Metric.objects.create(code=code, name=code)
    MetricDefinition.objects.create(
        metric=metric, kind=kind, attainment="actual_by_goal", valid_from=since, recorded_at=AT
    )
    return metric


def assign(person: Person, unit: Unit, job: JobType, **fields: Any) -> Assignment:
    """A job since 2020, in the primary slot unless said otherwise."""
    defaults = {"valid_from": SINCE, "valid_to": FOREVER, "recorded_at": AT}
    return Assignment.objects.create(
        person=person, unit=unit, job_type=job, **{**defaults, **fields}
    )


def alias(source: Source, external_id: str, person: Person, **fields: Any) -> PersonAlias:
    """What a source calls a person."""
    defaults = {"valid_from": SINCE, "valid_to": FOREVER, "recorded_at": AT}
    return PersonAlias.objects.create(
        source=source, external_id=external_id, person=person, **{**defaults, **fields}
    )


def values() -> list[tuple[Any, ...]]:
    """The current values: person, day, metric, reference, numerator, denominator, in order."""
    names = dict(Person.objects.values_list("id", "code"))
    metrics = dict(Metric.objects.values_list("id", "code"))
    return sorted(
        (
            names[v.person_id],
            v.day.isoformat(),
            metrics[v.metric_id],
            v.reference,
            plain(v.numerator),
            plain(v.denominator),
        )
        for v in Value.objects.filter(CURRENT)
    )


def figures(metric: str) -> dict[tuple[str, int], str]:
    """The current figures of a metric by person and day of the month: ``12`` or ``90/3``."""
    return {
        (person, int(day[-2:])): above if below is None else f"{above}/{below}"
        for person, day, code, _, above, below in values()
        if code == metric
    }


def plain(figure: Decimal | None) -> str | None:
    """A figure without trailing zeros."""
    return None if figure is None else f"{figure.normalize():f}"
