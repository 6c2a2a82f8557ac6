"""The ledger's sums depend on what is known, and not on the order in which it came.

One plan of many mechanisms. Everything is known from the beginning, or it comes by lot: figures and
deals in versions that are taken back in part, deliveries and corrections that are undone, jobs,
goals, facts and rates that are learnt late, a version of the plan that is published late, disputes,
and months that become final, releases and payments in between. What a version freezes depends on
the order, and so does what a limit that falls has paid before; these are left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from incentives.alarms import check_periods
from org.models import Tenant
from org.shadow import rolled_back
from org.tenancy import enter
from tests.conftest import Kept
from tests.incentives import test_found
from tests.incentives.office import TODAY, Office, Sums
from tests.incentives.orders import JOBS, PAID, by_lot, known, rules
from tests.incentives.test_found import Small

FISCAL = "kind: monthly, anchor: 2026-02-01,"


@pytest.fixture(scope="module")
def expected(
    request: pytest.FixtureRequest, kept: Kept, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Sums]]:
    """What the ledger of a variant comes to where all facts are known from the beginning."""
    found: dict[int, Sums] = {}

    def sums(facts: int) -> Sums:
        if facts not in found:
            with enter(Tenant.objects.get().pk), rolled_back():
                office = Office()
                known(random.Random(facts)).tell_all(office)
                office.publish()
                found[facts] = office.finish()
        return found[facts]

    with kept(), pytest.MonkeyPatch.context() as patch:
        if "fiscal" in request.param:
            patch.setattr(test_found, "HEAD", test_found.HEAD.replace("kind: monthly,", FISCAL))
        small = Small(tmp_path_factory.mktemp("any_order"), JOBS, rules(request.param))
        small.file("people", PAID)
        yield sums


# Any numbers do; each pair costs some seconds, so that most are looked at in long runs only.
CASES = [
    ("fiscal-lapse", 16, 43),
    ("fiscal-lose", 14, 101),
    ("rising", 12, 15),
    ("lose", 5, 101),
    ("lose-rising", 3, 7),
    ("separate", 7, 8),
    ("limit", 1, 1),
    ("limit", 1, 2),
    ("cap", 2, 3),
    ("goes", 3, 4),
    ("fiscal", 14, 29),
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
def test_any_order_of_arrival_ends_at_the_same_sums(
    expected: Callable[[int], Sums], db: None, facts: int, order: int
) -> None:
    wanted = expected(facts)
    with enter(Tenant.objects.get().pk):
        office = Office()
        for step in by_lot(office, random.Random(order), known(random.Random(facts))):
            step()
            office.check()
        assert office.finish().apart_from(wanted) == []
        again = office.release()
        assert (again.released, again.lost) == (0, 0)
        checked = check_periods(by=None, at=office.later(), on=TODAY)
        assert not any(one.alarms for one in checked)
