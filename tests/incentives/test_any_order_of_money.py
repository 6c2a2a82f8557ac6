"""Whatever is done with the money, the ledger's sums depend on what is known.

A plan whose money waits for days, for conditions over deals and for room; a leaver's forfeits;
waivers, draws, off-cycle batches, cheques, refusals of the bank, stops, debts written off and
disputes, in between what comes in. Waivers and write-offs hang on when they were made, and are
left out of what is compared. Conditions only ever come to hold, and what expires never could.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command

from incentives.alarms import check_periods
from org.models import Tenant
from org.shadow import rolled_back
from org.tenancy import enter
from tests.conftest import Kept
from tests.incentives import test_found
from tests.incentives.money_orders import JOBS, PAID, RULES, VARIANTS, by_lot, known
from tests.incentives.office import TODAY, Sums
from tests.incentives.orders import MONTHS, PEOPLE
from tests.incentives.test_found import Small
from tests.incentives.treasury import Treasury

RULE = "calendar: monthly, draw: 120, recover: 50%, protect: draw, minimum: 20"
WAIVED = "currency: EUR, waive_below: 60"


@pytest.fixture(scope="module")
def expected(
    request: pytest.FixtureRequest, kept: Kept, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Sums]]:
    """What the ledger of a variant comes to where all facts are known from the beginning."""
    found: dict[int, Sums] = {}

    def sums(facts: int) -> Sums:
        if facts not in found:
            with enter(Tenant.objects.get().pk), rolled_back():
                treasury = Treasury()
                known(random.Random(facts)).tell_all(treasury)
                found[facts] = treasury.finish()
        return found[facts]

    head = test_found.HEAD.replace("{calendar: monthly}", f"{{{RULE}}}")
    with kept(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_found, "HEAD", head.replace("currency: EUR", WAIVED))
        rules = RULES.format(rest=VARIANTS[request.param])
        small = Small(tmp_path_factory.mktemp("money"), JOBS, rules)
        small.file("people", PAID)
        yield sums


# Any numbers do; each pair costs some seconds, so that most are looked at in long runs only.
CASES = [
    ("forfeit", 1, 1),
    ("forfeit", 0, 0),
    ("keep", 10, 100),
    ("limit", 20, 200),
    ("limit-lose", 30, 300),
]
ALWAYS = 1


@pytest.mark.parametrize(
    ("expected", "facts", "order"),
    [
        case if place < ALWAYS else pytest.param(*case, marks=pytest.mark.long)
        for place, case in enumerate(CASES)
    ],
    indirect=["expected"],
)
def test_any_order_of_what_befalls_money_ends_at_the_same_sums(
    expected: Callable[[int], Sums], db: None, facts: int, order: int
) -> None:
    wanted = expected(facts)
    with enter(Tenant.objects.get().pk):
        treasury = Treasury()
        for step in by_lot(treasury, random.Random(order), known(random.Random(facts))):
            step()
            treasury.check()
        assert treasury.finish().apart_from(wanted) == []
        treasury.pay()
        treasury.check()
        again = treasury.release()
        assert (again.released, again.lost) == (0, 0)
        checked = check_periods(by=None, at=treasury.later(), on=TODAY)
        assert not any(one.alarms for one in checked)
    for person in PEOPLE:
        for month in MONTHS:
            call_command("explain", "small", person, month)
