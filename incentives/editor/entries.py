"""One entry of a section of the tenant file as a page: a form, and a change that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from incentives.config_budgets import BUDGETS
from incentives.editor.pages import demand_change, noted, tenant_day
from incentives.editor.rule_forms import RuleForm
from metrics.config_credits import CREDITS, TRANSACTIONS
from metrics.config_metrics import METRICS
from org import config_pay_groups, rule_changes
from org.access import request_permissions
from org.config_codes import JOB_TYPES
from org.config_section import Section
from org.errors import DomainError
from org.models import RuleChange
from org.permissions import Permission

PAY_GROUPS = config_pay_groups.PAY_GROUPS.section()
LICENCES = JOB_TYPES.section()
SECTIONS: dict[str, Section] = {
    one.key: one for one in (TRANSACTIONS, CREDITS, PAY_GROUPS, BUDGETS, METRICS, LICENCES)
}


def ask_for(
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
            code = named() if not taken_out else _code_of(section, before, named)
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


def _code_of(section: Section, before: Any, named: Callable[[], str]) -> str:
    if section.key == CREDITS.key:
        return f"{before['kind']}: {before['group']} {before['order']}"
    return named()


def _refused(form: RuleForm, refusal: DomainError) -> None:
    if refusal.problems:
        form.place(refusal.problems)
    else:
        form.add_error(None, refusal.sentence)


def _waiting(section: Section, context: Mapping[str, Any]) -> list[RuleChange]:
    """Changes of the same entry, or of its section and kind, that nobody has decided."""
    rows = RuleChange.objects.filter(section=section.key, state=RuleChange.State.WAITING)
    kind = context.get("kind")
    if "code" in context:
        rows = rows.filter(code=context["code"])
    elif kind is not None:
        rows = rows.filter(code__startswith=kind.code)
    return list(rows.select_related("asked_by"))


def differences(before: Any, wanted: Any) -> Any:
    """Each key of an entry with what it says now, what it shall say, and whether that differs."""
    now, then = _first(before), _first(wanted)
    for key in dict.fromkeys([*now, *then]):
        yield (
            key.replace("_", " "),
            _shown(now.get(key)),
            _shown(then.get(key)),
            now.get(key) != then.get(key),
        )


def _first(entry: Any) -> Mapping[str, Any]:
    """An entry, or the first of several dated ones: it says what holds for all of them."""
    found: Mapping[str, Any] = (entry[0] if isinstance(entry, list) else entry) or {}
    return found


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(said)}" if said else key for key, said in value.items())
    return ", ".join(map(_shown, value)) if isinstance(value, list) else str(value)
