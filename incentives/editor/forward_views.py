"""The page that copies a plan year forward: first what would be copied, then the copy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from incentives.editor.forward import copy_forward, look_ahead
from incentives.editor.pages import noted, tenant_day
from incentives.models import Plan, PlanVersion
from org.access import needs
from org.errors import DomainError
from org.permissions import Permission

MOST_SHOWN = 200


class ForwardForm(forms.Form):
    """Which plans, into which year, and whether goals come along."""

    year = forms.IntegerField(
        min_value=2001, max_value=2200, label="Into the year", help_text="The year that begins."
    )
    plans = forms.ModelMultipleChoiceField(
        queryset=Plan.objects.none(), widget=forms.CheckboxSelectMultiple, label="Plans"
    )
    goals = forms.BooleanField(
        required=False,
        initial=True,
        label="Copy the goals of the year before",
        help_text="With their days moved by a year. Goals that are there already are left.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["plans"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        live = PlanVersion.objects.filter(status=PlanVersion.Status.PUBLISHED).values("plan")
        field.queryset = Plan.objects.filter(pk__in=live).select_related("calendar")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EDIT_RULES)
def forward(request: HttpRequest) -> HttpResponse:
    """What copying would make; sent, it is made."""
    initial = {"year": tenant_day(request).year + 1, "goals": True}
    data = request.POST if request.method == "POST" else request.GET
    form = ForwardForm(data if "year" in data else None, initial=initial)
    context: dict[str, Any] = {"form": form, "most": MOST_SHOWN}
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data
        if request.method == "POST":
            try:
                drafts, goals = copy_forward(
                    plans=chosen["plans"],
                    year=chosen["year"],
                    with_goals=chosen["goals"],
                    **noted(request),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                _tell(request, drafts, len(goals.new))
                return redirect("edit-version", drafts[0].pk)
        context["ahead"] = look_ahead(chosen["plans"], chosen["year"], with_goals=chosen["goals"])
        context["chosen"] = chosen
    return render(request, "incentives/editor/forward.html", context)


def _tell(request: HttpRequest, drafts: list[PlanVersion], goals: int) -> None:
    names = ", ".join(str(draft) for draft in drafts)
    beside = f", and {goals} goal{'s' * (goals != 1)} copied" if goals else ""
    messages.success(
        request, f"Drafts of yours: {names}{beside}. Somebody else publishes each of them."
    )
