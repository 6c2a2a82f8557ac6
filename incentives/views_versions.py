"""Pages of one plan version: where it stands in its life, what it changes, and its examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from incentives import compliance, desk, draft, examples, higher, review, version_words
from incentives.edited import last_edit
from incentives.examples import edit, needs_of
from incentives.examples.run import without_example
from incentives.examples.sheet_checks import check_of, sheet_of
from incentives.examples.take import middle_of, take
from incentives.forms_examples import ExampleForm
from incentives.late import SHOWN, approve_reduction, put_in_force
from incentives.models import Example, PlanPeriod, PlanVersion
from incentives.publish import final_periods, refuse_publisher
from incentives.rules import RulesProblem, VersionRules, load, problems
from org.access import acting, needs, request_permissions, request_sees_pay, today
from org.errors import DomainError
from org.models.tenants import Reductions
from org.pages import number_in, said
from org.permissions import Permission
from org.queries import person_named
from org.reading import log_reading

Status = PlanVersion.Status
NAMED = 8
TAGS = {
    Status.DRAFT: "open",
    Status.REVIEW: "watch",
    Status.PUBLISHED: "good",
    Status.RETIRED: "",
}


def _version_or_404(pk: int) -> PlanVersion:
    rows = PlanVersion.objects.select_related(
        "plan__calendar", "plan__family", "author", "handed_in_by", "published_by", "copied_from"
    )
    version = rows.filter(pk=pk).first()
    if version is None:
        raise Http404("No version of yours has this number.")
    return version


# --- where a version stands


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SEE_RULES)
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its state, what it changes, what stands in its way, and what can be done."""
    found = _version_or_404(pk)
    if request.method == "POST":
        return _do(request, found)
    before = version_words.ruled_before(found)
    held = request_permissions(request)
    context = {
        "version": found,
        "tag": TAGS[Status(found.status)],
        "origin": draft.origin(found),
        "before": before,
        "differences": version_words.differences(before, found) if before else {},
        "findings": compliance.findings(found),
        "troubles": problems(found) if found.status in PlanVersion.UNPUBLISHED else [],
        "examples": found.examples.count(),
        "may_edit": Permission.EDIT_RULES in held,
        "may_publish": Permission.PUBLISH_RULES in held,
        "own": found.author_id in (None, acting(request).pk),
        "hindered": _hindrance(request, found),
        "needs_reason": _needs_reason(found),
        **_higher(request, found),
        **_kept(found),
        "behind": desk.behind(found),
        "may_calculate": Permission.CALCULATE in held,
    }
    return render(request, "incentives/version.html", context)


def _hindrance(request: HttpRequest, version: PlanVersion) -> str:
    """Why whoever asks may not publish or withdraw a version; '' where nothing hinders."""
    if version.status not in (Status.REVIEW, Status.PUBLISHED):
        return ""
    try:
        refuse_publisher(version, acting(request))
    except DomainError as refusal:
        return str(refusal)
    return ""


def _needs_reason(version: PlanVersion) -> bool:
    """Whether it reaches final periods, and nobody has said why."""
    waits = version.status == Status.REVIEW and not version.reason.strip()
    return waits and bool(final_periods(version))


def _kept(version: PlanVersion) -> dict[str, Any]:
    """Of a published version that cannot be withdrawn: why, and from when another can rule."""
    why = review.kept_by(version) if version.status == Status.PUBLISHED else ""
    return {"kept_by": why, "next_day": review.first_open_day(version)} if why else {}


def _higher(request: HttpRequest, version: PlanVersion) -> dict[str, Any]:
    """Of a version in review that reaches final periods: which, and who agrees to less pay."""
    final = final_periods(version) if version.status == Status.REVIEW else []
    if not final:
        return {}
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    may = higher.approvers(version, today(tenant))
    return {
        "final": [point.period for point in final],
        "reductions_refused": tenant.reductions == Reductions.REFUSE,
        "approved": higher.approved(version),
        "approvers": may[:NAMED],
        "more_approvers": len(may[NAMED:]),
        "may_approve": acting(request) in may,
    }


def _do(request: HttpRequest, version: PlanVersion) -> HttpResponse:
    """Do what a button of the page says; who lacks the permission for it gets a 403."""
    permission, deed = DEEDS.get(request.POST.get("do", ""), (Permission.EDIT_RULES, None))
    if permission not in request_permissions(request):
        raise PermissionDenied("Your role reads versions of plans; others write and publish them.")
    if deed is None:
        raise Http404("No such thing can be done with a version.")
    with said(request):
        if (other := deed(request, version)) is not None:
            return redirect("version", other.pk)
    return redirect("version", version.pk)


