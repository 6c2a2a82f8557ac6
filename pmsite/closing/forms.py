"""What is asked when a period is closed."""

from __future__ import annotations

from typing import Any

from django import forms

from incentives.models import Decision


class WhyForm(forms.Form):
    """Why something may stay open, or is sent back."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        label="Why",
        error_messages={"required": "Say why: the reason stays with the closing."},
    )


class NoteForm(forms.Form):
    """What whoever closes should know."""

    note = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        required=False,
        help_text="For whoever closes it.",
    )


class GoalForm(forms.Form):
    """What a goal of zero means for somebody."""

    measure = forms.ChoiceField(label="Figure")
    kind = forms.ChoiceField(
        label="Its attainment", choices=Decision.Kind.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=2000, label="Why")

    def __init__(self, *args: Any, measures: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measure"].choices = measures  # type: ignore[attr-defined]
