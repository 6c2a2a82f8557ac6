"""Trials: bringing something in on trial, looking at it again, taking it in once, letting it go.

What a trial does is worked out by a job; the functions here change what the trial says of itself.
Each one locks its row first: of two people who press the button, one takes it in.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from django.db import IntegrityError, connection, transaction

from metrics.models import Delivery, Source, Trial, TrialRow
from metrics.stage import temporary
from org import audit
from org.dates import plausible
from org.errors import DomainError
from org.models import User
from org.sql import execute, keep_bytes, kept_bytes

State, Kind = Trial.State, Trial.Kind


@transaction.atomic
def begin(
    *,
    file_name: str,
    content: bytes,
    source: Source | None,
    complete_through: date | None,
    by: User,
    at: datetime,
) -> tuple[Trial, bool]:
    """Keep a file on trial; False beside it where this person has the same file on trial already.

    Nothing is read of it here: that is the work of whoever looks at it.
    """
    _check_day(complete_through)
    digest = hashlib.sha256(content).hexdigest()
    return _once(
        Trial(
            kind=Kind.FILE,
            source=source,
            file_name=PurePath(file_name).name[:255],
            sha256=digest,
            size=len(content),
            content=content,
            complete_through=complete_through,
            by=by,
            at=at,
        )
    )


@transaction.atomic
def begin_undo(*, delivery: Delivery, reason: str, by: User, at: datetime) -> tuple[Trial, bool]:
    """Undo a delivery on trial, with the reason that its undoing will have."""
    if not reason.strip():
        raise DomainError("Say why the delivery is undone: the reason stays with it.")
    return _about(Kind.UNDO, delivery, reason.strip(), by, at)


@transaction.atomic
def begin_again(*, delivery: Delivery, by: User, at: datetime) -> tuple[Trial, bool]:
    """Try a delivery again on trial: undone, and its file taken in as people and maps are now."""
    return _about(Kind.AGAIN, delivery, "Tried again after names were mapped.", by, at)


def _about(
    kind: Trial.Kind, delivery: Delivery, reason: str, by: User, at: datetime
) -> tuple[Trial, bool]:
    if delivery.undone_at is not None:
        raise DomainError(
            f"Delivery {delivery.pk} was undone on {delivery.undone_at:%Y-%m-%d} already."
        )
    return _once(
        Trial(
            kind=kind,
            source=delivery.source,
            replaces=delivery,
            file_name=delivery.file_name,
            sha256=f"delivery {delivery.pk}",
            size=0,
            content=b"",
            reason=reason,
            by=by,
            at=at,
        )
    )


def _once(trial: Trial) -> tuple[Trial, bool]:
    """The trial; or the one that is open with the same content, where somebody sent it twice."""
    same = Trial.objects.defer("content").filter(
        by=trial.by, kind=trial.kind, sha256=trial.sha256, state__in=Trial.OPEN
    )
    if there := same.first():
        return there, False
    try:
        with transaction.atomic():
            content, trial.content = bytes(trial.content), b""
            trial.save()
            if content:
                keep_bytes(trial, "content", content)
    except IntegrityError:
        return same.get(), False
    audit.record(
        action=f"trial.{trial.kind}",
        subject=_subject(trial),
        by=trial.by,
        at=trial.at,
        reason=trial.reason,
        detail={"file": trial.file_name, "bytes": trial.size, "sha256": trial.sha256},
    )
    return trial, True


@transaction.atomic
def look_again(
    *, trial: Trial, source: Source | None, complete_through: date | None, by: User, at: datetime
) -> Trial:
    """Have a trial looked at anew, as a file of a source and up to a day."""
    _check_day(complete_through)
    trial = locked(trial)
    if not trial.is_open:
        raise DomainError(_over(trial))
    if trial.kind == Kind.FILE:
        trial.source, trial.complete_through = source, complete_through
    trial.state, trial.sentence = State.LOOKING, ""
    trial.round += 1
    trial.report, trial.pay = {}, {}
    _save(trial, "source", "complete_through", "state", "sentence", "round", "report", "pay")
    return trial


@transaction.atomic
def take(*, trial: Trial, seen: int, by: User, at: datetime) -> bool:
    """Have a trial taken in, as it was seen in a round; False where somebody has done so before."""
    trial = locked(trial)
    if trial.state in (State.TAKING, State.TAKEN):
        return False
    if trial.state != State.READY or trial.round != seen:
        raise DomainError(
            _over(trial)
            if not trial.is_open
            else "It has been looked at anew since you saw it. See what it would do now, and then "
            "take it in."
        )
    trial.state, trial.ended_by, trial.ended_at = State.TAKING, by, at
    _save(trial, "state", "ended_by", "ended_at")
    return True


@transaction.atomic
def drop(*, trial: Trial, by: User, at: datetime) -> Trial:
    """Let a trial go: its file and its problems are forgotten, that it was there is not."""
    trial = locked(trial)
    if trial.state == State.DROPPED:
        return trial
    if not trial.is_open:
        raise DomainError(_over(trial))
    TrialRow.objects.filter(trial=trial).delete()
    trial.state, trial.content = State.DROPPED, b""
    trial.ended_by, trial.ended_at = by, at
    _save(trial, "state", "content", "ended_by", "ended_at")
    audit.record(action="trial.drop", subject=_subject(trial), by=by, at=at)
    return trial


# --- What the work found. It holds no lock while it works, so each of these asks first whether the
# trial still waits for it: False where it was let go, or is looked at anew, and nothing is kept.


def needs_source(trial: Trial, *, found: dict[str, Any]) -> bool:
    """Nobody can tell whose file it is; ``found`` says what each source would make of it."""
    return _unless_changed(trial, State.LOOKING, state=State.CHOOSE, found=found)


def looked_at(
    trial: Trial,
    *,
    found: dict[str, Any],
    report: dict[str, Any],
    pay: dict[str, Any],
    rows: bytes = b"",
) -> bool:
    """What taking it in would do; it waits for somebody to do so."""
    kept = _unless_changed(
        trial,
        State.LOOKING,
        state=State.READY,
        source=trial.source,
        found=found,
        report=report,
        pay=pay,
    )
    if kept:
        _keep_rows(trial, rows)
    return kept


def refuse(trial: Trial, refusal: DomainError) -> bool:
    """It cannot be taken in as it is, and why; ``found`` and ``source`` are kept with it."""
    return _unless_changed(
        trial,
        State(trial.state),
        state=State.REFUSED,
        source=trial.source,
        found=trial.found,
        sentence="\n".join([refusal.sentence, *refusal.problems]),
        ended_by=None,
        ended_at=None,
    )


def taken(trial: Trial, *, delivery: int | None, report: dict[str, Any]) -> bool:
    """It has been taken in; a delivery has the file now."""
    TrialRow.objects.filter(trial=trial).delete()
    return _unless_changed(
        trial,
        State.TAKING,
        state=State.TAKEN,
        delivery_id=delivery,
        report=report,
        content=b"",
    )


def _unless_changed(trial: Trial, before: Trial.State, **fields: Any) -> bool:
    same = Trial.objects.filter(pk=trial.pk, state=before, round=trial.round)
    return bool(same.update(**fields))


# --- Rows that outlive the roll-back


def rejected_rows(delivery: int) -> bytes:
    """The rejections of a delivery in the text form of COPY, to outlive its roll-back."""
    pieces: list[bytes] = []
    with (
        connection.cursor() as cursor,
        cursor.copy(
            'COPY (SELECT line, "column", value, reason, sentence, "row" FROM metrics_rejection'
            f" WHERE delivery_id = {int(delivery)} ORDER BY id) TO STDOUT"
        ) as copy,
    ):
        pieces = [bytes(piece) for piece in copy]
    return b"".join(pieces)


def _keep_rows(trial: Trial, rows: bytes) -> None:
    """Show these rows as the problems of a trial, instead of those of an earlier round."""
    TrialRow.objects.filter(trial=trial).delete()
    if not rows:
        return
    temporary(
        "tried",
        '(line integer, "column" text, value text, reason text, sentence text, "row" jsonb)',
    )
    with connection.cursor() as cursor, cursor.copy("COPY tried FROM STDIN") as copy:
        copy.write(rows)
    execute(
        'INSERT INTO metrics_trialrow (trial_id, line, "column", value, reason, sentence, "row")'
        ' SELECT %s, line, "column", value, reason, sentence, "row" FROM tried ORDER BY line',
        [trial.pk],
    )


# --- Parts


def locked(trial: Trial) -> Trial:
    """The trial as it is now, for this transaction alone; without its file."""
    return (
        Trial.objects.select_for_update(of=("self",))
        .defer("content")
        .select_related("source")
        .get(pk=trial.pk)
    )


def waiting(number: int | None, state: Trial.State) -> Trial | None:
    """The trial of a job, with its file; None where it does not wait for that any more."""
    every = Trial.objects.filter(pk=number or 0, state=state).defer("content")
    found = every.select_related("source", "by", "ended_by").first()
    if found is not None:
        found.content = kept_bytes(found, "content")
    return found


def _save(trial: Trial, *fields: str) -> None:
    # Not all of it: the file may have a hundred megabytes.
    trial.save(update_fields=list(fields))


def _subject(trial: Trial) -> str:
    return f"trial {trial.pk}: {trial.file_name}"


def _over(trial: Trial) -> str:
    return {
        State.TAKING: "It is being taken in at this moment. Wait for its end.",
        State.TAKEN: "It has been taken in already.",
        State.DROPPED: "It was let go. Bring the file in again if you need it.",
    }[State(trial.state)]


def _check_day(day: date | None) -> None:
    if day is not None and not plausible(day):
        raise DomainError(f"{day} cannot be the day to which a source is complete.")
