"""Versions between file and database: what may change when, and who must have seen it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from incentives.models import CalculationRun, Plan, PlanPeriod, PlanVersion
from incentives.publish import publish
from org.errors import DomainError
from org.models import AuditEntry, InputChange, Period, StaleMark, Tenant
from org.tenancy import enter
from tests.config.files import AT, SMALL, Folder, export, user
from tests.factories import make_ready

LATER = AT + timedelta(days=1)
CHANGED = SMALL.replace("[100, 6%]", "[100, 7%]")
SECOND = """\
      - number: 2
        in_force: {day}
        {reason}
        tables: {{step: {{rows: [[0, 4%], [100, 7%]]}}}}
        measures: {{calls: {{}}}}
        components: {{pay: {{formula: "TIER(calls, step)"}}}}
"""


def with_second(*, day: str, reason: str = "") -> str:
    return SMALL + SECOND.format(
        day=day, reason=f"reason: {reason}" if reason else "segments: blend"
    )


@pytest.fixture
def bank(folder: Folder) -> Iterator[Folder]:
    """The small tenant, applied and entered."""
    folder.apply(SMALL)
    with enter(Tenant.objects.get().pk):
        yield folder


def run_of(period_code: str, *, final: bool) -> PlanPeriod:
    """A calculated period of the plan, perhaps final."""
    plan = Plan.objects.get()
    period = Period.objects.get(code=period_code)
    run = CalculationRun.objects.create(
        plan=plan,
        version=plan.versions.get(status="published"),
        period=period,
        at=AT,
        on=AT.date(),
        statement="SELECT",
        statement_sha256="0" * 64,
    )
    return PlanPeriod.objects.create(
        plan=plan, period=period, run=run, final_at=AT if final else None
    )


def live() -> list[tuple[int, str]]:
    rows = PlanVersion.objects.exclude(status="retired").order_by("number")
    return list(rows.values_list("number", "status"))


# -- changes --------------------------------------------------------------------------------------


def test_a_version_that_nobody_was_paid_by_is_replaced(bank: Folder) -> None:
    run_of("2026-01", final=False)
    said = bank.changes(CHANGED, at=LATER)
    assert said == {"plans": ["~ plan service version 1 from 2026-01-01: tables.step"]}
    old = PlanVersion.objects.get(status="retired")
    assert (old.number, old.withdrawn_at) == (1, LATER)
    assert live() == [(1, "published")]
    assert bank.changes(CHANGED) == {}


def test_a_replaced_version_is_a_recorded_cause(bank: Folder) -> None:
    before = InputChange.objects.filter(kind="version").count()
    bank.changes(CHANGED, at=LATER)
    change = InputChange.objects.filter(kind="version").first()
    assert change is not None
    assert InputChange.objects.filter(kind="version").count() == before + 2  # withdrawn, published
    assert "service version 1 (from 2026-01-01) changed" in change.sentence
    mark = StaleMark.objects.get(change=change)
    assert (mark.plan, mark.first_day) == (Plan.objects.get().pk, date(2026, 1, 1))


def test_a_version_with_final_periods_stays_as_it_is(bank: Folder) -> None:
    run_of("2026-01", final=True)
    refusal = bank.refusal(CHANGED)
    assert "version 1 has changed (tables.step), but 2026-01 is final with it" in refusal
    assert "plans.service.versions[0] (line 17)" in refusal
    other = SMALL.replace("in_force: 2026-01-01", "in_force: 2026-02-01")
    refusal = bank.refusal(other)
    assert "version 1 is left out, but 2026-01 is final with it" in refusal
    assert live() == [(1, "published")]


def test_a_new_version_from_an_open_period_needs_no_reason(bank: Folder) -> None:
    run_of("2026-01", final=True)
    text = with_second(day="2026-02-01")
    assert bank.changes(text) == {"plans": ["+ plan service version 2 from 2026-02-01"]}
    assert live() == [(1, "published"), (2, "published")]
    assert bank.changes(text) == {}
    assert bank.changes(export()) == {}


def test_a_late_version_needs_a_reason_and_takes_the_place(bank: Folder) -> None:
    run_of("2026-01", final=True)
    assert "2026-01 is final and would be worked out anew" in bank.refusal(
        with_second(day="2026-01-01")
    )
    text = with_second(day="2026-01-01", reason="agreed with the union in March")
    bank.apply(text, at=LATER)
    assert live() == [(2, "published")]
    assert PlanVersion.objects.get(number=1).status == "retired"
    entry = AuditEntry.objects.filter(action="publish version").first()
    assert entry is not None
    assert entry.detail["final_periods"] == ["2026-01"]
    assert entry.reason == "agreed with the union in March"


def test_both_versions_may_stand_in_the_file_for_ever(bank: Folder) -> None:
    text = with_second(day="2026-01-01", reason="late")
    bank.apply(text)
    assert bank.changes(text) == {}
    assert bank.changes(export()) == {}
    assert bank.apply(text, tenant="fresh").changes["plans"]
    assert bank.changes(text, tenant="fresh") == {}


def test_a_version_that_is_left_out_is_withdrawn(bank: Folder) -> None:
    text = with_second(day="2026-02-01")
    bank.apply(text)
    assert bank.changes(SMALL, at=LATER) == {"plans": ["- plan service version 2"]}
    assert live() == [(1, "published")]
    bank.apply(text, at=LATER + timedelta(days=1))
    assert live() == [(1, "published"), (2, "published")]


def test_the_order_of_components_is_part_of_a_version(bank: Folder) -> None:
    two = SMALL.replace("        components:\n", "        components:\n          a: {formula: 1}\n")
    swapped = SMALL + "          a: {formula: 1}\n"
    bank.apply(two)
    assert bank.changes(swapped)["plans"]
    assert bank.changes(swapped) == {}
    assert export().index("pay:") < export().index("a: {formula")


# -- drafts ---------------------------------------------------------------------------------------


def test_a_draft_waits_until_the_file_publishes_it(bank: Folder) -> None:
    draft = with_second(day="2026-02-01").replace("segments: blend", "status: draft")
    assert bank.changes(draft) == {"plans": ["+ plan service version 2 from 2026-02-01, a draft"]}
    assert live() == [(1, "published"), (2, "draft")]
    assert bank.changes(draft) == {}
    assert bank.changes(export()) == {}
    said = bank.changes(with_second(day="2026-02-01"))
    assert said == {"plans": ["~ plan service version 2 from 2026-02-01: status"]}
    assert live() == [(1, "published"), (2, "published")]


def test_a_draft_is_checked_and_can_be_dropped(bank: Folder) -> None:
    draft = with_second(day="2026-02-01").replace("segments: blend", "status: draft")
    assert "versions[1].components.pay.formula" in bank.refusal(
        draft.replace('"TIER(calls, step)"}}', '"TIER(cals, step)"}}').replace(
            'pay: {formula: "TIER(calls, step)"}}', "pay: {formula: cals}}"
        )
    )
    bank.apply(draft)
    assert bank.changes(SMALL) == {"plans": ["- draft of plan service version 2"]}
    assert live() == [(1, "published")]


# -- plans ----------------------------------------------------------------------------------------


def test_a_plan_that_was_never_calculated_can_go(bank: Folder) -> None:
    text = (
        SMALL
        + "  spare:\n    calendar: monthly\n    versions:\n"
        + ("      - {in_force: 2026-01-01, status: draft, components: {a: {formula: 1}}}\n")
    )
    bank.apply(text)
    assert bank.changes(SMALL) == {"plans": ["- plan spare"]}
    assert Plan.objects.count() == 1


def test_a_calculated_plan_stays_and_keeps_its_calendar(bank: Folder) -> None:
    run_of("2026-01", final=False)
    gone = SMALL.split("plans:")[0] + "plans: {}\n"
    assert "plans.service (line 13): the file leaves this plan out" in bank.refusal(gone)
    weekly = SMALL.replace(
        "calendars:\n",
        "calendars:\n  quarter: {kind: quarterly, from: 2026-01-01, to: 2026-12-31}\n",
    ).replace("    calendar: monthly", "    calendar: quarter")
    assert "plans.service.calendar (line 16): the plan has been calculated" in bank.refusal(weekly)


# -- who ------------------------------------------------------------------------------------------


def test_nobody_publishes_what_they_wrote(bank: Folder) -> None:
    ann, bob = user("ann"), user("bob")
    assert "who writes a version does not publish it" in bank.refusal(CHANGED, by=ann)
    assert "ann cannot approve an own version" in bank.refusal(CHANGED, by=ann, approved_by=ann)
    bank.apply(CHANGED, by=ann, approved_by=bob, at=LATER)
    version = PlanVersion.objects.get(status="published")
    assert (version.author, version.published_by) == (ann, bob)


def test_a_draft_needs_nobody_else(bank: Folder) -> None:
    draft = with_second(day="2026-02-01").replace("segments: blend", "status: draft")
    bank.apply(draft, by=user("ann"))
    assert live() == [(1, "published"), (2, "draft")]


def test_in_a_new_tenant_there_is_nobody_to_approve(folder: Folder) -> None:
    ann = user("ann")
    folder.apply(SMALL, by=ann)
    with enter(Tenant.objects.get().pk):
        version = PlanVersion.objects.get()
        assert (version.author, version.published_by, version.status) == (ann, None, "published")


def test_without_an_author_the_system_publishes(bank: Folder) -> None:
    bank.apply(CHANGED)
    version = PlanVersion.objects.get(status="published")
    assert (version.author, version.published_by) == (None, None)


# -- the verb -------------------------------------------------------------------------------------


def draft_of(bank: Folder, **fields: object) -> PlanVersion:
    """A draft from February on, written by ann."""
    draft = with_second(day="2026-02-01").replace("segments: blend", "status: draft")
    bank.apply(draft, by=user("ann"))
    PlanVersion.objects.filter(number=2).update(**fields)
    return PlanVersion.objects.get(number=2)


def test_publishing_by_somebody_else(bank: Folder) -> None:
    draft, bob = make_ready(draft_of(bank)), user("bob")
    publish(version=draft, by=bob, at=LATER)
    assert (draft.status, draft.published_by, draft.published_at) == ("published", bob, LATER)
    change = InputChange.objects.filter(kind="version").first()
    assert change is not None
    assert change.sentence == "service version 2 (from 2026-02-01) was published"
    with pytest.raises(DomainError, match=r"is published already, by bob on 2026-07-06\. Nothing"):
        publish(version=draft, by=bob, at=LATER)


def test_the_author_cannot_publish(bank: Folder) -> None:
    draft = make_ready(draft_of(bank))
    with pytest.raises(DomainError, match="was written by ann, so somebody else must publish it"):
        publish(version=draft, by=draft.author, at=LATER)


def test_publishing_checks_the_rules_and_the_first_day(bank: Folder) -> None:
    draft = make_ready(draft_of(bank))
    PlanVersion.objects.filter(pk=draft.pk).update(in_force=date(2026, 2, 10))
    draft.refresh_from_db()
    draft.components.update(formula="nothing + 1")
    with pytest.raises(DomainError) as refused:
        publish(version=draft, by=user("bob"), at=LATER)
    assert "no period of the calendar monthly begins on 2026-02-10" in str(refused.value)
    assert "components.pay.formula" in str(refused.value)


def test_publishing_into_final_periods_needs_a_reason(bank: Folder) -> None:
    draft = make_ready(draft_of(bank))
    run_of("2026-02", final=True)
    with pytest.raises(DomainError, match=r"1 period.s. from then on are final .2026-02 first"):
        publish(version=draft, by=user("bob"), at=LATER)
    draft.reason = "agreed late"
    publish(version=draft, by=user("carl"), at=LATER)
    assert live() == [(1, "published"), (2, "published")]
