"""The words that people know the fields of a sent form by: its labels, and what they chose.

What was sent has names and keys alone. The view that it was sent to knows the forms: those of its
module, or the admin's of a model. A field that none of them has is read as its name, in words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.db.models import Model
from django.forms.utils import pretty_name
from django.urls import Resolver404, resolve
from django.utils.text import capfirst

Sent = Sequence[tuple[str, str]]
_OF_ROWS = re.compile(r"(?P<rows>.+)-(?P<place>\d+)-(?P<name>\w+)")
_CARRIED = re.compile(r"^_|_FORMS$|__prefix__|^next$")
"""Buttons of the admin, the bookkeeping of rows, and the page that comes afterwards."""


def labelled(path: str, sent: Sent) -> list[tuple[str, str]]:
    """The label and the value of each field that somebody filled in."""
    found = list(_fields(path, {name for name, _ in sent}))
    return [
        (_label(name, found), _value(name, value, found))
        for name, value in sent
        if value and not _CARRIED.search(name) and not _is_hidden(name, found)
    ]


Fields = dict[str, Any]
"""Fields of one form by name, be they a form's or, in the admin, a model's."""


def _fields(path: str, names: set[str]) -> Iterator[Fields]:
    """The forms that a view may read, the one that knows most of what was sent first."""
    try:
        view: Any = resolve(path.partition("?")[0]).func
    except Resolver404:
        return
    admin = getattr(view, "model_admin", None)
    if admin is not None:
        yield from (_of_model(model) for model in (admin.model, *(i.model for i in admin.inlines)))
        return
    module = vars(sys.modules[view.__module__])
    kinds = [one for one in module.values() if isinstance(one, type)]
    known: list[Fields] = [one.base_fields for one in kinds if issubclass(one, forms.BaseForm)]  # type: ignore[attr-defined]
    yield from sorted(known, key=lambda fields: len(names & fields.keys()), reverse=True)


def _of_model(model: type[Model]) -> Fields:
    return {field.name: field for field in model._meta.get_fields() if not field.auto_created}


def _known(name: str, found: Iterable[Fields]) -> Any:
    return next((fields[name] for fields in found if name in fields), None)


def _apart(name: str) -> tuple[str, str]:
    """A field's own name, and which of several rows it is in, in words."""
    match = _OF_ROWS.fullmatch(name)
    return (match["name"], f", row {int(match['place']) + 1}") if match else (name, "")


def _label(name: str, found: Iterable[Fields]) -> str:
    own, row = _apart(name)
    field = _known(own, found)
    label = getattr(field, "label", None) or getattr(field, "verbose_name", None)
    return f"{capfirst(str(label)) if label else pretty_name(own.replace('-', '_'))}{row}"


def _value(name: str, value: str, found: Iterable[Fields]) -> str:
    """What was chosen as it is read; a ticked box is a yes."""
    field = _known(_apart(name)[0], found)
    if isinstance(field, forms.ModelChoiceField):
        return value  # asking who that is would open what the page may not show
    choices = getattr(field, "choices", None) or ()
    words = {str(key): str(word) for key, word in choices if not isinstance(word, list | tuple)}
    return words.get(value, "yes" if value == "on" else value)


def _is_hidden(name: str, found: Iterable[Fields]) -> bool:
    widget = getattr(_known(_apart(name)[0], found), "widget", None)
    return widget is not None and bool(widget.is_hidden)
