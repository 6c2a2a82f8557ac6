"""A draft worked out for one real person by the engine itself, and all of it undone again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import OperationalError, connection
from django.db.models import Exists, OuterRef, QuerySet

from formula import key_of
from incentives import neighbours
from incentives.calculate import Purpose, calculate_frame, refresh_totals
from incentives.explain import explain_result
from incentives.explain_lines import deals_of
from incentives.explanation import ComponentLine
from incentives.models import (
    CalculationRun,
    Component,
    Earning,
    Eligibility,
    PlanVersion,
    RateTable,
    Result,
)
from incentives.participants import Frame
from incentives.rules import ComponentRule, RulesProblem, load
from metrics.models import Transaction, Value
from org import locks
from org.base import CURRENT
from org.errors import DomainError
from org.models import Assignment, Period, Person, UnitClosure
from org.shadow import rolled_back

LONGEST_WAIT = "2s"


@dataclass(frozen=True)
class Tried:
    """What a component pays somebody by a draft: each line, and the figures that it read.

    ``deals``: the transactions among its lines; ``deal``: the one whose figures these are.
    """

    lines: tuple[ComponentLine, ...]
    figures: Mapping[str, str] = field(default_factory=dict)
    deals: tuple[str, ...] = ()
    deal: str = ""


def try_for(
    *,
    version: PlanVersion,
    person: Person,
    period: Period,
    at: datetime,
    on: date,
    component: Component | None = None,
    table: RateTable | None = None,
    only: str = "",
    deal: str = "",
) -> Tried:
    """Calculate a draft for one person in a period, with a part as it is typed in place of its
    row; nothing stays.

    ``only``: the component that is asked for. DomainError where the draft has mistakes, or nobody
    can calculate now.
    """
    with rolled_back():
        _take_engine()
        for row in (component, table):
            if row is not None:
                row.version = version
                _refuse_unsaved(row)
                row.save()
        found = _calculated(version, person, period, at=at, on=on, only=only, deal=deal)
    return found


def _refuse_unsaved(row: Component | RateTable) -> None:
    """Refuse a part as it is typed that no row could hold: too long, or of another's name."""
    for column in row._meta.fields:
        text, most = getattr(row, column.attname), column.max_length
        if most and isinstance(text, str) and len(text) > most:
            named = str(column.verbose_name).capitalize()
            raise DomainError(f"{named}: {len(text):,} characters; {most:,} are taken. Shorten it.")
    others = type(row).objects.filter(version=row.version).exclude(pk=row.pk)
    taken = next((one.name for one in others if key_of(one.name) == key_of(row.name)), None)
    if taken is not None:
        raise DomainError(f"There is “{taken}” already. Choose another name, then try again.")


def _take_engine() -> None:
    """Totals are written while we try: wait for whoever calculates, but not for long."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'")
        try:
            locks.hold_engine()
        except OperationalError as busy:
            raise DomainError(
                "The engine is calculating at this moment. Try again in a minute; what you typed"
                " stays."
            ) from busy
        cursor.execute("SET LOCAL lock_timeout = 0")


def _calculated(
    version: PlanVersion,
    person: Person,
    period: Period,
    *,
    at: datetime,
    on: date,
    only: str,
    deal: str,
) -> Tried:
    try:
        rules = load(version, period.valid_from)
    except RulesProblem as problem:
        sentences = tuple(str(one) for one in problem.found)
        raise DomainError("The draft cannot be worked out yet:", sentences) from problem
    if key_of(only) not in rules.components and only:
        raise DomainError("Say first what this component pays.")
    refresh_totals([(rules, period)])
    frame = neighbours.frame_of(rules, period, (person.pk,)) or Frame(rules, period)
    run = calculate_frame(frame, by=None, at=at, on=on, purpose=Purpose.DIFFERENCE)
    results = list(Result.objects.filter(run_id=run.pk, person_id=person.pk).order_by("job"))
    if not results:
        raise DomainError(
            f"{person} ({person.code}) is not on this plan in {period}: look at “For whom”, and"
            " whether another plan of its family is nearer. Or choose somebody else."
        )
    lines = [
        line
        for result in results
        for line in explain_result(rules, run, person, result, only=key_of(only)).components
    ]
    figures = dict(results[0].inputs)
    deals: tuple[str, ...] = ()
    chosen = ""
    if only:
        component = rules.components[key_of(only)]
        deals, chosen, more = _of_grain(component, run, person, deal)
        figures |= more
    return Tried(tuple(lines), figures, deals, chosen)


def _of_grain(
    component: ComponentRule, run: CalculationRun, person: Person, wanted: str
) -> tuple[tuple[str, ...], str, dict[str, str]]:
    """The lines of a component that is not per person, and what one of them read."""
    rows = list(
        Earning.objects.filter(
            run_id=run.pk, person_id=person.pk, component_id=component.id
        ).exclude(grain="")[:200]
    )
    if not rows:
        return (), "", {}
    keys = dict(
        Transaction.objects.filter(
            pk__in=[row.transaction_id for row in rows if row.transaction_id]
        ).values_list("pk", "key")
    )
    named = {keys.get(row.transaction_id or 0, row.grain): row for row in rows}
    chosen = wanted if wanted in named else next(iter(named))
    row = named[chosen]
    figures = {
        name.removeprefix("in "): str(value)
        for name, value in (row.detail or {}).items()
        if value is not None
    }
    for column, value in deals_of(component, [row]).get(row.transaction_id or 0, {}).items():
        if value is not None:
            figures[column] = _text(value)
    return tuple(named), chosen, figures


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def somebody(version: PlanVersion, period: Period) -> Person | None:
    """Somebody whom a draft is for in a period: one with figures, if that is easily found."""
    for who in list(version.eligibility.all()) or [Eligibility()]:
        jobs = Assignment.objects.filter(
            CURRENT, valid_from__lt=period.valid_to, valid_to__gt=period.valid_from
        )
        if who.person_id:
            jobs = jobs.filter(person=who.person_id)
        if who.job_type_id:
            jobs = jobs.filter(job_type=who.job_type_id)
        if who.unit_id:
            below = UnitClosure.objects.filter(ancestor=who.unit_id).values("descendant")
            jobs = jobs.filter(unit__in=below)
        found = _with_figures(version, period, jobs)
        if found is not None:
            return found
    return None


def _with_figures(
    version: PlanVersion, period: Period, jobs: QuerySet[Assignment]
) -> Person | None:
    """The first of these people with a value of what the version measures, in the period or, where
    it looks further back, in the year; else the first."""
    measures = version.measures.exclude(metric=None)
    metrics = list(measures.values_list("metric", flat=True))
    began = [period.valid_from]
    if measures.exclude(window__in=["", "period"]).exists():
        began.append(period.valid_from.replace(month=1, day=1))
    known = Value.objects.filter(metric_id__in=metrics, day__lt=period.valid_to)
    with_values = (
        jobs.filter(Exists(known.filter(person_id=OuterRef("person"), day__gte=since)))
        for since in began
    )
    for rows in (*with_values, jobs):
        job = rows.order_by("person__code").select_related("person").first()
        if job is not None:
            return job.person
    return None
