"""The main job on the demo: from the last month's files to the file for payroll, and the summary.

What an earlier run did stays done; the summary is read from the database either way, and the main
job has happened only if everything in it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Sum

from incentives.explain import explain
from incentives.explain_text import as_text
from incentives.ledger import check_identity
from incentives.models import CalculationRun, Earning, PlanPeriod
from metrics.models import Delivery
from org.errors import DomainError
from org.models import Person, Tenant
from org.tenancy import enter
from payroll.models import PayFile, PayLine
from pmsite.demo.months import Month
from pmsite.demo.story import Say, Story


@dataclass(frozen=True)
class PlanTotal:
    """What one plan paid in one period."""

    plan: str
    period: str
    people: int
    total: Decimal
    final: bool


@dataclass
class Summary:
    """What is there after the main job; ``missing`` says in sentences what is not."""

    tenant: Tenant
    month: str
    files: int = 0
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    plans: list[PlanTotal] = field(default_factory=list)
    people_paid: int = 0
    paid: Decimal = Decimal(0)
    written: list[PayFile] = field(default_factory=list)
    explained: str = ""
    missing: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The summary as it is printed."""
        currency = self.tenant.currency
        yield f"{self.tenant.name}, {self.month}"
        yield f"  files read       {self.files}"
        yield f"  values read      {self.accepted:,} from {self.read:,} rows"
        yield f"  rows rejected    {self.rejected:,}, kept with line and reason"
        yield f"  people paid      {self.people_paid:,}: {self.paid:,.2f} {currency}"
        for plan in self.plans:
            state = "final" if plan.final else "provisional"
            yield f"  {plan.plan:<40} {plan.period:<10} {plan.total:>12,.2f} {currency} ({state})"
        for file in self.written:
            yield f"  file written     {file.name}, {file.rows} rows, {file.total:,.2f} {currency}"
            yield f"  SHA-256          {file.sha256}"


def do(story: Story, *, explain_to: Say) -> Summary:
    """Ingest, calculate, explain one person, finalise and pay the last month; then look."""
    last = story.months[-1]
    story.take_in(last)
    story.calculate(last)
    summary = Summary(tenant=story.tenant, month=last.code)
    with enter(story.tenant.pk, through="demo"):
        summary.explained = explain_one(last)
    explain_to(summary.explained)
    story.close(last)
    with enter(story.tenant.pk, through="demo"):
        _look(summary, story, last)
    return summary


def explain_one(month: Month) -> str:
    """The explanation of whoever earned most by the plan that pays most people in a month."""
    points = PlanPeriod.objects.filter(
        period__calendar__code="monthly", period__code=month.code, run__isnull=False
    )
    point = points.select_related("plan", "period__calendar", "run__version__plan")
    widest = point.order_by("-run__people").first()
    if widest is None or widest.run is None:
        raise DomainError(f"No plan was calculated for {month.code}, so nothing can be explained.")
    sums = Earning.objects.filter(run_id=widest.run.pk).values("person_id")
    best = sums.annotate(total=Sum("amount")).order_by("-total", "person_id")[0]
    found = explain(person=Person.objects.get(pk=best["person_id"]), point=widest)
    return "\n\n".join(as_text(one) for one in found)


def _look(summary: Summary, story: Story, month: Month) -> None:
    """Read every figure of the summary from the database, and note what is not as it should be."""
    names = [feed.file_name(month) for feed in story.organisation.feeds]
    deliveries = Delivery.objects.filter(file_name__in=names, undone_at=None)
    sums = deliveries.aggregate(
        n=Count("id"), r=Sum("rows_read"), a=Sum("values_accepted"), x=Sum("rows_rejected")
    )
    summary.files, summary.read = sums["n"], sums["r"] or 0
    summary.accepted, summary.rejected = sums["a"] or 0, sums["x"] or 0
    summary.plans = list(_plan_totals(month))
    _look_at_pay(summary, story, month)
    checks = {
        f"Only {summary.files} of {len(names)} files came in.": summary.files == len(names),
        "No value was taken in.": summary.accepted > 0,
        "No plan was calculated.": bool(summary.plans),
        f"Not every plan is final for {month.code}.": all(
            plan.final for plan in summary.plans if plan.period == month.code
        ),
        "Nobody was explained.": bool(summary.explained),
        "Nobody was paid.": summary.people_paid > 0,
        "No payroll file was written.": bool(summary.written),
        "The ledger does not balance.": not check_identity(),
    }
    summary.missing += [sentence for sentence, holds in checks.items() if not holds]


def _plan_totals(month: Month) -> Iterator[PlanTotal]:
    points = PlanPeriod.objects.filter(
        period__valid_from__lt=month.end, period__valid_to__gt=month.first, run__isnull=False
    )
    for point in points.select_related("plan", "period", "run").order_by("plan__code"):
        run = point.run
        assert isinstance(run, CalculationRun)
        final = point.final_at is not None
        yield PlanTotal(point.plan.name, point.period.code, run.people, run.total, final)


def _look_at_pay(summary: Summary, story: Story, month: Month) -> None:
    batches = story.batches(month)
    lines = PayLine.objects.filter(batch__in=batches)
    sums = lines.aggregate(people=Count("person", distinct=True), total=Sum("amount"))
    summary.people_paid, summary.paid = sums["people"], sums["total"] or Decimal(0)
    files = PayFile.objects.filter(batch__in=batches, reissue_of=None)
    summary.written = list(files.select_related("batch").order_by("pk"))
    for file in summary.written:
        if hashlib.sha256(bytes(file.content)).hexdigest() != file.sha256:
            summary.missing.append(f"{file.name} is not what its SHA-256 says.")
    booked = sum((file.total for file in summary.written), Decimal(0))
    if booked != summary.paid:
        summary.missing.append(f"Files say {booked:,.2f}, but {summary.paid:,.2f} was paid.")
