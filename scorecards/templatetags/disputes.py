"""The way from a line to its dispute: to say that it is wrong, or to the one that is open."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import QuerySet

from incentives.models import Dispute
from org.access import request_permissions
from org.models import Person
from org.permissions import Permission
from org.prepared import Question

register = template.Library()
KEPT = "disputes of a person"


@register.inclusion_tag("disputes/ask.html", takes_context=True)
def ask(
    context: template.Context, calendar: str, period: str, plan: str, component: str
) -> dict[str, Any]:
    """“Something is wrong” at a line, for the person and for those who answer disputes; the state
    of the dispute where one is open; nothing on paper. ``plan`` is a code, ``component`` a name."""
    person: Person | None = context.get("person")
    if person is None or context.get("on_paper"):
        return {}
    opened = _open_of(context, person)
    return {
        "found": opened.get((plan, period, component.lower())),
        "may": may_ask(context, person),
        "person": person,
        "calendar": calendar,
        "period": period,
        "plan": plan,
        "component": component,
    }


@register.simple_tag(takes_context=True)
def may_dispute(context: template.Context) -> bool:
    """Whether whoever asks may dispute something of the page's person."""
    person: Person | None = context.get("person")
    return person is not None and may_ask(context, person)


def may_ask(context: template.Context, person: Person) -> bool:
    """The person may, and whoever answers disputes, for them."""
    request = context.get("request")
    if request is None or request.membership is None:
        return False
    own = request.membership.person_id == person.pk
    return own or Permission.ANSWER_DISPUTES in request_permissions(request)


def _open_of(context: template.Context, person: Person) -> dict[tuple[str, str, str], Dispute]:
    """A person's open disputes of lines, read once a page."""
    kept: dict[Any, Any] = context.render_context.dicts[0]  # type: ignore[assignment]
    known: dict[tuple[str, str, str], Dispute] | None = kept.get(KEPT)
    if known is None:
        known = {
            (one.plan.code, one.period.code, one.component.lower()): one
            for one in _OPEN.objects(person=person.pk)
        }
        kept[KEPT] = known
    return known


def _open(*, person: int) -> QuerySet[Dispute]:
    rows = Dispute.objects.filter(person=person, closed_at=None).exclude(component="")
    return rows.select_related("plan", "period")


_OPEN = Question(_open)
