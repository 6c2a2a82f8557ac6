"""Every choice that a plan version can make, with its default and its sentence.

One table per part of a version, its keys those of the tenant file's schema; a test walks the schema
and fails for a choice without a sentence. :mod:`incentives.describe` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from formula.numbers import read_number
from org.config_tools import plain

Said = Mapping[str, Any]
Say = Callable[[Any, Said], str]
DEFAULT = " (the default)"


@dataclass(frozen=True)
class Choice:
    """One key of the tenant file: its default, and the sentence for a value and all beside it.

    ``when``: whether there is anything to choose; ``is_default`` where a plain comparison fails.
    """

    default: Any
    say: Say
    when: Callable[[Said], bool] = lambda _: True


def value_of(said: Said, path: str, default: Any) -> Any:
    """What a version, measure or component says under ``a.b``, or the default."""
    found: Any = said
    for key in path.split("."):
        if not isinstance(found, Mapping) or found.get(key) is None or found.get(key) == "":
            return default
        found = found[key]
    return found


def sentence_of(choice: Choice, path: str, said: Said) -> str:
    """The sentence of one choice, with the mark of the default; '' where it does not arise."""
    if not choice.when(said):
        return ""
    value = value_of(said, path, choice.default)
    text = choice.say(value, said)
    return f"{text[:-1]}{DEFAULT}." if text and value == choice.default else text


def pick(**sentences: str) -> Say:
    """A sentence for each value that a choice can have."""
    return lambda value, _: sentences[value]


def listed(parts: Iterable[str], word: str = "and") -> str:
    *first, last = list(parts)
    return f"{', '.join(first)} {word} {last}" if first else last


def _percent(share: Any) -> str:
    return f"{plain(read_number(share)[0] * 100)} %"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


# --- the version

REDUCED_BY = {
    "days": "the eligible part of the period",
    "share": "the contract share",
    "absence": "the days of absence that count for it",
}


def _reduced(what: str) -> Say:
    def say(by: list[str], _: Said) -> str:
        if not by:
            return f"The {what} is not reduced for part of a period."
        return f"The {what} is reduced by {listed(REDUCED_BY[one] for one in by)}."

    return say


def _by_days(said: Said) -> bool:
    prorate = said["prorate"]
    return "days" in {*prorate["goal"], *prorate["amount"]}


def _whole(kind: str, given: str) -> Say:
    def say(text: str, _: Said) -> str:
        return given.format(text) if text else f"The plan as a whole has no {kind}."

    return say


EXCESS = {
    "defer": "What goes beyond is deferred until there is room",
    "lose": "What goes beyond is lost",
}
LAPSES = {"never": "and never lapses", "year_end": "and lapses at the end of the year"}


def _limit(limit: Any, _: Said) -> str:
    if not limit:
        return "Nothing limits what is paid in a year."
    excess = limit.get("excess", "defer")
    text = f"At most {limit['amount']} a {limit.get('per', 'year')} is payable. {EXCESS[excess]}"
    return f"{text}{', ' + LAPSES[limit.get('lapses', 'never')] if excess == 'defer' else ''}."


VERSION_CHOICES: dict[str, Choice] = {
    "segments": Choice(
        "blend",
        pick(
            blend="Segments of a period are blended into one result, their goals put together by"
            " days.",
            separate="Segments of a period are kept apart: a result for each unit and job type.",
        ),
    ),
    "prorate.goal": Choice([], _reduced("goal")),
    "prorate.amount": Choice([], _reduced("amount")),
    "prorate.days": Choice(
        "calendar",
        pick(
            calendar="The eligible part of a period counts calendar days.",
            working="The eligible part of a period counts working days of the site.",
            scheduled="The eligible part of a period counts scheduled hours.",
        ),
        _by_days,
    ),
    "prorate.first_day": Choice(
        "in",
        lambda value, _: {
            "in": "The first day counts for who starts within the period.",
            "out": "The first day is left out for who starts within the period.",
        }[value],
        _by_days,
    ),
    "zero_goal": Choice(
        "wait",
        lambda value, _: {
            "wait": "A goal of zero has no attainment until somebody decides about that person.",
            "0%": "A goal of zero counts as attainment of 0 %.",
            "100%": "A goal of zero counts as attainment of 100 %.",
            "leave_out": "Whoever has a goal of zero is left out and earns nothing by it.",
        }[value],
    ),
    "on_change": Choice(
        "true_up",
        pick(
            true_up="When this version takes over, figures to date are worked out anew by its"
            " rules from the beginning of the year (true-up).",
            from_here="When this version takes over, figures to date count by its rules from here"
            " on; what was earned before stays.",
        ),
    ),
    "gate": Choice("", _whole("gate", "The plan pays only if {}.")),
    "modifier": Choice("", _whole("modifier", "The sum of its components is multiplied by {}.")),
    "cap": Choice(
        "", _whole("cap", "The plan pays at most {}; a cut is allotted back to its components.")
    ),
    "limit": Choice(None, _limit),
    "leavers.employed_on": Choice(
        "none",
        pick(
            none="Nobody needs to be employed on a particular day to be paid.",
            period_end="Only who is employed on the period's last day is paid.",
            pay_date="Only who is employed on the pay date is paid.",
        ),
    ),
    "leavers.trailing_days": Choice(
        0,
        lambda days, _: (
            f"Credits count for {_days(days)} after the job's last day, the day after it being the"
            " first."
            if days
            else "Credits dated after the job's last day do not count."
        ),
    ),
    "leavers.held": Choice(
        "keep",
        pick(
            keep="Who leaves keeps what is held, and gets it when it is released.",
            forfeit="Who leaves forfeits what is held.",
        ),
    ),
    "leavers.tenure_gap": Choice(
        None,
        lambda days, _: (
            "Who comes back begins a new tenure, unless the people file says otherwise."
            if days is None
            else f"Who is back after at most {_days(days)} goes on with the tenure of before."
        ),
    ),
}

# --- measures


def _window(window: Any, _: Said) -> str:
    if isinstance(window, Mapping):
        if "rolling" in window:
            return f"It adds up this period and those before it, {window['rolling']} in all."
        return f"It adds up the days from {window['from']} up to, but not on, {window['to']}."
    return {
        "period": "It adds up the period.",
        "quarter_to_date": "It adds up the quarter to the period's end.",
        "year_to_date": "It adds up the year to the period's end.",
        "since_hire": "It adds up everything since the employment began.",
    }[window]


def _goal(goal: Any, _: Said) -> str:
    if not goal:
        return "It is held against the goal of its own metric and scope."
    parts = [
        f"of {goal['metric']}" if "metric" in goal else "",
        {"person": "of each person", "team": "of the unit as a whole"}.get(goal.get("of", ""), ""),
        f"for periods of the calendar {goal['calendar']}" if "calendar" in goal else "",
    ]
    return f"It is held against the goal {' '.join(filter(None, parts))}."


def _of_others(said: Said) -> bool:
    return bool(value_of(said, "scope", "own") != "own")


MEASURE_CHOICES: dict[str, Choice] = {
    "metric": Choice("", lambda metric, _: f"It stands on the metric {metric}." if metric else ""),
    "earnings_of": Choice("", lambda path, _: f"It stands on what {path} earned." if path else ""),
    "scope": Choice(
        "own",
        pick(
            own="It is the person's own figure.",
            direct="It is the figure of the direct reports, by the manager of each day.",
            team="It is the figure of the unit, of everybody who works in it on the day.",
            subtree="It is the figure of the unit and all below it, as the tree stood on the day.",
        ),
    ),
    "window": Choice("period", _window),
    "filter": Choice(
        "",
        lambda text, _: f"Only credits with {text} count." if text else "All its credits count.",
    ),
    "no_data": Choice(
        "undecided",
        pick(
            undecided="Without data it is blank, and what needs it waits.",
            zero="Without data it counts as zero.",
        ),
    ),
    "undone_as": Choice(
        "restate",
        pick(
            restate="What is undone is restated: the credit counts for less on its own day.",
            reverse="What is undone keeps its place in the totals, and what it earned is taken back"
            " at the rate once applied.",
            net="What is undone stays, and is set off on the day on which it was undone.",
        ),
    ),
    "goal": Choice(None, _goal),
    "segments": Choice(
        None,
        lambda value, _: {
            None: "Its segments are put together or kept apart as the version says.",
            "blend": "Its segments are blended, whatever the version says.",
            "separate": "Its segments are kept apart, whatever the version says.",
        }[value],
    ),
    "with_manager": Choice(
        None,
        lambda value, said: {
            None: "The manager's own figures are in it where the manager works in the unit, and"
            " not among the reports.",
            True: "The manager's own figures are in it.",
            False: "The manager's own figures are not in it.",
        }[value],
        _of_others,
    ),
}

# --- components


def _distribute(weight: Any, _: Said) -> str:
    if not weight:
        return "It is shared out among the people of the unit in equal parts."
    by, within = (weight, "unit") if isinstance(weight, str) else (weight["by"], None)
    within = within or weight.get("within", "unit")
    whose = {"unit": "the unit", "plan": "the plan", "job_type": "the job type"}[within]
    return (
        f"It is shared out among the people of {whose} by {by}; the parts sum to the whole, odd"
        " cents go by largest remainder."
    )


def _rounding(decimals: int, said: Said) -> str:
    if decimals >= 0:
        places = "1 decimal" if decimals == 1 else f"{decimals} decimals"
    else:
        places = f"whole {10**-decimals:,}s"
    return f"Amounts are rounded to {places}."


def _each(value: str | None, said: Said) -> str:
    return {
        None: "It is rounded once for each transaction, and the parties' parts sum to that.",
        "transaction": "It is rounded once for each transaction, and the parties' parts sum to"
        " that.",
        "credit": "Each credit is rounded by itself.",
        "running": "The running total is rounded, and each credit has its difference, so that the"
        " parts sum to the total's tier.",
    }[value]


def _per_credit(said: Said) -> bool:
    return bool(value_of(said, "per", "person") == "credit")


def _advance(said: Said) -> bool:
    return bool(value_of(said, "paid_as", "earned") == "advance")


COMPONENT_CHOICES: dict[str, Choice] = {
    "per": Choice(
        "person",
        lambda value, said: {
            "person": "It is worked out once for each person and period.",
            "day": "It is worked out for each day, and the days are added up.",
            "credit": f"It is worked out for each credit of {said.get('of') or 'its measure'}, in"
            " order of date and key.",
            "team": "It is worked out once for the unit, and then shared out.",
        }[value],
    ),
    "prorate": Choice(
        True,
        lambda value, said: (
            "It is reduced where the version reduces amounts."
            if value and said.get("per") != "team"
            else "It is never reduced for part of a period."
        ),
    ),
    "cumulate": Choice(
        "restart",
        pick(
            restart="It starts anew in each period.",
            to_date="It earns what is due to date less what was due to the period before, both"
            " worked out now.",
        ),
    ),
    "rounding.decimals": Choice(2, _rounding),
    "rounding.mode": Choice("half_up", pick(half_up="A half is rounded away from zero.")),
    "rounding.each": Choice(None, _each, _per_credit),
    "earning_type": Choice("incentive", lambda code, _: f"Payroll books it as {code}."),
    "currency": Choice(
        "",
        lambda code, _: (
            f"It is reckoned in {code}." if code else "It is reckoned in the plan's currency."
        ),
    ),
    "exchange_rate": Choice(
        "",
        lambda rate, _: (
            {
                "": "No exchange rate is applied.",
                "plan": "It is turned into the plan's currency at the plan's own rate.",
                "day": "It is turned into the plan's currency at the rate of each line's own day.",
                "month": "It is turned into the plan's currency at the rate of the month.",
            }[rate]
            + (
                " A later difference uses the same rate, unless the rate was corrected."
                if rate
                else ""
            )
        ),
    ),
    "schedule": Choice(
        "",
        lambda name, _: (
            f"It is paid in parts by the schedule {name}."
            if name
            else "All of it is payable when the period is final."
        ),
    ),
    "after_final": Choice(
        "restate",
        pick(
            restate="After the period is final, a later change moves everybody whom it concerns.",
            freeze="After the period is final it is frozen: a pool corrects the one person at the"
            " company's cost, prizes move nobody.",
        ),
    ),
    "paid_as": Choice(
        "earned",
        pick(
            earned="What is paid is earned.",
            advance="What is paid is an advance, to be earned later.",
        ),
    ),
    "advance_until": Choice(
        "",
        lambda text, _: (
            f"The advance is earned as soon as {text}."
            if text
            else "The advance is earned when nothing can undo it any more."
        ),
        _advance,
    ),
    "distribute": Choice(
        "", _distribute, lambda said: bool(value_of(said, "per", "person") == "team")
    ),
}

# --- tables, schedules, eligibility

TABLE_CHOICES: dict[str, Choice] = {
    "on_bound": Choice(
        "upper_row",
        pick(
            upper_row="A value exactly on a bound belongs to the row above it.",
            lower_row="A value exactly on a bound belongs to the row below it.",
        ),
        lambda spec: spec.get("kind") not in ("curve", "lookup"),
    ),
    "below": Choice(
        "first_row",
        pick(
            first_row="Below the first bound the first row's rate goes on.",
            nothing="Below the first bound there is nothing.",
        ),
        lambda spec: spec.get("kind") not in ("curve", "lookup", "matrix"),
    ),
    "outside": Choice(
        "flat",
        pick(
            flat="Outside the curve its ends hold.",
            error="A value outside the curve is an error, and waits for somebody.",
        ),
        lambda spec: spec.get("kind") == "curve",
    ),
}


def part_sentence(part: Said) -> str:
    """One part of a schedule."""
    release = str(part["release"])
    when = "when the period is final" if release == "final" else f"on {release}"
    if not release[:1].isdigit() and release != "final":
        when = f"as soon as {release}"
    elif release.endswith("later"):
        when = release
    lost = f"; forfeited after {part['expires']}" if part.get("expires") else ""
    return f"{_percent(part['share'])} {when}{lost}"


def schedule_sentence(name: str, parts: Iterable[Said]) -> str:
    """A schedule with its parts."""
    return f"Schedule {name}: {'; '.join(map(part_sentence, parts))}."


def who_sentence(entry: Said, names: Mapping[tuple[str, str], str] | None = None) -> str:
    """One entry of whom a version is for.

    ``names``: what job types and units are called, by ``("job_type", code)``, ``("unit", code)``.
    """

    def named(what: str) -> str:
        code = entry[what]
        return (names or {}).get((what, code), code)

    parts = [
        f"person {entry['person']}" if entry.get("person") else "",
        f"job type {named('job_type')}" if entry.get("job_type") else "",
        f"in {named('unit')} and below" if entry.get("unit") else "",
        f"job slot {entry['slot']}" if entry.get("slot") else "",
    ]
    return " ".join(filter(None, parts)) or "everybody"
