"""Who takes part in a plan's period, on which days and in which job.

Temporary tables of the calculation's transaction:

``slice``    one stretch of days of one assignment that the plan rules: slice_id, result_id,
             assignment_id, person_id, slot, unit_id, job_type_id, share, first_day, end_day,
             whole (all of the assignment's days in the period), days, period_days, work_days;
             behind: no day at all, only credits that came after the job's end
``outcome_key``  one result: result_id, person_id, job, slot, unit_id, first_day, end_day, “only
             credits” (no eligible day), “not employed” (on the day that counts, so nothing is
             earned), prorate (of amounts)
``trail``    the days after a job's end on which its credits still count (incentives.leavers)
``day_count``    working days before each day, by holiday calendar
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from psycopg.sql import SQL, Composable, Identifier, Literal

from incentives import absence, leavers
from incentives.common import Common
from incentives.currencies import places
from incentives.given import Given
from incentives.models import Eligibility, PlanVersion
from incentives.rules import VersionRules
from org.dates import FOREVER
from org.errors import DomainError
from org.models import Period, Tenant
from org.sql import NEVER, execute, fetch, keep, values
from org.tenancy import current_tenant_id
from org.workdays import workday_counts


@dataclass(frozen=True)
class Frame:
    """What is calculated: the rules of one version over the days ``[start, end)`` of a period.

    ``people``: the ids of those whose results are wanted; None: everybody's. ``beside``: those who
    are worked out with them, because cents are shared with them, and not written. ``between``: only
    people whose ids are from the first number on and below the second. ``common``: what plans that
    were calculated just before left for this one. ``given``: of a worked example, the results and
    lines that stand in the place of what is measured.
    """

    rules: VersionRules
    period: Period
    people: tuple[int, ...] | None = None
    beside: tuple[int, ...] = ()
    between: tuple[int, int] | None = None
    common: Common = field(default_factory=Common, compare=False)
    given: Given | None = field(default=None, compare=False)

    @property
    def version(self) -> PlanVersion:
        return self.rules.version

    @property
    def start(self) -> date:
        return self.period.valid_from

    @property
    def opening(self) -> date:
        """The first day from which who takes part matters: credits may trail a job's end."""
        return leavers.opening(self.version, self.start)

    @property
    def end(self) -> date:
        return self.period.valid_to

    @property
    def last_day(self) -> date:
        """The last day of the period."""
        return self.end - timedelta(days=1)

    @cached_property
    def currency(self) -> str:
        """What the plan pays in: its own currency, else the tenant's."""
        own = self.version.plan.currency
        return own or Tenant.objects.get(pk=current_tenant_id()).currency

    @property
    def places(self) -> int:
        """Decimals of the amounts that the plan pays."""
        return places(self.currency)

    @property
    def persons(self) -> Composable:
        """The table of people, by which equal shares are ordered."""
        return SQL("org_person") if self.given is None else self.given.persons

    @property
    def days(self) -> dict[str, Composable]:
        """The period's ends as placeholders of statements."""
        return {"start": Literal(self.start), "end": Literal(self.end), "never": SQL(NEVER)}


def find(frame: Frame) -> None:
    """Fill the tables, or leave those of a plan with the same participants.

    DomainError where two plans are equally near.
    """
    lines = _eligible_lines(frame)
    if frame.common.take(_decided_by(frame, lines)):
        return
    _candidates(frame, lines)
    if len({line[0] for line in lines}) > 1:
        _refuse_ties(frame)
    _count_days(frame)
    _slices(frame)
    _results(frame)


def _decided_by(frame: Frame, lines: list[EligibleLine]) -> Hashable:
    """All that decides who takes part, on which days and with which part of the amounts.

    The plan itself does not: its own lines are held apart from those of others, by whichever name.
    """
    version = frame.version
    own = tuple((None if line[0] == version.plan_id else line[0], *line[1:]) for line in lines)
    trailing = frozenset(frame.rules.metrics) if leavers.trailing_days(version) else None
    return (
        own,
        frame.people,
        frame.beside,
        frame.between,
        frame.period.pk,
        frame.opening,
        frame.rules.separate,
        version.first_day,
        version.prorate_days,
        tuple(version.prorate_amount),
        absence.used(version),
        leavers.options_of(version),
        trailing,
    )


