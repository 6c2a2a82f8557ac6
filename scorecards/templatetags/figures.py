"""Template tags that write numbers, money and days in the tenant's locale."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.safestring import SafeString

from org.models import Period, Tenant
from scorecards import formats
from scorecards.reading import MetricFigure
from scorecards.templatetags.drawings import spark

register = template.Library()
NOTHING = "–"


def tenant_of(context: dict[str, Any]) -> Tenant:
    """The tenant in which the page is shown; a screen without a login names it."""
    given = context.get("tenant")
    if isinstance(given, Tenant):
        return given
    return context["request"].membership.tenant  # type: ignore[no-any-return]


@register.simple_tag(takes_context=True)
def money(context: dict[str, Any], value: Decimal | None, currency: str = "") -> str:
    """An amount; without a currency of its own it is in the tenant's."""
    tenant = tenant_of(context)
    if value is None:
        return NOTHING
    return formats.money(value, currency=currency or tenant.currency, locale=tenant.locale)


@register.simple_tag(takes_context=True)
def figure(context: dict[str, Any], value: Decimal | None, unit: str, places: int) -> str:
    """A metric's figure."""
    tenant = tenant_of(context)
    if value is None:
        return NOTHING
    return formats.figure(
        value, unit=unit, places=places, currency=tenant.currency, locale=tenant.locale
    )


@register.simple_tag(takes_context=True)
def percent(context: dict[str, Any], value: Decimal | None, places: int = 1) -> str:
    """A fraction as a percentage."""
    if value is None:
        return NOTHING
    return formats.percent(value, places=places, locale=tenant_of(context).locale)


@register.simple_tag(takes_context=True)
def day(context: dict[str, Any], value: date | None) -> str:
    """A day in words."""
    return formats.day(value, locale=tenant_of(context).locale) if value else NOTHING


@register.simple_tag(takes_context=True)
def moment(context: dict[str, Any], value: datetime | None) -> str:
    """A moment on the tenant's clock."""
    if value is None:
        return NOTHING
    tenant = tenant_of(context)
    local = value.astimezone(ZoneInfo(tenant.time_zone))
    return f"{formats.day(local.date(), locale=tenant.locale)}, {local:%H:%M}"


@register.simple_tag(takes_context=True)
def attainment(context: dict[str, Any], item: MetricFigure) -> str:
    """An attainment: cut after two places, never rounded up to a bound that was not reached."""
    if item.attainment is None:
        return item.standing.word
    exponent = int(item.attainment.normalize().as_tuple().exponent)
    places = min(2, max(0, -exponent - 2))
    value = item.attainment.quantize(Decimal(1).scaleb(-places - 2), rounding=ROUND_DOWN)
    return formats.percent(value, places=places, locale=tenant_of(context).locale)


@register.simple_tag(takes_context=True)
def period_days(context: dict[str, Any], period: Period) -> str:
    """The days of a period."""
    locale = tenant_of(context).locale
    return formats.days(period.valid_from, period.valid_to, locale=locale)


@register.simple_tag(takes_context=True)
def first_to_last(context: dict[str, Any], first: date, last: date) -> str:
    """All days from first to last."""
    return formats.first_to_last(first, last, locale=tenant_of(context).locale)


@register.simple_tag(takes_context=True)
def period_name(context: dict[str, Any], period: Period) -> str:
    """The month that a period is, or its code."""
    return formats.period_name(period, locale=tenant_of(context).locale)


@register.simple_tag(takes_context=True)
def plain_number(context: dict[str, Any], value: Decimal | None) -> str:
    """A number with as many places as it has."""
    if value is None:
        return NOTHING
    places = max(0, -int(value.normalize().as_tuple().exponent))
    return formats.number(value, places=places, locale=tenant_of(context).locale)


@register.simple_tag(takes_context=True)
def days_between(context: dict[str, Any], days: tuple[date, date]) -> str:
    """The days of a window, half open."""
    return formats.days(*days, locale=tenant_of(context).locale)


@register.simple_tag(takes_context=True)
def trend(context: dict[str, Any], item: MetricFigure) -> SafeString | str:
    """The last weeks of a figure as a small line, and in words for who does not see it."""
    told = [value for value in item.weeks if value is not None]
    if len(told) < 2:
        return ""
    first, last = (figure(context, value, item.unit, item.places) for value in (told[0], told[-1]))
    return spark(item.weeks, f"the last {len(item.weeks)} weeks, from {first} to {last} a week")
