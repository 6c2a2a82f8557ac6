"""What a scorecard shows, read from the runs that plan periods point to.

No figure is computed here: amounts, actuals, goals and attainments are those of the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Exists, OuterRef, QuerySet, Subquery, Sum

from formula import Ref
from incentives.models import Component, Earning, Measure, PlanPeriod, Result
from incentives.rules import definitions_on
from metrics.models import MetricDefinition
from org.models import Assignment, Period, Person
from org.queries import assignments_on
from scorecards.standing import Standing, standing_of


@dataclass(frozen=True)
class MetricFigure:
    """A measure of one person: what was reached, what was to be reached, and how that stands."""

    name: str
    unit: str
    places: int
    actual: Decimal | None
    goal: Decimal | None
    attainment: Decimal | None
    attainment_places: int | None
    standing: Standing
    job: str = ""


@dataclass(frozen=True)
class Line:
    """What one component pays, or why that is not known yet."""

    component: Component
    amount: Decimal | None
    status: str
    problem: str
    job: str

    @property
    def anchor(self) -> str:
        """Where on the page it stands."""
        return f"{self.component.name}-{self.component.pk}"


@dataclass
class PlanCard:
    """One plan's figures and lines for one person and period."""

    plan_period: PlanPeriod
    currency: str
    metrics: list[MetricFigure] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    total: Decimal | None = None

    @property
    def version_id(self) -> int:
        """The version by which the run worked."""
        assert self.plan_period.run is not None, "only calculated plan periods have a card"
        return self.plan_period.run.version_id

    @property
    def final(self) -> bool:
        """Whether the plan's period is closed."""
        return self.plan_period.final_at is not None

    @property
    def open_lines(self) -> list[Line]:
        """The lines that say no amount yet."""
        return [line for line in self.lines if line.amount is None]


@dataclass(frozen=True)
class Scorecard:
    """All that one person's page shows for one period of one calendar."""

    person: Person
    period: Period
    job: Assignment | None
    cards: list[PlanCard]
    totals: list[tuple[str, Decimal]]
    previous: Period | None
    following: Period | None

    @property
    def final(self) -> bool:
        """Whether every plan on the page is closed."""
        return all(card.final for card in self.cards)

    @property
    def several(self) -> bool:
        """Whether more than one plan is on the page."""
        return len(self.cards) > 1

    @property
    def open_lines(self) -> list[Line]:
        """The lines that say no amount yet."""
        return [line for card in self.cards for line in card.open_lines]


def latest_plan_periods(*, limit: int = 12) -> list[PlanPeriod]:
    """The plan periods that have been calculated, the latest first."""
    calculated = PlanPeriod.objects.filter(run__isnull=False)
    related = calculated.select_related("plan", "period__calendar", "run")
    return list(related.order_by("-period__valid_from", "plan__code")[:limit])


def latest_scorecard_period(*, person_id: int | None) -> Period | None:
    """The last period in which a plan had something to say about a person."""
    if person_id is None:
        return None
    results = Result.objects.filter(run_id=OuterRef("run_id"), person_id=person_id)
    about = PlanPeriod.objects.filter(Exists(results)).select_related("period__calendar")
    last = about.order_by("-period__valid_from", "plan__code").first()
    return last.period if last else None


def find_period(*, calendar: str, code: str) -> Period | None:
    """A period by the two codes of its address."""
    periods = Period.objects.filter(calendar__code=calendar, code=code)
    return periods.select_related("calendar").first()


def neighbours(period: Period) -> tuple[Period | None, Period | None]:
    """The period before and the one after, in the same calendar."""
    same = Period.objects.filter(calendar=period.calendar_id).select_related("calendar")
    before = same.filter(valid_from__lt=period.valid_from).order_by("-valid_from").first()
    after = same.filter(valid_from__gt=period.valid_from).order_by("valid_from").first()
    return before, after


def calculated(period: Period) -> list[PlanPeriod]:
    """The plan periods of a period that have a run, in order of their plans."""
    found = PlanPeriod.objects.filter(period=period, run__isnull=False)
    return list(found.select_related("plan", "run__version").order_by("plan__code"))


def scorecard_of(*, person: Person, period: Period, on: date, currency: str) -> Scorecard:
    """One person's scorecard; ``on`` is the day whose job is shown, ``currency`` the tenant's."""
    plan_periods = {entry.run_id: entry for entry in calculated(period)}
    cards = {
        run: PlanCard(entry, entry.plan.currency or currency) for run, entry in plan_periods.items()
    }
    seen = _add_metrics(cards, person, period) | _add_lines(cards, person)
    before, after = neighbours(period)
    shown = [card for run, card in cards.items() if run in seen]
    return Scorecard(
        person=person,
        period=period,
        job=jobs_on([person.pk], on).get(person.pk),
        cards=shown,
        totals=_add_totals(cards, person),
        previous=before,
        following=after,
    )


def jobs_on(people: Iterable[int], on: date) -> dict[int, Assignment]:
    """The job of each person on a day; the primary one where there are several."""
    jobs = assignments_on(on).filter(person__in=people).select_related("unit", "job_type")
    by_person: dict[int, Assignment] = {}
    for job in jobs.order_by("slot"):
        if job.person_id not in by_person or job.slot == Assignment.PRIMARY:
            by_person[job.person_id] = job
    return by_person