# Which rule of precedence a line of eligibility, or a goal, stands on: the more it names, the
# nearer. Person before unit and job type, before the nearest unit, before job type, before all.
RANK = """
    CASE WHEN near.person_id IS NOT NULL THEN 4000000
         WHEN near.unit_id IS NOT NULL AND near.job_type_id IS NOT NULL THEN 3000000
         WHEN near.unit_id IS NOT NULL THEN 2000000
         WHEN near.job_type_id IS NOT NULL THEN 1000000 ELSE 0 END
    - coalesce(closure.depth, 0) * 10
"""


def _candidates(frame: Frame, lines: list[EligibleLine]) -> None:
    """``candidate``: for each assignment, the days on which each plan of the family asks for it."""
    keep("eligible", values(lines, ELIGIBLE_COLUMNS))
    keep(
        "candidate",
        SQL(
            "SELECT job.id AS assignment_id, near.plan_id, " + RANK + " + (near.slot <> '')::int"
            " AS rank, range_agg(daterange("
            "   GREATEST(job.valid_from, near.first_day, {opening}, closure.valid_from),"
            "   LEAST(job.valid_to, near.end_day, {end}, closure.valid_to))) AS days"
            " FROM eligible AS near"
            " JOIN org_assignment AS job ON job.superseded_at = {never}"
            "  AND job.valid_from < {end} AND job.valid_to > {opening}"
            "  AND (near.person_id IS NULL OR near.person_id = job.person_id)"
            "  AND (near.job_type_id IS NULL OR near.job_type_id = job.job_type_id)"
            "  AND (near.slot = '' OR near.slot = job.slot){only}"
            " LEFT JOIN org_unitclosure AS closure ON closure.ancestor_id = near.unit_id"
            "  AND closure.descendant_id = job.unit_id"
            "  AND closure.valid_from < {end} AND closure.valid_to > {opening}"
            " WHERE (near.unit_id IS NULL OR closure.id IS NOT NULL) AND"
            "  GREATEST(job.valid_from, near.first_day, {opening}, closure.valid_from) <"
            "  LEAST(job.valid_to, near.end_day, {end}, closure.valid_to)"
            " GROUP BY 1, 2, 3"
        ).format(only=_only(frame), opening=Literal(frame.opening), **frame.days),
    )


def _only(frame: Frame) -> Composable:
    """Leaves out everybody whose result is not wanted; figures of units see them all the same."""
    only = among(frame, "job")
    if frame.people is None:
        return only
    return SQL("{} AND job.person_id = ANY({}::bigint[])").format(
        only, Literal([*frame.people, *frame.beside])
    )


def among(frame: Frame, row: str) -> Composable:
    """A condition by which only the rows of people between the frame's numbers are read."""
    if frame.between is None:
        return SQL("")
    first, until = map(Literal, frame.between)
    return SQL(" AND {row}.person_id >= {first} AND {row}.person_id < {until}").format(
        row=Identifier(row), first=first, until=until
    )


ELIGIBLE_COLUMNS = (
    ("plan_id", "bigint"),
    ("person_id", "bigint"),
    ("unit_id", "bigint"),
    ("job_type_id", "bigint"),
    ("slot", "text"),
    ("first_day", "date"),
    ("end_day", "date"),
)


EligibleLine = tuple[int, int | None, int | None, int | None, str, date, date]


def _eligible_lines(frame: Frame) -> list[EligibleLine]:
    """A line for everyone whom a plan of this family is for, with the days that it rules."""
    family = frame.version.plan.family_id
    lines: list[EligibleLine] = []
    for version, first, end in versions_in_force(family, frame.opening, frame.end, frame.version):
        who = list(Eligibility.objects.filter(version=version)) or [Eligibility(version=version)]
        lines += [
            (version.plan_id, w.person_id, w.unit_id, w.job_type_id, w.slot, first, end)
            for w in who
        ]
    return lines


def versions_in_force(
    family: int, start: date, end: date, chosen: PlanVersion
) -> list[tuple[PlanVersion, date, date]]:
    """The versions of a family's plans that rule some of these days, with those days.

    Of the plan that is calculated it is the chosen version, so that a draft can be calculated too.
    """
    published = PlanVersion.objects.filter(
        plan__family=family, status=PlanVersion.Status.PUBLISHED, in_force__lt=end
    ).exclude(plan=chosen.plan_id)
    by_plan: dict[int, list[PlanVersion]] = {}
    for version in published.order_by("plan", "in_force"):
        by_plan.setdefault(version.plan_id, []).append(version)
    found = [(chosen, start, min(end, chosen.ends or FOREVER))]
    for versions in by_plan.values():
        ends = [*(v.in_force for v in versions[1:]), FOREVER]
        for version, next_begins in zip(versions, ends, strict=True):
            last = min(next_begins, version.ends or FOREVER)
            if last > start:
                found.append((version, version.in_force, last))
    return found


