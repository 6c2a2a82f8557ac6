"""Forms of the plan editor: formulas with the caret under the mistake, tables as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.models import BaseInlineFormSet

from formula import Table, TableError, key_of
from incentives import table_text
from incentives.edited import Edited, last_edit
from incentives.models import Component, Measure, PlanVersion, RateTable
from incentives.rules import PARTS, Problem
from org.admin_base import TenantForm

if TYPE_CHECKING:
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    InlineFormSet = BaseInlineFormSet

PRORATE = [("days", "The days in the plan"), ("share", "The contract share")]


def formula_box(rows: int) -> forms.Textarea:
    """A box for a formula, in a typewriter's face."""
    return forms.Textarea(
        attrs={"class": "formula", "rows": rows, "cols": 80, "spellcheck": "false"}
    )


class PlanVersionForm(TenantForm):
    """A version's own fields; its parts stand below it."""

    prorate_goal = forms.MultipleChoiceField(
        choices=PRORATE,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Goals are reduced by",
    )
    prorate_amount = forms.MultipleChoiceField(
        choices=PRORATE,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Amounts are reduced by",
    )

    class Meta:
        model = PlanVersion
        fields = "__all__"

    def clean(self) -> Any:
        """Refuse a page that was opened before somebody's last change."""
        seen = self.data.get("seen")
        if self.instance.pk and seen:
            edited = last_edit(self.instance)
            if edited.stamp != seen:
                raise forms.ValidationError(_changed(edited))
        return super().clean()


def _changed(edited: Edited) -> str:
    when = f" at {edited.at:%H:%M:%S} UTC" if edited.at else ""
    return (
        f"{edited.who or 'The system'} changed this version{when}, after you opened the page, so"
        " nothing of yours was saved: it would have undone that. What you typed is still here. Open"
        " the version in another window, see what changed, and enter yours there."
    )


class MeasureForm(TenantForm):
    """What formulas call a metric, and whose it is."""

    class Meta:
        model = Measure
        fields = ("name", "metric", "scope", "no_data")


class RateTableForm(TenantForm):
    """A rate table, a row a line."""

    kind = forms.ChoiceField(
        choices=list(table_text.KINDS.items()), required=False, label="Kind of table"
    )
    rows = forms.CharField(
        widget=formula_box(6),
        help_text="A row a line, cells parted by |. Steps: 0 | 4% and below it 100000 | 6%. "
        "A matrix begins with its columns, the first cell empty.",
    )
    on_bound = forms.ChoiceField(
        choices=[
            ("", "belongs to the upper row (usual)"),
            ("upper_row", "belongs to the upper row"),
            ("lower_row", "belongs to the lower row"),
        ],
        required=False,
        label="A value exactly on a bound",
    )
    below = forms.ChoiceField(
        choices=[
            ("", "the first row goes on (usual)"),
            ("first_row", "the first row goes on"),
            ("nothing", "nothing"),
        ],
        required=False,
        label="Below the first bound of steps",
    )
    outside = forms.ChoiceField(
        choices=[
            ("", "the ends go on (usual)"),
            ("flat", "the ends go on"),
            ("error", "cannot be worked out"),
        ],
        required=False,
        label="Outside a curve",
    )

    class Meta:
        model = RateTable
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            spec = self.instance.spec
            self.initial.update(
                kind=table_text.kind_of(spec),
                rows=table_text.text_of(spec),
                **{option: spec.get(option, "") for option in table_text.OPTIONS},
            )

    def clean(self) -> dict[str, Any]:
        """Read the table; every mistake is a sentence at its rows."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        chosen = {option: data[option] for option in table_text.OPTIONS}
        spec = table_text.spec_of(data["rows"], kind=data["kind"], **chosen)
        try:
            self.instance.spec = Table.parse(data["name"], spec).to_dict()
        except TableError as error:
            for problem in error.problems:
                self.add_error("rows", problem[:1].upper() + problem[1:])
        return data


class ComponentForm(TenantForm):
    """A component: its formula, and what may stand before and after it."""

    class Meta:
        model = Component
        fields = (
            "name",
            "title",
            "order",
            "formula",
            "gate",
            "modifier",
            "floor",
            "cap",
            "prorate",
            "rounding_decimals",
            "earning_type",
        )
        widgets = {part: formula_box(4 if part == "formula" else 1) for part in PARTS}


class PartFormSet(InlineFormSet):
    """Measures, tables or components of a version, with what the rules found wrong with them."""

    def __init__(self, *args: Any, found: Sequence[Problem] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found

    def clean(self) -> None:
        """Put each problem at the field that it is about; refuse names that differ only by case."""
        super().clean()
        seen: dict[str, str] = {}
        for form in self.forms:
            name = getattr(form, "cleaned_data", {}).get("name", "")
            if not name or form.cleaned_data.get("DELETE"):
                continue
            if key_of(name) in seen:
                form.add_error(
                    "name", f"“{name}” and “{seen[key_of(name)]}” are the same name to a formula."
                )
            seen[key_of(name)] = name
            for field, sentence in self.problems_of(name):
                form.add_error(field if field in form.fields else "name", sentence)

    def problems_of(self, name: str) -> list[tuple[str, str]]:
        """The field and the sentence of every problem of one row."""
        found = []
        for problem in self.found:
            section, _, rest = problem.where.partition(".")
            row, _, part = rest.rpartition(".")
            if part not in PARTS:
                row, part = rest, "name"
            # A measure's problem may go on to say where: "calls (metric x)", "calls, attainment".
            if section == self.prefix and name in (row, row.split(" (")[0], row.split(", ")[0]):
                found.append((part, problem.sentence))
        return found
