"""The form of a measure, each field with what it is for and an example."""

from __future__ import annotations

from typing import Any

from django import forms

from incentives.editor.forms import NAME_HELP, FormulaField, Group, PartForm
from incentives.models import Measure, PlanVersion
from incentives.rules.names import name_trouble
from metrics.models import Metric
from org.models import Calendar


class MeasureForm(PartForm):
    """What formulas read: which metric, whose, over which days."""

    groups = (
        Group(
            "What is measured",
            "Formulas read measures, by their names: a metric, whose, and of which days.",
            ("metric", "name", "scope", "window"),
        ),
        Group(
            "Days of its own",
            "Only where the window above says so.",
            ("rolling", "first_day", "end_day"),
            aside=True,
        ),
        Group(
            "What counts, and what is missing",
            "Which credits count, what happens without data, and with what was taken back.",
            ("filter", "no_data", "undone_as"),
            aside=True,
        ),
        Group(
            "Goal and segments",
            "Usually the goal of the metric and scope, and segments as the plan says.",
            ("goal_metric", "goal_of", "goal_calendar", "segments", "with_manager"),
            aside=True,
        ),
        Group(
            "Instead of a metric",
            "What a component of this or another plan earned, as for an override.",
            ("earnings_of",),
            aside=True,
        ),
    )

    metric = forms.ModelChoiceField(
        queryset=Metric.objects.none(),
        required=False,
        help_text="What is counted. Metrics come with the data; their page says how they add up.",
    )
    name = forms.CharField(
        max_length=60,
        required=False,
        help_text=NAME_HELP.format("volume") + " Empty: the metric's code.",
    )
    scope = forms.ChoiceField(
        choices=Measure.Scope.choices,
        initial="own",
        label="Whose",
        help_text="Own: the person's. The unit: of everybody who works in it on the day.",
    )
    window = forms.ChoiceField(
        choices=[
            ("period", "The period"),
            ("quarter_to_date", "The quarter to date"),
            ("year_to_date", "The year to date"),
            ("since_hire", "Since hire"),
            ("rolling", "This period and those before it (say how many below)"),
            ("own_dates", "Days of its own (say which below)"),
        ],
        initial="period",
        label="Of which days",
        help_text="For a tier that goes by the year choose the year to date.",
    )
    rolling = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=600,
        label="How many periods",
        help_text="This one included: 3 for this and the two before it.",
    )
    first_day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The first day that counts.",
    )
    end_day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        label="Ends before",
        help_text="The first day that no longer counts.",
    )
    filter = FormulaField(
        help_text='Only credits that meet a condition over the deal, such as product = "Gold card".'
    )
    no_data = forms.ChoiceField(
        choices=Measure.NoData.choices,
        initial="undecided",
        label="Without data",
        help_text="Undecided: what needs the figure waits, and nobody is paid a wrong zero.",
    )
    undone_as = forms.ChoiceField(
        choices=[
            ("restate", "Restate: the deal counts for less on its own day"),
            ("reverse", "Reverse: it stays in the totals, what it earned is taken back"),
            ("net", "Net: it stays, and is set off on the day it was undone"),
        ],
        initial="restate",
        label="What was taken back",
        help_text="How a cancelled deal is treated.",
    )
    goal_metric = forms.ModelChoiceField(
        queryset=Metric.objects.none(),
        required=False,
        to_field_name="code",
        label="Goal of another metric",
        help_text="Empty: the metric's own goal.",
    )
    goal_of = forms.ChoiceField(
        choices=[("", "As its scope says"), ("person", "Each person's"), ("team", "The team's")],
        required=False,
        label="Whose goal",
        help_text="A person's figure may be held against the goal of the team.",
    )
    goal_calendar = forms.ModelChoiceField(
        queryset=Calendar.objects.none(),
        required=False,
        to_field_name="code",
        label="Goal of the calendar",
        help_text="Where goals differ by calendar, such as a quarter's.",
    )
    segments = forms.ChoiceField(
        choices=[
            ("", "As the plan says"),
            ("blend", "Blended into one"),
            ("separate", "Kept apart"),
        ],
        required=False,
        help_text="Of somebody who changed team or job within the period.",
    )
    with_manager = forms.ChoiceField(
        choices=[("", "As is usual"), ("yes", "Yes"), ("no", "No")],
        required=False,
        label="With the manager's own figures",
        help_text="Only of a unit or of reports. Usual: yes for units, no for reports.",
    )
    earnings_of = forms.CharField(
        required=False,
        max_length=130,
        label="Earnings of",
        help_text="Plan and component, such as sales.commission. Then no metric is chosen.",
    )

    class Meta:
        model = Measure
        fields = (
            *("metric", "name", "scope", "window", "filter", "no_data", "undone_as"),
            "earnings_of",
        )

    def __init__(self, *args: Any, version: PlanVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("metric", Metric.objects.order_by("name")),
            ("goal_metric", Metric.objects.order_by("name")),
            ("goal_calendar", Calendar.objects.order_by("code")),
        ):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = rows
        self.initial.update(_options_of(self.instance))

    def clean(self) -> dict[str, Any]:
        """One source; a window that says what it needs to."""
        data: dict[str, Any] = super().clean() or {}
        metric, earnings = data.get("metric"), data.get("earnings_of")
        if bool(metric) == bool(earnings):
            both = "not on both" if metric else "so choose one"
            self.add_error("metric", f"A measure stands on a metric or on earnings: {both}.")
        if not data.get("name") and "name" not in self.errors:
            data["name"] = metric.code if metric else (earnings or "").rpartition(".")[2]
            if data["name"] and (trouble := name_trouble(data["name"])):
                self.add_error("name", f"{trouble} Choose a name for the measure.")
        if data.get("window") == "rolling" and not data.get("rolling"):
            self.add_error("rolling", "Say how many periods it adds up, such as 3.")
        if data.get("window") == "own_dates":
            for day in ("first_day", "end_day"):
                if not data.get(day):
                    self.add_error(day, "A window of its own has both days.")
        return data

    def clean_name(self) -> str:
        """Left empty it is the metric's code."""
        name = str(self.cleaned_data["name"]).strip()
        return super().clean_name() if name else ""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        data = self.cleaned_data
        self.instance.name = data.get("name") or self.instance.name
        self.instance.options = _options_from(data)


