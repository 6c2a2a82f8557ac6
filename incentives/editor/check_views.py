"""What is asked while somebody types: whether it is right, what it says, and what it would pay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from incentives.editor import figures, trial, typed
from incentives.editor.names import as_data
from incentives.editor.pages import tenant_day, typed_figures, version_or_404
from incentives.editor.panel import (
    REMEMBERED,
    Chosen,
    component_panel,
    component_said,
    measure_said,
    table_panel,
    titles,
    whole_said,
    worked_over,
)
from incentives.editor.worked import Tried, somebody, try_for
from incentives.models import Component, Measure, PlanVersion, RateTable
from incentives.rules import PARTS
from org.access import needs, request_sees_pay, today
from org.errors import DomainError
from org.models import Membership, Period, Person
from org.permissions import Permission
from org.queries import person_named
from org.reading import log_reading

WRITE = needs(Permission.EDIT_RULES)
FORMULAS = {
    "components": (*PARTS, "distribute", "advance_until"),
    "measures": ("filter",),
    "version": ("gate", "modifier", "cap"),
}


@require_POST
@WRITE
def check(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """A part as it is typed: mistakes at their place, else the rule in words, worked out."""
    version = version_or_404(pk)
    context: dict[str, Any] = {"version": version, "section": section, "swap": True}
    if section == "tables":
        saved = _saved(RateTable, version, request)
        context |= table_panel(version, saved, typed.sent(request.POST))
        return render(request, "incentives/editor/table_read.html", context)
    if section not in FORMULAS:
        raise Http404("There are no formulas here.")
    post = typed.sent(request.POST)
    if section == "components":
        kept = trial.kept_reader(version)
        row = typed.component(version, trial.saved_component(kept, post.get("was", "")), post)
        checked = trial.check_component(version, row, kept)
        context |= component_said(row, checked, typed_figures(post))
        context |= _changed_parts(version, context, post)
    elif section == "measures":
        measure = typed.measure(version, _saved(Measure, version, request), post)
        context["checked"] = trial.check_filter(version, measure)
        context |= measure_said(measure)
    else:
        typed_version = typed.whole(version, request.POST)
        context["checked"] = trial.check_whole(typed_version)
        context |= whole_said(typed_version)
    context["fields"] = [(name, context["checked"].of(name)) for name in FORMULAS[section]]
    return render(request, "incentives/editor/checked.html", context)


def _saved(model: type[Any], version: PlanVersion, request: HttpRequest) -> Any:
    """The row as whose form this was sent; None of a new one."""
    was = typed.sent(request.POST).get("was", "")
    return model.objects.filter(version=version, name=was).first() if was else None


def _changed_parts(
    version: PlanVersion, context: Mapping[str, Any], post: Mapping[str, str]
) -> dict[str, Any]:
    """Which parts of the page must follow: boxes of figures, names to complete."""
    boxes = set(typed_figures(post))
    wanted = {figure.column for figure, _ in context.get("figures", ())}
    found: dict[str, Any] = {"new_figures": "figures" in context and boxes != wanted}
    if post.get("named", "") != context["named"]:
        data = as_data(context["checked"].scope, titles(version))
        found |= {"new_names": True, "names_json": json.dumps(data)}
    return found


# --- worked out by the engine


@require_POST
@WRITE
def attempt(request: HttpRequest, pk: int) -> HttpResponse:
    """A component as it is typed, calculated by the engine for the person who was chosen."""
    version = version_or_404(pk)
    post = typed.sent(request.POST)
    saved = trial.saved_component(trial.kept_reader(version), post.get("was", ""))
    row = typed.component(version, saved, post)
    context: dict[str, Any] = {"version": version, "section": "components", "swap": True}
    try:
        chosen = _chosen(request, version, post)
        tried = _tried(request, version, row, chosen, post)
    except DomainError as refusal:
        context |= component_panel(request, version, saved, post)
        return render(request, "incentives/editor/tried.html", context | {"refused": str(refusal)})
    fresh = typed.component(version, saved, post)
    checked = trial.check_component(version, fresh)
    context |= {"checked": checked, "chosen": chosen, "tried": tried, "new_figures": True}
    if checked.component is not None and checked.rules is not None:
        needed = figures.needed(checked.rules, checked.component)
        context |= worked_over(checked, needed, tried.figures)
    context["fields"] = [(name, checked.of(name)) for name in FORMULAS["components"]]
    return render(request, "incentives/editor/tried.html", context | {"named": post.get("named")})


def _tried(
    request: HttpRequest,
    version: PlanVersion,
    row: Component,
    chosen: Chosen,
    post: Mapping[str, str],
) -> Tried:
    assert chosen.person is not None
    assert chosen.period is not None
    if not row.formula.strip():
        raise DomainError("Say first what the component pays: its formula is empty.")
    row.name = row.name or trial.UNNAMED
    tried = try_for(
        version=version,
        person=chosen.person,
        period=chosen.period,
        at=timezone.now(),
        on=tenant_day(request),
        component=row,
        only=row.name,
        deal=post.get("deal", ""),
    )
    request.session[REMEMBERED] = (chosen.person.code, chosen.period.code)
    log_reading(request, [chosen.person], what=f"plan editor {chosen.period}")
    return tried


def _chosen(request: HttpRequest, version: PlanVersion, post: Mapping[str, str]) -> Chosen:
    """Whom and which period the page names; DomainError where nobody fits."""
    periods = version.plan.calendar.periods
    period = periods.filter(code=post.get("period", "")).first()
    if period is None:
        on = tenant_day(request)
        begun = periods.filter(valid_from__lte=on).order_by("-valid_from")
        period = begun.first() or periods.order_by("valid_from").first()
    if period is None:
        raise DomainError("The plan's calendar has no periods yet.")
    person = _person(request, version, period, post.get("person", "").strip())
    if not request_sees_pay(request, person):
        raise PermissionDenied("Your role does not show the pay of this person.")
    return Chosen(person, period)


def _person(request: HttpRequest, version: PlanVersion, period: Period, text: str) -> Person:
    membership: Membership = request.membership  # type: ignore[attr-defined]
    if not text:
        found = somebody(version, period)
        if found is None:
            raise DomainError("Nobody works in this period whom the plan is for. Choose another.")
        return found
    return person_named(membership, on=today(membership.tenant), text=text)
