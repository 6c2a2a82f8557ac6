"""The job that works out what a change would do to pay (docs/adr/0181)."""

from __future__ import annotations

from django.db import transaction

from incentives.effect import curved, trials
from incentives.effect.trials import Found
from incentives.effect.working import of_change, of_draft
from incentives.models import EffectTrial, ExchangeRate, Plan, PlanVersion
from metrics.models import Goal
from org.errors import DomainError
from pmsite.impacts.changes import CHANGES
from pmsite.jobs import Work

NAME = "work out an impact"
GONE = "Nobody waits for it any more."
REFUSED = "It cannot be worked out as it is; its page says why."


def work_out(work: Work) -> str:
    """Find out what a change would do to pay, and keep it for its page; nothing else stays."""
    trial = trials.waiting(work.about)
    if trial is None:
        return GONE
    try:
        with transaction.atomic():
            found = _found(trial, work)
    except DomainError as refusal:
        return REFUSED if trials.refuse(trial, refusal) else GONE
    return "Worked out." if trials.worked_out(trial, found) else GONE


def _found(trial: EffectTrial, work: Work) -> Found:
    period = trial.period
    if trial.kind == EffectTrial.Kind.VERSION:
        return of_draft(
            version=_draft(trial),
            period=period,
            at=work.at,
            on=work.on,
            read=trials.read,
            tell=work.tell,
        )
    change = CHANGES[EffectTrial.Kind(trial.kind)]
    return of_change(
        period=period,
        change=lambda: change(trial, work),
        at=work.at,
        on=work.on,
        read=trials.read,
        tell=work.tell,
        plans=lambda: _curved(trial),
    )


def _curved(trial: EffectTrial) -> list[Plan]:
    """The plans whose pay curves the change may move: those that read the goal, or the rate."""
    if trial.kind == EffectTrial.Kind.GOAL:
        goal = Goal.objects.filter(pk=trial.about or 0).first()
        return curved.by_goal(goal, trial.period) if goal else []
    if trial.kind == EffectTrial.Kind.RATE:
        rate = ExchangeRate.objects.filter(pk=trial.about or 0).first()
        return curved.by_rate(rate, trial.period) if rate else []
    return []


def _draft(trial: EffectTrial) -> PlanVersion:
    versions = PlanVersion.objects.select_related("plan__calendar")
    found = versions.filter(pk=trial.about or 0, status__in=PlanVersion.UNPUBLISHED).first()
    if found is None:
        raise DomainError(f"{trial.title} is no draft any more. Copy it as a draft, and try that.")
    return found
