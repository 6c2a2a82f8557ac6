"""A person's history: a row for each period, with what was earned, paid and reached.

A row is a period of the calendar on which most of the person's plans pay; plans of other calendars
stand in the row that holds their period's last day, as on the statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef
from django.utils.safestring import SafeString

from incentives.explain import attainment_in
from incentives.models import PlanPeriod, Result
from incentives.own import Point, many_points_of
from org.models import Period, Person, Tenant
from payroll.slip import paid_in
from scorecards import charts, formats
from scorecards.card import by_weight

PER_PAGE = 13
MOST_METRICS = 3


@dataclass(frozen=True)
class Reached:
    """The attainment of one measure in one period."""

    title: str
    attainment: Decimal | None


@dataclass(frozen=True)
class Row:
    """One period of a person."""

    period: Period
    earned: list[tuple[str, Decimal]]
    paid: list[tuple[str, Decimal]]
    reached: list[Reached]
    final: bool
    waits: bool


@dataclass(frozen=True)
class History:
    """The rows of one page, the latest first; ``earlier``: code from which the next page goes on.

    ``chart`` shows the attainment of the main measure, named ``title``, in the periods of the page.
    """

    rows: list[Row]
    earlier: str
    title: str
    chart: SafeString | str
    said: str


def history_of(*, person: Person, before: str, tenant: Tenant, pay: bool) -> History:
    """The periods of a person up to one (``before``: the code of the one that comes after)."""
    periods = _periods(person, before)
    shown, earlier = periods[:PER_PAGE], periods[PER_PAGE:]
    if not shown:
        return History([], "", "", "", "")
    within = Period.objects.filter(
        valid_to__gt=shown[-1].valid_from, valid_to__lte=shown[0].valid_to
    )
    points = many_points_of(person, within)
    paid = paid_in(person=person, periods=shown, tenant=tenant) if pay else {}
    rows = [_row(period, points, paid.get(period.pk, []), tenant) for period in shown]
    title, drawn, said = _chart(rows, tenant.locale)
    return History(rows, shown[-1].code if earlier else "", title, drawn, said)


def _periods(person: Person, before: str) -> list[Period]:
    """The periods of the person's main calendar that have a result, and one more."""
    own = Result.objects.filter(run_id=OuterRef("run_id"), person_id=person.pk)
    rows = PlanPeriod.objects.filter(Exists(own)).select_related("period__calendar")
    found: dict[int, Period] = {row.period_id: row.period for row in rows.order_by("pk")}
    often = Counter(period.calendar_id for period in found.values())
    if not often:
        return []
    main = max(often, key=lambda calendar: (often[calendar], -calendar))
    periods = sorted(
        (period for period in found.values() if period.calendar_id == main),
        key=lambda period: period.valid_from,
        reverse=True,
    )
    until = next((period.valid_from for period in periods if period.code == before), None)
    later = [period for period in periods if until is None or period.valid_from < until]
    return later[: PER_PAGE + 1]


def _row(
    period: Period, points: Iterable[Point], paid: list[tuple[str, Decimal]], tenant: Tenant
) -> Row:
    own = [point for point in points if _lies_in(point.plan_period.period, period)]
    sums: dict[str, Decimal] = {}
    for point in own:
        currency = point.plan_period.plan.currency or tenant.currency
        for result in point.results:
            for outcome in result.outcomes.values():
                sums[currency] = sums.get(currency, Decimal(0)) + outcome.decided
    return Row(
        period=period,
        earned=sorted(sums.items()),
        paid=paid,
        reached=_reached(own),
        final=all(point.plan_period.final_at is not None for point in own),
        waits=any(
            outcome.amount is None
            for point in own
            for result in point.results
            for outcome in result.outcomes.values()
        ),
    )


def _lies_in(other: Period, period: Period) -> bool:
    if other.calendar_id == period.calendar_id:
        return other.pk == period.pk
    return period.valid_from < other.valid_to <= period.valid_to


def _reached(points: Iterable[Point]) -> list[Reached]:
    """The attainments of the weightiest measures that have a goal."""
    found: dict[str, Reached] = {}
    for point in points:
        for result in point.results:
            for measure in by_weight(point.rules, result):
                if f"goal {measure.name}" in result.inputs and measure.title not in found:
                    value = attainment_in(point.rules, measure, result.inputs)
                    found[measure.title] = Reached(measure.title, value)
    return list(found.values())[:MOST_METRICS]


def _chart(rows: list[Row], locale: str) -> tuple[str, SafeString | str, str]:
    """The attainment of the measure that most rows have, with its goal, and a sentence."""
    titles = Counter(one.title for row in rows for one in row.reached if one.attainment is not None)
    if not titles:
        return "", "", ""
    title = titles.most_common(1)[0][0]
    values = [
        (formats.short_name(row.period, locale=locale), one.attainment)
        for row in reversed(rows)
        for one in row.reached
        if one.title == title and one.attainment is not None
    ]
    if len(values) < 2:
        return title, "", ""
    points = [(code, value * 100) for code, value in values]
    first, last = (formats.percent(values[at][1], places=1, locale=locale) for at in (0, -1))
    said = f"{title}: {first} of the goal in {values[0][0]}, {last} in {values[-1][0]}."
    spec = charts.line_with_goal(points, goal=Decimal(100), unit="% of goal", width=440, height=150)
    return title, charts.svg(spec, label=said), said
