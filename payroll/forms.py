"""Forms of the desk of payroll."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms

from org.commands import find_person
from org.errors import DomainError
from org.models import PayGroup, Period
from org.period_field import PeriodField
from payroll.models import PayrollProfile

LOOK_BACK = timedelta(days=200)


class PrepareForm(forms.Form):
    """A pay group and one of its calendar's periods."""

    pay_group = forms.ModelChoiceField(
        queryset=PayGroup.objects.none(), empty_label="Choose a pay group"
    )
    period = PeriodField(empty_label="Choose a period")
    pay_date = forms.DateField(
        required=False,
        label="Paid on",
        help_text="The day of an off-cycle batch: beside the period's own run, without draws, with"
        " the differences of final periods.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    people = forms.CharField(
        required=False,
        label="Only these people",
        help_text="Codes, one a line. Empty: everybody of the pay group.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups, periods = self.fields["pay_group"], self.fields["period"]
        assert isinstance(groups, forms.ModelChoiceField)
        assert isinstance(periods, forms.ModelChoiceField)
        groups.queryset = PayGroup.objects.order_by("code")
        of_groups = Period.objects.filter(
            calendar__in=PayGroup.objects.values("calendar"),
            valid_from__lte=on,
            valid_from__gt=on - LOOK_BACK,
        )
        periods.queryset = of_groups.select_related("calendar").order_by("-valid_from")

    def clean_people(self) -> list[int] | None:
        """The ids of the people named; None: everybody."""
        codes = self.cleaned_data["people"].split()
        if not codes:
            return None
        try:
            return [find_person(code).pk for code in codes]
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        """Only an off-cycle batch is for some people."""
        asked = super().clean() or self.cleaned_data
        if asked.get("people") and asked.get("pay_date") is None and "pay_date" not in self.errors:
            self.add_error(
                "people",
                "Only an off-cycle batch can be for some people: enter the day when it is paid.",
            )
        return asked

    def problems(self) -> Iterator[str]:
        """What is missing or wrong, as sentences."""
        if "pay_group" in self.errors:
            yield "Choose the pay group that is to be paid."
        if "period" in self.errors:
            yield "Choose the period of pay, one of the calendar of the pay group."
        if "pay_date" in self.errors:
            yield "Enter the day of the off-cycle batch as a date, like 2026-07-06."
        yield from map(str, self.errors.get("people", ()))


class FileForm(forms.Form):
    """The layout of a file, and whether it is written once more."""

    profile = forms.ModelChoiceField(
        queryset=PayrollProfile.objects.none(), label="Layout", empty_label="Choose a layout"
    )
    again = forms.BooleanField(
        required=False,
        label="Write it once more",
        help_text="Only after payroll has been told: a file that is read twice can pay twice.",
    )

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profiles = self.fields["profile"]
        assert isinstance(profiles, forms.ModelChoiceField)
        profiles.queryset = PayrollProfile.objects.order_by("code")
