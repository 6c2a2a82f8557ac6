"""Writing the examples of a draft: added, changed, removed, and taken as they come out."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from formula import key_of
from incentives.edited import last_edit
from incentives.examples.inputs import Said
from incentives.examples.run import outcomes, shown
from incentives.models import Example, PlanVersion
from incentives.publish import hold
from incentives.rules import load
from org.audit import record
from org.errors import DomainError
from org.models import User

LONGEST = 120
MOST = 200


@transaction.atomic
def save(
    *,
    version: PlanVersion,
    example: Example | None,
    name: str,
    note: str,
    said: Said,
    by: User,
    at: datetime,
    seen: str = "",
) -> Example:
    """Add an example to a draft, or change one of its own.

    ``seen``: what the editor had seen of the version (:mod:`incentives.edited`); refused where
    somebody changed it since. Whether the example comes out is said when it runs.
    """
    _may_change(version, by, seen)
    called = name.strip()
    if not called or len(called) > LONGEST:
        raise DomainError(f"Give the example a name of at most {LONGEST} letters.")
    alike = [one for one in version.examples.all() if key_of(one.name) == key_of(called)]
    if any(example is None or one.pk != example.pk for one in alike):
        raise DomainError(f"Another example is called “{called}”. Give this one another name.")
    if example is None and version.examples.count() >= MOST:
        raise DomainError(f"A version has at most {MOST} examples. Take one out first.")
    row = example or Example(version=version, order=_next_order(version))
    row.name, row.note = called, note.strip()
    row.inputs, row.lines, row.expected = dict(said.inputs), dict(said.lines), dict(said.expected)
    row.save()
    _record("change example" if example else "add example", row, by=by, at=at)
    return row


@transaction.atomic
def remove(*, example: Example, by: User, at: datetime, seen: str = "") -> None:
    """Take an example out of a draft."""
    _may_change(example.version, by, seen)
    _record("remove example", example, by=by, at=at)
    example.delete()


@transaction.atomic
def accept(*, example: Example, by: User, at: datetime, seen: str = "") -> Example:
    """Expect what comes out, for whoever has checked it; the engines must agree on it."""
    _may_change(example.version, by, seen)
    rules = load(example.version)
    found = outcomes(rules, example.name, Said(example.inputs, example.lines))
    for one in found:
        if one.trouble or not one.agreed:
            raise DomainError(one.sentence)
        if one.came[1]:
            raise DomainError(f"{one.title} cannot be worked out here, so nothing can be expected.")
    before = dict(example.expected)
    example.expected = {one.component: shown(one.came) for one in found}
    example.save(update_fields=["expected"])
    detail = {"before": before, "after": example.expected}
    _record("expect what came out", example, by=by, at=at, detail=detail)
    return example


def _may_change(version: PlanVersion, by: User, seen: str) -> None:
    hold(version)
    if version.status != PlanVersion.Status.DRAFT:
        raise DomainError(
            f"{version} is {version.get_status_display().lower()}, so its examples stay as they"
            " are. Copy it as a new draft to change them."
        )
    if version.author_id not in (None, by.pk):
        raise DomainError(f"{version} is {version.author}'s draft: take a copy, and change that.")
    edited = last_edit(version)
    if seen and edited.stamp != seen:
        raise DomainError(
            f"{edited.who or 'The system'} changed this version after you opened the page, so"
            " nothing of yours was saved. What you typed is still here: look at the version in"
            " another window, then save again."
        )


def _next_order(version: PlanVersion) -> int:
    highest = version.examples.aggregate(highest=Max("order"))["highest"]
    return 0 if highest is None else highest + 1


def _record(
    action: str,
    example: Example,
    *,
    by: User,
    at: datetime,
    detail: dict[str, object] | None = None,
) -> None:
    about = {"model": "incentives.planversion", "id": example.version_id}
    subject = f"{example.version}, “{example.name}”"
    record(action=action, subject=subject, by=by, at=at, detail={**about, **(detail or {})})
