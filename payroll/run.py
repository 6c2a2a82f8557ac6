"""A pay run from one request: prepare, approve and write, for one pay group or all that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from django.db import transaction

from incentives.release import release
from org import locks
from org.errors import DomainError
from org.models import PayGroup, Period, User
from payroll.batch import (
    Approved,
    NothingDue,
    approve,
    discard,
    prepare,
    waiting,
)
from payroll.models import PayBatch, PayFile, PayrollProfile
from payroll.moves import business_day, last_day, pay_day
from payroll.off_cycle import carry_differences
from payroll.queries import (
    Contents,
    Payee,
    contents_of,
    groups_of,
    groups_with_draw,
    groups_with_due,
    in_other_currencies,
    kept_moves,
    payees_of,
    without_pay_group,
)
from payroll.render import listed
from payroll.write import write_file


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What became of one pay group; ``file`` is None where everything due met debts."""

    batch: PayBatch
    contents: Contents | None
    file: PayFile | None
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a batch would do if it were approved now; ``booked``: what was booked to prepare it."""

    batch: PayBatch
    contents: Contents
    payees: list[Payee]
    notes: tuple[str, ...]
    booked: tuple[str, ...] = ()


@dataclass(frozen=True)
class _New:
    """What is asked of a new batch, as of :func:`payroll.batch.prepare`."""

    off_cycle: bool
    pay_date: date | None
    people: Sequence[int] | None


def run(
    *,
    periods: Sequence[Period],
    profile: str,
    by: User | None,
    approved_by: User | None,
    at: datetime,
    pay_group: str | None = None,
    off_cycle: bool = False,
    pay_date: date | None = None,
    people: Sequence[int] | None = None,
) -> list[Paid]:
    """Pay what is due at a period, all groups or none.

    ``periods`` are those that somebody named; where none is of a group's own calendar, the pay
    period with their last day is meant. Without ``pay_group``: every group with something due. A
    draft that is there is approved as it was prepared; ``off_cycle``, ``pay_date`` and ``people``
    are for new ones.
    """
    layout = find_profile(profile)
    with transaction.atomic():
        if by is not None and by == approved_by:
            raise DomainError(f"{by} cannot both prepare and approve; somebody else must approve.")
        new = _New(off_cycle, pay_date, people)
        notes = _begin(periods, pay_group, by=by, at=at, new=new)
        run = _Run(periods, layout, by, approved_by, at, new)
        groups = _groups(periods, pay_group, new)
        paid = [run.pay(groups[0])] if pay_group else run.pay_all(groups)
        return [replace(paid[0], notes=notes + paid[0].notes), *paid[1:]]


def draft(
    *,
    periods: Sequence[Period],
    by: User | None,
    at: datetime,
    pay_group: str | None = None,
    off_cycle: bool = False,
    pay_date: date | None = None,
    people: Sequence[int] | None = None,
) -> list[Draft]:
    """Open drafts, or look at those there are, and say person by person what they would do."""
    with transaction.atomic():
        new = _New(off_cycle, pay_date, people)
        notes = _begin(periods, pay_group, by=by, at=at, new=new)
        drafts = [
            _shown(_drafted(group, _need_period(group, periods), by=by, at=at, new=new), periods)
            for group in _groups(periods, pay_group, new)
        ]
        return [replace(drafts[0], booked=notes), *drafts[1:]]


def _begin(
    periods: Sequence[Period], pay_group: str | None, *, by: User | None, at: datetime, new: _New
) -> tuple[str, ...]:
    """Lock, book what an off-cycle run does not wait for, and release what may go; notes."""
    day = new.pay_date or _latest_day(periods)
    notes: tuple[str, ...] = ()
    if new.off_cycle:
        paid = _named_groups(pay_group, new, day) or list(PayGroup.objects.all())
        groups = [(group, own) for group in paid if (own := pay_period(group, periods))]
        notes = carry_differences(groups, by=by, at=at, on=day, people=new.people)
    locks.exclude([locks.PAY_RUN])
    release(by=by, at=at, on=day)
    return notes


def discard_drafts(
    *, periods: Sequence[Period], by: User | None, at: datetime, pay_group: str | None = None
) -> list[PayBatch]:
    """Throw the drafts of a period away; refuses where there is none."""
    groups = [find_group(pay_group)] if pay_group else list(PayGroup.objects.all())
    with transaction.atomic():
        found = [
            batch
            for group in groups
            if (period := pay_period(group, periods)) and (batch := open_draft(group, period))
        ]
        if not found:
            raise DomainError(f"There is no draft for {periods[0].code}, so nothing to discard.")
        for batch in found:
            discard(batch=batch, by=by, at=at)
        return found


def open_draft(group: PayGroup, period: Period) -> PayBatch | None:
    """The draft of a pay period, of which there is one at most."""
    drafts = PayBatch.objects.filter(status=PayBatch.Status.DRAFT, pay_group=group, period=period)
    return drafts.select_related("pay_group__calendar", "period", "prepared_by").first()


def _drafted(
    group: PayGroup, period: Period, *, by: User | None, at: datetime, new: _New
) -> PayBatch:
    """The draft that is there, as long as nothing else was asked for, or else a new one."""
    before = open_draft(group, period)
    if before is None:
        return prepare(pay_group=group, period=period, by=by, at=at, **asdict(new))
    if new.off_cycle:
        raise DomainError(
            f"There is a draft {before} already, prepared by {before.prepared_by}. Approve it, or "
            "discard it (--discard), before another is prepared."
        )
    return before


def _shown(batch: PayBatch, periods: Sequence[Period]) -> Draft:
    moves = kept_moves(batch)
    contents, payees = contents_of(moves), payees_of(moves)
    notes = _notes(batch, periods) + waiting(batch, payees)
    return Draft(batch=batch, contents=contents, payees=payees, notes=notes)


def reissue(
    *,
    periods: Sequence[Period],
    profile: str,
    by: User | None,
    at: datetime,
    pay_group: str | None = None,
) -> list[Paid]:
    """Write the latest batch's file of a period once more, from the same lines."""
    layout = find_profile(profile)
    groups = [find_group(pay_group)] if pay_group else list(PayGroup.objects.all())
    with transaction.atomic():
        batches = [b for group in groups if (b := _latest(group, periods))]
        if not batches:
            raise DomainError(
                f"No batch of {periods[0].code} is approved; nothing can be reissued."
            )
        return [
            Paid(
                batch=batch,
                contents=None,
                file=write_file(batch=batch, profile=layout, by=by, at=at, reissue=True),
                notes=(),
            )
            for batch in batches
        ]


