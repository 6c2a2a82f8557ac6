"""What a member may do on a day, and the door that every page goes through.

A page says which permission it needs; who is not logged in is asked to, and who lacks the
permission gets a 403 with a sentence. What a member may not even know of is a 404, by the query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from org.models import Membership, Person, Tenant, User
from org.permissions import Permission, Role, permissions_of
from org.queries import may_see_pay, roles_and_name

View = Callable[..., HttpResponseBase]


def today(tenant: Tenant) -> date:
    """The tenant's day at this moment; only the edge asks, verbs get it as an argument."""
    return timezone.now().astimezone(ZoneInfo(tenant.time_zone)).date()


@dataclass(frozen=True)
class Asking:
    """Whoever asks, today: the roles held, and who that is among the tenant's people, if anybody.

    ``code``: the personnel number.
    """

    roles: frozenset[Role] = frozenset()
    name: str = ""
    code: str = ""


def acting(request: HttpRequest) -> User:
    """Who acts in a request that was let in."""
    assert isinstance(request.user, User), "pages let nobody in who is not logged in"
    return request.user


def request_asking(request: HttpRequest) -> Asking:
    """Who asks; nobody outside a tenant. Looked up once a request, in one query."""
    known: Asking | None = getattr(request, "_asking", None)
    if known is None:
        membership = getattr(request, "membership", None)
        known = Asking()
        if membership is not None:
            rows = roles_and_name(membership, today(membership.tenant))
            name, code = next(((n or "", c) for _, n, c in rows if c), ("", ""))
            known = Asking(frozenset(Role(role) for role, *_ in rows), name, code)
        request._asking = known  # type: ignore[attr-defined]
    return known


def request_roles(request: HttpRequest) -> frozenset[Role]:
    """The roles of whoever asks, today; none outside a tenant."""
    return request_asking(request).roles


def request_permissions(request: HttpRequest) -> frozenset[Permission]:
    """All that whoever asks may do today."""
    return permissions_of(request_roles(request))


def request_sees_pay(request: HttpRequest, person: Person | None = None) -> bool:
    """Whether whoever asks may read the pay of a person whom they see, or, without, of others."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    on = today(membership.tenant)
    return may_see_pay(membership, person, on, held=request_permissions(request))


def member_required(view: View) -> View:
    """Let in members of a tenant; the others log in first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.membership is None:  # type: ignore[attr-defined]
            # Who has several and has chosen none does not come here: the gate asks first.
            raise PermissionDenied(
                "Your login belongs to no organisation here. Ask an administrator of yours to "
                "make you a member."
            )
        return view(request, *args, **kwargs)

    return guarded


def needs(*any_of: Permission) -> Callable[[View], View]:
    """Let in members who have at least one of the permissions today."""

    def decorate(view: View) -> View:
        @member_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request_permissions(request).isdisjoint(any_of):
                raise PermissionDenied(
                    "Your role does not open this page. Ask an administrator if you need it."
                )
            return view(request, *args, **kwargs)

        return guarded

    return decorate
