"""Worked examples of a version between the tenant file and its rows.

All values are text in the canonical form, numbers without zeros at their end, so that writing
``1200.0`` for ``1200`` is no change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from incentives.models import Example, PlanVersion
from org import config_tools as tools
from org.config_tools import Problems

Canonical = dict[str, Any]

UNDECIDED = "undecided"
LINES = ("credits", "days", "others")
NUMERIC = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def text_of(value: Any) -> str:
    """A value of the file as exact text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return tools.plain(value)
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip()
    return tools.plain(Decimal(text)) if NUMERIC.fullmatch(text) else text


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Values by name; those that are left empty are not known, as if they were not there."""
    said = {
        str(name).strip(): text_of(value)
        for name, value in (values or {}).items()
        if value is not None
    }
    return {name: text for name, text in said.items() if text}


# -- from the file and to it ----------------------------------------------------------------------


def canonical(
    items: Sequence[Mapping[str, Any]], where: str, problems: Problems
) -> list[Canonical]:
    """The examples with everything said, as text; notes names that stand twice."""
    found = [_canonical(item) for item in items]
    for name, alike in groupby(sorted(one["name"] for one in found)):
        if len(list(alike)) > 1:
            problems.add(where, f"two examples are called “{name}”. Give each a name of its own.")
    return found


def _canonical(item: Mapping[str, Any]) -> Canonical:
    return {
        "name": item["name"].strip(),
        "note": item.get("note", "").strip(),
        "inputs": _texts(item.get("inputs")),
        "lines": lines_of(item),
        "expected": _texts(item["pays"]),
    }


def lines_of(item: Mapping[str, Any]) -> Canonical:
    """Credits, days and colleagues as text; what is not there is left out."""
    credits_ = {
        str(measure): [_texts(one) for one in rows]
        for measure, rows in (item.get("credits") or {}).items()
        if rows
    }
    found: Canonical = {"credits": credits_} if credits_ else {}
    for key in ("days", "others"):
        if item.get(key):
            found[key] = [_texts(one) for one in item[key]]
    return found


def short(examples: Iterable[Canonical]) -> list[Canonical]:
    """The examples as the file says them."""
    return [_short(one) for one in examples]


def _short(one: Canonical) -> Canonical:
    said = {"name": one["name"], "note": one["note"], "inputs": _said(one["inputs"])}
    said |= {key: _said(one["lines"][key]) for key in LINES if key in one["lines"]}
    return tools.without_defaults({**said, "pays": _said(one["expected"])}, {})


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _said(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_said(one) for one in value]
    if not NUMERIC.fullmatch(value):
        return value
    return Decimal(value) if "." in value else int(value)


# -- the rows -------------------------------------------------------------------------------------


def from_rows(version: PlanVersion) -> list[Canonical]:
    """The canonical form of the examples that are there."""
    return [
        {
            "name": row.name,
            "note": row.note,
            "inputs": row.inputs,
            "lines": row.lines,
            "expected": row.expected,
        }
        for row in version.examples.order_by("order", "name")
    ]


def write(version: PlanVersion, examples: Sequence[Canonical]) -> None:
    """Write the examples of a version that has none."""
    Example.objects.bulk_create(
        Example(version=version, order=order, **one) for order, one in enumerate(examples)
    )


# -- the schema -----------------------------------------------------------------------------------

VALUE: dict[str, Any] = {
    "type": ["string", "number", "boolean", "null"],
    "description": "An exact value: a number, 4%, a text, a day, yes or no. Empty: not known.",
}


def _values(description: str) -> dict[str, Any]:
    return tools.by_code(description, VALUE, longest=200)


EXAMPLES = tools.listing(
    "Worked examples. They run on every engine before the version is published, and one that comes"
    " to something else refuses it.",
    tools.mapping(
        "What goes in, and what must come out.",
        {
            "name": tools.text(
                "What it shows, such as “Reaches tier 2”.", minLength=1, maxLength=120
            ),
            "note": tools.text("More about it; printed in the plan document.", maxLength=2000),
            "inputs": _values(
                "What the formulas read of the person, by the names that they use: sales,"
                " GOAL(sales), FACT(grade), TENURE(), RANK(sales, unit), PRORATE."
            ),
            "credits": tools.by_code(
                "Of components per credit: the credits of a measure, in order.",
                tools.listing(
                    "Its credits.",
                    _values(
                        "A credit: amount, weight, and the attributes that formulas read. before:"
                        " yes for one that only counts in the running total; undone: the share"
                        " that was taken back."
                    ),
                ),
                name=True,
            ),
            "days": tools.listing(
                "Of components per day: the days on which anything happened.",
                _values("The figures of a day, by measure."),
            ),
            "others": tools.listing(
                "Of components per team: the colleagues who share the pool.",
                _values("The inputs of a colleague; what is left out is as the person's own."),
            ),
            "pays": _values(
                "What each component comes to, or undecided; total: what the plan pays in all,"
                " where it has a gate, modifier or cap of its own."
            ),
        },
        "name",
        "pays",
    ),
)
