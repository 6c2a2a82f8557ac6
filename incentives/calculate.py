"""Calculating a plan's period: set-based, in one transaction, provisional until it is finalised.

Totals that are stale are refreshed; participants, measures and formulas become temporary tables;
results and earnings are written under a new run, and the older provisional run goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref, layers
from incentives import measuring, participants, windows
from incentives.dirty import dirty_people, mark_final_periods
from incentives.models import (
    CalculationRun,
    Component,
    Dirty,
    Earning,
    Plan,
    PlanPeriod,
    PlanVersion,
    Result,
)
from incentives.participants import Frame
from incentives.rules import ComponentRule, VersionRules, actual_name, decided_name, load
from metrics import totals
from metrics.completeness import complete_through
from org import locks
from org.errors import DomainError
from org.models import PayGroup, Period, Tenant, User
from org.sql import execute, fetch, keep
from org.tenancy import current_tenant_id

Purpose = CalculationRun.Purpose
# How long after its end an open period is still calculated every night.
LOOK_BACK = timedelta(days=100)


def version_for(plan: Plan, period: Period) -> PlanVersion | None:
    """The published version that rules a period, if the plan pays in it."""
    version = (
        plan.versions.filter(status=PlanVersion.Status.PUBLISHED, in_force__lte=period.valid_from)
        .order_by("-in_force")
        .select_related("plan", "plan__family")
        .first()
    )
    if version is None or (version.ends is not None and version.ends <= period.valid_from):
        return None
    return version


def plans_of(period: Period) -> list[tuple[Plan, PlanVersion]]:
    """The plans that pay in a period, with the version that rules it."""
    plans = Plan.objects.filter(calendar=period.calendar_id).select_related("family")
    found = [(plan, version_for(plan, period)) for plan in plans.order_by("code")]
    return [(plan, version) for plan, version in found if version is not None]


@transaction.atomic
def calculate_period(
    *, period: Period, by: User | None, at: datetime, on: date
) -> list[CalculationRun]:
    """Calculate every plan that pays in a period and is not final there.

    ``on`` is the tenant's business day: before a period's end nothing of it is missing yet. Refuses
    (DomainError) a period in which no plan pays, or that is final for all of them.
    """
    hold([period])
    plans = plans_of(period)
    if not plans:
        raise DomainError(
            f"No published plan pays in {period}. Publish a version that is in force on"
            f" {period.valid_from}, on the calendar “{period.calendar.code}”."
        )
    open_plans = [(plan, version) for plan, version in plans if not is_final(plan, period)]
    if not open_plans:
        raise DomainError(
            f"{period} is final for every plan. What changes it now becomes a difference in the"
            " next open period."
        )
    all_rules = [load(version, period.valid_from) for _, version in open_plans]
    refresh_totals([(rules, period) for rules in all_rules])
    made = [_calculate(rules, period, by=by, at=at, on=on) for rules in all_rules]
    for plan in [plan for plan, _ in open_plans] + ended_plans(period):
        for earlier in dirty_periods(plan):
            calculate_again(plan=plan, period=earlier, by=by, at=at, on=on)
    return made


def hold(periods: Iterable[Period]) -> None:
    """Let nobody finalise these periods, nor book differences of final ones, until we are done.

    All at once and before the totals are locked: whoever finalises takes locks in the same order,
    so that neither waits for the other.
    """
    mine = {period.pk: period.calendar_id for period in periods}
    locks.share({*mine, *final_periods(mine.values())})


def final_periods(calendars: Iterable[int]) -> set[int]:
    """The final periods whose differences a period of these calendars may carry: those of the
    same calendars, and all where people are paid by one of them (:func:`ended_plans`)."""
    final = PlanPeriod.objects.filter(final_at__isnull=False)
    if not PayGroup.objects.filter(calendar__in=calendars).exists():
        final = final.filter(period__calendar__in=calendars)
    return set(final.values_list("period", flat=True))


def is_final(plan: Plan, period: Period) -> bool:
    """Whether a plan's period is final."""
    return PlanPeriod.objects.filter(plan=plan, period=period, final_at__isnull=False).exists()


def refresh_totals(wanted: Iterable[tuple[VersionRules, Period]]) -> int:
    """Bring the totals that these rules read up to date, and mark final periods that moved."""
    written = totals.refresh(
        total for rules, period in wanted for total in windows.wanted(rules, period)
    )
    mark_final_periods()
    return written


