"""What a scorecard shows, read from the runs that plan periods point to.

No figure is computed here: amounts, actuals, goals and attainments are those of the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum

from incentives.explain import explain_result
from incentives.explanation import Disagreement
from incentives.models import Account, Earning, PlanPeriod, Result, Transfer
from incentives.rules import load
from metrics.models import Total
from org.models import Assignment, Period, Person
from org.queries import assignments_on
from scorecards.reading import Line, MetricFigure, figure_of, line_of


@dataclass
class PlanCard:
    """One plan's figures and lines for one person and period."""

    plan_period: PlanPeriod
    currency: str
    metrics: list[MetricFigure] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    choices: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    unpaid: tuple[str, ...] = ()
    total: Decimal | None = None
    alarm: str = ""

    @property
    def final(self) -> bool:
        """Whether the plan's period is closed."""
        return self.plan_period.final_at is not None

    @property
    def open_lines(self) -> list[Line]:
        """The lines that say no amount yet."""
        return [line for line in self.lines if line.amount is None]


@dataclass(frozen=True)
class Correction:
    """What an earlier period turned out to be more or less than was booked, and why."""

    earned: Period
    component: str
    amount: Decimal
    currency: str
    cause: str


@dataclass(frozen=True)
class Scorecard:
    """All that one person's page shows for one period of one calendar."""

    person: Person
    period: Period
    job: Assignment | None
    cards: list[PlanCard]
    totals: list[tuple[str, Decimal]]
    corrections: list[Correction]
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


def latest_team_period() -> PlanPeriod | None:
    """The last calculated plan period with figures in it, else the last one."""
    figures = Total.objects.filter(period_id=OuterRef("period_id"))
    return _latest(PlanPeriod.objects.filter(run__isnull=False), figures)


def latest_scorecard_period(*, person_id: int | None) -> Period | None:
    """The last period in which a plan had something to say about a person.

    One with figures comes before one that has only begun, where there is nothing to see yet.
    """
    if person_id is None:
        return None
    results = Result.objects.filter(run_id=OuterRef("run_id"), person_id=person_id)
    figures = Total.objects.filter(period_id=OuterRef("period_id"), person_id=person_id)
    last = _latest(PlanPeriod.objects.filter(Exists(results)), figures)
    return last.period if last else None


def _latest(points: QuerySet[PlanPeriod], figures: QuerySet[Total]) -> PlanPeriod | None:
    ordered = points.annotate(begun=Exists(figures)).select_related("period__calendar", "plan")
    return ordered.order_by("-begun", "-period__valid_from", "plan__code").first()


def find_period(*, calendar: str, code: str) -> Period | None:
    """A period by the two codes of its address."""
    periods = Period.objects.filter(calendar__code=calendar, code=code)
    return periods.select_related("calendar").first()


def around(*, calendar: str, code: str) -> tuple[Period | None, Period | None, Period | None]:
    """The period before, the one itself, and the one after, by the codes of its address.

    One query; None for each that is not there.
    """
    same = Period.objects.filter(calendar__code=calendar).order_by("valid_from")
    begins = Subquery(same.filter(code=code).values("valid_from"))
    before = same.filter(valid_from__lt=begins).order_by("-valid_from").values("pk")[:1]
    after = same.filter(valid_from__gt=begins).values("pk")[:1]
    wanted = Q(code=code) | Q(pk__in=Subquery(before)) | Q(pk__in=Subquery(after))
    rows = list(same.filter(wanted).select_related("calendar"))
    at = next((place for place, row in enumerate(rows) if row.code == code), None)
    if at is None:
        return None, None, None
    return (rows[at - 1] if at else None), rows[at], (rows[at + 1] if rows[at + 1 :] else None)


def neighbours(period: Period) -> tuple[Period | None, Period | None]:
    """The period before and the one after, in the same calendar."""
    same = Period.objects.filter(calendar=period.calendar_id).select_related("calendar")
    before = same.filter(valid_from__lt=period.valid_from).order_by("-valid_from").first()
    after = same.filter(valid_from__gt=period.valid_from).order_by("valid_from").first()
    return before, after


