"""The work on a trial: look at what it would do, and take it in. Both are jobs (docs/adr/0165)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from incentives.impact import Impact, impact
from metrics import look as looking
from metrics import trials
from metrics.again import again
from metrics.ingest import IngestReport, ingest
from metrics.models import Delivery, Trial
from metrics.undo import undo
from org.errors import DomainError
from org.models import User
from pmsite.jobs import Work

LOOK, TAKE = "look at data", "take data in"
SHOWN_PEOPLE = 500
GONE = "Nobody waits for it any more."
REFUSED = "It cannot be taken in as it is; its page says why."
Json = dict[str, Any]


@dataclass(frozen=True)
class Changed:
    """What a change of data did: its report, and its rejected rows as COPY has them."""

    report: Json
    rows: bytes = b""
    delivery: int | None = None


def look(work: Work) -> str:
    """Find out what a trial would do, to data and to pay; nothing of it is kept."""
    trial = trials.waiting(work.about, Trial.State.LOOKING)
    if trial is None:
        return GONE
    try:
        with transaction.atomic():
            return _look(trial, work)
    except DomainError as refusal:
        return REFUSED if trials.refuse(trial, refusal) else GONE


def _look(trial: Trial, work: Work) -> str:
    if trial.kind == Trial.Kind.FILE and not _find_source(trial, work):
        trials.needs_source(trial, found=trial.found)
        return "Its source must be chosen."
    change = CHANGES[Trial.Kind(trial.kind)]
    changed, pay = impact(
        change=lambda: change(trial, work, trial.by), at=work.at, on=work.on, tell=work.tell
    )
    kept = trials.looked_at(
        trial, found=trial.found, report=changed.report, pay=_pay(pay), rows=changed.rows
    )
    return "Looked at." if kept else GONE


def _find_source(trial: Trial, work: Work) -> bool:
    """Say in ``found`` how the file is read; False where nobody can tell whose it is."""
    content = bytes(trial.content)
    work.tell("Finding out whose file it is", 0, 0)
    trial.found = {}
    if trial.source is None:
        fits = looking.fitting(content=content, file_name=trial.file_name)
        trial.found["fits"] = [
            {"code": fit.source.code, "name": str(fit.source), "sentence": fit.sentence}
            for fit in fits
        ]
        trial.source = looking.only(fits)
        if trial.source is None:
            return False
        trial.found["guessed"] = True
    trial.found |= looking.described(
        source=trial.source, content=content, file_name=trial.file_name, at=work.at
    )
    return True


def take(work: Work) -> str:
    """Take a trial in: the same again, for good."""
    trial = trials.waiting(work.about, Trial.State.TAKING)
    if trial is None:
        return GONE
    try:
        with transaction.atomic():
            change = CHANGES[Trial.Kind(trial.kind)]
            changed = change(trial, work, trial.ended_by)
            trials.taken(trial, delivery=changed.delivery, report=changed.report)
    except DomainError as refusal:
        trials.refuse(trial, refusal)
        return REFUSED
    return str(changed.report["sentences"][0])


# --- The changes, each by what the trial is


def _file(trial: Trial, work: Work, by: User | None) -> Changed:
    assert trial.source is not None
    report = ingest(
        source=trial.source,
        file_name=trial.file_name,
        content=bytes(trial.content),
        by=by,
        at=work.at,
        complete_through=trial.complete_through,
        tell=work.tell,
    )
    if report.already and not report.completeness:
        raise DomainError(report.already)
    return _of_report(report, trial)


def _again(trial: Trial, work: Work, by: User | None) -> Changed:
    old = _replaced(trial)
    report = again(delivery=old, by=by, at=work.at, reason=trial.reason, tell=work.tell)
    changed = _of_report(report, trial)
    changed.report["before"] = {"rejected": old.rows_rejected, "accepted": old.values_accepted}
    return changed


def _undo(trial: Trial, work: Work, by: User | None) -> Changed:
    old = _replaced(trial)
    work.tell("Taking back what it brought", 0, 0)
    done = undo(delivery=old, by=by, at=work.at, reason=trial.reason)
    report = {
        "sentences": [done.sentence()],
        "taken_back": done.taken_back,
        "restored": done.restored,
        "what": done.what,
    }
    return Changed(report, delivery=old.pk)


CHANGES: dict[Trial.Kind, Callable[[Trial, Work, User | None], Changed]] = {
    Trial.Kind.FILE: _file,
    Trial.Kind.AGAIN: _again,
    Trial.Kind.UNDO: _undo,
}


def _replaced(trial: Trial) -> Delivery:
    return Delivery.objects.select_related("source").defer("content").get(pk=trial.replaces_id or 0)


def _of_report(report: IngestReport, trial: Trial) -> Changed:
    found = {
        "what": report.what,
        "rows_read": report.rows_read,
        "skipped": report.skipped,
        "accepted": report.accepted,
        "superseded": report.superseded,
        "unchanged": report.unchanged,
        "kept": report.kept_by_correction,
        "rejected": report.rejected - report.unknown,
        "unknown": report.unknown,
        "repeated": report.duplicates,
        "first_day": _day(report.first_day),
        "last_day": _day(report.last_day),
        "sentences": report.sentences(),
        "not_covered": report.not_covered,
        "not_covered_examples": list(report.not_covered_examples),
        "completeness": report.completeness,
        "credits": report.credits,
        "already": report.already,
    }
    rows = b""
    if trial.state == Trial.State.LOOKING and report.rejected and report.delivery:
        rows = trials.rejected_rows(report.delivery)
    return Changed(found, rows, report.delivery)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _pay(found: Impact) -> Json:
    people: dict[tuple[str, str], Json] = {}
    for one in found.people:
        said = people.setdefault(
            (one.person, one.currency),
            {"code": one.person, "name": one.name, "currency": one.currency, "periods": []},
        )
        said["periods"].append(one.period + (", final" if one.final else ""))
        for key, amount in (("before", one.before), ("after", one.after), ("change", one.change)):
            said[key] = said.get(key, 0) + amount
    moved = [one for one in people.values() if one["change"]]
    moved.sort(key=lambda one: (-abs(one["change"]), one["code"]))
    return {
        "problem": found.problem,
        "periods": list(found.periods),
        "undecided": list(found.undecided),
        "totals": {currency: str(sum_) for currency, sum_ in found.totals().items()},
        "gain": sum(one["change"] > 0 for one in moved),
        "lose": sum(one["change"] < 0 for one in moved),
        "people": [
            {**one, **{key: str(one[key]) for key in ("before", "after", "change")}}
            for one in moved[:SHOWN_PEOPLE]
        ],
    }
