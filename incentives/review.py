"""The life of a version before and after it is in force: handed in, sent back, withdrawn.

A draft belongs to its author. Handed in, it stays as it is until somebody else publishes it or
sends it back; what is in force is withdrawn with a reason. Copying begins it anew
(:mod:`incentives.draft`), publishing is :mod:`incentives.publish`.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from incentives import examples, own_pay
from incentives.models import PlanPeriod, PlanVersion
from incentives.publish import check, final_periods, hold, take_out
from incentives.signals import handed_in
from org import locks
from org.audit import record
from org.errors import DomainError
from org.models import User
from org.two_people import refuse_nobody

Status = PlanVersion.Status


@transaction.atomic
def hand_in(*, version: PlanVersion, by: User | None, at: datetime) -> PlanVersion:
    """Hand a draft in for review: from now on it does not change, and somebody else publishes it.

    Refuses anybody but its author, and a version that could not be published because of its rules
    or examples.
    """
    refuse_nobody(by, what="Handing in a version")
    assert by is not None
    hold(version)
    if version.status != Status.DRAFT:
        raise DomainError(
            f"{version} is {version.get_status_display().lower()}, not a draft. Nothing was done."
        )
    if version.author_id not in (None, by.pk):
        raise DomainError(
            f"{version} is {version.author}'s draft, so {version.author} hands it in."
        )
    check(version)
    examples.refuse(version, complete=True)
    version.status, version.handed_in_by, version.handed_in_at = Status.REVIEW, by, at
    version.sent_back = ""
    _save(version)
    record(action="hand in version", subject=str(version), by=by, at=at, detail=_about(version))
    handed_in.send(sender=PlanVersion, version=version, at=at)
    return version


@transaction.atomic
def send_back(*, version: PlanVersion, by: User | None, at: datetime, reason: str) -> PlanVersion:
    """Make what was handed in a draft again, with a reason that its author reads."""
    refuse_nobody(by, what="Sending back a version")
    hold(version)
    if version.status != Status.REVIEW:
        now = "a draft" if version.status == Status.DRAFT else version.get_status_display().lower()
        raise DomainError(f"{version} is {now}, not in review. Nothing was done.")
    said = _reason(reason, "Say what is to be changed, so that its author can change it.")
    version.status, version.sent_back = Status.DRAFT, said
    version.handed_in_by = version.handed_in_at = None
    _save(version)
    record(
        action="send back version",
        subject=str(version),
        by=by,
        at=at,
        reason=said,
        detail=_about(version),
    )
    return version


@transaction.atomic
def retire(*, version: PlanVersion, by: User | None, at: datetime, reason: str) -> PlanVersion:
    """Take a published version out of force; what ruled before it goes on.

    Refuses whoever wrote it and whose own pay it decides, and a version with which a period is
    final, or by which one would be worked out again: what was paid keeps its rules.
    """
    refuse_nobody(by, what="Withdrawing a version")
    assert by is not None
    locks.hold_engine()
    hold(version)
    if version.status != Status.PUBLISHED:
        raise DomainError(
            f"{version} is {version.get_status_display().lower()}, not in force. Nothing was done."
        )
    said = _reason(reason, "Say why it is withdrawn; the reason stays with it.")
    if version.author_id == by.pk:
        raise DomainError(f"{version} was written by {by}, so somebody else must withdraw it.")
    own_pay.refuse(version, by)
    if why := kept_by(version):
        raise DomainError(
            f"{why} Publish a version that takes its place from {first_open_day(version)} on, or"
            " that says in “ends” when the plan no longer pays."
        )
    take_out(version=version, by=by, at=at, reason=said)
    return version


def kept_by(version: PlanVersion) -> str:
    """Why a published version cannot be withdrawn any more, as a sentence; '' where it can."""
    final = sorted({*final_with(version), *(p.period.code for p in final_periods(version))})
    if not final:
        return ""
    shown = ", ".join(final[:3]) + (f" and {len(final) - 3} more" if final[3:] else "")
    are = "is" if len(final) == 1 else "are"
    return f"{version} cannot be withdrawn: {shown} {are} final with it."


def first_open_day(version: PlanVersion) -> date:
    """The first day of a period of its calendar after all that is final of its plan."""
    final = PlanPeriod.objects.filter(plan=version.plan_id, final_at__isnull=False)
    last = final.order_by("-period__valid_to").values_list("period__valid_to", flat=True).first()
    if last is None:
        return version.in_force
    following = version.plan.calendar.periods.filter(valid_from__gte=last).order_by("valid_from")
    return following.values_list("valid_from", flat=True).first() or last


def final_with(version: PlanVersion) -> list[str]:
    """The codes of the periods that are final with a version, in order."""
    rows = PlanPeriod.objects.filter(run__version=version, final_at__isnull=False)
    return list(rows.order_by("period__valid_from").values_list("period__code", flat=True))


def _reason(text: str, otherwise: str) -> str:
    if not text.strip():
        raise DomainError(otherwise)
    return text.strip()


def _save(version: PlanVersion) -> None:
    version.save(update_fields=["status", "handed_in_by", "handed_in_at", "sent_back"])


def _about(version: PlanVersion) -> dict[str, object]:
    return {"model": "incentives.planversion", "id": version.pk, "number": version.number}
