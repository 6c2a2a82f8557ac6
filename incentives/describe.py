"""A plan version in plain words: what it chose where plans differ, and the plan as a document.

A choice that nobody made is said too: its default, marked as such. ``explain`` prints the sentences
beside a result; ``describe`` prints the whole document, for the people whom the plan pays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from formula import words
from incentives.config_versions import from_rows
from incentives.currencies import currency_of
from incentives.describe_words import (
    COMPONENT_CHOICES,
    DEFAULT,
    MEASURE_CHOICES,
    TABLE_CHOICES,
    VERSION_CHOICES,
    Choice,
    Said,
    listed,
    schedule_sentence,
    sentence_of,
    who_sentence,
)
from incentives.models import PersonCap, Plan, PlanVersion
from incentives.rules import PARTS, ComponentRule, MeasureRule, VersionRules, definitions_on, load
from incentives.table_text import KINDS, kind_of, text_of
from metrics.models import Metric, MetricDefinition
from org.base import CURRENT
from org.config_tools import plain
from org.models import JobType, Tenant, Unit
from org.tenancy import current_tenant_id


def choices(rules: VersionRules) -> list[str]:
    """What the version chose where plans differ, a sentence each; alike parts share one."""
    said = from_rows(rules.version)
    definitions = {d.metric_id: d for d in definitions_on(rules.on).values()}
    return [
        *version_sentences(said, separate=rules.separate),
        *cap_sentences(rules.version, rules.on),
        *(attainment_sentence(m, definitions.get(m.metric)) for m in rules.shown),
        *part_sentences(MEASURE_CHOICES, with_names(said["measures"]), "measure"),
        *part_sentences(COMPONENT_CHOICES, said["components"], "component"),
        *part_sentences(TABLE_CHOICES, said["tables"], "table"),
        *(schedule_sentence(name, parts) for name, parts in said["schedules"].items()),
    ]


def cap_sentences(version: PlanVersion, on: date) -> list[str]:
    """What caps a person's pay by this plan and others together, from a day on."""
    code = version.plan.code
    caps = PersonCap.objects.filter(CURRENT, valid_to__gt=on).select_related("calendar")
    found = [_cap_sentence(cap, code) for cap in caps if code in cap.plans]
    return found or [f"No cap binds this plan and others together{DEFAULT}."]


def _cap_sentence(cap: PersonCap, code: str) -> str:
    others = [other for other in cap.plans if other != code]
    most = f"at most {plain(cap.amount)} {currency_of(cap)} a period of {cap.calendar.code}"
    if not others:
        return f"It pays one person {most} (the cap “{cap.name}”)."
    plans = Plan.objects.filter(code__in=cap.plans)
    rate = ""
    if {currency_of(plan) for plan in plans} - {currency_of(cap)}:
        rate = f" What is paid in another currency counts at the rate “{cap.exchange_rate}”."
    return (
        f"Together with {listed(others)} it pays one person {most}; of"
        f" {listed(cap.plans, 'and')} the last is cut first.{rate}"
    )


def flat(said: Said) -> dict[str, Any]:
    """A part of a version with its options beside what has a column of its own."""
    return {**said, **said.get("options", {})}


def with_names(measures: Mapping[str, Said]) -> dict[str, Said]:
    """What measures say, with the names of their metrics instead of codes."""
    codes = {said["metric"] for said in measures.values() if said.get("metric")}
    names = dict(Metric.objects.filter(code__in=codes).values_list("code", "name"))
    return {
        name: {**said, "metric": names.get(said["metric"]) or said["metric"]}
        if said.get("metric")
        else said
        for name, said in measures.items()
    }


def version_sentences(said: Said, *, separate: bool) -> list[str]:
    """The choices of the version as a whole."""
    whole = flat(said)
    found = [sentence_of(choice, path, whole) for path, choice in VERSION_CHOICES.items()]
    if separate and whole["segments"] != "separate":
        found[0] = (
            "Segments of a period are kept apart, because something of the unit is read: a result"
            " for each unit and job type."
        )
    return [sentence for sentence in found if sentence]


