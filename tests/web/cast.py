"""The cast of the web tests: a bank with two teams, and a credit union that must see none of it.

Ann is paid by the plan; Sam is her supervisor; Cleo works in another team; Mia and Mo write rules;
Pam and Petra pay; Audrey audits; Ada administers. Olga writes rules and Oda audits in the other
tenant, where another person has Ann's personnel number. Una belongs nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from incentives.models import (
    CalculationRun,
    Component,
    Earning,
    Measure,
    Plan,
    PlanPeriod,
    PlanVersion,
    RateTable,
    Result,
)
from metrics.models import Metric, MetricDefinition
from org.models import (
    Assignment,
    JobType,
    Membership,
    Period,
    Person,
    RoleGrant,
    Tenant,
    Unit,
    User,
)
from org.permissions import Role
from org.tenancy import enter
from tests.factories import (
    make_calendar,
    make_month,
    make_person,
    make_plan,
    make_tenant,
    make_user,
)

NOW = datetime(2026, 6, 22, 9, 0, tzinfo=UTC)
SINCE = date(2024, 1, 1)
BONUS = "IF(ATTAINMENT(calls) >= 100%, RATE(calls, step) * calls, 0)"


@dataclass
class Cast:
    """One tenant with its users, people, plan and what a run found."""

    tenant: Tenant
    users: dict[str, User] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    periods: dict[str, Period] = field(default_factory=dict)
    plan: Any = None
    version: Any = None
    run: Any = None

    def user(self, name: str) -> User:
        """Somebody who logs in."""
        return self.users[name]


def make_cast(code: str = "bank") -> Cast:
    """The whole cast of one tenant, with June calculated for Ann."""
    cast = Cast(make_tenant(code, currency="EUR", locale="en"))
    with enter(cast.tenant.pk):
        add_people(cast)
        calendar = make_calendar()
        for month in (5, 6, 7):
            period = make_month(calendar, 2026, month)
            cast.periods[period.code] = period
        cast.plan = make_plan(calendar, "calls", currency="EUR")
        cast.version = make_version(cast.plan, author=cast.user("mia"))
        cast.run = make_run(cast, "2026-06", {"ann": "412.50"})
    return cast


def add_people(cast: Cast) -> None:
    """Everybody, with their role and, if they have one, their job."""
    unit = Unit.objects.create(code="north", name="North")
    agent = JobType.objects.create(code="agent", name="Agent")
    sam = add_member(cast, "sam", Role.SUPERVISOR, person="Sam Stern")
    for name, full, manager in (("ann", "Ann Abel", sam), ("cleo", "Cleo Chan", None)):
        person = add_member(cast, name, Role.AGENT, person=full)
        Assignment.objects.create(
            person=person,
            unit=unit,
            job_type=agent,
            manager=manager,
            valid_from=SINCE,
            recorded_at=NOW,
        )
    add_member(cast, "mia", Role.PLAN_MANAGER)
    add_member(cast, "mo", Role.PLAN_MANAGER)
    add_member(cast, "pam", Role.PAYROLL)
    add_member(cast, "petra", Role.PAYROLL)
    add_member(cast, "audrey", Role.AUDITOR)
    add_member(cast, "ada", Role.ADMINISTRATOR)


def add_member(cast: Cast, name: str, role: Role, person: str = "") -> Person | None:
    """A user with one role in the cast's tenant; a person too where a name is given."""
    user = make_user(f"{name}.{cast.tenant.code}")
    who = make_person(person, code=name) if person else None
    membership = Membership.objects.create(user=user, tenant=cast.tenant, person=who)
    RoleGrant.objects.create(membership=membership, role=role, valid_from=SINCE)
    cast.users[name] = user
    if who is not None:
        cast.people[name] = who
    return who


def make_version(plan: Plan, *, author: User, status: str = "published", number: int = 1) -> Any:
    """A version that pays a rate for each call once the goal is reached."""
    metric, made = Metric.objects.get_or_create(code="calls", defaults={"name": "Calls answered"})
    if made:
        MetricDefinition.objects.create(
            metric=metric,
            kind="sum",
            unit="count",
            decimals=0,
            attainment="actual_by_goal",
            valid_from=SINCE,
            recorded_at=NOW,
        )
    version = PlanVersion.objects.create(
        plan=plan,
        number=number,
        in_force=date(2026, 1, 1),
        status=status,
        author=author,
        created_at=NOW,
    )
    Measure.objects.create(version=version, name="calls", metric=metric)
    RateTable.objects.create(
        version=version, name="step", spec={"rows": [["0", "1"], ["10", "1.5"]]}
    )
    Component.objects.create(version=version, name="bonus", title="Calls bonus", formula=BONUS)
    return version


def make_run(
    cast: Cast, period: str, amounts: dict[str, str | None], **fields: Any
) -> CalculationRun:
    """A run over a period with an amount for each person; the plan period points to it."""
    run = CalculationRun.objects.create(
        plan=cast.plan,
        version=cast.version,
        period=cast.periods[period],
        at=NOW,
        on=NOW.date(),
        complete_through=date(2026, 6, 20),
        people=len(amounts),
        **fields,
    )
    PlanPeriod.objects.create(plan=cast.plan, period=cast.periods[period], run=run)
    for name, amount in amounts.items():
        add_result(cast, run, cast.people[name], amount)
    return run


def add_result(
    cast: Cast,
    run: CalculationRun,
    person: Person,
    amount: str | None,
    inputs: dict[str, str] | None = None,
) -> None:
    """A result with 275 calls of 250, and what each component paid; None: undecided."""
    inputs = inputs or {"calls": "275", "goal calls": "250", "prorate": "1"}
    Result.objects.create(
        run_id=run.pk,
        person_id=person.pk,
        job="primary",
        inputs=inputs if amount else inputs | {"calls ?": "yes"},
        segments=[],
    )
    for component in Component.objects.filter(version=cast.version):
        Earning.objects.create(
            run_id=run.pk,
            person_id=person.pk,
            component_id=component.pk,
            job="primary",
            plan_id=cast.plan.pk,
            period_id=run.period_id,
            currency="EUR",
            amount=None if amount is None else Decimal(amount),
            status="undecided" if amount is None else "decided",
            problem="incomplete:calls" if amount is None else None,
        )
