"""What a version may not say: sound formulas that would pay nobody, twice, or by an older run."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

WORLD = """
units: [{code: north}]
metrics: {x: {kind: sum}, y: {kind: sum}, d: {kind: derived, formula: x / y}}
"""


def version(
    measures: str = "x: {}", components: str = "pay: {formula: x}", rest: str = "", code: str = "p"
) -> str:
    return f"""
plans:
  {code}:
    calendar: monthly
    versions:
      - {{in_force: 2026-01-01, measures: {{{measures}}}, components: {{{components}}}{rest}}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path, "ann,north,agent,2026-01-01,", WORLD)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            version(components='pay: {formula: x, gate: "AND(x > 10, x < 5)"}'),
            r"pay.gate .*can never hold: nothing is x > 10 and < 5",
        ),
        (
            version(components="pay: {formula: x, floor: 100, cap: 5 * 10}"),
            r"pay.cap .*at most 50 and at least 100",
        ),
        (version(rest=', gate: "1 > 2"'), r"\.gate .*can never hold: it is FALSE"),
        (
            version("x: {window: {from: 2026-05-01, to: 2026-01-01}}"),
            r"x.window .*ends on 2026-01-01, not after its first day",
        ),
        (version("x: {window: {from: 2026-05-01}}"), r"x.window .*or both days"),
        (version("x: {window: {rolling: 100000}}"), "100000 is too large"),
        (version(rest=", leavers: {trailing_days: 99999999}"), "99999999 is too large"),
        (
            version(
                "x: {}, theirs: {earnings_of: p.pay, scope: direct}",
                "pay: {formula: x}, over: {formula: theirs * 10%}",
            ),
            r"components.over .*“p.pay” is of this plan itself",
        ),
        (
            version("x: {}, theirs: {earnings_of: p.pay}", rest=", cap: theirs"),
            r"\.cap .*“p.pay” is of this plan itself",
        ),
        (
            version("d: {}", "pay: {per: credit, of: d, formula: amount}"),
            "“d” is worked out by a formula and has no credits",
        ),
        (
            version(
                "x: {segments: blend}",
                "pay: {per: credit, of: x, formula: amount}",
                ", segments: separate",
            ),
            "each would pay all lines of “x”",
        ),
        (
            version(rest="}\n      - {in_force: 2026-01-01, components: {pay: {formula: '1'}}"),
            r"versions\[1\].in_force .*another version without a number begins on 2026-01-01",
        ),
    ],
)
def test_what_nobody_can_mean_is_refused(small: Small, said: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        small.apply(WORLD + said)


def test_a_plan_may_read_what_it_paid_before_and_a_component_by_its_full_name(
    small: Small,
) -> None:
    rule = "pay: {formula: 'x + DEFAULT(PRIOR(o, 1), 0)'}, more: {formula: EARNED(p.pay) * 10%}"
    small.apply(WORLD + version("x: {}, o: {earnings_of: p.pay}", rule))
    small.values("ann,2026-01-05,x,10,\nann,2026-02-05,x,5,")
    small.run("finalise", "2026-01")
    small.run("calculate", "2026-02")
    assert small.amounts("2026-02") == {"ann.p.pay": "15.00", "ann.p.more": "1.50"}


def test_a_plan_whose_code_has_a_dot_can_be_read_by_another(small: Small) -> None:
    reader = version("theirs: {earnings_of: v.2.pay}", "pay: {formula: theirs}", code="w").replace(
        "calendar", "family: w\n    calendar"
    )
    small.apply(WORLD + version(code="v.2") + reader.replace("plans:\n", ""))
    small.values("ann,2026-01-05,x,10,")
    small.run("finalise", "2026-01")
    assert small.amounts("2026-01") == {"ann.v.2.pay": "10.00", "ann.w.pay": "10.00"}
    small.run("correct", "ann", "2026-01-05", "x", "12", "--reason", "recount")
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {"ann.v.2.pay": "2.00", "ann.w.pay": "2.00"}
