"""A choice of periods by their names."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms

from org.models import Period
from org.wording import period_name


class PeriodField(forms.ModelChoiceField):  # type: ignore[misc]
    """Periods as “June 2026”; where several calendars are offered, each with its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Period.objects.none(), **options)

    @cached_property
    def several(self) -> bool:
        """Whether the periods are of more than one calendar."""
        assert self.queryset is not None
        return self.queryset.order_by().values("calendar").distinct()[:2].count() > 1

    def label_from_instance(self, obj: Period) -> str:
        """Its name."""
        name = period_name(obj)
        return f"{name} ({obj.calendar})" if self.several else name
