"""Schedules: the parts in which an amount is paid, and what each part waits for.

A part is *final* (payable when the period is), or waits for a day, for months after the earned
period, or for a condition over the transaction that earned it and what is about that one.
``expires`` says when what still waits is lost. Parts are numbered from 1; what has no schedule is
part 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula.numbers import read_number
from incentives.models import PlanVersion
from org.currencies import WITH_THREE, WITHOUT_CENTS
from org.models import Period
from org.sql import identifiers, values

FINAL = "final"
# What a cap puts off waits for this; no attribute has a name with a space in it.
LIMIT = "room under the limit"
_MONTHS_LATER = re.compile(r"(\d{1,3}) months? later", re.IGNORECASE)
_MONTHS = re.compile(r"(\d{1,3}) months?( later)?", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Part:
    """One part of a schedule for one earned period. ``expires`` is a day or a condition."""

    number: int
    share: Decimal
    due_on: date | None = None
    condition: str = ""
    expires: str = ""


@dataclass(frozen=True)
class Release:
    """What a text of a schedule says: at once, on a day, so many months later, or a condition."""

    at_once: bool = False
    day: date | None = None
    months: int | None = None
    condition: str = ""


def read_release(text: str) -> Release:
    """The meaning of ``release``; ValueError with a sentence for a day that does not exist."""
    said = text.strip()
    if said.lower() == FINAL:
        return Release(at_once=True)
    if _DAY.fullmatch(said):
        return Release(day=_day(said))
    if found := _MONTHS_LATER.fullmatch(said):
        return Release(months=int(found[1]))
    return Release(condition=said)


def read_expiry(text: str) -> Release:
    """The meaning of ``expires``: a day, ``12 months``, or a condition."""
    said = text.strip()
    if found := _MONTHS.fullmatch(said):
        return Release(months=int(found[1]))
    if _DAY.fullmatch(said):
        return Release(day=_day(said))
    return Release(condition=said)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no day of the calendar.") from None


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    first = day.replace(day=1)
    number = first.year * 12 + first.month - 1 + months
    begin = date(number // 12, number % 12 + 1, 1)
    following = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
    return begin + timedelta(days=min(day.day, (following - begin).days) - 1)


def parts_of(schedule: Iterable[Mapping[str, Any]], period: Period) -> list[Part]:
    """The parts of a schedule for what a period earned.

    Months run from the period's last day; what expires after months is lost on the day after.
    """
    last = period.valid_to - timedelta(days=1)
    found = []
    for number, item in enumerate(schedule, start=1):
        release, share = read_release(item["release"]), read_number(item["share"])[0]
        due_on = release.day
        if release.months is not None:
            due_on = months_after(last, release.months)
        expires = ""
        if item.get("expires"):
            end = read_expiry(item["expires"])
            gone = months_after(period.valid_to, end.months) if end.months is not None else end.day
            expires = gone.isoformat() if gone else end.condition
        found.append(Part(number, share, due_on, release.condition, expires))
    return found


PART_COLUMNS = (
    ("version_id", "bigint"),
    ("component", "text"),
    ("part", "int"),
    ("share", "numeric"),
    ("due_on", "date"),
    ("condition", "text"),
    ("expires", "text"),
)


def part_rows(versions: Iterable[PlanVersion], period: Period) -> Composable | None:
    """A query of the parts by version and component; None where no component has a schedule."""
    rows = []
    for version in versions:
        parts = {name: parts_of(said, period) for name, said in version.schedules.items()}
        for component, name in version.components.values_list("name", "schedule"):
            rows += [
                (version.pk, component, p.number, p.share, p.due_on, p.condition, p.expires)
                for p in parts.get(name, [])
            ]
    return values(rows, PART_COLUMNS) if rows else None


def places_sql(currency: str = "currency") -> Composable:
    """The decimals of a currency, as SQL over its column."""
    return SQL(
        "CASE WHEN " + currency + " = ANY({none}) THEN 0 WHEN " + currency + " = ANY({three})"
        " THEN 3 ELSE 2 END"
    ).format(none=Literal(sorted(WITHOUT_CENTS)), three=Literal(sorted(WITH_THREE)))


# A share of an amount in the smallest coins of its currency, and what rounding it down leaves.
SPLIT = """
    SELECT cut.*, sign(whole_amount) * (floor(coins * share) + CASE
             WHEN row_number() OVER (PARTITION BY {key} ORDER BY
               coins * share - floor(coins * share) DESC, part)
             <= coins - sum(floor(coins * share)) OVER (PARTITION BY {key}) THEN 1 ELSE 0 END)
           / power(10::numeric, places) AS amount
    FROM (SELECT {whole_key}, whole.amount AS whole_amount, said.part, said.share, said.due_on,
                 said.condition, said.expires, places,
                 abs(whole.amount) * power(10::numeric, places) AS coins
          FROM ({whole}) AS whole
          JOIN ({parts}) AS said ON said.version_id = whole.version_id
           AND said.component = whole.component
          CROSS JOIN LATERAL (SELECT greatest({places}, scale(trim_scale(whole.amount))) AS places)
          AS coin) AS cut
"""


def split_sql(whole: Composable, parts: Composable | None, columns: Sequence[str]) -> Composable:
    """``whole`` cut into parts: its ``columns``, then part, due_on, condition, expires, amount.

    ``whole`` has version_id, component, currency and amount beside the key in ``columns``. Each
    part is its share rounded down to the currency's smallest coin; the coins left over go to the
    largest remainders, then to the earlier parts, so that the parts always sum to the whole. What
    is below zero is cut like what is above.
    """
    kept = identifiers(columns)
    uncut = SQL(
        "SELECT {kept}, 0 AS part, NULL::date AS due_on, '' AS condition, '' AS expires, amount"
        " FROM ({whole}) AS whole"
    ).format(kept=kept, whole=whole)
    if parts is None:
        return uncut
    return SQL(
        "{uncut} WHERE NOT EXISTS (SELECT 1 FROM ({parts}) AS said"
        "  WHERE said.version_id = whole.version_id AND said.component = whole.component)"
        " UNION ALL SELECT {kept}, part, due_on, condition, expires, amount FROM ({cut}) AS whole"
    ).format(
        uncut=uncut,
        parts=parts,
        kept=kept,
        cut=SQL(SPLIT).format(
            key=kept,
            whole_key=SQL(", ").join(SQL("whole.{}").format(Identifier(n)) for n in columns),
            whole=whole,
            parts=parts,
            places=places_sql("whole.currency"),
        ),
    )