def find_profile(code: str) -> PayrollProfile:
    """The tenant's profile with a code."""
    profile = PayrollProfile.objects.filter(code=code).first()
    if profile is None:
        known = ", ".join(PayrollProfile.objects.values_list("code", flat=True)) or "none"
        raise DomainError(
            f"No payroll profile has the code “{code}”. The tenant file defines: {known}."
        )
    return profile


def find_group(code: str) -> PayGroup:
    """The pay group with a code."""
    group = PayGroup.objects.select_related("calendar").filter(code=code).first()
    if group is None:
        known = ", ".join(PayGroup.objects.values_list("code", flat=True)) or "none"
        raise DomainError(f"No pay group has the code “{code}”. There are: {known}.")
    return group


def pay_period(group: PayGroup, periods: Sequence[Period]) -> Period | None:
    """The group's own period that is meant: one of those named, else that with their last day."""
    own = [period for period in periods if period.calendar_id == group.calendar_id]
    if own:
        return own[0]
    day = max(last_day(period) for period in periods)
    return (
        group.calendar.periods.filter(valid_from__lte=day, valid_to__gt=day)
        .select_related("calendar")
        .first()
    )


def _groups(periods: Sequence[Period], pay_group: str | None, new: _New) -> list[PayGroup]:
    """The one that was named, those of the people named, or all with something due."""
    day = new.pay_date or _latest_day(periods)
    return _named_groups(pay_group, new, day) or _due_groups(periods, day)


def _named_groups(pay_group: str | None, new: _New, day: date) -> list[PayGroup]:
    if pay_group:
        return [find_group(pay_group)]
    return groups_of(new.people, day) if new.people else []


def _latest_day(periods: Sequence[Period]) -> date:
    return max(business_day(period) for period in periods)


def _due_groups(periods: Sequence[Period], day: date) -> list[PayGroup]:
    groups = {group.pk: group for group in groups_with_due(day)}
    groups |= {group.pk: group for group in groups_with_draw(day) if _first_run(group, periods)}
    if groups:
        return sorted(groups.values(), key=lambda group: group.code)
    if lacking := without_pay_group(day):
        raise DomainError(
            f"Nothing can be paid: those with something due have no pay group: {listed(lacking)}. "
            "Give them one by the people file."
        )
    paid = PayBatch.objects.filter(period__in=periods, status=PayBatch.Status.APPROVED).first()
    if paid is not None:
        raise DomainError(
            f"{paid.period.code} is already paid: batch {paid}, approved by {paid.approved_by}. "
            "Nothing has become due since. To write its file again, use --reissue."
        )
    raise DomainError("Nothing is due to anybody; finalise a period first.")


