"""What changed for somebody after a period was closed: told until they have looked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from incentives.models import ChangeNotice, Component, Transfer
from org.models import Period, Person
from org.prepared import Question
from org.sql import execute

# Whoever has a difference of another period among the transfers that a closing booked.
TELL = """
    INSERT INTO incentives_changenotice (tenant_id, person_id, period_id, at)
    SELECT DISTINCT moved.tenant_id, moved.person_id, moved.posted_period_id, %(at)s
    FROM incentives_transfer AS moved
    WHERE moved.id > %(after)s AND moved.posted_period_id = %(period)s
      AND moved.origin = 'calculation' AND moved.earned_period_id <> moved.posted_period_id
    ON CONFLICT DO NOTHING
"""

# A component as people read it, by the latest version of the plan that has it.
TITLE = (
    Component.objects.filter(version__plan=OuterRef("plan"), name__iexact=OuterRef("component"))
    .order_by("-version__number")
    .values("title")[:1]
)


@dataclass(frozen=True)
class Change:
    """A difference of an earlier period: what it was for, how much, and why."""

    plan: str
    component: str
    title: str
    earned: Period
    currency: str
    amount: Decimal
    cause: str


@dataclass(frozen=True)
class Told:
    """A notice with its changes, the largest first."""

    notice: ChangeNotice
    changes: tuple[Change, ...]

    @property
    def sums(self) -> list[tuple[str, Decimal]]:
        """What they come to, by currency."""
        sums: dict[str, Decimal] = {}
        for one in self.changes:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.amount
        return sorted(sums.items())


def tell(*, period: Period, after: int, at: datetime) -> int:
    """Note whom the transfers after one, booked to a period, concern; how many people."""
    return execute(TELL, {"period": period.pk, "after": after, "at": at})


def unseen(person: Person) -> list[Told]:
    """What somebody has not looked at yet, the latest first."""
    return _told(_latest(ChangeNotice.objects.filter(person=person, seen_at=None)))


def of_period(person: Person, period: Period) -> list[Told]:
    """What was booked to a period for somebody as differences, seen or not."""
    return _told(_OF_PERIOD.objects(person=person.pk, period=period.pk))


def _of_period(*, person: int, period: int) -> QuerySet[ChangeNotice]:
    return _latest(ChangeNotice.objects.filter(person=person, period=period))


_OF_PERIOD = Question(_of_period)


def seen(*, person: Person, period: Period, at: datetime) -> int:
    """Somebody has looked at what was booked to a period; how many notices that ends."""
    rows = ChangeNotice.objects.filter(person=person, period=period, seen_at=None)
    return rows.update(seen_at=at)


def _latest(notices: QuerySet[ChangeNotice]) -> QuerySet[ChangeNotice]:
    return notices.select_related("period__calendar").order_by("-id")


def _told(notices: Iterable[ChangeNotice]) -> list[Told]:
    return [Told(one, _changes(one)) for one in notices]


def _changes(notice: ChangeNotice) -> tuple[Change, ...]:
    rows = (
        Transfer.objects.filter(
            person=notice.person_id,
            posted_period=notice.period_id,
            recorded_at=notice.at,
            origin=Transfer.Origin.CALCULATION,
        )
        .exclude(earned_period=F("posted_period"))
        .annotate(title=Coalesce(NullIf(Subquery(TITLE), Value("")), F("component")))
        .select_related("plan", "earned_period__calendar")
    )
    sums: dict[tuple[str, str, int, str, str], Change] = {}
    for row in rows:
        granted = row.amount if row.from_account == "plan" else -row.amount
        if "plan" not in (row.from_account, row.to_account) or row.earned_period is None:
            continue
        plan = str(row.plan or "")
        key = plan, row.component, row.earned_period.pk, row.currency, row.cause
        before = sums[key].amount if key in sums else Decimal(0)
        sums[key] = Change(
            plan,
            row.component,
            row.title,
            row.earned_period,
            row.currency,
            before + granted,
            row.cause,
        )
    return tuple(sorted(sums.values(), key=lambda one: (-abs(one.amount), one.component)))
