"""What changes keys, and what is done with money by hand, moves no cent that was earned."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from incentives.debts import open_debts
from incentives.ledger import balances, check_identity
from org.models import Tenant
from org.tenancy import enter
from pmsite.reperform import reperform
from tests.incentives.test_found import Small
from tests.incentives.test_found_late import head_with

pytestmark = pytest.mark.django_db

WHO = ("--by", "pat", "--approved-by", "robin")
WORLD = """
units: [{code: north}]
metrics: {x: {kind: sum}}
users:
  pat: {name: Pat Pay, roles: [payroll]}
  robin: {name: Robin Right, roles: [payroll]}
payroll_profiles: {csv: {extends: generic_csv}}
plans:
  p:
    calendar: monthly
    versions:
"""
VERSION = """
      - in_force: {in_force}
        number: {number}
        reason: Agreed late
        measures: {{x: {{no_data: zero}}}}
        schedules:
          parts: [{{share: 70%, release: final}}, {{share: 30%, release: 1 month later}}]
        components:
          pay: {{formula: x * 10, schedule: parts}}
"""
FIRST = VERSION.format(in_force="2026-01-01", number=1)
POOL = "          pool: {per: team, formula: '80', distribute: {by: x, within: unit}}\n"
LATE = VERSION.format(in_force="2026-01-01", number=2) + POOL
JOBS = "ann,north,agent,2026-01-01,\nbob,north,agent,2026-01-01,\ncy,north,agent,2026-01-01,"
PEOPLE = "code,name,pay_group,payroll_id,hired\n" + "".join(
    f"{code},{code},staff,P-{code},2020-01-01\n" for code in ("ann", "bob", "cy")
)
RULE = "calendar: monthly, recover: 50%, minimum: 20"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """Ann and Bob sell 10 and 30 in January; it is final, and what is due is paid."""
    head_with(monkeypatch, "{calendar: monthly}", f"{{{RULE}}}")
    head_with(monkeypatch, "currency: EUR}", "currency: EUR, waive_below: 15}")
    small = Small(tmp_path, JOBS, WORLD + FIRST)
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    small.apply(WORLD + FIRST)
    small.values("ann,2026-01-05,x,10,\nbob,2026-01-05,x,30,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert pay(small, "2026-01") == {"P-ann": 70, "P-bob": 210}
    return small


def pay(small: Small, period: str, *more: str) -> dict[str, Decimal]:
    """Pay a period; what its file pays."""
    small.files += 1
    out = small.folder / f"paid-{small.files}.csv"
    small.run("payroll", period, "--profile", "csv", "--out", out, *WHO, *more)
    paid: dict[str, Decimal] = {}
    if out.exists():
        for row in csv.DictReader(out.read_text(encoding="utf-8").splitlines()):
            paid[row["payroll_id"]] = paid.get(row["payroll_id"], Decimal(0)) + Decimal(
                row["amount"]
            )
    return paid


def test_a_late_version_that_changes_keys_pays_only_what_it_adds(small: Small) -> None:
    """With a pool of the unit every line is of the unit: what was booked goes, and comes again."""
    small.apply(WORLD + FIRST + LATE)
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert pay(small, "2026-02") == {"P-ann": 30 + 20, "P-bob": 90 + 60}
    for person, amount in (("ann", "120.00"), ("bob", "360.00")):
        said = small.run("balance", person)
        assert f"granted {amount} = held 0.00 + due 0.00 + paid {amount} + lost 0.00" in said
    with enter(Tenant.objects.get().pk):
        assert check_identity() == []
        assert [debt for one in balances() for debt in open_debts(person=one.person)] == []


def test_what_was_earned_stays_as_it_was_known_whatever_is_done_with_the_money(
    small: Small, tmp_path: Path
) -> None:
    """A waiver, a stop, a refusal, an off-cycle batch, a cheque and a debt written off."""
    moments = [timezone.now()]

    def step(command: str, *arguments: object) -> None:
        small.run(command, *arguments)
        moments.append(timezone.now())

    small.values("ann,2026-01-05,x,9,\nbob,2026-01-05,x,3,\ncy,2026-02-05,x,50,")
    late = timezone.now()
    step("finalise", "2026-02", "--on", "2026-03-01")
    step("stop", "cy", "--reason", "Asked for", "--by", "pat")
    step("refuse", "2026-01", "ann", "--reason", "Unknown id", "--by", "pat")
    off = ("--off-cycle", "2026-03-05", "--person", "ann")
    assert pay(small, "2026-02", *off) == {"P-ann": 97}
    step("paid-outside", "cy", "100", "--reason", "Cheque", *WHO)
    step("resume", "cy", "--reason", "Settled", "--by", "pat")
    pay(small, "2026-02")
    step("write-off", "bob", "--reason", "By agreement", *WHO)
    small.run("finalise", "2026-03", "--on", "2026-04-01")
    assert " 0 alarms" in small.run("alarms")
    for moment in moments:
        said = small.run("asof", "2026-01", "--moment", moment.isoformat(), "--on", "2026-04-01")
        known = "400.00" if moment < late else "120.00"
        assert f"worked out as known then: {known}" in said, (moment, said)
        assert "worked out as known now: 120.00" in said
    for number, moment in enumerate((moments[0], timezone.now())):
        folder = tmp_path / f"evidence-{number}"
        small.run("evidence", "2026-01", folder, "--moment", moment.isoformat())
        found = reperform(folder=folder, tenant=f"again-{number}")
        assert (found.same, found.total) == (True, (400, 120)[number])
