"""What an explanation consists of: figures, components, lines, each with its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from formula import Outcome, Step
from org.errors import DomainError


class Disagreement(DomainError):
    """The two engines came to different amounts: an alarm, never a posting."""


@dataclass(frozen=True)
class MeasureLine:
    """A measure of one person: actual, goal and attainment, None where there is no data."""

    name: str
    title: str
    unit: str
    decimals: int
    actual: Decimal | None
    goal: Decimal | None
    attainment: Decimal | None
    way: str
    incomplete: bool
    goal_from: tuple[str, ...] = ()
    """What the goal was put together from, a line each; empty where one held all the time."""


@dataclass(frozen=True)
class ComponentLine:
    """A component of one person: its rule in words, its steps, and what came out."""

    name: str
    title: str
    rule: str
    parts: tuple[tuple[str, str, Outcome], ...]
    amount: Decimal | None
    currency: str
    status: str
    problem: str
    amount_steps: Step
    lines: tuple[GrainLine, ...] = ()


@dataclass(frozen=True)
class GrainLine:
    """One credit, day or share of a pool of a component: what it reads, its steps, its amount."""

    grain: str
    day: date | None
    about: str
    parts: tuple[tuple[str, str, Outcome], ...]
    raw: Outcome
    amount: Decimal | None
    status: str
    problem: str
    rounded: str = ""


@dataclass(frozen=True)
class Explanation:
    """All of one result: who, what days, the figures, and each component to the cent.

    ``unpaid``: the person's transactions of these days that credit nothing, each with the reason.
    """

    person: str
    person_code: str
    plan: str
    version: int
    period: str
    job: str
    status: str
    as_of: str
    segments: tuple[str, ...]
    choices: tuple[str, ...]
    measures: tuple[MeasureLine, ...]
    components: tuple[ComponentLine, ...]
    currency: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    unpaid: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """The sum of the components that are decided."""
        return sum((line.amount or Decimal(0) for line in self.components), Decimal(0))
