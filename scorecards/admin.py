"""Leaderboards and wallboards in the admin, for those who configure or edit rules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone

from org.access import today
from org.admin_base import TenantAdmin, TenantForm, TenantInline
from org.permissions import Permission
from scorecards.checks import board_problems, panel_problems
from scorecards.models import Leaderboard, Wallboard, WallPanel
from scorecards.ranking import rank_board, remove


class ByEither:
    """Open for writing to who configures and to who edits rules."""

    def may_write(self, request: HttpRequest) -> bool:
        """Whether the role of whoever asks carries one of the two."""
        either = (Permission.CONFIGURE, Permission.EDIT_RULES)
        return any(self.may(request, permission) for permission in either)  # type: ignore[attr-defined]


class LeaderboardForm(TenantForm):
    """A leaderboard; what is wrong with it stands at its field."""

    def clean(self) -> dict[str, Any]:
        """Judge the board as a whole once its fields are sound."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        fields = {name: cleaned.get(name) for name in ("what", "metric", "plan", "calendar")}
        board = Leaderboard(**fields, weights=cleaned.get("weights") or {})
        for field, sentence in board_problems(board):
            self.add_error(field, sentence)
        return cleaned


@admin.register(Leaderboard)
class LeaderboardAdmin(ByEither, TenantAdmin):
    """What is ranked, of whom, for whom. Saved, it ranks every period that is not final anew."""

    form = LeaderboardForm
    list_display = ("title", "code", "what", "of", "calendar", "unit", "job_type", "active")
    list_select_related = ("calendar", "unit", "job_type")
    search_fields = ("code", "title")
    fieldsets = (
        (None, {"fields": ("code", "title", "active")}),
        ("What is ranked", {"fields": ("what", "metric", "plan", "weights", "minimum_sample")}),
        ("Of whom and when", {"fields": ("of", "unit", "job_type", "calendar", "movement")}),
        ("Who sees what", {"fields": ("open_to", "top", "names", "opt_out")}),
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the board and rank it, both or neither."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            tenant = request.membership.tenant  # type: ignore[attr-defined]
            rank_board(board=obj, at=timezone.now(), on=today(tenant))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only one that has shown nothing yet can go; the others are switched off."""
        shown = obj is not None and obj.standings.filter(final_at__isnull=False).exists()
        return not shown and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """The board, with the provisional standings that it shows."""
        remove(board=obj)


class PanelForms(BaseInlineFormSet):  # type: ignore[type-arg]
    """The panels of a wallboard, judged together."""

    def clean(self) -> None:
        """Refuse more than a screen has room for."""
        super().clean()
        if any(self.errors):
            return
        kept = [f for f in self.forms if f.cleaned_data and not f.cleaned_data.get("DELETE")]
        problems = list(panel_problems([form.instance for form in kept]))
        if problems:
            raise ValidationError(problems)


class PanelInline(ByEither, TenantInline):
    """The parts of a wallboard, from left to right."""

    model = WallPanel
    formset = PanelForms
    fields = ("order", "kind", "leaderboard", "top")


@admin.register(Wallboard)
class WallboardAdmin(ByEither, TenantAdmin):
    """A wallboard and its panels. Its addresses and messages are made on its own page."""

    list_display = ("title", "code", "unit", "refresh_seconds", "names", "active")
    list_select_related = ("unit",)
    search_fields = ("code", "title")
    inlines = [PanelInline]
