"""Names of people and metrics that nobody knew, and saying what they mean."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from metrics import naming
from metrics.ingest import UNKNOWN
from metrics.models import Rejection, Source
from org.access import needs, request_permissions
from org.dates import EARLIEST_DAY
from org.errors import DomainError
from org.models import Person, User
from org.permissions import Permission
from org.tables import configured, download
from pmsite.data.forms import MetricForm, PersonForm, name_form
from pmsite.data.tables import UnknownTable
from pmsite.data.views import UPLOAD, user_of

SHOWN_ROWS, LISTED = 5, 500


@require_safe
@needs(Permission.SEE_RULES)
def unknown(request: HttpRequest) -> HttpResponse:
    """The queue: each unknown name once, with how many rows wait for it."""
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    table = UnknownTable(
        list(naming.unknown_names()),
        tenant=tenant,
        said=naming.said(),
        may=UPLOAD in request_permissions(request),
        exclude=["act"] if "download" in request.GET else [],
    )
    if answer := download(request, table, name="unknown-names"):
        return answer
    return render(request, "data/unknown.html", {"table": configured(request, table)})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(UPLOAD)
def name(request: HttpRequest) -> HttpResponse:
    """Say whom or what a name means; the rows that wait are shown beside it."""
    given = request.POST or request.GET
    source = Source.objects.filter(code=given.get("source", "")).first()
    called, reason = given.get("name", ""), given.get("reason", "")
    rows = Rejection.objects.filter(
        delivery__source=source, delivery__undone_at=None, reason=reason, value=called
    )
    waiting = rows.order_by("-delivery", "line").defer("row")[:SHOWN_ROWS]
    if source is None or reason not in UNKNOWN or not waiting:
        raise Http404("No row waits for such a name.")
    form = name_form(reason, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            _say(form, source=source, called=called, by=user_of(request))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                f"“{called}” of {source} is known now. Its {rows.count():,} rows count once their "
                "delivery is tried again.",
            )
            return redirect("unknown")
    is_person = isinstance(form, PersonForm)
    context = {
        "form": form,
        "source": source,
        "called": called,
        "reason": reason,
        "rows": waiting,
        "problem": naming.takes_people(source) if is_person else "",
        "near": naming.nearest(called) if is_person else None,
        "people": Person.objects.order_by("name")[:LISTED] if is_person else [],
    }
    return render(request, "data/name.html", context)


def _say(form: PersonForm | MetricForm, *, source: Source, called: str, by: User) -> None:
    if isinstance(form, MetricForm):
        naming.name_metric(
            source=source, name=called, metric=form.cleaned_data["metric"], by=by, at=timezone.now()
        )
        return
    naming.name_person(
        source=source,
        name=called,
        person=form.cleaned_data["person"],
        valid_from=form.cleaned_data["valid_from"] or EARLIEST_DAY,
        by=by,
        at=timezone.now(),
    )
