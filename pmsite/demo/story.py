"""The demo's three months as they happened: every step through the verbs that anybody would use.

Two months are final and paid, with differences of the first in the second; the last is provisional.
Each step can be repeated: what is there already stays, so an interrupted load goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connections

from incentives.calculate import calculate_period
from incentives.finalise import finalise_period
from incentives.models import PlanPeriod
from metrics.correct import correct
from metrics.ingest import IngestReport, ingest
from metrics.models import Correction, Metric, Source, Value
from org.audit import record
from org.base import CURRENT
from org.models import AuditEntry, Period, Person, Tenant
from org.people_csv import load_assignments
from org.tenancy import enter
from payroll.models import PayBatch
from payroll.run import Paid, run
from pmsite import tenant_file
from pmsite.demo import logins
from pmsite.demo.months import Month, three_months_before
from pmsite.demo.objections import object_to
from pmsite.demo.tenants import Feed, Organisation, organisations
from pmsite.schedule import set_schedule
from scorecards.models import Wallboard
from scorecards.walls import say

Say = Callable[[str], None]
BEGUN, LOADED = "demo.begun", "demo.loaded"
PROFILE = {"brackwater": "generic_csv", "quillpond": "adp_wfn"}
MESSAGE = {
    "brackwater": "Cake for the best month so far: Friday, four o'clock, by the windows.",
    "quillpond": "Harbor Street opens at ten on Thursday.",
}


@dataclass
class Story:
    """One organisation's three months; ``say`` tells the person at the terminal how it goes."""

    organisation: Organisation
    say: Say

    @cached_property
    def tenant(self) -> Tenant:
        """The tenant, once the tenant file was applied."""
        return Tenant.objects.get(code=self.organisation.code)

    @property
    def months(self) -> tuple[Month, ...]:
        """The three."""
        return self.organisation.months

    def moment(self, day: date, hour: int) -> datetime:
        """A time of the tenant's day."""
        zone = ZoneInfo(self.tenant.time_zone)
        return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)

    # --- The whole

    def tell(self) -> None:
        """Load everything that is not there yet."""
        self.set_up()
        first, second, last = self.months
        self.take_in(first)
        refresh_statistics()
        self.close(first)
        self.learn_late(first, on=second.first + timedelta(days=11))
        self.take_in(second)
        self.close(second)
        self.take_in(last)
        self.calculate(last)
        self._object(second, last)
        with enter(self.tenant.pk, through="demo"):
            self._speak(at=self.moment(last.end, 8))
            self._note(LOADED, at=self.moment(last.end, 9))

    def set_up(self) -> None:
        """Tenant file, people and jobs, users, and the night's schedule; only the first time.

        Again, it would take back what was learnt later about people's jobs.
        """
        if _entry(self.organisation, BEGUN) is not None:
            return
        begin = self.months[0].first - timedelta(days=20)
        at = datetime.combine(begin, time(9), tzinfo=UTC)
        report = tenant_file.apply(path=self.organisation.write_tenant_file(), by=None, at=at)
        self.say(f"{self.organisation.code}: tenant file applied, {_count(report)}")
        with enter(self.tenant.pk, through="demo"):
            logins.join(self.organisation.logins, self._who_logs_in(), on=begin, at=at)
            set_schedule(job="nightly", at_time=time(2, 30), by=None, at=at)
            self._note(BEGUN, at=at)

    # --- A month

    def take_in(self, month: Month) -> list[IngestReport]:
        """Every source's file of a month, on the morning after its last day."""
        reports = []
        for feed, path in self.organisation.write_month(month):
            at = self.moment(month.end, 6)
            reports.append(self._take_in(feed, path, through=month.end - timedelta(days=1), at=at))
        accepted = sum(report.accepted for report in reports)
        rejected = sum(report.rejected for report in reports)
        if not all(report.already for report in reports):
            self.say(
                f"{self.organisation.code}: {month.code}, {len(reports)} files, "
                f"{accepted:,} values taken in, {rejected} rows rejected"
            )
        return reports

    def _take_in(self, feed: Feed, path: Path, *, through: date, at: datetime) -> IngestReport:
        with enter(self.tenant.pk, through="demo"):
            return ingest(
                source=Source.objects.get(code=feed.source),
                file_name=path.name,
                content=path.read_bytes(),
                by=logins.user(logins.ADMINISTRATOR),
                at=at,
                complete_through=through,
            )

    def calculate(self, month: Month) -> None:
        """Work out every period that the month ends, or that is open and has days of it."""
        for period in self._periods(month, ended=False):
            on = month.end + timedelta(days=1)
            with enter(self.tenant.pk, through="demo"):
                if self._is_open(period):
                    calculate_period(period=period, by=None, at=self.moment(on, 3), on=on)
        self.say(f"{self.organisation.code}: {month.code} calculated")

    def close(self, month: Month) -> list[Paid]:
        """Finalise what ended in a month, and pay it, unless that is done."""
        on = month.end + timedelta(days=5)
        at = self.moment(on, 15)
        planner = logins.user(logins.PLANNER)
        for period in self._periods(month, ended=True):
            with enter(self.tenant.pk, through="demo"):
                if self._is_open(period):
                    finalise_period(period=period, by=planner, at=at, on=on)
        return self._pay(month)

    def _pay(self, month: Month) -> list[Paid]:
        at = self.moment(month.end + timedelta(days=8), 11)
        with enter(self.tenant.pk, through="demo"):
            period = Period.objects.get(calendar__code="monthly", code=month.code)
            if self.batches(month):
                return []
            paid = run(
                periods=[period],
                profile=PROFILE[self.organisation.code],
                by=logins.user(logins.PAYROLL),
                approved_by=logins.user(logins.APPROVER),
                at=at,
            )
            for one in paid:
                if one.file is not None:
                    self._keep_file(month, one)
        self.say(f"{self.organisation.code}: {month.code} final and paid")
        return paid

    def batches(self, month: Month) -> list[PayBatch]:
        """The approved batches that pay a month; call it inside the tenant."""
        last = month.end - timedelta(days=1)
        approved = PayBatch.objects.filter(status=PayBatch.Status.APPROVED)
        return list(approved.filter(period__valid_from__lte=last, period__valid_to__gt=last))

    def _keep_file(self, month: Month, paid: Paid) -> None:
        assert paid.file is not None
        folder = self.organisation.folder / month.code
        folder.mkdir(parents=True, exist_ok=True)
        (folder / paid.file.name).write_bytes(bytes(paid.file.content))

    # --- What is learnt when the first month is final

    def learn_late(self, month: Month, *, on: date) -> None:
        """Moves between teams told late, scores given anew, and a figure corrected by hand."""
        at = self.moment(on, 10)
        if self.organisation.movers_told_late:
            path = self.organisation.write_late_moves()
            by = logins.user(logins.ADMINISTRATOR)
            with enter(self.tenant.pk, through="demo"):
                load_assignments(content=path.read_bytes(), file=path.name, by=by, at=at)
        self._evaluate_again(month, at)
        self._correct(month, at)
        self.say(f"{self.organisation.code}: late news about {month.code}")

    def _evaluate_again(self, month: Month, at: datetime) -> None:
        """The quality team listens again to the calls of five agents: they did better."""
        feed = next((f for f in self.organisation.feeds if f.source == "quality"), None)
        if feed is None:
            return
        rows = [list(row) for row in self.organisation.rows(feed, month)]
        chosen = sorted({str(row[1]) for row in rows[1:] if float(str(row[3])) < 82})[:5]
        again = [row for row in rows[1:] if row[1] in chosen]
        for row in again:
            row[3] = min(100.0, float(str(row[3])) + 9)
        path = self.organisation.folder / month.code / f"quality-{month.code}-again.xlsx"
        feed.write(path, [rows[0], *again])
        last = month.end - timedelta(days=1)
        self._take_in(feed, path, through=last, at=at + timedelta(hours=1))

    def _correct(self, month: Month, at: datetime) -> None:
        """One day's figure, set by the plan manager because the system was down."""
        code = {"brackwater": "revenue", "quillpond": "loan_volume"}[self.organisation.code]
        with enter(self.tenant.pk, through="demo"):
            metric = Metric.objects.get(code=code)
            days = {"day__gte": month.first, "day__lt": month.end, "metric_id": metric.pk}
            if Correction.objects.filter(metric=metric).exists():
                return
            value = Value.objects.filter(CURRENT, **days).order_by("-numerator", "person_id")[0]
            correct(
                person=Person.objects.get(pk=value.person_id),
                day=value.day,
                metric=metric,
                numerator=value.numerator + Decimal(1250),
                reason="A deal was entered twice and then removed twice; the file is in order.",
                by=logins.user(logins.PLANNER),
                at=at + timedelta(hours=2),
            )

    def _object(self, closed: Month, running: Month) -> None:
        """Whoever logs in as an agent says that something is wrong."""
        names = self._who_logs_in()
        login, *_ = self.organisation.logins
        with enter(self.tenant.pk, through="demo"):
            monthly = Period.objects.filter(calendar__code="monthly")
            object_to(
                person=Person.objects.get(code=names[login.username]),
                closed=monthly.get(code=closed.code),
                running=monthly.get(code=running.code),
                by=logins.user(login),
                answered_by=logins.user(logins.PLANNER),
                at=self.moment(closed.end + timedelta(days=9), 10),
            )

    def _speak(self, *, at: datetime) -> None:
        """A sentence on every wallboard."""
        for wallboard in Wallboard.objects.all():
            say(
                wallboard=wallboard,
                text=MESSAGE[self.organisation.code],
                begins=at,
                ends=at + timedelta(days=120),
                by=logins.user(logins.ADMINISTRATOR),
                at=at,
            )

    # --- Small change

    def _periods(self, month: Month, *, ended: bool) -> list[Period]:
        """The periods in which plans pay and that end in a month, or merely have days of it."""
        with enter(self.tenant.pk, through="demo"):
            found = Period.objects.filter(
                calendar__plans__isnull=False, valid_to__gt=month.first, valid_from__lt=month.end
            )
            if ended:
                found = found.filter(valid_to__lte=month.end)
            return list(found.select_related("calendar").distinct().order_by("valid_to"))

    def _is_open(self, period: Period) -> bool:
        return not PlanPeriod.objects.filter(period=period, final_at__isnull=False).exists()

    def _who_logs_in(self) -> dict[str, str]:
        """Somebody whom something happened to, and the head of that team."""
        people = self.organisation.people
        if self.organisation.movers_told_late:
            agent = max(self.organisation.movers_told_late, key=lambda person: person.ability)
        else:
            agent = next(p for p in people if p.jobs[0].job_type == "teller" and not p.left)
        head = agent.jobs[-1].manager
        return {
            logins.AGENT.username: agent.code,
            logins.TELLER.username: agent.code,
            logins.SUPERVISOR.username: head,
            logins.BRANCH_MANAGER.username: head,
        }

    def _note(self, action: str, *, at: datetime) -> None:
        detail = {"first": self.months[0].first.isoformat()}
        record(action=action, subject=self.tenant.name, by=None, at=at, detail=detail)


