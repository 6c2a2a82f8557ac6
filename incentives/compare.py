"""Another system's results beside ours: who is equal, who is not, and where they first part.

The other side is a CSV: person and amount, and as far as it knows them plan, component and credit
(the key of a transaction, a day, or the line as we call it). It is compared as finely as it is
written; several rows of one line add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from incentives import amounts
from incentives.amounts import Amount, Line
from incentives.models import PlanPeriod
from org.errors import DomainError
from org.models import Period, Tenant
from org.tabular import Problems, read_number, read_table
from org.tenancy import current_tenant_id

COLUMNS = ("person", "plan", "component", "credit", "currency", "amount")
NOTHING = Decimal(0)


class Part(NamedTuple):
    """A line as finely as the other system tells lines apart; what it does not know is empty."""

    person: str
    currency: str
    plan: str
    component: str
    credit: str

    @property
    def words(self) -> str:
        """The line without the person."""
        return " ".join(filter(None, self[2:])) or "the total"


@dataclass(frozen=True)
class Person:
    """One person on both sides; ``first`` is the first line that differs, with both figures.

    ``own`` are our lines, for a side that knows totals alone.
    """

    code: str
    name: str
    currency: str
    here: Amount
    there: Amount
    first: tuple[Part, Decimal, Decimal] | None
    own: tuple[tuple[Part, Decimal], ...]

    @property
    def equal(self) -> bool:
        """Whether both sides have the person, with the same lines."""
        return self.first is None and self.here is not None and self.there is not None


@dataclass(frozen=True)
class Comparison:
    """Everybody of either side, by personnel number."""

    people: tuple[Person, ...]

    @property
    def equal(self) -> int:
        """How many people have the same lines on both sides."""
        return sum(person.equal for person in self.people)

    @property
    def differing(self) -> list[Person]:
        """Those who are on both sides with other figures."""
        return [p for p in self.people if p.here is not None and p.there is not None and p.first]

    @property
    def only_here(self) -> list[Person]:
        """Those whom the other system does not pay."""
        return [p for p in self.people if p.there is None]

    @property
    def only_there(self) -> list[Person]:
        """Those whom only the other system pays."""
        return [p for p in self.people if p.here is None]


def compare(*, period: Period, content: bytes, file: str, within: Decimal = NOTHING) -> Comparison:
    """Hold a file of results against ours of a period; ``within``: what still counts as equal.

    Ours are the booked ones where the period is final, else those of the last calculation.
    DomainError for a file that cannot be read, and a period that was never calculated.
    """
    order, ours = _ours(period)
    columns, theirs = _theirs(content, file)
    own = _by_person(_by_part(ours, columns, _known_credits(theirs)))
    other = _by_person(theirs)
    statement = _by_person(_by_part(ours, ["plan", "component"], {}))
    called = amounts.names()
    people = []
    for key in sorted({*own, *other}):
        here, there = own.get(key, {}), other.get(key, {})
        lines = statement.get(key, {}).items()
        people.append(
            Person(
                *(key[0], called.get(key[0], ""), key[1]),
                here=_total(here, there),
                there=_total(there, here),
                first=_first(here, there, order, within),
                own=tuple(sorted(lines, key=lambda item: (_place(item[0], order), item[0]))),
            )
        )
    return Comparison(tuple(people))


def _by_person(parts: Mapping[Part, Decimal]) -> dict[tuple[str, str], dict[Part, Decimal]]:
    found: dict[tuple[str, str], dict[Part, Decimal]] = {}
    for part, amount in parts.items():
        found.setdefault((part.person, part.currency), {})[part] = amount
    return found


def _total(own: Mapping[Part, Decimal], other: Mapping[Part, Decimal]) -> Amount:
    """The sum of one side; who is missing there and gets nothing on the other has 0, too."""
    if not own and any(other.values()):
        return None
    return amounts.total_of(own.values())


def _ours(period: Period) -> tuple[dict[tuple[str, str], int], dict[Line, Decimal]]:
    points = PlanPeriod.objects.filter(period=period, run__isnull=False).select_related(
        "plan", "run__plan", "run__period"
    )
    if not points:
        raise DomainError(f"There are no results for {period}. Calculate it first.")
    found: dict[Line, Decimal] = {}
    for point in points:
        assert point.run is not None
        if point.final_at:
            lines = amounts.booked(period=period, plan=point.plan)
        else:
            lines = amounts.of_runs([point.run])
        found |= {line: amount or NOTHING for line, amount in lines.items()}
    return amounts.order_of(point.run for point in points if point.run), found


def _theirs(content: bytes, file: str) -> tuple[list[str], dict[Part, Decimal]]:
    """The columns that tell lines apart, and the sum of each line."""
    lines = read_table(content, file=file, columns=COLUMNS, required=("person", "amount"))
    problems = Problems(file)
    columns = [name for name in COLUMNS[1:4] if any(line[name] for line in lines)]
    usual = Tenant.objects.get(pk=current_tenant_id()).currency
    found: dict[Part, Decimal] = {}
    for line in lines:
        amount = problems.read(line, "amount", read_number)
        if not line["person"]:
            problems.add(line, "names no person.")
        if amount is not None:
            said = {name: line[name] for name in columns}
            part = _part(line["person"], line["currency"] or usual, said)
            found[part] = found.get(part, NOTHING) + amount
    problems.refuse_if_any()
    return columns, found


def _part(person: str, currency: str, said: Mapping[str, str]) -> Part:
    return Part(person, currency, *(said.get(name, "") for name in ("plan", "component", "credit")))


def _known_credits(theirs: Iterable[Part]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for part in theirs:
        found.setdefault(part.person, set()).add(part.credit)
    return found


def _by_part(
    ours: Mapping[Line, Decimal], columns: list[str], credits: Mapping[str, set[str]]
) -> dict[Part, Decimal]:
    """Our lines as finely as the other side tells them apart."""
    found: dict[Part, Decimal] = {}
    for line, amount in ours.items():
        all_said = {
            "plan": line.plan,
            "component": line.component,
            "credit": _credit(line.grain, credits.get(line.person, set())),
        }
        said = {name: all_said[name] for name in columns}
        part = _part(line.person, line.currency, said)
        found[part] = found.get(part, NOTHING) + amount
    return found


def _credit(grain: str, theirs: set[str]) -> str:
    """What the other side calls a line: its reference, or the key of its transaction, or its day.

    A credit's grain is "kind/key/group/role"; that of a daily figure "day|reference".
    """
    pieces = grain.split("/")
    key = "/".join(pieces[1:-2])  # which may hold the sign itself
    names = [grain, *([key] if key else ()), *grain.split("|")]
    return next((name for name in names if name in theirs), grain)


def _first(
    here: Mapping[Part, Decimal],
    there: Mapping[Part, Decimal],
    order: Mapping[tuple[str, str], int],
    within: Decimal,
) -> tuple[Part, Decimal, Decimal] | None:
    """The first line, in the order of the statement, in which the two sides part."""
    for part in sorted({*here, *there}, key=lambda p: (_place(p, order), p)):
        one, other = here.get(part, NOTHING), there.get(part, NOTHING)
        if abs(one - other) > within:
            return part, one, other
    return None


def _place(part: Part, order: Mapping[tuple[str, str], int]) -> int:
    places = [
        place
        for (plan, component), place in order.items()
        if part.plan in ("", plan) and part.component in ("", component)
    ]
    return min(places, default=len(order))
