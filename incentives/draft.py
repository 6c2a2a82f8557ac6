"""Drafts of plan versions: numbered when begun, and copied from a version that is in force."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.db.models import Max

from incentives.models import Plan, PlanVersion
from org.audit import record
from org.models import User

PARTS = ("measures", "tables", "components", "eligibility")


def next_number(plan: Plan) -> int:
    """The number of the plan's next version."""
    highest = PlanVersion.objects.filter(plan=plan).aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


@transaction.atomic
def copy_as_draft(*, version: PlanVersion, by: User | None, at: datetime) -> PlanVersion:
    """A new draft of the same plan with the same rules, written by ``by`` from here on.

    It begins on the same day as the version copied; its author chooses another.
    """
    plan = Plan.objects.select_for_update().get(pk=version.plan_id)
    draft = PlanVersion(
        plan=plan,
        number=next_number(plan),
        status=PlanVersion.Status.DRAFT,
        author=by,
        created_at=at,
        **_values(version, leave=("plan", "number", "status", "author", "created_at", *PUBLISHED)),
    )
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


PUBLISHED = ("reason", "published_by", "published_at", "withdrawn_at")


def _values(row: models.Model, *, leave: tuple[str, ...]) -> dict[str, object]:
    """The row's own columns by the names that its constructor takes."""
    left_out = {"id", "tenant", *leave}
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in left_out
    }
