"""Finalising a period: its results become transfers, and never change again."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from incentives import calculate, notices, release, waivers
from incentives.carry import Carried, carry, keep_for_ever
from incentives.differences import Whom
from incentives.explain import problem_sentence
from incentives.models import CalculationRun, Plan, PlanPeriod, Result, Transfer
from incentives.posting import post
from incentives.rules import load_one
from incentives.signals import finalised
from org import audit, locks
from org.errors import DomainError
from org.models import PayGroup, Period, User
from org.progress import Tell, quiet
from org.sql import fetch

MOST_NAMES = 20


@dataclass(kw_only=True)
class Finalised(Carried):
    """What finalising one plan's period did: its own transfers, and the differences it carries."""

    run: CalculationRun
    amount: Decimal


@transaction.atomic
def finalise_period(
    *,
    period: Period,
    by: User | None,
    at: datetime,
    on: date,
    plan: Plan | None = None,
    several: Collection[Plan] = (),
    tell: Tell = quiet,
) -> list[Finalised]:
    """Make a period final for every plan that pays in it (or one, or several), and book what it
    earned.

    Differences of earlier final periods are booked to this one. Refuses (DomainError) a period that
    is not over, that is final already, or in which somebody's result is undecided or failed.
    """
    locks.hold_engine()
    locks.exclude({period.pk, *calculate.final_periods([period.calendar_id])})
    if on < period.valid_to:
        raise DomainError(
            f"{period} is not over: its last day is {_last_day(period)}. Finalise it after that."
        )
    chosen = {one.pk for one in (*several, *([plan] if plan else []))}
    plans = [p for p, _ in calculate.plans_of(period) if not chosen or p.pk in chosen]
    if plans and all(calculate.is_final(p, period) for p in plans):
        raise DomainError(
            f"{period} is final already. What changes it now becomes a difference in the next"
            " open period."
        )
    steps = len(plans) + 3
    tell(f"Working {period.code} out once more", 0, steps)
    made = calculate.calculate_period(period=period, by=by, at=at, on=on)
    wanted = [run for run in made if run.plan in plans]
    if not wanted:
        names = ", ".join(f"“{one}”" for one in (*several, *([plan] if plan else [])))
        raise DomainError(f"The plan {names} does not pay in {period}.")
    _refuse_earlier_open(wanted)
    _refuse_unsettled(wanted)
    # Before anything is worked out anew: what comes in from now on is a cause for the next period.
    for run in wanted:
        PlanPeriod.objects.filter(plan=run.plan, period=period).update(final_at=at, final_by=by)
    before = waivers.last_transfer()
    reports = []
    for place, run in enumerate(wanted, 1):
        tell(f"Booking {run.plan}", place, steps)
        reports.append(_finalise(run, by=by, at=at, on=on))
    payers = PayGroup.objects.filter(calendar=period.calendar_id)
    whom = Whom(groups=tuple(payers.values_list("pk", flat=True)))
    for ended in calculate.ended_plans(period):
        reports[0].add(carry(ended, posted=period, by=by, at=at, on=on, whom=whom))
    waivers.waive(posted=period, after=before, by=by, at=at)
    notices.tell(period=period, after=before, at=at)
    tell("Releasing what was held until now", len(wanted) + 1, steps)
    release.release(by=by, at=at, on=on)
    tell("Ranking and telling people what changed", len(wanted) + 2, steps)
    final = [report.run.plan for report in reports]
    finalised.send(sender=PlanPeriod, period=period, plans=final, at=at, on=on)
    return reports


def _last_day(period: Period) -> date:
    return date.fromordinal(period.valid_to.toordinal() - 1)


def _refuse_earlier_open(made: list[CalculationRun]) -> None:
    """Periods are finalised in order, so that a difference never lands before its cause."""
    for run in made:
        open_ones = PlanPeriod.objects.filter(
            plan=run.plan, final_at=None, period__valid_from__lt=run.period.valid_from
        ).order_by("period__valid_from")
        first = open_ones.select_related("period__calendar").first()
        if first is not None:
            raise DomainError(
                f"{first.period} of {run.plan} is still open. Finalise it first: periods become"
                " final in their order."
            )
        missed, why = _never_calculated(run)
        if missed is not None:
            raise DomainError(
                f"{missed} of {run.plan} was never calculated, and {why}. Calculate and finalise it"
                " first: periods become final in their order."
            )


def _never_calculated(made: CalculationRun) -> tuple[Period | None, str]:
    """A period before this one that nobody has calculated and somebody would miss, and why.

    It lies after the plan's last final one. Of a plan without any, in a period in which another of
    its family has paid its people: from there they are taken, and would be paid by neither.
    """
    known = PlanPeriod.objects.filter(plan=made.plan, period__valid_from__lt=made.period.valid_from)
    last = known.filter(final_at__isnull=False).order_by("-period__valid_from").first()
    between = Period.objects.filter(
        calendar=made.period.calendar_id, valid_from__lt=made.period.valid_from
    ).exclude(pk__in=known.values("period"))
    if last is None:
        why = "another plan of its family has paid its people there"
        between = between.filter(pk__in=_paid_by_family(made))
    else:
        why = "lies after a period that is final"
        between = between.filter(valid_from__gt=last.period.valid_from)
    for period in between.select_related("calendar").order_by("valid_from"):
        if calculate.version_for(made.plan, period) is not None:
            return period, why
    return None, ""


