"""From the list of periods to the checklist of a plan, and what is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives import closing as verbs
from incentives import desk
from incentives.checklist import checklist
from incentives.costs import costs_by_unit
from incentives.decide import decide
from incentives.models import Closing, Decision, PlanPeriod
from incentives.outliers import RULE
from incentives.stale import is_stale
from incentives.zero_goals import zero_goals_of
from org.access import acting, needs, request_permissions, today
from org.errors import DomainError
from org.models import Period, Person
from org.pages import said
from org.permissions import Permission as P
from org.queries import get_visible_person_or_404
from pmsite import jobs
from pmsite.closing.forms import GoalForm, NoteForm, WhyForm
from pmsite.closing.work import CLOSE
from pmsite.models import Job

READS = (P.FINALISE, P.SEE_AUDIT)
State = Closing.State


@require_safe
@needs(*READS)
def closings(request: HttpRequest) -> HttpResponse:
    """The periods that are over and wait to be made final, and those that are final."""
    final = PlanPeriod.objects.filter(final_at__isnull=False)
    context = {
        "closings": desk.to_close(today(request.membership.tenant)),  # type: ignore[attr-defined]
        "handed": Closing.objects.filter(state=State.HANDED)
        .select_related("plan", "period__calendar", "handed_by")
        .order_by("handed_at"),
        "final": final.select_related("plan", "period__calendar", "run", "final_by").order_by(
            "-final_at"
        )[:20],
    }
    return render(request, "closing/closings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*READS)
def closing(request: HttpRequest, calendar: str, period: str) -> HttpResponse:
    """A period with its plans; the button closes all that somebody else handed over."""
    shown = period_or_404(calendar, period)
    may = P.FINALISE in request_permissions(request)
    if request.method == "POST":
        if not may:
            raise PermissionDenied("Your role reads closings; others make periods final.")
        _close_all(request, shown)
        return redirect("closing", calendar, period)
    points = PlanPeriod.objects.filter(period=shown, run__isnull=False).annotate(stale=is_stale())
    every = list(points.select_related("plan", "run__version", "final_by").order_by("plan__code"))
    waits = {one.plan_id: one for one in _waiting(shown)}
    context = {
        "period": shown,
        "rows": [(point, waits.get(point.plan_id)) for point in every],
        "open": [point for point in every if point.final_at is None],
        "over": shown.valid_to <= today(request.membership.tenant),  # type: ignore[attr-defined]
        "mine": [one for one in waits.values() if may and _may_close(request, one)],
        "working": [one for one in waits.values() if one.state == State.CLOSING],
    }
    return render(request, "closing/period.html", context)


def _waiting(period: Period) -> list[Closing]:
    rows = Closing.objects.filter(period=period, state__in=[State.HANDED, State.CLOSING])
    return list(rows.select_related("plan", "period__calendar", "handed_by", "closed_by"))


def _may_close(request: HttpRequest, one: Closing) -> bool:
    return one.state == State.HANDED and one.handed_by_id != request.user.pk


def _close_all(request: HttpRequest, period: Period) -> None:
    mine = [one for one in _waiting(period) if _may_close(request, one)]
    if not mine:
        messages.info(request, "Nothing of this period was handed over for you to close.")
    for one in mine:
        _ask(request, one)


def _ask(request: HttpRequest, one: Closing) -> None:
    """Ask for the job that closes it; a second click asks for nothing more."""
    at = timezone.now()
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    with said(request):
        asked, new = verbs.ask_to_close(closing=one, by=acting(request), at=at, on=today(tenant))
        if new or _gave_up(asked):
            jobs.request(name=CLOSE, tenant=tenant, at=at, about=asked.pk)
            messages.success(request, f"{one.plan} is being closed. A worker takes it up at once.")
        else:
            messages.info(request, f"{one.plan} is {asked.get_state_display().lower()} already.")


# --- one plan


@dataclass(frozen=True)
class Place:
    """A plan's calculated period of an address, and who asks."""

    point: PlanPeriod
    may: bool

    @property
    def where(self) -> tuple[str, str, str]:
        """The parts of its address."""
        period = self.point.period
        return period.calendar.code, period.code, self.point.plan.code


def place_of(
    request: HttpRequest, calendar: str, period: str, plan: str, *, acts: bool = False
) -> Place:
    """The plan's period, or 404; 403 where something is to be done by a role that only reads."""
    shown = period_or_404(calendar, period)
    rows = PlanPeriod.objects.filter(period=shown, plan__code=plan, run__isnull=False)
    point = (
        rows.annotate(stale=is_stale())
        .select_related("plan", "period__calendar", "run__version__plan", "final_by")
        .first()
    )
    if point is None:
        raise Http404(f"No plan {plan} has been calculated in {shown}.")
    may = P.FINALISE in request_permissions(request)
    if acts and not may:
        raise PermissionDenied("Your role reads closings; others make periods final.")
    return Place(point, may)


@require_safe
@needs(*READS)
def plan_closing(request: HttpRequest, calendar: str, period: str, plan: str) -> HttpResponse:
    """The checklist of a plan's period, or, where it is final, who closed it with what open."""
    return _page(request, place_of(request, calendar, period, plan))


