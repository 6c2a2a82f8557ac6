"""Beside a credit rule or kind: its formulas in words, and worked out for one real transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST
from psycopg.sql import SQL, Literal

from formula import (
    BOOLEAN,
    DATE,
    NUMBER,
    Formula,
    FormulaError,
    Scope,
    Type,
    check,
    evaluate,
    words,
)
from incentives.editor.names import as_data, helped
from incentives.editor.typed import sent
from metrics.attributes import columns
from metrics.credit_rules import scope_of
from metrics.models import Transaction, TransactionKind
from org.access import needs
from org.base import CURRENT
from org.permissions import Permission

EXPECTED: dict[str, dict[str, Type]] = {
    "credit": {"when": BOOLEAN, "amount": NUMBER, "weight": NUMBER},
    "kind": {"undone_share": NUMBER, "undone_on": DATE},
}
SAID = {
    "when": "Takes a transaction if {}.",
    "amount": "Credits {}.",
    "weight": "Divided by {}.",
    "undone_share": "It counts as undone by {}.",
    "undone_on": "It was undone on {}.",
}


def rule_panel(
    request: HttpRequest, kind: TransactionKind | None, form: Any, page: str
) -> dict[str, Any]:
    """The panel of a page that is opened, or sent without script."""
    if request.method == "POST":
        post: Mapping[str, str] = sent(request.POST)
    else:
        post = {name: str(form[name].value() or "") for name in EXPECTED[page]}
    return panel_of(kind, post, page)


def panel_of(kind: TransactionKind | None, post: Mapping[str, str], page: str) -> dict[str, Any]:
    """Formulas in words, problems at their fields, and one transaction worked through them."""
    if kind is None:
        return {"names_json": "[]", "page": page}
    scope = scope_of(kind, None if page == "credit" else TransactionKind.objects.order_by("code"))
    checked = {
        name: _checked(post.get(name, "").replace("\r\n", "\n"), scope, type_, kind)
        for name, type_ in EXPECTED[page].items()
    }
    formulas = {name: one for name, one in checked.items() if isinstance(one, Formula)}
    said = [SAID[name].format(words(one)) for name, one in formulas.items()]
    deal = _deal(kind, post.get("deal", ""))
    return {
        "page": page,
        "names_json": json.dumps(as_data(scope, {})),
        "help": helped(scope),
        "said": said,
        "fields": [(n, one if isinstance(one, str) else "") for n, one in checked.items()],
        "deal": deal,
        "deal_missing": bool(post.get("deal")) and deal is None,
        "steps": list(_steps(formulas, deal)) if deal else [],
    }


def _checked(text: str, scope: Scope, type_: Type, kind: TransactionKind) -> Formula | str | None:
    """A formula, a message with its caret, or None where there is nothing to check."""
    if not text.strip() or text.strip() in kind.dates:
        return None
    try:
        return check(text, scope, type_)
    except FormulaError as error:
        return str(error)


def _deal(kind: TransactionKind, key: str) -> Transaction | None:
    rows = Transaction.objects.filter(CURRENT, kind=kind)
    if key:
        return rows.filter(key=key).first()
    return rows.order_by("-pk").first()


def _steps(formulas: Mapping[str, Formula], deal: Transaction) -> Any:
    """Each formula's steps for one transaction."""
    inputs = values_of(deal, formulas)
    for name, formula in formulas.items():
        outcome = evaluate(formula, inputs)
        yield name.replace("_", " "), list(_lines(outcome.steps, 0))


def _lines(step: Any, depth: int) -> Any:
    yield min(depth, 6), " ".join(step.text.split()), step.shown, step.note
    for part in step.parts:
        yield from _lines(part, depth + 1)


def values_of(deal: Transaction, formulas: Mapping[str, Formula]) -> dict[str, Any]:
    """What formulas read of one transaction, by column."""
    refs = {ref for formula in formulas.values() for ref in formula.references}
    wanted = columns(refs, "deal")
    found: dict[str, Any] = {ref.column: None for ref in refs}
    if not wanted:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            SQL("SELECT {} FROM metrics_transaction AS deal WHERE deal.id = {}").format(
                SQL(", ").join(wanted), Literal(deal.pk)
            )
        )
        row = cursor.fetchone()
        assert row is not None
        assert cursor.description is not None
        return found | {c.name: v for c, v in zip(cursor.description, row, strict=True)}


@require_POST
@needs(Permission.EDIT_RULES)
def check_rule(request: HttpRequest, code: str, page: str) -> HttpResponse:
    """A credit rule or kind as it is typed."""
    kind = TransactionKind.objects.filter(code=code).first()
    if kind is None or page not in EXPECTED:
        raise Http404("There is no such kind of transaction.")
    context = panel_of(kind, sent(request.POST), page) | {"swap": True, "kind": kind}
    return render(request, "incentives/editor/rule_checked.html", context)
