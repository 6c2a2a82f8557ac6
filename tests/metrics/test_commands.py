"""The commands: what they print, and how they refuse."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from metrics.models import Delivery, Value
from org.tenancy import enter
from tests.metrics.cast import Cast, figures, make_cast, values


@pytest.fixture
def outside(transactional_db: None) -> Cast:
    """The cast, with no tenant entered: a command enters it by itself."""
    return make_cast("centre")


def run(*arguments: object) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_way_of_a_figure_by_commands(outside: Cast, tmp_path: Path) -> None:
    file = tmp_path / "june.csv"
    bad = "".join(f"nobody{n},2026-06-01,1\n" for n in range(12))
    file.write_text("Agent,Date,Calls\nann,2026-06-01,12\n" + bad)
    said = run("ingest", "centre", "telephone", file, "--complete-to", "2026-06-30")
    with enter(outside.tenant.pk):
        number = Delivery.objects.get().pk
    assert said.splitlines()[:3] == [
        "june.csv from telephone: 13 rows read, 0 skipped (banner, total, blank), 12 rejected.",
        "Values: 1 accepted, 0 superseded, 0 unchanged, 0 kept by a correction.",
        "Days: 2026-06-01 to 2026-06-01.",
    ]
    assert "telephone is complete to 2026-06-30." in said
    assert said.count("whom nobody knows here") == 10
    assert f"and 2 more: see them with --all, or in the admin under delivery {number}." in said
    assert "nothing changes" in run("ingest", "centre", "telephone", file)
    said = run("correct", "centre", "ann", "2026-06-01", "calls", "13", "--reason", "Outage.")
    assert "is now 13" in said
    said = run("undo", "centre", number)
    assert said.startswith(f"Delivery {number} is undone: 0 values taken back")
    with enter(outside.tenant.pk):
        assert figures("calls") == {("ann", 1): "13"}
    run("correct", "centre", "ann", "2026-06-01", "calls", "withdraw", "--reason", "None.")
    with enter(outside.tenant.pk):
        assert figures("calls") == {}
    assert "already complete" in run("complete", "centre", "telephone", "2026-06-30")


def test_a_weighted_mean_is_corrected_by_its_value(outside: Cast) -> None:
    what = ("correct", "centre", "ann", "2026-06-01", "quality", "80", "--denominator", "3")
    run(*what, "--reason", "Second listening.")
    with enter(outside.tenant.pk):
        assert [(row[4], row[5]) for row in values()] == [("240", "3")]


def test_a_preview_by_command_keeps_nothing(outside: Cast, tmp_path: Path) -> None:
    file = tmp_path / "june.csv"
    file.write_text("Agent,Date,Calls\nann,2026-06-01,12\n")
    assert "A preview: nothing was kept." in run("ingest", "centre", "telephone", file, "--preview")
    with enter(outside.tenant.pk):
        assert not Value.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ingest", "centre", "telefone", "x.csv"), "Did you mean “telephone”"),
        (("ingest", "centre", "telephone", "no such file.csv"), "cannot be opened"),
        (("undo", "centre", "999999"), "There is no delivery 999999"),
        (("complete", "centre", "mail", "2026-06-30"), "No source has the code “mail”"),
        (("correct", "centre", "an", "2026-06-01", "calls", "1", "--reason", "x"), "mean “ann”"),
        (("correct", "centre", "ann", "2026-06-01", "cals", "1", "--reason", "x"), "mean “calls”"),
        (("correct", "centre", "ann", "2026-06-01", "calls", "x", "--reason", "x"), "no number"),
        (("correct", "centre", "ann", "2026-06-01", "calls", "NaN", "--reason", "x"), "no number"),
        (
            ("correct", "centre", "ann", "2026-06-01", "calls", "withdraw", "--reason", "x"),
            "No correction holds",
        ),
    ],
)
def test_a_command_refuses_in_a_sentence(
    outside: Cast, arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError) as refusal:
        run(*arguments)
    assert said in str(refusal.value)


def test_another_tenant_sees_nothing(outside: Cast, tmp_path: Path) -> None:
    other = make_cast("other")
    file = tmp_path / "june.csv"
    file.write_text("Agent,Date,Calls\nann,2026-06-01,12\n")
    run("ingest", "centre", "telephone", file)
    with enter(other.tenant.pk):
        assert not Value.objects.exists()
    assert "1 accepted" in run("ingest", "other", "telephone", file)
    with enter(outside.tenant.pk):
        assert Value.objects.count() == 1
