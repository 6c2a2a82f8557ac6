"""Forms of what plans may cost, and of what compliance packs go by: budgets, tags, licences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from formula.numbers import read_number
from incentives.editor.forms import Group
from incentives.editor.rule_forms import Entry, RuleForm
from incentives.editor.version_forms import day_field
from incentives.models import Plan
from metrics.models import TransactionKind
from metrics.tags import Tag
from org.compliance import ProductClass
from org.config_tools import plain


class BudgetForm(RuleForm):
    """What one plan may cost in each period that begins on some days."""

    groups = (
        Group("What it may cost", "It cuts nothing and stops nobody: impacts show it beside what"
              " the plan comes to.", ("plan", "amount")),
        Group("In which periods", "Each period that begins on one of these days may cost this"
              " much.", ("first", "end")),
    )  # fmt: skip
    where = {"from": "first", "to": "end"}
    keys = frozenset({"plan", "amount", "from", "to"})

    plan = forms.ModelChoiceField(queryset=Plan.objects.none(), to_field_name="code")
    amount = forms.CharField(
        max_length=40, help_text="For one period, in the plan's currency, such as 12000."
    )
    first = day_field(required=False, label="From", help_text="Empty: since ever.")
    end = day_field(
        required=False,
        label="Until",
        help_text="The first day on which it no longer counts. Empty: no end.",
    )

    def __init__(self, *args: Any, item: Entry | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ModelChoiceField)
        plan.queryset = Plan.objects.order_by("name")
        if item is not None:
            self.initial.update(
                plan=item["plan"],
                amount=plain(item["amount"]),
                first=item.get("from"),
                end=item.get("to"),
            )

    def clean_amount(self) -> str:
        """A number, exact."""
        text = str(self.cleaned_data["amount"]).strip()
        try:
            read_number(text)
        except ValueError as error:
            raise forms.ValidationError(f"{error}.") from error
        return text

    def entry(self) -> Entry:
        data = self.cleaned_data
        days: dict[str, date | None] = {"from": data["first"], "to": data["end"]}
        said = {"plan": data["plan"].code, "amount": data["amount"]}
        return {**said, **{key: day for key, day in days.items() if day}}


def _boxes(choices: list[tuple[str, str]], **said: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=choices, required=False, widget=forms.CheckboxSelectMultiple, **said
    )


class MetricTagsForm(RuleForm):
    """What a metric counts, in the words of a law."""

    groups = (Group("What it counts", "Tick what is true of this metric, whoever is paid by it.",
                    ("tags",)),)  # fmt: skip
    tags = _boxes(list(Tag.choices))

    def __init__(self, *args: Any, item: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(tags=first_of(item).get("tags", []))

    def beside(self, before: Any) -> Any:
        """The definitions as they were: the first of several says the tags for all."""
        rows = before if isinstance(before, list) else [before]
        tags = self.cleaned_data["tags"]
        said = [_with(row, "tags", tags if n == 0 else []) for n, row in enumerate(rows)]
        return said if isinstance(before, list) else said[0]


class KindTagsForm(RuleForm):
    """What each attribute of a kind of transaction says, in the words of a law."""

    def __init__(self, *args: Any, kind: TransactionKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attributes = list(kind.attributes)
        for name in self.attributes:
            self.fields[f"tags_{name}"] = _boxes(list(Tag.choices), label=name)
            self.initial[f"tags_{name}"] = kind.tags.get(name, [])
        shown = tuple(f"tags_{name}" for name in self.attributes)
        self.groups = (Group("What its attributes say", "Tick what is true of each.", shown),)

    def beside(self, before: Entry | None) -> Entry:
        """The kind as it was, with these tags."""
        chosen = {name: self.cleaned_data[f"tags_{name}"] for name in self.attributes}
        return _with(before or {}, "tags", {name: tags for name, tags in chosen.items() if tags})


class LicencesForm(RuleForm):
    """What everybody of a job type is licensed to sell."""

    groups = (Group("Licences", "Only what everybody in this job holds. Where some do, record the"
                    " fact for each of them instead.", ("licences",)),)  # fmt: skip
    licences = _boxes(list(ProductClass.choices))

    def __init__(self, *args: Any, item: Entry, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(licences=item.get("licences", []))

    def beside(self, before: Entry | None) -> Entry:
        """The job type as it was, with these licences."""
        return _with(before or {}, "licences", self.cleaned_data["licences"])


def _with(entry: Mapping[str, Any], key: str, chosen: Any) -> Entry:
    """An entry with one key said anew; nothing chosen leaves the key out."""
    rest = {name: value for name, value in entry.items() if name != key}
    return {**rest, key: chosen} if chosen else rest


def first_of(item: Any) -> Entry:
    """A metric's entry, or the first of several dated definitions."""
    found: Entry = item[0] if isinstance(item, list) else item
    return found