def dirty_periods(plan: Plan) -> list[Period]:
    """The final periods of a plan that a recorded cause may have moved, the earliest first."""
    periods = Period.objects.filter(pk__in=Dirty.objects.filter(plan=plan).values("period"))
    return list(periods.order_by("valid_from"))


def ended_plans(period: Period) -> list[Plan]:
    """Plans whose late differences go to a period of the people's pay, under the old plan's name.

    They have a recorded cause and no period of their own left that could become final: a campaign
    that is over, a plan that ended.
    """
    if not PayGroup.objects.filter(calendar=period.calendar_id).exists():
        return []
    moved = Plan.objects.filter(pk__in=Dirty.objects.values("plan")).select_related("family")
    return [plan for plan in moved.order_by("code") if not _has_open_period(plan)]


def _has_open_period(plan: Plan) -> bool:
    final = PlanPeriod.objects.filter(plan=plan, final_at__isnull=False)
    periods = Period.objects.filter(calendar=plan.calendar_id).order_by("valid_from")
    rest = periods.exclude(pk__in=final.values("period"))
    last = periods.filter(pk__in=final.values("period")).last()
    later = rest if last is None else rest.filter(valid_from__gt=last.valid_from)
    return any(version_for(plan, period) is not None for period in later)


def calculate_again(
    *,
    plan: Plan,
    period: Period,
    by: User | None,
    at: datetime,
    on: date,
    everybody: bool = False,
) -> CalculationRun:
    """What a final period should be by now, beside what was booked for it.

    Only for those whom a recorded cause may have moved, unless ``everybody`` is looked at.
    """
    version = version_for(plan, period)
    if version is None:
        raise DomainError(f"No published version of {plan} rules {period} any more.")
    rules = load(version, period.valid_from)
    # Its version may be newer than the period's end, and read what nobody has added up there.
    refresh_totals([(rules, period)])
    people = None if everybody else dirty_people(plan, period)
    return _calculate(rules, period, by=by, at=at, on=on, purpose=Purpose.DIFFERENCE, people=people)


def _calculate(
    rules: VersionRules,
    period: Period,
    *,
    by: User | None,
    at: datetime,
    on: date,
    purpose: Purpose = Purpose.PERIOD,
    people: tuple[int, ...] | None = None,
) -> CalculationRun:
    frame = Frame(rules, period, people)
    participants.find(frame)
    complete = complete_through()
    inputs = measuring.find(frame, complete, on)
    statement = outcome_statement(rules, inputs)
    keep("outcome", statement)
    made = _record_run(frame, statement, by=by, at=at, on=on, purpose=purpose)
    made.complete_through = min(
        (complete[m.metric] for m in rules.stored if m.metric in complete), default=None
    )
    _write_results(frame, made)
    _write_earnings(frame, made)
    _summarise(made)
    _point_to(made)
    return made


# --- the statement


def outcome_statement(rules: VersionRules, inputs: Composable) -> Composable:
    """Every input, attainment, part and amount of every result, level upon level."""
    known = ["result_id", "person_id", "job", "slot", "unit_id", "first_day", "end_day", "prorate"]
    sure = ["prorate"]
    for measure in rules.stored:
        known.append(measure.name)
        sure.append(measure.name)
    for measure in rules.shown:
        goal = Ref("goal", measure.name).column
        decided = decided_name(measure.name)
        known += [goal, f"{measure.name} ?", decided, f"{decided} !"]
        sure.append(goal)
    extra = [Ref("fact", code).column for code in sorted(rules.facts)]
    if any(ref.kind == "tenure" for ref in rules.references):
        extra.append("tenure")
    known += extra
    sure += extra
    query, known = _derive(rules, inputs, known, sure)
    query, known = _attain(rules, query, known, sure)
    return _pay(rules, query, known, sure)


def _in_brackets(query: Composable) -> Composable:
    return SQL("({})").format(query)


def _derive(
    rules: VersionRules, query: Composable, known: list[str], sure: list[str]
) -> tuple[Composable, list[str]]:
    """The derived metrics, formulas over figures that are rolled up already."""
    if not rules.derived:
        return query, known
    steps = [[(m.name, m.derived)] for m in rules.derived if m.derived is not None]
    known = known + [c for m in rules.derived for c in (m.name, f"{m.name} !")]
    return layers(steps, _in_brackets(query), never_fails=sure, keep=known), known


