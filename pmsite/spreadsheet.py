"""Examples of a version in a spreadsheet: asked for on a page or with a version, done by a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from incentives.examples import sheet_checks
from incentives.models import ExampleCheck, PlanVersion
from org.access import needs
from org.models import Tenant
from org.permissions import Permission
from org.tenancy import current_tenant_id
from pmsite import jobs
from pmsite.jobs import Work

NAME = "work examples out in a spreadsheet"


def work_out(work: Work) -> str:
    """Have LibreOffice work the examples of a version out."""
    waiting = ExampleCheck.objects.filter(pk=work.about or 0, state=ExampleCheck.State.WORKING)
    check = waiting.select_related("version__plan__calendar").first()
    return "Nobody waits for it any more." if check is None else sheet_checks.work_out(check)


def ask(version: PlanVersion, at: datetime) -> bool:
    """Ask for it, once for the same rules and examples; whether it was asked for now."""
    check, new = sheet_checks.begin(version=version, at=at)
    if new:
        tenant = Tenant.objects.get(pk=current_tenant_id())
        jobs.request(name=NAME, tenant=tenant, at=at, about=check.pk)
    return new


def on_handed_in(sender: Any, *, version: PlanVersion, at: datetime, **_: Any) -> None:
    """What is handed in is tried in a spreadsheet, so that whoever publishes it knows."""
    ask(version, at)


@require_POST
@needs(Permission.EDIT_RULES, Permission.PUBLISH_RULES)
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for it from the page of the examples."""
    version = PlanVersion.objects.select_related("plan__calendar").filter(pk=pk).first()
    if version is None:
        raise Http404("No version of a plan has this number.")
    if not ask(version, timezone.now()):
        messages.info(request, "It was asked for already. Nothing was done a second time.")
    return redirect("version-examples", pk)
