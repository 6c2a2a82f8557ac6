"""What the sections of the tenant file share: pieces of schema, reading values, finding codes.

A section reads its data into plain dictionaries of field values, compares them with the rows that
are there, and writes the difference. Mistakes are collected in :class:`Problems`, each with its
place in the file, and refused together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from django.db.models import Model

from org.dates import EARLIEST_DAY, FOREVER, NEVER, plausible
from org.errors import DomainError

Schema = dict[str, Any]
LONGEST_TEXT = 200
LONGEST_CODE = 60
LARGEST_WHOLE = 1_000_000_000

# -- pieces of schema -----------------------------------------------------------------------------


def text(description: str, **more: Any) -> Schema:
    """A text; numbers and days are taken as they are written."""
    return {"type": "string", "description": description, "maxLength": LONGEST_TEXT, **more}


def choice(description: str, values: Iterable[str], **more: Any) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": list(values), "description": description, **more}


def truth(description: str, **more: Any) -> Schema:
    """true or false."""
    return {"type": "boolean", "description": description, **more}


def whole(description: str, **more: Any) -> Schema:
    """A whole number."""
    return {"type": "integer", "description": description, "maximum": LARGEST_WHOLE, **more}


def number(description: str, **more: Any) -> Schema:
    """A number, exact, or a text such as 4%."""
    text = {
        "type": "string",
        "pattern": r"^-?[0-9]+(\.[0-9]+)? ?%?$",
        "description": "a number, such as 0.5, 100 or 4%, belongs here.",
    }
    return {
        "anyOf": [{"type": "number"}, text],
        "description": description,
        **more,
    }


def day(description: str, **more: Any) -> Schema:
    """A day, written 2026-01-31."""
    return {"type": "string", "format": "date", "description": description, **more}


def formula(description: str, **more: Any) -> Schema:
    """A formula; a bare number is one, too."""
    return {"type": "string", "minLength": 1, "description": description, **more}


def listing(description: str, items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, "description": description, **more}


def mapping(description: str, properties: Mapping[str, Schema], *required: str) -> Schema:
    """A mapping with known keys."""
    schema: Schema = {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return {**schema, "required": list(required)} if required else schema


def by_code(
    description: str, item: Schema, *, name: bool = False, longest: int = LONGEST_CODE
) -> Schema:
    """A mapping from codes (or, with ``name``, names that formulas use) to what they stand for."""
    names: Schema = {"minLength": 1, "maxLength": longest}
    if name:
        names["pattern"] = r"^(?!.*__)[^\W\d]\w*$"
        names["description"] = (
            "a name that formulas use has letters, digits and single _, and begins with a letter."
        )
    return {
        "type": "object",
        "description": description,
        "propertyNames": names,
        "additionalProperties": item,
    }


FROM = day("First day on which it counts. Left out: since ever.")
TO = day("First day on which it no longer counts. Left out: for ever.")

# -- problems -------------------------------------------------------------------------------------


@dataclass
class Problems:
    """Mistakes of one section, each with its place in the file, told together."""

    found: list[str] = field(default_factory=list)

    def add(self, where: str, sentence: str) -> None:
        """Note a mistake."""
        self.found.append(f"{where}: {sentence}")

    def __bool__(self) -> bool:
        return bool(self.found)

    def stop(self, sentence: str) -> None:
        """Refuse if there is any."""
        if self.found:
            raise DomainError(sentence, tuple(self.found))


class Codes:
    """The rows of one model by their code; an unknown code is a problem with the nearest known."""

    def __init__(self, what: str, rows: Iterable[Any], problems: Problems) -> None:
        self.what = what
        self.problems = problems
        self._rows = rows

    @cached_property
    def rows(self) -> dict[str, Any]:
        """Read on the first question: most files name nobody, and a tenant may have many."""
        return {row.code: row for row in self._rows}

    def find(self, code: str | None, where: str) -> Any:
        """The row with a code; None for an empty code and, with a problem noted, an unknown one."""
        if code is None:
            return None
        row = self.rows.get(code)
        if row is None:
            self.problems.add(where, f"no {self.what} is called “{code}”. {self._hint(code)}")
        return row

    def _hint(self, code: str) -> str:
        near = get_close_matches(code, self.rows, n=1, cutoff=0.6)
        if near:
            return f"Did you mean “{near[0]}”?"
        known = sorted(self.rows)[:8]
        more = " …" if len(self.rows) > len(known) else ""
        return f"There are: {', '.join(known)}{more}." if known else "There is none yet."


def days_of(
    item: Mapping[str, Any], where: str, problems: Problems, *, end: str = "to"
) -> dict[str, date]:
    """``from`` and ``to`` as fields; notes a range that ends before it begins."""
    first, last = item.get("from") or EARLIEST_DAY, item.get(end) or FOREVER
    for key, said in (("from", first), (end, last)):
        if not plausible(said) and said != FOREVER:
            problems.add(f"{where}.{key}", f"{said} is no plausible day: is the year right?")
    if first >= last:
        problems.add(
            f"{where}.{end}",
            f"{last} is not after {first}. “{end}” is the first day on which it no longer counts.",
        )
    return {"valid_from": first, "valid_to": last}


def write_days(row: Any, *, end: str = "to") -> dict[str, date]:
    """The reverse of :func:`days_of`: what is without bound is left out."""
    days = {}
    if row.valid_from != EARLIEST_DAY:
        days["from"] = row.valid_from
    if row.valid_to != FOREVER:
        days[end] = row.valid_to
    return days


def day_words(fields: Mapping[str, Any]) -> str:
    """`` from 2026-01-01 to 2026-02-01`` for a report; nothing where there is no bound."""
    words = ""
    if fields["valid_from"] != EARLIEST_DAY:
        words += f" from {fields['valid_from']}"
    if fields["valid_to"] != FOREVER:
        words += f" to {fields['valid_to']}"
    return words


def without_defaults(item: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What a file needs to say: neither empty values nor those that go without saying."""
    empty: tuple[Any, ...] = (None, "", [], {})
    return {
        key: value
        for key, value in item.items()
        if (value != defaults[key] if key in defaults else value not in empty)
    }


