"""Pages of the plan editor: a version, its parts, whom it is for, and what it says as a whole."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives import compliance
from incentives.edited import last_edit_of, last_edit_of_rows
from incentives.editor import save
from incentives.editor.component_form import ComponentForm
from incentives.editor.forms import PartForm
from incentives.editor.measure_form import MeasureForm
from incentives.editor.outline import LABELS
from incentives.editor.pages import (
    after_saving,
    around,
    demand_change,
    may_change,
    noted,
    tenant_day,
    version_or_404,
)
from incentives.editor.panel import panel
from incentives.editor.picture import picture
from incentives.editor.save import Unsound
from incentives.editor.table_form import TableForm
from incentives.editor.version_forms import (
    BeginForm,
    ReleaseFormSet,
    ScheduleNameForm,
    VersionForm,
    WhoFormSet,
    first_days,
)
from incentives.models import Component, Eligibility, Measure, PlanVersion, RateTable
from org.access import needs
from org.errors import DomainError
from org.models import Calendar
from org.pages import said
from org.permissions import Permission

READ = needs(Permission.SEE_RULES)
WRITE = needs(Permission.EDIT_RULES)
GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])
FORMS: dict[str, tuple[type[Any], type[PartForm]]] = {
    "measures": (Measure, MeasureForm),
    "tables": (RateTable, TableForm),
    "components": (Component, ComponentForm),
}


@GET_OR_POST
@WRITE
def begin(request: HttpRequest) -> HttpResponse:
    """A new plan, and the first day of its first version."""
    calendar = Calendar.objects.order_by("kind", "code").first()
    monthly = Calendar.objects.filter(kind=Calendar.Kind.MONTHLY).order_by("code").first()
    chosen = monthly or calendar
    initial = {
        "calendar": chosen,
        "in_force": first_days(chosen, tenant_day(request)) if chosen else None,
    }
    form = BeginForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            version = save.begin_plan(
                code=data["code"],
                name=data["name"],
                calendar=data["calendar"],
                family=data["family"],
                currency=data["currency"],
                in_force=data["in_force"],
                **noted(request),
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                f"“{version.plan}” is begun, as a draft of yours. Nobody is paid by it yet.",
            )
            return redirect("edit-version", version.pk)
    return render(request, "incentives/editor/begin.html", {"form": form})


@require_safe
@READ
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """A version as a whole: what is still to do, and what feeds what."""
    row = version_or_404(pk)
    context = around(request, row)
    # Packs look at rules that hold.
    findings = [] if context["found"] else compliance.findings(row)
    context |= {"picture": picture(row), "findings": findings}
    return render(request, "incentives/editor/version.html", context)


@GET_OR_POST
@READ
def part(request: HttpRequest, pk: int, section: str, name: str = "") -> HttpResponse:
    """A measure, table or component: its form, and beside it the same in words."""
    row = version_or_404(pk)
    if section not in FORMS:
        raise Http404("Versions have no such parts.")
    model, form_class = FORMS[section]
    saved = _part_or_404(model, row, name) if name else model(version=row)
    form = form_class(request.POST or None, instance=saved, version=row)
    if not name:
        _follow(form, request)
    if request.method == "POST":
        demand_change(request)
        sent = "_check" not in request.POST and form.is_valid()
        if sent and (answer := _save_part(request, form, row, section, name)):
            return answer
    beside = panel(request, row, section, saved if name else None, form)
    _show_checked(request, form, beside)
    _freeze(form, may_change(request, row))
    context = around(request, row, section=section, part=name)
    context |= {
        "form": form,
        "name": name,
        "label": LABELS[section][0],
        "heading": str(_part_or_404(model, row, name)) if name else LABELS[section][1],
        "is_new": not name,
        "seen": request.POST.get("seen") or last_edit_of(saved if name else None).stamp,
        "used": save.called_by(row, section, name) if name else (),
        **beside,
    }
    return render(request, "incentives/editor/part.html", context)


def _show_checked(request: HttpRequest, form: PartForm, beside: dict[str, Any]) -> None:
    """Checked without script: what was found stands at its field, as it does while one types."""
    if "_check" not in request.POST:
        return
    for problem in beside["checked"].problems:
        if problem.field in form.fields and not form.has_error(problem.field):
            form.add_error(problem.field, problem.sentence)


def _follow(form: PartForm, request: HttpRequest) -> None:
    """What an address proposes for a new part, such as the metric from which one comes."""
    for field in form.fields:
        if field in request.GET:
            form.initial.setdefault(field, request.GET[field])


def _part_or_404(model: type[Any], version: PlanVersion, name: str) -> Any:
    found = model.objects.filter(version=version, name=name).first()
    if found is None:
        raise Http404(f"This version has no part “{name}”.")
    found.version = version
    return found


def _save_part(
    request: HttpRequest, form: Any, version: PlanVersion, section: str, name: str
) -> HttpResponse | None:
    """Save what is valid by itself; what the rules refuse stands at its field."""
    row = form.instance
    was = row.pk
    try:
        left = save.save_part(
            row=row,
            section=section,
            seen=request.POST.get("seen", ""),
            was=name,
            **noted(request),
        )
    except Unsound as unsound:
        for problem in unsound.found:
            form.add_error(
                problem.field if problem.field in form.fields else None, problem.sentence
            )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
    else:
        _tell(request, left, f"“{row.name}”")
        for note in getattr(form, "notes", ()):
            messages.info(request, note)
        return redirect("edit-part", version.pk, section, row.name)
    row.pk = was
    row._state.adding = was is None
    return None


def _place(form: forms.BaseForm, unsound: Unsound) -> None:
    """Put each problem at the field that it is about."""
    for problem in unsound.found:
        field = {"goal": "goal_metric"}.get(problem.field, problem.field)
        form.add_error(field if field in form.fields else None, problem.sentence)


def _tell(request: HttpRequest, left: list[Any], what: str) -> None:
    say = messages.warning if left else messages.success
    say(request, after_saving(left, what))


def _freeze(form: forms.BaseForm, mine: bool) -> None:
    """Who does not write the draft reads it."""
    if not mine:
        for field in form.fields.values():
            field.disabled = True


@GET_OR_POST
@READ
def whole(request: HttpRequest, pk: int) -> HttpResponse:
    """What a version says as a whole."""
    row = version_or_404(pk)
    form = VersionForm(request.POST or None, instance=row)
    if request.method == "POST":
        demand_change(request)
        if "_check" not in request.POST and form.is_valid():
            try:
                left = save.save_version(
                    version=row, seen=request.POST.get("seen", ""), **noted(request)
                )
            except Unsound as unsound:
                _place(form, unsound)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                _tell(request, left, "The plan as a whole")
                return redirect("edit-whole", pk)
    fresh = version_or_404(pk)
    beside = panel(request, fresh, "version", None, form)
    _show_checked(request, form, beside)
    _freeze(form, may_change(request, fresh))
    context = around(request, fresh, section="version") | {
        "form": form,
        "name": "",
        "label": "The plan as a whole",
        "heading": "The plan as a whole",
        "seen": request.POST.get("seen") or last_edit_of(fresh).stamp,
        **beside,
    }
    return render(request, "incentives/editor/part.html", context)


@GET_OR_POST
@READ
def whom(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom a version is for."""
    row = version_or_404(pk)
    lines = row.eligibility.select_related("person", "unit", "job_type").order_by("pk")
    initial = [
        {
            "person": one.person.code if one.person else "",
            "unit": one.unit,
            "job_type": one.job_type,
            "slot": one.slot,
        }
        for one in lines
    ]
    formset = WhoFormSet(request.POST or None, initial=initial)
    trouble = ""
    if request.method == "POST":
        demand_change(request)
        if formset.is_valid():
            rows = [one for form in formset.forms if (one := form.row) is not None]
            try:
                left = save.save_eligibility(
                    version=row, rows=rows, seen=request.POST.get("seen", ""), **noted(request)
                )
            except DomainError as refusal:
                trouble = str(refusal)
            else:
                _tell(request, left, "Whom it is for")
                return redirect("edit-whom", pk)
    for form in formset.forms:
        _freeze(form, may_change(request, row))
    context = around(request, row, section="whom") | {
        "formset": formset,
        "trouble": trouble,
        "seen": request.POST.get("seen") or last_edit_of_rows(Eligibility, row).stamp,
        "family": row.plan.family,
    }
    return render(request, "incentives/editor/whom.html", context)


