"""What the pages of the admin share: permissions by role, refusals in words, an audit row a write.

Each app registers its models with ``@admin.register(Model)`` and a class on :class:`TenantAdmin`
that names the permission to see and the one to write. Without ``write`` it is read only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms.utils import ErrorList
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from org.access import request_permissions
from org.audit import record
from org.errors import DomainError
from org.history import TRACKED
from org.models import AuditEntry
from org.pages import number_in
from org.past import changes_of
from org.permissions import Permission
from org.wording import said


class SentenceList(ErrorList):
    """A form's errors; what is indented in a message (a formula, its caret) keeps its columns."""

    def render(self, *_args: Any, **_kwargs: Any) -> SafeString:
        """Each error as parts: sentences, and lines that stand in a ``<pre>``."""
        parted = [parts_of(str(error)) for error in self]
        if not parted:  # the admin asks whether the text is empty
            return SafeString("")
        return render_to_string("pmsite/errors.html", {"class": self.error_class, "parted": parted})

    __str__ = __html__ = render


def parts_of(message: str) -> list[tuple[bool, str]]:
    """``message`` cut into runs of (indented?, text); days in words where nothing is indented."""
    parts: list[tuple[bool, str]] = []
    for line in message.splitlines():
        indented = line.startswith("    ")
        line = line if indented else said(line)
        if parts and parts[-1][0] == indented:
            parts[-1] = (indented, f"{parts[-1][1]}\n{line}")
        else:
            parts.append((indented, line))
    return parts


class TenantForm(forms.ModelForm):
    """A form of a tenant's row: its unique keys hold the tenant, so it takes part in the check."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "error_class": SentenceList})

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"tenant"}


class JsonText(forms.JSONField):
    """JSON as it is typed: a number too long, or brackets too deep, is a mistake like any other."""

    def to_python(self, value: Any) -> Any:
        """What was typed, read; ValidationError where it cannot be."""
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": "…"}
            ) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What is shown again: as it was typed where it cannot be read."""
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return forms.fields.InvalidJSONInput(data)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """What cannot be read is something else than before."""
        try:
            return super().has_changed(initial, data)
        except (ValueError, RecursionError):
            return True


class ByRole:
    """Asks the tenant's table of roles where Django would ask its own permissions."""

    formfield_overrides: Any = {models.JSONField: {"form_class": JsonText}}
    see: Permission = Permission.SEE_RULES
    write: Permission | None = None

    def may(self, request: HttpRequest, permission: Permission) -> bool:
        """Whether the role of whoever asks carries a permission today."""
        return permission in request_permissions(request)

    def may_write(self, request: HttpRequest) -> bool:
        """Whether the role of whoever asks may change such rows."""
        return self.write is not None and self.may(request, self.write)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the role of whoever asks reads such rows; auditors read all there are."""
        seen = self.may(request, self.see) or self.may(request, Permission.SEE_AUDIT)
        return seen or self.may_write(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class TenantInline(ByRole, admin.TabularInline):
    """Rows on the page of the row that they belong to."""

    form = TenantForm
    extra = 0


class TenantStackedInline(ByRole, admin.StackedInline):
    """The same, each row with its fields below each other."""

    form = TenantForm
    extra = 0


class TenantAdmin(ByRole, admin.ModelAdmin):
    """A model of the tenant in the admin.

    A verb that refuses (DomainError) becomes a message, and nothing is written. Every write through
    the admin leaves an audit row; Django's own log, which knows no tenants, is not kept.
    """

    form = TenantForm
    show_facets = admin.ShowFacets.NEVER

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._refusable(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._refusable(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if any(number_in(one) is None for one in chosen):
            return self.refused(request, DomainError("Choose rows of the list by their boxes."))
        return self._refusable(request, super().changelist_view, *args, **kwargs)

    def _refusable(
        self, request: HttpRequest, view: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        try:
            return view(request, *args, **kwargs)
        except DomainError as refusal:
            return self.refused(request, refusal)

    def demand(self, request: HttpRequest, permission: Permission) -> None:
        """Refuse (403) whoever lacks a permission today."""
        if not self.may(request, permission):
            what = permission.replace("_", " ")
            raise PermissionDenied(f"Your role may not {what}. Ask somebody whose role may.")

    def refused(self, request: HttpRequest, refusal: DomainError) -> HttpResponse:
        """Say what was refused, and show the page again."""
        messages.error(request, str(refusal))
        return HttpResponseRedirect(request.get_full_path())

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, *_args: Any) -> Any:
        """Of another organisation or of nobody: there is no such row (Django would redirect)."""
        raise Http404(f"No {self.opts.verbose_name} of yours has this number.")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._note(request, "added", obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._note(request, "changed", obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[models.Model]) -> Any:
        return [self._note(request, "deleted", obj, "") for obj in queryset]

    def _note(self, request: HttpRequest, what: str, obj: models.Model, message: Any) -> AuditEntry:
        return record(
            action=f"{self.opts.verbose_name} {what}",
            subject=str(obj),
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            detail={"model": self.opts.label_lower, "id": obj.pk, "message": message},
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """The audit rows of one object, and what its row held, where that is kept."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404(f"No {self.opts.verbose_name} has the number {object_id}.")
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {obj}",
            "opts": self.opts,
            "object": obj,
            "entries": AuditEntry.objects.filter(
                detail__model=self.opts.label_lower, detail__id=obj.pk
            ).select_related("by"),
            "changes": changes_of(model=self.model, rows=[obj.pk])[::-1]
            if self.model in TRACKED
            else None,
        }
        return TemplateResponse(request, "admin/object_history.html", context)
