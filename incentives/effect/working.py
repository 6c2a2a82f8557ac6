"""Working out an effect: before and after, in a transaction of which nothing stays.

Two ways lead to the same amounts (docs/adr/0180). *Alone*: a draft whose plan moves no other plan
and reads none is worked out by the engine's own statements, its people, figures and goals once for
both sides, and no results are written. *Whole*: every other change is made, and every plan of the
period is calculated with it and without it.

While an effect is read there are two tables. ``effect_person``: person_id, currency, before, after,
earned (the part of the change on plans whose period is final). ``effect_group``: their sums by what
people have in common (:func:`incentives.effect.groups.find`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from django.db import connection

from formula import key_of
from incentives import amounts, calculate, caps, preview, windows
from incentives.common import Common
from incentives.effect import alone, groups, rows, typical
from incentives.effect.alone import Both, Pair
from incentives.effect.sides import Side
from incentives.effect.typical import Typical
from incentives.models import CalculationRun, Eligibility, Plan, PlanVersion
from incentives.participants import Frame
from incentives.rules import VersionRules, load
from incentives.rules.components import plans_named
from metrics import totals
from org import abreast, locks
from org.errors import DomainError
from org.models import Period
from org.progress import Tell, quiet
from org.shadow import rolled_back
from org.sql import execute, fetch

T = TypeVar("T")
Part = tuple[str, str, str]
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Worked:
    """An effect that can be read: its tables are there.

    ``parts``: before and after of each (plan, component, currency), in the order of statements.
    ``undecided``: how many lines wait, before and after. ``typical``: of each plan whose pay curves
    may move, one person with the rules and inputs of before and with those of after.
    """

    period: Period
    said: tuple[str, ...]
    alone: bool
    parts: Mapping[Part, tuple[Decimal, Decimal]]
    undecided: tuple[int, int]
    final: tuple[Plan, ...] = ()
    typical: tuple[Pair, ...] = ()


Read = Callable[[Worked], T]


# --- a draft


def of_draft(
    *,
    version: PlanVersion,
    period: Period,
    at: datetime,
    on: date,
    read: Read[T],
    tell: Tell = quiet,
    whole: bool = False,
) -> T:
    """What ``read`` makes of a draft's effect on a period, open or final; all of it is undone.

    The draft rules the period whatever its own first day is. ``whole``: calculate every plan, also
    where its own would do. DomainError where the draft cannot be published.
    """
    if version.plan.calendar_id != period.calendar_id:
        raise DomainError(
            f"{version.plan} is paid by the calendar “{version.plan.calendar}”, and {period} is of"
            f" “{period.calendar}”. Choose a period of the plan's own calendar."
        )
    if not whole and _alone(version, period):
        with rolled_back():
            return read(_draft_alone(version, period, at=at, on=on, tell=tell))

    def change() -> list[str]:
        return put_in_force(version, period, at=at)

    return of_change(
        period=period,
        change=change,
        at=at,
        on=on,
        read=read,
        tell=tell,
        plans=lambda: [version.plan],
    )


def put_in_force(version: PlanVersion, period: Period, *, at: datetime) -> list[str]:
    """Let a draft rule a period, in a transaction that is rolled back; what was done in words."""
    draft = PlanVersion.objects.select_related("plan__calendar").get(pk=version.pk)
    began = draft.in_force
    if not _would_rule(draft, period):
        draft.in_force, draft.ends = period.valid_from, None
        draft.save(update_fields=["in_force", "ends"])
    said = preview.publish_draft(draft, at=at)
    if draft.in_force != began:
        said.append(f"Worked out as if it began on {draft.in_force}; the draft says {began}.")
    return said


def _would_rule(draft: PlanVersion, period: Period) -> bool:
    later = PlanVersion.objects.filter(
        plan=draft.plan_id,
        status=PlanVersion.Status.PUBLISHED,
        in_force__gt=draft.in_force,
        in_force__lte=period.valid_from,
    )
    ended = draft.ends is not None and draft.ends <= period.valid_from
    return draft.in_force <= period.valid_from and not ended and not later.exists()


def _alone(version: PlanVersion, period: Period) -> bool:
    """Whether a draft moves nobody's pay but by its own plan, and reads no pay."""
    plan = version.plan
    old = calculate.version_for(plan, period)
    if old is None or _eligible(old) != _eligible(version):
        return False  # people may come from other plans of the family, or go to them
    if caps.plans_capped_with(plan, period):
        return False
    named = plans_named([*(v for _, v in calculate.plans_of(period)), version])
    reads = named.pop(version.pk) | named.pop(old.pk)
    return not reads and not any(key_of(plan.code) in read for read in named.values())


def _eligible(version: PlanVersion) -> set[tuple[object, ...]]:
    rows = Eligibility.objects.filter(version=version)
    return set(rows.values_list("unit", "job_type", "person", "slot"))


def _draft_alone(
    version: PlanVersion, period: Period, *, at: datetime, on: date, tell: Tell
) -> Worked:
    old = calculate.version_for(version.plan, period)
    assert old is not None
    rules, drafted = (load(one, period.valid_from) for one in (old, version))
    _bring_totals_up_to_date([rules, drafted], period)
    at_once = abreast.possible()
    said = put_in_force(version, period, at=at)
    new = calculate.version_for(version.plan, period)
    assert new is not None
    common = Common()
    before = Frame(rules, period, common=common)
    after = Frame(load(new, period.valid_from), period, common=common)
    final = calculate.is_final(version.plan, period)
    (without, with_it), pair = alone.work_out(Both(before, after, on, final, at_once), tell)
    return Worked(
        period=period,
        said=tuple(said),
        alone=True,
        parts=_parts(version.plan.code, after.currency, without, with_it),
        undecided=(without.waits, with_it.waits),
        final=(version.plan,) if final else (),
        typical=(pair,),
    )