def _hand_in(request: HttpRequest, version: PlanVersion) -> None:
    review.hand_in(version=version, by=acting(request), at=timezone.now())
    messages.success(request, f"{version} is handed in. Somebody else publishes it.")


def _send_back(request: HttpRequest, version: PlanVersion) -> None:
    reason = request.POST.get("reason", "")
    review.send_back(version=version, by=acting(request), at=timezone.now(), reason=reason)
    messages.success(request, f"{version} is a draft again, and its author reads why.")


def _take_back(request: HttpRequest, version: PlanVersion) -> None:
    if version.handed_in_by_id != acting(request).pk:
        raise DomainError("Whoever handed a version in can take it back; others send it back.")
    review.send_back(
        version=version, by=acting(request), at=timezone.now(), reason="Taken back by its author."
    )
    messages.success(request, f"{version} is a draft of yours again.")


def _publish(request: HttpRequest, version: PlanVersion) -> None:
    if reason := request.POST.get("reason", "").strip():
        version.reason = reason
        version.save(update_fields=["reason"])
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    effects = put_in_force(version=version, by=acting(request), at=timezone.now(), on=today(tenant))
    messages.success(request, f"{version} is published: in force from {version.in_force}.")
    for one in effects[:SHOWN]:
        messages.info(request, str(one))


def _approve(request: HttpRequest, version: PlanVersion) -> None:
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    approve_reduction(
        version=version,
        by=acting(request),
        at=timezone.now(),
        on=today(tenant),
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, f"You agree to what {version} reduces. Somebody publishes it now.")


def _retire(request: HttpRequest, version: PlanVersion) -> None:
    reason = request.POST.get("reason", "")
    review.retire(version=version, by=acting(request), at=timezone.now(), reason=reason)
    messages.success(request, f"{version} is withdrawn. What ruled before it goes on.")


def _replace(request: HttpRequest, version: PlanVersion) -> PlanVersion:
    """A draft like it that begins with the first period that is not final."""
    day = review.first_open_day(version)
    made = draft.copy_once(version=version, by=acting(request), at=timezone.now(), begins=day)
    messages.success(
        request,
        f"{made} is a draft of yours, like version {version.number}, and begins on {day}. Change"
        " what is wrong and hand it in: from that day on it takes the place of the other.",
    )
    return made


def _copy(request: HttpRequest, version: PlanVersion) -> PlanVersion:
    made = draft.copy_once(version=version, by=acting(request), at=timezone.now())
    messages.success(request, f"{made} is a draft of yours, like version {version.number}.")
    return made


Deed = Callable[[HttpRequest, PlanVersion], PlanVersion | None]
DEEDS: dict[str, tuple[Permission, Deed]] = {
    "hand_in": (Permission.EDIT_RULES, _hand_in),
    "take_back": (Permission.EDIT_RULES, _take_back),
    "send_back": (Permission.PUBLISH_RULES, _send_back),
    "publish": (Permission.PUBLISH_RULES, _publish),
    "approve_reduction": (Permission.APPROVE_REDUCTIONS, _approve),
    "retire": (Permission.PUBLISH_RULES, _retire),
    "copy": (Permission.EDIT_RULES, _copy),
    "replace": (Permission.EDIT_RULES, _replace),
}


# --- examples


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SEE_RULES)
def examples_of(request: HttpRequest, pk: int) -> HttpResponse:
    """The examples of a version, each with what the engines make of it."""
    found = _version_or_404(pk)
    if request.method == "POST":
        return _do_example(request, found)
    context: dict[str, Any] = {
        "version": found,
        "tag": TAGS[Status(found.status)],
        "changes": _may_change(request, found),
        "seen": last_edit(found).stamp,
        "points": _points(found, today(request.membership.tenant)),  # type: ignore[attr-defined]
    }
    try:
        rules = load(found)
    except RulesProblem as trouble:
        context["trouble"] = trouble
    else:
        wanted, sheet = needs_of(rules).inputs, sheet_of(found)
        context["listed"] = [
            (
                one,
                examples.ordered(wanted, one.inputs),
                examples.outcomes(rules, one.name, examples.said_by(one), sheet.get(one.name)),
            )
            for one in found.examples.all()
        ]
        context["sheet"] = check_of(found)
        context["missing"] = without_example(found, rules)
    return render(request, "incentives/examples.html", context)


def _may_change(request: HttpRequest, version: PlanVersion) -> bool:
    own = version.author_id in (None, acting(request).pk)
    may = Permission.EDIT_RULES in request_permissions(request)
    return may and own and version.status == Status.DRAFT