def part_sentences(
    choices: Mapping[str, Choice], parts: Mapping[str, Said], what: str
) -> Iterator[str]:
    """Each choice once for all parts that chose alike; those that differ are named before it."""
    for path, choice in choices.items():
        by_sentence: dict[str, list[str]] = {}
        for name, part in parts.items():
            if sentence := sentence_of(choice, path, flat(part)):
                by_sentence.setdefault(sentence, []).append(name)
        for sentence, names in by_sentence.items():
            yield f"{_whom(names, parts, what)}: {sentence[0].lower()}{sentence[1:]}"


def _whom(names: list[str], parts: Mapping[str, Said], what: str) -> str:
    if len(names) == len(parts) and len(parts) > 1:
        return f"Every {what}"
    return f"{what.capitalize() if len(names) == 1 else what.capitalize() + 's'} {listed(names)}"


def in_words(component: ComponentRule, names: Mapping[str, str] | None = None) -> str:
    """The rule of a component in plain words, part by part; ``names``: as formula.words takes."""
    said = {
        "gate": "Only if {}.",
        "modifier": "Times {}.",
        "floor": "At least {}.",
        "cap": "At most {}.",
    }
    lines = [
        said.get(part, "Pays {}.").format(words(component.parts[part], names))
        for part in PARTS
        if part in component.parts
    ]
    return " ".join(lines)


def titles_of(rules: VersionRules) -> dict[str, str]:
    """What people call the measures and components of a version."""
    measures = {one.name: one.title for one in rules.measures.values()}
    return {**measures, **{one.name: one.title for one in rules.components.values()}}


KINDS_OF_FIGURE = {
    "sum": "a sum, 0 without rows where its source is complete",
    "ratio": "a ratio: numerators and denominators are added up, and divided once",
    "weighted_mean": "a weighted mean, never an average of averages",
    "last": "the latest value of the period",
    "minimum": "the smallest value",
    "maximum": "the largest value",
    "derived": "worked out from other metrics after they are added up",
}


def attainment_sentence(measure: MeasureRule, definition: MetricDefinition | None) -> str:
    """How a measure is held against its goal, and how exact the result is before it decides."""
    text = f"Attainment of {measure.title}: {measure.attainment_text}"
    if definition is None or definition.attainment_decimals is None:
        return f"{text}, not rounded before it decides{DEFAULT}."
    places = definition.attainment_decimals
    return f"{text}, rounded to {places} decimals of a per cent before it decides anything."


def figure_sentences(measure: MeasureRule) -> Iterator[str]:
    """What a measure's figure is, by the definition of its metric."""
    yield f"{measure.title}: {KINDS_OF_FIGURE[measure.kind]}."
    if measure.kind in ("ratio", "weighted_mean"):
        yield "Its goal is weighted with the same denominators, never by days."
    if measure.minimum_sample is not None:
        sample = plain(measure.minimum_sample)
        yield f"Below a sample of {sample}, put together over its window, there is no data."
    if measure.zero_is_no_data:
        yield "An actual of zero is no data."


# --- the document

ALWAYS = (
    "A period becomes final for this plan alone. What changes it afterwards is worked out as what"
    " should be paid less what is booked, only where a recorded cause explains it, and is posted"
    " to the earliest open period of the plan, else of the person's pay.",
    "Inside a component the order is: formula, gate, modifier, reduction for part of a period,"
    " floor, cap; rounded once.",
    "Shares of a whole go by largest remainder, so that the parts always sum to the whole.",
    "Of a transaction that counts once, the earliest counts; one that comes in late takes its"
    " place.",
    "A last value is the latest of the period, whichever segment it lies in, and counts there.",
    "Separate segments with the same unit, job type and goal are one, also after time away.",
    "Whoever holds two jobs at once has a result for each job slot.",
    "A manual adjustment is an earning of its own and no run moves it; a disputed line is frozen"
    " until it is answered.",
    "Negative pay, draws and debts are repaid by the rule of the person's pay group.",
    "Nobody approves what moves their own pay.",
)


def document(version: PlanVersion) -> str:
    """The plan version as Markdown that reads well as plain text; RulesProblem if unsound."""
    title, sections = parts(version)
    lines = [f"# {title}", "", *sections.pop("In short")]
    for heading, section in sections.items():
        lines += ["", f"## {heading}", "", *section]
    return "\n".join(lines) + "\n"