def _page(request: HttpRequest, place: Place, **forms: Any) -> HttpResponse:
    point = place.point
    rows = Closing.objects.filter(plan=point.plan, period=point.period)
    latest = rows.first()
    context: dict[str, Any] = {
        "point": point,
        "period": point.period,
        "may": place.may,
        "rule": RULE,
        "note_form": NoteForm(),
        "why_form": WhyForm(),
        "costs": costs_by_unit(PlanPeriod.objects.filter(pk=point.pk)),
        "refused": latest if latest is not None and latest.refusal else None,
        **forms,
    }
    if point.final_at is not None:
        context["closed"] = rows.filter(state=State.CLOSED).first()
        return render(request, "closing/final.html", context)
    waits = verbs.waiting(point)
    context |= {"waits": waits, "hindered": verbs.hindered(point, acting(request))}
    if waits is not None and waits.state == State.CLOSING:
        context |= _step(waits)
    else:
        found = checklist(point, on=today(request.membership.tenant))  # type: ignore[attr-defined]
        context |= {"list": found, "open": len(found.open)}
    return render(request, "closing/plan.html", context)


@require_POST
@needs(*READS)
def accept(request: HttpRequest, calendar: str, period: str, plan: str, check: str) -> HttpResponse:
    """Accept what is open in one line, with a reason."""
    place = place_of(request, calendar, period, plan, acts=True)
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _page(request, place, why_form=form, wrong=check)
    with said(request):
        verbs.accept_open(
            plan_period=place.point,
            check=check,
            reason=form.cleaned_data["reason"],
            by=acting(request),
            at=timezone.now(),
            on=today(request.membership.tenant),  # type: ignore[attr-defined]
        )
        messages.success(request, "Accepted, with your reason. It holds for exactly this list.")
    return redirect("closing-plan", *place.where)


@require_POST
@needs(*READS)
def hand(request: HttpRequest, calendar: str, period: str, plan: str) -> HttpResponse:
    """Hand it over as ready, for somebody else to close."""
    place = place_of(request, calendar, period, plan, acts=True)
    with said(request):
        verbs.hand_over(
            plan_period=place.point,
            note=request.POST.get("note", "")[:2000],
            by=acting(request),
            at=timezone.now(),
            on=today(request.membership.tenant),  # type: ignore[attr-defined]
        )
        messages.success(request, "Handed over. Somebody else closes it now.")
    return redirect("closing-plan", *place.where)


@require_POST
@needs(*READS)
def back(request: HttpRequest, calendar: str, period: str, plan: str) -> HttpResponse:
    """Take it back, or send it back with a reason."""
    place = place_of(request, calendar, period, plan, acts=True)
    waits = verbs.waiting(place.point)
    if waits is not None:
        with said(request):
            verbs.take_back(
                closing=waits,
                reason=request.POST.get("reason", "")[:2000],
                by=acting(request),
                at=timezone.now(),
            )
            messages.success(request, "Taken back. It is to be handed over again.")
    return redirect("closing-plan", *place.where)


@require_POST
@needs(*READS)
def close(request: HttpRequest, calendar: str, period: str, plan: str) -> HttpResponse:
    """Close what somebody else handed over: a job does it."""
    place = place_of(request, calendar, period, plan, acts=True)
    waits = verbs.waiting(place.point)
    if waits is None:
        messages.info(request, "It is not handed over, or it is closed already.")
    else:
        _ask(request, waits)
    return redirect("closing-plan", *place.where)


@require_safe
@needs(*READS)
def progress(request: HttpRequest, calendar: str, period: str, plan: str) -> HttpResponse:
    """How far closing it is; once it is over, the page is loaded anew."""
    place = place_of(request, calendar, period, plan)
    waits = verbs.waiting(place.point)
    step = _step(waits) if waits is not None and waits.state == State.CLOSING else {}
    if not step or step["failed"]:
        address = reverse("closing-plan", args=place.where)
        return HttpResponse(headers={"HX-Redirect": address})
    context = {"point": place.point, "waits": waits, "may": place.may, **step}
    return render(request, "closing/progress.html", context)


def _step(waits: Closing) -> dict[str, Any]:
    """How far the job is. What the same person closes of a period together is told by any of its
    jobs that works."""
    numbers = Closing.objects.filter(
        period=waits.period_id, closed_by=waits.closed_by_id, state=State.CLOSING
    ).values_list("pk", flat=True)
    rows = Job.objects.filter(tenant=waits.tenant_id, about__in=list(numbers), name=CLOSE)
    job = rows.filter(state=Job.State.CLAIMED).first() or rows.filter(about=waits.pk).first()
    return {"job": job, "failed": job is not None and job.state == Job.State.FAILED}


def _gave_up(waits: Closing) -> bool:
    return waits.state == State.CLOSING and bool(_step(waits)["failed"])


# --- goals of zero


@require_http_methods(["GET", "HEAD", "POST"])
@needs(P.FINALISE, P.EDIT_RULES)
def goal(request: HttpRequest, calendar: str, period: str, plan: str, code: str) -> HttpResponse:
    """Say what somebody's goals of zero mean in a plan's period."""
    place = place_of(request, calendar, period, plan)
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    person: Person = get_visible_person_or_404(
        request.membership,  # type: ignore[attr-defined]
        on=today(tenant),
        code=code,
    )
    typed = request.POST if request.method == "POST" else None
    form = GoalForm(typed, measures=zero_goals_of(place.point, person))
    if request.method == "POST" and form.is_valid():
        try:
            decide(
                plan=place.point.plan,
                period=place.point.period,
                person=person,
                measure=form.cleaned_data["measure"],
                kind=Decision.Kind(form.cleaned_data["kind"]),
                reason=form.cleaned_data["reason"],
                by=acting(request),
                at=timezone.now(),
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Decided. It is worked out anew in a moment.")
            return redirect("closing-plan", *place.where)
    context = {"form": form, "person": person, "point": place.point, "period": place.point.period}
    return render(request, "closing/goal.html", context)


def period_or_404(calendar: str, code: str) -> Period:
    """The period of an address."""
    found = Period.objects.filter(calendar__code=calendar, code=code).select_related("calendar")
    period = found.first()
    if period is None:
        raise Http404(f"No period {code} in a calendar {calendar}.")
    return period
