"""Amounts of a currency as text, and roundings that nobody could be paid (org.currencies)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from incentives.models import ExchangeRate, PersonCap, Plan, Transfer
from org.currencies import places
from org.dates import NEVER
from org.errors import DomainError
from org.models import Period, Tenant
from org.tenancy import current_tenant_id

__all__ = [
    "currency_of",
    "decimals_of",
    "one_bound_trouble",
    "places",
    "plain",
    "rate_in",
    "refuse_unknown",
    "rounding_trouble",
    "tenant_currency_trouble",
]


def currency_of(what: Plan | PersonCap) -> str:
    """The currency in which a plan pays, or a cap is said: its own, else the tenant's."""
    return what.currency or Tenant.objects.get(pk=current_tenant_id()).currency


def decimals_of(plan: Plan) -> int:
    """Decimals of the amounts that a plan pays."""
    return places(currency_of(plan))


def rate_in(period: Period, *, name: str, base: str, quote: str) -> Decimal | None:
    """What one unit of ``base`` is worth in ``quote`` for a period, as known now: by *plan* on its
    first day, by *month* on its last; None where nobody has said."""
    day = period.valid_from if name == "plan" else period.valid_to - timedelta(days=1)
    rows = ExchangeRate.objects.filter(
        name=name,
        base=base,
        quote=quote,
        superseded_at=NEVER,
        valid_from__lte=day,
        valid_to__gt=day,
    )
    return rows.values_list("rate", flat=True).first()


def refuse_unknown(currencies: Iterable[str]) -> None:
    """Refuse what nothing here counts in: a slip of the pen would be money that nobody can pay."""
    known = {Tenant.objects.get(pk=current_tenant_id()).currency}
    known.update(Plan.objects.exclude(currency="").values_list("currency", flat=True))
    for pair in ExchangeRate.objects.filter(superseded_at=NEVER).values_list("base", "quote"):
        known.update(pair)
    strange = set(currencies) - known
    if strange:  # what was booked in a currency that a plan had once stays where it is
        booked = Transfer.objects.filter(currency__in=strange)
        strange -= set(booked.values_list("currency", flat=True).distinct())
    if strange:
        raise DomainError(
            f"Nothing here is paid in {' or '.join(sorted(strange))}. Known are"
            f" {', '.join(sorted(known))}: the organisation's currency, those of its plans, and"
            " those of its exchange rates."
        )


def one_bound_trouble(more: Iterable[str] = ()) -> str:
    """Why one number cannot say below what nothing is taken back, as a sentence; '' where it can.

    ``more``: currencies in which somebody is about to be paid as well.
    """
    tenant = Tenant.objects.get(pk=current_tenant_id())
    if tenant.waive_below is None:
        return ""
    paid = {*more, *Plan.objects.values_list("currency", flat=True)} - {"", tenant.currency}
    if not paid:
        return ""
    every = [tenant.currency, *sorted(paid)]
    example = ", ".join(f"{code}: {tenant.waive_below.normalize():f}" for code in every)
    return (
        f"waive_below is one number, but plans pay in {' and '.join(every)}. Say it for each"
        f" currency in the tenant file, such as {{{example}}}; in a currency that is left out,"
        " nothing is waived."
    )


def tenant_currency_trouble(before: str) -> str:
    """Why the organisation's currency cannot be another than ``before``, as a sentence; '' where it
    can, or is not.

    All that is booked in it would be taken back, and paid once more in the new one.
    """
    now = Tenant.objects.get(pk=current_tenant_id()).currency
    if now == before or not Transfer.objects.filter(currency=before, plan__currency="").exists():
        return ""
    return (
        f"currency: plans that name none have paid in {before}, so it cannot become {now}. Let the"
        f" organisation stay with {before}, and give new plans and pay groups a currency of"
        " their own."
    )


def plain(amount: Decimal, currency: str) -> str:
    """An amount as plain digits, with the decimals of its currency and none fewer than it has."""
    own = -int(amount.normalize().as_tuple().exponent)
    return f"{amount:.{max(places(currency), own)}f}"


def rounding_trouble(currency: str, decimals: int) -> str:
    """Why amounts cannot be rounded to so many decimals, as a sentence; '' where they can."""
    most = places(currency)
    if decimals <= most:
        return ""
    return (
        f"It rounds to {decimals} decimals, but amounts in {currency} have {most}, so payroll could"
        f" not pay them: write “rounding: {{decimals: {most}}}”, or ROUND a part of the formula."
    )
