"""What is wrong with the schedules and the limit of a version, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from formula import FormulaError, key_of
from formula.numbers import read_number
from incentives import conditions
from incentives.models import Component, PlanVersion
from incentives.rules import Problem
from incentives.schedules import Release, read_expiry, read_release
from metrics.attributes import kinds_into
from metrics.impossible import never_holds
from metrics.models import TransactionKind
from org import config_tools as tools


def problems(version: PlanVersion) -> list[Problem]:
    """Everything that is wrong with how a version pays what it grants; empty where nothing is."""
    found = list(_limit(version.options.get("limit")))
    for name, parts in version.schedules.items():
        found += _shares(f"schedules.{name}", parts)
        users = [c for c in version.components.all() if c.schedule == name]
        for number, part in enumerate(parts):
            found += _part(f"schedules.{name}[{number}]", part, users, version)
    return found


def _limit(said: Any) -> Iterator[Problem]:
    if said and read_number(said["amount"])[0] <= 0:
        yield Problem("limit.amount", "It must be above 0, or nothing would ever be payable.")
    if said and said.get("excess") == "lose" and said.get("lapses") == "year_end":
        yield Problem("limit.lapses", "What is lost cannot lapse as well: leave one of them out.")


def _shares(where: str, parts: list[Mapping[str, Any]]) -> Iterator[Problem]:
    shares = [read_number(part["share"])[0] for part in parts]
    if any(share <= 0 for share in shares):
        yield Problem(where, "Each share must be above 0 %.")
    elif sum(shares) != 1:
        said = tools.plain(sum(shares) * 100)
        yield Problem(where, f"The shares sum to {said} %, not to 100 %.")


def _part(
    where: str, part: Mapping[str, Any], users: list[Component], version: PlanVersion
) -> Iterator[Problem]:
    found: dict[str, Release] = {}
    for key, read in (("release", read_release), ("expires", read_expiry)):
        if not part.get(key):
            continue
        try:
            found[key] = read(str(part[key]))
        except ValueError as error:
            yield Problem(f"{where}.{key}", str(error))
            continue
        if found[key].condition:
            yield from _condition(f"{where}.{key}", found[key].condition, users, version)
    if len(found) == 2 and _expires_first(found["release"], found["expires"]):
        yield Problem(where, "It expires before it can be released, so nobody would ever get it.")


def _expires_first(release: Release, expires: Release) -> bool:
    if release.months is not None and expires.months is not None:
        return expires.months < release.months
    days: list[date | None] = [release.day, expires.day]
    return None not in days and expires.day <= release.day  # type: ignore[operator]


def _condition(
    where: str, text: str, users: list[Component], version: PlanVersion
) -> Iterator[Problem]:
    """A condition must be one that each component's transactions can meet."""
    for component in users:
        if component.per != Component.Per.CREDIT:
            yield Problem(
                where,
                f"“{text}” is neither final, nor a day, nor “3 months later”, so it is a condition"
                f" over the transaction that is paid; but {component.name} is paid per"
                f" {component.per}, not per credit.",
            )
            return
    sets = [_kinds(component, version) for component in users]
    for kinds in sets or [list(TransactionKind.objects.order_by("code"))]:
        try:
            formula = conditions.read(text, kinds)
        except FormulaError as error:
            yield Problem(where, str(error))
            return
        if why := never_holds(formula):
            yield Problem(where, f"This condition can never hold: {why}.")
            return


def _kinds(component: Component, version: PlanVersion) -> list[TransactionKind]:
    """The kinds of transaction that feed what a component per credit pays."""
    metrics = [
        measure.metric_id
        for measure in version.measures.all()
        if key_of(measure.name) == key_of(component.of) and measure.metric_id
    ]
    return kinds_into(metrics)
