"""Looking at a period as known at a past moment: asked for, done by a job, kept to be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from incentives.asof_report import Entry, Known
from incentives.models import PastLook, PastLookLine
from metrics.stage import temporary
from org import audit
from org.errors import DomainError
from org.models import Period, User
from org.sql import execute

State = PastLook.State
# Of how many looks the single lines are kept; of older ones the sums are.
KEPT_WITH_LINES = 20
COLUMNS = (
    *("place", "person", "name", "plan", "component", "job", "grain", "currency"),
    *("before", "after", "change", "cause"),
)
TYPES = (
    "place integer, person text, name text, plan text, component text, job text, grain text,"
    " currency text, before numeric, after numeric, change numeric, cause text"
)


@transaction.atomic
def begin(
    *, period: Period, moment: datetime, by: User | None, at: datetime
) -> tuple[PastLook, bool]:
    """Have a period worked out as known at a moment; False beside it where that is under way.

    DomainError for a moment that has not come yet.
    """
    if moment > at:
        raise DomainError(f"{moment:%Y-%m-%d %H:%M} has not come yet: nothing is known as of then.")
    there = PastLook.objects.filter(period=period, moment=moment, state=State.WORKING).first()
    if there is not None:
        return there, False
    look = PastLook.objects.create(period=period, moment=moment, by=by, at=at)
    audit.record(
        action="look at the past", subject=str(look), by=by, at=at, detail={"look": look.pk}
    )
    return look, True


def waiting(number: int | None) -> PastLook | None:
    """The look of a job; None where nobody waits for it any more."""
    found = PastLook.objects.filter(pk=number or 0, state=State.WORKING)
    return found.select_related("period__calendar").first()


@transaction.atomic
def worked_out(look: PastLook, found: Known) -> bool:
    """Keep what was found; False where nobody waits for it any more."""
    if not _unless_changed(look, state=State.READY, found=_said(found)):
        return False
    temporary("past_line", f"({TYPES})")
    listed = ", ".join(COLUMNS)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY past_line ({listed}) FROM STDIN") as copy,
    ):
        for place, entry in enumerate(found.entries):
            copy.write_row(_row(place, entry))
    execute(
        f"INSERT INTO incentives_pastlookline (look_id, {listed})"
        f" SELECT %s, {listed} FROM past_line",
        [look.pk],
    )
    _forget_lines_of_old_looks()
    return True


def _row(place: int, entry: Entry) -> tuple[object, ...]:
    moved, line = entry.moved, entry.moved.line
    return (
        *(place, line.person, entry.name, line.plan, line.component, line.job, line.grain),
        *(line.currency, moved.before, moved.after, moved.change, entry.cause),
    )


def _said(found: Known) -> dict[str, Any]:
    return {
        "final": [str(plan) for plan in found.final],
        "booked": f"{found.booked_total:f}",
        "then": f"{found.then.total:f}",
        "now": f"{found.now.total:f}",
        "people": len({line.person for line in found.then.lines}),
        "lines": len(found.entries),
        "causes": list(found.causes),
    }


def refuse(look: PastLook, refusal: DomainError) -> bool:
    """It cannot be worked out, and why."""
    sentence = "\n".join([refusal.sentence, *refusal.problems])
    return _unless_changed(look, state=State.REFUSED, sentence=sentence)


def _unless_changed(look: PastLook, **fields: Any) -> bool:
    return bool(PastLook.objects.filter(pk=look.pk, state=State.WORKING).update(**fields))


def _forget_lines_of_old_looks() -> None:
    kept = PastLook.objects.filter(state=State.READY).order_by("-pk")
    oldest = kept.values_list("pk", flat=True)[KEPT_WITH_LINES - 1 : KEPT_WITH_LINES].first()
    if oldest is not None:
        PastLookLine.objects.filter(look_id__lt=oldest).delete()


def lines_are_kept(look: PastLook) -> bool:
    """Whether the single lines of a look are still there."""
    newer = PastLook.objects.filter(state=State.READY, pk__gte=look.pk).count()
    return newer <= KEPT_WITH_LINES
