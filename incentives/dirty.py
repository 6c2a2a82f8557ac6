"""Which final periods a recorded cause may have moved: only their differences are posted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Min

from incentives import caps, leavers, windows
from incentives.models import Dirty, Plan, PlanPeriod, PlanVersion
from incentives.rules import RulesProblem, VersionRules, Window, load_one
from org.dates import EARLIEST_DAY, FOREVER
from org.models import PayGroup, Period
from org.sql import execute, fetch, keep, values

ONE_DAY = timedelta(days=1)
# The longest time from a period's end to a day on which something of it hangs: its pay date, or the
# end of the year whose goal it is held against.
LONGEST_WAIT = timedelta(days=800)


def dirty_people(plan: Plan, period: Period) -> tuple[int, ...] | None:
    """Those whom a recorded cause may have moved in a final period; None: it may be everybody."""
    people = set(Dirty.objects.filter(plan=plan, period=period).values_list("person", flat=True))
    return None if None in people else tuple(sorted(people))


@dataclass
class Reads:
    """What a plan's period stands on: metrics with the first day that it reads of each.

    ``start``: the first day of all. ``plans``: itself, and the plans whose earnings it reads.
    ``wide_start``, ``wide_end``: the days of jobs, employments, goals and absences that matter.
    They may lie around the others: credits trail a job's end, the pay date comes after the period,
    and the goal of a year has the rest of that year.
    """

    start: date
    end: date
    wide_start: date = FOREVER
    wide_end: date = EARLIEST_DAY
    metrics: dict[int, date] = field(default_factory=dict)
    plans: set[int] = field(default_factory=set)
    everybody: bool = False
    frozen: bool = False
    rates: bool = False
    all_metrics: bool = False

    def add(self, metric: int, start: date) -> None:
        """Note that a metric is read from a day on."""
        self.metrics[metric] = min(start, self.metrics.get(metric, start))
        self.start = min(start, self.start)

    def include(self, other: Reads) -> None:
        """Note all that another plan's period stands on, whose earnings this one reads."""
        for metric, start in other.metrics.items():
            self.add(metric, start)
        self.start = min(self.start, other.start)
        self.wide_start = min(self.wide_start, other.wide_start)
        self.wide_end = max(self.wide_end, other.wide_end)
        self.plans |= other.plans
        self.everybody = self.everybody or other.everybody
        self.rates = self.rates or other.rates
        self.all_metrics = self.all_metrics or other.all_metrics


