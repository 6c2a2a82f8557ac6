"""One person's scorecard: figures, what they pay, the next step, and where the person stands.

No figure is computed here twice: amounts are those of the run, and what is worked out from its
inputs is worked out by the engine that explains, and must agree with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from incentives.explain import measure_line, must_agree, work_out
from incentives.explanation import Disagreement
from incentives.models import Component, PlanPeriod
from incentives.next_step import NextStep, next_steps
from incentives.own import Found, Outcome, Point, points_of
from incentives.rules import MeasureRule, VersionRules
from metrics.weeks import ByWeek, by_week
from org.models import Period, Person
from scorecards.peers import Job, Ranking, job_and_peers, ranking_of
from scorecards.reading import MetricFigure, figure_of
from scorecards.trend import has_trend, trend_of

ONE_DAY = timedelta(days=1)
MOST_STEPS = 3


@dataclass(frozen=True)
class PayLine:
    """What one component pays; it unfolds to how it came about."""

    name: str
    title: str
    job: str
    outcome: Outcome


@dataclass
class PlanCard:
    """One plan's figures and lines for one person and period."""

    plan_period: PlanPeriod
    currency: str
    metrics: list[MetricFigure] = field(default_factory=list)
    lines: list[PayLine] = field(default_factory=list)
    steps: list[NextStep] = field(default_factory=list)
    alarm: str = ""

    @property
    def final(self) -> bool:
        """Whether the plan's period is closed."""
        return self.plan_period.final_at is not None

    @property
    def total(self) -> Decimal:
        """The sum of what is decided."""
        return sum((line.outcome.decided for line in self.lines), Decimal(0))

    @property
    def open_lines(self) -> list[PayLine]:
        """The lines that say no amount yet."""
        return [line for line in self.lines if line.outcome.amount is None]


@dataclass(frozen=True)
class Scorecard:
    """All that one person's page shows for one period of one calendar."""

    person: Person
    period: Period
    job: Job | None
    cards: list[PlanCard]
    ranking: Ranking | None

    @property
    def final(self) -> bool:
        """Whether every plan on the page is closed."""
        return all(card.final for card in self.cards)

    @property
    def several(self) -> bool:
        """Whether more than one plan is on the page."""
        return len(self.cards) > 1

    @property
    def open_lines(self) -> list[PayLine]:
        """The lines that say no amount yet."""
        return [line for card in self.cards for line in card.open_lines]

    @property
    def totals(self) -> list[tuple[str, Decimal]]:
        """What is decided, by currency."""
        sums: dict[str, Decimal] = {}
        for card in self.cards:
            if len(card.open_lines) < len(card.lines):
                sums[card.currency] = sums.get(card.currency, Decimal(0)) + card.total
        return sorted(sums.items())

    @property
    def steps(self) -> list[tuple[NextStep, PlanCard]]:
        """The next steps of all plans, the nearest first."""
        found = [(step, card) for card in self.cards for step in card.steps]
        return sorted(found, key=lambda one: one[0].away)[:MOST_STEPS]


def scorecard_of(
    *, person: Person, period: Period, on: date, currency: str, pay: bool = True
) -> Scorecard:
    """One person's scorecard; ``on`` is the day whose job is shown, ``currency`` the tenant's.

    ``pay``: whether whoever asks may read what is paid; without it there are figures alone.
    """
    points = points_of(person, period)
    end = _last_day(points, period, on) + ONE_DAY
    sums = _weeks(person, points, end)
    cards = [
        _plan_card(point, sums, elapsed=_elapsed(period, end), currency=currency, pay=pay)
        for point in points
    ]
    main = _main(points)
    run = main[0].plan_period.run_id if main else None
    job, peers = job_and_peers(person=person, on=on, run=run)
    ranking = None
    if main and job:
        point, measure = main
        ranking = ranking_of(
            person=person, job=job, peers=peers, rules=point.rules, measure=measure
        )
    return Scorecard(person, period, job, cards, ranking)


