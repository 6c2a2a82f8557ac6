"""Numbers, money and days as people of the tenant's locale write them.

Rounded for the eye only, half away from zero; what decides and what is paid was rounded before.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from django.utils import formats, translation

from formula.numbers import to_places
from org.models import Period

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
PLACES_OF_CURRENCY = {"JPY": 0, "KRW": 0, "CLP": 0, "BHD": 3, "KWD": 3, "TND": 3}
MINUS = "−"
NO_BREAK = "\N{NO-BREAK SPACE}"


def number(value: Decimal, *, places: int, locale: str) -> str:
    """``12,345.60`` with the separators of the locale and a real minus."""
    rounded = to_places(value, places, "nearest")
    text = f"{rounded.copy_abs():,.{max(places, 0)}f}".translate(_separators(locale))
    return f"{MINUS}{text}" if rounded < 0 else text


@cache
def _separators(locale: str) -> dict[int, str]:
    """What the comma between thousands and the point are in a locale."""
    comma = formats.get_format("THOUSAND_SEPARATOR", lang=locale)
    return {ord(","): comma, ord("."): formats.get_format("DECIMAL_SEPARATOR", lang=locale)}


def money(value: Decimal, *, currency: str, locale: str) -> str:
    """``€ 412.50``: the currency, then the amount with the currency's places."""
    amount = number(value, places=PLACES_OF_CURRENCY.get(currency, 2), locale=locale)
    return f"{SYMBOLS.get(currency, currency)}{NO_BREAK}{amount}"


def percent(value: Decimal, *, places: int, locale: str) -> str:
    """``96.0 %`` of a fraction 0.96."""
    return f"{number(value * 100, places=places, locale=locale)}{NO_BREAK}%"


def figure(value: Decimal, *, unit: str, places: int, currency: str, locale: str) -> str:
    """A metric's figure in its unit."""
    if unit == "money":
        return money(value, currency=currency, locale=locale)
    if unit == "percent":
        return percent(value, places=places, locale=locale)
    shown = number(value, places=places, locale=locale)
    return f"{shown}{NO_BREAK}s" if unit == "seconds" else shown


def day(value: date, *, locale: str) -> str:
    """``20 June 2026`` in the words of the locale."""
    with translation.override(locale):
        return formats.date_format(value, "j F Y")


def days(first: date, end: date, *, locale: str) -> str:
    """``1 to 30 June 2026`` for the days ``[first, end)``; what both ends share is said once."""
    last = end - timedelta(days=1)
    pattern = "j F Y"
    if first.year == last.year:
        pattern = "j" if first.month == last.month else "j F"
    with translation.override(locale):
        return f"{formats.date_format(first, pattern)} to {formats.date_format(last, 'j F Y')}"


def first_to_last(first: date, last: date, *, locale: str) -> str:
    """``1 to 30 June 2026`` for all days from first to last, or the one day that they are."""
    if first == last:
        return day(first, locale=locale)
    return days(first, last + timedelta(days=1), locale=locale)


def period_name(period: Period, *, locale: str) -> str:
    """``June 2026`` where a period is a month, else its code."""
    return month(period.valid_from, period.valid_to, locale=locale) or period.code


def short_name(period: Period, *, locale: str) -> str:
    """``Jun 2026`` where a period is a month, else its code: for the foot of a chart."""
    if not month(period.valid_from, period.valid_to, locale=locale):
        return period.code
    with translation.override(locale):
        return formats.date_format(period.valid_from, "M Y")


def month(first: date, end: date, *, locale: str) -> str:
    """``June 2026`` where the days ``[first, end)`` are a whole month; empty where they are not."""
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    if first.day != 1 or end != following:
        return ""
    with translation.override(locale):
        return formats.date_format(first, "F Y")
