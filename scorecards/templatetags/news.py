"""What is new for whoever asks, about themselves: booked differences, and answered disputes."""

from __future__ import annotations

from typing import Any

from django import template

from incentives.dispute_queries import has_news, news_of
from incentives.notices import unseen
from org.models import Person

register = template.Library()


@register.inclusion_tag("scorecards/news.html", takes_context=True)
def news(context: template.Context, person: Person | None) -> dict[str, Any]:
    """Nothing for anybody else's page."""
    request = context["request"]
    if person is None or request.membership.person_id != person.pk:
        return {}
    if not has_news(person, request.user):
        return {}
    return {
        "request": request,
        "person": person,
        "told": unseen(person),
        "disputes": news_of(person, request.user),
    }