def _last_day(points: Iterable[Point], period: Period, on: date) -> date:
    """The last day that the figures of the page can be about."""
    through = [p.plan_period.run.complete_through for p in points if p.plan_period.run]
    known = [day for day in through if day is not None]
    return min(on, period.valid_to - ONE_DAY, *known)


def _elapsed(period: Period, end: date) -> Decimal:
    """The part of a period's days that is over."""
    days = (period.valid_to - period.valid_from).days
    return Decimal(max(0, (end - period.valid_from).days)) / days


def _weeks(person: Person, points: Iterable[Point], end: date) -> dict[int, ByWeek]:
    metrics = {
        part.metric
        for point in points
        for measure in point.rules.named
        if has_trend(measure)
        for part in point.rules.under(measure)
        if part.derived is None
    }
    found = by_week(people=[person.pk], metrics=metrics, end=end)
    return {metric: weeks for (_, metric), weeks in found.items()}


# --- one plan


def _plan_card(
    point: Point, sums: Mapping[int, ByWeek], *, elapsed: Decimal, currency: str, pay: bool
) -> PlanCard:
    card = PlanCard(point.plan_period, point.plan_period.plan.currency or currency)
    rules, several = point.rules, len(point.results) > 1
    for result in point.results:
        job = days_of(result) if several else ""
        known = work_out(rules, result.inputs)
        card.alarm = card.alarm or _alarm(rules, known, result)
        for measure in by_weight(rules, result):
            shown = figure_of(
                measure_line(measure, known, result.inputs),
                measure.kind,
                final=card.final,
                job=job,
                elapsed=elapsed if measure.window.kind == "period" else None,
                weeks=trend_of(rules, measure, sums),
            )
            card.metrics.append(shown)
        card.lines += _lines(rules, result, job)
        if pay and not card.final and not _capped(result):
            card.steps += next_steps(rules, result.inputs)
    return card


def _lines(rules: VersionRules, result: Found, job: str) -> list[PayLine]:
    return [
        PayLine(component.name, component.title, job, result.outcomes[component.id])
        for component in rules.components.values()
        if component.id in result.outcomes
    ]


def _capped(result: Found) -> bool:
    """Whether a cap over several plans cut something, so that one plan alone promises nothing."""
    return any("person" in (one.detail or {}) for one in result.outcomes.values())


def _alarm(rules: VersionRules, known: Mapping[str, Any], result: Found) -> str:
    """The sentence of the first amount that the two engines do not agree on; '' where they do."""
    for component in rules.components.values():
        outcome = result.outcomes.get(component.id)
        if component.per == Component.Per.PERSON and outcome is not None:
            try:
                must_agree(component, known[f"= {component.column}"], outcome)
            except Disagreement as alarm:
                return alarm.sentence
    return ""


def days_of(result: Found) -> str:
    """The days that a result covers, to tell it from the person's other ones."""
    stretches = [f"{first} to {end - ONE_DAY}" for first, end in result.days]
    return ", ".join(stretches) or result.job


def by_weight(rules: VersionRules, result: Found) -> list[MeasureRule]:
    """The measures of a version: first those on which most of the person's pay hangs."""

    def weight(measure: MeasureRule) -> tuple[Decimal, int]:
        reading = [c for c in rules.components.values() if measure.name in c.measures()]
        amounts = (result.outcomes[c.id].decided for c in reading if c.id in result.outcomes)
        return -sum(map(abs, amounts), Decimal(0)), -len(reading)

    return sorted(rules.named, key=weight)


def _main(points: Iterable[Point]) -> tuple[Point, MeasureRule] | None:
    """The weightiest measure with a goal of the person's own, by which they are ranked."""
    for point in points:
        for result in point.results:
            for measure in by_weight(point.rules, result):
                own = measure.scope == "own" and not measure.earnings_of
                if own and f"goal {measure.name}" in result.inputs:
                    return point, measure
    return None