class Reach:
    """Works out what final periods stand on, with everything looked up once."""

    def __init__(self) -> None:
        self._rules: dict[tuple[int, date], VersionRules | None] = {}
        self._starts: dict[tuple[Window, int], date | None] = {}
        self._known: dict[tuple[int, int], Reads] = {}
        self._paid: dict[date, date] = {}

    @cached_property
    def versions(self) -> dict[int, list[PlanVersion]]:
        """The published versions of each plan, the latest first."""
        found: dict[int, list[PlanVersion]] = {}
        rows = PlanVersion.objects.filter(status=PlanVersion.Status.PUBLISHED)
        rows = rows.select_related("plan__family").prefetch_related("measures")
        for row in rows.order_by("-in_force"):
            found.setdefault(row.plan_id, []).append(row)
        return found

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """The plans by code."""
        return {plan.code: plan for plan in Plan.objects.all()}

    def of(self, plan: int, period: Period, final: PlanVersion | None = None) -> Reads:
        """What a plan's period reads now, and read with the version that made it final."""
        key = (plan, period.pk)
        if key not in self._known:
            reads = Reads(period.valid_from, period.valid_to, plans={plan})
            self._known[key] = reads
            for version in self._ruling(plan, period, final):
                self._read(reads, version, period)
            self._read_capped(reads, plan, period)
        return self._known[key]

    def _read_capped(self, reads: Reads, plan: int, period: Period) -> None:
        """Note what the plans stand on with which it shares a cap: they leave it its room."""
        own = next(p for p in self.plans.values() if p.pk == plan)
        for code in caps.plans_capped_with(own, period):
            other = self.plans[code]
            reads.rates = reads.rates or other.currency != own.currency
            if other.pk not in reads.plans:
                reads.include(self.of(other.pk, period))

    def _ruling(self, plan: int, period: Period, final: PlanVersion | None) -> list[PlanVersion]:
        live = [v for v in self.versions.get(plan, []) if v.in_force <= period.valid_from][:1]
        if final is not None and all(v.pk != final.pk for v in live):
            live.append(final)
        return live

    def _read(self, reads: Reads, version: PlanVersion, period: Period) -> None:
        rules = self._load(version, version.in_force)
        if rules is not None and rules.derived:
            rules = self._load(version, period.valid_from)  # its parts go by their definitions
        if rules is None:
            reads.everybody = reads.all_metrics = True
            return
        reads.everybody = reads.everybody or rules.everybody
        reads.wide_start = min(reads.wide_start, leavers.opening(version, period.valid_from))
        if leavers.waits_for_pay_date(version):
            reads.wide_end = max(reads.wide_end, self._paid_by(period) + ONE_DAY)
        for component in rules.components.values():
            reads.rates = reads.rates or bool(component.rate)
            reads.frozen = reads.frozen or component.after_final == "freeze"
        for measure in rules.measures.values():
            if measure.goal_calendar is not None:
                self._read_goal(reads, measure.goal_calendar, period)
            start = self._start(measure.window, period)
            if measure.earnings_of:
                self._read_earnings(reads, measure.earnings_of, start or period.valid_from)
                continue
            reads.add(measure.metric, start or period.valid_from)
            if measure.goal_metric:
                reads.add(measure.goal_metric, start or period.valid_from)

    def _read_goal(self, reads: Reads, calendar: int, period: Period) -> None:
        """The whole period of another calendar whose goal a measure is held against."""
        last = period.valid_to - ONE_DAY
        whole = Period.objects.filter(calendar=calendar, valid_from__lte=last, valid_to__gt=last)
        for found in whole:
            reads.wide_start = min(reads.wide_start, found.valid_from)
            reads.wide_end = max(reads.wide_end, found.valid_to)

    def _read_earnings(self, reads: Reads, named: str, start: date) -> None:
        """What another plan's periods in the window stand on, the earliest of them first."""
        reads.start = min(reads.start, start)
        plan = self.plans.get(named.rpartition(".")[0])
        if plan is None or plan.pk in reads.plans:
            return
        first = Period.objects.filter(
            calendar=plan.calendar_id, valid_to__gt=start, valid_from__lt=reads.end
        )
        for period in first.select_related("calendar").order_by("valid_from"):
            reads.include(self.of(plan.pk, period))

    def _paid_by(self, period: Period) -> date:
        """The day on which everybody has been paid for a period, by whichever pay group."""
        last = period.valid_to - ONE_DAY
        if last not in self._paid:
            paid = Period.objects.filter(calendar__in=PayGroup.objects.values("calendar"))
            firsts = paid.filter(pay_date__gt=last).values("calendar").annotate(day=Min("pay_date"))
            days = [row["day"] for row in firsts.order_by()]
            self._paid[last] = max([*days, period.pay_date or last])
        return self._paid[last]

    def _load(self, version: PlanVersion, on: date) -> VersionRules | None:
        if (version.pk, on) not in self._rules:
            try:
                self._rules[version.pk, on] = load_one(version, on)
            except RulesProblem:  # a metric that it read is gone: whatever changes may matter
                self._rules[version.pk, on] = None
        return self._rules[version.pk, on]

    def _start(self, window: Window, period: Period) -> date | None:
        if window.kind == "period":
            return period.valid_from
        if window.kind == "since_hire":
            return EARLIEST_DAY
        if (window, period.pk) not in self._starts:
            self._starts[window, period.pk] = windows.find(window, period).start
        return self._starts[window, period.pk]


