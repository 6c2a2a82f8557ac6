"""Saying that a line is wrong, or that something is missing; files that come with it."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from incentives.dispute import open_dispute
from incentives.dispute_files import LARGEST, add_file, too_large
from incentives.disputed import Line, lines_of, title_of
from incentives.models import Dispute, Plan
from incentives.own import points_of
from org.access import member_required
from org.errors import DomainError
from org.models import Period, Person
from org.permissions import Permission as P
from scorecards import formats
from scorecards.disputes.forms import WHOLE, AskForm
from scorecards.person_views import NO_PAY, place_of
from scorecards.team.acting import Acting, acting, done


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def new_dispute(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """Dispute a line (``?plan=…&component=…``), or say that something is missing in a period.

    The person does, or somebody who answers disputes, on their behalf.
    """
    place, who = place_of(request, code, calendar, period), acting(request)
    if place.person.pk != who.own:
        who.demand(P.ANSWER_DISPUTES)
    component = request.GET.get("component", "")
    claim = not component or request.POST.get("as") == "claim"
    if not claim and not place.pay:
        raise PermissionDenied(NO_PAY)
    plan = _plan(request.GET.get("plan", "")) if component else None
    lines = _lines(plan, place.period, place.person, component) if plan else []
    plans = [plan] if plan else plans_of(place.person, place.period)
    sent_in = (request.POST, request.FILES) if request.method == "POST" else ()
    form = AskForm(*sent_in, claim=claim, plans=plans, lines=lines)
    if request.POST.get("as") == "claim":
        del form.fields["code"]
    if request.method == "POST" and form.is_valid():
        opened: list[Dispute] = []

        def verb() -> str:
            said = form.cleaned_data
            job, _, grain = said.get("line", WHOLE).partition("|")
            opened.append(
                open_dispute(
                    plan=said.get("plan") or plans[0],
                    period=place.period,
                    person=place.person,
                    component="" if claim else component,
                    job=job,
                    grain=grain,
                    code=said.get("code", ""),
                    reason=said["reason"],
                    by=who.user,
                    at=who.at,
                )
            )
            keep_files(request, opened[0], said["attached"], who)
            return sent(opened[0], who)

        if done(request, form, verb):
            return redirect("dispute", opened[0].pk)
    context = place.context(
        form=form,
        claim=claim,
        title=title_of(plan, component) if plan else "",
        plan=plan,
        lines=lines,
        gone=bool(component) and not lines,
        no_plan=not plans,
        own=place.person.pk == who.own,
    )
    return render(request, "disputes/new.html", context)


def sent(dispute: Dispute, who: Acting) -> str:
    """What is said of a new dispute."""
    assert dispute.due_on is not None, "a new dispute has its day"
    due = formats.day(dispute.due_on, locale=who.membership.tenant.locale)
    frozen = "" if dispute.is_claim else " The line is frozen until then; all else goes on."
    return f"Sent. It should be answered by {due}.{frozen}"


def keep_files(
    request: HttpRequest, dispute: Dispute, files: Iterable[UploadedFile], who: Acting
) -> int:
    """Keep the files that can be; of each other one a sentence says why not. How many are kept."""
    kept = 0
    if name := getattr(request, "too_large", ""):
        messages.warning(request, too_large(name))
    for file in files:
        try:
            if (file.size or 0) > LARGEST:
                raise DomainError(too_large(str(file.name)))
            add_file(
                dispute=dispute,
                name=str(file.name),
                content=file.read(),
                by=who.user,
                at=who.at,
            )
            kept += 1
        except DomainError as refusal:
            messages.warning(request, f"{refusal} Everything else was sent.")
    return kept


def plans_of(person: Person, period: Period) -> list[Plan]:
    """The plans in which something can be missing: those that paid the person, else all."""
    own = [point.plan_period.plan for point in points_of(person, period)]
    others = Plan.objects.filter(calendar=period.calendar_id).order_by("name", "code")
    return own or list(others)


def _plan(code: str) -> Plan:
    found = Plan.objects.filter(code=code).first()
    if found is None:
        raise Http404(f"No plan is called {code}.")
    return found


def _lines(plan: Plan, period: Period, person: Person, component: str) -> list[Line]:
    every = lines_of(plan=plan, period=period, person=person)
    return [line for line in every if line.is_in(component, "", "")]
