"""What was known at each moment of a world by lot comes out again: looked back at, and from files.

Late versions, deals taken back, deliveries undone, disputes, releases and payments in between.
"""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest

from incentives.amounts import Amounts, work_out
from incentives.asof import as_of
from incentives.ledger import Balance, balances
from org.models import Tenant
from org.shadow import rolled_back
from org.tenancy import enter
from pmsite.evidence import write_evidence
from pmsite.reperform import reperform
from tests.incentives.office import Office
from tests.incentives.orders import JOBS, MONTHS, PAID, by_lot, known, rules
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db
EVERY = 18
Known = tuple[dict[str, Amounts], list[Balance]]


def worked_out(office: Office, at: datetime) -> Known:
    """What each month comes to by what is known, and where the money stands."""
    standing = balances()
    found = {}
    for month in MONTHS:
        period = office.months[month]
        with rolled_back():
            lines = work_out(period=period, at=at, on=period.valid_to).lines
            found[month] = {line: amount for line, amount in lines.items() if amount}
    return found, standing


@pytest.mark.long
def test_every_moment_of_an_order_comes_out_again(tmp_path: Path) -> None:
    small = Small(tmp_path, JOBS, rules("limit"))
    small.file("people", PAID)
    tenant = Tenant.objects.get()
    moments: list[tuple[datetime, Known]] = []
    with enter(tenant.pk):
        office = Office()
        steps = by_lot(office, random.Random(9), known(random.Random(4)))
        for number, step in enumerate(steps, 1):
            step()
            if number % EVERY == 0 or number == len(steps):
                moment = office.later()
                moments.append((moment, worked_out(office, moment)))
        office.finish()
        for number, (moment, then) in enumerate(moments):
            with as_of(moment):
                assert worked_out(office, moment) == then, number
    for number, (moment, _) in enumerate(moments[1:2]):
        folder = tmp_path / f"evidence-{number}"
        with enter(tenant.pk):
            write_evidence(
                tenant=tenant,
                period=office.months["2026-02"],
                moment=moment,
                on=office.months["2026-02"].valid_to,
                folder=folder,
                by=None,
                at=office.later(),
            )
        found = reperform(folder=folder, tenant=f"again-{number}")
        assert (found.known, found.figures) == (True, True), found.differing
