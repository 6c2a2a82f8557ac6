"""Pages of budgets, and of what compliance packs go by: asked for by one, in force by another."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from incentives.config_budgets import BUDGETS
from incentives.editor.entries import LICENCES, ask_for
from incentives.editor.tag_forms import BudgetForm, KindTagsForm, LicencesForm, MetricTagsForm
from incentives.models import Budget
from metrics.config_credits import TRANSACTIONS
from metrics.config_metrics import METRICS
from metrics.models import Metric, TransactionKind
from metrics.tags import Tag
from org import config_tools as tools
from org.access import needs, request_permissions
from org.base import CURRENT
from org.compliance import ProductClass
from org.config_section import Section
from org.models import JobType
from org.permissions import Permission

READ = needs(Permission.SEE_RULES)
GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@GET_OR_POST
@READ
def budget(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """What one plan may cost in each period."""
    before = _budget_item(pk) if pk else None
    form = BudgetForm(request.POST or None, item=before, initial={"plan": request.GET.get("plan")})
    context = {
        "heading": f"Budget of {before['plan']}" if before else "Add a budget",
        "removable": before is not None,
        "names_json": "[]",
        "aside": "budget",
    }

    def named() -> str:
        data = form.cleaned_data if form.is_valid() else {}
        plan = data["plan"].code if data else (before or {})["plan"]
        first = data.get("first") if data else (before or {}).get("from")
        return f"{plan} from {first}" if first else str(plan)

    return ask_for(request, BUDGETS, form, before, context, named)


def _budget_item(pk: int) -> dict[str, Any]:
    """A budget as the tenant file says it."""
    row = Budget.objects.filter(CURRENT, pk=pk).select_related("plan").first()
    if row is None:
        raise Http404("There is no such budget any more.")
    return {"plan": row.plan.code, "amount": row.amount, **tools.write_days(row)}


@require_safe
@READ
def tags(request: HttpRequest) -> HttpResponse:
    """Everything that packs go by: metrics, attributes of transactions, licences of job types."""
    kinds = TransactionKind.objects.order_by("code")
    context = {
        "metrics": [
            (row, [Tag(tag).label for tag in row.tags]) for row in Metric.objects.order_by("name")
        ],
        "kinds": [
            (kind, [(name, [Tag(tag).label for tag in said]) for name, said in kind.tags.items()])
            for kind in kinds
        ],
        "job_types": [
            (job, [ProductClass(one).label for one in job.licences])
            for job in JobType.objects.order_by("name")
        ],
        "may_edit": Permission.EDIT_RULES in request_permissions(request),
    }
    return render(request, "incentives/editor/tags.html", context)


@GET_OR_POST
@READ
def metric_tags(request: HttpRequest, code: str) -> HttpResponse:
    """The tags of one metric."""
    before = _entry_or_404(METRICS, code, "metric")
    name = Metric.objects.get(code=code).name
    form = MetricTagsForm(request.POST or None, item=before)
    return _tagged(request, METRICS, form, before, code, f"Tags of {name}")


@GET_OR_POST
@READ
def kind_tags(request: HttpRequest, code: str) -> HttpResponse:
    """The tags of the attributes of one kind of transaction."""
    before = _entry_or_404(TRANSACTIONS, code, "kind of transaction")
    kind = TransactionKind.objects.get(code=code)
    form = KindTagsForm(request.POST or None, kind=kind)
    return _tagged(request, TRANSACTIONS, form, before, code, f"Tags of {kind}")


@GET_OR_POST
@READ
def job_licences(request: HttpRequest, code: str) -> HttpResponse:
    """What everybody of one job type is licensed to sell."""
    before = _entry_or_404(LICENCES, code, "job type")
    name = JobType.objects.get(code=code).name
    form = LicencesForm(request.POST or None, item=before)
    return _tagged(request, LICENCES, form, before, code, f"Licences of {name}")


def _tagged(
    request: HttpRequest, section: Section, form: Any, before: Any, code: str, heading: str
) -> HttpResponse:
    context = {"heading": heading, "code": code, "names_json": "[]", "aside": "tags"}
    return ask_for(request, section, form, before, context, lambda: code)


def _entry_or_404(section: Section, code: str, what: str) -> Any:
    """An entry of a section by its code, as the tenant file says it."""
    entries = section.read() or {}
    if code not in entries:
        raise Http404(f"There is no {what} “{code}”.")
    return entries[code]
