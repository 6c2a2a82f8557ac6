"""The incentives' part of the tenant file: families, plans, exchange rates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.db.models import ProtectedError, Q

from incentives.config_budgets import BUDGETS
from incentives.config_caps import PERSON_CAPS
from incentives.config_disputes import DISPUTE_REASONS
from incentives.config_plans import PLANS
from incentives.config_schema import EXCHANGE_RATES, FAMILIES
from incentives.models import ExchangeRate, Family, PlanPeriod
from metrics.config_metrics import number_of
from org import config_tools as tools
from org.changes import Mark, record_change
from org.config_section import Section
from org.config_tools import Problems
from org.dates import NEVER
from org.errors import DomainError
from org.models import InputChange, User

RATE_FIELDS = ("name", "base", "quote", "rate", "valid_from", "valid_to")


def read_families() -> dict[str, Any] | None:
    """The families that have a name; the others are known by their plans."""
    rows = Family.objects.exclude(name="").order_by("code")
    return {row.code: {"name": row.name} for row in rows} or None


def apply_families(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Name the families as the file says; one that it leaves out loses its name, or goes."""
    known = {row.code: row for row in Family.objects.all()}
    said = []
    for code in known.keys() - data.keys():
        said += _forget(known[code])
    for code, item in data.items():
        if code not in known:
            Family.objects.create(code=code, name=item["name"])
            said.append(f"+ family {code}")
        elif tools.update_row(known[code], {"name": item["name"]}):
            said.append(f"~ family {code} is now called “{item['name']}”")
    return said


def _forget(family: Family) -> list[str]:
    if not family.name:
        return []
    try:
        family.delete()
    except ProtectedError:
        tools.update_row(family, {"name": ""})
        return [f"~ family {family.code} has no name any more"]
    return [f"- family {family.code}"]


def read_rates() -> list[dict[str, Any]] | None:
    """All exchange rates as known now."""
    rows = ExchangeRate.objects.filter(superseded_at=NEVER)
    return [
        {
            "name": row.name,
            "base": row.base,
            "quote": row.quote,
            "rate": row.rate,
            **tools.write_days(row),
        }
        for row in rows.order_by("name", "base", "quote", "valid_from")
    ] or None


def apply_rates(
    data: Any,
    *,
    by: User | None,
    at: datetime,
    today: date,
    approved_by: User | None = None,
) -> list[str]:
    """Make the exchange rates as the file says; a changed one is a cause of its own.

    A rate with which final periods were paid is corrected by one person and approved by another
    (``approved_by``); with ``by`` nobody the file was reviewed where it is kept.
    """
    problems = Problems()
    wanted = [_rate(item, f"exchange_rates[{n}]", problems) for n, item in enumerate(data)]
    _check_overlaps(wanted, problems)
    problems.stop("The exchange rates cannot be applied.")
    changes = tools.difference(
        ExchangeRate.objects.filter(superseded_at=NEVER), wanted, RATE_FIELDS
    )
    if not changes:
        return []
    added = [
        ExchangeRate(recorded_at=at, **{name: row[name] for name in RATE_FIELDS})
        for row in changes.new
    ]
    touched = [*changes.gone, *added]
    if by is not None and (final := _final_with(touched)):
        _need_second_person(final, by, approved_by)
    tools.supersede(changes.gone, at=at)
    ExchangeRate.objects.bulk_create(added)
    said = [f"- exchange rate {_rate_words(row)}" for row in changes.gone]
    said += [f"+ exchange rate {_rate_words(row)}" for row in added]
    sentence = f"Exchange rate changed: {'; '.join(_rate_changes(changes.gone, added))}"
    approved = f", approved by {approved_by.get_username()}" if approved_by else ""
    record_change(
        kind=InputChange.Kind.RATE,
        sentence=sentence + approved,
        marks=[Mark(row.valid_from, row.valid_to) for row in touched],
        by=by,
        at=at,
        reference="tenant file",
    )
    return said


def _final_with(rates: Iterable[ExchangeRate]) -> PlanPeriod | None:
    """The first final period of a plan with amounts in another currency on days of these rates."""
    names = {rate.name for rate in rates}
    points = PlanPeriod.objects.filter(
        final_at__isnull=False, run__version__components__exchange_rate__in=names
    )
    days = Q()
    for rate in rates:
        days |= Q(period__valid_from__lt=rate.valid_to, period__valid_to__gt=rate.valid_from)
    found = points.filter(days).select_related("plan", "period__calendar")
    return found.order_by("period__valid_from").first()


def _need_second_person(final: PlanPeriod, by: User, approved_by: User | None) -> None:
    if approved_by is None:
        raise DomainError(
            f"{final.period} of {final.plan} is final, and was paid by these exchange rates. Name"
            " who approved the correction (--approved-by USER)."
        )
    if approved_by.pk == by.pk:
        raise DomainError(
            f"{by.get_username()} cannot approve an own correction of exchange rates. Somebody"
            " else must."
        )


def _rate_changes(gone: Iterable[ExchangeRate], added: Iterable[ExchangeRate]) -> list[str]:
    """What changed in words, a corrected rate with both figures."""
    before = {(row.name, row.base, row.quote, row.valid_from): row for row in gone}
    said = []
    for row in added:
        old = before.pop((row.name, row.base, row.quote, row.valid_from), None)
        was = f", before {tools.plain(old.rate)}" if old and old.rate != row.rate else ""
        said.append(_rate_words(row) + was)
    return said + [f"{_rate_words(row)} is gone" for row in before.values()]


def _rate(item: dict[str, Any], where: str, problems: Problems) -> dict[str, Any]:
    rate = number_of(item["rate"], f"{where}.rate", problems)
    if rate is not None and rate <= 0:
        problems.add(f"{where}.rate", f"{rate} is no rate: it must be above 0.")
    if item["base"] == item["quote"]:
        problems.add(where, f"one {item['base']} is worth one {item['base']}. Take this out.")
    named = {key: item[key] for key in ("name", "base", "quote")}
    return {"where": where, **named, "rate": rate, **tools.days_of(item, where, problems)}


def _check_overlaps(wanted: list[dict[str, Any]], problems: Problems) -> None:
    rows = sorted(wanted, key=lambda r: (r["name"], r["base"], r["quote"], r["valid_from"]))
    for before, after in pairwise(rows):
        alike = all(before[key] == after[key] for key in ("name", "base", "quote"))
        if alike and before["valid_to"] > after["valid_from"]:
            problems.add(
                after["where"],
                f"{before['where']} gives another rate for {after['valid_from']}. End one of them.",
            )


def _rate_words(row: ExchangeRate) -> str:
    days = {"valid_from": row.valid_from, "valid_to": row.valid_to}
    return f"{row.name} {row.base}/{row.quote} {tools.plain(row.rate)}{tools.day_words(days)}"


RATES = Section(key="exchange_rates", schema=EXCHANGE_RATES, read=read_rates, apply=apply_rates)
SECTIONS: tuple[Section, ...] = (
    Section(key="families", schema=FAMILIES, read=read_families, apply=apply_families),
    RATES,
    PLANS,
    PERSON_CAPS,
    DISPUTE_REASONS,
    BUDGETS,
)