def calculated(period: Period) -> list[PlanPeriod]:
    """The plan periods of a period that have a run, in order of their plans."""
    found = PlanPeriod.objects.filter(period=period, run__isnull=False)
    return list(
        found.select_related(
            "plan", "period", "run__version", "run__plan", "run__period__calendar"
        ).order_by("plan__code")
    )


def scorecard_of(*, person: Person, period: Period, on: date, currency: str) -> Scorecard:
    """One person's scorecard; ``on`` is the day whose job is shown, ``currency`` the tenant's."""
    runs = {entry.run_id: entry for entry in calculated(period)}
    results: dict[Any, list[Result]] = defaultdict(list)
    own = Result.objects.filter(run_id__in=list(runs), person_id=person.pk)
    for result in own.order_by("run_id", "job"):
        results[result.run_id].append(result)
    cards = [
        plan_card(entry, person, results[run], entry.plan.currency or currency)
        for run, entry in runs.items()
        if run in results
    ]
    before, after = neighbours(period)
    return Scorecard(
        person=person,
        period=period,
        job=jobs_on([person.pk], on).get(person.pk),
        cards=cards,
        totals=_add_totals(cards, person),
        corrections=corrections_of(person, period),
        previous=before,
        following=after,
    )


def plan_card(
    plan_period: PlanPeriod, person: Person, results: list[Result], currency: str
) -> PlanCard:
    """A plan's card, every result explained: each page that is opened checks the payroll."""
    card = PlanCard(plan_period, currency)
    run = plan_period.run
    assert run is not None, "only calculated plan periods have a card"
    rules = load(run.version, plan_period.period.valid_from)
    for result in results:
        try:
            explained = explain_result(rules, run, person, result)
        except Disagreement as alarm:
            card.alarm = alarm.sentence
            continue
        where = "; ".join(explained.segments) if len(results) > 1 else ""
        figures = {
            line.name: figure_of(line, rules.measures[line.name].kind, final=card.final, job=where)
            for line in explained.measures
        }
        card.metrics += figures.values()
        card.lines += [
            line_of(line, rules.components[line.name], figures, job=where)
            for line in explained.components
        ]
        card.choices = explained.choices
        card.segments += explained.segments
        card.unpaid += explained.unpaid
    return card


def corrections_of(person: Person, period: Period) -> list[Correction]:
    """Differences of earlier periods that were booked into this one."""
    moved = Transfer.objects.filter(
        person=person, posted_period=period, origin=Transfer.Origin.CALCULATION
    ).exclude(earned_period=period)
    return [
        Correction(
            earned=transfer.earned_period,
            component=transfer.component,
            amount=transfer.amount if transfer.from_account == Account.PLAN else -transfer.amount,
            currency=transfer.currency,
            cause=transfer.cause,
        )
        for transfer in moved.select_related("earned_period__calendar").order_by("pk")
        if transfer.earned_period is not None
    ]


def jobs_on(people: Iterable[int], on: date) -> dict[int, Assignment]:
    """The job of each person on a day; the primary one where there are several."""
    jobs = assignments_on(on).filter(person__in=people).select_related("unit", "job_type")
    by_person: dict[int, Assignment] = {}
    for job in jobs.order_by("slot"):
        if job.person_id not in by_person or job.slot == Assignment.PRIMARY:
            by_person[job.person_id] = job
    return by_person


def _add_totals(cards: Iterable[PlanCard], person: Person) -> list[tuple[str, Decimal]]:
    """Each plan's sum and the sums by currency, both added up by the database."""
    by_run = {card.plan_period.run_id: card for card in cards}
    decided = Earning.objects.filter(
        run_id__in=list(by_run), person_id=person.pk, status=Earning.Status.DECIDED
    )
    for row in decided.values("run_id").order_by("run_id").annotate(total=Sum("amount")):
        by_run[row["run_id"]].total = row["total"]
    by_currency = decided.values("currency").order_by("currency").annotate(total=Sum("amount"))
    return [(row["currency"], row["total"]) for row in by_currency]