# First of all by the table that has statistics: those of jobs may be of before the last delivery,
# and PostgreSQL would look for ties of each job among all.
TIES = """
    WITH tied AS MATERIALIZED (
      SELECT own.assignment_id, own.plan_id, other.plan_id AS rival_id FROM candidate AS own
      JOIN candidate AS other ON other.assignment_id = own.assignment_id
       AND other.plan_id <> own.plan_id AND other.rank = own.rank
       AND other.days && (own.days * {period})
      WHERE own.plan_id = {plan})
    SELECT DISTINCT person.name, plan.name, rival.name FROM tied
    JOIN org_assignment AS job ON job.id = tied.assignment_id
    JOIN org_person AS person ON person.id = job.person_id
    JOIN incentives_plan AS plan ON plan.id = tied.plan_id
    JOIN incentives_plan AS rival ON rival.id = tied.rival_id
    ORDER BY 1 LIMIT 20
"""


def _refuse_ties(frame: Frame) -> None:
    tied = fetch(SQL(TIES).format(plan=Literal(frame.version.plan_id), period=_period(frame)))
    if tied:
        raise DomainError(
            f"Two plans of the family “{frame.version.plan.family}” are equally near to"
            " the same people. Make one of them more specific, or put it into another family.",
            tuple(f"{person}: {plan} and {rival}" for person, plan, rival in tied),
        )


def _period(frame: Frame) -> Composable:
    """The days of the period, as a set of ranges."""
    return SQL("datemultirange(daterange({start}, {end}))").format(**frame.days)


def _count_days(frame: Frame) -> None:
    keep("day_count", workday_counts(frame.opening, frame.end + timedelta(days=1)))
    execute("CREATE INDEX ON day_count (calendar_id, day)")


def _slices(frame: Frame) -> None:
    """Cut each assignment to the days that this plan wins from nearer plans of its family."""
    keep(
        "won",
        SQL(
            "SELECT own.assignment_id, range_agg(own.days - coalesce(nearer.days, '{{}}'))"
            " AS days FROM candidate AS own LEFT JOIN (SELECT own.assignment_id, own.rank,"
            "  range_agg(other.days) AS days FROM candidate AS own JOIN candidate AS other"
            "  ON other.assignment_id = own.assignment_id AND other.rank > own.rank"
            "  AND other.plan_id <> own.plan_id WHERE own.plan_id = {plan} GROUP BY 1, 2)"
            " AS nearer ON nearer.assignment_id = own.assignment_id AND nearer.rank = own.rank"
            " WHERE own.plan_id = {plan} GROUP BY 1"
        ).format(plan=Literal(frame.version.plan_id)),
    )
    # A table of its own, with statistics: joining the days of expressions, PostgreSQL guesses wrong
    # and counts every stretch against every other.
    left_out = frame.version.first_day == PlanVersion.FirstDay.LEFT_OUT
    keep(
        "stretch",
        SQL(
            "SELECT *, first_day + (joined AND {left_out})::int AS counted_from,"
            " false AS behind FROM (" + STRETCHES + ") AS found"
        ).format(left_out=Literal(left_out), days=_won_days(frame), **frame.days),
        joined=["assignment_id", "person_id", "slot", "calendar_id", "counted_from", "end_day"],
    )
    if leavers.trailing_days(frame.version):
        leavers.find_trailing(frame.rules, frame.start, frame.end)
        behind = leavers.left_behind(frame.rules, frame.start, "SELECT * FROM stretch")
        keep("left_behind", behind)
        execute("INSERT INTO stretch SELECT * FROM left_behind")
    keep("slice", _slice_query(frame), joined=SLICE_JOINED)


# What stretches of days are joined and chosen by.
SLICE_JOINED = (
    "result_id", "assignment_id", "person_id", "slot", "unit_id", "first_day", "end_day", "whole",
)  # fmt: skip


def _won_days(frame: Frame) -> Composable:
    """The days that the plan won, without those before the period."""
    if frame.opening == frame.start:
        return SQL("won.days")
    return SQL("won.days * {}").format(_period(frame))


