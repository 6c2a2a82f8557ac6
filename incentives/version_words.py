"""What differs between two versions of a plan, in sentences, by part.

It compares the canonical forms that the tenant file compares (:mod:`incentives.config_versions`):
where this says nothing, nothing differs that could pay anybody otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Q

from incentives import table_words
from incentives.config_versions import from_rows
from incentives.describe import flat
from incentives.describe_words import (
    COMPONENT_CHOICES,
    MEASURE_CHOICES,
    VERSION_CHOICES,
    Choice,
    Said,
    schedule_sentence,
    sentence_of,
    value_of,
    who_sentence,
)
from incentives.models import PlanVersion

PARTS = {
    "formula": "formula",
    "gate": "gate",
    "modifier": "modifier",
    "cap": "cap",
    "floor": "floor",
}
Differences = dict[str, list[str]]


def differences(before: PlanVersion, after: PlanVersion) -> Differences:
    """What a version says otherwise than another, by part; parts that are alike are left out."""
    return between(from_rows(before), from_rows(after))


def sentences(found: Differences) -> list[str]:
    """All differences in one list."""
    return [sentence for part in found.values() for sentence in part]


def ruled_before(version: PlanVersion) -> PlanVersion | None:
    """The published version that rules, or ruled, when this one takes over; else what it was
    copied from."""
    same_day = Q(in_force=version.in_force) & ~Q(pk=version.pk)
    earlier = PlanVersion.objects.filter(
        Q(in_force__lt=version.in_force) | same_day, plan=version.plan_id
    )
    if version.status in PlanVersion.UNPUBLISHED:
        published = earlier.filter(status=PlanVersion.Status.PUBLISHED)
    else:
        published = earlier.exclude(status__in=PlanVersion.UNPUBLISHED)
        if version.published_at is not None:
            published = published.exclude(published_at__gt=version.published_at)
            published = published.exclude(same_day, published_at=version.published_at)
    return published.order_by("-in_force", "-published_at").first() or version.copied_from


def between(before: Said, after: Said) -> Differences:
    """The same for two versions in their canonical form."""
    found = {
        "When and for whom": [*_dates(before, after), *_eligibility(before, after)],
        "Tables": list(_tables(before["tables"], after["tables"])),
        "Measures": list(_measures(before["measures"], after["measures"])),
        "Components": list(_components(before["components"], after["components"])),
        "Paid in parts": list(_schedules(before["schedules"], after["schedules"])),
        "The version as a whole": list(_chosen(VERSION_CHOICES, flat(before), flat(after), "")),
        "Examples": list(_examples(before["examples"], after["examples"], _titles(before, after))),
    }
    return {part: said for part, said in found.items() if said}


# --- dates and people


def _dates(before: Said, after: Said) -> Iterator[str]:
    if before["in_force"] != after["in_force"]:
        yield f"It is in force from {after['in_force']}, not from {before['in_force']}."
    was, now = before["ends"], after["ends"]
    if was != now and now:
        yield f"It pays until {now}, that day not included" + (
            f", not until {was}." if was else "."
        )
    elif was != now:
        yield f"It no longer ends on {was}."


def _eligibility(before: Said, after: Said) -> Iterator[str]:
    was, now = ([who_sentence(one) for one in said["eligibility"]] for said in (before, after))
    yield from (f"It is now for {who}." for who in now if who not in was)
    yield from (f"It is no longer for {who}." for who in was if who not in now)


# --- parts by name


def _names(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    """The names of both, those of the newer first."""
    return [*after, *(name for name in before if name not in after)]


def _tables(before: Mapping[str, Said], after: Mapping[str, Said]) -> Iterator[str]:
    for name in _names(before, after):
        if name not in before:
            yield f"Table {name} is new."
        elif name not in after:
            yield f"Table {name} is gone."
        elif before[name] != after[name]:
            for change in table_words.changes(before[name], after[name]):
                yield f"Table {name}: {change}."


def _measures(before: Mapping[str, Said], after: Mapping[str, Said]) -> Iterator[str]:
    for name in _names(before, after):
        if name not in before:
            stands_on = after[name]["metric"] or f"what {after[name]['earnings_of']} earned"
            yield f"Measure {name} is new: it stands on {stands_on}."
        elif name not in after:
            yield f"Measure {name} is gone."
        else:
            yield from _chosen(
                MEASURE_CHOICES, flat(before[name]), flat(after[name]), f"Measure {name}: "
            )


def _components(before: Mapping[str, Said], after: Mapping[str, Said]) -> Iterator[str]:
    for name in _names(before, after):
        if name not in before:
            called, formula = _called(name, after[name]), after[name]["formula"]
            yield f"Component {called} is new: it pays {formula}."
        elif name not in after:
            yield f"Component {_called(name, before[name])} is gone: it pays nothing any more."
        else:
            yield from _component(name, before[name], after[name])
    both = [name for name in before if name in after]
    if both != [name for name in after if name in before]:
        yield f"The statement lists them in another order: {', '.join(after)}."


def _called(name: str, said: Said) -> str:
    return f"“{said['title']}” ({name})" if said["title"] else name


def _component(name: str, before: Said, after: Said) -> Iterator[str]:
    called = _called(name, after)
    if before["title"] != after["title"]:
        yield f"Component {name} is called “{after['title'] or name}” now."
    for part, word in PARTS.items():
        was, now = before[part].strip(), after[part].strip()
        if was == now:
            continue
        if not was:
            yield f"{called} has a {word} now: {now}."
        elif not now:
            yield f"{called} has no {word} any more; it was: {was}."
        else:
            yield f"{called}: {word} from {was} to {now}."
    yield from _chosen(COMPONENT_CHOICES, flat(before), flat(after), f"{called}: ")


def _chosen(choices: Mapping[str, Choice], before: Said, after: Said, lead: str) -> Iterator[str]:
    """Each choice that differs: what holds now, and what held before."""
    for path, choice in choices.items():
        was, now = (value_of(said, path, choice.default) for said in (before, after))
        if was == now:
            continue
        old = sentence_of(choice, path, before)
        new = sentence_of(choice, path, after)
        if new and new != old:
            text = f"{lead}{_lower(new) if lead else new}"
            yield f"{text} Before: {_lower(old)}" if old else text
        elif old and not new:
            yield f"{lead}No longer: {_lower(old)}"


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _schedules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in _names(before, after):
        if name not in before:
            yield f"New: {schedule_sentence(name, after[name])}"
        elif name not in after:
            yield f"Schedule {name} is gone."
        elif before[name] != after[name]:
            was = schedule_sentence(name, before[name]).partition(": ")[2]
            yield f"{schedule_sentence(name, after[name])} Before: {was}"


def _titles(before: Said, after: Said) -> dict[str, str]:
    """What components are called, the newer version's word first."""
    return {
        name: f"“{row['title']}”"
        for said in (before, after)
        for name, row in said["components"].items()
        if row.get("title")
    }


def _examples(
    before: Iterable[Said], after: Iterable[Said], titles: Mapping[str, str]
) -> Iterator[str]:
    was, now = ({one["name"]: one for one in listed} for listed in (before, after))
    for name in _names(was, now):
        if name not in was:
            yield f"Example “{name}” is new."
        elif name not in now:
            yield f"Example “{name}” is gone."
        elif was[name] != now[name]:
            yield from _example(name, was[name], now[name], titles)


def _example(name: str, before: Said, after: Said, titles: Mapping[str, str]) -> Iterator[str]:
    moved = [
        f"{titles.get(component, component)} {was or 'nothing'} → {amount}"
        for component, amount in after["expected"].items()
        if (was := before["expected"].get(component)) != amount
    ]
    yield f"Example “{name}” expects {', '.join(moved)}." if moved else f"Example “{name}” changed."
