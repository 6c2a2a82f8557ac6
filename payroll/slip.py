"""A pay slip: what the ledger moved for one person in a period, so that it adds up before the eyes.

Each transfer lies in exactly one period of a calendar: in the one into which it was posted, or, of
another calendar, in the one that holds that period's last day; a transfer posted into no period (a
release, a write-off) by the day on which it was recorded. So the slips of a calendar, one after the
other, are the whole ledger, and what one ends with is what the next begins with (docs/adr/0152).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from incentives.models import Account, Transfer
from org.models import Period, Person, Tenant
from org.sql import fetch
from payroll.balance import WORDS, Hold, holds_of

Origin = Transfer.Origin
PLAN, HELD, DUE = Account.PLAN, Account.HELD, Account.DUE
OWED, PAID, LOST = Account.OWED, Account.PAID, Account.LOST
INSIDE = (HELD, DUE, OWED, PAID, LOST)


@dataclass(frozen=True)
class Move:
    """One transfer with what it is about, in words; ``earned``: code and calendar of its period."""

    id: int
    currency: str
    origin: str
    from_account: str
    to_account: str
    amount: Decimal
    plan: str
    plan_code: str
    component: str
    title: str
    earned: str
    earned_calendar: str
    here: bool
    cause: str
    due_on: date | None
    condition: str
    day: date
    batch: str
    pay_date: date | None
    line: int | None

    def into(self, account: str) -> Decimal:
        """What it adds to an account, below zero where it takes away."""
        if self.to_account == account:
            return self.amount
        return -self.amount if self.from_account == account else Decimal(0)

    @property
    def granted(self) -> Decimal:
        """What plans have granted by it, below zero where they took back."""
        return -self.into(PLAN)

    @property
    def what(self) -> str:
        """What it means."""
        said = WORDS.get((self.from_account, self.to_account), "moved")
        if (self.from_account, self.to_account) == (OWED, DUE) and self.component == "draw":
            return "advanced as a draw"
        return said


@dataclass(frozen=True)
class Item:
    """A line of the slip: some moves of one kind that are told together."""

    amount: Decimal
    moves: tuple[Move, ...]

    @property
    def first(self) -> Move:
        """The move that names it."""
        return self.moves[0]

    @property
    def causes(self) -> list[str]:
        """Why, each reason once."""
        return list(dict.fromkeys(move.cause for move in self.moves if move.cause))


@dataclass(frozen=True)
class Step:
    """A line between what was payable before and what is payable after."""

    label: str
    amount: Decimal
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Slip:
    """One person, period and currency: all that moved, and what stood before and after.

    ``before`` and ``after`` are balances by account; *plan* is minus what was ever granted, *owed*
    minus what the person owes.
    """

    currency: str
    before: dict[str, Decimal]
    after: dict[str, Decimal]
    moves: tuple[Move, ...]
    holds: tuple[Hold, ...]

    @property
    def earned(self) -> list[Item]:
        """What calculation granted for the period itself, by plan and component."""
        return _items(
            (m for m in self._granting(Origin.CALCULATION) if m.here),
            lambda m: (m.plan_code, m.component),
        )

    @property
    def differences(self) -> list[Item]:
        """What earlier periods turned out to be more or less than was booked, with the cause."""
        return _items(
            (m for m in self._granting(Origin.CALCULATION) if not m.here),
            lambda m: (m.earned_calendar, m.earned, m.plan_code, m.component),
        )

    @property
    def adjustments(self) -> list[Item]:
        """What somebody granted or took back by hand."""
        return _items(self._granting(Origin.ADJUSTMENT), lambda m: (m.id,))

    @property
    def opening(self) -> list[Item]:
        """What an earlier system had granted."""
        return _items(self._granting(Origin.OPENING), lambda m: (m.plan_code, m.earned))

    @property
    def granted(self) -> Decimal:
        """The sum of all that plans granted."""
        return sum((move.granted for move in self.moves), Decimal(0))

    def _granting(self, origin: str) -> Iterable[Move]:
        return (m for m in self.moves if m.origin == origin and m.granted)

    @property
    def steps(self) -> list[Step]:
        """How what was granted, and what was payable before, becomes what is payable after."""
        found = []
        for label, fits, sign in STEPS:
            moves = tuple(move for move in self.moves if fits(move))
            amount = sum((sign(move) for move in moves), Decimal(0))
            if moves:
                found.append(Step(label, amount, moves))
        return found

    @property
    def payable_before(self) -> Decimal:
        """What was payable when the period began."""
        return self.before[DUE]

    @property
    def payable(self) -> Decimal:
        """What is payable when it ends."""
        return self.after[DUE]

    @property
    def held(self) -> Decimal:
        """What waits when it ends."""
        return self.after[HELD]

    @property
    def owes(self) -> Decimal:
        """What the person owes when it ends."""
        return -self.after[OWED]

    @property
    def minus_owes(self) -> Decimal:
        """The same below zero, as it stands among what adds up to all that was granted."""
        return self.after[OWED]

    @property
    def lost(self) -> Decimal:
        """What is forfeited, written off or waived by then."""
        return self.after[LOST]

    @property
    def paid_in_all(self) -> Decimal:
        """All that was ever paid by then."""
        return self.after[PAID]

    @property
    def granted_in_all(self) -> Decimal:
        """All that was ever granted by then."""
        return -self.after[PLAN]

    @property
    def adds_up(self) -> bool:
        """Whether the steps lead from what was payable before to what is payable after."""
        moved = self.granted + sum((step.amount for step in self.steps), Decimal(0))
        return self.before[DUE] + moved == self.after[DUE]

    @property
    def payments(self) -> list[Item]:
        """What was paid, by batch; a refusal takes back."""
        paid = (m for m in self.moves if PAID in (m.from_account, m.to_account))
        return _items(paid, lambda m: (m.batch, m.origin), PAID)

    @property
    def paid(self) -> Decimal:
        """The sum of what was paid in the period."""
        return self.after[PAID] - self.before[PAID]


def _between(*pairs: tuple[str, str]) -> Callable[[Move], bool]:
    return lambda move: (move.from_account, move.to_account) in pairs


def _into_due(move: Move) -> Decimal:
    return move.into(DUE)


def _kept_from_due(account: str) -> Callable[[Move], Decimal]:
    """What was granted into another account, so that it is not payable."""
    return lambda move: -move.into(account)


def _is_draw(move: Move) -> bool:
    return (move.from_account, move.to_account) == (OWED, DUE) and move.component == "draw"


def _by_waiver(move: Move) -> bool:
    return move.origin == Transfer.Origin.WAIVER and DUE in (move.from_account, move.to_account)


# Every move between two accounts lies in one of these, or moves nothing that is payable.
STEPS: tuple[tuple[str, Callable[[Move], bool], Callable[[Move], Decimal]], ...] = (
    ("Held until a date or condition", _between((PLAN, HELD), (HELD, PLAN)), _kept_from_due(HELD)),
    ("Forfeited when it was earned", _between((PLAN, LOST), (LOST, PLAN)), _kept_from_due(LOST)),
    ("Paid by the earlier system", _between((PLAN, PAID)), _kept_from_due(PAID)),
    ("Released from what was held", _between((HELD, DUE)), _into_due),
    ("Held back", _between((DUE, HELD)), _into_due),
    ("Waived or restored", _by_waiver, _into_due),
    (
        "Lost under the limit of the year, or given back",
        lambda move: _between((LOST, DUE), (DUE, LOST))(move) and not _by_waiver(move),
        _into_due,
    ),
    ("Advanced as a draw", _is_draw, _into_due),
    (
        "Carried as a debt",
        lambda move: _between((OWED, DUE))(move) and not _is_draw(move),
        _into_due,
    ),
    ("Repaid on debts", _between((DUE, OWED)), _into_due),
    ("Paid", _between((DUE, PAID)), _into_due),
    ("Refused by payroll, payable again", _between((PAID, DUE)), _into_due),
)


def _items(
    moves: Iterable[Move], key: Callable[[Move], tuple[Any, ...]], account: str = ""
) -> list[Item]:
    groups: dict[tuple[Any, ...], list[Move]] = {}
    for move in moves:
        groups.setdefault(key(move), []).append(move)
    return [
        Item(
            sum((m.into(account) if account else m.granted for m in group), Decimal(0)),
            tuple(group),
        )
        for group in groups.values()
    ]


# A person's transfers, each with the day by which it lies in a period.
MOVED = """
    SELECT t.*, coalesce(posted.valid_to - 1, opened.valid_to - 1,
             (t.recorded_at AT TIME ZONE %(zone)s)::date) AS day
    FROM incentives_transfer AS t
    LEFT JOIN org_period AS posted ON posted.id = t.posted_period_id
    LEFT JOIN org_period AS opened ON opened.id = t.earned_period_id AND t.origin = 'opening'
    WHERE t.person_id = %(person)s
