"""Corrections: asked for by supervisors, decided by somebody else, listed for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.models import Dispute, Plan
from incentives.remedy import accept_with_correction
from metrics.models import CorrectionRequest, Metric, MetricDefinition, Value
from metrics.requests import (
    approve_request,
    ask_correction,
    deciders_refused,
    refuse_request,
    requests_of,
    withdraw_request,
)
from metrics.scores import Score, definition_on, parts, shown
from org.access import member_required, needs, request_sees_pay
from org.base import CURRENT
from org.errors import DomainError
from org.models import Person
from org.pages import number_in
from org.permissions import Permission as P
from org.reading import log_reading
from org.tables import PageTable, configured, download
from scorecards.team.acting import Acting, acting, done
from scorecards.team.deals import deal_requests
from scorecards.team.deciding import EITHER, STATES, decision_on, was_decided, withdrawn
from scorecards.team.effect import effect_of
from scorecards.team.forms import CorrectionForm, DecisionForm, FigureChoiceForm, Kind

DEALS = 100


@dataclass(frozen=True)
class Figure:
    """A figure of a day as the page shows it: the whole, and what it is made of."""

    value: Decimal | None
    above: Decimal | None
    below: Decimal | None

    @property
    def places(self) -> int:
        """Decimals that its parts need, at most six."""
        exponents = [p.normalize().as_tuple().exponent for p in (self.above, self.below) if p]
        return min(6, max([0, *(-int(exponent) for exponent in exponents)]))


class RequestTable(PageTable):
    """Corrections that were asked for, with how they were decided."""

    first_line = ("person", "state")
    person = tables.Column(order_by=("person__name", "day"))
    metric = tables.Column(order_by="metric__name")
    day = tables.DateColumn(format="j M Y")
    asked_by = tables.Column(order_by="asked_by__username", verbose_name="Asked by")
    asked_at = tables.DateColumn(format="j M Y", verbose_name="Asked on")
    reason = tables.Column(orderable=False)
    state = tables.Column()

    class Meta(PageTable.Meta):
        empty_text = "No correction is asked for."

    def render_person(self, record: CorrectionRequest) -> str:
        """The name leads to the request."""
        address = reverse("correction", args=[record.pk])
        return format_html('<a href="{}">{}</a>', address, record.person.name)

    def value_person(self, record: CorrectionRequest) -> str:
        """In a file, the plain name."""
        return record.person.name

    def render_state(self, record: CorrectionRequest) -> str:
        """The word with its colour."""
        said = record.get_state_display().lower()
        return format_html('<span class="tag {}">{}</span>', STATES[record.state], said)

    def value_state(self, record: CorrectionRequest) -> str:
        """In a file, the plain word."""
        return record.state


@require_safe
@needs(*EITHER)
def corrections(request: HttpRequest) -> HttpResponse:
    """The open ones, or with ``?state=all`` every one, of the people whom the member sees."""
    who = acting(request)
    every = requests_of(who.people())
    wanted = request.GET.get("state", "open")
    rows = every if wanted == "all" else every.filter(state="open")
    if answer := download(request, RequestTable(rows), name="corrections"):
        return answer
    deals = deal_requests(who)
    opened = deals.filter(state="open")
    context = {
        "table": configured(request, RequestTable(rows)),
        "deals": (deals if wanted == "all" else opened)[:DEALS],
        "state": wanted,
        "open": every.filter(state="open").count() + opened.count(),
        "decides": who.may(P.APPROVE_CORRECTIONS),
    }
    return render(request, "team/corrections.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def new_correction(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for another figure of one metric and day; both stand in the address."""
    who = acting(request)
    person = who.person(code, P.CORRECT_DATA)
    if person.pk == who.own:
        raise PermissionDenied("Nobody asks for another figure of their own here. Object instead.")
    dispute = _disputed(request, person)
    chosen = request.GET if set(request.GET) - {"dispute"} else None
    choice = FigureChoiceForm(chosen, initial={"day": who.today})
    context: dict[str, Any] = {"person": person, "choice_form": choice, "dispute": dispute}
    if not (choice.is_bound and choice.is_valid()):
        return render(request, "team/correction_new.html", context)
    metric, day = choice.cleaned_data["metric"], choice.cleaned_data["day"]
    reference = request.GET.get("reference", "")[:120]
    try:
        definition = definition_on(metric, day)
    except DomainError as refusal:
        choice.add_error(None, str(refusal))
        return render(request, "team/correction_new.html", context)
    values = _values(person, metric, day)
    now = next((value for value in values if value.reference == reference), None)
    form = CorrectionForm(
        request.POST or None, kind=definition.kind, initial=_initial(now, definition)
    )
    if request.method == "POST" and form.is_valid():
        asked: list[CorrectionRequest] = []

        def ask() -> str:
            numerator, denominator = _typed(person, form.cleaned_data, definition)
            figure: dict[str, Any] = {"day": day, "metric": metric, "reference": reference}
            figure |= {"numerator": numerator, "denominator": denominator}
            by: dict[str, Any] = {"by": who.user, "at": who.at}
            why = form.cleaned_data["reason"]
            if dispute is not None:
                accept_with_correction(dispute=dispute, answer=why, **figure, **by)
                waits = "" if dispute.is_claim else " The line stays frozen until then."
                return f"Accepted, and asked for. Somebody else approves it.{waits}"
            asked.append(ask_correction(person=person, reason=why, **figure, **by))
            return "Asked for. Whoever may approve corrections finds it in their list."

        if done(request, form, ask):
            if dispute is not None:
                return redirect("dispute", dispute.pk)
            return redirect("correction", asked[0].pk)
    context |= {
        "form": form,
        "metric": metric,
        "day": day,
        "reference": reference,
        "definition": definition,
        "now": _held(now, definition),
        "parted": definition.kind in (Kind.RATIO, Kind.WEIGHTED_MEAN),
        "others": [value.reference for value in values if value.reference != reference],
        "by_deal": now is not None and now.transaction_id is not None,
    }
    return render(request, "team/correction_new.html", context)