def refresh_statistics() -> None:
    """Tell the planner of the database how much came in; it would find out within a minute."""
    if "owner" in settings.DATABASES:  # only the tables' owner may
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")


def _count(report: tenant_file.Report) -> str:
    changes = sum(len(said) for said in report.changes.values())
    return f"{changes} changes" if changes else "nothing new"


def stories(today: date, say: Say) -> list[Story]:
    """Both organisations, in the months in which they were loaded, else those before ``today``."""
    months = three_months_before(today)
    return [Story(organisation=_as_loaded(one), say=say) for one in organisations(months)]


def _as_loaded(organisation: Organisation) -> Organisation:
    begun = _entry(organisation, BEGUN)
    if begun is None:
        return organisation
    first = Month(date.fromisoformat(begun.detail["first"]))
    months = (first, Month(first.end), Month(Month(first.end).end))
    return next(o for o in organisations(months) if o.code == organisation.code)


def is_loaded(organisation: Organisation) -> bool:
    """Whether the demo's last step was done once."""
    return _entry(organisation, LOADED) is not None


def _entry(organisation: Organisation, action: str) -> AuditEntry | None:
    tenant = Tenant.objects.filter(code=organisation.code).first()
    if tenant is None:
        return None
    with enter(tenant.pk, through="demo"):
        return AuditEntry.objects.filter(action=action).first()


def load(*, today: date, at: datetime, say: Say) -> int:
    """Load both; answers how many were loaded now. What is loaded already takes no time."""
    logins.make_users(at=at)
    loaded = 0
    for story in stories(today, say):
        if not is_loaded(story.organisation):
            story.tell()
            loaded += 1
    return loaded
