"""What a plan would pay a person if some of the figures were others: the plan's own rules, tried.

The Decimal engine works the result out again with those figures and everything else as it stands,
as for the next step (docs/adr/0151). What nobody can know stays as it is, and is named: places and
shares among others, figures of a unit, and what is paid for single deals, days and teams.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from formula import Ref
from formula.numbers import CONTEXT, LIMIT, read_number, written
from incentives.explain import work_out
from incentives.next_step import OVER, grid, moved
from incentives.own import Found
from incentives.rules import (
    POPULATION,
    WHOLE,
    ComponentRule,
    MeasureRule,
    Per,
    VersionRules,
    part_name,
)
from org.errors import DomainError

STRIDES = 100
FARTHER = Decimal("1.5")
PLACES_STAY = "Places and shares among others stay as they are: nobody knows what others will do."
UNITS_STAY = "Figures of a team stay as they are."
LINES_STAY = {
    Per.CREDIT: "What is paid for each deal stays as it is: it hangs on deals nobody knows yet.",
    Per.DAY: "What is paid for each day stays as it is.",
    Per.TEAM: "What is paid to a team stays as it is.",
}
CAPPED = "A cap over several plans has cut these amounts: it may take a part of what comes on top."


@dataclass(frozen=True)
class Slider:
    """A figure that can be moved: from where it stands to a sensible end, in strides.

    ``now``, and ``to`` until it is moved: None where there is no data yet.
    """

    measure: MeasureRule
    now: Decimal | None
    least: Decimal
    most: Decimal
    stride: Decimal
    to: Decimal | None

    @property
    def is_moved(self) -> bool:
        """Whether it was moved from where it stands."""
        return self.to != self.now

    @property
    def texts(self) -> dict[str, str]:
        """Its figures as a field of a form holds them: percentages as such, with a point."""
        unit = grid(self.measure)
        named = {"now": self.now, "to": self.to, "least": self.least, "most": self.most}
        found = {name: _shown(value, self.measure) for name, value in named.items()}
        return found | {
            "stride": _plain(self.stride, self.measure),
            "unit": _plain(unit, self.measure),
        }


def _shown(value: Decimal | None, measure: MeasureRule) -> str:
    """A figure on the grid of what people read; nothing where there is none."""
    if value is None:
        return ""
    unit = grid(measure)
    on_grid = (value / unit).to_integral_value(rounding=ROUND_HALF_UP) * unit
    return _plain(on_grid, measure)


def _plain(value: Decimal, measure: MeasureRule) -> str:
    return written(value, percent=measure.unit == "percent").rstrip("%")


@dataclass(frozen=True)
class Line:
    """What a component pays as things stand, and what it would pay."""

    title: str
    before: Decimal | None
    after: Decimal | None
    stays: bool = False

    @property
    def change(self) -> Decimal | None:
        """What it would bring; None where one of both is not known."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True)