def _bring_totals_up_to_date(rules: list[VersionRules], period: Period) -> None:
    """Refresh totals only where one is stale: whoever needs nobody's lock keeps nobody waiting."""
    wanted = {total for one in rules for total in windows.wanted(one, period)}
    if not totals.are_current(wanted):
        calculate.bring_up_to_date(wanted)


def _parts(
    plan: str, currency: str, before: Side, after: Side
) -> dict[Part, tuple[Decimal, Decimal]]:
    names = dict.fromkeys([*after.names, *before.names])
    return {
        (plan, name, currency): (before.sums.get(name, NOTHING), after.sums.get(name, NOTHING))
        for name in names
    }


# --- any other change


@dataclass(frozen=True)
class _Written:
    """What the engine wrote of a period: by person and currency the sums of open and of final
    plans, the sum of each component, and how many lines wait."""

    runs: tuple[CalculationRun, ...] = ()
    people: Mapping[tuple[int, str], tuple[Decimal, Decimal]] = field(default_factory=dict)
    parts: Mapping[Part, Decimal] = field(default_factory=dict)
    waits: int = 0
    typical: Mapping[int, Typical] = field(default_factory=dict)


def of_change(
    *,
    period: Period,
    change: Callable[[], list[str]],
    at: datetime,
    on: date,
    read: Read[T],
    tell: Tell = quiet,
    plans: Callable[[], Sequence[Plan]] = tuple,
) -> T:
    """What ``read`` makes of a change's effect on a period; ``plans``: whose curves it may move.

    ``change`` makes it by its real verb and says what it did. Nobody calculates or finalises until
    it is over. DomainError where it is refused, or where no plan pays in the period either way.
    """
    with rolled_back():
        locks.hold_engine()  # by all that follows, also where the change itself takes other locks
        tell("Working out the pay without it", 0, 3)
        with rolled_back():
            curved = plans()
            before = _calculated(period, at, on, curved, {})
        said = tuple(change())
        tell("Working out the pay with it", 1, 3)
        like = {plan: one.person for plan, one in before.typical.items()}
        after = _calculated(period, at, on, curved, like)
        if not (before.runs or after.runs):
            raise DomainError(f"No published plan pays in {period}, neither before nor after.")
        tell("Comparing", 2, 3)
        _keep_people(before, after)
        groups.find(period)
        runs = {run.plan_id: run for run in (*before.runs, *after.runs)}
        keys = dict.fromkeys([*after.parts, *before.parts])
        return read(
            Worked(
                period=period,
                said=said,
                alone=False,
                parts={
                    key: (before.parts.get(key, NOTHING), after.parts.get(key, NOTHING))
                    for key in keys
                },
                undecided=(before.waits, after.waits),
                final=tuple(r.plan for r in runs.values() if calculate.is_final(r.plan, period)),
                typical=tuple(
                    (before.typical.get(plan.pk), after.typical.get(plan.pk)) for plan in curved
                ),
            )
        )


def _calculated(
    period: Period, at: datetime, on: date, plans: Sequence[Plan], like: Mapping[int, int]
) -> _Written:
    if not calculate.plans_of(period):
        return _Written()
    runs = amounts.calculated(period=period, at=at, on=on)
    numbers = [run.pk for run in runs]
    waits = 0
    parts: dict[Part, Decimal] = {}
    for *key, sum_, waiting in fetch(SUMS_OF_PARTS, [numbers]):
        parts[key[0], key[1], key[2]] = sum_
        waits += waiting
    people = {
        (person, currency): (open_, final)
        for person, currency, open_, final in fetch(SUMS_OF_PEOPLE, [period.pk, numbers])
    }
    wanted = {plan.pk for plan in plans}
    chosen = {}
    for run in runs:
        if run.plan_id in wanted:
            rules = load(run.version, period.valid_from)
            if one := typical.of_run(run, rules, like.get(run.plan_id)):
                chosen[run.plan_id] = one
    return _Written(runs, people, parts, waits, chosen)


SUMS_OF_PARTS = """
    SELECT plan.code, component.name, earning.currency, coalesce(sum(earning.amount), 0),
           count(*) FILTER (WHERE earning.amount IS NULL)
    FROM incentives_earning AS earning
    JOIN incentives_plan AS plan ON plan.id = earning.plan_id
    JOIN incentives_component AS component ON component.id = earning.component_id
    WHERE earning.run_id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, min(component."order"), 2
"""
SUMS_OF_PEOPLE = """
    SELECT earning.person_id, earning.currency,
           coalesce(sum(earning.amount) FILTER (WHERE point.final_at IS NULL), 0),
           coalesce(sum(earning.amount) FILTER (WHERE point.final_at IS NOT NULL), 0)
    FROM incentives_earning AS earning
    LEFT JOIN incentives_planperiod AS point ON point.plan_id = earning.plan_id
     AND point.period_id = %s
    WHERE earning.run_id = ANY(%s) GROUP BY 1, 2
"""


def _keep_people(before: _Written, after: _Written) -> None:
    rows.begin(rows.PEOPLE)
    none = NOTHING, NOTHING
    with connection.cursor() as cursor, cursor.copy("COPY effect_person FROM STDIN") as copy:
        for person, currency in dict.fromkeys([*after.people, *before.people]):
            old = before.people.get((person, currency), none)
            new = after.people.get((person, currency), none)
            copy.write_row((person, currency, sum(old), sum(new), new[1] - old[1]))
    execute("ANALYZE effect_person (person_id)")
