"""``plans:`` of the tenant file: compares versions, writes what is new, has it published.

A version is known by its number (or, without one, by its first day). One that has changed after
a period was finalised with it is refused; before that, a new published row takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from formula import key_of
from incentives import config_versions as versions
from incentives import rules, schedule_checks
from incentives.config_schema import PLANS as SCHEMA
from incentives.currencies import decimals_of
from incentives.late import SHOWN, put_in_force
from incentives.models import CalculationRun, Family, Plan, PlanVersion
from incentives.publish import begin_problem, final_periods, publish, take_out, unruled
from incentives.review import final_with
from metrics.models import Metric
from org import config_tools as tools
from org.changes import Mark, record_change
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import FOREVER
from org.errors import DomainError
from org.models import Calendar, InputChange, JobType, Person, Unit, User

Status = PlanVersion.Status
MAIN = "main"

# -- reading --------------------------------------------------------------------------------------


def read() -> dict[str, Any] | None:
    """All plans with the versions that are in force or drafts; withdrawn ones are history."""
    rows = Plan.objects.select_related("family", "calendar").order_by("code")
    return {row.code: _written(row) for row in rows if live_versions(row)} or None


def live_versions(plan: Plan) -> list[PlanVersion]:
    """The published versions and the drafts of a plan, in order."""
    rows = plan.versions.exclude(status=Status.RETIRED)
    return list(rows.order_by("in_force", "number"))


def _written(row: Plan) -> dict[str, Any]:
    said = {
        "name": row.name if row.name != row.code else "",
        "family": row.family.code if row.family.code != MAIN else "",
        "calendar": row.calendar.code,
        "currency": row.currency,
    }
    decimals = decimals_of(row)
    listed = [
        versions.short(versions.from_rows(version), decimals=decimals)
        for version in live_versions(row)
    ]
    return {**tools.without_defaults(said, {}), "versions": listed}


# -- applying -------------------------------------------------------------------------------------


@dataclass
class Work:
    """What one apply of the plans carries along."""

    by: User | None
    approver: User | None
    at: datetime
    on: date
    trial: bool
    problems: Problems
    codes: Mapping[str, Codes] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    to_publish: list[tuple[PlanVersion, str, str]] = field(default_factory=list)
    written: list[tuple[PlanVersion, Wanted]] = field(default_factory=list)


def apply(
    data: Any,
    *,
    by: User | None,
    at: datetime,
    today: date,
    approved_by: User | None = None,
    trial: bool = False,
) -> list[str]:
    """Make the plans as the file says, publishing what the file says is published.

    With ``by`` nobody the system publishes: the file was reviewed where it is kept. An author
    needs ``approved_by``, somebody else, unless the tenant has never published anything. ``trial``:
    all of it is undone, so nobody need agree to paying less.
    """
    problems = Problems()
    work = Work(by, approved_by, at, today, trial, problems, _codes(problems))
    calendars = Codes("calendar", Calendar.objects.all(), problems)
    known = {plan.code: plan for plan in Plan.objects.select_related("family", "calendar")}
    new_tenant = not PlanVersion.objects.exclude(status__in=PlanVersion.UNPUBLISHED).exists()
    for code in known.keys() - data.keys():
        _remove(known[code], work)
    for first, second in _alike(data):
        problems.add(
            f"plans.{second}",
            f"there is a plan “{first}”, too, and capitals make no difference to a formula. Choose"
            " another code.",
        )
    problems.stop("The plans cannot be applied.")
    for code, item in data.items():
        calendar = calendars.find(item["calendar"], f"plans.{code}.calendar")
        if calendar:
            plan = _plan(known.get(code), code, item, calendar, work)
            _apply_versions(plan, item["versions"], work)
    # When all are there: a plan may stand on what another earns.
    for row, one in work.written:
        _check(row, one, problems)
    problems.stop("The plans cannot be applied.")
    _publish_all(work, new_tenant=new_tenant)
    for plan in Plan.objects.filter(code__in=data):
        if trouble := unruled(plan):
            problems.add(f"plans.{plan.code}.versions", trouble)
    problems.stop("The plans cannot be applied.")
    return work.said


def _alike(codes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Codes that differ in capitals only, the first and the one after it."""
    known: dict[str, str] = {}
    for code in codes:
        first = known.setdefault(key_of(code), code)
        if first != code:
            yield first, code


