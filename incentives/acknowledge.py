"""The rules that apply to a person, acknowledged by the hash of what was read.

A plan applies to whom its latest calculation had a result for, while they work here: of it, the
version in force today and those that are published for later days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from incentives.fingerprint import version_hash
from incentives.models import (
    Acknowledgement,
    AcknowledgementReminder,
    PlanPeriod,
    PlanVersion,
    Result,
)
from org.audit import record
from org.base import CURRENT
from org.errors import DomainError
from org.mail import Letter, send_later
from org.models import Assignment, Membership, Person, User
from org.tenancy import acting_through

Status = PlanVersion.Status


@dataclass(frozen=True)
class Paper:
    """A version that applies to a person, its hash, and when it was acknowledged."""

    version: PlanVersion
    digest: str
    acknowledged: Acknowledgement | None
    reminded: AcknowledgementReminder | None


@dataclass(frozen=True)
class Reader:
    """Somebody to whom a version applies: whether they have a sign-in, and what they did."""

    person: Person
    acknowledged_at: datetime | None
    reminded_at: datetime | None
    address: str
    signs_in: bool


@dataclass(frozen=True)
class Count:
    """A version in force or to come, and how many of its people have acknowledged it."""

    version: PlanVersion
    people: int
    acknowledged: int

    @property
    def missing(self) -> int:
        """How many have not."""
        return self.people - self.acknowledged


# --- which rules apply


def versions_now(on: date) -> QuerySet[PlanVersion]:
    """Published versions in force on a day, or from a later one, by plan."""
    published = PlanVersion.objects.filter(status=Status.PUBLISHED)
    ruling = published.filter(in_force__lte=on).exclude(ends__lte=on)
    latest = ruling.order_by("plan_id", "-in_force", "-number").distinct("plan_id").values("pk")
    found = published.filter(Q(pk__in=latest) | Q(in_force__gt=on))
    return found.select_related("plan__calendar").order_by("plan__code", "in_force")


def plans_of(person: Person, on: date) -> QuerySet[PlanPeriod]:
    """The latest calculated period of each plan, where the person has a result in it."""
    own = Result.objects.filter(run_id=OuterRef("run_id"), person_id=person.pk)
    latest = _latest_points(on).values("pk")
    return PlanPeriod.objects.filter(Exists(own), pk__in=latest)


def _latest_points(on: date) -> QuerySet[PlanPeriod]:
    points = PlanPeriod.objects.filter(run__isnull=False, period__valid_from__lte=on)
    return points.order_by("plan_id", "-period__valid_from").distinct("plan_id")


def waiting_for(person: Person, on: date) -> QuerySet[PlanVersion]:
    """The versions that apply to a person and that the person has not acknowledged."""
    done = Acknowledgement.objects.filter(person=person).values("version")
    return (
        versions_now(on).filter(plan__in=plans_of(person, on).values("plan")).exclude(pk__in=done)
    )


def papers_of(person: Person, on: date) -> list[Paper]:
    """Every version that applies to a person."""
    versions = versions_now(on).filter(plan__in=plans_of(person, on).values("plan"))
    done = {a.version_id: a for a in Acknowledgement.objects.filter(person=person).order_by("at")}
    asked = AcknowledgementReminder.objects.filter(person=person).order_by("at")
    reminded = {reminder.version_id: reminder for reminder in asked}
    return [
        Paper(version, version_hash(version), done.get(version.pk), reminded.get(version.pk))
        for version in versions
    ]


# --- acknowledging


@transaction.atomic
def acknowledge(
    *, person: Person, plan: str, digest: str, on: date, by: User, at: datetime
) -> Acknowledgement:
    """Note that a person has read the rules with this hash.

    Refused where another version of the plan has taken their place meanwhile, or where they do not
    apply to the person. Again, it changes nothing.
    """
    papers = [paper for paper in papers_of(person, on) if paper.version.plan.code == plan]
    if not papers:
        raise DomainError("This plan does not apply to you, so there is nothing to acknowledge.")
    found = next((paper for paper in papers if paper.digest == digest), None)
    if found is None:
        now = papers[0].version
        raise DomainError(
            f"The rules of {now.plan} were replaced while you read them: version {now.number} is"
            " published now. Nothing was acknowledged. Read the document below, and acknowledge"
            " that one."
        )
    made, fresh = Acknowledgement.objects.get_or_create(
        person=person,
        version=found.version,
        digest=digest,
        defaults={"at": at, "by": by, "through": acting_through()[:300]},
    )
    if fresh:
        record(
            action="acknowledge rules",
            subject=f"{person}: {found.version}",
            by=by,
            at=at,
            detail={"person": person.code, "plan": plan, "hash": digest},
        )
    return made


# --- who has not


def people_of(version: PlanVersion, on: date) -> QuerySet[Person]:
    """Whom a version applies to: those with a result of its plan who work here on a day."""
    runs = _latest_points(on).filter(plan=version.plan_id).values("run")
    results = Result.objects.filter(run_id__in=runs, person_id=OuterRef("pk"))
    working = Assignment.objects.filter(
        CURRENT, person=OuterRef("pk"), valid_from__lte=on, valid_to__gt=on
    )
    return Person.objects.filter(Exists(results), Exists(working)).order_by("name", "code")


def counts(on: date) -> list[Count]:
    """Every version in force or to come, with its people and who of them acknowledged it."""
    found = []
    for version in versions_now(on):
        people = people_of(version, on)
        done = Acknowledgement.objects.filter(version=version, person__in=people)
        found.append(Count(version, people.count(), done.count()))
    return found


def readers(version: PlanVersion, on: date) -> list[Reader]:
    """Everybody to whom a version applies, those who have not acknowledged it first."""
    people = list(people_of(version, on))
    done = dict(version.acknowledgements.values_list("person", "at"))
    asked = dict(version.reminders.order_by("at").values_list("person", "at"))
    rows = Membership.objects.filter(person__in=people).annotate(mail=F("user__email"))
    addresses = dict(rows.values_list("person", "mail"))
    found = [
        Reader(
            person=person,
            acknowledged_at=done.get(person.pk),
            reminded_at=asked.get(person.pk),
            address=addresses.get(person.pk, ""),
            signs_in=person.pk in addresses,
        )
        for person in people
    ]
    return sorted(found, key=lambda one: one.acknowledged_at is not None)


@transaction.atomic
def remind(
    *, version: PlanVersion, on: date, by: User, at: datetime, address: str
) -> list[AcknowledgementReminder]:
    """Remind everybody who has not acknowledged a version: on their home, and by e-mail.

    ``address``: of the page on which they do it. DomainError where nobody is left, or where all of
    them were reminded today.
    """
    missing = [one for one in readers(version, on) if one.acknowledged_at is None]
    if not missing:
        raise DomainError(f"Everybody has acknowledged {version}: there is nobody to remind.")
    fresh = [one for one in missing if not _reminded_today(one, at)]
    if not fresh:
        raise DomainError("All of them were reminded within the last day. Try again tomorrow.")
    made = AcknowledgementReminder.objects.bulk_create(
        AcknowledgementReminder(
            person=one.person, version=version, at=at, by=by, mailed=bool(one.address)
        )
        for one in fresh
    )
    send_later(_letter(one, version, address) for one in fresh if one.address)
    record(
        action="remind of rules",
        subject=str(version),
        by=by,
        at=at,
        detail={"people": [one.person.code for one in fresh]},
    )
    return made


def _reminded_today(one: Reader, at: datetime) -> bool:
    return one.reminded_at is not None and (at - one.reminded_at).total_seconds() < 86_400


def _letter(one: Reader, version: PlanVersion, address: str) -> Letter:
    return Letter(
        to=one.address,
        subject=f"Please read the rules of {version.plan}",
        text=(
            f"Hello {one.person.name},\n\n"
            f"the rules of {version.plan} that hold from {version.in_force} are ready to be read."
            f" Please read them and acknowledge that you have:\n\n{address}\n\n"
            "If you have a question about them, ask your plan manager before you do.\n"
        ),
    )
