"""Comparing what came in with what is there, and writing the difference.

``compared`` holds each incoming value with what becomes of it: *new*, *changed*, *same*, *kept*
(a manual correction holds the key; the value is kept behind it as history), *known* (the same,
already kept behind it) or *nothing* (no work that day, and no older value to take back).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from metrics.stage import temporary
from metrics.totals import JOB_OF_DAY
from org.changes import MARKED_SINGLY, Mark, record_change
from org.models import InputChange, User
from org.sql import NEVER, execute, fetch

EXAMPLES = 5

_SAME_KEY = (
    "{a}.person_id = {b}.person_id AND {a}.day = {b}.day AND {a}.metric_id = {b}.metric_id"
    " AND {a}.reference = {b}.reference"
)


def same_key(a: str, b: str) -> str:
    """SQL that says that two rows have the same key."""
    return _SAME_KEY.format(a=a, b=b)


@dataclass(frozen=True)
class Outcome:
    """How many values are new, changed and so on, and the moment at which they are recorded."""

    moment: datetime
    new: int
    changed: int
    unchanged: int
    kept: int
    not_covered: int
    not_covered_examples: tuple[str, ...]
    first_day: date | None
    last_day: date | None


# What a delivery said last of a key, also where a correction hid it at once.
LAST_DELIVERED = """
    SELECT history.* FROM metrics_value AS history
    JOIN metrics_delivery AS delivery
      ON delivery.id = history.delivery_id AND delivery.undone_at IS NULL
    WHERE {same_key} ORDER BY history.recorded_at DESC, history.superseded_at DESC LIMIT 1
