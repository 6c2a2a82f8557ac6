"""Manual scores: one metric and one day for the whole team on one form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from metrics.models import Metric, MetricDefinition
from metrics.scores import Score, definition_on, enter_scores, metrics_by_hand, scores_on, shown
from org.access import needs
from org.base import CURRENT
from org.errors import DomainError
from org.models import Assignment, Person
from org.permissions import Permission as P
from org.team_days import heads
from scorecards.team.acting import Acting, acting, day_or_404, done
from scorecards.team.forms import BESIDE, FigureChoiceForm, Kind, ScoreForm, ScoresForm

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Row:
    """One person of the form, with the score that holds."""

    person: Person
    form: ScoreForm
    now: Decimal | None


@require_safe
@needs(P.ENTER_SCORES)
def scores(request: HttpRequest) -> HttpResponse:
    """Which metric and day; with both in the address, on to the form."""
    who = acting(request)
    metrics = Metric.objects.filter(code__in=list(metrics_by_hand())).order_by("name")
    form = FigureChoiceForm(
        request.GET if "metric" in request.GET else None,
        metrics=metrics,
        initial={"day": who.today - timedelta(days=1), "metric": metrics[:1]},
    )
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        return redirect("scores-of", said["metric"].code, said["day"].isoformat())
    return render(request, "team/scores.html", {"form": form, "metrics": metrics})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(P.ENTER_SCORES)
def scores_of(request: HttpRequest, metric: str, day: str) -> HttpResponse:
    """The form of one metric and day for everybody who reported to the member that day."""
    who, on = acting(request), day_or_404(day)
    found = Metric.objects.filter(code=metric).first()
    if found is None or found.code not in metrics_by_hand():
        raise Http404("No metric of that code is entered by hand.")
    if on > who.today:
        raise Http404("That day has not come yet.")
    try:
        definition = definition_on(found, on)
    except DomainError as refusal:
        raise Http404(str(refusal)) from refusal
    rows = _rows(request, who, found, definition, on)
    form = ScoresForm(request.POST or None, initial={"form": uuid4().hex})
    valid = request.method == "POST" and all([form.is_valid(), *(r.form.is_valid() for r in rows)])
    if valid and done(request, form, lambda: _enter(who, found, definition, on, rows, form)):
        return redirect(reverse("scores-of", args=[found.code, on.isoformat()]))
    context = {
        "form": form,
        "rows": rows,
        "metric": found,
        "definition": definition,
        "percent": definition.unit == MetricDefinition.Unit.PERCENT,
        "typed_percent": _in_percent(definition),
        "beside": BESIDE.get(Kind(definition.kind), ""),
        "day": on,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1) if on < who.today else None,
        "limit": who.membership.tenant.score_limit,
    }
    return render(request, "team/scores_of.html", context)


def _rows(
    request: HttpRequest, who: Acting, metric: Metric, definition: MetricDefinition, on: date
) -> list[Row]:
    """Everybody who reported to the member, or to whom they stand in for, on the day."""
    managers = [person.pk for person in heads(who.membership, on=who.today)]
    jobs = Assignment.objects.filter(
        CURRENT, manager__in=managers, valid_from__lte=on, valid_to__gt=on
    )
    own = Person.objects.filter(pk__in=jobs.values("person")).exclude(pk=who.own)
    people = list(own.order_by("name", "code"))
    known = scores_on(metric, on, [person.pk for person in people])
    rows = []
    for person in people:
        value = known.get(person.pk)
        now = None if value is None else shown(value, definition.kind)
        initial = {"value": _typed(now, definition)}
        if value is not None and value.denominator is not None:
            initial["beside"] = value.denominator.normalize()
        form = ScoreForm(
            request.POST if request.method == "POST" else None,
            prefix=f"p{person.pk}",
            kind=definition.kind,
            who=person.name,
            initial=initial,
        )
        rows.append(Row(person, form, now))
    return rows


def _in_percent(definition: MetricDefinition) -> bool:
    """Whether a score is typed in percent: of a ratio its two parts are typed as they are."""
    percent = definition.unit == MetricDefinition.Unit.PERCENT
    return percent and definition.kind != Kind.RATIO


def _typed(now: Decimal | None, definition: MetricDefinition) -> Decimal | None:
    if now is None:
        return None
    typed = now * HUNDRED if _in_percent(definition) else now
    return Decimal(f"{typed.normalize():f}")


def _enter(
    who: Acting,
    metric: Metric,
    definition: MetricDefinition,
    on: date,
    rows: list[Row],
    form: ScoresForm,
) -> str:
    """Hand what was typed and differs from what is there to the verb."""
    given = []
    for row in rows:
        value, beside = row.form.cleaned_data["value"], row.form.cleaned_data.get("beside")
        if value is not None and row.form.has_changed():
            exact = value / HUNDRED if _in_percent(definition) else value
            given.append(Score(row.person, exact, beside))
    entered = enter_scores(
        metric=metric,
        day=on,
        scores=given,
        reason=form.cleaned_data["reason"],
        form=form.cleaned_data["form"],
        by=who.user,
        at=who.at,
    )
    return entered.sentence()