def _attain(
    rules: VersionRules, query: Composable, known: list[str], sure: list[str]
) -> tuple[Composable, list[str]]:
    """Attainments: the actual against the goal, by the direction of the metric."""
    if not rules.shown:
        return query, known
    derived = {measure.name for measure in rules.derived}
    parts = []
    for measure in rules.shown:
        parts += measuring.attainment_inputs(measure)
        if measure.name in derived:
            parts.append(
                SQL("{} AS {}").format(
                    Identifier(f"{measure.name} !"), Identifier(f"{actual_name(measure.name)} !")
                )
            )
        else:
            sure.append(actual_name(measure.name))
    read = SQL("(SELECT base.*, {} FROM ({}) AS base)").format(SQL(", ").join(parts), query)
    names = [name for name, _ in rules.attainments()]
    known = known + [column for name in names for column in (name, f"{name} !")]
    return layers([rules.attainments()], read, never_fails=sure, keep=known), known


def _pay(rules: VersionRules, query: Composable, known: list[str], sure: list[str]) -> Composable:
    names = [name for group in rules.groups() for name, _ in group]
    known = known + [column for name in names for column in (name, f"{name} !")]
    return layers(rules.groups(), _in_brackets(query), never_fails=sure, keep=known)


# --- what is written


def _record_run(
    frame: Frame,
    statement: Composable,
    *,
    by: User | None,
    at: datetime,
    on: date,
    purpose: Purpose,
) -> CalculationRun:
    with connection.cursor() as cursor:
        text = statement.as_string(cursor.connection)
    return CalculationRun.objects.create(
        plan=frame.version.plan,
        version=frame.version,
        period=frame.period,
        purpose=purpose,
        at=at,
        on=on,
        by=by,
        statement=text,
        statement_sha256=hashlib.sha256(text.encode()).hexdigest(),
        only=None if frame.people is None else list(frame.people),
    )


def _write_results(frame: Frame, made: CalculationRun) -> None:
    # Two arrays: a function takes a hundred arguments, and ten measures have more keys and texts.
    inputs = _input_texts(frame.rules)
    execute(
        SQL(
            "INSERT INTO {result} (run_id, person_id, job, inputs, segments)"
            " SELECT {run}, outcome.person_id, outcome.job,"
            " jsonb_strip_nulls(jsonb_object(ARRAY[{names}], ARRAY[{texts}])),"
            " part.segments FROM outcome JOIN (SELECT result_id, jsonb_agg(jsonb_build_object("
            "  'unit', unit_id, 'job_type', job_type_id, 'slot', slot, 'from', first_day,"
            "  'to', end_day, 'days', days, 'of', period_days) ORDER BY first_day) AS segments"
            "  FROM slice GROUP BY result_id) AS part USING (result_id)"
        ).format(
            result=Identifier(Result._meta.db_table),
            run=Literal(made.pk),
            names=SQL(", ").join(Literal(name) for name in inputs),
            texts=SQL(", ").join(inputs.values()),
        )
    )


def _input_texts(rules: VersionRules) -> dict[str, Composable]:
    """The text, by key, of everything that the Decimal engine needs to work it out again."""
    numbers = [m.name for m in rules.stored] + ["prorate"]
    plain: list[str] = []
    for measure in rules.shown:
        numbers += [Ref("goal", measure.name).column, decided_name(measure.name)]
        plain.append(f"{decided_name(measure.name)} !")
    for code in sorted(rules.facts):
        plain.append(Ref("fact", code).column)
    if any(ref.kind == "tenure" for ref in rules.references):
        numbers.append("tenure")
    # Text keeps every digit; a JSON number would be read as a binary fraction.
    texts: dict[str, Composable] = {
        name: SQL("trim_scale({})::text").format(Identifier(name)) for name in numbers
    }
    texts |= {name: SQL("{}::text").format(Identifier(name)) for name in plain}
    for name in (f"{measure.name} ?" for measure in rules.shown):
        texts[name] = SQL("CASE WHEN {} THEN 'yes' END").format(Identifier(name))
    return texts


def _write_earnings(frame: Frame, made: CalculationRun) -> None:
    plan = frame.version.plan
    currency = plan.currency or Tenant.objects.get(pk=current_tenant_id()).currency
    lines = SQL(", ").join(_line(frame.rules, c) for c in frame.rules.components.values())
    execute(
        SQL(
            "INSERT INTO {earning} (run_id, person_id, component_id, job, plan_id, period_id,"
            " currency, amount, status, problem)"
            " SELECT {run}, outcome.person_id, line.component, outcome.job, {plan}, {period},"
            " {currency}, line.amount, CASE WHEN line.error IS NOT NULL THEN 'failed'"
            "  WHEN line.amount IS NULL THEN 'undecided' ELSE 'decided' END,"
            " coalesce(line.error, line.note)"
            " FROM outcome CROSS JOIN LATERAL (VALUES {lines})"
            " AS line (component, amount, error, note)"
        ).format(
            earning=Identifier(Earning._meta.db_table),
            run=Literal(made.pk),
            plan=Literal(plan.pk),
            period=Literal(frame.period.pk),
            currency=Literal(currency),
            lines=lines,
        )
    )


