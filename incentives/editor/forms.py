"""What the forms of the editor share: groups of fields, names, and fields for formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from incentives.rules.names import name_trouble
from org.admin_base import TenantForm

NAME_HELP = "As formulas call it: letters, digits and _, such as {}."


@dataclass(frozen=True)
class Group:
    """Fields under one heading. ``aside``: most plans leave them as they are, so they are folded
    away while nothing in them differs from what is usual."""

    title: str
    intro: str
    fields: tuple[str, ...]
    aside: bool = False


@dataclass(frozen=True)
class Shown:
    """A group with its bound fields, and whether it is unfolded."""

    group: Group
    fields: Sequence[BoundField]
    unfolded: bool


class PartForm(TenantForm):
    """A part of a version: its fields in groups, problems of the rules at their fields."""

    groups: tuple[Group, ...] = ()

    def grouped(self) -> Iterator[Shown]:
        """The groups with their fields; a folded one opens where something in it was chosen."""
        for group in self.groups:
            fields = [self[name] for name in group.fields]
            chosen = any(_differs(field) or field.errors for field in fields)
            yield Shown(group, fields, not group.aside or chosen)

    def clean_name(self) -> str:
        """A name that formulas can use."""
        name = str(self.cleaned_data["name"]).strip()
        if trouble := name_trouble(name):
            raise forms.ValidationError(trouble)
        return name


def _differs(field: BoundField) -> bool:
    """Whether a field holds something else than what goes without saying."""
    usual = field.field.initial
    value = field.value()
    empty: tuple[Any, ...] = (None, "", False, [])
    if usual in empty:
        return value not in empty
    return str(value) != str(usual)


class FormulaField(forms.CharField):
    """A formula: checked while it is typed, with names and functions completed."""

    def __init__(self, rows: int = 1, **kwargs: Any) -> None:
        widget = forms.Textarea(
            attrs={
                "class": "formula",
                "rows": rows,
                "spellcheck": "false",
                "autocomplete": "off",
                "data-formula": "",
            }
        )
        super().__init__(**{"required": False, "strip": False, "widget": widget, **kwargs})


def code_of(name: str) -> str:
    """A code made of a name: ``Sales commission`` becomes ``sales_commission``."""
    words = "".join(c.lower() if c.isalnum() else " " for c in name).split()
    code = "_".join(words)[:60].strip("_")
    return f"n_{code}" if code[:1].isdigit() else code or "unnamed"
