"""Writing a draft part by part: locked, on trial, and judged by the rules that calculate.

A part with a problem of its own is not saved. What its change makes wrong elsewhere is: the draft
shows it there, and cannot be published before it is mended (docs/adr/0176).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from formula import key_of
from incentives.currencies import one_bound_trouble
from incentives.draft import next_number
from incentives.edited import Edited, last_edit_of, last_edit_of_rows
from incentives.editor.problems import SCHEDULES, WHOLE, Placed, found_in
from incentives.editor.rename import (
    Part,
    formulas_of,
    is_ambiguous,
    names_it,
    rename_in,
    rename_schedule,
)
from incentives.models import Component, Eligibility, Family, Plan, PlanVersion
from org.audit import record
from org.errors import DomainError
from org.models import Calendar, User

DRAFT = PlanVersion.Status.DRAFT


class Unsound(DomainError):
    """A part was saved on trial and its own rules do not hold; nothing of it is kept."""

    def __init__(self, found: Sequence[Placed]) -> None:
        super().__init__("This is not saved yet.", tuple(problem.sentence for problem in found))
        self.found = tuple(found)


@transaction.atomic
def begin_plan(
    *,
    code: str,
    name: str,
    calendar: Calendar,
    family: str,
    currency: str,
    in_force: date,
    by: User,
    at: datetime,
) -> PlanVersion:
    """A new plan with an empty first draft, which its author writes from here on."""
    if Plan.objects.filter(code__iexact=code).exists():
        raise DomainError(f"There is a plan with the code “{code}” already. Choose another code.")
    if currency and (trouble := one_bound_trouble([currency])):
        raise DomainError(f"This plan would pay in {currency}. {trouble}")
    row, _ = Family.objects.get_or_create(code=family)
    plan = Plan.objects.create(
        code=code, name=name, family=row, calendar=calendar, currency=currency
    )
    version = PlanVersion.objects.create(
        plan=plan, number=next_number(plan), in_force=in_force, author=by, created_at=at
    )
    _note(version, "begin plan", "", by=by, at=at)
    return version


@transaction.atomic
def save_part(
    *, row: Part, section: str, seen: str, by: User, at: datetime, was: str = ""
) -> list[Placed]:
    """Save a measure, table or component of a draft; what is wrong elsewhere afterwards.

    ``seen``: what its editor had seen of it (:func:`~incentives.edited.last_edit_of`). ``was``: its
    name before; formulas that call it so are written anew. Unsound where the part itself is wrong.
    """
    version = _own_draft(row.version_id, by)
    saved = type(row).objects.filter(pk=row.pk).first() if row.pk else None
    if row.pk and saved is None:
        raise DomainError(
            f"“{was or row.name}” was taken out of this draft after you opened it, so nothing was"
            " saved. What you typed is still here: copy it, and add the part again."
        )
    if saved is not None:
        _unchanged(last_edit_of(saved), seen)
    _one_of_its_name(version, row)
    if isinstance(row, Component) and row.pk is None:
        last = version.components.aggregate(last=Max("order"))["last"]
        row.order = 0 if last is None else last + 1
    row.version = version
    row.save()
    if was and was != row.name and not is_ambiguous(version, was):
        rename_in(version, was, row.name, section=section)
    return _judged(version, section, row.name, by=by, at=at)


@transaction.atomic
def save_version(*, version: PlanVersion, seen: str, by: User, at: datetime) -> list[Placed]:
    """Save what a draft says as a whole: days, options, reason."""
    row = _own_draft(version.pk, by)
    _unchanged(last_edit_of(row), seen)
    version.author = by
    version.save()
    return _judged(version, WHOLE, "", by=by, at=at)


@transaction.atomic
def save_schedule(
    *,
    version: PlanVersion,
    name: str,
    parts: list[dict[str, str]],
    seen: str,
    by: User,
    at: datetime,
    was: str = "",
) -> list[Placed]:
    """Save a schedule of a draft; components that are paid by it follow a new name."""
    row = _own_draft(version.pk, by)
    _unchanged(last_edit_of(row), seen)
    known = {key_of(one) for one in row.schedules if one != was}
    if key_of(name) in known:
        raise DomainError(f"There is a schedule “{name}” already. Choose another name.")
    row.schedules = {**{k: v for k, v in row.schedules.items() if k != was}, name: parts}
    row.save(update_fields=["schedules"])
    if was and was != name:
        rename_schedule(row, was, name)
    return _judged(row, SCHEDULES, name, by=by, at=at)


@transaction.atomic
def save_eligibility(
    *, version: PlanVersion, rows: Iterable[Eligibility], seen: str, by: User, at: datetime
) -> list[Placed]:
    """Say anew whom a draft is for."""
    row = _own_draft(version.pk, by)
    _unchanged(last_edit_of_rows(Eligibility, row), seen)
    row.eligibility.all().delete()
    for one in rows:
        one.version = row
        one.save()
    return _judged(row, "eligibility", "", by=by, at=at)


@transaction.atomic
def remove_part(
    *, version: PlanVersion, section: str, name: str, by: User, at: datetime
) -> list[str]:
    """Take a part out of a draft; refused while something in the draft calls it."""
    row = _own_draft(version.pk, by)
    if users := called_by(row, section, name):
        raise DomainError(
            f"“{name}” stays, because it is still read here. Take it out of these first:",
            tuple(users),
        )
    if section == SCHEDULES:
        row.schedules = {k: v for k, v in row.schedules.items() if k != name}
        row.save(update_fields=["schedules"])
    else:
        getattr(row, section).filter(name=name).delete()
    _note(row, "remove from draft", f"{section} {name}", by=by, at=at)
    return []


@transaction.atomic
def move_component(*, version: PlanVersion, name: str, down: bool, by: User, at: datetime) -> None:
    """Let a component change places with its neighbour on the statement."""
    row = _own_draft(version.pk, by)
    rows = list(row.components.order_by("order", "name"))
    at_place = next((n for n, one in enumerate(rows) if one.name == name), None)
    other = None if at_place is None else at_place + (1 if down else -1)
    if at_place is None or other is None or not 0 <= other < len(rows):
        return
    rows[at_place], rows[other] = rows[other], rows[at_place]
    for order, one in enumerate(rows):
        if one.order != order:
            one.order = order
            one.save(update_fields=["order"])
    _note(row, "change draft", f"the place of {name}", by=by, at=at)


def called_by(version: PlanVersion, section: str, name: str) -> list[str]:
    """Where in its version a part is called, in words."""
    if section == SCHEDULES:
        return [f"component {c.name}: paid by it" for c in version.components.filter(schedule=name)]
    found = [
        f"{where[:-1] + ' ' + part if part else 'the plan as a whole'}: {field}"
        for where, part, field, text in formulas_of(version)
        if names_it(text, name) and (where, part) != (section, name)
    ]
    if section == "measures":
        found += [
            f"component {c.name}: pays its credits"
            for c in version.components.all()
            if key_of(c.of) == key_of(name)
        ]
    return found


def _own_draft(pk: int, by: User) -> PlanVersion:
    """The version, locked; DomainError where it is not a draft of whoever writes."""
    version = PlanVersion.objects.select_for_update(of=("self",)).select_related("plan").get(pk=pk)
    if version.status != DRAFT:
        raise DomainError(
            f"{version} is {version.get_status_display().lower()} by now, so it does not change any"
            " more. Copy it as a new draft, and enter yours there."
        )
    if version.author_id not in (None, by.pk):
        raise DomainError(
            f"{version} is written by {version.author}. Copy it as a draft of your own."
        )
    return version


def _unchanged(edited: Edited, seen: str) -> None:
    if edited.stamp == seen:
        return
    when = f" at {edited.at:%H:%M:%S} UTC" if edited.at else ""
    raise DomainError(
        f"{edited.who or 'The system'} changed this{when}, after you opened the page, so nothing of"
        " yours was saved: it would have undone that. What you typed is still here. Open the page"
        " in another window, see what changed, and enter yours there."
    )


def _one_of_its_name(version: PlanVersion, row: Any) -> None:
    others = type(row).objects.filter(version=version).exclude(pk=row.pk)
    for other in others:
        if key_of(other.name) == key_of(row.name):
            raise Unsound(
                [
                    Placed(
                        "",
                        row.name,
                        "name",
                        f"There is “{other.name}” already, and capitals make no difference to a"
                        " formula. Choose another name.",
                    )
                ]
            )


def _judged(
    version: PlanVersion, section: str, part: str, *, by: User, at: datetime
) -> list[Placed]:
    """Refuse what is wrong with a part itself; note the change, and answer what is elsewhere."""
    found = found_in(PlanVersion.objects.select_related("plan__calendar").get(pk=version.pk))
    own = [p for p in found if p.section == section and key_of(p.part) == key_of(part)]
    if own:
        raise Unsound(own)
    if version.author_id is None:
        PlanVersion.objects.filter(pk=version.pk).update(author=by)
    _note(version, "change draft", f"{section} {part}".strip(), by=by, at=at)
    return found


def _note(version: PlanVersion, action: str, what: str, *, by: User, at: datetime) -> None:
    record(
        action=action,
        subject=str(version),
        by=by,
        at=at,
        detail={"model": "incentives.planversion", "id": version.pk, "message": what},
    )
