"""A draft on trial: the engine before and after, each person's change, and nothing left behind."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Kept
from tests.scenarios.site import Site
from tests.tables import contents

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def site(kept: Kept) -> Iterator[Site]:
    """January and February are final."""
    with kept():
        made = Site("s15_preview")
        made.ingest("crm", "sales.csv")
        made.run("finalise", "2026-01", "--on", "2026-02-03")
        made.run("finalise", "2026-02", "--on", "2026-03-03")
        yield made


def preview(site: Site, period: str, *arguments: object) -> str:
    """What a preview says; it must leave every table as it was."""
    before = contents(site.code)
    said = site.run("preview", period, *arguments, "--on", "2026-03-20")
    assert contents(site.code) == before, "a preview writes nothing"
    return said


def test_15_a_version_after_the_fact(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "change.csv"
    said = preview(site, "2026-01", site.folder / "higher.yaml", "--csv", target)
    for part in (
        "Preview of monthly:2026-01: nothing was written.",
        "plan selling version 2 from 2026-01-01",
        "selling commission: 4100.00 → 4300.00 EUR (+200.00)",
        "2 people gain 200.00 EUR, 0 lose nothing, 0 fall to zero.",
        "  Ann (ann): 1900.00 → 2050.00 EUR (+150.00)",
        "  Dan (dan): 1300.00 → 1350.00 EUR (+50.00)",
    ):
        assert part in said
    assert "reduces pay" not in said
    assert "(bo)" not in said
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [(r["person"], r["change"], r["selling.commission"], r["what"]) for r in rows] == [
        ("ann", "150.00", "150.00", "gains"),
        ("dan", "50.00", "50.00", "gains"),
    ]
    assert "0 people gain nothing" in preview(site, "2026-02", site.folder / "higher.yaml")


def test_a_version_that_lowers_what_is_earned(site: Site) -> None:
    said = preview(site, "2026-01", site.folder / "lower.yaml")
    assert "0 people gain nothing, 2 lose 200.00 EUR, 0 fall to zero." in said
    assert "It reduces pay already earned: 2 people in monthly:2026-01" in said
    assert "higher approval" in said
    said = preview(site, "2026-03", site.folder / "lower.yaml")
    assert "reduces pay already earned" not in said, "nobody has earned anything in March yet"


def test_who_falls_to_zero(site: Site) -> None:
    said = preview(site, "2026-01", site.folder / "gated.yaml")
    assert "1 loses 900.00 EUR, 1 falls to zero." in said
    assert "Bo (bo): 900.00 → 0.00 EUR (-900.00)" in said


def test_a_draft_that_is_there(site: Site) -> None:
    site.apply("draft.yaml")
    same = site.folder / "draft.yaml"
    from_file = preview(site, "2026-01", same)
    by_number = preview(site, "2026-01", "--plan", "selling", "--draft", 2)
    assert amounts(from_file) == amounts(by_number)
    assert "Ann (ann): 1900.00 → 2050.00 EUR (+150.00)" in by_number
    refusal = site.refused("preview", "2026-01", "--plan", "selling", "--draft", 7)
    assert refusal.endswith("has no draft 7. Its drafts: 2.")
    assert "Name a draft tenant file" in site.refused("preview", "2026-01")


def test_the_same_twice(site: Site) -> None:
    said = [preview(site, "2026-01", site.folder / "higher.yaml") for _ in range(2)]
    assert said[0] == said[1]


def test_a_file_that_cannot_be_applied(site: Site, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    text = (site.folder / "higher.yaml").read_text()
    broken.write_text(text.replace("TIER(sales, step)", "TIER(sales, steps)"))
    (tmp_path / "people.csv").write_bytes((site.folder / "people.csv").read_bytes())
    (tmp_path / "assignments.csv").write_bytes((site.folder / "assignments.csv").read_bytes())
    before = contents(site.code)
    assert "Did you mean" in site.refused("preview", "2026-01", broken)
    assert contents(site.code) == before


def amounts(text: str) -> list[str]:
    return re.findall(r"-?\d+\.\d\d", text)
