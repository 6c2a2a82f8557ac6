"""Another system's results beside ours: counted, listed, and the first line where they part."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from incentives.compare import _credit
from tests.conftest import Kept
from tests.incentives.june import TOTAL, load
from tests.scenarios.site import Site

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def june(kept: Kept) -> Iterator[Site]:
    """400 people whose June is calculated."""
    with kept():
        site = load()
        site.run("calculate", "2026-06", "--on", "2026-07-05")
        yield site


def test_16_a_parallel_run(june: Site, tmp_path: Path) -> None:
    rows = june.results("2026-06")
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row["person"]] = totals.get(row["person"], Decimal(0)) + Decimal(row["amount"])
    assert len(totals) == 400
    assert sum(totals.values()) == Decimal(TOTAL)
    totals["p007"] += Decimal("5.00")
    totals["p123"] -= Decimal("0.01")
    old = tmp_path / "old.csv"
    old.write_text("person,amount\n" + "".join(f"{p},{a}\n" for p, a in totals.items()))
    said = june.run("compare", "2026-06", old)
    assert "400 people: 398 equal, 2 differ, 0 only here, 0 only in old.csv." in said
    assert "(p007)" in said
    assert "(-5.00)" in said
    assert "(p123)" in said
    assert "(+0.01); ours: sales commission " in said
    assert "399 equal, 1 differ" in june.run("compare", "2026-06", old, "--within", "0.01")


def test_the_first_line_where_they_part(june: Site, tmp_path: Path) -> None:
    rows = june.results("2026-06")
    lines = []
    for row in rows:
        amount = Decimal(row["amount"])
        if (row["person"], row["component"]) in (("p011", "quality"), ("p012", "commission")):
            amount += Decimal("1.50")
        if (row["person"], row["component"]) == ("p012", "quality"):
            amount -= Decimal("1.50")
        if row["person"] != "p003":
            lines.append(f"{row['person']},{row['plan']},{row['component']},{amount}")
    lines.append("nobody,sales,commission,12.00")
    old, target = tmp_path / "old.csv", tmp_path / "both.csv"
    old.write_text("\n".join(["person,plan,component,amount", *lines]) + "\n")
    said = june.run("compare", "2026-06", old, "--csv", target)
    assert "401 people: 397 equal, 2 differ, 1 only here, 1 only in old.csv." in said
    assert "(-1.50); they part in sales quality: " in said
    assert "(0.00); they part in sales commission: " in said
    assert "here, nothing there" in said
    assert "(nobody): nothing here, 12.00 there" in said
    both = {row[0]: row for row in csv.reader(target.read_text().splitlines())}
    assert len(both) == 402
    assert both["p012"][6] == "sales commission"


def test_what_is_wrong_with_the_file(june: Site, tmp_path: Path) -> None:
    old = tmp_path / "old.csv"
    old.write_text("person,amount\np001,twelve\n,5\n")
    refusal = june.refused("compare", "2026-06", old)
    assert "line 2: amount: “twelve” is no number" in refusal
    assert "line 3: names no person" in refusal
    assert "Calculate it first" in june.refused("compare", "2026-05", old)


@pytest.mark.parametrize(
    "grain, there, expected",
    [
        ("sale/4711/volume/seller", "4711", "4711"),
        ("sale/A/47/11/volume/seller", "A/47/11", "A/47/11"),
        ("2026-06-03|A7", "A7", "A7"),
        ("2026-06-03|", "2026-06-03", "2026-06-03"),
        ("2026-06-03", "", "2026-06-03"),
        ("sale/4711/volume/seller", "4712", "sale/4711/volume/seller"),
    ],
)
def test_what_the_other_side_calls_a_credit(grain: str, there: str, expected: str) -> None:
    assert _credit(grain, {there} if there else set()) == expected
