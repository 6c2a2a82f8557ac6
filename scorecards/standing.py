"""How an attainment stands, as one word with a colour and a length: for the eye, never for pay."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from metrics.models import MetricDefinition

# The bar shows 0 to 150 %; the goal stands at two thirds of its length.
FULL_BAR = Decimal("1.5")
BAR_UNITS = 300
CLOSE = Decimal("0.95")


@dataclass(frozen=True)
class Standing:
    """``word`` for people, ``state`` (good, watch, poor, open, none) for colours, ``bar`` 0–300."""

    word: str
    state: str
    bar: int | None


def standing_of(
    attainment: Decimal | None, *, kind: str, final: bool, elapsed: Decimal | None = None
) -> Standing:
    """The word for an attainment.

    A sum that still grows is held against the part of the period that is over (``elapsed``, 0 to 1,
    by days); where that is not known it is under way.
    """
    if attainment is None:
        return Standing("no data", "none", None)
    share = min(max(attainment, Decimal(0)), FULL_BAR) / FULL_BAR
    bar = int(share * BAR_UNITS)
    if attainment >= 1:
        return Standing("goal reached" if final else "ahead", "good", bar)
    if kind == MetricDefinition.Kind.SUM and not final:
        return _by_pace(attainment, elapsed, bar)
    if attainment >= CLOSE:
        return Standing("close" if final else "on track", "watch", bar)
    return Standing("missed" if final else "behind", "poor", bar)


def _by_pace(attainment: Decimal, elapsed: Decimal | None, bar: int) -> Standing:
    """How a sum stands that has a part of its days before it."""
    if not elapsed:
        return Standing("under way", "open", bar)
    pace = attainment / elapsed
    if pace >= 1:
        return Standing("ahead", "good", bar)
    return Standing("on track", "open", bar) if pace >= CLOSE else Standing("behind", "poor", bar)
