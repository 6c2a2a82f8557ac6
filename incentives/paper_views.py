"""The plan document, for the people whom it pays and for those who look after the rules."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from incentives.acknowledge import (
    Paper,
    acknowledge,
    counts,
    papers_of,
    readers,
    remind,
    versions_now,
)
from incentives.document import document_of
from incentives.models import PlanVersion
from org.access import acting, member_required, needs, request_permissions, today
from org.models import Membership, Person
from org.pages import said
from org.paper import attached, pdf
from org.permissions import Permission

# --- for the people whom a plan pays


@require_safe
@member_required
def my_plans(request: HttpRequest) -> HttpResponse:
    """The plans that apply to whoever asks, and which of them wait to be acknowledged."""
    person = _membership(request).person
    papers = papers_of(person, _today(request)) if person else []
    return render(request, "incentives/my_plans.html", {"papers": papers, "somebody": person})


@require_safe
@member_required
def my_plan(request: HttpRequest, plan: str, number: int) -> HttpResponse:
    """One of them in words, with the button that says that it was read."""
    paper = _paper_or_404(request, plan, number)
    context = {"paper": paper, "document": document_of(paper.version)}
    return render(request, "incentives/my_plan.html", context)


@require_safe
@member_required
def my_plan_pdf(request: HttpRequest, plan: str, number: int) -> HttpResponse:
    """The same as PDF."""
    return _pdf(request, _paper_or_404(request, plan, number).version)


@require_POST
@member_required
def my_plan_acknowledge(request: HttpRequest, plan: str) -> HttpResponse:
    """Note that whoever asks has read the document with the hash that was shown."""
    person = _person_or_404(request)
    with said(request):
        made = acknowledge(
            person=person,
            plan=plan,
            digest=request.POST.get("digest", ""),
            on=_today(request),
            by=acting(request),
            at=timezone.now(),
        )
        messages.success(request, f"Noted: you have read the rules of {made.version.plan}.")
        return redirect("my-plans")
    current = next((p for p in papers_of(person, _today(request)) if _code(p) == plan), None)
    if current is None:
        return redirect("my-plans")
    return redirect("my-plan", plan, current.version.number)


def _code(paper: Paper) -> str:
    return paper.version.plan.code


def _paper_or_404(request: HttpRequest, plan: str, number: int) -> Paper:
    for paper in papers_of(_person_or_404(request), _today(request)):
        if _code(paper) == plan and paper.version.number == number:
            return paper
    raise Http404(f"No version {number} of a plan {plan} applies to you.")


def _person_or_404(request: HttpRequest) -> Person:
    person = _membership(request).person
    if person is None:
        raise Http404("Your login is nobody among the people of this organisation.")
    return person


# --- for those who look after the rules


@require_safe
@needs(Permission.SEE_RULES)
def acknowledgements(request: HttpRequest) -> HttpResponse:
    """Every version in force or to come, and how many of its people have acknowledged it."""
    return render(request, "incentives/acknowledgements.html", {"rows": counts(_today(request))})


@require_safe
@needs(Permission.SEE_RULES)
def acknowledgements_of(request: HttpRequest, version: int) -> HttpResponse:
    """Who has acknowledged a version, who has not, and who was reminded."""
    shown = _version_or_404(request, version)
    rows = readers(shown, _today(request))
    context = {
        "version": shown,
        "rows": rows,
        "missing": [row for row in rows if row.acknowledged_at is None],
        "may_remind": Permission.EDIT_RULES in request_permissions(request),
    }
    return render(request, "incentives/acknowledgements_of.html", context)


@require_POST
@needs(Permission.EDIT_RULES)
def acknowledgements_remind(request: HttpRequest, version: int) -> HttpResponse:
    """Remind everybody who has not."""
    shown = _version_or_404(request, version)
    with said(request):
        made = remind(
            version=shown,
            on=_today(request),
            by=acting(request),
            at=timezone.now(),
            address=request.build_absolute_uri(reverse("my-plans")),
        )
        mailed = sum(one.mailed for one in made)
        people = "person was" if len(made) == 1 else "people were"
        messages.success(
            request,
            f"{len(made)} {people} reminded: each sees it on their own page, {mailed} by e-mail,"
            " too.",
        )
    return redirect("acknowledgements-of", version)


@require_safe
@needs(Permission.SEE_RULES)
def plan_document(request: HttpRequest, version: int) -> HttpResponse:
    """The document of any version as PDF."""
    return _pdf(request, get_object_or_404(PlanVersion, pk=version))


# --- shared


def _version_or_404(request: HttpRequest, version: int) -> PlanVersion:
    return get_object_or_404(versions_now(_today(request)), pk=version)


def _pdf(request: HttpRequest, version: PlanVersion) -> HttpResponse:
    shown = document_of(version)
    html = render_to_string("incentives/document_paper.html", {"document": shown}, request)
    content = pdf(html, base=request.build_absolute_uri("/"), identifier=shown.digest)
    return attached(content, name=f"{version.plan.code}-version-{version.number}.pdf")


def _membership(request: HttpRequest) -> Membership:
    return request.membership  # type: ignore[attr-defined,no-any-return]


def _today(request: HttpRequest) -> date:
    return today(_membership(request).tenant)
