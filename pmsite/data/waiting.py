"""The page of deals that credit nobody for now, each with what brings it on."""

from __future__ import annotations

from datetime import datetime

import django_tables2 as tables
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from metrics.models import CreditRule, TransactionKind, Waiting
from metrics.waiting import WAITS_FOR, advice, waiting_deals
from org.access import needs
from org.base import CURRENT
from org.permissions import Permission
from org.tables import PageTable, configured, download
from pmsite.data.tables import TenantTable, clock


class ChoiceForm(forms.Form):
    """Which of them are listed."""

    who = forms.CharField(required=False, max_length=200, label="Person or deal")
    kind = forms.ChoiceField(required=False)
    problem = forms.ChoiceField(
        required=False, label="Waits for", choices=[("", "Anything"), *WAITS_FOR.items()]
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kinds = TransactionKind.objects.order_by("code")
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Every kind"), *((one.code, str(one)) for one in kinds)]


class WaitingTable(TenantTable):
    """Deals that wait, by name, with what to do."""

    first_line = ("key", "since")
    key = tables.Column(verbose_name="Deal", order_by=("kind_code", "key"))
    people = tables.Column(verbose_name="Of whom", empty_values=(), order_by="people")
    sentence = tables.Column(verbose_name="Why it credits nobody", orderable=False)
    advice = tables.Column(
        verbose_name="What to do", empty_values=(), accessor="problem", orderable=False
    )
    since = tables.Column(verbose_name="Here since")

    class Meta(PageTable.Meta):
        empty_text = "No deal waits."

    def render_key(self, record: Waiting) -> SafeString | str:
        """Kind and key; they lead to the rule that took it."""
        name = f"{record.kind_code} {record.key}"  # type: ignore[attr-defined]
        rule = self.rules.get(record.rule_id or 0)
        if rule is None:
            return name
        address = reverse("credit-rule", args=[rule, record.rule_id])
        return format_html('<a href="{}">{}</a>', address, name)

    def value_key(self, record: Waiting) -> str:
        """In a file, the plain words."""
        return f"{record.kind_code} {record.key}"  # type: ignore[attr-defined]

    def render_people(self, value: str) -> str:
        """Who takes part in it."""
        return value or "nobody is named"

    def render_advice(self, record: Waiting) -> str:
        """What brings it on."""
        return advice(record.problem)

    def value_advice(self, record: Waiting) -> str:
        """The same in a file."""
        return advice(record.problem)

    def render_since(self, value: datetime) -> str:
        """When the deal, as it is now, came in."""
        return clock(value, self.tenant)

    @property
    def rules(self) -> dict[int, str]:
        """The rules that hold, with the code of their kind."""
        known: dict[int, str] | None = getattr(self, "_rules", None)
        if known is None:
            known = dict(CreditRule.objects.filter(CURRENT).values_list("pk", "kind__code"))
            self._rules = known
        return known


@require_safe
@needs(Permission.SEE_RULES)
def waiting(request: HttpRequest) -> HttpResponse:
    """Every deal that credits nobody for now, filtered as the address says."""
    form = ChoiceForm(request.GET or None)
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
    said = {name: chosen.get(name, "") for name in form.fields}
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    table = WaitingTable(waiting_deals(**said), tenant=tenant)
    if answer := download(request, table, name="deals-that-wait"):
        return answer
    context = {
        "table": configured(request, table),
        "form": form,
        "filtered": any(said.values()),
    }
    return render(request, "data/waiting.html", context)