def _codes(problems: Problems) -> dict[str, Codes]:
    return {
        "metric": Codes("metric", Metric.objects.all(), problems),
        "person": Codes("person", Person.objects.all(), problems),
        "unit": Codes("unit", Unit.objects.all(), problems),
        "job_type": Codes("job type", JobType.objects.all(), problems),
    }


def _remove(plan: Plan, work: Work) -> None:
    try:
        with transaction.atomic():
            plan.versions.all().delete()
            plan.delete()
        work.said.append(f"- plan {plan.code}")
    except ProtectedError:
        work.problems.add(
            f"plans.{plan.code}",
            "the file leaves this plan out, but it has been calculated. Put it back, and end it "
            "with “ends” in its last version.",
        )


def _plan(
    plan: Plan | None, code: str, item: Mapping[str, Any], calendar: Calendar, work: Work
) -> Plan:
    family, _ = Family.objects.get_or_create(code=item.get("family", MAIN))
    values = {
        "name": item.get("name", code),
        "family": family,
        "calendar": calendar,
        "currency": item.get("currency", ""),
    }
    if plan is None:
        work.said.append(f"+ plan {code}")
        return Plan.objects.create(code=code, **values)
    before = plan.family_id
    fixed = [key for key in ("calendar", "currency") if getattr(plan, key) != values[key]]
    if fixed and CalculationRun.objects.filter(plan=plan).exists():
        work.problems.add(
            f"plans.{code}.{fixed[0]}",
            "the plan has been calculated, so this cannot change. Begin a plan of its own.",
        )
    elif changed := tools.update_row(plan, values):
        work.said.append(f"~ plan {code}: {', '.join(changed)}")
        if "family" in changed:
            _note_family(plan, before, work)
    return plan


def _note_family(plan: Plan, before: int, work: Work) -> None:
    """The plans of a family take people from each other: both families are worked out anew."""
    version = plan.versions.filter(status=Status.PUBLISHED).order_by("in_force").first()
    if version is None:
        return
    # A mark of one plan is one of its family.
    one_of_each = [plan, Plan.objects.filter(family=before).first()]
    record_change(
        kind=InputChange.Kind.VERSION,
        sentence=f"{plan} belongs to the family “{plan.family}” now",
        marks=[Mark(version.in_force, FOREVER, plan=p.pk) for p in one_of_each if p],
        by=work.by,
        at=work.at,
        reference=f"plan {plan.code}",
    )


# -- versions -------------------------------------------------------------------------------------


@dataclass
class Wanted:
    """A version of the file: what it says, where, and which rows it meets."""

    said: versions.Canonical
    where: str
    row: PlanVersion | None = None
    now: versions.Canonical | None = None

    @property
    def published(self) -> bool:
        return bool(self.said["status"] == Status.PUBLISHED)


def _apply_versions(plan: Plan, items: list[Mapping[str, Any]], work: Work) -> None:
    before = len(work.problems.found)
    wanted = []
    decimals = decimals_of(plan)
    for n, item in enumerate(items):
        where = f"plans.{plan.code}.versions[{n}]"
        said = versions.canonical(item, where, work.problems, decimals=decimals)
        wanted.append(Wanted(said, where))
    _number(plan, wanted, work.problems)
    if len(work.problems.found) > before:
        return
    wanted = [one for one in wanted if not _already_replaced(plan, one, wanted)]
    for row in live_versions(plan):
        if all(one.row is None or one.row.pk != row.pk for one in wanted):
            _leave_out(row, wanted, work)
    for one in wanted:
        if one.now is None or not versions.same(one.said, one.now):
            _write(plan, one, work)


