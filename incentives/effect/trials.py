"""Trying a change on a period: asked for, worked out by a job, kept so that it can be read again.

A trial names what it was worked out of. Where that has changed since, its page says so; nothing is
worked out again by itself (docs/adr/0181).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from psycopg.sql import Literal

from incentives import calculate
from incentives.edited import last_edit
from incentives.effect import rows
from incentives.effect.report import Json, report
from incentives.effect.rows import Rows
from incentives.effect.working import Worked
from incentives.models import EffectPerson, EffectTrial, Plan, PlanVersion
from org import audit
from org.errors import DomainError
from org.models import InputChange, Period, User

Kind, State = EffectTrial.Kind, EffectTrial.State
# Of how many trials single people are kept; of older ones the figures of groups are.
KEPT_WITH_PEOPLE = 40


@transaction.atomic
def begin(
    *,
    kind: EffectTrial.Kind,
    title: str,
    period: Period,
    by: User | None,
    at: datetime,
    about: int | None = None,
    said: Json | None = None,
    plan: Plan | None = None,
) -> tuple[EffectTrial, bool]:
    """Have a change tried on a period; False beside it where the same is being worked out already.

    ``about``: the number of the row that would change; ``said``: what would be typed. Two clicks at
    once wait for each other, so that the second finds the trial of the first.
    """
    Period.objects.select_for_update(no_key=True).get(pk=period.pk)
    wanted = {
        "kind": kind,
        "about": about,
        "said": said or {},
        "period": period,
        "stamp": stamp(kind, about, period),
        "last_change": _last_change(),
    }
    there = EffectTrial.objects.filter(**wanted, state=State.WORKING).first()
    if there is not None:
        return there, False
    trial = EffectTrial.objects.create(**wanted, title=title[:300], plan=plan, by=by, at=at)
    audit.record(
        action="try change",
        subject=f"{title}, {period}",
        by=by,
        at=at,
        detail={"trial": trial.pk, "kind": str(kind)},
    )
    return trial, True


def of_version(
    *, version: PlanVersion, period: Period, by: User | None, at: datetime
) -> tuple[EffectTrial, bool]:
    """Have a draft tried on a period. DomainError for what is no draft, or another calendar."""
    if version.status not in PlanVersion.UNPUBLISHED:
        raise DomainError(
            f"{version} is {version.get_status_display().lower()}, not a draft. Take a copy of it"
            " as a draft, change that, and try it."
        )
    if period.calendar_id != version.plan.calendar_id:
        raise DomainError(f"{period} is no period of {version.plan}'s calendar. Choose one of it.")
    return begin(
        kind=Kind.VERSION,
        title=str(version),
        about=version.pk,
        plan=version.plan,
        period=period,
        by=by,
        at=at,
    )


def stamp(kind: str, about: int | None, period: Period) -> str:
    """What a trial is worked out of: of a draft its last edit and the version in force."""
    if kind != Kind.VERSION or about is None:
        return ""
    version = PlanVersion.objects.filter(pk=about).select_related("plan").first()
    if version is None:
        return "gone"
    in_force = calculate.version_for(version.plan, period)
    return f"{last_edit(version).stamp}/{in_force.pk if in_force else 0}"


def _last_change() -> int:
    return InputChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def out_of_date(trial: EffectTrial) -> list[str]:
    """Why a trial may say something else by now, a sentence each."""
    found = []
    now = stamp(trial.kind, trial.about, trial.period)
    if now != trial.stamp:
        edited, _, in_force = now.partition("/")
        before, _, then = trial.stamp.partition("/")
        if edited == "gone":
            found.append("The draft is gone since.")
        elif edited != before:
            found.append("The draft was changed since.")
        if in_force != then and edited != "gone":
            found.append("Another version has come in force since.")
    newer = InputChange.objects.filter(pk__gt=trial.last_change).count()
    if newer:
        changes = "change has" if newer == 1 else "changes have"
        found.append(f"{newer} recorded {changes} come in since: figures, goals, jobs or rules.")
    return found


# --- What the work found. It holds no lock, so each of these asks first whether it is still waited
# for.


def waiting(number: int | None) -> EffectTrial | None:
    """The trial of a job; None where nobody waits for it any more."""
    found = EffectTrial.objects.filter(pk=number or 0, state=State.WORKING)
    return found.select_related("period__calendar", "plan", "by").first()


Found = tuple[Json, Rows]


def read(worked: Worked) -> Found:
    """What is kept of an effect: what its page says, and who gains or loses."""
    return report(worked), rows.read(rows.PEOPLE, "before <> after")


@transaction.atomic
def worked_out(trial: EffectTrial, found: Found) -> bool:
    """Keep what was found; False where nobody waits for it any more."""
    said, people = found
    if not _unless_changed(trial, state=State.READY, found=said):
        return False
    rows.add(rows.PEOPLE, people, to=EffectPerson._meta.db_table, trial_id=Literal(trial.pk))
    _forget_people_of_old_trials()
    return True


def refuse(trial: EffectTrial, refusal: DomainError) -> bool:
    """It cannot be worked out, and why."""
    sentence = "\n".join([refusal.sentence, *refusal.problems])
    return _unless_changed(trial, state=State.REFUSED, sentence=sentence)


def _unless_changed(trial: EffectTrial, **fields: Any) -> bool:
    same = EffectTrial.objects.filter(pk=trial.pk, state=State.WORKING)
    return bool(same.update(**fields))


def _forget_people_of_old_trials() -> None:
    kept = EffectTrial.objects.filter(state=State.READY).order_by("-pk")
    oldest = kept.values_list("pk", flat=True)[KEPT_WITH_PEOPLE - 1 : KEPT_WITH_PEOPLE].first()
    if oldest is not None:
        EffectPerson.objects.filter(trial_id__lt=oldest).delete()


def people_are_kept(trial: EffectTrial) -> bool:
    """Whether the single people of a trial are still there."""
    newer = EffectTrial.objects.filter(state=State.READY, pk__gte=trial.pk).count()
    return newer <= KEPT_WITH_PEOPLE
