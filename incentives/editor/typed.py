"""Parts of a version as a form that is not sent yet holds them: rows that are not saved."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from django import forms
from django.http import QueryDict

from incentives.editor.component_form import ComponentForm
from incentives.editor.measure_form import MeasureForm
from incentives.editor.table_form import TableForm
from incentives.editor.version_forms import VersionForm
from incentives.models import Component, Measure, PlanVersion, RateTable
from incentives.rules import PARTS

Post = Mapping[str, str]
_CHOSEN = ("per", "of", "cumulate", "rounding_each", "exchange_rate", "after_final", "schedule")


def component(version: PlanVersion, saved: Component | None, post: Post) -> Component:
    """A component as it is typed; what cannot be read counts as not said."""
    row = copy(saved) if saved is not None else Component(version=version)
    row.name = post.get("name", "").strip() or (saved.name if saved else "")
    row.title = post.get("title", "").strip()
    for part in PARTS:
        setattr(row, part, _lines(post.get(part, "")))
    usual = Component()
    for field in _CHOSEN:
        said = post.get(field, "")
        setattr(row, field, said if said and _offered(field, said) else getattr(usual, field))
    row.prorate = bool(post.get("prorate"))
    row.rounding_decimals = _decimals(post.get("rounding_decimals", ""))
    row.options = _options(post)
    return row


def _offered(field: str, said: str) -> bool:
    """Whether a form offers such a choice; names of measures and schedules differ by version."""
    if field in ("of", "schedule"):
        return True
    choice = ComponentForm.base_fields[field]
    assert isinstance(choice, forms.ChoiceField)
    return choice.valid_value(said)


def _decimals(text: str) -> int:
    """Decimals as the form allows them; two where it would refuse."""
    found = int(text) if len(text) <= 2 and text.removeprefix("-").isdecimal() else 2
    return found if -6 <= found <= 6 else 2


def sent(post: QueryDict) -> dict[str, str]:
    """What a form sent, the last of each name."""
    return {name: str(text) for name, text in post.dict().items()}


def _options(post: Post) -> dict[str, Any]:
    options: dict[str, Any] = {}
    by, within = _lines(post.get("distribute", "")).strip(), post.get("within", "")
    within = within if _offered("within", within) else "unit"
    if by:
        options["distribute"] = by if within == "unit" else {"by": by, "within": within}
    if currency := post.get("currency", "").strip():
        options["currency"] = currency
    return options


def measure(version: PlanVersion, saved: Measure | None, post: Post) -> Measure:
    """A measure as its form reads it; what cannot be read stays as it was."""
    row = copy(saved) if saved is not None else Measure(version=version)
    form = MeasureForm(post, instance=row, version=version)
    form.full_clean()
    metric = post.get("metric", "")
    row.metric_id = int(metric) if metric.isdecimal() and len(metric) <= 15 else None
    row.filter = _lines(post.get("filter", ""))
    return row


def whole(version: PlanVersion, post: Post) -> PlanVersion:
    """A version with what it says as a whole as its form reads it."""
    row = copy(version)
    form = VersionForm(post, instance=row)
    form.full_clean()
    typed = {part: _lines(post.get(part, "")) for part in ("gate", "modifier", "cap")}
    row.options = {**row.options, **typed}
    return row


def table(version: PlanVersion, saved: RateTable | None, post: Post) -> TableForm:
    """A table as it is typed, read by its form; the form's row holds what was understood."""
    row = copy(saved) if saved is not None else RateTable(version=version)
    data = {**post, "name": post.get("name", "").strip() or "table"}
    form = TableForm(data, instance=row, version=version)
    form.full_clean()
    return form


def _lines(text: str) -> str:
    """A text with one sign between lines, so that a place in it is the same here and there."""
    return text.replace("\r\n", "\n")