def _number(plan: Plan, wanted: list[Wanted], problems: Problems) -> None:
    """Find the row that each version of the file means, and give new ones their number."""
    live = live_versions(plan)
    by_number = {row.number: row for row in live}
    taken = {one.said["number"] for one in wanted}
    unnumbered: set[tuple[date, str]] = set()
    for one in wanted:
        number = one.said["number"]
        if number is None:
            known_by = one.said["in_force"], one.said["status"]
            if known_by in unnumbered:
                problems.add(
                    f"{one.where}.in_force",
                    f"another version without a number begins on {known_by[0]}, too. Take one of"
                    " them out, or give each a number: the later one then takes the other's place.",
                )
            unnumbered.add(known_by)
            alike = [
                r for r in live if r.in_force == one.said["in_force"] and r.number not in taken
            ]
            same = [row for row in alike if row.status == one.said["status"]]
            row = next(iter([*same, *alike]), None) or _replaced_row(plan, one, taken)
            number = row.number if row else _next_number(plan, taken)
            taken.add(number)
        elif [other.said["number"] for other in wanted].count(number) > 1:
            problems.add(f"{one.where}.number", f"two versions have the number {number}.")
        one.said["number"] = number
        one.row = by_number.get(number)
        one.now = versions.from_rows(one.row) if one.row else None


def _replaced_row(plan: Plan, one: Wanted, taken: set[int | None]) -> PlanVersion | None:
    """The withdrawn version that this one was, before a later one of the file took its place."""
    rows = plan.versions.filter(status=Status.RETIRED, in_force=one.said["in_force"])
    return rows.exclude(number__in=[n for n in taken if n]).order_by("-number").first()


def _next_number(plan: Plan, taken: set[int | None]) -> int:
    """After all there are; in a new plan the first that is free, as versions stand in order."""
    used = set(plan.versions.values_list("number", flat=True))
    if used:
        return max(used | {number for number in taken if number}) + 1
    return next(number for number in count(1) if number not in taken)


def _already_replaced(plan: Plan, one: Wanted, wanted: list[Wanted]) -> bool:
    """Whether a later version of the file took this one's place, and it says what it said then."""
    if one.row or not one.published or not _successor(one.said, wanted):
        return False
    old = plan.versions.filter(status=Status.RETIRED, number=one.said["number"])
    then = [versions.from_rows(row) | {"status": Status.PUBLISHED.value} for row in old]
    return any(versions.same(one.said, said) for said in then)


def _successor(said: versions.Canonical, wanted: list[Wanted]) -> Wanted | None:
    for one in wanted:
        later = one.said["number"] > said["number"]
        if one.published and later and one.said["in_force"] == said["in_force"]:
            return one
    return None


def _leave_out(row: PlanVersion, wanted: list[Wanted], work: Work) -> None:
    """A version that the file does not have: a draft goes, a published one is withdrawn."""
    plan = row.plan
    if row.status in PlanVersion.UNPUBLISHED:
        row.delete()
        work.said.append(f"- draft of plan {plan.code} version {row.number}")
        return
    if _successor(versions.from_rows(row), wanted):
        return  # publishing the successor withdraws it
    used = final_with(row)
    if used:
        work.problems.add(
            f"plans.{plan.code}.versions",
            f"version {row.number} is left out, but {_periods(used)} final with it. Put it back; "
            "to change what it paid, add a version with a reason from the same day.",
        )
        return
    take_out(version=row, by=work.by, at=work.at, reason="left out of the tenant file")
    work.said.append(f"- plan {plan.code} version {row.number}")


def _periods(codes: list[str]) -> str:
    shown = ", ".join(codes[:3]) + (" …" if len(codes) > 3 else "")
    return f"{shown} {'is' if len(codes) == 1 else 'are'}"


