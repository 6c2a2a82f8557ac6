"""The desk of payroll: drafts, batches with their control totals, files to take along."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from org.access import acting, needs, request_permissions, today
from org.audit import record
from org.models import Person
from org.pages import said
from org.permissions import Permission
from org.reading import log_reading
from org.tables import configured, download
from org.words import counted
from payroll import batch as batches
from payroll.differences import differences_of
from payroll.forms import FileForm, PrepareForm
from payroll.models import PayBatch, PayFile, PayLine
from payroll.queries import contents_of, groups_with_due, kept_moves, payees_of, titles
from payroll.run import draft
from payroll.tables import DifferenceTable, LineTable, PayeeTable
from payroll.write import write_file

SEE = (Permission.PREPARE_PAY, Permission.APPROVE_PAY, Permission.SEE_AUDIT)


@require_safe
@needs(*SEE)
def desk(request: HttpRequest) -> HttpResponse:
    """Groups with something due, drafts that wait, batches that were paid, and their files."""
    return _desk(request, PrepareForm(on=today(request.membership.tenant)))  # type: ignore[attr-defined]


def _desk(request: HttpRequest, form: PrepareForm) -> HttpResponse:
    """The desk with a form, in which stands what was typed."""
    now = today(request.membership.tenant)  # type: ignore[attr-defined]
    related = PayBatch.objects.select_related(
        "pay_group", "period__calendar", "prepared_by", "approved_by"
    ).prefetch_related("files__profile")
    paid = related.filter(status=PayBatch.Status.APPROVED)
    context = {
        "groups": groups_with_due(now),
        "drafts": related.filter(status=PayBatch.Status.DRAFT),
        "paid": paid.annotate(total=Sum("lines__amount"), rows=Count("lines"))[:30],
        "form": form,
        "may_prepare": Permission.PREPARE_PAY in request_permissions(request),
    }
    return render(request, "payroll/desk.html", context)


@require_POST
@needs(Permission.PREPARE_PAY)
def prepare(request: HttpRequest) -> HttpResponse:
    """Open a draft for a pay group and period."""
    now = today(request.membership.tenant)  # type: ignore[attr-defined]
    form = PrepareForm(request.POST, on=now)
    if not form.is_valid():
        for problem in form.problems():
            messages.error(request, problem)
        return _desk(request, form)
    with said(request):
        made = _prepared(request, form.cleaned_data)
        messages.success(request, f"The draft {made} is open. Somebody else approves it.")
        return redirect("pay-batch", made.pk)
    return _desk(request, form)


def _prepared(request: HttpRequest, asked: dict[str, Any]) -> PayBatch:
    """The new draft; of an off-cycle one it is said what was booked for it."""
    by, at = acting(request), timezone.now()
    if asked["pay_date"] is None:
        return batches.prepare(pay_group=asked["pay_group"], period=asked["period"], by=by, at=at)
    [made] = draft(
        periods=[asked["period"]],
        pay_group=asked["pay_group"].code,
        off_cycle=True,
        pay_date=asked["pay_date"],
        people=asked["people"],
        by=by,
        at=at,
    )
    for note in made.booked:
        messages.info(request, note)
    return made.batch


@require_safe
@needs(*SEE)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: what it pays or would pay, person by person, with its totals and files."""
    batch = _batch_or_404(pk)
    shown = _draft_context(batch) if batch.status == batch.Status.DRAFT else _paid_context(batch)
    table = shown["table"]
    if answer := download(request, table, name=f"batch-{batch.pk}"):
        _log(request, batch, shown["people"])
        return answer
    configured(request, table)
    if "differences" in shown:
        configured(request, shown["differences"])
    _log(request, batch, shown["people"])
    mine = request_permissions(request)
    context = shown | {
        "batch": batch,
        "file_form": FileForm(initial={"seen": _latest(batch)}),
        "may_approve": Permission.APPROVE_PAY in mine and batch.prepared_by != request.user,
        "may_prepare": Permission.PREPARE_PAY in mine,
    }
    return render(request, "payroll/batch.html", context)


