"""The page of compliance packs: what each says, which are on, and what they find in force."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from incentives import desk
from incentives.compliance import findings
from incentives.compliance.packs import PACKS
from incentives.compliance.switch import set_packs
from metrics.models import Metric, TransactionKind
from metrics.tags import Tag
from org.access import acting, needs, request_permissions, today
from org.compliance import Pack, ProductClass
from org.models import JobType
from org.pages import said
from org.permissions import Permission


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SEE_RULES)
def packs(request: HttpRequest) -> HttpResponse:
    """Every pack with its law; whoever configures the tenant switches them on and off."""
    may = Permission.CONFIGURE in request_permissions(request)
    if request.method == "POST":
        if not may:
            raise PermissionDenied("Your role reads compliance packs; administrators switch them.")
        with said(request):
            changed = set_packs(
                packs=request.POST.getlist("packs"), by=acting(request), at=timezone.now()
            )
            messages.success(request, f"{'; '.join(changed) or 'Nothing changed'}.")
        return redirect("compliance")
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    tagged = Metric.objects.exclude(tags=[]).order_by("name")
    context = {
        "packs": [(code, PACKS[code], code.value in tenant.compliance) for code in Pack],
        "may": may,
        "may_edit": Permission.EDIT_RULES in request_permissions(request),
        "found": [
            (version, one)
            for version in desk.in_force(today(tenant))
            for one in findings(version)
            if one.refused
        ],
        "metrics": [(metric, [Tag(tag).label for tag in metric.tags]) for metric in tagged],
        "attributes": _attributes(),
        "job_types": [
            (job, [ProductClass(one).label for one in job.licences])
            for job in JobType.objects.exclude(licences=[]).order_by("name")
        ],
    }
    return render(request, "incentives/compliance.html", context)


def _attributes() -> list[tuple[str, list[str]]]:
    """Attributes of transactions that have tags."""
    return [
        (f"{name} of {kind}", [Tag(tag).label for tag in tags])
        for kind in TransactionKind.objects.exclude(tags={}).order_by("code")
        for name, tags in sorted(kind.tags.items())
    ]
