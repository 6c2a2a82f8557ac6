"""What differs between two rate tables, row by row: “tier 2 from 3 % to 3.5 %”."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from incentives.describe_words import TABLE_CHOICES, sentence_of, value_of
from incentives.table_text import KINDS, kind_of

Spec = Mapping[str, Any]
Row = Sequence[Any]


def changes(before: Spec, after: Spec) -> list[str]:
    """What became of a table, without its name and without full stops."""
    if kind_of(before) != kind_of(after) or ("columns" in before) != ("columns" in after):
        return [f"it is read in another way now: {KINDS[kind_of(after)].lower()}"]
    if "columns" in after:
        found = list(_matrix(before, after))
    elif "points" in after:
        found = list(_keyed(_pairs(before["points"]), _pairs(after["points"]), "point"))
    elif isinstance(after["rows"], Mapping) or kind_of(after) == "lookup":
        found = list(_keyed(_pairs(before["rows"]), _pairs(after["rows"]), "row"))
    else:
        found = list(_steps(before["rows"], after["rows"]))
    return found + list(_options(before, after))


def shown(cell: Any) -> str:
    """A cell as people read it: a percentage with a space before its sign."""
    text = "nothing" if cell in (None, "") else str(cell)
    return f"{text[:-1]} %" if text.endswith("%") else text


def _options(before: Spec, after: Spec) -> Iterator[str]:
    for path, choice in TABLE_CHOICES.items():
        was, now = (value_of(one, path, choice.default) for one in (before, after))
        if was != now and (said := sentence_of(choice, path, after)):
            yield said[0].lower() + said.rstrip(".")[1:]


# --- steps


def _steps(before: Sequence[Row], after: Sequence[Row]) -> Iterator[str]:
    """Rows with bounds: rates that changed, bounds that moved, rows that came and went."""
    was, now = ({str(row[0]): row for row in rows} for rows in (before, after))
    gone = [bound for bound in was if bound not in now]
    new = [bound for bound in now if bound not in was]
    moved = dict(_moved(before, after, gone, new)) if len(before) == len(after) else {}
    for number, row in enumerate(after, 1):
        bound = str(row[0])
        if bound in was:
            if was[bound][-1] != row[-1]:
                yield f"tier {number} from {shown(was[bound][-1])} to {shown(row[-1])}"
        elif bound in moved:
            old = moved[bound]
            yield f"tier {number} begins at {shown(row[0])} instead of {shown(old[0])}"
            if old[-1] != row[-1]:
                yield f"tier {number} from {shown(old[-1])} to {shown(row[-1])}"
        else:
            yield f"row {_span(after, number - 1)} added, at {shown(row[-1])}"
    kept = {str(row[0]) for row in moved.values()}
    for number, row in enumerate(before):
        if str(row[0]) in gone and str(row[0]) not in kept:
            yield f"row {_span(before, number)} removed, which was at {shown(row[-1])}"


def _moved(
    before: Sequence[Row], after: Sequence[Row], gone: list[str], new: list[str]
) -> Iterator[tuple[str, Row]]:
    """The rows whose bound moved while their place stayed, by the new bound."""
    for old, row in zip(before, after, strict=True):
        if str(old[0]) in gone and str(row[0]) in new:
            yield str(row[0]), old


def _span(rows: Sequence[Row], place: int) -> str:
    first = shown(rows[place][0])
    if place + 1 == len(rows):
        return f"from {first} on"
    return f"{first}\N{EN DASH}{shown(rows[place + 1][0])}"


# --- curves, look-ups and matrices


def _pairs(rows: Any) -> dict[str, Any]:
    if isinstance(rows, Mapping):
        return {str(key): value for key, value in rows.items()}
    return {str(row[0]): row[-1] for row in rows}


def _keyed(before: Mapping[str, Any], after: Mapping[str, Any], what: str) -> Iterator[str]:
    for key, value in after.items():
        if key not in before:
            yield f"{what} {shown(key)} added, with {shown(value)}"
        elif before[key] != value:
            yield f"{what} {shown(key)} from {shown(before[key])} to {shown(value)}"
    for key, value in before.items():
        if key not in after:
            yield f"{what} {shown(key)} removed, which had {shown(value)}"


def _matrix(before: Spec, after: Spec) -> Iterator[str]:
    if before["columns"] != after["columns"]:
        yield f"its columns are now {', '.join(map(shown, after['columns']))}"
        return
    was = {str(row[0]): row[1:] for row in before["rows"]}
    now = {str(row[0]): row[1:] for row in after["rows"]}
    for key, cells in now.items():
        if key not in was:
            yield f"row {shown(key)} added, with {', '.join(map(shown, cells))}"
            continue
        for column, old, new in zip(after["columns"], was[key], cells, strict=True):
            if old != new:
                yield f"row {shown(key)}, column {shown(column)}, from {shown(old)} to {shown(new)}"
    for key in was:
        if key not in now:
            yield f"row {shown(key)} removed"
