"""An effect as it is shown: exact numbers again, and groups that are too small left out.

Who may not see everybody's pay sees no group of fewer than :data:`FEWEST` people, nor one that can
be told from the others and their sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from incentives.effect.notes import FEWEST

Json = Mapping[str, Any]
INDENTED = 6
# So many units stand on a page, unless somebody asks for all of them.
MOST_UNITS = 60


@dataclass(frozen=True)
class Row:
    """A sum before and after: of a group, a component, or a plan with its budget."""

    name: str
    before: Decimal
    after: Decimal
    people: int = 0
    gain: int = 0
    lose: int = 0
    depth: int = 0
    beside: str = ""
    budget: Decimal | None = None

    @property
    def change(self) -> Decimal:
        """What it grows by."""
        return self.after - self.before

    @property
    def saved(self) -> Decimal:
        """What it shrinks by."""
        return -self.change

    @property
    def same(self) -> int:
        """How many of a group neither gain nor lose."""
        return self.people - self.gain - self.lose

    @property
    def relative(self) -> Decimal | None:
        """The change as a part of what there was; None where there was nothing."""
        return self.change / self.before if self.before > 0 else None

    @property
    def indent(self) -> int:
        """How far it stands in, of a unit in the tree."""
        return min(self.depth, INDENTED)

    @property
    def used(self) -> Decimal | None:
        """The part of the budget that it takes."""
        return self.after / self.budget if self.budget else None

    @property
    def left(self) -> Decimal | None:
        """What stays of the budget, or, below 0, is missing."""
        return None if self.budget is None else self.budget - self.after


@dataclass(frozen=True)
class Found:
    """What was found in one currency."""

    currency: str
    all: Row
    zero: int
    reduced: int
    earned: Decimal
    gained: Decimal
    lost: Decimal
    parts: tuple[Row, ...]
    budgets: tuple[Row, ...]
    units: tuple[Row, ...]
    job_types: tuple[Row, ...]
    tenures: tuple[Row, ...]
    shares: tuple[Row, ...]
    notes: tuple[tuple[str, Row, Row], ...]
    spread: Json | None
    units_left: int = 0

    @property
    def groups(self) -> list[tuple[str, str, tuple[Row, ...]]]:
        """The tables of groups that are shown: an id, a heading and the rows of each."""
        every = [
            ("units", "By unit", self.units),
            ("job-types", "By job type", self.job_types),
            ("tenures", "By tenure", self.tenures),
            ("shares", "By contract share", self.shares),
        ]
        return [one for one in every if one[2]]


def found_in(said: Json, *, everybody: bool, all_units: bool = True) -> Found:
    """What a trial says of one currency; ``everybody``: also of groups that are small.

    ``all_units``: also those below the levels of the tree that a page has room for.
    """

    def groups(name: str) -> tuple[Row, ...]:
        rows = [_row(group) for group in said[name]]
        return tuple(rows if everybody else without_small(rows))

    units = groups("units")
    shown = units if all_units else upper_levels(units)
    return Found(
        currency=said["currency"],
        all=_row(said["all"]),
        zero=said["zero"],
        reduced=said["reduced"],
        earned=Decimal(said["earned"]),
        gained=Decimal(said["sums"]["gain"]),
        lost=Decimal(said["sums"]["lose"]),
        parts=tuple(_sum(part, part["component"], part["plan"]) for part in said["parts"]),
        budgets=tuple(
            _sum(one, one["plan"], budget=Decimal(one["amount"])) for one in said["budgets"]
        ),
        units=shown,
        units_left=len(units) - len(shown),
        job_types=groups("job_types"),
        tenures=groups("tenures"),
        shares=groups("shares"),
        notes=tuple(
            (one["kind"], _row(one["group"]), _row(one["others"])) for one in said["notes"]
        ),
        spread=said["spread"] if everybody else spread_without_few(said["spread"]),
    )


def upper_levels(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The levels of a tree that have :data:`MOST_UNITS` rows together, from the top; of the next
    one those that change most, as far as there is room. Of the top level all."""
    deepest = 0
    while sum(row.depth <= deepest + 1 for row in rows) <= MOST_UNITS and any(
        row.depth > deepest for row in rows
    ):
        deepest += 1
    shown = [at for at, row in enumerate(rows) if row.depth <= deepest]
    below = [at for at, row in enumerate(rows) if row.depth == deepest + 1]
    below.sort(key=lambda at: -abs(rows[at].change))
    shown += below[: max(0, MOST_UNITS - len(shown))]
    return tuple(rows[at] for at in sorted(shown))


def without_small(rows: Iterable[Row]) -> list[Row]:
    """Rows without those of few people; of the rest at each depth the smallest goes too, where the
    few alone could be told from the sum."""
    listed = list(rows)
    few = [row for row in listed if row.people < FEWEST]
    shown = [row for row in listed if row.people >= FEWEST]
    for depth in {row.depth for row in few}:
        hidden = sum(row.people for row in few if row.depth == depth)
        beside = [row for row in shown if row.depth == depth]
        if hidden < FEWEST and beside:
            shown.remove(min(beside, key=lambda row: row.people))
    return shown


def spread_without_few(said: Json | None) -> Json | None:
    """The spread without bars of few people."""
    if said is None:
        return None
    return {**said, "counts": [n if n >= FEWEST else 0 for n in said["counts"]]}


def _row(group: Json) -> Row:
    return Row(
        name=group["name"],
        before=Decimal(group["before"]),
        after=Decimal(group["after"]),
        people=group["people"],
        gain=group["gain"],
        lose=group["lose"],
        depth=group["depth"],
    )


def _sum(said: Json, name: str, beside: str = "", budget: Decimal | None = None) -> Row:
    return Row(
        name=name,
        before=Decimal(said["before"]),
        after=Decimal(said["after"]),
        beside=beside,
        budget=budget,
    )
