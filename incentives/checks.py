"""The lines of a closing's checklist: each finds what is open in a plan's period, by name."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from incentives.checks_data import corrections, queue, rejected, sources, unknown
from incentives.dispute_queries import with_titles
from incentives.finalise import Unsettled
from incentives.models import CalculationRun, Dispute, PlanPeriod, Result
from incentives.outliers import outliers_of
from incentives.point import MOST, ONE_DAY, Check, Item, Point
from org.models import Membership, StaleMark
from org.permissions import Permission, roles_with
from org.tenancy import current_tenant_id


def over(point: Point) -> Check:
    """Whether its last day has passed."""
    period = point.plan_period.period
    last = period.valid_to - ONE_DAY
    early = point.on < period.valid_to
    items = (Item(f"Its last day is {last}."),) if early else ()
    return Check("over", "The period is over", f"Its last day was {last}.", items, hard=True)


def earlier(point: Point) -> Check:
    """Whether the plan's earlier periods are final."""
    mine = point.plan_period
    open_ones = PlanPeriod.objects.filter(
        plan=mine.plan, final_at=None, period__valid_from__lt=mine.period.valid_from
    ).select_related("period__calendar")
    items = tuple(
        Item(
            f"{one.period.code} of {mine.plan} is still open. Periods are closed in their order.",
            "closing",
            (one.period.calendar.code, one.period.code),
        )
        for one in open_ones.order_by("period__valid_from")
    )
    return Check("earlier", "Earlier periods are final", "None is open.", items, hard=True)


def fresh(point: Point) -> Check:
    """Whether something came in after it was worked out: the closing works it out once more."""
    period = point.plan_period.period
    marks = StaleMark.objects.filter(
        Q(plan=None) | Q(plan=point.plan_period.plan_id),
        Q(metric=None) | Q(metric__in=list(point.metrics.values())),
        first_day__lt=period.valid_to,
        end_day__gt=period.valid_from,
    )
    sentences = marks.order_by("-change").values_list("change__sentence", flat=True)
    found = list(dict.fromkeys(sentences))[:MOST]
    return Check(
        "fresh",
        "Worked out with all that is known",
        "Nothing has come in since it was worked out.",
        tuple(Item(f"Since then: {sentence}") for sentence in found),
        info=True,
    )


def gates(point: Point) -> Check:
    """Whether every result is decided."""
    items = _of(point, lambda one: one.status != "failed")
    done = "Every result is decided."
    return Check("gates", "No gate or amount is undecided", done, items, hard=True)


def zero_goals(point: Point) -> Check:
    """Whether somebody has said what a goal of zero means."""
    items = _of(point, lambda one: one.problem == "zero_goal", page="decide-goal")
    done = "No goal is zero, or it is decided."
    return Check("zero_goals", "Goals of zero are decided", done, items, hard=True)


def failed(point: Point) -> Check:
    """Whether every formula could be worked out."""
    items = _of(point, lambda one: one.status == "failed" and one.problem != "zero_goal")
    done = "Every formula could be worked out for everybody."
    return Check("failed", "No formula failed", done, items, hard=True)


def _of(
    point: Point, fits: Callable[[Unsettled], bool], page: str = "scorecard"
) -> tuple[Item, ...]:
    mine = point.plan_period
    where = (mine.period.calendar.code, mine.period.code)

    def args(person: str) -> tuple[str, ...]:
        return (*where, mine.plan.code, person) if page != "scorecard" else (person, *where)

    return tuple(Item(one.sentence, page, args(one.person)) for one in point.unsettled if fits(one))


def disputes(point: Point) -> Check:
    """Which lines are frozen: they wait for an answer, and all else goes on."""
    mine = point.plan_period
    frozen = Dispute.objects.filter(plan=mine.plan, period=mine.period, closed_at=None)
    rows = with_titles(frozen)
    items = tuple(
        Item(f"{_disputed(one)}, since {one.opened_at:%Y-%m-%d}.", "dispute", (str(one.pk),))
        for one in rows.select_related("person", "plan", "period__calendar").order_by("pk")
    )
    return Check("disputes", "Disputes are frozen", "None is open.", items, info=True)


def _disputed(one: Dispute) -> str:
    if one.is_claim:
        return f"{one.person}: says that something is missing; nothing is frozen"
    title = one.title  # type: ignore[attr-defined]
    amount = "" if one.amount_then is None else f" ({one.amount_then.normalize():f} {one.currency})"
    return f"{one.person}: {title}{amount} is frozen until it is answered"


def strange(point: Point) -> Check:
    """Whose amounts are far from their own past; found by :mod:`incentives.outliers`."""
    point.outliers = outliers_of(point.run)
    items = tuple(
        Item(
            one.sentence,
            "scorecard",
            (one.code, point.plan_period.period.calendar.code, point.plan_period.period.code),
        )
        for one in point.outliers[:MOST]
    )
    return Check(
        "strange",
        "Amounts far from people's own past",
        "Nobody's amount is far from their own last periods.",
        items,
        count=len(point.outliers),
    )


def own_pay(point: Point) -> Check:
    """Who may close periods and is paid by this one, so that somebody else does."""
    grants = [str(role) for role in roles_with(Permission.FINALISE)]
    members = Membership.objects.filter(
        tenant=current_tenant_id(),
        person__isnull=False,
        grants__role__in=grants,
        grants__valid_from__lte=point.on,
        grants__valid_to__gt=point.on,
    ).select_related("user", "person")
    paid = paid_by(point.run, [one.person_id for one in members if one.person_id])
    items = tuple(
        Item(f"{one.user} is {one.person} and is paid by this plan, so somebody else closes it.")
        for one in members.distinct()
        if one.person_id in paid
    )
    done = "Nobody who closes periods is paid by it."
    return Check("own_pay", "Own pay is flagged", done, items, info=True)


def paid_by(run: CalculationRun, people: list[int]) -> set[int]:
    """Which of some people have a result in a run."""
    rows = Result.objects.filter(run_id=run.pk, person_id__in=people)
    return set(rows.values_list("person_id", flat=True))


CHECKS: tuple[Callable[[Point], Check], ...] = (
    over,
    earlier,
    sources,
    rejected,
    unknown,
    queue,
    corrections,
    gates,
    zero_goals,
    failed,
    fresh,
    disputes,
    strange,
    own_pay,
)
"""In the order in which they are worked through."""
