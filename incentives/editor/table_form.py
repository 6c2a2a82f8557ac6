"""The form of a rate table: typed a row a line, or pasted from a spreadsheet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import formats

from formula import Table, TableError
from incentives import table_text
from incentives.editor import pasted
from incentives.editor.forms import NAME_HELP, Group, PartForm
from incentives.models import PlanVersion, RateTable
from org.models import Tenant
from org.tenancy import current_tenant_id

KINDS = [
    ("", "As its rows look"),
    ("step", "Steps: from a value on, a rate (RATE and TIER)"),
    ("tier", "Steps for TIER alone: each slice at its own rate"),
    ("rate", "Steps for RATE alone: the rate reached, on the whole amount"),
    ("curve", "Curve: straight lines between points (CURVE)"),
    ("lookup", "Look-up: a key and its value (LOOKUP)"),
    ("matrix", "Matrix: rows and columns (MATRIX)"),
]


def too_large(text: str, before: str) -> bool:
    """Whether a table has more cells than anybody types, and more than it had."""
    now, then = (one.count("|") + one.count("\n") + 1 for one in (text, before))
    return now > max(pasted.MOST_CELLS, then)


def style_of(locale: str) -> pasted.Style:
    """How numbers are written in a locale."""
    return pasted.Style(
        formats.get_format("DECIMAL_SEPARATOR", lang=locale),
        formats.get_format("THOUSAND_SEPARATOR", lang=locale),
    )


class TableForm(PartForm):
    """A rate table; what was pasted is read as the organisation writes its numbers."""

    groups = (
        Group(
            "The table",
            "Copy the cells of a spreadsheet and paste them, or type a row a line with | between"
            " cells.",
            ("name", "rows", "kind"),
        ),
        Group(
            "At the edges",
            "To which row a value on a bound belongs, and what holds outside.",
            ("on_bound", "below", "outside"),
            aside=True,
        ),
    )

    name = forms.CharField(max_length=60, help_text=NAME_HELP.format("steps"))
    rows = forms.CharField(
        strip=False,
        widget=forms.Textarea(attrs={"class": "formula", "rows": 8, "spellcheck": "false"}),
        help_text="Steps have two columns, such as 0 | 5% and below it 120000 | 8%; with three a"
        " row says where it ends. A matrix begins with its columns. A line of column names,"
        " currency signs and thousands signs may stay.",
    )
    kind = forms.ChoiceField(
        choices=KINDS, required=False, label="Kind of table", help_text="Usually seen by its rows."
    )
    on_bound = forms.ChoiceField(
        choices=[
            ("", "Belongs to the upper row (usual)"),
            ("upper_row", "Belongs to the upper row"),
            ("lower_row", "Belongs to the lower row"),
        ],
        required=False,
        label="A value exactly on a bound",
        help_text="With 100 in a table of 0 and 100.",
    )
    below = forms.ChoiceField(
        choices=[
            ("", "The first row goes on (usual)"),
            ("first_row", "The first row goes on"),
            ("nothing", "Nothing"),
        ],
        required=False,
        label="Below the first bound",
        help_text="Only of steps.",
    )
    outside = forms.ChoiceField(
        choices=[
            ("", "The ends go on (usual)"),
            ("flat", "The ends go on"),
            ("error", "Cannot be worked out, and waits for somebody"),
        ],
        required=False,
        label="Outside a curve",
        help_text="Only of curves.",
    )

    class Meta:
        model = RateTable
        fields = ("name",)

    def __init__(self, *args: Any, version: PlanVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes: tuple[str, ...] = ()
        if self.instance.spec:
            spec = self.instance.spec
            self.initial.update(
                {
                    "kind": table_text.kind_of(spec),
                    "rows": table_text.text_of(spec),
                    **{option: spec.get(option, "") for option in table_text.OPTIONS},
                }
            )

    def clean(self) -> dict[str, Any]:
        """Read the table; each mistake is a sentence at its rows."""
        data: dict[str, Any] = super().clean() or {}
        text, kind = data.get("rows") or "", data.get("kind") or ""
        if not text.strip():
            return data
        if pasted.looks_pasted(text):
            locale = Tenant.objects.get(pk=current_tenant_id()).locale
            found = pasted.read(text, kind=kind, style=style_of(locale))
            text, self.notes = found.text, found.notes
            for sentence in found.problems:
                self.add_error("rows", sentence)
            if found.problems:
                return data
        if too_large(text, self.initial.get("rows", "")):
            self.add_error("rows", pasted.TOO_LARGE)
            return data
        chosen = {option: data.get(option) or "" for option in table_text.OPTIONS}
        spec = table_text.spec_of(text, kind=kind, **chosen)
        try:
            self.instance.spec = Table.parse(data.get("name") or "table", spec).to_dict()
        except TableError as error:
            for problem in error.problems:
                self.add_error("rows", problem[:1].upper() + problem[1:])
        return data
