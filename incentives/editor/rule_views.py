"""Pages of rules outside plans: kinds of transaction, credit rules, pay rules, their changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from formula import words
from incentives.editor.pages import demand_change, noted, tenant_day
from incentives.editor.rule_forms import CreditForm, KindForm, PayRuleForm, RuleForm
from incentives.editor.rule_panel import rule_panel
from metrics import credit_rules
from metrics.config_credits import CREDITS, TRANSACTIONS
from metrics.models import CreditRule, TransactionKind
from org import config_pay_groups, rule_changes
from org import config_tools as tools
from org.access import acting, needs, request_permissions
from org.base import CURRENT
from org.config_section import Section
from org.errors import DomainError
from org.models import PayGroup, RuleChange
from org.permissions import Permission

READ = needs(Permission.SEE_RULES)
WRITE = needs(Permission.EDIT_RULES)
DECIDE = needs(Permission.PUBLISH_RULES)
GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])
PAY_GROUPS = config_pay_groups.PAY_GROUPS.section()
SECTIONS: dict[str, Section] = {one.key: one for one in (TRANSACTIONS, CREDITS, PAY_GROUPS)}


@require_safe
@READ
def outside(request: HttpRequest) -> HttpResponse:
    """Rules outside plans: kinds of transaction with their credit rules, pay rules, changes."""
    changes = RuleChange.objects.select_related("asked_by", "decided_by")
    rules = CreditRule.objects.filter(CURRENT).select_related("kind", "into")
    kinds = list(TransactionKind.objects.order_by("code"))
    context = {
        "kinds": [(kind, [r for r in rules if r.kind_id == kind.pk]) for kind in kinds],
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

    return _entry(request, TRANSACTIONS, form, before, context, named)


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

    return _entry(request, CREDITS, form, before, context, named)


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
    context = {"heading": f"Pay rule of {code}", "group": group, "names_json": "[]"}
    return _entry(request, PAY_GROUPS, form, before, context, lambda: code)


def _entry(
    request: HttpRequest,
    section: Section,
    form: RuleForm,
    before: Any,
    context: Mapping[str, Any],
    named: Callable[[], str],
) -> HttpResponse:
    """Show an entry; sent, ask for its change, with each problem at its field."""
    if request.method == "POST" and "_check" not in request.POST:
        demand_change(request)
        taken_out = "_remove" in request.POST and before is not None
        if form.is_valid() or (taken_out and "reason" not in form.errors):
            code = named() if not taken_out else _code_of(section, before, form, named)
            try:
                change = rule_changes.propose(
                    section=section,
                    code=code,
                    before=before,
                    wanted=None if taken_out else form.beside(before),
                    reason=form.cleaned_data.get("reason", ""),
                    today=tenant_day(request),
                    **noted(request),
                )
            except DomainError as refusal:
                _refused(form, refusal)
            else:
                messages.success(
                    request, "Asked for. Somebody else puts it in force; until then nothing moves."
                )
                return redirect("rule-change", change.pk)
    if "_check" in request.POST:
        for name, sentence in context.get("fields", ()):
            if sentence and not form.has_error(name):
                form.add_error(name, sentence)
    mine = Permission.EDIT_RULES in request_permissions(request)
    for field in form.fields.values():
        field.disabled = field.disabled or not mine
    shared = {
        "form": form,
        "mine": mine,
        "waiting": _waiting(section, context),
        "section": section.key,
    }
    return render(request, "incentives/editor/rule.html", {**context, **shared})


def _code_of(section: Section, before: Any, form: RuleForm, named: Callable[[], str]) -> str:
    if section.key == CREDITS.key:
        return f"{before['kind']}: {before['group']} {before['order']}"
    return str(form.data.get("code") or form.initial.get("code") or named())


def _refused(form: RuleForm, refusal: DomainError) -> None:
    if refusal.problems:
        form.place(refusal.problems)
    else:
        form.add_error(None, refusal.sentence)


def _waiting(section: Section, context: Mapping[str, Any]) -> list[RuleChange]:
    """Changes of the same section and kind that nobody has decided."""
    rows = RuleChange.objects.filter(section=section.key, state=RuleChange.State.WAITING)
    kind, group = context.get("kind"), context.get("group")
    if kind is not None:
        rows = rows.filter(code__startswith=kind.code)
    if group is not None:
        rows = rows.filter(code=group.code)
    return list(rows.select_related("asked_by"))


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


def differences(before: Any, wanted: Any) -> Any:
    """Each key of an entry with what it says now, what it shall say, and whether that differs."""
    now, then = before or {}, wanted or {}
    for key in dict.fromkeys([*now, *then]):
        yield (
            key.replace("_", " "),
            _shown(now.get(key)),
            _shown(then.get(key)),
            now.get(key) != then.get(key),
        )


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(said)}" if said else key for key, said in value.items())
    return ", ".join(map(_shown, value)) if isinstance(value, list) else str(value)


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
