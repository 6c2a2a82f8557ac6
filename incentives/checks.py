"""The lines of a closing's checklist: each finds what is open in a plan's period, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from incentives.finalise import Unsettled, unsettled_lines
from incentives.models import CalculationRun, Dispute, PlanPeriod, Result
from incentives.outliers import Outlier, outliers_of
from incentives.rules import VersionRules, load
from metrics.completeness import fed_metrics, gaps
from metrics.ingest import UNKNOWN
from metrics.models import (
    CorrectionRequest,
    CreditRule,
    Delivery,
    HandledRejections,
    Metric,
    Rejection,
    Source,
    SourceComplete,
    TransactionKind,
    Waiting,
)
from org.base import CURRENT
from org.models import Membership, StaleMark
from org.permissions import Permission, roles_with
from org.tenancy import current_tenant_id

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


def over(point: Point) -> Check:
    """Whether its last day has passed."""
    period = point.plan_period.period
    last = period.valid_to - ONE_DAY
    early = point.on < period.valid_to
    items = (Item(f"Its last day is {last}."),) if early else ()
    return Check("over", "The period is over", f"Its last day was {last}.", items, hard=True)


def earlier(point: Point) -> Check:
    """Whether the plan's earlier periods are final."""
    mine = point.plan_period
    open_ones = PlanPeriod.objects.filter(
        plan=mine.plan, final_at=None, period__valid_from__lt=mine.period.valid_from
    ).select_related("period__calendar")
    items = tuple(
        Item(
            f"{one.period.code} of {mine.plan} is still open. Periods are closed in their order.",
            "closing",
            (one.period.calendar.code, one.period.code),
        )
        for one in open_ones.order_by("period__valid_from")
    )
    return Check("earlier", "Earlier periods are final", "None is open.", items, hard=True)


def fresh(point: Point) -> Check:
    """Whether something came in after it was worked out: the closing works it out once more."""
    period = point.plan_period.period
    marks = StaleMark.objects.filter(
        Q(plan=None) | Q(plan=point.plan_period.plan_id),
        Q(metric=None) | Q(metric__in=list(point.metrics.values())),
        first_day__lt=period.valid_to,
        end_day__gt=period.valid_from,
    )
    sentences = marks.order_by("-change").values_list("change__sentence", flat=True)
    found = list(dict.fromkeys(sentences))[:MOST]
    return Check(
        "fresh",
        "Worked out with all that is known",
        "Nothing has come in since it was worked out.",
        tuple(Item(f"Since then: {sentence}") for sentence in found),
        info=True,
    )


def sources(point: Point) -> Check:
    """Whether each source has delivered every day of the period."""
    period = point.plan_period.period
    last = period.valid_to - ONE_DAY
    said = dict(SourceComplete.objects.filter(CURRENT).values_list("source", "through"))
    items = []
    for source in point.sources:
        through = said.get(source.pk)
        if through is not None and through < last:
            sentence = f"{source} is complete only to {through}; the period ends on {last}."
            items.append(Item(sentence, "deliveries"))
        items += [
            Item(f"{source} has brought nothing for {first} to {end}.", "deliveries")
            for first, end in _gaps(point, source)
        ]
    names = ", ".join(str(source) for source in point.sources)
    done = f"{names}: every day of the period." if names else "No file feeds this plan."
    return Check("sources", "Sources are complete", done, tuple(items))


def _gaps(point: Point, source: Source) -> list[tuple[date, date]]:
    """The days of the period between a source's files that none of them covers."""
    period = point.plan_period.period
    spans = Delivery.objects.filter(source=source, undone_at=None, first_day__isnull=False)
    days = [(a, b) for a, b in spans.values_list("first_day", "last_day") if a and b]
    found = gaps(days)
    inside = [(max(a, period.valid_from), min(b, period.valid_to - ONE_DAY)) for a, b in found]
    return [(a, b) for a, b in inside if a <= b and any(_weekday(a, b))]


def _weekday(first: date, last: date) -> Iterator[bool]:
    for n in range((last - first).days + 1):
        yield (first + n * ONE_DAY).isoweekday() <= 5


def rejected(point: Point) -> Check:
    """Whether rows that could not be used are dealt with."""
    rows = _unhandled(point).filter(rows_rejected__gt=0)
    items = tuple(
        Item(
            f"{one}: {number} row{'s' * (number != 1)} could not be used.",
            "delivery",
            (str(one.pk),),
        )
        for one in rows
        if (number := one.rows_rejected - one.rows_unknown) > 0
    )
    return Check(
        "rejected", "Rejected rows are handled", "No row was left out, or all are handled.", items
    )


def _unhandled(point: Point) -> QuerySet[Delivery]:
    handled = HandledRejections.objects.filter(delivery=OuterRef("pk"))
    return point.deliveries.filter(~Exists(handled))


def unknown(point: Point) -> Check:
    """Whether every name in the files is known."""
    rows = Rejection.objects.filter(
        delivery__in=_unhandled(point).filter(rows_unknown__gt=0).values("pk"), reason__in=UNKNOWN
    )
    names = (
        rows.values("delivery__source__code", "value")
        .annotate(lines=Count("id"))
        .order_by("-lines", "value")
    )
    items = tuple(
        Item(
            f"“{one['value']}” of {one['delivery__source__code']}: {one['lines']} row"
            f"{' waits' if one['lines'] == 1 else 's wait'} for the name.",
            "unknown",
        )
        for one in names[:MOST]
    )
    return Check(
        "unknown", "Every name is known", "No row waits for a name.", items, count=names.count()
    )


