"""Where a thing is used: in plans, credit rules, sources, goals and boards."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from incentives.editor import used
from incentives.editor.outline import LABELS
from incentives.editor.pages import version_or_404
from incentives.editor.used import Use
from incentives.models import Plan
from metrics.attributes import attributes_of
from metrics.models import Metric, TransactionKind
from org.access import needs
from org.models import FactType
from org.permissions import Permission
from scorecards import used as boards

T = TypeVar("T")
READ = needs(Permission.SEE_RULES)


@require_safe
@READ
def where_used(request: HttpRequest, what: str, name: str) -> HttpResponse:
    """Everything that reads a metric, attribute, fact, component or plan."""
    if what not in used.KINDS:
        raise Http404("There is no such thing to look for.")
    title, uses, back = _uses(what, name)
    context = {"title": title, "what": used.KINDS[what], "uses": uses, "back": back}
    return render(request, "scorecards/used.html", context)


@require_safe
@READ
def where_used_part(request: HttpRequest, pk: int, section: str, name: str) -> HttpResponse:
    """Everything that reads a measure, table or component of a version."""
    version = version_or_404(pk)
    if section not in LABELS or section == "schedules":
        raise Http404("Versions have no such parts.")
    if not getattr(version, section).filter(name=name).exists():
        raise Http404(f"This version has no part “{name}”.")
    uses = used.of_part(version, section, name)
    if section == "measures":
        uses += boards.of_measure(version.plan, name)
    context = {
        "title": name,
        "what": LABELS[section][0].lower(),
        "uses": uses,
        "back": reverse("edit-part", args=[pk, section, name]),
    }
    return render(request, "scorecards/used.html", context)


def _uses(what: str, name: str) -> tuple[str, list[Use], str]:
    """What is looked for, who uses it, and where it is itself."""
    if what == "metric":
        metric = _found(Metric.objects.filter(code=name).first())
        uses = [*used.of_metric(metric), *boards.of_metric(metric)]
        return metric.name, uses, reverse("admin:metrics_metric_change", args=[metric.pk])
    if what == "fact":
        fact = _found(FactType.objects.filter(code=name).first())
        return str(fact), used.of_fact(fact.code), reverse("admin:org_facttype_changelist")
    code, _, part = name.rpartition(".")
    if what == "attribute":
        kind = _found(TransactionKind.objects.filter(code=code).first())
        if part not in {item.name for item in attributes_of(kind)}:
            raise Http404(f"This kind of transaction has no attribute “{part}”.")
        return name, used.of_attribute(kind, part), reverse("kind", args=[kind.code])
    plan = _found(Plan.objects.filter(code=name if what == "plan" else code).first())
    if what == "plan":
        return plan.name, [*used.of_plan(plan), *boards.of_plan(plan)], reverse("rules")
    return name, used.of_component(plan, part), reverse("rules")


def _found(row: T | None) -> T:
    if row is None:
        raise Http404("Nothing here has this name.")
    return row
