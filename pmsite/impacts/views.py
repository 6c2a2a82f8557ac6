"""Pages on which somebody asks what a change would do to pay, and reads the answer.

Who sees rules reads them; single people are named to those who see everybody's pay, and each page
that names them is noted. The work is a job: a page can be left, opened again, shared and printed.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.effect import trials
from incentives.models import EffectTrial, ExchangeRate, PlanVersion
from metrics.models import CorrectionRequest, DealRequest, Goal, Trial
from org.access import acting, needs, request_permissions, today
from org.dates import NEVER
from org.errors import DomainError
from org.models import Person
from org.permissions import Permission
from org.reading import log_reading
from org.tables import configured, download
from pmsite import jobs
from pmsite.impacts import pictures, queries
from pmsite.impacts.forms import FORMS, PeriodForm, clean_day
from pmsite.impacts.shown import Found, found_in
from pmsite.impacts.tables import MovedTable, TrialTable
from pmsite.impacts.work import NAME

Kind, State = EffectTrial.Kind, EffectTrial.State
# Whoever writes rules, publishes them or approves what they reduce.
TRY = (Permission.EDIT_RULES, Permission.PUBLISH_RULES, Permission.APPROVE_REDUCTIONS)
SHOWN = 20


@require_safe
@needs(Permission.SEE_RULES)
def impacts(request: HttpRequest) -> HttpResponse:
    """What was tried, the newest first."""
    rows = EffectTrial.objects.defer("found").select_related("period__calendar", "by")
    table = TrialTable(rows, tenant=_tenant(request), order_by="-at")
    return render(request, "impacts/impacts.html", {"table": configured(request, table)})


# --- Asking


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*TRY)
def try_change(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Ask what a change of one row would do, on a period that is chosen here."""
    row = _row_or_404(kind, number)
    on = today(_tenant(request))
    sent = request.POST if request.method == "POST" else None
    form = FORMS.get(Kind(kind), PeriodForm)(sent, row=row, today=on)
    if form.is_bound and form.is_valid():
        clean_day(form)
    if form.is_bound and form.is_valid():
        try:
            return _go(request, _begin(request, Kind(kind), row, form))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "row": row, "kind": kind, "title": _title(kind, row)}
    return render(request, "impacts/try.html", context)


def _begin(
    request: HttpRequest, kind: EffectTrial.Kind, row: Any, form: PeriodForm
) -> tuple[EffectTrial, bool]:
    asked: dict[str, Any] = {
        "period": form.cleaned_data["period"],
        "by": acting(request),
        "at": timezone.now(),
    }
    if kind == Kind.VERSION:
        return trials.of_version(version=row, **asked)
    return trials.begin(kind=kind, title=_title(kind, row), about=row.pk, said=form.said(), **asked)


def _go(request: HttpRequest, begun: tuple[EffectTrial, bool]) -> HttpResponse:
    """To the trial's page, and a worker to its work where it is new."""
    trial, new = begun
    if new:
        jobs.request(name=NAME, tenant=_tenant(request), at=timezone.now(), about=trial.pk)
    return redirect("impact", trial.pk)


ROWS: dict[str, Any] = {
    Kind.VERSION: lambda: PlanVersion.objects.select_related("plan__calendar"),
    Kind.CORRECTION: lambda: CorrectionRequest.objects.all(),
    Kind.DEAL: lambda: DealRequest.objects.select_related("kind"),
    Kind.DELIVERY: lambda: Trial.objects.defer("content"),
    Kind.GOAL: lambda: Goal.objects.filter(superseded_at=NEVER).select_related("metric"),
    Kind.TRANSFER: lambda: Person.objects.all(),
    Kind.RATE: lambda: ExchangeRate.objects.filter(superseded_at=NEVER),
}


def _row_or_404(kind: str, number: int) -> Any:
    found = ROWS[kind]().filter(pk=number).first() if kind in ROWS else None
    if found is None:
        raise Http404(f"There is no {kind} {number} that could be tried.")
    return found


def _title(kind: str, row: Any) -> str:
    before = {Kind.TRANSFER: "Transfer of ", Kind.GOAL: "Goal: ", Kind.RATE: "Exchange rate "}
    return f"{before.get(Kind(kind), '')}{row}"