@GET_OR_POST
@READ
def schedule(request: HttpRequest, pk: int, name: str = "") -> HttpResponse:
    """In which parts an amount is paid."""
    row = version_or_404(pk)
    if name and name not in row.schedules:
        raise Http404(f"This version has no schedule “{name}”.")
    named = ScheduleNameForm(request.POST or None, initial={"name": name})
    formset = ReleaseFormSet(request.POST or None, initial=row.schedules.get(name, []))
    trouble: list[str] = []
    if request.method == "POST":
        demand_change(request)
        if named.is_valid() and formset.is_valid():
            try:
                left = save.save_schedule(
                    version=row,
                    name=named.cleaned_data["name"],
                    parts=_releases(formset),
                    seen=request.POST.get("seen", ""),
                    was=name,
                    **noted(request),
                )
            except Unsound as unsound:
                trouble = [problem.sentence for problem in unsound.found]
            except DomainError as refusal:
                trouble = [str(refusal)]
            else:
                _tell(request, left, f"“{named.cleaned_data['name']}”")
                return redirect("edit-part", pk, "schedules", named.cleaned_data["name"])
    for form in (named, *formset.forms):
        _freeze(form, may_change(request, row))
    context = around(request, row, section="schedules", part=name) | {
        "named": named,
        "formset": formset,
        "trouble": trouble,
        "name": name,
        "is_new": not name,
        "seen": request.POST.get("seen") or last_edit_of(row).stamp,
        "used": save.called_by(row, "schedules", name) if name else (),
    }
    return render(request, "incentives/editor/schedule.html", context)


def _releases(formset: Any) -> list[dict[str, str]]:
    """The parts that say something, as the version keeps them."""
    return [
        {key: text for key, value in form.cleaned_data.items() if (text := str(value).strip())}
        for form in formset.forms
        if form.cleaned_data.get("share")
    ]


@require_POST
@WRITE
def remove(request: HttpRequest, pk: int, section: str, name: str) -> HttpResponse:
    """Take a part out of a draft; what still reads it is said."""
    row = _draft_or_refuse(request, pk, section)
    done = False
    with said(request):
        save.remove_part(version=row, section=section, name=name, **noted(request))
        done = True
    if not done:
        return redirect("edit-part", pk, section, name)
    messages.success(request, f"“{name}” is taken out of the draft.")
    return redirect("edit-version", pk)


@require_POST
@WRITE
def move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Let a component change places with its neighbour."""
    row = _draft_or_refuse(request, pk, "components")
    with said(request):
        save.move_component(
            version=row, name=name, down=request.POST.get("to") == "down", **noted(request)
        )
    return redirect("edit-part", pk, "components", name)


def _draft_or_refuse(request: HttpRequest, pk: int, section: str) -> PlanVersion:
    row = version_or_404(pk)
    if section not in LABELS:
        raise Http404("Versions have no such parts.")
    if not may_change(request, row):
        raise PermissionDenied("Only its author changes a draft. Take a copy and change that.")
    return row