def _slice_query(frame: Frame) -> Composable:
    """The stretches of days, with what they count for; a first day may be left out of the count."""
    job = "slot || '|' || unit_code || '|' || job_code" if frame.rules.separate else "slot"
    absence.find(frame.version, frame.opening, frame.end)
    stretches = SQL(
        "SELECT *, {start}::date AS of_first, {end}::date AS of_until FROM stretch"
    ).format(**frame.days)
    return SQL(
        "SELECT row_number() OVER () AS slice_id, dense_rank() OVER (ORDER BY person_id, "
        + job
        + ") AS result_id, "
        + job
        + " AS job, slice.* FROM ({}) AS slice"
    ).format(absence.measured(frame.version, stretches))


# ``joined``: the job slot begins inside the period, so it may leave its first day out.
STRETCHES = """
    SELECT job.id AS assignment_id, job.person_id, job.slot, job.share, job.unit_id,
           job.job_type_id, unit.code AS unit_code, job_type.code AS job_code,
           lower(part) AS first_day, upper(part) AS end_day,
           lower(part) = GREATEST(job.valid_from, {start})
             AND upper(part) = LEAST(job.valid_to, {end}) AS whole,
           lower(part) > {start} AND lower(part) = job.valid_from AND NOT EXISTS (
             SELECT 1 FROM org_assignment AS before WHERE before.person_id = job.person_id
             AND before.slot = job.slot AND before.superseded_at = {never}
             AND before.valid_from < lower(part) AND before.valid_to >= lower(part)) AS joined,
           coalesce(unit.holiday_calendar_id,
             (SELECT id FROM org_holidaycalendar WHERE is_default), 0) AS calendar_id
    FROM won CROSS JOIN LATERAL unnest({days}) AS part
    JOIN org_assignment AS job ON job.id = won.assignment_id
    JOIN org_unit AS unit ON unit.id = job.unit_id
    JOIN org_jobtype AS job_type ON job_type.id = job.job_type_id
"""


def fraction(
    of: list[str],
    *,
    over: str = "1",
    absent: str = "absent_goal",
    whole: str = "period_days",
) -> Composable:
    """An aggregate over slices: Σ ``over`` times the eligible fraction, one division at the end.

    ``of`` says what reduces: "days" (those of the column ``whole``), "share", "absence" (of the
    column ``absent``). Rounded to 12 places, as formulas are. Where sites work different
    days of the period, each slice is a part of its own site's, so that whoever is there all the
    time has the whole.
    """
    there = f"(days - {absent})" if "absence" in of else "days"
    part = f"({over}) * {there}{' * share' if 'share' in of else ''}"
    if "days" not in of:
        return SQL(f"round(sum({part})::numeric(80,50) / nullif(sum(days), 0), 12)")
    return SQL(
        f"round(CASE WHEN min({whole}) = max({whole})"
        f" THEN sum({part})::numeric(80,50) / nullif(max({whole}), 0)"
        f" ELSE sum(({part})::numeric(80,50) / nullif({whole}, 0)) END, 12)"
    )


KEY_COLUMNS = (
    "result_id", "person_id", "job", "slot", "unit_id", "job_type_id", "first_day", "end_day",
    "prorate",
)  # fmt: skip
# What the tables of results are joined and grouped by.
KEY_JOINED = ("result_id", "person_id", "unit_id", "job_type_id")


def _results(frame: Frame) -> None:
    """One row for each result; who has no eligible day in the period, nor credits, has none."""
    amount = frame.version.prorate_amount
    last = frame.end - timedelta(days=1)
    keep(
        "outcome_key",
        SQL(
            'SELECT key.*, {away} AS "not employed" FROM (SELECT result_id, person_id, job,'
            " min(slot) AS slot, (array_agg(unit_id ORDER BY end_day DESC))[1] AS unit_id,"
            " (array_agg(job_type_id ORDER BY end_day DESC))[1] AS job_type_id,"
            " min(first_day) AS first_day, max(end_day) AS end_day,"
            " CASE WHEN bool_or(behind) THEN 0 ELSE {prorate} END AS prorate,"
            ' bool_or(behind) AS "only credits" FROM slice'
            " GROUP BY result_id, person_id, job HAVING sum(days) > 0 OR bool_or(behind)) AS key"
        ).format(
            prorate=fraction(amount, absent="absent_payout") if amount else SQL("1::numeric"),
            away=leavers.away(frame.version, last, frame.period.pay_date),
        ),
        joined=[*KEY_JOINED, "slot"],
    )
