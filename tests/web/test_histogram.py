"""The drawing of how many people lie where."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from scorecards.histogram import histogram, spacing

LABEL = 'Two of 3 "reach" it.'


def drawn(counts: list[int]) -> dict[str, ElementTree.Element]:
    """The drawings by their size."""
    whole = histogram(counts, step=10, goal=100, label=LABEL)
    assert "style=" not in whole
    return {one.attrib["data-size"]: one for one in ElementTree.fromstring(f"<g>{whole}</g>")}


def test_it_says_what_it_shows_and_comes_a_second_time_for_a_phone() -> None:
    sizes = drawn([0] * 15 + [3])
    widths = {name: int(one.attrib["viewBox"].split()[2]) for name, one in sizes.items()}
    assert list(widths) == ["wide", "slim"]
    assert widths["slim"] < 350 < widths["wide"]
    for one in sizes.values():
        assert (one.attrib["role"], one.attrib["aria-label"]) == ("img", LABEL)


def test_the_most_fill_the_height_and_nobody_has_no_bar() -> None:
    wide = drawn([4, 0, 1] + [0] * 13)["wide"]
    [bars] = [path.attrib["d"] for path in wide.iter("path") if path.get("fill") == "var(--bar)"]
    assert re.findall(r"M(\d+),150v-(\d+)h(\d+)", bars) == [("1", "150", "33"), ("71", "38", "33")]


def test_percents_and_people_are_written_at_their_lines() -> None:
    wide = drawn([9] + [0] * 15)["wide"]
    numbers = [text.text for text in wide.iter("text") if (text.text or "").isdigit()]
    assert numbers[:9] == ["0", "20", "40", "60", "80", "100", "120", "140", "160"]
    assert numbers[9:] == ["0", "2", "4", "6", "8"]


@pytest.mark.parametrize(
    ("most", "step"), [(0, 1), (5, 1), (6, 2), (11, 5), (26, 10), (1000, 200), (1001, 500)]
)
def test_lines_are_few_and_round(most: int, step: int) -> None:
    assert spacing(most) == step