# A version of which something hangs on days after its period: see Reads.wide_end. Every correction
# asks, so no version is read for it.
LOOKS_AHEAD = """
    SELECT 1 FROM incentives_planversion WHERE options #>> '{leavers,employed_on}' = 'pay_date'
    UNION ALL
    SELECT 1 FROM incentives_measure WHERE options #>> '{goal,calendar}' IS NOT NULL
    LIMIT 1
"""

READER_COLUMNS = (
    ("plan_id", "bigint"),
    ("period_id", "bigint"),
    ("family_id", "bigint"),
    ("plans", "bigint[]"),
    ("metric", "bigint"),
    ("first_day", "date"),
    ("end_day", "date"),
    ("wide_start", "date"),
    ("wide_end", "date"),
    ("everybody", "boolean"),
    ("frozen", "boolean"),
    ("rates", "boolean"),
    ("all_metrics", "boolean"),
)


def mark_final_periods() -> int:
    """Turn the marks that a refresh has just taken into dirty final plan periods.

    A mark counts for a plan where its days lie in a window that the plan reads, and it names no
    plan and no metric, or a metric that the plan read when the period became final or reads there
    by now, be it through the earnings of another plan. A version counts for the other plans of its
    family too: it may take people from them. Where one person's figures move others, one person's
    change is everybody's; of a frozen component it stays that person's own.
    """
    [(first,)] = fetch("SELECT min(first_day) FROM taken_mark WHERE change_id IS NOT NULL")
    if first is None:
        return 0
    rows = list(_reader_rows(first))
    if not rows:
        return 0
    keep("reader", values(rows, READER_COLUMNS))
    return execute(
        """
        WITH touched AS MATERIALIZED (
            SELECT DISTINCT reader.plan_id, reader.period_id, mark.person_id, mark.change_id,
                   mark.metric, reader.everybody, reader.frozen
            FROM taken_mark AS mark
            JOIN reader ON (reader.first_day < mark.end_day AND reader.end_day > mark.first_day
               OR mark.kind IN ('assignment', 'employment', 'goal', 'availability')
                 AND reader.wide_start < mark.end_day AND reader.wide_end > mark.first_day)
             AND (reader.metric IS NOT DISTINCT FROM mark.metric
               OR reader.metric IS NULL AND reader.all_metrics)
            LEFT JOIN incentives_plan AS changed
              ON changed.id = mark.plan AND mark.kind = 'version'
            WHERE mark.change_id IS NOT NULL
              AND (mark.plan IS NULL OR mark.plan = ANY(reader.plans)
                   OR changed.family_id = reader.family_id)
              AND (mark.kind <> 'rate' OR reader.rates))
        INSERT INTO incentives_dirty (plan_id, period_id, person_id, change_id, metric)
        SELECT plan_id, period_id, CASE WHEN NOT everybody THEN person_id END, change_id, metric
        FROM touched
        UNION
        SELECT plan_id, period_id, person_id, change_id, metric
        FROM touched WHERE frozen AND everybody AND person_id IS NOT NULL
        ON CONFLICT DO NOTHING
        """
    )


def _reader_rows(first: date) -> Iterator[tuple[object, ...]]:
    """A row for each metric of each final period that reaches a day or later, and one for none."""
    since = first - LONGEST_WAIT if fetch(LOOKS_AHEAD) else first
    points = PlanPeriod.objects.filter(final_at__isnull=False, period__valid_to__gt=since)
    reach = Reach()
    for point in points.select_related("plan", "period__calendar", "run__version__plan"):
        final = point.run.version if point.run else None
        reads = reach.of(point.plan_id, point.period, final)
        key = (point.plan_id, point.period_id, point.plan.family_id, sorted(reads.plans))
        wide = (min(reads.wide_start, reads.start), max(reads.wide_end, reads.end))
        rest = (reads.end, *wide, reads.everybody, reads.frozen, reads.rates, reads.all_metrics)
        yield (*key, None, reads.start, *rest)
        for metric, start in reads.metrics.items():
            if metric:
                yield (*key, metric, start, *rest)
