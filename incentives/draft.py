"""Drafts of plan versions: numbered when begun, and copied from a version that is in force."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models, transaction
from django.db.models import Max

from incentives.config_versions import Canonical, from_rows
from incentives.models import Plan, PlanVersion
from org.audit import record
from org.models import User

PARTS = ("measures", "tables", "components", "eligibility", "examples")


def next_number(plan: Plan) -> int:
    """The number of the plan's next version."""
    highest = PlanVersion.objects.filter(plan=plan).aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


@transaction.atomic
def copy_as_draft(
    *, version: PlanVersion, by: User | None, at: datetime, begins: date | None = None
) -> PlanVersion:
    """A new draft of the same plan with the same rules, written by ``by`` from here on.

    It begins on ``begins``, or on the same day as the version copied; its author chooses another.
    """
    plan = Plan.objects.select_for_update().get(pk=version.plan_id)
    draft = PlanVersion(
        plan=plan,
        number=next_number(plan),
        status=PlanVersion.Status.DRAFT,
        author=by,
        created_at=at,
        copied_from=version,
        **_values(version, leave=OWN),
    )
    if begins is not None:
        draft.in_force = begins
        draft.ends = draft.ends if draft.ends and draft.ends > begins else None
    draft.save()
    for part in PARTS:
        for row in getattr(version, part).all():
            type(row).objects.create(version=draft, **_values(row, leave=("version",)))
    record(
        action="copy version as draft",
        subject=str(draft),
        by=by,
        at=at,
        detail={"model": "incentives.planversion", "id": draft.pk, "from": str(version)},
    )
    return draft


@transaction.atomic
def copy_once(
    *, version: PlanVersion, by: User | None, at: datetime, begins: date | None = None
) -> PlanVersion:
    """The copy of a button that can be clicked twice: a draft of theirs that begins on that day and
    still says what the version says is that copy; else :func:`copy_as_draft` makes one."""
    Plan.objects.select_for_update().get(pk=version.plan_id)
    own = PlanVersion.objects.filter(
        plan=version.plan_id,
        copied_from=version,
        author=by,
        status=PlanVersion.Status.DRAFT,
        in_force=begins or version.in_force,
    )
    wanted = _said(version)
    for draft in own.select_related("plan").order_by("-number"):
        if _said(draft) == wanted:
            return draft
    return copy_as_draft(version=version, by=by, at=at, begins=begins)


def _said(version: PlanVersion) -> Canonical:
    """The rules of a version, without what is said of the version itself."""
    own = ("number", "status", "reason", "in_force", "ends")
    return {key: value for key, value in from_rows(version).items() if key not in own}


# What a version does not share with its copies.
OWN = (
    *("plan", "number", "status", "author", "created_at", "copied_from", "reason"),
    *("handed_in_by", "handed_in_at", "sent_back"),
    *("published_by", "published_at", "withdrawn_at"),
)


def origin(version: PlanVersion) -> str:
    """What to look at because of the version that a draft was copied from; '' where nothing is."""
    source = version.copied_from
    if source is None or version.status not in PlanVersion.UNPUBLISHED:
        return ""
    if source.status == PlanVersion.Status.RETIRED:
        when = f" on {source.withdrawn_at:%Y-%m-%d}" if source.withdrawn_at else ""
        return (
            f"This draft was copied from version {source.number}, which was withdrawn{when}."
            " Compare it with the version that is in force, so that nothing comes back by mistake."
        )
    newer = version.plan.versions.filter(
        status=PlanVersion.Status.PUBLISHED, published_at__gt=version.created_at
    ).exclude(pk=source.pk)
    numbers = ", ".join(str(number) for number in newer.values_list("number", flat=True))
    if not numbers:
        return ""
    return (
        f"Since this draft was copied from version {source.number}, version {numbers} was"
        " published. Compare it with that, so that its changes are not lost."
    )


def _values(row: models.Model, *, leave: tuple[str, ...]) -> dict[str, object]:
    """The row's own columns by the names that its constructor takes."""
    left_out = {"id", "tenant", *leave}
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in left_out
    }
