"""Running the examples of a version on every engine, and refusing what does not come out.

The engines that explain and that pay run each time. The third, which writes the formulas of a
spreadsheet, is asked by a job (:mod:`incentives.examples.sheet_checks`); what it came to counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from formula import ERROR_SENTENCES, key_of
from incentives.examples import by_decimal, by_sql
from incentives.examples.by_decimal import Amount
from incentives.examples.inputs import Read, Said, Unreadable, needs_of, read
from incentives.examples.sheet_checks import sheet_of
from incentives.models import Example, PlanVersion
from incentives.rules import TOTAL, VersionRules, load
from org.errors import DomainError

UNDECIDED = "undecided"
ENGINES = {"decimal": "step by step", "sql": "in SQL", "sheet": "in a spreadsheet"}
Sheet = Mapping[str, Mapping[str, Amount]]
"""What a spreadsheet came to, by example and component, where it was asked."""


@dataclass(frozen=True)
class Outcome:
    """What one example makes of one component on each engine, beside what is expected.

    ``expected``: the amount as text, "undecided", or None where the example says nothing of it.
    ``trouble``: why the example cannot be computed at all; there are no amounts then.
    """

    example: str
    component: str
    title: str
    expected: str | None
    amounts: Mapping[str, Amount]
    trouble: str = ""

    @property
    def agreed(self) -> bool:
        """Whether the engines came to the same."""
        return len(set(self.amounts.values())) == 1

    @property
    def ok(self) -> bool:
        """Whether it came out as expected, or, where nothing is, the same on every engine."""
        if self.trouble or not self.agreed:
            return False
        return self.expected is None or shown(self.came) == self.expected

    @property
    def came(self) -> Amount:
        """What came out, of the engines that agreed."""
        return next(iter(self.amounts.values()))

    @property
    def sentence(self) -> str:
        """What is wrong, in a sentence that says what to do; '' where nothing is."""
        if self.ok:
            return ""
        where = f"Example “{self.example}”" + (f", {self.title}" if self.title else "")
        if self.trouble:
            return f"{where}: {self.trouble}"
        if not self.agreed:
            both = ", ".join(f"{words(one)} {ENGINES[name]}" for name, one in self.amounts.items())
            return (
                f"{where}: the engines do not agree: {both}. Tell your administrator; nothing can"
                " be published with it."
            )
        return f"{where}: {self.expected} is expected, but {words(self.came)}."


def shown(amount: Amount) -> str:
    """An amount as an example expects it: plain text, or "undecided"."""
    value, error = amount
    if error:
        return f"error: {error}"
    return UNDECIDED if value is None else plain(value)


def words(amount: Amount) -> str:
    """What came out, as the end of a sentence."""
    value, error = amount
    if error:
        return f"it cannot be worked out ({error_words(error)})"
    if value is None:
        return "it is undecided, because something is blank"
    return f"{plain(value)} came out"


def error_words(code: str) -> str:
    """What an error means, without the full stop at its end."""
    if code == "no_rate":
        return "no exchange rate is given"
    return ERROR_SENTENCES.get(code, code).rstrip(".")


def plain(amount: Decimal) -> str:
    """An amount without zeros at its end, so that 880 and 880.00 are the same."""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


# --- running


def run(version: PlanVersion) -> list[Outcome]:
    """What every example of a version makes of every component; RulesProblem where it is unsound.

    One outcome for each component of each example, in their order; one alone, with its trouble,
    for an example that cannot be computed.
    """
    return run_with(load(version), version.examples.all(), sheet_of(version))


def run_with(
    rules: VersionRules, examples: Iterable[Example], sheet: Sheet | None = None
) -> list[Outcome]:
    """The same with rules that are read already, for these examples."""
    return [
        outcome
        for example in examples
        for outcome in outcomes(
            rules, example.name, said_by(example), (sheet or {}).get(example.name)
        )
    ]


def said_by(example: Example) -> Said:
    """What a row says."""
    return Said(example.inputs, example.lines, example.expected)


def outcomes(
    rules: VersionRules, name: str, said: Said, sheet: Mapping[str, Amount] | None = None
) -> list[Outcome]:
    """What one example makes of each component; ``sheet``: in a spreadsheet, where known."""
    titles = {one.name: one.title for one in rules.components.values()}
    if rules.whole:
        titles[TOTAL] = "the plan in all"
    try:
        expected = expected_of(said, titles)
        given = read(needs_of(rules), said)
    except Unreadable as trouble:
        return [Outcome(name, "", "", None, {}, " ".join(trouble.problems))]
    found = compute(rules, given)
    if sheet is not None and sheet.keys() >= titles.keys():
        found["sheet"] = dict(sheet)
    return [
        Outcome(
            example=name,
            component=component,
            title=title,
            expected=expected.get(component),
            amounts={engine: one[component] for engine, one in found.items()},
        )
        for component, title in titles.items()
    ]


def compute(rules: VersionRules, given: Read) -> dict[str, dict[str, Amount]]:
    """What every engine makes of an example, by engine and component."""
    return {
        "decimal": by_decimal.amounts(rules, given),
        "sql": by_sql.amounts(rules, given),
    }


def expected_of(said: Said, titles: Mapping[str, str]) -> dict[str, str]:
    """What is expected of each component; Unreadable where it is no amount or of no component."""
    found: dict[str, str] = {}
    troubles = []
    for name, text in said.expected.items():
        key = key_of(name)
        if key not in titles:
            known = ", ".join(titles)
            troubles.append(f"it expects an amount of “{name}”. The components are: {known}.")
            continue
        try:
            found[key] = UNDECIDED if text == UNDECIDED else plain(Decimal(text))
        except InvalidOperation:
            troubles.append(f"{name}: {text} is neither an amount nor “undecided”.")
    if troubles:
        raise Unreadable("It cannot be computed:", tuple(troubles))
    return found


# --- publishing


def without_example(version: PlanVersion, rules: VersionRules) -> list[str]:
    """The titles of components of which no example expects an amount."""
    covered: set[str] = set()
    for example in version.examples.all():
        covered |= {key_of(n) for n, text in example.expected.items() if text != UNDECIDED}
    return [one.title for one in rules.components.values() if one.name not in covered]


def problems(version: PlanVersion, *, complete: bool) -> list[str]:
    """Why the examples of a version keep it from being published, a sentence each.

    ``complete``: each component needs one that expects an amount of it.
    """
    if not complete and not version.examples.exists():
        return []
    rules = load(version)
    every = run_with(rules, version.examples.all(), sheet_of(version))
    found = [one.sentence for one in every if not one.ok]
    missing = without_example(version, rules) if complete else []
    return found + [
        f"No example says what “{title}” comes to. Add one by hand, or take one from a person."
        for title in missing
    ]


def refuse(version: PlanVersion, *, complete: bool) -> None:
    """Refuse (DomainError) a version whose examples do not come out, or that lacks some."""
    if found := problems(version, complete=complete):
        raise DomainError(f"{version} cannot be published.", tuple(found))
