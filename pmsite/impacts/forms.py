"""What is asked before a change is tried: on which period, and what would be typed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet

from incentives.models import EffectTrial, ExchangeRate, Plan, PlanVersion
from metrics.models import Goal
from org.dates import plausible
from org.models import JobType, Period, Person, Unit
from org.period_field import PeriodField

Kind = EffectTrial.Kind
DAY = forms.DateInput(attrs={"type": "date"})
SHOWN_PERIODS = 36


def periods_of(row: Any, today: date) -> QuerySet[Period]:
    """The begun periods on which a change of a row can be tried, the newest first."""
    calendars = Plan.objects.values("calendar")
    if isinstance(row, PlanVersion):
        calendars = calendars.filter(pk=row.plan_id)
    begun = Period.objects.filter(calendar__in=calendars, valid_from__lte=today)
    return begun.select_related("calendar").order_by("-valid_from", "calendar__code")


class PeriodForm(forms.Form):
    """On which period a change is tried: the open one, or one that is over or final."""

    period = PeriodField(
        empty_label=None,
        help_text="The one that is open now, or any that is over: also a final one.",
    )

    def __init__(self, *args: Any, row: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row, self.today = row, today
        field = self.fields["period"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = periods_of(row, today)
        field.initial = field.queryset.filter(valid_to__gt=today).first() or field.queryset.first()

    def said(self) -> dict[str, str]:
        """What was typed beside the period, as the trial keeps it."""
        return {}


class GoalForm(PeriodForm):
    """Another value of a goal, from a day on."""

    value = forms.DecimalField(
        label="New value", max_digits=24, decimal_places=6, help_text="95 % is 0.95."
    )
    on = forms.DateField(label="From", widget=DAY)

    def __init__(self, *args: Any, row: Goal, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["value"].initial = row.value.normalize()
        self.fields["on"].initial = max(row.valid_from, self.fields["period"].initial.valid_from)

    def said(self) -> dict[str, str]:
        return {"value": f"{self.cleaned_data['value']:f}", "on": str(self.cleaned_data["on"])}


class TransferForm(PeriodForm):
    """Another unit, job type or contract share of a person, from a day on."""

    on = forms.DateField(label="From", widget=DAY)
    unit = forms.ModelChoiceField(
        Unit.objects.none(), to_field_name="code", required=False, empty_label="Stays as it is"
    )
    job_type = forms.ModelChoiceField(
        JobType.objects.none(), to_field_name="code", required=False, empty_label="Stays as it is"
    )
    share = forms.DecimalField(
        label="Contract share in percent",
        min_value=Decimal("0.0001"),
        max_value=Decimal(100),
        required=False,
        help_text="100 is full time. Left empty: stays as it is.",
    )

    def __init__(self, *args: Any, row: Person, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        for name, model in (("unit", Unit), ("job_type", JobType)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = model.objects.order_by("name")
        self.fields["on"].initial = self.fields["period"].initial.valid_from

    def clean(self) -> dict[str, Any]:
        """Something must change."""
        data = super().clean() or {}
        if not any(data.get(name) for name in ("unit", "job_type", "share")):
            raise forms.ValidationError("Choose another unit, job type or contract share.")
        return data

    def said(self) -> dict[str, str]:
        data = self.cleaned_data
        found = {"on": str(data["on"])}
        found |= {name: data[name].code for name in ("unit", "job_type") if data[name]}
        if data["share"]:
            found["share"] = f"{data['share'] / 100:f}"
        return found


class RateForm(PeriodForm):
    """Another exchange rate on the same days."""

    rate = forms.DecimalField(
        label="New rate", max_digits=30, decimal_places=12, min_value=Decimal("0.000000000001")
    )

    def __init__(self, *args: Any, row: ExchangeRate, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["rate"].initial = row.rate.normalize()

    def said(self) -> dict[str, str]:
        return {"rate": f"{self.cleaned_data['rate']:f}"}


def clean_day(form: forms.Form) -> None:
    """Refuse a day that nobody can mean."""
    day = form.cleaned_data.get("on")
    if day is not None and not plausible(day):
        form.add_error("on", f"{day} is no day on which anything could change.")


FORMS: dict[EffectTrial.Kind, type[PeriodForm]] = {
    Kind.GOAL: GoalForm,
    Kind.TRANSFER: TransferForm,
    Kind.RATE: RateForm,
}
