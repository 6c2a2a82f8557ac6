"""What other figures would pay: against explicit arithmetic, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from incentives.models import PlanVersion
from incentives.own import Found
from incentives.rules import VersionRules, load
from incentives.what_if import Slider, WhatIf, what_if
from org.errors import DomainError
from org.models import Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small
from tests.incentives.test_next_step import RULES, inputs

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[dict[str, VersionRules]]:
    """The rules of the plans by code, with their tenant entered."""
    Small(tmp_path, "ann,north,agent,2026-01-01,", RULES)
    with enter(Tenant.objects.get(code="small").pk):
        versions = PlanVersion.objects.select_related("plan")
        yield {version.plan.code: load(version) for version in versions}


def tried(rules: VersionRules, given: dict[str, str], **asked: str) -> WhatIf:
    return what_if(rules=rules, result=Found("primary", given, [], {}), asked=asked)


def slider(found: WhatIf, name: str) -> Slider:
    [one] = [s for s in found.sliders if s.measure.name == name]
    return one


def test_each_component_is_worked_out_again(rules: dict[str, VersionRules]) -> None:
    found = tried(rules["main"], inputs("80"), calls="100")
    # 80 of 100 calls: 0 of the steps, 50 × 1 + 30 × 2 of the slices; 100: 100, and 50 + 100.
    assert [(line.before, line.after) for line in found.lines[:2]] == [
        (D(0), D(100)),
        (D(110), D(150)),
    ]
    assert found.lines[2].change == 0
    assert found.change == D(140)


def test_several_figures_move_together(rules: dict[str, VersionRules]) -> None:
    given = inputs("100", pace="320", quality="0.7")
    assert tried(rules["main"], given).lines[0].before == 0, "the gate is shut"
    found = tried(rules["main"], given, quality="75", pace="300")
    assert [line.change for line in found.lines] == [D(100), D(0), D("62.50")]


def test_the_plan_as_a_whole_decides(rules: dict[str, VersionRules]) -> None:
    found = tried(rules["capped"], inputs("90"), calls="150")
    assert (found.before, found.after) == (D(65), D(120))


def test_other_windows_of_a_metric_move_along(rules: dict[str, VersionRules]) -> None:
    given = {"calls": "8", "year": "998", "goal calls": "100", "goal year": "1000", "prorate": "1"}
    found = tried(rules["to_date"], given, calls="10")
    assert [one.measure.name for one in found.sliders] == ["calls"]
    assert found.change == D(70)


def test_sliders_lead_towards_better_in_round_strides(rules: dict[str, VersionRules]) -> None:
    found = tried(rules["main"], inputs("80", pace="320", quality="0.8"))
    calls, pace, quality = (slider(found, name) for name in ("calls", "pace", "quality"))
    assert (calls.least, calls.most, calls.stride) == (D(80), D(150), D(1))
    assert (pace.most, pace.least <= pace.stride) == (D(320), True)
    assert quality.texts["least"] == "80"
    assert quality.most == 1


def test_a_figure_without_data_is_moved_from_nothing(rules: dict[str, VersionRules]) -> None:
    given = inputs("100", pace="270")
    del given["quality"]
    untouched = tried(rules["main"], given, quality="")
    quality = slider(untouched, "quality")
    assert (quality.now, quality.to, quality.least, quality.most) == (None, None, 0, 1)
    assert quality.texts["to"] == ""
    assert untouched.lines[0].before is None, "a gate on no data is undecided"
    assert untouched.lines == tried(rules["main"], given).lines
    there = tried(rules["main"], given, quality="80").lines[0]
    assert (there.before, there.after) == (None, D(100))
    assert tried(rules["main"], given, quality="0").lines[0].after == 0, "the gate is shut"
    del given["pace"]
    assert slider(tried(rules["main"], given), "pace").most >= 300


def test_a_figure_without_data_stays_where_others_hang_on_its_metric(
    rules: dict[str, VersionRules],
) -> None:
    given = {"year": "998", "goal calls": "100", "goal year": "1000", "prorate": "1"}
    assert tried(rules["to_date"], given).sliders == []


def test_a_figure_that_is_still_coming_in_cannot_be_moved(rules: dict[str, VersionRules]) -> None:
    given = inputs("100") | {"quality ?": "yes"}
    assert "quality" not in {one.measure.name for one in tried(rules["main"], given).sliders}


@pytest.mark.parametrize("typed", ["lots", "1,000", "-1", "1e40"])
def test_what_is_no_figure_is_refused_by_name(rules: dict[str, VersionRules], typed: str) -> None:
    with pytest.raises(DomainError, match=r"calls|Calls"):
        tried(rules["main"], inputs("80"), calls=typed)
