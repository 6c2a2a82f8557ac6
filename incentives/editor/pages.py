"""What the pages of the editor share: which version, who may change it, and what stands around."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils import timezone

from incentives.editor import outline, problems
from incentives.editor.save import DRAFT
from incentives.models import PlanVersion
from org.access import acting, request_permissions, today
from org.permissions import Permission


def version_or_404(pk: int) -> PlanVersion:
    """A version of the tenant, whatever its status."""
    found = PlanVersion.objects.filter(pk=pk)
    version = found.select_related("plan__calendar", "plan__family", "author").first()
    if version is None:
        raise Http404("No version of a plan has this number.")
    return version


def may_change(request: HttpRequest, version: PlanVersion) -> bool:
    """Whether whoever asks writes this draft."""
    if Permission.EDIT_RULES not in request_permissions(request) or version.status != DRAFT:
        return False
    return version.author_id in (None, acting(request).pk)


def demand_change(request: HttpRequest) -> None:
    """Refuse (403) whoever may not write rules."""
    if Permission.EDIT_RULES not in request_permissions(request):
        raise PermissionDenied("Your role reads rules; plan managers write them.")


def tenant_day(request: HttpRequest) -> date:
    """The tenant's day."""
    return today(request.membership.tenant)  # type: ignore[attr-defined]


def noted(request: HttpRequest) -> dict[str, Any]:
    """Who does something, and when, as verbs take it."""
    return {"by": acting(request), "at": timezone.now()}


def around(
    request: HttpRequest, version: PlanVersion, *, section: str = "", part: str = ""
) -> dict[str, Any]:
    """What every page of a version shows: its outline with mistakes, and where one is."""
    found = problems.found_in(version)
    counted = problems.counted(found)
    return {
        "version": version,
        "chapters": outline.outline(version, found),
        "who": outline.who_lines(version),
        "found": found,
        "whole_problems": counted[problems.WHOLE, ""],
        "example_count": version.examples.count(),
        "here": (section, part),
        "section": section,
        "mine": may_change(request, version),
        "may_edit": Permission.EDIT_RULES in request_permissions(request),
    }


def after_saving(left: list[problems.Placed], what: str) -> str:
    """What is said when a part is saved: that it is, and what is wrong elsewhere."""
    if not left:
        return f"{what} is saved."
    first = left[0]
    where = f"{first.section} {first.part}".strip() if first.part else "the plan"
    more = f", and {len(left) - 1} more" if len(left) > 1 else ""
    sentence = first.sentence.splitlines()[0]
    return f"{what} is saved. Still to do, in {where}: {sentence}{more}"


def typed_figures(post: Mapping[str, str]) -> dict[str, str]:
    """The figures that stand beside a formula, as they were typed."""
    prefix = "figure:"
    return {k.removeprefix(prefix): v for k, v in post.items() if k.startswith(prefix)}