def _disputed(request: HttpRequest, person: Person) -> Dispute | None:
    """The dispute that a correction would answer (``?dispute=``), of that person."""
    number = request.GET.get("dispute", "")
    if not number:
        return None
    found = Dispute.objects.filter(person=person, pk=number_in(number) or 0).first()
    if found is None:
        raise Http404("No dispute of this person has that number.")
    return found


def _values(person: Person, metric: Metric, day: date) -> list[Value]:
    rows = Value.objects.filter(CURRENT, person_id=person.pk, metric_id=metric.pk, day=day)
    return list(rows.order_by("reference")[:50])


def _initial(now: Value | None, definition: MetricDefinition) -> dict[str, Any]:
    if now is None:
        return {}
    value = shown(now, definition.kind)
    beside = now.denominator
    return {
        "value": None if value is None else Decimal(f"{round(value, 12).normalize():f}"),
        "beside": None if beside is None else Decimal(f"{beside.normalize():f}"),
    }


def _typed(
    person: Person, said: dict[str, Any], definition: MetricDefinition
) -> tuple[Decimal, Decimal | None]:
    return parts(Score(person, said["value"], said.get("beside")), definition.kind)


def _figure(above: Decimal | None, below: Decimal | None, definition: MetricDefinition) -> Figure:
    if above is None:
        return Figure(None, None, None)
    divided = definition.kind in (Kind.RATIO, Kind.WEIGHTED_MEAN)
    value = (above / below if below else None) if divided else above
    return Figure(value, above, below)


def _held(value: Value | None, definition: MetricDefinition) -> Figure:
    if value is None:
        return Figure(None, None, None)
    return _figure(value.numerator, value.denominator, definition)


# --- one request


def _found(who: Acting, number: int) -> CorrectionRequest:
    """A request about somebody whom the member sees; 404 for any other."""
    found = requests_of(who.people()).filter(pk=number).first()
    if found is None:
        raise Http404("No correction that you can see has that number.")
    return found


@require_safe
@needs(*EITHER)
def correction(request: HttpRequest, number: int) -> HttpResponse:
    """What is asked for, by whom and why, and what can be done about it."""
    return _page(request, DecisionForm(), number)


def _page(request: HttpRequest, form: DecisionForm, number: int) -> HttpResponse:
    who = acting(request)
    found = _found(who, number)
    definition = MetricDefinition.objects.filter(
        CURRENT, metric=found.metric, valid_from__lte=found.day, valid_to__gt=found.day
    ).first()
    now = Value.objects.filter(
        CURRENT,
        person_id=found.person_id,
        metric_id=found.metric_id,
        day=found.day,
        reference=found.reference,
    ).first()
    context = {
        **decision_on(found, form, who, moved=lambda: deciders_refused(found), what="This figure"),
        "definition": definition,
        "sees_pay": request_sees_pay(request, found.person),
    }
    if definition is not None:
        context |= {
            "before": _figure(found.before_numerator, found.before_denominator, definition),
            "after": _figure(found.numerator, found.denominator, definition),
            "now": _held(now, definition),
            "parted": definition.kind in (Kind.RATIO, Kind.WEIGHTED_MEAN),
            "moved": context["opened"]
            and now is not None
            and (now.numerator, now.denominator)
            != (found.before_numerator, found.before_denominator),
        }
    return render(request, "team/correction.html", context)


@require_POST
@needs(P.APPROVE_CORRECTIONS)
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve, or refuse with a reason."""
    found, form = _found(acting(request), number), DecisionForm(request.POST)
    if was_decided(request, found, form, approve=approve_request, refuse=refuse_request):
        return redirect("correction", found.pk)
    return _page(request, form, number)


@require_POST
@needs(P.CORRECT_DATA)
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take one's own request back."""
    found = _found(acting(request), number)
    withdrawn(request, found, withdraw_request)
    return redirect("correction", found.pk)


@require_safe
@needs(*EITHER)
def pay_effect(request: HttpRequest, number: int) -> HttpResponse:
    """What approving would change in pay: a part of the page, worked out when it is asked for."""
    who = acting(request)
    found = _found(who, number)
    if not request_sees_pay(request):
        raise PermissionDenied("Your organisation does not show what people are paid here.")
    context: dict[str, Any] = {"found": found, "plans": Plan.objects.exists()}
    try:
        effects = effect_of(found, at=who.at, on=who.today)
    except DomainError as refusal:
        context["refusal"] = str(refusal)
        effects = ()
    visible = dict(who.people().values_list("code", "pk"))
    shown_people = {one.code for effect in effects for one in effect.people} & visible.keys()
    log_reading(
        request,
        Person.objects.filter(code__in=shown_people),
        what=f"effect of correction {found.pk}",
    )
    context["effects"] = [
        (
            effect,
            [one for one in effect.people if one.code in visible],
            sum(one.code not in visible for one in effect.people),
        )
        for effect in effects
    ]
    return render(request, "team/effect.html", context)