def _line(rules: VersionRules, component: ComponentRule) -> Composable:
    """A component's amount and error: a gate on incomplete data is undecided, whoever is left out
    by a decision earns nothing."""
    waiting: Composable = SQL("NULL::text")
    for name in sorted(component.measures(gate_only=True)):
        waiting = SQL("CASE WHEN {} THEN {} ELSE {} END").format(
            Identifier(f"{name} ?"), Literal(f"incomplete:{name}"), waiting
        )
    return SQL(
        "({id}, CASE WHEN {error} = 'left_out' THEN 0 WHEN ({waiting}) IS NULL THEN {amount} END,"
        " nullif({error}, 'left_out'),"
        " CASE WHEN {error} = 'left_out' THEN 'left_out' ELSE {waiting} END)"
    ).format(
        id=Literal(component.id),
        error=Identifier(f"{component.column} !"),
        amount=Identifier(component.column),
        waiting=waiting,
    )


def _summarise(made: CalculationRun) -> None:
    [(people, undecided, failed, total)] = fetch(
        "SELECT count(DISTINCT person_id), count(*) FILTER (WHERE status = 'undecided'),"
        " count(*) FILTER (WHERE status = 'failed'), coalesce(sum(amount), 0)"
        " FROM incentives_earning WHERE run_id = %s",
        [made.pk],
    )
    made.people, made.undecided, made.failed, made.total = people, undecided, failed, total
    made.save(update_fields=["complete_through", "people", "undecided", "failed", "total"])


def _point_to(made: CalculationRun) -> None:
    """Let the period point to its new run; an older one that is not final goes."""
    if made.purpose == Purpose.PERIOD:
        point, _ = PlanPeriod.objects.select_for_update().get_or_create(
            plan=made.plan, period=made.period
        )
        if point.final_at is not None:
            raise DomainError(f"{made.period} of {made.plan} is final; nothing was changed.")
        point.run = made
        point.save(update_fields=["run"])
    older = CalculationRun.objects.filter(
        plan=made.plan, period=made.period, purpose=made.purpose, final_at=None
    ).exclude(pk=made.pk)
    remove_runs(list(older.values_list("pk", flat=True)))


def remove_runs(run_ids: list[int]) -> None:
    """Remove provisional runs with their results and earnings; the database refuses final ones."""
    if not run_ids:
        return
    for model in (Earning, Result):
        execute(
            SQL("DELETE FROM {} WHERE run_id = ANY({})").format(
                Identifier(model._meta.db_table), Literal(run_ids)
            )
        )
    CalculationRun.objects.filter(pk__in=run_ids).delete()


def total_by_component(made: CalculationRun) -> list[tuple[str, Decimal]]:
    """What each component of a run adds up to, in the order of the plan."""
    sums = dict(
        fetch(
            "SELECT component_id, coalesce(sum(amount), 0) FROM incentives_earning"
            " WHERE run_id = %s GROUP BY 1",
            [made.pk],
        )
    )
    components = Component.objects.filter(version=made.version_id)
    return [(str(component), sums.get(component.pk, Decimal(0))) for component in components]


def nightly(*, by: User | None, at: datetime, on: date) -> list[CalculationRun]:
    """Calculate every open period that has begun, of every plan: those of the night.

    Periods that are over and not final yet are calculated too, as far back as the last final one.
    """
    made: list[CalculationRun] = []
    hold(_open_periods(on))
    # Looked for again: one may have become final while we waited for it.
    for period in _open_periods(on):
        made += calculate_period(period=period, by=by, at=at, on=on)
    return made


def _open_periods(on: date) -> list[Period]:
    """Begun periods of the plans' calendars that some plan pays in and that are not final there."""
    calendars = Plan.objects.values("calendar")
    begun = Period.objects.filter(calendar__in=calendars, valid_from__lte=on)
    recent = begun.filter(valid_to__gt=on - LOOK_BACK).select_related("calendar")
    return [
        period
        for period in recent.order_by("valid_from", "pk")
        if any(not is_final(plan, period) for plan, _ in plans_of(period))
    ]
