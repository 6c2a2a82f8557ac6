"""What the views of a team share: who asks, when it is, and a verb's refusal at its form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from org.access import request_permissions, today
from org.dates import plausible
from org.errors import DomainError
from org.models import Membership, Person, User
from org.permissions import Permission
from org.queries import get_visible_person_or_404, visible_people

DAY = "%Y-%m-%d"


@dataclass(frozen=True)
class Acting:
    """Whoever asks, and when."""

    membership: Membership
    user: User
    held: frozenset[Permission]
    at: datetime
    today: date

    @property
    def own(self) -> int:
        """Who the member is among the tenant's people; 0 for nobody."""
        return self.membership.person_id or 0

    def may(self, permission: Permission) -> bool:
        """Whether the roles of today carry a permission."""
        return permission in self.held

    def people(self) -> QuerySet[Person]:
        """Whom the member sees today."""
        return visible_people(self.membership, on=self.today)

    def person(self, code: str, permission: Permission | None = None) -> Person:
        """Somebody whom the member sees (else 404) and may do this to (else 403)."""
        found = get_visible_person_or_404(self.membership, on=self.today, code=code)
        if permission is not None:
            self.demand(permission)
        return found

    def demand(self, permission: Permission) -> None:
        """Refuse (403) whoever lacks a permission today."""
        if not self.may(permission):
            what = permission.replace("_", " ")
            raise PermissionDenied(f"Your role may not {what}. Ask somebody whose role may.")


def acting(request: HttpRequest) -> Acting:
    """Who asks now."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    assert isinstance(request.user, User), "only members come here"
    return Acting(
        membership=membership,
        user=request.user,
        held=request_permissions(request),
        at=timezone.now(),
        today=today(membership.tenant),
    )


def done(request: HttpRequest, form: forms.Form, verb: Callable[[], str]) -> bool:
    """Run a verb; say what it did, or, where it refuses, why at the form."""
    try:
        said = verb()
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, said)
    return True


def tried(request: HttpRequest, verb: Callable[[], str]) -> None:
    """Run a verb that has no fields to show; say what it did, or why it refused."""
    try:
        messages.success(request, verb())
    except DomainError as refusal:
        messages.error(request, str(refusal))


def approves(request: HttpRequest) -> bool:
    """Whether a decision that was sent approves; DomainError where it says neither."""
    decision = request.POST.get("decision")
    if decision not in ("approve", "refuse"):
        raise DomainError("Nothing was decided: choose whether to approve or to refuse.")
    return decision == "approve"


def day_or_404(text: str) -> date:
    """A day of an address, on which somebody can have worked."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404(f"“{text}” is no day.") from None
    if not plausible(day):
        raise Http404(f"{text} is no day on which anybody works.")
    return day


def month_or_404(text: str) -> date:
    """The first day of a month of an address, written 2026-06."""
    if len(text) != 7:
        raise Http404(f"“{text}” is no month.")
    return day_or_404(f"{text}-01")


class DayField(forms.DateField):
    """A day, with the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format=DAY)
        super().__init__(widget=widget, input_formats=[DAY], **options)