def _write(plan: Plan, one: Wanted, work: Work) -> None:
    """Write a new or changed version as a draft, check it, and note it for publishing."""
    sign, what = ("~", "changed") if one.row else ("+", "was published")
    if one.row and one.row.status == Status.PUBLISHED:
        if used := final_with(one.row):
            work.problems.add(one.where, _changed_sentence(one, used))
            return
        take_out(version=one.row, by=work.by, at=work.at, reason="changed in the tenant file")
        one.row = None
    before = len(work.problems.found)
    row = versions.write(
        one.row,
        one.said,
        plan=plan,
        codes=work.codes,
        where=one.where,
        by=work.by,
        at=work.at,
    )
    if len(work.problems.found) == before:
        work.written.append((row, one))
    draft = "" if one.published else ", a draft"
    said = f"{sign} plan {plan.code} version {row.number} from {row.in_force}{draft}"
    work.said.append(said + (f": {_differences(one)}" if one.now else ""))
    if one.published:
        work.to_publish.append((row, one.where, what))


def _changed_sentence(one: Wanted, used: list[str]) -> str:
    return (
        f"version {one.said['number']} has changed ({_differences(one)}), but {_periods(used)} "
        "final with it. Leave it as it was, and add a version with a number of its own: from an "
        "open period on, or from the same day with a reason, so that differences are posted."
    )


def _differences(one: Wanted) -> str:
    """Which parts differ: ``components.commission, tables.step``."""
    now, said = one.now or {}, one.said
    found = []
    for key in said:
        if isinstance(said[key], dict) and key in ("tables", "measures", "components"):
            names = {*said[key], *now[key]}
            found += sorted(f"{key}.{n}" for n in names if said[key].get(n) != now[key].get(n))
        elif said[key] != now.get(key):
            found.append(key)
    return ", ".join(found) or "the order of its components"


def _check(row: PlanVersion, one: Wanted, problems: Problems) -> None:
    for problem in (*rules.problems(row), *schedule_checks.problems(row)):
        problems.add(f"{one.where}.{problem.where}", problem.sentence)
    if trouble := begin_problem(row.plan.calendar, row.in_force):
        problems.add(f"{one.where}.in_force", trouble)
    if row.ends and row.ends <= row.in_force:
        problems.add(f"{one.where}.ends", f"{row.ends} is not after in_force ({row.in_force}).")
    final = final_periods(row) if one.published else []
    if final and not row.reason.strip():
        problems.add(
            one.where,
            f"{_periods([f.period.code for f in final])} final and would be worked out anew. Give "
            "a “reason”, or begin with an open period.",
        )


def _publish_all(work: Work, *, new_tenant: bool) -> None:
    if not work.to_publish:
        return
    if work.by is not None and not new_tenant:
        _need_second_person(work)

    # The later first: what an earlier one would pay there is nothing that anybody asked for, and
    # what it leaves when it ends is compared with what was paid.
    in_order = sorted(work.to_publish, key=lambda x: x[0].number)
    for row, where, what in sorted(in_order, key=lambda x: x[0].in_force, reverse=True):
        try:
            _put_in_force(row, what, work)
        except DomainError as error:
            work.problems.add(where, str(error))
    work.problems.stop("The plans cannot be published.")


def _put_in_force(row: PlanVersion, what: str, work: Work) -> None:
    if work.trial:
        publish(version=row, by=work.approver, at=work.at, changed=what, from_file=True)
        return
    effects = put_in_force(
        version=row, by=work.approver, at=work.at, on=work.on, changed=what, from_file=True
    )
    work.said += [f"  {one}" for one in effects[:SHOWN]]
    if effects[SHOWN:]:
        work.said.append(f"  … and {len(effects) - SHOWN} more: see `preview`.")


def _need_second_person(work: Work) -> None:
    listed = ", ".join(f"{row.plan.code} version {row.number}" for row, _, _ in work.to_publish)
    if work.approver is None:
        raise DomainError(
            f"{listed}: who writes a version does not publish it. Name who approved it "
            "(--approved-by USER), or say “status: draft”."
        )
    if work.by is not None and work.approver.pk == work.by.pk:
        raise DomainError(
            f"{listed}: {work.by.get_username()} cannot approve an own version. Somebody else must."
        )


PLANS = Section(key="plans", schema=SCHEMA, read=read, apply=apply)
