"""Putting a version in force with open eyes: whom it pays more or less for what is final already.

A version may reach back, never in silence: it needs a reason, a second person, and the list of
people with their differences. As soon as one person's amount falls it reduces pay already earned,
and somebody with the right to approve reductions must agree, where the tenant allows it at all.
Nobody puts in force what moves their own pay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from psycopg.sql import SQL, Literal

from incentives import calculate, own_pay
from incentives import higher as higher_up
from incentives.fingerprint import version_hash
from incentives.models import CalculationRun, Plan, PlanPeriod, PlanVersion, ReductionApproval
from incentives.publish import final_periods, hold, publish, refuse_state, take_force, unruled
from org import audit, locks
from org.currencies import in_coins
from org.errors import DomainError
from org.models import Membership, Period, Tenant, User
from org.models.tenants import Reductions
from org.permissions import Permission
from org.queries import permissions
from org.shadow import rolled_back
from org.sql import fetch, keep
from org.tenancy import current_tenant_id

SHOWN = 20


@dataclass(frozen=True)
class Effect:
    """What a version makes of one component of one person in one period."""

    code: str
    name: str
    component: str
    period: str
    currency: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """What the person gains, or, below 0, loses."""
        return self.after - self.before

    def __str__(self) -> str:
        before, after = (in_coins(one, self.currency, "") for one in (self.before, self.after))
        return (
            f"{self.name} ({self.code}), {self.component} in {self.period}: {before} → {after}"
            f" {self.currency}, {in_coins(self.change, self.currency, '+')}"
        )


def reductions(effects: Iterable[Effect]) -> list[str]:
    """The names of those whose pay falls in a period and currency, all components together."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    names: dict[str, str] = {}
    for one in effects:
        key = one.code, one.period, one.currency
        sums[key] = sums.get(key, Decimal(0)) + one.change
        names[one.code] = one.name
    return sorted({names[code] for (code, _, _), change in sums.items() if change < 0})


def effects_on_final(version: PlanVersion, *, at: datetime, on: date) -> list[Effect]:
    """What a draft would change in the final periods that it reaches; all of it is undone."""
    return _effects(version, [point.period for point in final_periods(version)], at=at, on=on)


@transaction.atomic
def put_in_force(
    *,
    version: PlanVersion,
    by: User | None,
    at: datetime,
    on: date,
    changed: str = "",
    higher: User | None = None,
    from_file: bool = False,
) -> list[Effect]:
    """Publish a draft, and answer what it changes in periods that are final.

    ``higher``: who approves it where it reduces pay already earned, if ``by`` may not; left out,
    whoever has agreed on the version's page (:func:`approve_reduction`).
    ``from_file``: as :func:`incentives.publish.publish` has it. Refuses
    (DomainError) what :func:`incentives.publish.publish` refuses, whoever's own pay it moves, a
    reduction that nobody with that right approves, and an end that leaves a final period without a
    version; of a file, other versions may rule it.
    """
    locks.hold_engine()  # no period becomes final between the list and its consequence
    hold(version)
    refuse_state(version, elsewhere=by is None or from_file)
    effects = effects_on_final(version, at=at, on=on)
    reduced = reductions(effects)
    agreed = higher_up.approved(version) if reduced and higher is None else None
    if agreed is not None:
        higher = agreed.by
    for user in {by, higher} - {None}:
        _refuse_own_pay(version, effects, user, at=at, on=on)
    if reduced:
        _need_higher(version, reduced, [by, higher], on)
    publish(version=version, by=by, at=at, changed=changed, from_file=from_file)
    if not from_file and (trouble := unruled(version.plan)):
        raise DomainError(f"{version} cannot be published.", (trouble,))
    if effects:
        audit.record(
            action="publish late version",
            subject=str(version),
            by=by,
            at=at,
            reason=version.reason,
            detail={
                "people": len({one.code for one in effects}),
                "change": str(sum((one.change for one in effects), Decimal(0))),
                "reduces pay already earned": reduced[:SHOWN],
                "approved": higher.get_username() if higher else None,
                "because": agreed.reason if agreed else None,
                "first": [str(one) for one in effects[:SHOWN]],
            },
        )
    return effects


@transaction.atomic
def approve_reduction(
    *, version: PlanVersion, by: User, at: datetime, on: date, reason: str
) -> ReductionApproval:
    """Agree that a version in review reduces pay already earned; somebody else publishes it then.

    Twice by the same person is once. Refuses whoever wrote it or handed it in, may not approve
    reductions or would be moved by it, a version that reduces nobody's pay, and a tenant that
    refuses reductions altogether.
    """
    locks.hold_engine()
    hold(version)
    refuse_state(version, elsewhere=False)
    if by not in higher_up.approvers(version, on):
        raise DomainError(
            "The higher approval is given by somebody with the right to approve reductions (roles"
            " payroll and administrator), who neither wrote the version nor handed it in."
        )
    if not reason.strip():
        raise DomainError("Say why it may reduce what is earned already; the reason stays with it.")
    there = higher_up.approved(version)
    if there is not None and there.by_id == by.pk:
        return there
    effects = effects_on_final(version, at=at, on=on)
    reduced = reductions(effects)
    if not reduced:
        raise DomainError(f"{version} reduces nobody's pay already earned: it needs no approval.")
    _refuse_own_pay(version, effects, by, at=at, on=on)
    _need_higher(version, reduced, [by], on)
    made = ReductionApproval.objects.create(
        version=version, digest=version_hash(version), reason=reason.strip(), by=by, at=at
    )
    audit.record(
        action="approve reduction",
        subject=str(version),
        by=by,
        at=at,
        reason=made.reason,
        detail={
            "people": len(reduced),
            "change": str(sum((one.change for one in effects), Decimal(0))),
            "first": [str(one) for one in effects[:SHOWN]],
        },
    )
    return made


