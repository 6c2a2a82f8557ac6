"""The pay curves of a version that has been calculated, with their cliffs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incentives.currencies import currency_of
from incentives.effect import curved
from incentives.models import PlanVersion
from org.access import needs, request_permissions
from org.models import Person
from org.permissions import Permission
from org.reading import log_reading
from pmsite.impacts import pictures


@require_safe
@needs(Permission.SEE_RULES)
def version_curves(request: HttpRequest, pk: int) -> HttpResponse:
    """What each component pays by the figure that it turns on, for a typical person."""
    rows = PlanVersion.objects.select_related("plan__calendar")
    version = rows.filter(pk=pk).first()
    if version is None:
        raise Http404("No version of a plan has this number.")
    point = curved.point_of(version)
    context: dict[str, Any] = {
        "version": version,
        "point": point,
        "unpublished": version.status in PlanVersion.UNPUBLISHED,
    }
    if point is not None:
        context |= _drawn(request, version, point)
    return render(request, "impacts/curves_of_version.html", context)


def _drawn(request: HttpRequest, version: PlanVersion, point: Any) -> dict[str, Any]:
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    named = Permission.SEE_EVERYONE in request_permissions(request)
    curves, number = curved.of_version(version, point)
    typical = Person.objects.filter(pk=number or 0).first() if named else None
    if typical is not None:
        log_reading(request, [typical], what=f"pay curves of {version}")
    currency = currency_of(version.plan)
    return {
        "curves": [
            pictures.curve(said, currency=currency, tenant=tenant, named=named) for said in curves
        ],
        "typical": typical,
    }