@require_POST
@needs(*TRY)
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Work the same out as things are now."""
    old = trial_or_404(number)
    if old.state == State.WORKING:
        if _step(old)["failed"]:
            return _go(request, (old, True))
        return redirect("impact", number)
    try:
        begun = trials.begin(
            kind=Kind(old.kind),
            title=old.title,
            about=old.about,
            said=old.said,
            plan=old.plan,
            period=old.period,
            by=acting(request),
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("impact", number)
    return _go(request, begun)


# --- Reading


def trial_or_404(number: int) -> EffectTrial:
    """A trial of this tenant."""
    every = EffectTrial.objects.select_related("period__calendar", "plan", "by")
    found = every.filter(pk=number).first()
    if found is None:
        raise Http404(f"No impact has the number {number}.")
    return found


@require_safe
@needs(Permission.SEE_RULES)
def impact(request: HttpRequest, number: int) -> HttpResponse:
    """Where a trial stands: its progress, what it would do, or why nobody can tell."""
    trial = trial_or_404(number)
    held = request_permissions(request)
    context: dict[str, Any] = {
        "trial": trial,
        "may_try": not held.isdisjoint(TRY),
        "out_of_date": trials.out_of_date(trial),
        **_step(trial),
    }
    if trial.state == State.READY:
        named = Permission.SEE_EVERYONE in held
        context |= _found(request, trial, named=named)
    return render(request, "impacts/impact.html", context)


def _found(request: HttpRequest, trial: EffectTrial, *, named: bool) -> dict[str, Any]:
    tenant = _tenant(request)
    every = [
        found_in(said, everybody=named, all_units=request.GET.get("units") == "all")
        for said in trial.found["currencies"]
    ]
    kept = named and trials.people_are_kept(trial)
    listed = [(found, _people(trial, found) if kept else None) for found in every]
    shown = {one.code for _, people in listed if people for rows in people for one in rows}
    if shown:
        read = Person.objects.filter(code__in=shown)
        log_reading(request, read, what=f"impact of {trial.title}")
    return {
        "listed": [(found, people, _picture(found, tenant)) for found, people in listed],
        "named": named,
        "kept": kept,
        "undecided": trial.found["undecided"],
        "curves": [
            pictures.curve(
                said, currency=every[0].currency if every else "", tenant=tenant, named=named
            )
            for said in trial.found["curves"]
        ],
        "several_plans": len({said.get("plan") for said in trial.found["curves"]}) > 1,
        "typical": Person.objects.filter(pk=trial.found["typical"] or 0).first() if named else None,
    }


def _people(trial: EffectTrial, found: Found) -> tuple[list[Any], list[Any], list[Any]]:
    """Who gains most, who loses most, and who falls to zero."""
    lists = (queries.gainers, queries.losers, queries.to_zero)
    gain, lose, zero = (list(rows(trial, found.currency)[:SHOWN]) for rows in lists)
    return gain, lose, zero


def _picture(found: Found, tenant: Any) -> tuple[Any, str] | None:
    if found.spread is None or not any(found.spread["counts"]):
        return None
    about = {"currency": found.currency, "tenant": tenant}
    return (
        pictures.spread(found.spread, **about),
        pictures.spread_in_words(found.spread, **about),
    )


@require_safe
@needs(Permission.SEE_EVERYONE)
def people(request: HttpRequest, number: int) -> HttpResponse:
    """Everybody whose pay would change, to read or to take along."""
    trial = trial_or_404(number)
    rows = queries.moved(trial)
    table = MovedTable(rows, tenant=_tenant(request), order_by="change")
    answer = download(request, table, name=f"impact-{trial.pk}-{trial.period.code}")
    table = configured(request, table) if answer is None else table
    shown = rows if answer is not None else table.page.object_list.data
    read = Person.objects.filter(pk__in=[one.person_id for one in shown])
    log_reading(request, read, what=f"impact of {trial.title}")
    if answer is not None:
        return answer
    context = {"trial": trial, "table": table, "kept": trials.people_are_kept(trial)}
    return render(request, "impacts/people.html", context)


def _step(trial: EffectTrial) -> dict[str, Any]:
    """How far the work on a trial is; nothing where none goes on."""
    if trial.state != State.WORKING:
        return {}
    return jobs.step_of(name=NAME, tenant=trial.tenant_id, about=trial.pk)


@require_safe
@needs(Permission.SEE_RULES)
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is; once it is over, the page is loaded anew."""
    trial = trial_or_404(number)
    step = _step(trial)
    if not step or step["failed"]:
        return HttpResponse(headers={"HX-Redirect": redirect("impact", number)["Location"]})
    return render(request, "impacts/progress.html", {"trial": trial, **step})


def _tenant(request: HttpRequest) -> Any:
    return request.membership.tenant  # type: ignore[attr-defined]