def queue(point: Point) -> Check:
    """Whether every transaction that could pay credits somebody."""
    rules = CreditRule.objects.filter(CURRENT, into__in=list(point.metrics.values()))
    kinds = dict(
        TransactionKind.objects.filter(pk__in=rules.values("kind")).values_list("pk", "code")
    )
    rows = Waiting.objects.filter(kind_id__in=list(kinds))
    items = tuple(Item(f"{kinds[one.kind_id]}/{one.key}: {one.sentence}") for one in rows[:MOST])
    return Check(
        "queue",
        "No transaction waits for its credit",
        "Every transaction credits somebody, or nobody on purpose.",
        items,
        count=rows.count(),
    )


def corrections(point: Point) -> Check:
    """Whether the corrections that were asked for are decided."""
    period = point.plan_period.period
    rows = CorrectionRequest.objects.filter(
        state=CorrectionRequest.State.OPEN,
        day__gte=period.valid_from,
        day__lt=period.valid_to,
        metric__in=list(point.metrics.values()),
    ).select_related("person", "metric", "asked_by")
    items = tuple(
        Item(f"{one}, asked for by {one.asked_by}.", "correction", (str(one.pk),))
        for one in rows.order_by("asked_at")
    )
    return Check("corrections", "Corrections are decided", "None waits.", items)


def gates(point: Point) -> Check:
    """Whether every result is decided."""
    items = _of(point, lambda one: one.status != "failed")
    done = "Every result is decided."
    return Check("gates", "No gate or amount is undecided", done, items, hard=True)


def zero_goals(point: Point) -> Check:
    """Whether somebody has said what a goal of zero means."""
    items = _of(point, lambda one: one.problem == "zero_goal", page="decide-goal")
    done = "No goal is zero, or it is decided."
    return Check("zero_goals", "Goals of zero are decided", done, items, hard=True)


def failed(point: Point) -> Check:
    """Whether every formula could be worked out."""
    items = _of(point, lambda one: one.status == "failed" and one.problem != "zero_goal")
    done = "Every formula could be worked out for everybody."
    return Check("failed", "No formula failed", done, items, hard=True)


def _of(
    point: Point, fits: Callable[[Unsettled], bool], page: str = "scorecard"
) -> tuple[Item, ...]:
    mine = point.plan_period
    where = (mine.period.calendar.code, mine.period.code)

    def args(person: str) -> tuple[str, ...]:
        return (*where, mine.plan.code, person) if page != "scorecard" else (person, *where)

    return tuple(Item(one.sentence, page, args(one.person)) for one in point.unsettled if fits(one))


def disputes(point: Point) -> Check:
    """Which lines are frozen: they wait for an answer, and all else goes on."""
    mine = point.plan_period
    rows = Dispute.objects.filter(plan=mine.plan, period=mine.period, closed_at=None)
    items = tuple(
        Item(f"{_disputed(one)}, since {one.opened_at:%Y-%m-%d}.", "dispute", (str(one.pk),))
        for one in rows.select_related("person", "plan", "period__calendar").order_by("pk")
    )
    return Check("disputes", "Disputes are frozen", "None is open.", items, info=True)


def _disputed(one: Dispute) -> str:
    if one.is_claim:
        return f"{one.person}: says that something is missing; nothing is frozen"
    amount = "" if one.amount_then is None else f" ({one.amount_then.normalize():f} {one.currency})"
    return f"{one.person}: {one.component}{amount} is frozen until it is answered"


def strange(point: Point) -> Check:
    """Whose amounts are far from their own past; found by :mod:`incentives.outliers`."""
    point.outliers = outliers_of(point.run)
    items = tuple(
        Item(
            one.sentence,
            "scorecard",
            (one.code, point.plan_period.period.calendar.code, point.plan_period.period.code),
        )
        for one in point.outliers[:MOST]
    )
    return Check(
        "strange",
        "Amounts far from people's own past",
        "Nobody's amount is far from their own last periods.",
        items,
        count=len(point.outliers),
    )


def own_pay(point: Point) -> Check:
    """Who may close periods and is paid by this one, so that somebody else does."""
    grants = [str(role) for role in roles_with(Permission.FINALISE)]
    members = Membership.objects.filter(
        tenant=current_tenant_id(),
        person__isnull=False,
        grants__role__in=grants,
        grants__valid_from__lte=point.on,
        grants__valid_to__gt=point.on,
    ).select_related("user", "person")
    paid = paid_by(point.run, [one.person_id for one in members if one.person_id])
    items = tuple(
        Item(f"{one.user} is {one.person} and is paid by this plan, so somebody else closes it.")
        for one in members.distinct()
        if one.person_id in paid
    )
    done = "Nobody who closes periods is paid by it."
    return Check("own_pay", "Own pay is flagged", done, items, info=True)


def paid_by(run: CalculationRun, people: list[int]) -> set[int]:
    """Which of some people have a result in a run."""
    rows = Result.objects.filter(run_id=run.pk, person_id__in=people)
    return set(rows.values_list("person_id", flat=True))


CHECKS: tuple[Callable[[Point], Check], ...] = (
    over,
    earlier,
    sources,
    rejected,
    unknown,
    queue,
    corrections,
    gates,
    zero_goals,
    failed,
    fresh,
    disputes,
    strange,
    own_pay,
)
"""In the order in which they are worked through."""
