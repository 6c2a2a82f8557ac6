"""What went wrong once with differences that an off-cycle run books: worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from incentives.ledger import check_identity
from org.models import Tenant
from org.tenancy import enter
from tests.bad_input.site import fingerprint
from tests.incentives.test_found import Small
from tests.incentives.test_found_keys import WHO, pay
from tests.incentives.test_found_late import head_with

pytestmark = pytest.mark.django_db

CALENDARS = """
  weeks: {kind: bi_weekly, anchor: 2026-01-02, from: 2026-01-02, to: 2026-12-31}
  monthly: {kind: monthly"""
WORLD = """
units: [{code: north}]
metrics: {x: {kind: sum}, y: {kind: sum}}
users:
  pat: {name: Pat Pay, roles: [payroll]}
  robin: {name: Robin Right, roles: [payroll]}
payroll_profiles: {csv: {extends: generic_csv}}
plans:
"""
PLAN = """
  {code}:
    family: {code}
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {{{metric}: {{no_data: zero}}}}
        components: {{pay: {{formula: {metric}}}}}
"""
ONE = WORLD + PLAN.format(code="p", metric="x")
JOBS = "ann,north,agent,2026-01-01,\nbob,north,agent,2026-01-01,"
HEAD = "code,name,payroll_id,pay_group,hired\n"


def person(code: str, group: str, more: str = "") -> str:
    return f"{code},{code},P-{code},{group},2020-01-01{more}\n"


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pay group by the month and one by two weeks."""
    head_with(monkeypatch, "\n  monthly: {kind: monthly", CALENDARS)
    head_with(
        monkeypatch,
        "{staff: {calendar: monthly}}",
        "{staff: {calendar: monthly}, crew: {calendar: weeks}}",
    )


def made(folder: Path, rules: str, groups: tuple[str, str] = ("staff", "staff")) -> Small:
    small = Small(folder, JOBS, rules)
    small.file("people", HEAD + person("ann", groups[0]) + person("bob", groups[1]))
    return small


def accounts(small: Small, code: str) -> str:
    [line] = [one for one in small.run("balance", code).splitlines() if "granted" in one]
    return line.removeprefix("EUR: ")


def stays_sound() -> None:
    with enter(Tenant.objects.get().pk):
        assert check_identity() == []


CAP = "person_caps:\n  - {name: all, calendar: monthly, amount: 100, plans: [z, a]}\n"


def test_plans_that_share_a_cap_leave_each_other_their_room(heads: None, tmp_path: Path) -> None:
    """“a” takes what “z” leaves of the cap, and is worked out before it."""
    rules = WORLD + PLAN.format(code="a", metric="x") + PLAN.format(code="z", metric="y")
    small = made(tmp_path, rules + CAP)
    small.values("ann,2026-01-05,x,60,\nann,2026-01-05,y,60,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert small.amounts("2026-01")["ann.a.pay"] == "40.00"
    assert pay(small, "2026-01") == {"P-ann": 100}
    small.values("ann,2026-01-05,y,50,\nbob,2026-01-05,x,1,")
    # What “a” has more meets at once what “z” has less.
    assert pay(small, "2026-02", "--off-cycle", "2026-02-20") == {"P-bob": 1}
    assert "granted 100.00 = held 0.00 + due 0.00 + paid 100.00" in accounts(small, "ann")
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert "granted 100.00" in accounts(small, "ann")
    stays_sound()


def test_nothing_is_booked_to_a_pay_period_before_it_was_earned(
    heads: None, tmp_path: Path
) -> None:
    small = made(tmp_path, ONE, ("crew", "crew"))
    small.values("ann,2026-01-05,x,60,\nbob,2026-01-05,x,7,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    small.values("ann,2026-01-05,x,70,\nann,2026-02-05,x,5,")
    # From 30 January to 12 February.
    off = ("weeks:2026-01-30", "--off-cycle", "2026-03-03", "--by", "pat")
    said = small.run("payroll", *off, "--draft")
    assert "Differences booked to 2026-01-30: ann (ann), pay of 2026-01, +10.00 EUR" in said
    assert (
        "Earned after 2026-01-30, and not booked before a later period: ann (ann), pay of 2026-02,"
        " +5.00 EUR" in said
    )
    small.run("payroll", off[0], "--discard", "--by", "pat")
    assert pay(small, *off[:3]) == {"P-ann": 70, "P-bob": 7}
    # From 27 February to 12 March.
    assert pay(small, "weeks:2026-02-27", "--off-cycle", "2026-03-04") == {"P-ann": 5}
    assert "granted 75.00" in accounts(small, "ann")
    stays_sound()


def test_the_group_that_pays_on_the_day_books(heads: None, tmp_path: Path) -> None:
    """Ann was paid by the month until 15 February, and is paid by two weeks since."""
    small = made(tmp_path, ONE)
    small.values("ann,2026-01-05,x,60,\nbob,2026-01-05,x,7,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert pay(small, "monthly:2026-01") == {"P-ann": 60, "P-bob": 7}
    small.file(
        "people",
        HEAD.replace("hired", "hired,left")
        + person("ann", "staff", ",2026-02-15")
        + person("ann", "crew", ",").replace("2020-01-01", "2026-02-16"),
    )
    small.values("ann,2026-01-05,x,70,\nbob,2026-01-05,x,9,")
    # The group of before books what it pays, and no more.
    said = small.run(
        *("payroll", "monthly:2026-02", "--off-cycle", "2026-02-20", "--by", "pat", "--draft"),
        *("--pay-group", "staff"),
    )
    assert "bob (bob), pay of 2026-01, +2.00 EUR" in said
    assert "ann (ann), pay" not in said
    small.run("payroll", "monthly:2026-02", "--discard", "--by", "pat")
    off = ("--off-cycle", "2026-02-20", "--pay-group", "crew")
    assert pay(small, "weeks:2026-02-13", *off) == {"P-ann": 10}
    assert pay(small, "monthly:2026-02", "--off-cycle", "2026-02-20") == {"P-bob": 2}
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert "granted 70.00 = held 0.00 + due 0.00 + paid 70.00" in accounts(small, "ann")
    stays_sound()


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2026-01-31", "2026-01-31 is before 2026-02, which begins on 2026-02-01"),
        ("2027-02-20", "2027-02-20 is more than 184 days after 2026-02: is the year right?"),
        ("2999-02-20", "is no day on which anybody is paid: is the year right?"),
    ],
)
def test_a_day_far_from_the_period_books_and_releases_nothing(
    heads: None, tmp_path: Path, day: str, sentence: str
) -> None:
    small = made(tmp_path, ONE)
    small.values("ann,2026-01-05,x,60,\nbob,2026-01-05,x,7,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    small.values("ann,2026-01-05,x,70,")
    before = fingerprint()
    with pytest.raises(CommandError, match=sentence):
        small.run("payroll", "monthly:2026-02", "--off-cycle", day, "--profile", "csv", *WHO)
    assert fingerprint() == before
