"""The bench's tenant: what is set up goes through models and verbs, people and values are made by
set-based statements of the application's role, with the keys that the ingest writes.

Every figure follows from the numbers of person, day and metric, so each load is the same.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import connection

from bench.world import DAYS, END, START, World
from incentives.models import (
    Component,
    Eligibility,
    Family,
    Measure,
    Plan,
    PlanVersion,
    RateTable,
)
from metrics.models import Delivery, Goal, Metric, MetricDefinition, Source
from org.calendars import ensure_periods
from org.changes import Mark, record_change
from org.models import Calendar, InputChange, JobType, Period, Tenant, Unit
from org.tenancy import enter
from org.units import Placement, place_units

AT = datetime(2026, 8, 1, 3, 0, tzinfo=UTC)
BEGAN = date(2024, 1, 1)
TEAM_SIZE, TEAMS, DEPARTMENTS = 25, 10, 10
Kind = MetricDefinition.Kind
Way = MetricDefinition.Attainment

# Code, kind, way of its attainment, goals of agents and seniors, numerator and denominator over
# a number "h" that looks random.
METRICS = (
    ("calls", Kind.SUM, Way.ACTUAL_BY_GOAL, (1500, 1700), "20 + h % 61", "NULL"),
    ("sales", Kind.SUM, Way.ACTUAL_BY_GOAL, (6000, 8000), "(h % 40001) / 100.0", "NULL"),
    ("chats", Kind.SUM, Way.ACTUAL_BY_GOAL, (400, 450), "h % 31", "NULL"),
    ("referrals", Kind.SUM, Way.ACTUAL_BY_GOAL, (30, 35), "h % 3", "NULL"),
    ("resolution", Kind.RATIO, Way.ACTUAL_BY_GOAL, ("0.74", "0.78"), "30 + h % 17", "50"),
    ("adherence", Kind.RATIO, Way.ACTUAL_BY_GOAL, ("0.93", "0.95"), "25000 + h % 3801", "28800"),
    ("talk_time", Kind.RATIO, Way.GOAL_BY_ACTUAL, (300, 280), "(200 + h % 201) * w", "w"),
    ("quality", Kind.WEIGHTED_MEAN, Way.ACTUAL_BY_GOAL, (85, 90), "(70 + h % 31) * v", "v"),
    ("longest", Kind.MAXIMUM, Way.TWO_MINUS, (1800, 1500), "300 + h % 3001", "NULL"),
    ("portfolio", Kind.LAST, Way.ACTUAL_BY_GOAL, (900000, 1200000), "500000 + h % 900001", "NULL"),
)
MIXED = (
    "((person.id * 7919 + %(number)s * 104729 + metric.id * 15487) %% 999983 * 48271 %% 2147483647)"
)
JOB_TYPES = ("agent", "senior", "supervisor")
TABLES = {
    "steps": {
        "kind": "tier",
        "rows": [["0", "2%"], ["5000", "3%"], ["6000", "4.5%"], ["7000", "6%"]],
    },
    "extra": {
        "kind": "rate",
        "rows": [["0", "0"], ["90%", "50"], ["100%", "100"], ["110%", "160"]],
    },
}
COMPONENTS = (
    {"name": "commission", "formula": "TIER(sales, steps)", "gate": "resolution >= 75%"},
    {"name": "calls_bonus", "formula": "RATE(ATTAINMENT(calls), extra)"},
    {"name": "quality_bonus", "formula": "quality * 0.8", "modifier": "ATTAINMENT(talk_time)",
     "cap": "80"},
)  # fmt: skip


def load(people: int) -> World:
    """Make the tenant with its people and a month of values."""
    tenant = Tenant.objects.create(code="bench", name="Bench", currency="USD")
    with enter(tenant.pk, through="bench"):
        job_types = {code: JobType.objects.create(code=code, name=code) for code in JOB_TYPES}
        period = _calendar()
        _units(people)
        _people(people, job_types)
        metrics = _metrics(job_types)
        version = _plan(period.calendar, job_types, metrics)
        components = {c.name: c.pk for c in version.components.all()}
        source = Source.objects.create(code="telephony")
    values = 0
    for n in range(DAYS):
        with enter(tenant.pk, through="bench"):  # a transaction each, as deliveries have
            values += _deliver(source, START + timedelta(days=n), metrics)
    return World(
        tenant=tenant.pk,
        period=period.pk,
        plan=version.plan_id,
        version=version.pk,
        metrics={code: metric.pk for code, metric in metrics.items()},
        components=components,
        job_types={code: job_type.pk for code, job_type in job_types.items()},
        people=people,
        values=values,
    )


def _execute(statement: str, parameters: dict[str, object]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _calendar() -> Period:
    calendar = Calendar.objects.create(code="monthly", kind=Calendar.Kind.MONTHLY)
    [period] = ensure_periods(calendar, START, END - timedelta(days=1))
    return period


def _units(people: int) -> None:
    """Teams of 25, ten to a department, ten departments to a region, below one root."""
    teams = max(2, people // TEAM_SIZE)
    departments = -(-teams // TEAMS)
    regions = -(-departments // DEPARTMENTS)
    root = Unit.objects.create(code="all", name="All")
    levels = {"region": regions, "department": departments, "team": teams}
    placements = [Placement(root, None, BEGAN)]
    above, per = [root], regions
    for kind, count in levels.items():
        below = Unit.objects.bulk_create(
            Unit(code=f"{kind}-{n}", name=f"{kind} {n}", kind=kind) for n in range(count)
        )
        placements += [Placement(unit, above[n // per], BEGAN) for n, unit in enumerate(below)]
        above, per = below, DEPARTMENTS if kind == "region" else TEAMS
    place_units(placements=placements, by=None, at=AT)


def _people(people: int, job_types: dict[str, JobType]) -> None:
    """One in 20 supervises, three in 20 are seniors; one in 50 moves to another team on the 16th,
    one in 100 begins on the 11th."""
    _execute(
        "INSERT INTO org_person (code, name, email)"
        " SELECT 'p' || n, 'Person ' || n, '' FROM generate_series(1, %(people)s) AS n",
        {"people": people},
    )
    parameters = {code: job_type.pk for code, job_type in job_types.items()}
    _execute(
        "INSERT INTO org_employment (recorded_at, superseded_at, payroll_id, company, tenure_start,"
        "  valid_from, valid_to, person_id)"
        " SELECT %(at)s, '9999-12-31 00:00:00+00', code, '', %(began)s, %(began)s, '9999-12-31', id"
        " FROM org_person",
        {"at": AT, "began": BEGAN},
    )
    _execute(
        """
        WITH team AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n,
                             count(*) OVER () AS teams FROM org_unit WHERE kind = 'team'),
        person AS (SELECT id, substr(code, 2)::bigint AS n FROM org_person),
        job AS (SELECT person.id, n, n AS place,
                       CASE WHEN n %% 100 = 7 THEN %(joins)s ELSE %(began)s END AS valid_from,
                       CASE WHEN n %% 50 = 3 THEN %(moves)s ELSE '9999-12-31'::date END AS valid_to
                FROM person
                UNION ALL
                SELECT id, n, n + 1, %(moves)s, '9999-12-31' FROM person WHERE n %% 50 = 3)
        INSERT INTO org_assignment (recorded_at, superseded_at, slot, share, valid_from, valid_to,
                                    person_id, unit_id, job_type_id)
        SELECT %(at)s, '9999-12-31 00:00:00+00', 'primary', 1, job.valid_from, job.valid_to,
               job.id, team.id,
               CASE WHEN job.n %% 20 = 0 THEN %(supervisor)s::bigint
                    WHEN job.n %% 20 > 16 THEN %(senior)s ELSE %(agent)s END
        FROM job JOIN team ON team.n = job.place %% team.teams
        """,
        {"at": AT, "began": BEGAN, "joins": date(2026, 7, 11), "moves": date(2026, 7, 16)}
        | parameters,
    )


def _metrics(job_types: dict[str, JobType]) -> dict[str, Metric]:
    metrics = {}
    recorded = {"recorded_at": AT, "valid_from": BEGAN}
    for code, kind, way, goals, *_ in METRICS:
        metric = metrics[code] = Metric.objects.create(code=code, name=code)
        MetricDefinition.objects.create(metric=metric, kind=kind, attainment=way, **recorded)
        for job_type, goal in zip(JOB_TYPES, goals, strict=False):
            Goal.objects.create(metric=metric, job_type=job_types[job_type], value=goal, **recorded)
    return metrics


def _plan(
    calendar: Calendar, job_types: dict[str, JobType], metrics: dict[str, Metric]
) -> PlanVersion:
    plan = Plan.objects.create(
        code="centre", name="Centre", family=Family.objects.create(code="main"), calendar=calendar
    )
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        in_force=date(2026, 1, 1),
        prorate_goal=["days"],
        prorate_amount=["days"],
        created_at=AT,
    )
    for code in ("agent", "senior"):
        Eligibility.objects.create(version=version, job_type=job_types[code])
    for code, metric in metrics.items():
        Measure.objects.create(version=version, name=code, metric=metric)
    for name, spec in TABLES.items():
        RateTable.objects.create(version=version, name=name, spec=spec)
    for order, component in enumerate(COMPONENTS):
        Component.objects.create(version=version, order=order, **component)
    version.status, version.published_at = PlanVersion.Status.PUBLISHED, AT
    version.save()
    return version


def _deliver(source: Source, day: date, metrics: dict[str, Metric]) -> int:
    delivery = Delivery.objects.create(
        source=source,
        file_name=f"{day}.csv",
        sha256=f"{day}",
        content=b"",
        received_at=AT,
        first_day=day,
        last_day=day,
    )
    numerator, denominator = (
        " ".join(
            f"WHEN {metrics[row[0]].pk} THEN {row[which].replace('%', '%%')}" for row in METRICS
        )
        for which in (4, 5)
    )
    return _execute(
        f"""
        INSERT INTO metrics_value (person_id, day, metric_id, recorded_at, numerator, denominator,
                                   assignment_id, delivery_id)
        SELECT person, %(day)s, metric, %(at)s, (CASE metric {numerator} END)::numeric,
               (CASE metric {denominator} END)::numeric, job, %(delivery)s
        FROM (SELECT person.id AS person, metric.id AS metric, job.id AS job,
                     {MIXED} AS h, 1 + (person.id + %(number)s) %% 5 AS v,
                     20 + (person.id + 7 * %(number)s) %% 41 AS w
              FROM org_person AS person
              LEFT JOIN org_assignment AS job ON job.person_id = person.id
               AND job.valid_from <= %(day)s AND job.valid_to > %(day)s
              CROSS JOIN unnest(%(metrics)s::bigint[]) AS metric (id)) AS made
        ORDER BY person, metric
        """,
        {
            "day": day,
            "number": day.day,
            "at": AT,
            "delivery": delivery.pk,
            "metrics": [metric.pk for metric in metrics.values()],
        },
    )


def make_stale(world: World) -> None:
    """The marks that the deliveries of a month leave: for everybody, by day and metric."""
    with enter(world.tenant, through="bench"):
        for n in range(DAYS):
            day = START + timedelta(days=n)
            record_change(
                kind=InputChange.Kind.VALUES,
                sentence=f"{day}.csv from telephony: new values.",
                marks=[
                    Mark(first_day=day, end_day=day + timedelta(days=1), metric=metric)
                    for metric in world.metrics.values()
                ],
                by=None,
                at=AT,
            )
