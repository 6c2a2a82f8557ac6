"""What every file about people goes through: timelines from lines, and a note of what changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from org import audit
from org.changes import record_change
from org.models import InputChange, User
from org.people import Touched, marks_of
from org.sync import Comparison, Key, Wanted
from org.tabular import Line, Problems
from org.timeline import days_text


@dataclass(frozen=True)
class Loaded:
    """What a file did, in a sentence, and whether anything changed."""

    sentence: str
    changed: bool


def counts(found: Comparison) -> str:
    """How many timelines a file added, changed, removed and left alone, where it did."""
    numbers = {
        "added": found.added,
        "changed": found.changed,
        "removed": found.removed,
        "unchanged": found.unchanged,
    }
    said = [f"{number:,} {word}" for word, number in numbers.items() if number]
    return ", ".join(said) or "none"


def note(
    kind: InputChange.Kind,
    sentence: str,
    touched: Touched,
    content: bytes,
    *,
    by: User | None,
    at: datetime,
) -> None:
    """Write the cause with its marks, and the audit row with the hash of the file."""
    digest = hashlib.sha256(content).hexdigest()
    if touched:
        marks = marks_of(touched)
        record_change(kind=kind, sentence=sentence, marks=marks, by=by, at=at, reference=digest)
    audit.record(action="load people", subject=sentence, by=by, at=at, detail={"sha256": digest})


Reader = Callable[[Line, Problems], tuple[Key, Wanted] | None]


def read_timelines(
    lines: list[Line], reader: Reader, problems: Problems, what: str
) -> dict[Key, list[Wanted]]:
    """The lines of a file by timeline; notes lines that overlap or repeat each other."""
    timelines: dict[Key, list[tuple[Wanted, Line]]] = defaultdict(list)
    for line in lines:
        count = len(problems.found)
        read = reader(line, problems)
        if read is None or len(problems.found) > count:
            continue
        key, row = read
        if row.start >= row.end:
            problems.add(line, f"begins on {row.start} and ends before that day is over.")
            continue
        timelines[key].append((row, line))
    for rows in timelines.values():
        _check_overlaps(rows, problems, what)
    return {key: [row for row, _ in rows] for key, rows in timelines.items()}


def _check_overlaps(rows: list[tuple[Wanted, Line]], problems: Problems, what: str) -> None:
    rows.sort(key=lambda pair: (pair[0].start, pair[1].number))
    for (one, line_one), (two, line_two) in pairwise(rows):
        if one == two:
            problems.add(line_two, f"repeats line {line_one.number}. Remove one of them.")
        elif two.start < one.end:
            problems.add(
                line_two,
                f"this {what} {days_text(two.start, two.end)} overlaps that of line "
                f"{line_one.number} {days_text(one.start, one.end)}. End the earlier one first"
                + (", or name another slot." if what == "assignment" else "."),
            )