def _first_run(group: PayGroup, periods: Sequence[Period]) -> bool:
    """Whether a group's own pay period is named and was not paid yet, so that draws are due."""
    own = [period for period in periods if period.calendar_id == group.calendar_id]
    paid = PayBatch.objects.filter(pay_group=group, period__in=own, off_cycle=False)
    return bool(own) and not paid.filter(status=PayBatch.Status.APPROVED).exists()


def _need_period(group: PayGroup, periods: Sequence[Period]) -> Period:
    period = pay_period(group, periods)
    if period is None:
        raise DomainError(
            f"The pay calendar “{group.calendar}” of the group “{group}” has no period with the "
            f"last day of {periods[0].code}; make its periods first."
        )
    return period


@dataclass(frozen=True)
class _Run:
    """One pay run over the groups that are paid at a period."""

    periods: Sequence[Period]
    profile: PayrollProfile
    by: User | None
    approved_by: User | None
    at: datetime
    new: _New

    def pay_all(self, groups: Sequence[PayGroup]) -> list[Paid]:
        """Pay each group that can be paid; refuses where none can."""
        paid: list[Paid] = []
        refused: list[NothingDue] = []
        for group in groups:
            try:
                with transaction.atomic():
                    paid.append(self.pay(group))
            except NothingDue as refusal:
                refused.append(refusal)
        if not paid:
            raise refused[0]
        notes = tuple(note for refusal in refused for note in (refusal.sentence, *refusal.problems))
        return [replace(paid[0], notes=paid[0].notes + notes), *paid[1:]]

    def pay(self, group: PayGroup) -> Paid:
        """Prepare, or take the draft that is there, approve it and write its file."""
        period = _need_period(group, self.periods)
        batch = _drafted(group, period, by=self.by, at=self.at, new=self.new)
        notes = _notes(batch, self.periods)
        done = approve(batch=batch, by=self.approved_by, at=self.at)
        return Paid(
            batch=done.batch,
            contents=done.contents,
            file=self._file(done),
            notes=notes + waiting(done.batch, done.payees),
        )

    def _file(self, done: Approved) -> PayFile | None:
        if not done.contents.lines:
            return None
        return write_file(batch=done.batch, profile=self.profile, by=self.by, at=self.at)


def _notes(batch: PayBatch, periods: Sequence[Period]) -> tuple[str, ...]:
    """What somebody should know before anything is written."""
    group, period, notes = batch.pay_group, batch.period, []
    if period not in periods:
        notes.append(f"{periods[0]} is paid in the pay period {period}.")
    day, currency = pay_day(batch), batch.currency
    if waiting := without_pay_group(day):
        notes.append(f"Not paid, because they have no pay group: {listed(waiting)}.")
    if others := in_other_currencies(pay_group=group, day=day, currency=currency):
        notes.append(
            f"Waits, because the group is paid in {currency} and it is due in another currency: "
            f"{listed(others)}."
        )
    return tuple(notes)


def approved_batches(
    *, periods: Sequence[Period], pay_group: str | None = None, number: int | None = None
) -> list[PayBatch]:
    """The approved batches of a period: of one group or all, of one number or all."""
    groups = [find_group(pay_group)] if pay_group else list(PayGroup.objects.all())
    own = {period.pk for group in groups if (period := pay_period(group, periods))}
    batches = PayBatch.objects.filter(
        pay_group__in=groups, period__in=own, status=PayBatch.Status.APPROVED
    )
    if number is not None:
        batches = batches.filter(number=number)
    found = list(batches.select_related("pay_group", "period").order_by("-id"))
    if not found:
        which = f"batch {number}" if number is not None else "batch"
        raise DomainError(
            f"No {which} of {periods[0].code} is approved, so no line can be refused."
        )
    return found


def _latest(group: PayGroup, periods: Sequence[Period]) -> PayBatch | None:
    period = pay_period(group, periods)
    batches = PayBatch.objects.select_related("pay_group__calendar", "period", "tenant")
    return batches.filter(
        pay_group=group, period=period, status=PayBatch.Status.APPROVED, lines__isnull=False
    ).first()
