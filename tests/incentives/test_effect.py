"""What a change would do to pay: both ways to the same amounts, and nothing left behind."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from incentives.effect import groups
from incentives.effect.working import Worked, of_draft, put_in_force
from incentives.models import Plan, PlanVersion
from incentives.preview import preview
from org.errors import DomainError
from org.models import Period, Tenant
from org.sql import fetch
from org.tenancy import enter
from tests.incentives.test_found import Small
from tests.incentives.test_random_plans import HEAD, jobs, plan, sales, values
from tests.tables import contents

pytestmark = pytest.mark.django_db
AT, ON = datetime(2026, 3, 2, 9, tzinfo=UTC), date(2026, 3, 2)
Sums = Mapping[tuple[str, str], tuple[Decimal, Decimal]]


def draft_of(text: str) -> str:
    """The plan's version once more, as a draft with other rates."""
    version = text.partition("    versions:\n")[2]
    for old, new in (
        ("      - in_force: 2026-01-01", "      - in_force: 2026-02-01\n        status: draft"),
        ("[20, 5.55%]", "[15, 4.44%]"),
        ("[300, 7.77%]", "[200, 9.99%]"),
        ("'x * 1.25'", "'x * 0.9 + y * 0.4'"),
        ("cap: '60'", "cap: '45'"),
        ("segments: blend", "segments: separate"),
    ):
        version = version.replace(old, new)
    return version


def snapshot(worked: Worked) -> tuple[dict[str, tuple[Decimal, ...]], dict[str, object]]:
    """Each person's sums, and everything else that both ways must agree on."""
    people = fetch(
        "SELECT code, before, after, earned FROM effect_person JOIN org_person ON id = person_id"
        " WHERE before <> 0 OR after <> 0"
    )
    parts = {key: sums for key, sums in worked.parts.items() if any(sums)}
    rest = {"parts": parts, "undecided": worked.undecided, "final": worked.final}
    return {code: tuple(sums) for code, *sums in people}, rest


def effect(period: Period, *, whole: bool) -> tuple[bool, object]:
    alone, found = of_draft(
        version=PlanVersion.objects.select_related("plan__calendar").get(status="draft"),
        period=period,
        at=AT,
        on=ON,
        read=lambda worked: (worked.alone, snapshot(worked)),
        whole=whole,
    )
    return alone, found


def previewed(period: Period) -> dict[str, tuple[Decimal, Decimal]]:
    """The same by the command's preview, for those whose sum changes."""
    version = PlanVersion.objects.select_related("plan__calendar").get(status="draft")
    found = preview(
        period=period, change=lambda: put_in_force(version, period, at=AT), at=AT, on=ON
    )
    return {one.code: (one.before, one.after) for one in found.people if one.change}


def period_of(code: str) -> Period:
    return Period.objects.select_related("calendar").get(calendar__code="monthly", code=code)


@pytest.mark.parametrize(
    ("seed", "final"),
    [
        (0, False),
        (1, True),
        *(pytest.param(seed, bool(seed % 2), marks=pytest.mark.long) for seed in (2, 3, 4, 7)),
    ],
)
def test_a_draft_alone_comes_to_what_everything_calculated_comes_to(
    tmp_path: Path, seed: int, final: bool
) -> None:
    lot = random.Random(seed)
    text = HEAD + plan(lot)
    site = Small(tmp_path, jobs(lot), text + draft_of(text))
    site.values(values(lot))
    site.file("ingest", sales(lot), "till")
    if final:
        site.run("finalise", "2026-01", "--on", "2026-02-20")
    for period in ("2026-01", "2026-02"):
        before = contents("small")
        with enter(Tenant.objects.get(code="small").pk):
            alone, quick = effect(period_of(period), whole=False)
            other, full = effect(period_of(period), whole=True)
            changed = previewed(period_of(period))
        assert contents("small") == before, "an effect writes nothing"
        assert alone
        assert not other
        assert quick == full
        people, _ = quick  # type: ignore[misc]
        moved = {code: sums[:2] for code, sums in people.items() if sums[0] != sums[1]}
        assert moved == changed


TWO_PLANS = """
units: [{code: north}, {code: south}]
metrics: {x: {kind: sum}}
plans:
  p:
    calendar: monthly
    versions:
      - {in_force: 2026-01-01, measures: {x: {}}, components: {pay: {formula: x * 2}}}
      - {in_force: 2026-02-01, status: draft, measures: {x: {}}, components: {pay: {formula: x}}}
  q:
    calendar: monthly
    family: other
    versions:
      - {in_force: 2026-01-01, components: {more: {formula: 'EARNED(p.pay) * 10%'}}}
"""
THREE = "\n".join(f"{who},north,agent,2026-01-01," for who in ("ann", "bob", "cem"))
FIGURES = "\n".join(f"{who},2026-02-0{n},x,{n}0," for n, who in enumerate(("ann", "bob"), 1))


