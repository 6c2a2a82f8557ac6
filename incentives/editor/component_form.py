"""The form of a component, each field with what it is for and an example."""

from __future__ import annotations

from typing import Any

from django import forms

from incentives.currencies import decimals_of
from incentives.editor.forms import NAME_HELP, FormulaField, Group, PartForm, code_of
from incentives.models import Component, PlanVersion


class ComponentForm(PartForm):
    """What a plan pays: a formula, and what may stand before and after it."""

    groups = (
        Group(
            "What it pays",
            "A component is one line of the statement.",
            ("title", "name", "formula"),
        ),
        Group(
            "On what conditions, and within which limits",
            "Each is a formula of its own. Leave empty what the component does not have.",
            ("gate", "modifier", "floor", "cap"),
            aside=True,
        ),
        Group(
            "For what it is worked out",
            "Once for each person and period, or for each credit, day or team.",
            ("per", "of", "distribute", "within", "rounding_each"),
            aside=True,
        ),
        Group(
            "Over time",
            "What happens in a part of a period, over the year, and after the period is final.",
            ("cumulate", "prorate", "after_final"),
            aside=True,
        ),
        Group(
            "How it is paid",
            "Rounding, currency, and when the amount becomes payable.",
            (
                "rounding_decimals",
                "earning_type",
                "schedule",
                "currency",
                "exchange_rate",
                "paid_as",
                "advance_until",
            ),
            aside=True,
        ),
    )

    title = forms.CharField(
        required=False,
        max_length=200,
        label="Title",
        help_text="As people read it on their statement, such as Commission. Empty: its name.",
    )
    name = forms.CharField(
        max_length=60,
        required=False,
        help_text=NAME_HELP.format("commission") + " Empty: made of the title.",
    )
    formula = FormulaField(
        4,
        required=True,
        help_text="The amount, written as in a spreadsheet, such as TIER(volume, steps).",
    )
    gate = FormulaField(
        help_text="A condition, such as quality >= 80%. Where it is not met nothing is paid.",
    )
    modifier = FormulaField(
        help_text="A factor on the amount, such as IF(ATTAINMENT(volume) >= 120%, 1.25, 1)."
    )
    floor = FormulaField(help_text="A guarantee: at least this much, such as 200.")
    cap = FormulaField(help_text="At most this much, such as 1600.")
    per = forms.ChoiceField(
        choices=[
            ("person", "Each person and period"),
            ("credit", "Each credit: each deal, account or payment by itself"),
            ("day", "Each day"),
            ("team", "Each team: one amount that its people share"),
        ],
        initial="person",
        label="Worked out for",
        help_text="Per credit the formula reads what the deal says, such as amount or product.",
    )
    of = forms.ChoiceField(
        required=False,
        label="Credits of",
        help_text="Only per credit: the measure whose credits are paid.",
    )
    distribute = FormulaField(
        label="Shared by",
        help_text="Only per team: each person's weight in the team's amount, such as hours.",
    )
    within = forms.ChoiceField(
        choices=[("unit", "The unit"), ("plan", "Everybody on the plan"), ("job_type", "Job type")],
        initial="unit",
        required=False,
        label="Shared among",
        help_text="Only per team: the people who share the amount.",
    )
    rounding_each = forms.ChoiceField(
        choices=[
            ("", "As is usual"),
            ("credit", "Each credit alone"),
            ("running", "Along the running total, so that parts sum to the whole"),
            ("transaction", "Each deal once, over its parties"),
        ],
        required=False,
        label="What is rounded",
        help_text="Only per credit. Usual: along the total where RUNNING is read, else each deal"
        " once for all its parties.",
    )
    cumulate = forms.ChoiceField(
        choices=[
            ("restart", "Each period by itself"),
            ("to_date", "To date: what the year earns so far, less what it had earned before"),
        ],
        initial="restart",
        label="Over the year",
        help_text="To date goes with measures of the year to date. A sale that comes late then"
        " counts in its own month, at the rate of the year.",
    )
    prorate = forms.BooleanField(
        required=False,
        initial=True,
        label="Reduce it for part of a period",
        help_text="Where “The plan as a whole” says what reduces amounts.",
    )
    after_final = forms.ChoiceField(
        choices=[
            ("restate", "Everybody whom it concerns gets the difference"),
            ("freeze", "Stays frozen: a pool mends the one person, prizes move nobody"),
        ],
        initial="restate",
        label="A later change",
        help_text="What happens when data of a final period changes.",
    )
    rounding_decimals = forms.IntegerField(
        min_value=-6,
        max_value=6,
        initial=2,
        label="Decimals",
        help_text="2 for cents, 0 for whole amounts, -1 for tens. A half is rounded up.",
    )
    earning_type = forms.CharField(
        max_length=60,
        initial="incentive",
        label="Booked as",
        help_text="What payroll books it as, such as commission.",
    )
    schedule = forms.ChoiceField(
        required=False,
        label="Paid in parts",
        help_text="Empty: all of it when the period is final.",
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        required=False,
        error_messages={"invalid": "A currency has three capital letters, such as USD."},
        label="Currency of the formula",
        help_text="Empty: the plan's. Another one, such as USD, needs an exchange rate.",
    )
    exchange_rate = forms.ChoiceField(
        choices=[
            ("", "None"),
            ("plan", "The plan's own rate"),
            ("month", "The rate of the month"),
            ("day", "The rate of the day"),
        ],
        required=False,
        label="Exchange rate",
        help_text="Which rate turns it into the plan's currency.",
    )
    paid_as = forms.ChoiceField(
        choices=[("earned", "Earned"), ("advance", "An advance, earned later")],
        initial="earned",
        label="Paid as",
        help_text="An advance is owed back until its condition is met.",
    )
    advance_until = FormulaField(
        label="Earned when",
        help_text="Only of an advance: a condition over the deal, such as NOT(ISBLANK(collected)).",
    )

    class Meta:
        model = Component
        fields = (
            *("name", "title", "formula", "gate", "modifier", "floor", "cap", "per", "of"),
            *("prorate", "cumulate", "rounding_decimals", "rounding_each", "earning_type"),
            *("schedule", "exchange_rate", "after_final", "paid_as"),
        )

    def __init__(self, *args: Any, version: PlanVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(version.measures.order_by("name").values_list("name", flat=True))
        self._offer("of", names)
        self._offer("schedule", list(version.schedules))
        if self.instance.pk is None:
            self.initial["rounding_decimals"] = decimals_of(version.plan)
        said = self.instance.options.get("distribute", "")
        by, within = (said, "unit") if isinstance(said, str) else (said["by"], said["within"])
        self.initial.update(
            {
                "distribute": by,
                "within": within,
                "currency": self.instance.options.get("currency", ""),
                "advance_until": self.instance.options.get("advance_until", ""),
            }
        )

    def _offer(self, field: str, names: list[str]) -> None:
        """The names that a choice has; one that is gone stays, so that it can be seen."""
        chosen = getattr(self.instance, field)
        if chosen and chosen not in names:
            names.append(chosen)
        choice = self.fields[field]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", "—"), *((name, name) for name in names)]

    def clean_name(self) -> str:
        """Left empty it is made of the title."""
        if not str(self.cleaned_data["name"]).strip():
            # The title is cleaned after the name.
            title = str(self.data.get("title", "")).strip()
            if not title:
                raise forms.ValidationError("Give it a title, or a name of its own.")
            self.cleaned_data["name"] = code_of(title)[:36].strip("_")
        return super().clean_name()

    def _post_clean(self) -> None:
        """Gather what stands among the options of a component."""
        super()._post_clean()  # type: ignore[misc]
        data = self.cleaned_data
        options = {
            key: value
            for key, value in self.instance.options.items()
            if key not in ("distribute", "currency", "advance_until")
        }
        by, within = (data.get("distribute") or "").strip(), data.get("within") or "unit"
        if by:
            options["distribute"] = by if within == "unit" else {"by": by, "within": within}
        for key in ("currency", "advance_until"):
            if text := (data.get(key) or "").strip():
                options[key] = text
        self.instance.options = options