def _paid_by_family(made: CalculationRun) -> set[int]:
    """The periods in which other plans of a run's family have booked something for its people."""
    people = Result.objects.filter(run_id=made.pk).values("person_id")
    booked = Transfer.objects.filter(
        plan__family=made.plan.family_id, origin=Transfer.Origin.CALCULATION, person__in=people
    )
    rows = booked.exclude(plan=made.plan).order_by()
    found = rows.values_list("earned_period", flat=True).distinct()
    return {period for period in found if period is not None}


def _refuse_unsettled(made: list[CalculationRun]) -> None:
    waiting = [one for run in made for one in unsettled_lines(run)]
    if waiting:
        problems = [one.sentence for one in sorted(waiting, key=lambda one: one.follows)]
        shown = problems[:MOST_NAMES]
        if len(problems) > MOST_NAMES:
            shown.append(f"… and {len(problems) - MOST_NAMES} more: see `results`.")
        raise DomainError(
            f"{made[0].period} cannot be final yet: {len(problems)} "
            f"result{' waits' if len(problems) == 1 else 's wait'} for data or for a decision.",
            tuple(shown),
        )


# Each table by itself first, and the people looked up in a hash: the run has just been written, so
# that there are no statistics of it, and PostgreSQL would hold each line against each result.
UNSETTLED = """
    WITH line AS MATERIALIZED (
      SELECT person_id, job, component_id, status, problem FROM incentives_earning
      WHERE run_id = %(run)s AND (status <> 'decided' OR (person_id, job) IN (
        SELECT person_id, job FROM incentives_result
        WHERE run_id = %(run)s AND inputs ?| %(waiting)s)))
    SELECT person.name, person.code, line.job,
      component.name, coalesce(nullif(component.title, ''), component.name),
      line.status, line.problem, (
      SELECT inputs FROM incentives_result AS result WHERE result.run_id = %(run)s
       AND result.person_id = line.person_id AND result.job = line.job)
    FROM line JOIN org_person AS person ON person.id = line.person_id
    JOIN incentives_component AS component ON component.id = line.component_id
    ORDER BY person.name, component.name
"""


@dataclass(frozen=True)
class Unsettled:
    """A line that keeps a run from becoming final: whose, why, and a sentence about it."""

    person: str
    status: str
    problem: str
    sentence: str

    @property
    def follows(self) -> bool:
        """Whether it only waits for somebody else's figure, with whom it shares a pool."""
        return self.problem == "blank_pool"


def unsettled(made: CalculationRun) -> list[str]:
    """A sentence for each result that keeps a run from becoming final: those to be mended first."""
    return [one.sentence for one in unsettled_lines(made)]


def unsettled_lines(made: CalculationRun) -> list[Unsettled]:
    """Each result that keeps a run from becoming final, by name: those to be mended first."""
    rules = load_one(made.version, made.period.valid_from)
    read = {name for component in rules.components.values() for name in component.measures()}
    waiting = [f"{name} ?" for name in sorted(read)]
    found = fetch(UNSETTLED, {"run": made.pk, "waiting": waiting})
    lines = [
        Unsettled(
            code,
            status,
            problem or "",
            f"{name} ({code}), {made.plan}, {title}: "
            + problem_sentence(rules, component, status, problem, json.loads(inputs)),
        )
        for name, code, _, component, title, status, problem, inputs in found
    ]
    return sorted(lines, key=lambda one: one.follows)


def _finalise(made: CalculationRun, *, by: User | None, at: datetime, on: date) -> Finalised:
    transfers = post(made, posted=made.period, first=True, by=by, at=at, on=on)
    report = Finalised(run=made, transfers=transfers, amount=made.total)
    report.add(carry(made.plan, posted=made.period, by=by, at=at, on=on))
    keep_for_ever(made, at)
    audit.record(
        action="finalise",
        subject=f"{made.plan}, {made.period}",
        by=by,
        at=at,
        detail={"run": made.pk, "people": made.people, "amount": str(made.total)},
    )
    return report


def booked_amount(plan: Plan, period: Period) -> Decimal:
    """What is booked for a plan and period: granted by calculation, less what it took back."""
    transfers = Transfer.objects.filter(
        plan=plan, earned_period=period, origin=Transfer.Origin.CALCULATION
    )
    granted = transfers.filter(from_account="plan").aggregate(s=Sum("amount"))["s"] or Decimal(0)
    back = transfers.filter(to_account="plan").aggregate(s=Sum("amount"))["s"] or Decimal(0)
    return granted - back
