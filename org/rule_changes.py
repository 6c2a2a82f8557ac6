"""Rules outside plans are changed by two people: one writes the change, another puts it in force.

A change is one entry of a section of the tenant file. It is judged and applied by that section, so
that the pages and the file can never disagree (docs/adr/0178).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date, datetime
from typing import Any

from django.db import transaction

from org import config_tools as tools
from org import locks
from org.audit import record
from org.config_section import Section
from org.errors import DomainError
from org.models import Assignment, Employment, InputChange, RuleChange, StaleMark, User
from org.shadow import rolled_back
from org.two_people import own_people, refuse_own_pay

State = RuleChange.State
SECTION = RuleChange.Section
LISTS = (SECTION.CREDITS, SECTION.BUDGETS)  # Their entries have no codes.
DAYS: Mapping[str, tuple[str, ...]] = {
    SECTION.CREDITS: ("from", "until"),
    SECTION.BUDGETS: ("from", "to"),
    SECTION.METRICS: ("from", "to"),
}


@transaction.atomic
def propose(
    *,
    section: Section,
    code: str,
    before: Any,
    wanted: Any,
    reason: str,
    by: User,
    at: datetime,
    today: date,
) -> RuleChange:
    """Ask for a change of one entry; DomainError with each problem where it could not be applied.

    ``before``, ``wanted``: the entry as the file says it, None where there is none.
    """
    locks.one_click_of(by)
    if not reason.strip():
        raise DomainError("Say why it changes: whoever approves it reads that.")
    change = RuleChange(
        section=section.key,
        code=code,
        before=tools.as_json(before),
        wanted=tools.as_json(wanted),
        reason=reason.strip(),
        asked_by=by,
        asked_at=at,
    )
    _refuse_same(change)
    said: list[str] = []
    with rolled_back():
        said = _apply(change, section, by=by, at=at, today=today)
    if not said:
        raise DomainError("Nothing of it differs from what holds now, so nothing is asked for.")
    change.save()
    _note(change, "ask for a change of rules", by=by, at=at, reason=change.reason)
    return change


def _refuse_same(change: RuleChange) -> None:
    """Refuse what waits already, as after a second click on the same button."""
    alike = RuleChange.objects.filter(state=State.WAITING, section=change.section, code=change.code)
    if any((row.before, row.wanted) == (change.before, change.wanted) for row in alike):
        raise DomainError(
            f"This very change of {change.code} waits already. Somebody else puts it in force."
        )


@transaction.atomic
def approve(
    *, change: RuleChange, section: Section, by: User, at: datetime, today: date
) -> list[str]:
    """Put a change in force, by somebody else than who wrote it; what it did, a sentence each.

    Nobody approves what moves their own pay, nor as somebody's deputy.
    """
    locks.hold_engine()
    row = _waiting(change)
    if row.asked_by_id == by.pk:
        raise DomainError(f"{by} wrote this change, so somebody else must put it in force.")
    last = InputChange.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    said = _apply(row, section, by=by, at=at, today=today)
    _refuse_own(row, by, since=last, on=today)
    _decide(row, State.APPLIED, "", by=by, at=at)
    _note(row, "approve a change of rules", by=by, at=at)
    return said


@transaction.atomic
def refuse(*, change: RuleChange, answer: str, by: User, at: datetime) -> None:
    """Refuse a change, with what whoever wrote it should know."""
    row = _waiting(change)
    if row.asked_by_id == by.pk:
        raise DomainError("You wrote this change yourself: withdraw it instead.")
    if not answer.strip():
        raise DomainError("Say why it is refused: whoever wrote it reads that.")
    _decide(row, State.REFUSED, answer.strip(), by=by, at=at)
    _note(row, "refuse a change of rules", by=by, at=at, reason=answer.strip())


@transaction.atomic
def withdraw(*, change: RuleChange, by: User, at: datetime) -> None:
    """Take back a change that nobody has decided yet."""
    row = _waiting(change)
    if row.asked_by_id != by.pk:
        raise DomainError("Only who wrote a change withdraws it; others refuse it.")
    _decide(row, State.WITHDRAWN, "", by=by, at=at)
    _note(row, "withdraw a change of rules", by=by, at=at)


def _waiting(change: RuleChange) -> RuleChange:
    row = RuleChange.objects.select_for_update().get(pk=change.pk)
    if not row.waits:
        raise DomainError(
            f"This change is {row.get_state_display().lower()} already: somebody was faster."
        )
    return row


def _decide(row: RuleChange, state: State, answer: str, *, by: User, at: datetime) -> None:
    row.state, row.answer, row.decided_by, row.decided_at = state, answer, by, at
    row.save(update_fields=["state", "answer", "decided_by", "decided_at"])


def _apply(
    change: RuleChange, section: Section, *, by: User, at: datetime, today: date
) -> list[str]:
    data = changed(section.read(), change)
    return section.apply(data, by=by, at=at, today=today)


def changed(data: Any, change: RuleChange) -> Any:
    """A section's data with the entry of a change in place of what it said before."""
    wanted = as_data(change.wanted, change.section)
    if isinstance(data, list) or (data is None and change.section in LISTS):
        rows = list(data or [])
        places = [n for n, row in enumerate(rows) if tools.as_json(row) == change.before]
        if change.before is not None and not places:
            raise DomainError(_MOVED)
        if change.before is None:
            return [*rows, wanted]
        rows[places[0] : places[0] + 1] = [] if wanted is None else [wanted]
        return rows
    entries: dict[str, Any] = dict(data or {})
    if tools.as_json(entries.get(change.code)) != change.before:
        raise DomainError(_MOVED)
    if wanted is None:
        entries.pop(change.code, None)
    else:
        entries[change.code] = wanted
    return entries


_MOVED = (
    "What this changes was changed by somebody else meanwhile, so it would undo that. Look at what"
    " holds now, and write the change anew."
)


def as_data(wanted: Any, section: str) -> Any:
    """An entry as the tenant file gives it: days as days."""
    if isinstance(wanted, list):
        return [as_data(one, section) for one in wanted]
    if not isinstance(wanted, Mapping):
        return wanted
    found = deepcopy(dict(wanted))
    for key in DAYS.get(section, ()):
        if isinstance(found.get(key), str):
            found[key] = date.fromisoformat(found[key])
    return found


def _refuse_own(change: RuleChange, by: User, *, since: int, on: date) -> None:
    """Refuse whoever is paid by what changes: credited people, or members of the pay group."""
    mine = own_people(by)
    if not mine:
        return
    moved = set(
        StaleMark.objects.filter(change__gt=since, person__in=mine).values_list("person", flat=True)
    )
    if StaleMark.objects.filter(change__gt=since, person=None).exists():
        moved.update(
            Assignment.objects.filter(person__in=mine, valid_to__gt=on).values_list(
                "person", flat=True
            )
        )
    if change.section == SECTION.PAY_GROUPS:
        own = Employment.objects.filter(
            person__in=mine, pay_group__code=change.code, valid_to__gt=on
        )
        moved.update(own.values_list("person", flat=True))
    refuse_own_pay(by, moved, what="is paid by what this changes")


def _note(change: RuleChange, action: str, *, by: User, at: datetime, reason: str = "") -> None:
    record(
        action=action,
        subject=str(change),
        by=by,
        at=at,
        reason=reason,
        detail={"model": "org.rulechange", "id": change.pk, "wanted": change.wanted},
    )