def _points(version: PlanVersion, on: date) -> list[PlanPeriod]:
    """The calculated periods of the plan, to take a person's result from: the latest first, but
    one that is not over, whose figures are still coming in, at the end."""
    rows = PlanPeriod.objects.filter(plan=version.plan_id, run__isnull=False)
    latest = list(rows.select_related("period__calendar").order_by("-period__valid_from")[:24])
    return sorted(latest, key=lambda point: point.period.valid_to > on)


def _do_example(request: HttpRequest, version: PlanVersion) -> HttpResponse:
    if Permission.EDIT_RULES not in request_permissions(request):
        raise PermissionDenied("Your role reads examples; others write them.")
    about: dict[str, Any] = {
        "by": acting(request),
        "at": timezone.now(),
        "seen": request.POST.get("seen", ""),
    }
    do = request.POST.get("do", "")
    with said(request):
        if do == "take":
            _take(request, version, about)
        else:
            example = _example_or_404(version, request.POST.get("example", ""))
            if do == "remove":
                edit.remove(example=example, **about)
                messages.success(request, f"Example “{example.name}” is removed.")
            elif do == "accept":
                edit.accept(example=example, **about)
                messages.success(request, f"“{example.name}” expects what came out.")
    return redirect("version-examples", version.pk)


def _take(request: HttpRequest, version: PlanVersion, about: dict[str, Any]) -> None:
    """Take an example from a person whose pay whoever asks may read; unnamed, from the middle."""
    membership = request.membership  # type: ignore[attr-defined]
    on = today(membership.tenant)
    points = _points(version, on)
    point = next((one for one in points if str(one.pk) == request.POST.get("point")), None)
    if point is None:
        raise DomainError("Choose a period that was calculated.")
    text = request.POST.get("person", "").strip()
    person = person_named(membership, on=on, text=text) if text else middle_of(point)
    if not request_sees_pay(request, person):
        raise PermissionDenied("You may not read what this person is paid.")
    log_reading(request, [person], what=f"example of {version.plan}, {point.period}")
    example, notes = take(version=version, person=person, point=point, **about)
    messages.success(request, f"“{example.name}” has the figures of that result, not the name.")
    for note in notes:
        messages.warning(request, note)


def _example_or_404(version: PlanVersion, pk: str) -> Example:
    found = version.examples.filter(pk=number_in(pk) or 0).first()
    if found is None:
        raise Http404("No example of this version has this number.")
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EDIT_RULES)
def example_new(request: HttpRequest, pk: int) -> HttpResponse:
    """A new example of a draft."""
    return _example_page(request, _version_or_404(pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EDIT_RULES)
def example(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """An example of a draft, to be changed."""
    found = _version_or_404(pk)
    return _example_page(request, found, _example_or_404(found, str(number)))


def _example_page(
    request: HttpRequest, version: PlanVersion, example: Example | None
) -> HttpResponse:
    try:
        rules = load(version)
    except RulesProblem as trouble:
        messages.error(request, f"Mend the rules first, then write examples. {trouble}")
        return redirect("version-examples", version.pk)
    posted = request.POST if request.method == "POST" else None
    form = ExampleForm(posted, rules=rules, needs=needs_of(rules), example=example)
    if posted is not None and form.is_valid():
        answer = _save_example(request, version, rules, example, form)
        if answer is not None:
            return answer
    outcomes = []
    if example is not None and posted is None:
        outcomes = examples.outcomes(rules, example.name, examples.said_by(example))
    context = {
        "version": version,
        "example": example,
        "form": form,
        "outcomes": outcomes,
        "seen": request.POST.get("seen") or last_edit(version).stamp,
        "changes": _may_change(request, version),
    }
    return render(request, "incentives/example.html", context)


def _save_example(
    request: HttpRequest,
    version: PlanVersion,
    rules: VersionRules,
    example: Example | None,
    form: ExampleForm,
) -> HttpResponse | None:
    """Save what was typed and say what comes out; None where it is refused, with why."""
    try:
        row = edit.save(
            version=version,
            example=example,
            name=form.cleaned_data["name"],
            note=form.cleaned_data["note"],
            said=form.said,
            by=acting(request),
            at=timezone.now(),
            seen=request.POST.get("seen", ""),
        )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None
    found = examples.outcomes(rules, row.name, examples.said_by(row))
    wrong = [one.sentence for one in found if not one.ok]
    if wrong:
        messages.warning(request, f"Saved. {' '.join(wrong)}")
    else:
        messages.success(request, f"Saved. “{row.name}” comes out.")
    if request.POST.get("more"):
        return redirect("version-example", version.pk, row.pk)
    return redirect("version-examples", version.pk)
