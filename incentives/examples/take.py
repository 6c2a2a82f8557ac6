"""An example taken from a real person: what their result stood on, and what was booked for it.

The example has the figures, not the name: it is printed in the plan document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum

from formula import BOOLEAN, NUMBER, Ref, Type, Value
from formula.numbers import written
from incentives.examples.edit import save
from incentives.examples.inputs import (
    BEFORE,
    LEFT_OUT,
    UNDONE,
    Input,
    Said,
    needs_of,
)
from incentives.examples.run import plain
from incentives.explain import before_cuts, work_out
from incentives.explain_lines import deals_of
from incentives.models import CalculationRun, Earning, Example, PlanPeriod, PlanVersion, Result
from incentives.rules import ComponentRule, Per, VersionRules, load, part_name
from org.errors import DomainError
from org.models import FactType, Person, User
from org.wording import period_name

MOST_COLLEAGUES = 60
MOST_LINES = 100


@dataclass
class Taken:
    """An example as it was taken, and what to know about it before it is used."""

    said: Said
    notes: list[str] = field(default_factory=list)


@transaction.atomic
def take(
    *,
    version: PlanVersion,
    person: Person,
    point: PlanPeriod,
    by: User,
    at: datetime,
    seen: str = "",
) -> tuple[Example, list[str]]:
    """Make an example of a draft out of a person's result in a plan's period; with what to know.

    Refuses a result that waits or failed, and one in several jobs that stand apart.
    """
    taken = taken_from(version, person, point)
    names = set(version.examples.values_list("name", flat=True))
    name = _free(f"As in {period_name(point.period)}", names)
    example = save(
        version=version,
        example=None,
        name=name,
        note=f"The figures of a real result of {period_name(point.period)}.",
        said=taken.said,
        by=by,
        at=at,
        seen=seen,
    )
    return example, taken.notes


def middle_of(point: PlanPeriod) -> Person:
    """Somebody in the middle of what a plan's period pays, to take an example from."""
    run = point.run_id or 0
    earnings = Earning.objects.filter(run_id=run)
    several = (
        Result.objects.filter(run_id=run)
        .values("person_id")
        .annotate(jobs=Count("*"))
        .filter(jobs__gt=1)
    )
    paid = (
        earnings.exclude(person_id__in=earnings.filter(amount=None).values("person_id"))
        .exclude(person_id__in=several.values("person_id"))
        .values("person_id")
        .annotate(total=Sum("amount"))
        .filter(total__gt=0)
        .order_by("total", "person_id")
        .values_list("person_id", flat=True)
    )
    number = paid.count()
    if not number:
        raise DomainError(
            f"Nobody was paid by {point.plan} in {point.period} yet. Choose another period, or"
            " write an example by hand."
        )
    return Person.objects.get(pk=paid[number // 2])


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found


def taken_from(version: PlanVersion, person: Person, point: PlanPeriod) -> Taken:
    """What an example of a version says that stands on a person's result in a plan's period."""
    made = point.run
    if made is None or point.plan_id != version.plan_id:
        raise DomainError(f"{version.plan} has not been calculated for {point.period} yet.")
    results = list(Result.objects.filter(run_id=made.pk, person_id=person.pk).order_by("job"))
    if not results:
        raise DomainError(f"{person} has no result of {version.plan} in {point.period}.")
    if len(results) > 1:
        raise DomainError(
            f"{person} has {len(results)} results in {point.period}, a job each. Take somebody who"
            " has one."
        )
    return _Taker(version, made, results[0]).taken()


class _Taker:
    """Turns one result into what an example says."""

    def __init__(self, version: PlanVersion, made: CalculationRun, result: Result) -> None:
        self.made = made
        self.result = result
        self.rules = load(version)
        self.needs = needs_of(self.rules)
        self.ran: VersionRules = load(made.version, made.period.valid_from)
        self.by_id = {one.id: one for one in self.ran.components.values()}
        rows = Earning.objects.filter(
            run_id=made.pk, person_id=result.person_id, job=result.job, component_id__in=self.by_id
        )
        self.rows = list(rows.order_by("day", "grain"))

    def taken(self) -> Taken:
        inputs = self._inputs({**self._rates(), **self.result.inputs})
        self._refuse_waiting()
        lines: dict[str, Any] = {}
        for component in self.rules.components.values():
            if component.per == Per.CREDIT and component.of not in lines.get("credits", {}):
                if credits_ := self._credits(component):
                    lines.setdefault("credits", {})[component.of] = credits_
            elif component.per == Per.TEAM:
                lines["others"] = self._others(inputs, component)
        if any(component.per == Per.DAY for component in self.rules.components.values()):
            lines["days"] = self._days()
        said = Said(inputs, {key: rows for key, rows in lines.items() if rows}, self._expected())
        return Taken(said, list(self._notes(inputs)))

    def _inputs(self, stored: Mapping[str, str]) -> dict[str, str]:
        """The stored inputs by the names of examples; a derived measure as it was worked out."""
        worked_out = work_out(self.ran, stored)
        found: dict[str, str] = {}
        for one in self.needs.inputs:
            if stored.get(f"{one.key} !") == "left_out":
                found[one.name] = LEFT_OUT
            elif one.key in stored:
                found[one.name] = _tidy(stored[one.key], one.type)
            elif isinstance(value := worked_out.get(one.key), Decimal):
                found[one.name] = written(value)
        return {name: text for name, text in found.items() if text != self._default(name)}

    def _rates(self) -> dict[str, str]:
        """The exchange rates of components whose lines have their own: that of the first line."""
        found: dict[str, str] = {}
        for row in self.rows:
            rate = part_name(self._name(row), "rate")
            if said := (row.detail or {}).get(rate):
                found.setdefault(rate, str(said))
        return found

    def _default(self, name: str) -> str:
        return next(one.default for one in self.needs.inputs if one.name == name)

    def _refuse_waiting(self) -> None:
        waits = sorted({self._name(row) for row in self.rows if row.amount is None})
        if waits:
            raise DomainError(
                f"Of this result {', '.join(waits)} waits or could not be worked out. Take a person"
                " and period in which everything is decided."
            )

    def _expected(self) -> dict[str, str]:
        """What was booked, of the components that the version still has, before what cut it."""
        sums: dict[str, Decimal] = {}
        for row in self.rows:
            name = self._name(row)
            if name in self.rules.components:
                sums[name] = sums.get(name, Decimal(0)) + (before_cuts(row) or Decimal(0))
        whole = sum((row.amount or Decimal(0) for row in self.rows), Decimal(0))
        found = {name: plain(amount) for name, amount in sums.items()}
        # A component of finer grain without any line earned nothing.
        for component in self.rules.components.values():
            if component.name in self.ran.components:
                found.setdefault(component.name, "0")
        return found | ({"total": plain(whole)} if self.rules.whole else {})

    def _notes(self, inputs: Mapping[str, str]) -> Iterable[str]:
        names = {one.key.removeprefix("fact ") for one in self.needs.inputs if one.name in inputs}
        sensitive = FactType.objects.filter(code__in=names, sensitive=True)
        for fact in sensitive:
            what = fact.name or fact.code
            yield f"It holds the {what} of a real person: change it before others read it."
        new = [one.title for one in self.rules.components.values() if not self._ran(one)]
        for title in new:
            yield f"“{title}” is new, so nothing was booked for it: say what it must come to."
        unknown = [one.name for one in self.needs.inputs if self._unknown(one, inputs)]
        if unknown:
            yield f"The result says nothing of {', '.join(unknown)}: it stays blank unless you say."

    def _ran(self, component: ComponentRule) -> bool:
        return component.name in self.ran.components

    def _unknown(self, one: Input, inputs: Mapping[str, str]) -> bool:
        optional = one.default or one.name.startswith("ATTAINMENT(")
        return not optional and one.name not in inputs

    # --- lines

    def _own(self, component: ComponentRule) -> list[Earning]:
        return [row for row in self.rows if self._name(row) == component.name]

    def _name(self, row: Earning) -> str:
        return self.by_id[row.component_id].name

    def _credits(self, component: ComponentRule) -> list[dict[str, str]]:
        rows = self._own(component)
        if len(rows) > MOST_LINES:
            raise DomainError(f"This result has {len(rows)} credits. Take one with fewer.")
        wanted = [
            one for one in self.needs.credits[component.of] if one.key not in (BEFORE, UNDONE)
        ]
        deals = deals_of(component, rows)
        found = []
        for row in rows:
            known: dict[str, Any] = {**deals.get(row.transaction_id or 0, {}), **(row.detail or {})}
            line = {one.name: _said(known.get(one.key), one.type) for one in wanted}
            line[UNDONE] = _said((row.detail or {}).get("reversed"), NUMBER)
            found.append({name: text for name, text in line.items() if text not in ("", "0")})
        return self._before(component, rows) + found

    def _before(self, component: ComponentRule, rows: list[Earning]) -> list[dict[str, str]]:
        """One credit that stands for all before the period, where a running total was read."""
        running = Ref("running", component.of).column
        total = (rows[0].detail or {}).get(running) if rows else None
        if not total or Decimal(total) == 0:
            return []
        return [{"amount": _tidy(total, NUMBER), BEFORE: "yes"}]

    def _days(self) -> list[dict[str, str]]:
        found: dict[Any, dict[str, str]] = {}
        for row in self.rows:
            if self.by_id[row.component_id].per == Per.DAY:
                known = row.detail or {}
                figures = {
                    one.name: _tidy(known[one.key], NUMBER)
                    for one in self.needs.days
                    if one.key in known
                }
                found.setdefault(row.day, {}).update(figures)
        return [found[day] for day in sorted(found)][:MOST_LINES]

    def _others(self, own: Mapping[str, str], component: ComponentRule) -> list[dict[str, str]]:
        """The colleagues who share the pool, each by what differs from the person's own inputs."""
        mine = self._own(component)
        pools = {row.grain for row in mine}
        rows = Earning.objects.filter(
            run_id=self.made.pk,
            component_id__in={row.component_id for row in mine},
            grain__in=pools,
        ).exclude(person_id=self.result.person_id)
        people = list(rows.values_list("person_id", flat=True).distinct())
        results = Result.objects.filter(run_id=self.made.pk, person_id__in=people)
        if len(people) > MOST_COLLEAGUES:
            raise DomainError(
                f"{len(people)} colleagues share this pool, which is too many for an example."
                " Take somebody of a smaller team, or write one by hand."
            )
        return [
            _differing(own, self._inputs(result.inputs)) for result in results.order_by("person_id")
        ]


def _differing(own: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in other.items() if own.get(name) != text}


def _tidy(text: str, wanted: Type) -> str:
    """A stored value as people write it."""
    if wanted is BOOLEAN:
        return "yes" if text in ("true", "t") else "no"
    return plain(Decimal(text)) if wanted is NUMBER else text


def _said(value: Value | None, wanted: Type) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _tidy(str(value), wanted)