def _draft_context(batch: PayBatch) -> dict[str, Any]:
    moves = kept_moves(batch)
    payees = payees_of(moves)
    return {
        "contents": contents_of(moves),
        "differences": DifferenceTable(differences_of(moves), prefix="d-"),
        "table": PayeeTable(payees, order_by="name"),
        "notes": batches.waiting(batch, payees),
        "people": [payee.code for payee in payees],
    }


def _paid_context(batch: PayBatch) -> dict[str, Any]:
    lines = PayLine.objects.filter(batch=batch).select_related(
        "person", "employment", "earned_period__calendar", "transfer__plan"
    )
    return {
        "table": LineTable(lines, order_by="person", titles=titles()),
        "people": list(lines.values_list("person__code", flat=True).distinct()),
        "sums": lines.order_by("earning_type")
        .values("earning_type")
        .annotate(total=Sum("amount"), rows=Count("id")),
        "total": lines.aggregate(total=Sum("amount"))["total"],
    }


def _latest(batch: PayBatch) -> int | None:
    """The file that was written last."""
    return batch.files.order_by("-id").values_list("pk", flat=True).first()


def _gone(request: HttpRequest) -> HttpResponse:
    """A draft that is not there any more: somebody, or a first click, discarded it."""
    messages.info(request, "This draft is gone: it was discarded. Nothing was paid.")
    return redirect("pay")


def _log(request: HttpRequest, batch: PayBatch, codes: list[str]) -> None:
    log_reading(request, Person.objects.filter(code__in=codes), what=f"batch {batch}")


@require_POST
@needs(Permission.APPROVE_PAY)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Pay a draft."""
    batch = _batch(pk)
    if batch is None:
        return _gone(request)
    with said(request):
        done = batches.approve(batch=batch, by=acting(request), at=timezone.now())
        messages.success(
            request,
            f"{batch} is approved: {counted(done.contents.people, 'person', 'people')},"
            f" {counted(done.contents.lines, 'line', 'lines')}."
            " Write its file below.",
        )
    return redirect("pay-batch", pk)


@require_POST
@needs(Permission.PREPARE_PAY)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    batch = _batch(pk)
    if batch is None:
        return _gone(request)
    with said(request):
        batches.discard(batch=batch, by=acting(request), at=timezone.now())
        messages.success(request, f"The draft {batch} is gone; nothing was paid.")
        return redirect("pay")
    return redirect("pay-batch", pk)


@require_POST
@needs(Permission.PREPARE_PAY)
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the file of an approved batch; once more only where that is said."""
    batch = _batch_or_404(pk)
    form = FileForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose the layout of the file first.")
        return redirect("pay-batch", pk)
    with said(request):
        written = write_file(
            batch=batch,
            profile=form.cleaned_data["profile"],
            by=acting(request),
            at=timezone.now(),
            reissue=form.cleaned_data["again"],
            seen=form.cleaned_data["seen"],
        )
        messages.success(
            request, f"{written.name} is written: {counted(written.rows, 'row', 'rows')}."
        )
    return redirect("pay-batch", pk)


@require_safe
@needs(*SEE)
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes of a file as they were written; taking it along is noted."""
    found = PayFile.objects.filter(pk=pk).select_related("batch").first()
    if found is None:
        raise Http404("No such file.")
    if Permission.PREPARE_PAY not in request_permissions(request):
        raise PermissionDenied("Files of payroll are taken along by those who prepare pay.")
    record(
        action="payroll.download",
        subject=found.name,
        by=acting(request),
        at=timezone.now(),
        detail={"sha256": found.sha256, "batch": str(found.batch)},
    )
    answer = HttpResponse(bytes(found.content), content_type="application/octet-stream")
    name = found.name.replace('"', "")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _batch(pk: int) -> PayBatch | None:
    related = PayBatch.objects.select_related(
        "pay_group__calendar", "period__calendar", "prepared_by", "approved_by"
    )
    return related.filter(pk=pk).first()


def _batch_or_404(pk: int) -> PayBatch:
    found = _batch(pk)
    if found is None:
        raise Http404("No such batch.")
    return found