def test_a_plan_on_whose_pay_another_stands_is_worked_out_with_it(tmp_path: Path) -> None:
    site = Small(tmp_path, THREE, TWO_PLANS)
    site.values(FIGURES)
    with enter(Tenant.objects.get(code="small").pk):
        alone, (people, rest) = effect(period_of("2026-02"), whole=False)  # type: ignore[misc]
    assert not alone
    assert people["ann"][:2] == (Decimal("22.00"), Decimal("11.00"))
    assert rest["parts"]["q", "more", "EUR"] == (Decimal("6.00"), Decimal("3.00"))


def test_a_draft_rules_the_period_that_is_asked_for(tmp_path: Path) -> None:
    site = Small(tmp_path, THREE, TWO_PLANS.partition("  q:")[0])
    site.values(FIGURES.replace("2026-02", "2026-01"))
    with enter(Tenant.objects.get(code="small").pk):
        said = of_draft(
            version=PlanVersion.objects.select_related("plan__calendar").get(status="draft"),
            period=period_of("2026-01"),
            at=AT,
            on=ON,
            read=lambda worked: (worked.said, snapshot(worked)[0]["bob"][:2]),
        )
        spring = Period.objects.select_related("calendar").get(code="spring")
        with pytest.raises(DomainError, match="Choose a period of the plan's own calendar"):
            of_draft(
                version=PlanVersion.objects.get(status="draft"),
                period=spring,
                at=AT,
                on=ON,
                read=snapshot,
            )
    assert said[0][-1] == "Worked out as if it began on 2026-01-01; the draft says 2026-02-01."
    assert said[1] == (Decimal("40.00"), Decimal("20.00"))


def test_a_draft_for_other_people_brings_them_from_their_plans(tmp_path: Path) -> None:
    """Bob goes from the general plan to the one of the south; both are of one family."""
    site = Small(
        tmp_path,
        THREE.replace("bob,north", "bob,south"),
        """
units: [{code: north}, {code: south}]
metrics: {x: {kind: sum}}
plans:
  general:
    calendar: monthly
    family: one
    versions: [{in_force: 2026-01-01, components: {pay: {formula: '100'}}}]
  south:
    calendar: monthly
    family: one
    versions:
      - {in_force: 2026-02-01, status: draft, eligibility: [{unit: south}],
         components: {pay: {formula: '70'}}}
""",
    )
    assert site
    with enter(Tenant.objects.get(code="small").pk):
        alone, (people, _) = effect(period_of("2026-02"), whole=False)  # type: ignore[misc]
    assert not alone
    assert people["bob"][:2] == (Decimal(100), Decimal(70))
    assert people["ann"][:2] == (Decimal(100), Decimal(100))


def test_groups_and_the_spread_of_changes(tmp_path: Path) -> None:
    site = Small(tmp_path, THREE.replace("cem,north", "cem,south"), TWO_PLANS.partition("  q:")[0])
    site.values(FIGURES)
    period = "2026-02"

    def read(worked: Worked) -> tuple[object, ...]:
        units = groups.by_unit("EUR", worked.period)
        return (
            [(g.name, g.people, g.before, g.after, g.lose) for g in units],
            [(g.name, g.people) for g in groups.by_share("EUR")],
            [(g.name, g.people) for g in groups.by_job_type("EUR")],
            groups.by_tenure("EUR")[0].name,
            groups.spread("EUR"),
            groups.currencies(),
        )

    with enter(Tenant.objects.get(code="small").pk):
        assert Plan.objects.count() == 1
        units, shares, types, tenure, spread, currencies = of_draft(
            version=PlanVersion.objects.select_related("plan__calendar").get(status="draft"),
            period=period_of(period),
            at=AT,
            on=ON,
            read=read,
        )
    assert units == [
        ("north", 2, Decimal("60.00"), Decimal("30.00"), 2),
        ("south", 1, Decimal(0), Decimal(0), 0),
    ]
    assert shares == [("full time", 3)]
    assert types == [("agent", 3)]
    assert tenure == "3 years on"
    assert currencies == ["EUR"]
    assert spread == groups.Spread(Decimal(-20), Decimal(2), (1, 0, 0, 0, 0, 1))
