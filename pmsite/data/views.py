"""A file from dropping it to taking it in: upload, look, problems and pay, take in or let go."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from metrics import trials
from metrics.models import Source, Trial, TrialRow
from org.access import needs, request_permissions
from org.errors import DomainError
from org.models import Person, User
from org.pages import number_in
from org.permissions import Permission
from org.reading import log_reading
from org.tables import configured
from pmsite import jobs
from pmsite.data.files import sent_as_csv
from pmsite.data.forms import UploadForm, WhoseForm
from pmsite.data.tables import ProblemTable
from pmsite.data.work import LOOK, TAKE
from pmsite.models import Job

UPLOAD = Permission.UPLOAD_DATA
SHOWN_PEOPLE, SHOWN_TRIALS, SHOWN_ROWS = 10, 10, 20
State, Kind = Trial.State, Trial.Kind


def user_of(request: HttpRequest) -> User:
    """Whoever asks; the pages here are for members only."""
    assert isinstance(request.user, User)
    return request.user


def ask_for(name: str, trial: Trial, request: HttpRequest) -> None:
    """Have a worker look at a trial, or take it in."""
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    jobs.request(name=name, tenant=tenant, at=timezone.now(), about=trial.pk)


def trial_or_404(number: int) -> Trial:
    """A trial of this tenant, without its file."""
    every = Trial.objects.defer("content").select_related("source", "by", "ended_by")
    found = every.filter(pk=number).first()
    if found is None:
        raise Http404(f"No file on trial has the number {number}.")
    return found


# --- Bringing in


@require_http_methods(["GET", "HEAD", "POST"])
@needs(UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file on trial; what is wrong with it at first sight is said at once."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(request, *sent)
    if form.is_bound and form.is_valid():
        found, new = trials.begin(
            file_name=form.cleaned_data["file"].name,
            content=form.cleaned_data["file"].read(),
            source=form.cleaned_data["source"],
            complete_through=form.cleaned_data["complete_through"],
            by=user_of(request),
            at=timezone.now(),
        )
        if new:
            ask_for(LOOK, found, request)
        else:
            messages.info(request, "You have this very file here already; nothing was doubled.")
        return _go(request, found)
    context = {
        "form": form,
        "limit": settings.UPLOAD_LIMIT,
        "limit_mb": settings.UPLOAD_LIMIT // 1024**2,
        "sources": Source.objects.exists(),
        "open": Trial.objects.defer("content")
        .filter(state__in=[*Trial.OPEN, State.TAKING])
        .select_related("by", "source")[:SHOWN_TRIALS],
    }
    htmx = request.htmx  # type: ignore[attr-defined]
    template = "data/upload_form.html" if htmx and request.method == "POST" else "data/upload.html"
    return render(request, template, context)


def _go(request: HttpRequest, trial: Trial) -> HttpResponse:
    """To the trial's page; a script that sent the file is told to go there."""
    answer = redirect("trial", trial.pk)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": answer["Location"]})
    return answer


# --- Looking


@require_safe
@needs(UPLOAD)
def trial(request: HttpRequest, number: int) -> HttpResponse:
    """Where a trial stands: its progress, what it would do, why it cannot, or what became of it."""
    found = trial_or_404(number)
    if found.state == State.TAKEN and found.delivery_id:
        return redirect("delivery", found.delivery_id)
    context: dict[str, Any] = {"trial": found, **_step(found)}
    if found.state in (State.CHOOSE, State.READY, State.REFUSED):
        chosen = {"source": found.source and found.source.code}
        context["form"] = WhoseForm(initial={**chosen, "complete_through": found.complete_through})
    if found.state == State.READY:
        context |= _ready(request, found)
    return render(request, "data/trial.html", context)


def _ready(request: HttpRequest, trial: Trial) -> dict[str, Any]:
    rows = TrialRow.objects.filter(trial=trial).order_by("line")
    table = ProblemTable(rows)
    context: dict[str, Any] = {
        "table": configured(request, table, per_page=SHOWN_ROWS) if rows.exists() else None,
        "last_day": trial.report.get("last_day"),
    }
    if Permission.SEE_EVERYONE in request_permissions(request):
        shown = trial.pay.get("people", [])[:SHOWN_PEOPLE]
        codes = [one["code"] for one in shown]
        people = Person.objects.filter(code__in=codes)
        log_reading(request, people, what=f"change in pay by {trial.file_name}")
        context |= {"pay": trial.pay, "people": shown}
    return context


def _step(trial: Trial) -> dict[str, Any]:
    """How far the work on a trial is; nothing where none goes on."""
    if trial.state not in (State.LOOKING, State.TAKING):
        return {}
    rows = Job.objects.filter(tenant=trial.tenant_id, about=trial.pk, name__in=[LOOK, TAKE])
    job = rows.order_by("-id").first()
    failed = job is not None and job.state == Job.State.FAILED
    return {"job": job, "failed": failed}


@require_safe
@needs(UPLOAD)
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is; once it is over, the page is loaded anew."""
    found = trial_or_404(number)
    step = _step(found)
    if not step or step["failed"]:
        return HttpResponse(headers={"HX-Redirect": redirect("trial", number)["Location"]})
    return render(request, "data/progress.html", {"trial": found, **step})


@require_POST
@needs(UPLOAD)
def look(request: HttpRequest, number: int) -> HttpResponse:
    """Look at it anew: as a file of another source, up to another day, or as things are now."""
    found = trial_or_404(number)
    form = WhoseForm(request.POST)
    if not form.is_valid():
        for sentences in form.errors.values():
            messages.error(request, " ".join(str(one) for one in sentences))
        return redirect("trial", number)
    if found.state == State.TAKING:
        return _take_up_again(request, found)
    try:
        anew = trials.look_again(
            trial=found,
            source=form.cleaned_data["source"],
            complete_through=form.cleaned_data["complete_through"],
            by=user_of(request),
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        ask_for(LOOK, anew, request)
    return redirect("trial", number)


def _take_up_again(request: HttpRequest, trial: Trial) -> HttpResponse:
    """Ask once more for work that was given up, and only then."""
    if _step(trial)["failed"]:
        ask_for(TAKE, trial, request)
    return redirect("trial", trial.pk)


# --- Ending


@require_POST
@needs(UPLOAD)
def take(request: HttpRequest, number: int) -> HttpResponse:
    """Take it in as it was seen; a second click, or a second person, takes nothing in twice."""
    found = trial_or_404(number)
    try:
        first = trials.take(
            trial=found,
            seen=number_in(request.POST.get("round", "")) or 0,
            by=user_of(request),
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("trial", number)
    if first:
        ask_for(TAKE, found, request)
    else:
        messages.info(request, "It was taken in once already, and is not taken in a second time.")
    return redirect("trial", number)


@require_POST
@needs(UPLOAD)
def drop(request: HttpRequest, number: int) -> HttpResponse:
    """Let it go: nothing of it was ever in the figures."""
    try:
        trials.drop(trial=trial_or_404(number), by=user_of(request), at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("trial", number)
    messages.success(request, "It was let go. Nothing has changed.")
    return redirect("upload")


@require_safe
@needs(UPLOAD)
def rejected(request: HttpRequest, number: int) -> HttpResponseBase:
    """The rows that cannot be used, as they stood, with the reasons."""
    found = trial_or_404(number)
    if found.source is None:
        raise Http404("Nobody has said yet whose file it is.")
    rows = TrialRow.objects.filter(trial=found).order_by("line", "pk")
    return sent_as_csv(request, rows, source=found.source, file=found)