def _need_higher(
    version: PlanVersion, reduced: list[str], users: list[User | None], on: date
) -> None:
    said = f"{version} reduces pay already earned, of {_listed(reduced)}"
    if Tenant.objects.get(pk=current_tenant_id()).reductions == Reductions.REFUSE:
        raise DomainError(f"{said}. The tenant refuses that: begin with an open period.")
    for user in users:
        if user is None or user.pk == version.author_id:
            continue
        member = Membership.objects.filter(user=user, tenant=current_tenant_id()).first()
        if member and Permission.APPROVE_REDUCTIONS in permissions(member, on):
            return
    raise DomainError(
        f"{said}. Somebody with the right to approve reductions (roles payroll and administrator)"
        " must approve it, not its author: on the version's page, or name who does (--higher)."
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if names[5:] else ""
    return ", ".join(names[:5]) + more


def _refuse_own_pay(
    version: PlanVersion, effects: list[Effect], user: User | None, *, at: datetime, on: date
) -> None:
    """Nobody approves what moves their own pay: of final periods, or of one that is calculated."""
    member = Membership.objects.filter(user=user, tenant=current_tenant_id(), person__isnull=False)
    own = member.select_related("person").first()
    if own is None or own.person is None:
        return
    mine = [one for one in effects if one.code == own.person.code]
    open_ones = PlanPeriod.objects.filter(
        plan=version.plan_id,
        final_at=None,
        run__isnull=False,
        period__valid_from__gte=version.in_force,
    )
    latest = open_ones.select_related("period__calendar").order_by("-period__valid_from").first()
    if not mine and latest is not None:
        people = (own.person.pk,)
        mine = _effects(version, [latest.period], at=at, on=on, people=people)
    if not mine:
        assert user is not None, "nobody has no person of their own"
        own_pay.refuse(version, user)
    if mine:
        raise DomainError(
            f"{user} is {own.person}, and {version} moves the own pay: {mine[0]}. Nobody approves"
            " that, nor as somebody's deputy. Somebody else must."
        )


# What one component of a person comes to in a period before and after.
COMPARED = """
    SELECT person.code, person.name, moved.component, {period}, moved.currency,
           moved.before, moved.after
    FROM (SELECT person_id, component, currency, coalesce(sum(before.amount), 0) AS before,
                 coalesce(sum(now.amount), 0) AS after
          FROM (SELECT person_id, component, currency, sum(amount) AS amount
                FROM amount_before WHERE period_id = {period_id} GROUP BY 1, 2, 3) AS before
          FULL JOIN ({now}) AS now USING (person_id, component, currency)
          GROUP BY 1, 2, 3) AS moved
    JOIN org_person AS person ON person.id = moved.person_id
    WHERE moved.before <> moved.after ORDER BY person.code, moved.component
"""
AMOUNTS = """
    SELECT earning.period_id, earning.person_id, component.name AS component, earning.currency,
           sum(earning.amount) AS amount
    FROM incentives_earning AS earning
    JOIN incentives_component AS component ON component.id = earning.component_id
    WHERE earning.run_id = ANY({runs}::bigint[]) GROUP BY 1, 2, 3, 4
"""
# What is booked for periods that no version rules while a file takes one version's place.
BOOKED = """
    SELECT earned_period_id, person_id, component, currency,
           sum(CASE from_account WHEN 'plan' THEN amount ELSE -amount END)
    FROM incentives_transfer
    WHERE plan_id = {plan} AND earned_period_id = ANY({periods}::bigint[])
      AND origin = 'calculation' AND 'plan' IN (from_account, to_account)
      AND ({people}::bigint[] IS NULL OR person_id = ANY({people}::bigint[]))
    GROUP BY 1, 2, 3, 4
"""


def _effects(
    version: PlanVersion,
    periods: list[Period],
    *,
    at: datetime,
    on: date,
    people: tuple[int, ...] | None = None,
) -> list[Effect]:
    if not periods:
        return []
    found: list[Effect] = []
    with rolled_back():
        before = _calculated(version.plan, periods, people, at=at, on=on)
        unruled_ones = {period.pk for period in periods} - {run.period_id for run in before}
        keep(
            "amount_before",
            SQL("{} UNION ALL {}").format(
                SQL(AMOUNTS).format(runs=Literal([run.pk for run in before])),
                SQL(BOOKED).format(
                    plan=Literal(version.plan_id),
                    periods=Literal(sorted(unruled_ones)),
                    people=Literal(None if people is None else list(people)),
                ),
            ),
        )
        version.refresh_from_db()
        if not version.reason.strip():
            PlanVersion.objects.filter(pk=version.pk).update(reason="What would it change?")
            version.refresh_from_db()
        take_force(version=version, by=None, at=at)
        for made in _calculated(version.plan, periods, people, at=at, on=on):
            query = SQL(COMPARED).format(
                period=Literal(made.period.code),
                period_id=Literal(made.period_id),
                now=SQL(AMOUNTS).format(runs=Literal([made.pk])),
            )
            found += [Effect(*row) for row in fetch(query)]
    version.refresh_from_db()
    return found


def _calculated(
    plan: Plan,
    periods: list[Period],
    people: tuple[int, ...] | None,
    *,
    at: datetime,
    on: date,
) -> list[CalculationRun]:
    """What these periods come to; those that the plan does not pay in by now come to nothing."""
    return [
        calculate.calculate_again(
            plan=plan, period=period, by=None, at=at, on=on, everybody=people is None, people=people
        )
        for period in periods
        if calculate.version_for(plan, period) is not None
    ]