def plain(value: Decimal | int) -> str:
    """A number without exponent and without zeros at its end."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_json(value: Any) -> Any:
    """Exact JSON: numbers with decimals and days as text."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else value


# -- comparing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Rows that the file no longer has, and what it has that no row says."""

    gone: list[Any]
    new: list[dict[str, Any]]

    def __bool__(self) -> bool:
        return bool(self.gone or self.new)


def difference(
    rows: Iterable[Any], wanted: Sequence[dict[str, Any]], fields: Sequence[str]
) -> Difference:
    """Compare rows with wanted field values, as sets that may hold alike things twice."""
    left: dict[Any, list[dict[str, Any]]] = {}
    for item in wanted:
        left.setdefault(_frozen([item[name] for name in fields]), []).append(item)
    gone = []
    for row in rows:
        alike = left.get(_frozen([getattr(row, name) for name in fields]))
        if alike:
            alike.pop()
        else:
            gone.append(row)
    remaining = {id(item) for items in left.values() for item in items}
    return Difference(gone, [item for item in wanted if id(item) in remaining])


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((key, _frozen(item)) for key, item in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def supersede(rows: Sequence[Model], *, at: datetime) -> None:
    """End the knowledge of rows at a moment; what was known before stays known as of then."""
    if rows:
        ids = [row.pk for row in rows]
        type(rows[0])._default_manager.filter(pk__in=ids, superseded_at=NEVER).update(
            superseded_at=at
        )


def update_row(row: Any, values: Mapping[str, Any]) -> list[str]:
    """Set the fields of a row that differ; answer their names."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    return changed