"""
MOVES = f"""
    WITH moved AS ({MOVED})
    SELECT true, NULL::bigint, currency, '', from_account, to_account, sum(amount), '', '', '', '',
           '', '', false, '', NULL::date, '', NULL::date, '', NULL::date, NULL::bigint
    FROM moved WHERE day < %(start)s GROUP BY currency, from_account, to_account
    UNION ALL
    SELECT false, moved.id, moved.currency, moved.origin, moved.from_account, moved.to_account,
           moved.amount, coalesce(plan.name, ''), coalesce(plan.code, ''), moved.component,
           coalesce((SELECT coalesce(nullif(part.title, ''), part.name)
             FROM incentives_component AS part
             JOIN incentives_planversion AS version ON version.id = part.version_id
             WHERE version.plan_id = moved.plan_id AND lower(part.name) = lower(moved.component)
             ORDER BY version.status <> 'published', version.in_force DESC LIMIT 1), ''),
           coalesce(earned.code, ''), coalesce(calendar.code, ''),
           coalesce(earned.valid_to > %(start)s AND earned.valid_to <= %(end)s, false),
           moved.cause, moved.due_on, moved.condition, moved.day,
           coalesce(pay_group.code || ' ' || paid_in.code || ' #' || batch.number, ''),
           coalesce(batch.pay_date, paid_in.pay_date), line.id
    FROM moved
    LEFT JOIN incentives_plan AS plan ON plan.id = moved.plan_id
    LEFT JOIN org_period AS earned ON earned.id = moved.earned_period_id
    LEFT JOIN org_calendar AS calendar ON calendar.id = earned.calendar_id
    LEFT JOIN payroll_payline AS line ON line.transfer_id = moved.id
    LEFT JOIN payroll_paybatch AS batch ON batch.id = line.batch_id
    LEFT JOIN org_period AS paid_in ON paid_in.id = batch.period_id
    LEFT JOIN org_paygroup AS pay_group ON pay_group.id = batch.pay_group_id
    WHERE moved.day >= %(start)s AND moved.day < %(end)s
    ORDER BY 1 DESC, 2
