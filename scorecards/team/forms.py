"""The forms of a team's pages; what they may not say is refused by the verbs in words."""

from __future__ import annotations

from typing import Any

from django import forms

from metrics.models import Metric, MetricDefinition
from org.models import AbsenceType
from scorecards.team.acting import DayField

Kind = MetricDefinition.Kind
MOST_PLACES = {"max_digits": 30, "decimal_places": 12}


class AbsenceForm(forms.Form):
    """From when to when somebody is away, and why."""

    first = DayField(label="First day")
    last = DayField(label="Last day")
    type = forms.ModelChoiceField(AbsenceType.objects.none(), label="What", empty_label=None)
    hours = forms.DecimalField(
        required=False,
        max_digits=6,
        decimal_places=2,
        help_text="Of each of these days. Leave it empty for whole days.",
    )
    reason = forms.CharField(max_length=200, label="Why, in a few words")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = AbsenceType.objects.order_by("name", "code")  # type: ignore[attr-defined]


class TakeBackForm(forms.Form):
    """Which recorded days somebody was there after all."""

    first = DayField(label="First day")
    last = DayField(label="Last day")
    type = forms.ModelChoiceField(AbsenceType.objects.none(), required=False)
    reason = forms.CharField(max_length=200, label="Why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = AbsenceType.objects.all()  # type: ignore[attr-defined]


class FigureChoiceForm(forms.Form):
    """Which figure is meant: a metric and a day."""

    metric = forms.ModelChoiceField(
        Metric.objects.none(), to_field_name="code", empty_label="Choose a metric"
    )
    day = DayField()

    def __init__(self, *args: Any, metrics: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Metric.objects.order_by("name") if metrics is None else metrics
        self.fields["metric"].queryset = found  # type: ignore[attr-defined]


BESIDE = {Kind.RATIO: "Divided by", Kind.WEIGHTED_MEAN: "Weight"}
ABOVE = {Kind.RATIO: "Sum above the line", Kind.WEIGHTED_MEAN: "Score"}


class CorrectionForm(forms.Form):
    """What a figure should be; of a ratio its two parts, of a mean the score and its weight."""

    value = forms.DecimalField(**MOST_PLACES)  # type: ignore[arg-type]
    beside = forms.DecimalField(**MOST_PLACES)  # type: ignore[arg-type]
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Why the figure is wrong, and how you know. Whoever decides reads this.",
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Kind(kind)
        self.fields["value"].label = ABOVE.get(known, "Right figure")
        if known in BESIDE:
            self.fields["beside"].label = BESIDE[known]
        else:
            del self.fields["beside"]


class DecisionForm(forms.Form):
    """The answer of whoever decides; a refusal needs one."""

    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=2000,
        help_text="Whoever asked reads it. A refusal needs one.",
    )


class ScoresForm(forms.Form):
    """Where a whole form of scores says why, beside the fields of each person."""

    reason = forms.CharField(
        max_length=200,
        label="Which evaluation or conversation this comes from",
        help_text="It stays with the scores.",
    )
    form = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ScoreForm(forms.Form):
    """One person's score; an empty one leaves what is there."""

    value = forms.DecimalField(required=False, **MOST_PLACES)  # type: ignore[arg-type]
    beside = forms.DecimalField(required=False, min_value=0, **MOST_PLACES)  # type: ignore[arg-type]

    def __init__(self, *args: Any, kind: str, who: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].widget.attrs["aria-label"] = f"Score of {who}"
        if Kind(kind) in BESIDE:
            what = BESIDE[Kind(kind)]
            self.fields["beside"].widget.attrs["aria-label"] = f"{what}, {who}"
        else:
            del self.fields["beside"]


class ObjectionForm(forms.Form):
    """What is wrong with a month's team."""

    who = forms.CharField(
        max_length=200, label="Who", help_text="Name or personnel number, also of somebody missing."
    )
    since = DayField(label="Since when")
    what = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        label="What is wrong",
        help_text="For example: moved to another team on that day, or is missing here.",
    )


class AnswerForm(forms.Form):
    """What was done about it."""

    answer = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)
