"""Reading the past of tracked rows: who changed what when, from what to what, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models

from org.dates import FOREVER
from org.errors import DomainError
from org.history import TRACKED, RowEvent

WORDS = {"insert": "added", "update": "changed", "delete": "removed"}
NOTHING = "nothing"
UNKNOWN = "not known"  # the past of the row began with this change
BESIDE = {f.name for f in RowEvent._meta.fields}  # what an event has that is not the row's own


@dataclass(frozen=True)
class Change:
    """One thing that happened to one row; ``fields`` are (which, before, after), in words."""

    at: datetime
    who: str
    through: str
    what: str
    row: str
    fields: tuple[tuple[str, str, str], ...]
    event: int = 0

    def lines(self) -> Iterator[str]:
        """The change as it is printed."""
        through = f" ({self.through})" if self.through else ""
        yield f"{self.at:%Y-%m-%d %H:%M:%S} UTC  {self.who}{through} {self.what} {self.row}"
        for name, before, after in self.fields:
            yield (
                f"    {name}: {before} → {after}"
                if self.what == "changed"
                else (f"    {name}: {after if self.what == 'added' else before}")
            )


def find_model(name: str) -> type[models.Model]:
    """The tracked model that somebody calls ``pay group``, ``pay-group`` or ``PayGroup``."""
    wanted = name.lower().replace("-", "").replace("_", "").replace(" ", "")
    known = {str(model._meta.model_name): model for model in TRACKED}
    if wanted not in known:
        listed = ", ".join(sorted(str(model._meta.verbose_name) for model in TRACKED))
        raise DomainError(f"No past is kept of “{name}”. It is kept of: {listed}.")
    return known[wanted]


def changes(*, model: type[models.Model], key: str) -> list[Change]:
    """What happened to the rows that are, or once were, called ``key``; the oldest first.

    ``#12`` means the row with that number. Parts of a plan are called like the plan.
    """
    if key.startswith("#") and key[1:].isdigit():
        rows = {int(key[1:])}
    else:
        rows = set(_called(model, TRACKED[model], key))
    found = changes_of(model=model, rows=rows)
    if not found:
        raise DomainError(
            f"No {model._meta.verbose_name} was ever called “{key}” here. "
            f"Rows are named by {TRACKED[model].replace('__', ', ')}, or by number as #12."
        )
    return found


def changes_of(*, model: type[models.Model], rows: Iterable[int]) -> list[Change]:
    """What happened to rows, given by their numbers; the oldest first."""
    events = events_of(model).objects.filter(row_id__in=rows).order_by("id")
    teller = _Teller(model)
    return [teller.change(event) for event in events]


def events_of(model: type[models.Model]) -> Any:
    """The model of a tracked model's events."""
    return model.pgh_event_model  # type: ignore[attr-defined]


def _called(model: type[models.Model], path: str, key: str) -> Any:
    """Numbers of the rows that ever bore a name, found in the past: some may be gone by now."""
    if model not in TRACKED:
        return model._base_manager.filter(**{path: key}).values_list("pk", flat=True)
    field, _, rest = path.partition("__")
    events = events_of(model).objects
    if not rest:
        return events.filter(**{field: key}).values_list("row_id", flat=True)
    parents = _called(_target(model._meta.get_field(field)), rest, key)
    return events.filter(**{f"{field}__in": list(parents)}).values_list("row_id", flat=True)


def _target(field: Any) -> type[models.Model]:
    target: type[models.Model] = field.remote_field.model
    return target


class _Teller:
    """Puts one model's events into words, each against the one before of the same row."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        self.before: dict[int, Any] = {}
        self.names: dict[tuple[Any, int], str] = {}
        names = {field.name for field in events_of(model)._meta.fields} - BESIDE
        self.fields: list[Any] = [f for f in model._meta.concrete_fields if f.name in names]

    def change(self, event: Any) -> Change:
        """One event, told. The row's first one may be a change, if tracking began after it."""
        removed = event.pgh_label == "delete"
        before = event if removed else self.before.get(event.row_id)
        context = event.pgh_context or {}
        told = Change(
            at=event.pgh_created_at,
            who=context.get("name", "the system"),
            through=context.get("through", ""),
            what=WORDS[event.pgh_label],
            row=f"{self.model._meta.verbose_name} {self._row(event)}",
            fields=tuple(self._differences(before, None if removed else event, event.pgh_label)),
            event=event.pk,
        )
        self.before[event.row_id] = event
        return told

    def _differences(self, before: Any, after: Any, label: str) -> Iterator[tuple[str, str, str]]:
        unknown = before is None and label == "update"
        for field in self.fields:
            old, new = (getattr(event, field.name, None) for event in (before, after))
            pairs = {"": (old, new)}
            if isinstance(old, dict) and isinstance(new, dict):
                pairs = {f".{key}": (old.get(key), new.get(key)) for key in {**old, **new}}
            for part, (was, now) in pairs.items():
                first = UNKNOWN if unknown else self._value(field, was)
                told = first, self._value(field, now)
                if told[0] != told[1]:
                    yield (f"{field.verbose_name}{part}", *told)

    def _row(self, event: Any) -> str:
        """What a row is called: its code or name, else by what it belongs to."""
        for name in ("code", "name", "job", "number"):
            if hasattr(event, name):
                return f"{getattr(event, name)} (#{event.row_id})"
        return f"#{event.row_id}"

    def _value(self, field: Any, value: Any) -> str:
        if value is None or value in ("", {}, []):
            return NOTHING
        if isinstance(field, models.ForeignKey):
            return self._name(_target(field), value)
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        return _words(value)

    def _name(self, model: type[models.Model], key: int) -> str:
        if (model, key) not in self.names:
            row = model._base_manager.filter(pk=key).first()
            self.names[model, key] = f"{row} (#{key})" if row else f"#{key}, since removed"
        return self.names[model, key]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, date):
        return "for ever" if value == FOREVER else value.isoformat()
    return str(value)
