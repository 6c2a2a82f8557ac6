"""The tenant whose pages are measured: teams with supervisors, two months, a board, and sign-ins.

Everybody works in a team of twenty for its supervisor; of twenty supervisors one leads the others.
Every figure follows from the numbers of person and day, so each load is the same. The first month
is final, the second open.
"""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import signing
from django.utils import timezone
from django.utils.crypto import get_random_string

from incentives.calculate import calculate_period
from incentives.finalise import finalise_period
from metrics.models import Delivery, Metric, Source
from org.changes import Mark, record_change
from org.middleware import COOKIE
from org.models import InputChange, Membership, Period, Person, RoleGrant, Tenant, Unit, User
from org.permissions import Role
from org.sql import execute
from org.tenancy import enter
from org.units import Placement, place_units
from pmsite import tenant_file
from pmsite.signin.sessions import BEGAN, SEEN

AT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
BEGIN = date(2020, 1, 1)
CLOSED, OPEN = "2026-07", "2026-08"
TEAM = 20
MOST_AGENTS, MOST_SUPERVISORS = 2000, 400
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TENANT = """
tenant: {code: bench, name: Bench, time_zone: Europe/Zurich, currency: EUR}
calendars: {monthly: {kind: monthly, from: 2026-07-01, to: 2026-08-31}}
units: [{code: root, name: All}]
job_types: {agent: {name: Agent}, supervisor: {name: Supervisor}}
metrics:
  calls: {name: Calls, kind: sum, decimals: 0}
  sales: {name: Sales, kind: sum, unit: money}
  quality: {name: Quality, kind: weighted_mean, unit: score, decimals: 1}
  adherence: {name: Adherence, kind: ratio, unit: percent, decimals: 1}
goals:
  - {metric: calls, value: 620}
  - {metric: sales, value: 4500}
  - {metric: quality, value: 85}
  - {metric: adherence, value: 0.93}
sources: {figures: {map: {person: {column: person, by: code}, day: day,
  values: {calls: {sum: calls}}}}}
plans:
  centre:
    name: Service centre
    calendar: monthly
    versions:
      - in_force: 2026-07-01
        eligibility: [{job_type: agent}]
        tables:
          steps: {kind: tier, rows: [[0, 2%], [3000, 3%], [4500, 4.5%], [6000, 6%]]}
          extra: {rows: [[0, 0], [90%, 50], [100%, 100], [110%, 160]]}
        measures: {calls: {}, sales: {}, quality: {}, adherence: {}}
        components:
          commission: {title: Commission on sales, formula: 'TIER(sales, steps)',
            gate: 'adherence >= 85%'}
          calls_bonus: {title: Bonus for calls, formula: 'RATE(ATTAINMENT(calls), extra)'}
          quality_bonus: {title: Bonus for quality, formula: 'quality * 2',
            modifier: ATTAINMENT(calls), cap: '250'}
  leading:
    name: Leading
    calendar: monthly
    versions:
      - in_force: 2026-07-01
        eligibility: [{job_type: supervisor}]
        measures: {quality: {}}
        components: {share: {title: Share of quality, formula: 'quality * 5'}}
leaderboards:
  calls: {title: Calls taken, metric: calls, calendar: monthly, job_type: agent}
"""


@dataclass(frozen=True)
class Visit:
    """One page as one user asks for it, and the texts by which it is known to be that page."""

    path: str
    cookie: str
    shows: tuple[str, ...]


