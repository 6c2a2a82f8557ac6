"""The team's table as one statement: who stands how, sorted and paged in the database.

Amounts, actuals and goals are those of the runs that plan periods point to; the attainment is the
formula of the rules, by the SQL engine, over the inputs that the run stored. How somebody stands
follows ``scorecards.standing``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from incentives.models import PlanPeriod
from org.models import Membership
from org.queries import visible_parameters
from org.sql import fetch
from scorecards.team.board_sql import ATTENTION, BINS, ORDERS, Fixed, board_text
from scorecards.team.mains import Main


@dataclass(frozen=True)
class Wanted:
    """What the address asks for: filters by code, the order, and the part that is shown."""

    unit: str = ""
    job_type: str = ""
    state: str = ""
    sort: str = "attention"
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True)
class Member:
    """One person of the table; ``main`` is the place of the plan whose measure is shown."""

    id: int
    code: str
    name: str
    unit: str
    job_type: str
    main: int | None
    actual: Decimal | None
    goal: Decimal | None
    attainment: Decimal | None
    state: str
    amount: Decimal | None
    undecided: bool
    failed: bool
    absent: str


@dataclass(frozen=True)
class Board:
    """A part of the table, and what can be said of the whole team whatever is filtered."""

    rows: tuple[Member, ...]
    matching: int
    people: int
    states: Mapping[str, int]
    absent: int
    amount: Decimal | None
    bins: tuple[int, ...]
    units: tuple[tuple[str, str], ...]
    job_types: tuple[tuple[str, str], ...]
    mains: frozenset[int]

    @property
    def attention(self) -> int:
        """How many need it."""
        return sum(number for state, number in self.states.items() if state in ATTENTION)

    @property
    def ahead(self) -> int:
        """How many have reached what there was to reach by now."""
        return self.states.get("ahead", 0)


def read_board(
    membership: Membership,
    mains: Sequence[Main],
    points: Sequence[PlanPeriod],
    wanted: Wanted,
    *,
    today: date,
    day: date,
    currency: str,
    pay: bool,
    with_self: bool,
) -> Board:
    """The table as ``wanted``, in one statement. ``day``: whose jobs are meant.

    Without ``pay`` no amount is read at all. ``with_self``: whether the member is in the table.
    """
    chosen = _chosen(wanted)
    runs = tuple(point.run_id for point in points if point.run_id is not None)
    text = board_text(mains, Fixed(runs, tuple(chosen), _sort(wanted, pay=pay), pay))
    parameters = {
        **visible_parameters(membership, on=today),
        **chosen,
        "attention": sorted(ATTENTION),
        "but": 0 if with_self else membership.person_id or 0,
        "day": day,
        "currency": currency,
        "offset": wanted.offset,
        "limit": wanted.limit,
    }
    return _board(fetch(text, parameters)[0])


def _sort(wanted: Wanted, *, pay: bool) -> str:
    """What to sort by; nobody learns amounts from the order that they may not see."""
    by = wanted.sort.lstrip("-")
    return "attention" if by not in ORDERS or (by == "amount" and not pay) else wanted.sort


def _chosen(wanted: Wanted) -> dict[str, str]:
    """What people are chosen by, and the parameter of each choice."""
    given = {"unit": wanted.unit, "job_type": wanted.job_type}
    by_name = wanted.state if wanted.state in ("attention", "absent") else "state"
    return {name: value for name, value in {**given, by_name: wanted.state}.items() if value}


# --- out of the database


def _board(row: tuple[Any, ...]) -> Board:
    rows, matching, people, states, absent, amount, bins, units, job_types, mains = row
    counted = {int(place): number for place, number in bins.items()}
    return Board(
        rows=tuple(_member(one) for one in rows),
        matching=matching,
        people=people,
        states=states,
        absent=absent,
        amount=amount,
        bins=tuple(counted.get(place, 0) for place in range(BINS)),
        units=tuple((code, name) for code, name in units),
        job_types=tuple((code, name) for code, name in job_types),
        mains=frozenset(mains),
    )


def _member(said: Mapping[str, Any]) -> Member:
    exact = {name: _exact(said[name]) for name in ("actual", "goal", "attainment", "amount")}
    words = {"unit": said["unit"] or "", "job_type": said["job_type"] or ""}
    return Member(**{**said, **words, **exact})


def _exact(number: Any) -> Decimal | None:
    return None if number is None else Decimal(number)
