"""Pages of rules outside plans: kinds of transaction, credit rules, pay rules, their changes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from formula import words
from incentives.editor.entries import PAY_GROUPS, SECTIONS, ask_for, differences
from incentives.editor.pages import demand_change, noted, tenant_day
from incentives.editor.rule_forms import CreditForm, KindForm, PayRuleForm
from incentives.editor.rule_panel import rule_panel
from incentives.models import Budget
from metrics import credit_rules
from metrics.config_credits import CREDITS, TRANSACTIONS
from metrics.models import CreditRule, TransactionKind
from org import config_tools as tools
from org import rule_changes
from org.access import acting, needs, request_permissions
from org.base import CURRENT
from org.errors import DomainError
from org.models import PayGroup, RuleChange
from org.permissions import Permission

READ = needs(Permission.SEE_RULES)
GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@READ
def outside(request: HttpRequest) -> HttpResponse:
    """Rules outside plans: kinds of transaction with their credit rules, pay rules, changes."""
    changes = RuleChange.objects.select_related("asked_by", "decided_by")
    rules = CreditRule.objects.filter(CURRENT).select_related("kind", "into")
    kinds = list(TransactionKind.objects.order_by("code"))
    context = {
        "kinds": [(kind, [r for r in rules if r.kind_id == kind.pk]) for kind in kinds],
        "budgets": Budget.objects.filter(CURRENT).select_related("plan"),
        "pay_groups": PayGroup.objects.select_related("calendar").order_by("code"),
        "waiting": changes.filter(state=RuleChange.State.WAITING).order_by("pk"),
        "decided": changes.exclude(state=RuleChange.State.WAITING)[:10],
        "may_edit": Permission.EDIT_RULES in request_permissions(request),
    }
    return render(request, "incentives/editor/outside.html", context)


def _kind_or_404(code: str) -> TransactionKind:
    kind = TransactionKind.objects.filter(code=code).first()
    if kind is None:
        raise Http404(f"There is no kind of transaction “{code}”.")
    return kind


# --- one entry: a form, and a change that is asked for


@GET_OR_POST
@READ
def kind(request: HttpRequest, code: str = "") -> HttpResponse:
    """A kind of transaction: what it says, who takes part, when it is taken back."""
    row = _kind_or_404(code) if code else None
    form = KindForm(request.POST or None, kind=row)
    before = (TRANSACTIONS.read() or {}).get(code) if code else None
    context = {
        "heading": str(row) if row else "Add a kind of transaction",
        "kind": row,
        "removable": row is not None,
        "attributes": sorted(row.attributes) + row.dates if row else [],
        **rule_panel(request, row, form, "kind"),
    }

    def named() -> str:
        return code or form.cleaned_data["code"]

    return ask_for(request, TRANSACTIONS, form, before, context, named)


@require_safe
@READ
def credit_list(request: HttpRequest, code: str) -> HttpResponse:
    """The credit rules of a kind, group by group, in words."""
    row = _kind_or_404(code)
    rules = CreditRule.objects.filter(CURRENT, kind=row).select_related("into")
    said = _in_words(row)
    groups: dict[str, list[Any]] = {}
    for rule in rules.order_by("group", "order", "valid_from"):
        groups.setdefault(rule.group, []).append((rule, said.get(rule.pk, {})))
    context = {
        "kind": row,
        "groups": groups,
        "may_edit": Permission.EDIT_RULES in request_permissions(request),
    }
    return render(request, "incentives/editor/credits.html", context)


def _in_words(kind: TransactionKind) -> dict[int, dict[str, str]]:
    """Condition and amount of each rule in words; nothing where they fit no more."""
    try:
        rules = credit_rules.load_one(kind).rules
    except DomainError:
        return {}
    return {
        rule.pk: {
            "when": words(rule.when) if rule.when else "",
            "amount": words(rule.amount) if rule.amount else "1",
        }
        for rule in rules
    }


@GET_OR_POST
@READ
def credit(request: HttpRequest, code: str, pk: int = 0) -> HttpResponse:
    """One credit rule."""
    row = _kind_or_404(code)
    before = _credit_item(row, pk) if pk else None
    form = CreditForm(request.POST or None, kind=row, item=before, initial=_next(row))
    context = {
        "heading": f"Credit rule {before['group']} {before['order']}" if before else "Add a rule",
        "kind": row,
        "removable": before is not None,
        **rule_panel(request, row, form, "credit"),
    }

    def named() -> str:
        data = form.cleaned_data if form.is_valid() else (before or {})
        return f"{code}: {data.get('group', '')} {data.get('order', '')}"

    return ask_for(request, CREDITS, form, before, context, named)


def _credit_item(kind: TransactionKind, pk: int) -> dict[str, Any]:
    """A credit rule as the tenant file says it."""
    rule = CreditRule.objects.filter(CURRENT, kind=kind, pk=pk).first()
    if rule is None:
        raise Http404("This kind has no such rule any more.")
    key = kind.code, rule.group, rule.order
    for item in CREDITS.read() or []:
        days = tools.days_of(item, "", tools.Problems(), end="until")
        same = (item["kind"], item["group"], item["order"]) == key
        if same and days["valid_from"] == rule.valid_from:
            found: dict[str, Any] = item
            return found
    raise Http404("This kind has no such rule any more.")


def _next(kind: TransactionKind) -> dict[str, Any]:
    """What a new rule begins with: after those there are."""
    last = CreditRule.objects.filter(CURRENT, kind=kind).order_by("-order").first()
    return {"order": last.order + 1 if last else 1, "group": last.group if last else ""}


@GET_OR_POST
@READ
def pay_rule(request: HttpRequest, code: str) -> HttpResponse:
    """The pay rule of a pay group."""
    group = PayGroup.objects.filter(code=code).first()
    if group is None:
        raise Http404(f"There is no pay group “{code}”.")
    before = (PAY_GROUPS.read() or {}).get(code)
    form = PayRuleForm(request.POST or None, item=before)
    context = {"heading": f"Pay rule of {code}", "code": code, "names_json": "[]"}
    return ask_for(request, PAY_GROUPS, form, before, context, lambda: code)


# --- a change


@require_safe
@READ
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """A change of rules: what it would say, and who decides it."""
    row = _change_or_404(pk)
    own = row.asked_by_id == acting(request).pk
    may = Permission.PUBLISH_RULES in request_permissions(request)
    context = {
        "change": row,
        "rows": list(differences(row.before, row.wanted)),
        "own": own,
        "may_decide": may and not own and row.waits,
    }
    return render(request, "incentives/editor/change.html", context)


def _change_or_404(pk: int) -> RuleChange:
    row = RuleChange.objects.filter(pk=pk).select_related("asked_by", "decided_by").first()
    if row is None:
        raise Http404("No change of rules has this number.")
    return row


@require_POST
@READ
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a change in force, refuse it, or take it back."""
    row = _change_or_404(pk)
    what = request.POST.get("do", "")
    permissions = request_permissions(request)
    if what == "withdraw":
        demand_change(request)
    elif Permission.PUBLISH_RULES not in permissions:
        raise PermissionDenied("Your role does not put rules in force.")
    try:
        for sentence in _decided(request, row, what):
            messages.info(request, sentence)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        done = {"approve": "It is in force.", "refuse": "It is refused.", "withdraw": "Withdrawn."}
        messages.success(request, done[what])
    return redirect("rule-change", pk)


def _decided(request: HttpRequest, row: RuleChange, what: str) -> list[str]:
    given = noted(request)
    if what == "approve":
        section = SECTIONS[row.section]
        return rule_changes.approve(change=row, section=section, today=tenant_day(request), **given)
    if what == "refuse":
        rule_changes.refuse(change=row, answer=request.POST.get("answer", ""), **given)
        return []
    if what == "withdraw":
        rule_changes.withdraw(change=row, **given)
        return []
    raise Http404("There is nothing else to do with a change.")
