"""An effect worked out in parts of the people: the same to the cent, however many there are."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from incentives.effect import alone
from incentives.effect.report import report
from incentives.effect.working import Worked, of_draft
from incentives.models import PlanVersion
from org import abreast
from org.errors import DomainError
from org.models import Tenant
from org.sql import execute, fetch
from org.tenancy import enter
from tests.factories import make_person, make_tenant
from tests.incentives.test_effect import AT, ON, draft_of, period_of, snapshot
from tests.incentives.test_found import Small
from tests.incentives.test_random_plans import HEAD, jobs, plan, sales, values

pytestmark = pytest.mark.django_db


def apart(text: str) -> str:
    """A plan by lot, in which nobody's figures move another's."""
    text = re.sub(r"per: team, (formula: '[^']*'), distribute: {[^}]*}", r"\1", text)
    text = re.sub(r"\n *team: {metric.*", "", text)
    for of_all, own in (
        ("RANK(x)", "(1 + x)"),
        ("RANK(y)", "(1 + y)"),
        ("TIES(y)", "1"),
        ("SHARE(y, unit)", "(y / 7)"),
        ("MIN(team, 500)", "MIN(x, 500)"),
    ):
        text = text.replace(of_all, own)
    return "\n".join(
        re.sub("(per: credit, of: sales)", r"\1, rounding: {each: credit}", line)
        if "rounding" not in line
        else line
        for line in text.split("\n")
    )


def everything(worked: Worked) -> tuple[object, ...]:
    """All that is found, people and all."""
    return snapshot(worked), report(worked), worked.typical[0]


def effect(period: str) -> tuple[object, ...]:
    return of_draft(
        version=PlanVersion.objects.select_related("plan__calendar").get(status="draft"),
        period=period_of(period),
        at=AT,
        on=ON,
        read=everything,
    )


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 9))]
)
def test_parts_come_to_what_all_together_come_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    lot = random.Random(seed)
    text = HEAD + apart(plan(lot))
    site = Small(tmp_path, jobs(lot), text + draft_of(text))
    site.values(values(lot))
    site.file("ingest", sales(lot), "till")
    in_parts: list[int] = []
    each = abreast.each

    def counted(pieces: list, *, at_once: bool) -> list:  # type: ignore[type-arg]
        assert not at_once, "what the test wrote no other transaction sees"
        in_parts.append(len(pieces))
        return each(pieces, at_once=at_once)

    monkeypatch.setattr(abreast, "each", counted)
    with enter(Tenant.objects.get(code="small").pk):
        found = {}
        for fewest, parts in ((1000, 2), (1, 2), (1, 3)):
            monkeypatch.setattr(alone, "FEWEST", fewest)
            monkeypatch.setattr(alone, "PARTS", parts)
            found[fewest, parts] = [effect(period) for period in ("2026-01", "2026-02")]
        monkeypatch.setattr(alone.Both, "apart", False)
        together = [effect(period) for period in ("2026-01", "2026-02")]
    assert in_parts == [2, 2, 3, 3]
    assert found[1000, 2] == found[1, 2] == found[1, 3] == together


@pytest.mark.django_db(transaction=True)
def test_pieces_at_once_see_one_moment_and_leave_nothing() -> None:
    tenant = make_tenant("bank")
    with enter(tenant.pk):
        make_person("ann")

    def piece(number: int) -> tuple[object, ...]:
        execute("CREATE TEMP TABLE own ON COMMIT DROP AS SELECT 1 AS one")
        return number, *fetch(
            "SELECT (SELECT count(*) FROM org_person), pg_backend_pid(),"
            " pg_current_snapshot()::text"
        )

    with enter(tenant.pk):
        assert abreast.possible()
        first, second = abreast.each([lambda: piece(1), lambda: piece(2)], at_once=True)
        make_person("bob")
        assert not abreast.possible(), "another transaction would not see Bob"
    (one, (people, here, moment)), (two, (others, there, same)) = first, second
    assert (one, two, people, others) == (1, 2, 1, 1)
    assert here != there
    assert moment == same


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("which", [0, 1])
def test_a_piece_that_fails_fails_all(which: int) -> None:
    tenant = make_tenant("bank")

    def refuse() -> None:
        raise DomainError("Two plans are equally near.")

    pieces = [lambda: None, lambda: None]
    pieces[which] = refuse  # type: ignore[assignment]
    with enter(tenant.pk), pytest.raises(DomainError, match="equally near"):
        abreast.each(pieces, at_once=True)