def load(people: int) -> dict[str, list[dict[str, Any]]]:
    """Make the tenant with its people, calculate it, sign people in; their visits by page."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tenant.yaml"
        path.write_text(TENANT, encoding="utf-8")
        tenant_file.apply(path=path, by=None, approved_by=None, at=AT)
    tenant = Tenant.objects.get(code="bench")
    teams = max(2, people // TEAM)
    with enter(tenant.pk, through="bench"):
        _units(teams)
        _people(people, teams)
        _values()
    for code, work in ((CLOSED, finalise_period), (OPEN, calculate_period)):
        with enter(tenant.pk, through="bench"):
            period = Period.objects.select_related("calendar").get(code=code)
            work(period=period, by=None, at=AT, on=AT.date())
    with enter(tenant.pk, through="bench"):
        return _visits(tenant, people, teams)


# --- people and figures


def _units(teams: int) -> None:
    """Twenty teams to a region, below the root."""
    root = Unit.objects.get(code="root")
    regions, made = (
        Unit.objects.bulk_create(
            Unit(code=f"{kind}{n}", name=f"{kind.title()} {n}", kind=kind)
            for n in range(1, count + 1)
        )
        for kind, count in (("region", -(-teams // TEAM)), ("team", teams))
    )
    placements = [Placement(region, root, BEGIN) for region in regions]
    placements += [Placement(unit, regions[n // TEAM], BEGIN) for n, unit in enumerate(made)]
    place_units(placements=placements, by=None, at=AT)


def _people(people: int, teams: int) -> None:
    """The first ones supervise a team each; the others are spread over the teams."""
    known = {"at": AT, "begin": BEGIN, "people": people, "teams": teams, "team": TEAM}
    execute(
        "INSERT INTO org_person (code, name, email)"
        " SELECT 'p' || n, 'Person ' || n, '' FROM generate_series(1, %(people)s) AS n",
        known,
    )
    execute(
        "INSERT INTO org_employment (recorded_at, superseded_at, payroll_id, company, tenure_start,"
        "  valid_from, valid_to, person_id)"
        " SELECT %(at)s, '9999-12-31 00:00:00+00', code, '', %(begin)s, %(begin)s, '9999-12-31', id"
        " FROM org_person",
        known,
    )
    execute(
        """
        WITH person AS (SELECT id, substr(code, 2)::bigint AS n FROM org_person),
        place AS (SELECT id, n, CASE WHEN n <= %(teams)s THEN n
                                ELSE (n - 1) %% %(teams)s + 1 END AS team,
                         CASE WHEN n > %(teams)s THEN (n - 1) %% %(teams)s + 1
                              WHEN n %% %(team)s <> 1 THEN n - (n - 1) %% %(team)s END AS boss
                  FROM person)
        INSERT INTO org_assignment (recorded_at, superseded_at, slot, share, valid_from, valid_to,
                                    person_id, unit_id, job_type_id, manager_id)
        SELECT %(at)s, '9999-12-31 00:00:00+00', 'primary', 1, %(begin)s, '9999-12-31',
               place.id, unit.id, job.id, boss.id
        FROM place JOIN org_unit AS unit ON unit.code = 'team' || place.team
        JOIN org_jobtype AS job
          ON job.code = CASE WHEN place.n <= %(teams)s THEN 'supervisor' ELSE 'agent' END
        LEFT JOIN person AS boss ON boss.n = place.boss
        """,
        known,
    )


def _values() -> None:
    """A value of each metric for everybody on each of nine Sundays."""
    delivery = Delivery.objects.create(
        source=Source.objects.get(code="figures"),
        file_name="figures.csv",
        sha256="figures",
        content=b"",
        received_at=AT,
        first_day=date(2026, 7, 5),
        last_day=date(2026, 8, 30),
    )
    execute(
        """
        INSERT INTO metrics_value (person_id, day, metric_id, recorded_at, numerator, denominator,
                                   assignment_id, delivery_id)
        SELECT person, day, metric, %(at)s,
               (CASE code WHEN 'calls' THEN 100 + h %% 101 WHEN 'sales' THEN (h %% 200001) / 100.0
                     WHEN 'quality' THEN (70 + h %% 31) * 5 ELSE 34000 + h %% 6001 END)::numeric,
               (CASE code WHEN 'quality' THEN 5 WHEN 'adherence' THEN 40000 END)::numeric,
               job, %(delivery)s
        FROM (SELECT job.person_id AS person, job.id AS job, metric.id AS metric, metric.code,
                     day::date AS day,
                     (job.person_id * 7919 + extract(doy FROM day)::int * 104729
                      + metric.id * 15487) %% 999983 * 48271 %% 2147483647 AS h
              FROM org_assignment AS job CROSS JOIN metrics_metric AS metric
              CROSS JOIN generate_series('2026-07-05'::date, '2026-08-30', interval '7 days')
                AS d (day)) AS made
        ORDER BY person, metric, day
        """,
        {"at": AT, "delivery": delivery.pk},
    )
    record_change(
        kind=InputChange.Kind.VALUES,
        sentence="figures.csv: new values.",
        marks=[
            Mark(first_day=date(2026, 7, 1), end_day=date(2026, 9, 1), metric=metric)
            for metric in Metric.objects.values_list("pk", flat=True)
        ],
        by=None,
        at=AT,
    )


# --- users


def _visits(tenant: Tenant, people: int, teams: int) -> dict[str, list[dict[str, Any]]]:
    draw = random.Random(1)
    agents = draw.sample(range(teams + 1, people + 1), min(MOST_AGENTS, people - teams))
    heads = draw.sample(range(1, teams + 1), min(MOST_SUPERVISORS, teams))
    cookies = signed_in(tenant, agents, Role.AGENT) | signed_in(tenant, heads, Role.SUPERVISOR)
    pages: dict[str, list[Visit]] = {
        "scorecard": [],
        "team": [],
        "leaderboard": [],
        "statement": [],
    }
    parts = ("Commission on sales", "Bonus for calls", "Bonus for quality")
    for n in agents:
        own, cookie, name = f"/people/p{n}/monthly", cookies[n], f"Person {n}"
        pages["scorecard"].append(
            Visit(f"{own}/{OPEN}/", cookie, (name, *parts, "Adherence", "provisional"))
        )
        pages["statement"].append(
            Visit(
                f"{own}/{CLOSED}/statement/",
                cookie,
                (name, "Granted", "Bonus for quality", "final"),
            )
        )
        pages["leaderboard"].append(
            Visit(f"/leaderboards/calls/monthly/{OPEN}/", cookie, ("Calls taken", "You are", name))
        )
    pages["team"] = [
        Visit(f"/team/monthly/{OPEN}/", cookies[n], ("Need attention", "/people/p", "provisional"))
        for n in heads
    ]
    return {name: [asdict(visit) for visit in visits] for name, visits in pages.items()}


def signed_in(tenant: Tenant, numbers: list[int], role: Role, called: str = "p") -> dict[int, str]:
    """A user with the role and a session for each of these people; what their browsers send."""
    persons = {p.code: p for p in Person.objects.filter(code__in=[f"p{n}" for n in numbers])}
    users = User.objects.bulk_create(
        User(username=f"{called}{n}", password=make_password(None)) for n in numbers
    )
    members = Membership.objects.bulk_create(
        Membership(user=user, tenant=tenant, person=persons.get(f"p{n}"))
        for n, user in zip(numbers, users, strict=True)
    )
    RoleGrant.objects.bulk_create(
        RoleGrant(membership=member, role=role, valid_from=BEGIN) for member in members
    )
    sessions = Session.objects.bulk_create(map(_session, users))
    place = signing.get_cookie_signer(salt=COOKIE)
    return {
        n: f"sessionid={session.session_key}; {COOKIE}={place.sign(f'{user.pk}:{tenant.pk}')}"
        for n, user, session in zip(numbers, users, sessions, strict=True)
    }


def _session(user: User) -> Session:
    now = int(time.time())
    told = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: BACKEND,
        HASH_SESSION_KEY: user.get_session_auth_hash(),
        BEGAN: now,
        SEEN: now + 3600,  # as of somebody who clicked a moment ago: nothing is noted
    }
    return Session(
        session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
        session_data=SessionStore().encode(told),
        expire_date=timezone.now() + timedelta(hours=12),
    )