def parts(version: PlanVersion) -> tuple[str, dict[str, list[str]]]:
    """The title of the document, and its sections by heading; those without a line are left out."""
    rules = load(version)
    said = from_rows(version)
    sections = {
        "In short": _facts(version),
        "Who it is for": _eligibility(version, said),
        "What it pays": _components(rules, said),
        "Figures": _figures(rules),
        "Tables": _tables(said),
        "Examples": list(example_lines(version)),
        "Paid in parts": [f"- {schedule_sentence(n, p)}" for n, p in said["schedules"].items()],
        "What this version chose": [f"- {one}" for one in choices(rules)],
        "What always holds": [f"- {one}" for one in ALWAYS],
    }
    title = f"{version.plan.name} ({version.plan.code}), version {version.number}"
    return title, {name: lines for name, lines in sections.items() if lines}


def _facts(version: PlanVersion) -> list[str]:
    plan = version.plan
    currency = plan.currency or Tenant.objects.get(pk=current_tenant_id()).currency
    until = f", the last day is {version.ends - timedelta(days=1)}" if version.ends else ""
    lines = [
        f"- In force from {version.in_force}{until or ' until a later version takes over'}.",
        f"- {version.get_status_display()}{_published(version)}.",
        f"- Pays in {currency}, by periods of the calendar {plan.calendar.code}"
        f" ({plan.calendar.get_kind_display().lower()}).",
    ]
    return lines + ([f"- Why: {version.reason.strip()}"] if version.reason.strip() else [])


def _published(version: PlanVersion) -> str:
    written = f", written by {version.author.get_username()}" if version.author else ""
    if version.published_at is None:
        return written
    by = version.published_by.get_username() if version.published_by else "the system"
    return f"{written}, published by {by} on {version.published_at:%Y-%m-%d}"


def who_sentences(entries: Sequence[Said]) -> list[str]:
    """Whom a version is for, with job types and units by their names."""
    names = {("job_type", code): name for code, name in JobType.objects.values_list("code", "name")}
    units = [entry["unit"] for entry in entries if entry.get("unit")]
    found = Unit.objects.filter(code__in=units).values_list("code", "name")
    names |= {("unit", code): name for code, name in found}
    return [who_sentence(entry, names) for entry in entries]


def _eligibility(version: PlanVersion, said: Said) -> list[str]:
    return [
        *(f"- {sentence}" for sentence in who_sentences(said["eligibility"])),
        "",
        f"Of the plans of the family “{version.plan.family}” the one that names a person most"
        " closely pays: person, unit and job type, nearest unit, job type, everybody. Plans of"
        " other families add up.",
    ]


def _components(rules: VersionRules, said: Said) -> list[str]:
    lines: list[str] = []
    for component, written in zip(
        rules.components.values(), said["components"].values(), strict=True
    ):
        lines += [f"**{component.title}** ({component.name}). {in_words(component)}", ""]
        lines += [
            f"    {part}: {written[part]}" for part in (*PARTS, "distribute") if written.get(part)
        ]
        lines.append("")
    return lines[:-1]


def _figures(rules: VersionRules) -> list[str]:
    return [f"- **{m.name}**. {' '.join(figure_sentences(m))}" for m in rules.shown]


def _tables(said: Said) -> list[str]:
    lines: list[str] = []
    for name, spec in said["tables"].items():
        lines += [f"**{name}**. {KINDS[kind_of(spec)]}.", ""]
        lines += [f"    {line}" for line in text_of(spec).splitlines()]
        lines.append("")
    return lines[:-1]


def example_lines(version: PlanVersion) -> Iterator[str]:
    """The worked examples of a version: what goes in, and what comes out."""
    for example in version.examples.all():
        note = f" {example.note.strip()}" if example.note.strip() else ""
        yield f"**{example.name}**.{note}"
        yield ""
        yield from (f"    {name} = {text}" for name, text in example.inputs.items())
        yield from _lines_of(example.lines)
        yield from (f"    → {name}: {text}" for name, text in example.expected.items())
        yield ""


def _lines_of(lines: Mapping[str, Any]) -> Iterator[str]:
    for measure, rows in lines.get("credits", {}).items():
        yield from (f"    credit of {measure}: {_row(row)}" for row in rows)
    yield from (f"    day: {_row(row)}" for row in lines.get("days", ()))
    yield from (f"    colleague: {_row(row)}" for row in lines.get("others", ()))


def _row(row: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {text}" for name, text in row.items()) or "the same figures"
