"""What is new for whoever asks, about themselves: booked differences, and answered disputes."""

from __future__ import annotations

from typing import Any

from django import template

from incentives.dispute_queries import news_of
from incentives.notices import unseen
from org.access import today
from org.models import Person
from scorecards.newest import newest_of

register = template.Library()


@register.inclusion_tag("scorecards/news.html", takes_context=True)
def news(context: template.Context, person: Person | None) -> dict[str, Any]:
    """Nothing for anybody else's page."""
    request = context["request"]
    if person is None or request.membership.person_id != person.pk:
        return {}
    # A page that has asked already what is new says so.
    new = context.get("new") or newest_of(person, request.user, today(request.membership.tenant))
    if not new.news:
        return {}
    return {
        "request": request,
        "person": person,
        "told": unseen(person),
        "disputes": news_of(person, request.user),
    }