def _add_metrics(cards: Mapping[Any, PlanCard], person: Person, period: Period) -> set[int]:
    """Put the figures of each result on its plan's card; returns the runs that have any."""
    results = list(Result.objects.filter(run_id__in=list(cards), person_id=person.pk))
    measures = _measures_by_version(cards.values())
    definitions = definitions_on(period.valid_from) if results else {}
    for result in sorted(results, key=lambda result: result.job):
        card = cards[result.run_id]
        for measure in measures[card.version_id]:
            definition = definitions.get(measure.metric.code) if measure.metric else None
            if definition is not None:
                job = result.job if len(results) > 1 else ""
                card.metrics.append(
                    figure_of(measure, definition, result.inputs, final=card.final, job=job)
                )
    return {result.run_id for result in results}


def _measures_by_version(cards: Iterable[PlanCard]) -> dict[int, list[Measure]]:
    versions = {card.version_id for card in cards}
    by_version: dict[int, list[Measure]] = defaultdict(list)
    for measure in Measure.objects.filter(version__in=versions).select_related("metric"):
        by_version[measure.version_id].append(measure)
    return by_version


def figure_of(
    measure: Measure,
    definition: MetricDefinition,
    inputs: Mapping[str, Any],
    *,
    final: bool,
    job: str = "",
) -> MetricFigure:
    """One measure of a result, with the words for how it stands."""
    attainment = read(inputs, "attainment", measure.name)
    return MetricFigure(
        name=definition.metric.name,
        unit=definition.unit,
        places=definition.decimals,
        actual=read(inputs, "value", measure.name),
        goal=read(inputs, "goal", measure.name),
        attainment=attainment,
        attainment_places=definition.attainment_decimals,
        standing=standing_of(attainment, kind=definition.kind, final=final),
        job=job,
    )


def read(inputs: Mapping[str, Any], kind: str, name: str) -> Decimal | None:
    """An input of a result by what a formula calls it; None where there is no data."""
    text = inputs.get(Ref(kind, name).column)
    return None if text in (None, "") else Decimal(str(text))


def _add_lines(cards: Mapping[Any, PlanCard], person: Person) -> set[int]:
    """Put the earnings on their plan's card; returns the runs that have any."""
    earnings = list(Earning.objects.filter(run_id__in=list(cards), person_id=person.pk))
    wanted = {earning.component_id for earning in earnings}
    components = {row.pk: row for row in Component.objects.filter(pk__in=wanted)}

    def place(earning: Earning) -> tuple[int, str, str, str]:
        component = components[earning.component_id]
        return component.order, component.name, earning.job, earning.grain

    for earning in sorted(earnings, key=place):
        line = Line(
            component=components[earning.component_id],
            amount=earning.amount,
            status=earning.status,
            problem=earning.problem or "",
            job=earning.job,
        )
        cards[earning.run_id].lines.append(line)
    return {earning.run_id for earning in earnings}


def _add_totals(cards: Mapping[Any, PlanCard], person: Person) -> list[tuple[str, Decimal]]:
    """Each plan's sum and the sums by currency, both added up by the database."""
    decided = Earning.objects.filter(
        run_id__in=list(cards), person_id=person.pk, status=Earning.Status.DECIDED
    )
    for row in decided.values("run_id").order_by("run_id").annotate(total=Sum("amount")):
        cards[row["run_id"]].total = row["total"]
    by_currency = decided.values("currency").order_by("currency").annotate(total=Sum("amount"))
    return [(row["currency"], row["total"]) for row in by_currency]


def people_with_amounts(
    people: QuerySet[Person], plan_periods: Iterable[PlanPeriod], currency: str
) -> QuerySet[Person]:
    """Those of ``people`` whom one of the runs is about, with ``amount`` in a currency."""
    runs = [entry.run_id for entry in plan_periods if entry.run_id is not None]
    own = Earning.objects.filter(
        run_id__in=runs, person_id=OuterRef("pk"), currency=currency, amount__isnull=False
    )
    total = own.order_by().values("person_id").annotate(total=Sum("amount")).values("total")
    undecided = Earning.objects.filter(
        run_id__in=runs, person_id=OuterRef("pk"), amount__isnull=True
    )
    return people.filter(
        Exists(Result.objects.filter(run_id__in=runs, person_id=OuterRef("pk")))
    ).annotate(
        amount=Subquery(total, output_field=DecimalField(max_digits=24, decimal_places=6)),
        is_open=Exists(undecided),
    )


def metrics_of_people(
    people: Iterable[int], period: Period, plan_periods: Iterable[PlanPeriod]
) -> dict[int, list[MetricFigure]]:
    """The figures of the people on one page of a table, by person."""
    cards: dict[Any, PlanCard] = {e.run_id: PlanCard(e, "") for e in plan_periods}
    measures = _measures_by_version(cards.values())
    definitions = definitions_on(period.valid_from)
    figures: dict[int, list[MetricFigure]] = defaultdict(list)
    results = Result.objects.filter(run_id__in=list(cards), person_id__in=list(people))
    for result in results.order_by("run_id", "person_id", "job"):
        card = cards[result.run_id]
        for measure in measures[card.version_id]:
            definition = definitions.get(measure.metric.code) if measure.metric else None
            if definition is not None:
                figures[result.person_id].append(
                    figure_of(measure, definition, result.inputs, final=card.final)
                )
    return figures
