"""The changes that can be tried, each by its real verb in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from incentives.config import RATES
from incentives.models import EffectTrial, ExchangeRate
from metrics.config_goals import GOALS, written
from metrics.correct import correct
from metrics.correct_deal import set_attribute
from metrics.models import CorrectionRequest, DealRequest, Goal, Trial
from org.dates import NEVER
from org.errors import DomainError
from org.models import JobType, Person, Unit
from org.people import transfer
from pmsite.data.work import CHANGES as OF_DATA
from pmsite.jobs import Work

Kind = EffectTrial.Kind
Change = Callable[[EffectTrial, Work], list[str]]


def _correction(trial: EffectTrial, work: Work) -> list[str]:
    asked = _row(CorrectionRequest, trial)
    correct(
        person=asked.person,
        day=asked.day,
        metric=asked.metric,
        reference=asked.reference,
        numerator=asked.numerator,
        denominator=asked.denominator,
        reason=asked.reason,
        by=asked.asked_by,
        at=work.at,
    )
    return [str(asked)]


def _deal(trial: EffectTrial, work: Work) -> list[str]:
    asked = _row(DealRequest, trial)
    said = set_attribute(
        kind=asked.kind,
        key=asked.key,
        attribute=asked.attribute,
        read=asked.value,
        reason=asked.reason,
        by=asked.asked_by,
        at=work.at,
    )
    return [said]


def _delivery(trial: EffectTrial, work: Work) -> list[str]:
    tried = _row(Trial, trial)
    done = OF_DATA[Trial.Kind(tried.kind)](tried, work, trial.by)
    return [str(sentence) for sentence in done.report["sentences"]]


def _goal(trial: EffectTrial, work: Work) -> list[str]:
    """The goal has another value from a day on; before it, it stays."""
    goal = _current(Goal, trial)
    on, value = _day(trial), Decimal(trial.said["value"])
    if not goal.valid_from <= on < goal.valid_to:
        raise DomainError(f"The goal does not hold on {on}. Choose a day on which it does.")
    now = written(goal)
    others = [item for item in GOALS.read() or [] if item != now]
    if goal.valid_from < on:
        others.append({**now, "to": on})
    changed = {**now, "value": value, "from": on}
    return GOALS.apply([*others, changed], by=trial.by, at=work.at, today=work.on)


def _transfer(trial: EffectTrial, work: Work) -> list[str]:
    person = _row(Person, trial)
    said = trial.said
    given: dict[str, Any] = {}
    if said.get("unit"):
        given["unit"] = Unit.objects.get(code=said["unit"])
    if said.get("job_type"):
        given["job_type"] = JobType.objects.get(code=said["job_type"])
    if said.get("share"):
        given["share"] = Decimal(said["share"])
    job = transfer(person=person, on=_day(trial), by=trial.by, at=work.at, **given)
    return [f"{person}: {job.job_type} in {job.unit} from {job.valid_from}"]


def _rate(trial: EffectTrial, work: Work) -> list[str]:
    """The rate is another one on all of its days."""
    rate = _current(ExchangeRate, trial)
    same = {"name": rate.name, "base": rate.base, "quote": rate.quote, "rate": rate.rate}
    wanted = []
    for item in RATES.read() or []:
        alike = all(item[key] == value for key, value in same.items())
        began = item.get("from") in (None, rate.valid_from)
        wanted.append({**item, "rate": Decimal(trial.said["rate"])} if alike and began else item)
    # Who may correct a rate that final periods were paid by is not asked here: nothing stays.
    return RATES.apply(wanted, by=None, at=work.at, today=work.on)


CHANGES: dict[EffectTrial.Kind, Change] = {
    Kind.CORRECTION: _correction,
    Kind.DEAL: _deal,
    Kind.DELIVERY: _delivery,
    Kind.GOAL: _goal,
    Kind.TRANSFER: _transfer,
    Kind.RATE: _rate,
}


def _day(trial: EffectTrial) -> date:
    return date.fromisoformat(trial.said["on"])


def _row(model: Any, trial: EffectTrial) -> Any:
    found = model.objects.filter(pk=trial.about or 0).first()
    if found is None:
        raise DomainError(f"“{trial.title}” is not there any more.")
    return found


def _current(model: Any, trial: EffectTrial) -> Any:
    found = _row(model, trial)
    if found.superseded_at != NEVER:
        raise DomainError(f"“{trial.title}” was changed since. Open it as it is now, and try that.")
    return found
