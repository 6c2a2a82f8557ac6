"""A person's work for the supervisor: jobs over time, absences, corrections, scores."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from metrics.models import Correction, CorrectionRequest, Delivery, Metric, MetricDefinition, Value
from metrics.scores import metrics_by_hand, shown
from org.absences import spans
from org.access import member_required
from org.base import CURRENT
from org.dates import FOREVER
from org.models import AbsenceType, Assignment, Person
from org.permissions import Permission as P
from scorecards.team.acting import Acting, acting
from scorecards.team.forms import AbsenceForm, FigureChoiceForm

YEAR = timedelta(days=365)
LISTED = 20


@dataclass(frozen=True)
class EnteredScore:
    """A score that somebody entered by hand, by whom and why."""

    metric: str
    day: date
    value: Any
    unit: str
    places: int
    by: str
    why: str
    at: datetime


@require_safe
@member_required
def work(request: HttpRequest, code: str) -> HttpResponse:
    """Everything about a person's work that is not a figure of a plan."""
    who = acting(request)
    return work_page(request, who, who.person(code))


def work_page(
    request: HttpRequest,
    who: Acting,
    person: Person,
    *,
    absence_form: forms.Form | None = None,
    back_form: forms.Form | None = None,
) -> HttpResponse:
    """The page; a form that was refused comes along with what was typed."""
    own = person.pk == who.own
    since = who.today - YEAR
    can_record = who.may(P.RECORD_ABSENCE) and not own
    context = {
        "person": person,
        "own": own,
        "jobs": _jobs(person),
        "forever": FOREVER,
        "spans": spans([person.pk], first=since, end=who.today + 2 * YEAR),
        "corrections": Correction.objects.filter(CURRENT, person=person)
        .select_related("metric", "by")
        .order_by("-recorded_at")[:LISTED],
        "requests": CorrectionRequest.objects.filter(person=person, asked_at__date__gte=since)
        .select_related("metric", "asked_by", "decided_by")
        .order_by("decided_at", "-asked_at")[:LISTED],
        "scores": entered_scores(person, since=since),
        "can_record": can_record,
        "can_ask": who.may(P.CORRECT_DATA) and not own,
        "absence_form": absence_form
        or AbsenceForm(initial={"first": who.today, "last": who.today}),
        "absence_types": can_record and AbsenceType.objects.exists(),
        "back_form": back_form,
        "choice_form": FigureChoiceForm(initial={"day": who.today - timedelta(days=1)}),
    }
    return render(request, "team/work.html", context)


def _jobs(person: Person) -> list[Assignment]:
    rows = person.assignments.filter(CURRENT).select_related("unit", "job_type", "manager")
    return list(rows.order_by("-valid_from", "slot"))


def entered_scores(person: Person, *, since: date) -> list[EnteredScore]:
    """The scores that hold and were entered by hand, the latest day first."""
    sources = metrics_by_hand()
    metrics = {m.pk: m for m in Metric.objects.filter(code__in=list(sources))}
    rows = list(
        Value.objects.filter(
            CURRENT,
            person_id=person.pk,
            metric_id__in=list(metrics),
            day__gte=since,
            delivery_id__isnull=False,
        ).order_by("-day")[:LISTED]
    )
    forms_of = Delivery.objects.filter(source__in=list(sources.values()))
    deliveries = forms_of.select_related("by").in_bulk({row.delivery_id for row in rows})
    definitions = MetricDefinition.objects.filter(CURRENT, metric__in=list(metrics))
    return [
        _entered(row, metrics[row.metric_id], definition, deliveries[row.delivery_id], person)
        for row in rows
        for definition in definitions
        if row.delivery_id in deliveries and _is_of(definition, row)
    ]


def _is_of(definition: MetricDefinition, row: Value) -> bool:
    same = definition.metric_id == row.metric_id
    return same and definition.valid_from <= row.day < definition.valid_to


def _entered(
    row: Value, metric: Metric, definition: MetricDefinition, delivery: Delivery, person: Person
) -> EnteredScore:
    """A score with who entered it and why, as the form that brought it says."""
    lines = csv.DictReader(io.StringIO(bytes(delivery.content).decode()))
    return EnteredScore(
        metric=metric.name,
        day=row.day,
        value=shown(row, definition.kind),
        unit=definition.unit,
        places=definition.decimals,
        by=str(delivery.by or ""),
        why=next((line["why"] for line in lines if line["person"] == person.code), ""),
        at=delivery.received_at,
    )