def _options_of(row: Measure) -> dict[str, Any]:
    """The options of a measure as fields of the form."""
    options = row.options
    goal, window = options.get("goal", {}), options.get("window", {})
    with_manager = options.get("with_manager")
    return {
        "rolling": window.get("rolling"),
        "first_day": window.get("from"),
        "end_day": window.get("to"),
        "goal_metric": goal.get("metric"),
        "goal_of": goal.get("of", ""),
        "goal_calendar": goal.get("calendar"),
        "segments": options.get("segments", ""),
        "with_manager": "" if with_manager is None else "yes" if with_manager else "no",
    }


def _options_from(data: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if data.get("window") == "rolling" and data.get("rolling"):
        options["window"] = {"rolling": data["rolling"]}
    if data.get("window") == "own_dates" and data.get("first_day") and data.get("end_day"):
        options["window"] = {"from": str(data["first_day"]), "to": str(data["end_day"])}
    metric, calendar = data.get("goal_metric"), data.get("goal_calendar")
    goal = {
        "metric": metric.code if metric else "",
        "of": data.get("goal_of"),
        "calendar": calendar.code if calendar else "",
    }
    if said := {key: value for key, value in goal.items() if value}:
        options["goal"] = said
    if data.get("segments"):
        options["segments"] = data["segments"]
    if data.get("with_manager"):
        options["with_manager"] = data["with_manager"] == "yes"
    return options
