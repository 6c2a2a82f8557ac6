"""What the checks of a closing share: what is open, and the plan's period that they look at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet

from incentives.finalise import Unsettled, unsettled_lines
from incentives.models import CalculationRun, PlanPeriod
from incentives.outliers import Outlier
from incentives.rules import VersionRules, load
from metrics.completeness import fed_metrics
from metrics.models import Delivery, Metric, Source

MOST = 100
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Item:
    """Something that is open: a sentence, and the page where it is mended (name, arguments)."""

    sentence: str
    page: str = ""
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A line of the checklist. ``done``: what is said where nothing is open.

    ``hard``: it keeps the period open whatever anybody says. ``info``: it is only told, and keeps
    nothing open. ``count``: how many there are, where ``items`` does not name all.
    """

    code: str
    title: str
    done: str
    items: tuple[Item, ...] = ()
    hard: bool = False
    info: bool = False
    count: int = 0

    @property
    def number(self) -> int:
        """How many things are open."""
        return max(self.count, len(self.items))

    @property
    def stamp(self) -> str:
        """A hash of what is open: another list is accepted anew."""
        words = "\n".join([str(self.number), *(item.sentence for item in self.items)])
        return hashlib.sha256(words.encode()).hexdigest()


@dataclass
class Point:
    """A plan's period that is to be closed, on a day, with what its rules read."""

    plan_period: PlanPeriod
    on: date
    outliers: list[Outlier] = field(default_factory=list)

    @cached_property
    def run(self) -> CalculationRun:
        """The run that holds its results."""
        assert self.plan_period.run is not None, "only calculated plan periods are closed"
        return self.plan_period.run

    @cached_property
    def rules(self) -> VersionRules:
        """The rules of that run."""
        return load(self.run.version, self.plan_period.period.valid_from)

    @cached_property
    def metrics(self) -> dict[str, int]:
        """The metrics that the rules read, code to number."""
        numbers = {m.metric for m in self.rules.measures.values() if m.metric}
        numbers |= {m.metric for m in self.rules.stored if m.metric}
        return dict(Metric.objects.filter(pk__in=numbers).values_list("code", "pk"))

    @cached_property
    def sources(self) -> list[Source]:
        """The sources that bring them."""
        every = Metric.objects.values_list("code", flat=True)
        return [
            source
            for source in Source.objects.order_by("code")
            if source.column_map and fed_metrics(source.column_map, every=every) & set(self.metrics)
        ]

    @cached_property
    def deliveries(self) -> QuerySet[Delivery]:
        """What these brought for days of the period; a file without a usable day by its arrival."""
        period = self.plan_period.period
        within = Q(first_day__lt=period.valid_to, last_day__gte=period.valid_from)
        arrived = Q(
            first_day=None,
            received_at__date__gte=period.valid_from,
            received_at__date__lte=self.on,
        )
        every = Delivery.objects.filter(within | arrived, source__in=self.sources, undone_at=None)
        return every.defer("content").select_related("source").order_by("pk")

    @cached_property
    def unsettled(self) -> list[Unsettled]:
        """The lines that keep it open."""
        return unsettled_lines(self.run)