"""


def compare(at: datetime) -> Outcome:
    """Fill ``compared`` from ``incoming``; nothing is written to values yet.

    Should ``at`` not lie after the moment at which a value to be replaced was recorded, the
    delivery is recorded just after that: of two rows of a key, one is always the later.
    """
    temporary(
        "compared",
        "SELECT i.*, CASE"
        " WHEN v.person_id IS NULL AND i.numerator = 0 AND i.denominator = 0 THEN 'nothing'"
        " WHEN v.person_id IS NULL THEN 'new'"
        " WHEN v.correction_id IS NOT NULL THEN CASE WHEN (SELECT (h.numerator, h.denominator)"
        f"  IS NOT DISTINCT FROM (i.numerator, i.denominator) FROM ({_last_of('i')}) AS h)"
        "  THEN 'known' ELSE 'kept' END"
        " WHEN (v.numerator, v.denominator, v.slot) IS NOT DISTINCT FROM"
        "  (i.numerator, i.denominator, i.slot) THEN 'same'"
        " ELSE 'changed' END AS fate, v.recorded_at AS held_since"
        f" FROM incoming AS i LEFT JOIN metrics_value AS v ON {same_key('v', 'i')}"
        f" AND v.superseded_at = {NEVER}",
    )
    _stamp()
    counts: dict[str, int] = dict(fetch("SELECT fate, count(*) FROM compared GROUP BY fate"))
    first, last, held = fetch(
        "SELECT min(day), max(day), max(held_since) FILTER (WHERE fate IN ('changed', 'kept'))"
        " FROM compared"
    )[0]
    moment = at if held is None or held < at else held + timedelta(microseconds=1)
    covered, examples = _not_covered()
    return Outcome(
        moment=moment,
        new=counts.get("new", 0),
        changed=counts.get("changed", 0),
        unchanged=counts.get("same", 0),
        kept=counts.get("kept", 0) + counts.get("known", 0),
        not_covered=covered,
        not_covered_examples=examples,
        first_day=first,
        last_day=last,
    )


def _last_of(alias: str) -> str:
    return LAST_DELIVERED.format(same_key=same_key("history", alias))


def _stamp() -> None:
    """``job``: the assignment that covers each person, day and slot of what will be written."""
    temporary(
        "job",
        "SELECT value.person_id, value.day, value.slot, found.id AS assignment_id"
        " FROM (SELECT DISTINCT person_id, day, slot FROM compared"
        "  WHERE fate IN ('new', 'changed', 'kept')) AS value"
        f" LEFT JOIN LATERAL ({JOB_OF_DAY}) AS found ON true",
    )


_WITH_JOB = (
    " FROM compared AS c JOIN job ON job.person_id = c.person_id AND job.day = c.day"
    " AND job.slot IS NOT DISTINCT FROM c.slot"
)


def _not_covered() -> tuple[int, tuple[str, ...]]:
    """How many values will be written without a job, and whose they are, from when to when."""
    if not fetch("SELECT EXISTS (SELECT 1 FROM job WHERE assignment_id IS NULL)")[0][0]:
        return 0, ()
    count = fetch(
        f"SELECT count(*) {_WITH_JOB} WHERE job.assignment_id IS NULL"
        " AND c.fate IN ('new', 'changed', 'kept')"
    )[0][0]
    people = fetch(
        "SELECT person.name, job.slot, min(job.day), max(job.day) FROM job"
        " JOIN org_person AS person ON person.id = job.person_id WHERE assignment_id IS NULL"
        " GROUP BY person.id, job.slot ORDER BY person.name, job.slot LIMIT %s",
        [EXAMPLES],
    )
    return count, tuple(_whose(*row) for row in people)


def _whose(name: str, slot: str | None, first: date, last: date) -> str:
    days = f"on {first}" if first == last else f"{first} to {last}"
    return f"{name} as {slot} {days}" if slot else f"{name} {days}"


def write(delivery: int, outcome: Outcome) -> None:
    """Supersede what changed and write what is new, with its job; keep the rest as history."""
    if outcome.changed:
        execute(
            f"UPDATE metrics_value AS v SET superseded_at = %s FROM compared AS c"
            f" WHERE {same_key('v', 'c')} AND v.superseded_at = {NEVER} AND c.fate = 'changed'",
            [outcome.moment],
        )
    if outcome.new or outcome.changed:
        execute(_insert(NEVER, "IN ('new', 'changed')"), [outcome.moment, delivery])
    if outcome.kept:
        execute(_insert(_AFTER_HISTORY, "= 'kept'"), [outcome.moment, delivery])


# Behind a correction a value is superseded as it arrives; two of the same moment need two ends.
_AFTER_HISTORY = (
    "(SELECT greatest(max(h.superseded_at) + interval '1 microsecond', {moment})"
    " FROM (SELECT h.superseded_at FROM metrics_value AS h"
    f" WHERE {same_key('h', 'c')} AND h.superseded_at < {NEVER}) AS h)"
).replace("{moment}", "moment.at")


def _insert(superseded: str, fate: str) -> str:
    return (
        "INSERT INTO metrics_value (person_id, day, metric_id, reference, superseded_at,"
        " recorded_at, numerator, denominator, assignment_id, slot, delivery_id)"
        f" SELECT c.person_id, c.day, c.metric_id, c.reference, {superseded}, moment.at,"
        " c.numerator, c.denominator, job.assignment_id, c.slot, moment.delivery"
        f"{_WITH_JOB} CROSS JOIN (SELECT %s::timestamptz AS at, %s::bigint AS delivery) AS moment"
        f" WHERE c.fate {fate}"
    )


def mark_stale(
    sentence: str, *, delivery: int, by: User | None, at: datetime, kind: str = "values"
) -> None:
    """Record the cause of what ``compared`` changed, with marks as narrow as is cheap."""
    changed = "FROM compared WHERE fate IN ('new', 'changed')"
    few = fetch(
        f"SELECT count(*) <= %s FROM (SELECT DISTINCT person_id, metric_id {changed}) AS pair",
        [MARKED_SINGLY],
    )[0][0]
    person = "person_id" if few else "NULL::bigint"
    rows = fetch(f"SELECT min(day), max(day), {person}, metric_id {changed} GROUP BY 3, 4")
    record_change(
        kind=InputChange.Kind(kind),
        sentence=sentence,
        marks=marks_of(rows),
        by=by,
        at=at,
        reference=f"delivery {delivery}",
    )


def marks_of(rows: Iterable[tuple[date, date, int | None, int]]) -> list[Mark]:
    """Marks of rows (first day, last day, person or None, metric)."""
    return [
        Mark(first_day=first, end_day=last + timedelta(days=1), person=person, metric=metric)
        for first, last, person, metric in rows
    ]
