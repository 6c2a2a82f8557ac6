"""Forms of the pages beside the admin."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from incentives.models import PlanPeriod
from org.models import Period
from org.period_field import PeriodField


class AsKnownForm(forms.Form):
    """A period and a past moment; a day alone means its end."""

    period = PeriodField()
    day = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), help_text="As known at the end of this day."
    )
    hour = forms.TimeField(
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text="Empty: the end of the day.",
        label="Time",
    )

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        periods = Period.objects.filter(pk__in=PlanPeriod.objects.values("period"))
        choice = self.fields["period"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = periods.select_related("calendar").order_by("-valid_from", "calendar")

    def clean(self) -> dict[str, Any]:
        """The moment in the tenant's zone, beside what was typed."""
        given = super().clean() or {}
        if day := given.get("day"):
            hour = given.get("hour") or time(23, 59, 59)
            given["moment"] = datetime.combine(day, hour, tzinfo=self.zone)
        return given
