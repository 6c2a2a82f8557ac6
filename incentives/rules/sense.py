"""What a version can say, and nobody can mean: sound formulas that would pay nobody, or twice.

Looked at when a version is published, not whenever it is calculated with.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from decimal import Decimal

from formula import evaluate, key_of
from incentives.rules.parts import ComponentRule, Kind, MeasureRule, Per, Problem, VersionRules
from metrics.impossible import never_holds

# Windows that hold no day of the period that is calculated.
EARLIER = frozenset({"prior", "before"})


def doubts(rules: VersionRules) -> Iterator[Problem]:
    """Every such thing in a version, with what to do."""
    for measure in rules.measures.values():
        yield from _measure(measure)
    for component in rules.components.values():
        where = f"components.{component.name}"
        if "gate" in component.parts and (why := never_holds(component.parts["gate"])):
            yield _never(f"{where}.gate", why, "component")
        yield from _cap_below_floor(where, component)
        yield from _reads_itself(rules, where, component.measures())
        yield from _counts_twice(rules, where, component)
    if "gate" in rules.whole and (why := never_holds(rules.whole["gate"])):
        yield _never("gate", why, "gate")
    for part, formula in rules.whole.items():
        yield from _reads_itself(rules, part, {ref.name for ref in formula.references})


def _never(where: str, why: str, what: str) -> Problem:
    return Problem(where, f"This condition can never hold: {why}. Mend it, or take the {what} out.")


def _cap_below_floor(where: str, component: ComponentRule) -> Iterator[Problem]:
    """A cap and a floor that read nothing, and cross: what each promises, the other denies."""
    ends = [component.parts.get(name) for name in ("floor", "cap")]
    floor, cap = (evaluate(end, {}).value if end and not end.references else None for end in ends)
    if isinstance(floor, Decimal) and isinstance(cap, Decimal) and cap < floor:
        yield Problem(
            f"{where}.cap",
            f"It pays at most {cap:f} and at least {floor:f}. Make the cap no less than the floor.",
        )


def _measure(measure: MeasureRule) -> Iterator[Problem]:
    where = f"measures.{measure.name}"
    if measure.filter and (why := never_holds(measure.filter)):
        yield _never(f"{where}.filter", why, "filter")
    window = measure.window
    if window.kind == "own_dates" and window.start and window.end and window.end <= window.start:
        yield Problem(
            f"{where}.window",
            f"It ends on {window.end}, not after its first day {window.start}, so it has no day.",
        )


def _reads_itself(rules: VersionRules, where: str, names: Set[str]) -> Iterator[Problem]:
    """What this plan earns in the period is known when all of it is worked out, and not before."""
    own = key_of(rules.version.plan.code)
    for name in sorted(names):
        measure = rules.measures.get(name)
        if measure is None or measure.window.kind in EARLIER or not measure.earnings_of:
            continue
        if key_of(measure.earnings_of.rpartition(".")[0]) == own:
            yield Problem(
                where,
                f"“{measure.earnings_of}” is of this plan itself, so it is not known yet when this"
                " is worked out. Of the same person write EARNED(component); what reads others'"
                " pay goes into a plan of its own.",
            )


def _counts_twice(rules: VersionRules, where: str, component: ComponentRule) -> Iterator[Problem]:
    """Lines of credits and days belong to one result, and a derived metric has none."""
    if component.per == Per.CREDIT and rules.measures[component.of].kind == Kind.DERIVED:
        yield Problem(
            where,
            f"“{component.of}” is worked out by a formula and has no credits, so nobody would be"
            " paid: name a measure that is credited.",
        )
    lines = {Per.CREDIT: {component.of}, Per.DAY: component.measures()}.get(Per(component.per), ())
    for name in sorted(lines):
        measure = rules.measures.get(name)
        if measure and measure.apart == "blend" and rules.separate:
            yield Problem(
                where,
                f"Results are kept apart here, and each would pay all lines of “{name}”, whose"
                " segments are blended. Leave “segments: blend” out, or pay it per person.",
            )