"""


def slips_of(*, person: Person, period: Period, tenant: Tenant) -> list[Slip]:
    """What the ledger moved for a person in a period, by currency; holds are those of now."""
    asked = {
        "person": person.pk,
        "zone": tenant.time_zone,
        "start": period.valid_from,
        "end": period.valid_to,
    }
    earlier: dict[str, dict[str, Decimal]] = {}
    moves: dict[str, list[Move]] = {}
    for is_before, *told in fetch(MOVES, asked):
        move = Move(*told)
        balances = earlier.setdefault(move.currency, dict.fromkeys((PLAN, *INSIDE), Decimal(0)))
        moves.setdefault(move.currency, [])
        if is_before:
            for account in balances:
                balances[account] += move.into(account)
        else:
            moves[move.currency].append(move)
    return [
        _slip(person, currency, earlier[currency], tuple(moves[currency]))
        for currency in sorted(moves)
    ]


def _slip(
    person: Person, currency: str, before: dict[str, Decimal], moves: tuple[Move, ...]
) -> Slip:
    after = {
        account: amount + sum((move.into(account) for move in moves), Decimal(0))
        for account, amount in before.items()
    }
    holds = tuple(holds_of(person, currency)) if after[HELD] else ()
    return Slip(currency, before, after, moves, holds)


PAID_IN = f"""
    WITH moved AS ({MOVED})
    SELECT period.id, moved.currency,
           sum(CASE 'paid' WHEN moved.to_account THEN moved.amount ELSE -moved.amount END)
    FROM moved JOIN org_period AS period ON period.id = ANY(%(periods)s)
     AND moved.day >= period.valid_from AND moved.day < period.valid_to
    WHERE 'paid' IN (moved.from_account, moved.to_account)
    GROUP BY period.id, moved.currency ORDER BY period.id, moved.currency
"""


def paid_in(
    *, person: Person, periods: Iterable[Period], tenant: Tenant
) -> dict[int, list[tuple[str, Decimal]]]:
    """What the slips of some periods say was paid, by period and currency."""
    asked = {"person": person.pk, "zone": tenant.time_zone, "periods": [p.pk for p in periods]}
    found: dict[int, list[tuple[str, Decimal]]] = {}
    for period, currency, amount in fetch(PAID_IN, asked):
        found.setdefault(period, []).append((currency, amount))
    return found