class WhatIf:
    """One result with its sliders, what each component would pay, and what stays as it is."""

    sliders: list[Slider]
    lines: list[Line]
    before: Decimal | None
    after: Decimal | None
    stays: list[str]

    @property
    def change(self) -> Decimal | None:
        """What all of it would bring together."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


def what_if(*, rules: VersionRules, result: Found, asked: Mapping[str, str]) -> WhatIf:
    """A result with figures as ``asked``, by measure, as people write them.

    DomainError, a sentence, for what is no figure.
    """
    stored = result.inputs
    known = work_out(rules, stored)
    sliders = [_slider(known, m, asked) for m in movable(rules, known, stored)]
    instead: dict[str, Decimal] = {}
    for slider in sliders:
        if slider.is_moved and slider.to is not None:
            instead |= _moved(rules, known, slider.measure, slider.to) or {}
    then = work_out(rules, stored, instead) if instead else known
    lines = [_line(c, known, then, result) for c in rules.components.values()]
    before, after = (_total(rules, one, lines, which) for one, which in ((known, 0), (then, 1)))
    return WhatIf(sliders, lines, before, after, list(_stays(rules, result)))


def movable(
    rules: VersionRules, known: Mapping[str, Any], stored: Mapping[str, str]
) -> Iterator[MeasureRule]:
    """The person's own figures that a rule reads and of which it is clear what moves with them.

    Of the figures of one metric the one of the period moves, and the others follow it.
    """
    read = {name for c in rules.components.values() for name in c.measures()}
    read |= {ref.name for f in rules.whole.values() for ref in f.references}
    seen: set[int] = set()
    for measure in sorted(rules.named, key=lambda m: m.window.kind != "period"):
        now = known[measure.name]
        if measure.scope != "own" or not (now is None or (isinstance(now, Decimal) and now >= 0)):
            continue
        if measure.earnings_of or measure.window.kind in OVER or measure.metric in seen:
            continue
        related = {m.name for m in rules.stored if m.metric == measure.metric}
        if not read & {measure.name, *related, *_derived_from(rules, related)}:
            continue
        to = Decimal(0) if now is None else now
        if f"{measure.name} ?" not in stored and _moved(rules, known, measure, to) is not None:
            seen.add(measure.metric)
            yield measure


def _moved(
    rules: VersionRules, known: Mapping[str, Any], measure: MeasureRule, to: Decimal
) -> dict[str, Decimal] | None:
    """What moves with a figure; one without data moves where nothing else hangs on its metric:
    nobody can tell how far the others would go."""
    if known[measure.name] is not None:
        return moved(rules, known, measure, to)
    found = moved(rules, {**known, measure.name: Decimal(0)}, measure, to)
    return found if found == {measure.name: to} else None


def _derived_from(rules: VersionRules, parts: set[str]) -> set[str]:
    return {m.name for m in rules.derived if m.derived and m.derived.names & parts}


def _slider(known: Mapping[str, Any], measure: MeasureRule, asked: Mapping[str, str]) -> Slider:
    there: Decimal | None = known[measure.name]
    now = there or Decimal(0)
    goal = known[Ref("goal", measure.name).column]
    unit = grid(measure)
    if measure.lower_is_better and there is not None:
        stride = _stride(now, unit)
        strides = (now / stride).to_integral_value(rounding=ROUND_FLOOR)
        least, most = now - strides * stride, now
    else:
        far = max(now, goal if isinstance(goal, Decimal) else now) * FARTHER
        far = max(far, now + 10 * unit)
        whole = measure.unit == "percent" and now <= 1
        far = min(far, Decimal(1)) if whole else far
        stride = _stride(far - now, unit)
        strides = ((far - now) / stride).to_integral_value(rounding=ROUND_CEILING)
        least, most = now, far if whole else now + strides * stride
    return Slider(measure, there, least, most, stride, _asked(measure, there, asked))


def _stride(width: Decimal, unit: Decimal) -> Decimal:
    """A round step of which a hundred or fewer lie in a width, and none below the unit."""
    wanted = max(width / STRIDES, unit)
    power = Decimal(1).scaleb(wanted.adjusted())
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= wanted)
    return max(step, unit)


def _asked(measure: MeasureRule, now: Decimal | None, asked: Mapping[str, str]) -> Decimal | None:
    text = asked.get(measure.name, "").strip()
    if not text or text == _shown(now, measure):
        return now
    try:
        number, _ = read_number(text)
    except ValueError as problem:
        raise DomainError(f"{measure.title}: {problem}. Write a figure such as 12.5.") from problem
    if measure.unit == "percent" and not text.endswith("%"):
        number = CONTEXT.multiply(number, Decimal("0.01"))
    if number < 0 or number * 2 >= LIMIT:
        raise DomainError(f"{measure.title}: {text} is out of range. Write a figure from 0 on.")
    return CONTEXT.plus(number)


def _line(
    component: ComponentRule, known: Mapping[str, Any], then: Mapping[str, Any], result: Found
) -> Line:
    if component.per != Per.PERSON:
        outcome = result.outcomes.get(component.id)
        amount = outcome.amount if outcome else None
        return Line(component.title, amount, amount, stays=True)
    column = Ref("earned", component.name).column
    before, after = (one[column] for one in (known, then))
    return Line(component.title, _number(before), _number(after))


def _number(value: Any) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def _total(
    rules: VersionRules, known: Mapping[str, Any], lines: list[Line], which: int
) -> Decimal | None:
    """What the plan pays: as a whole where it has a rule for that, else the sum of its lines."""
    if rules.whole:
        return _number(known[part_name(WHOLE, "amount")])
    amounts = [line.after if which else line.before for line in lines]
    decided = [amount for amount in amounts if amount is not None]
    return sum(decided, Decimal(0)) if decided else None


def _stays(rules: VersionRules, result: Found) -> Iterator[str]:
    """What stays as it is, a sentence each."""
    if any(ref.kind in POPULATION for ref in rules.references):
        yield PLACES_STAY
    if any(measure.scope != "own" for measure in rules.named):
        yield UNITS_STAY
    grains = {Per(c.per) for c in rules.components.values()}
    yield from (sentence for per, sentence in LINES_STAY.items() if per in grains)
    if any("person" in (one.detail or {}) for one in result.outcomes.values()):
        yield CAPPED
