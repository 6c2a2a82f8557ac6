"""A period done again from its evidence: another tenant, other row numbers, the same cents."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from metrics.models import Source
from org.errors import DomainError
from org.models import Tenant
from org.tenancy import enter
from pmsite import reperform as made_by
from pmsite.management.commands.reperform import tell
from pmsite.pack import Pack
from pmsite.reperform import reperform
from tests.conftest import Kept
from tests.incentives.june import TOTAL, load
from tests.incentives.test_asof import DEALS, STORY, do
from tests.scenarios.site import Site
from tests.seeds import some

pytestmark = pytest.mark.django_db


def now() -> str:
    return timezone.now().isoformat()


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory, kept: Kept) -> Iterator[tuple[Site, Path]]:
    """June finalised, then two corrections, a new exchange rate and another holiday; and the
    evidence of the moment at which it was finalised."""
    with kept():
        yield make_june(tmp_path_factory.mktemp("june"))


@pytest.fixture
def evidence(june: tuple[Site, Path], tmp_path: Path) -> tuple[Site, Path]:
    """The site, and its evidence in a folder of the test's own."""
    site, folder = june
    return site, Path(shutil.copytree(folder, tmp_path / "june"))


def make_june(tmp_path: Path) -> tuple[Site, Path]:
    site = load()
    site.run("finalise", "2026-06", "--on", "2026-07-05")
    then = now()
    for person, value in (("p010", "4620.00"), ("p020", "3842.50")):
        site.run(
            *("correct", person, "2026-06-15", "sales", value),
            *("--reference", f"D-{person}", "--reason", "A typing error"),
        )
    changed = tmp_path / "tenant"
    changed.mkdir()
    for name in ("people.csv", "assignments.csv"):
        (changed / name).write_bytes((site.folder / name).read_bytes())
    text = (site.folder / "tenant.yaml").read_text()
    later = text.replace("name: Holiday}", "name: Holiday}, {day: 2026-06-22, name: Another}")
    later = later.replace("EXT-1: p001", "EXT-1: p002").replace("EXT-2: p002", "EXT-3: p001")
    (changed / "tenant.yaml").write_text(later.replace("value: 8000", "value: 9000"))
    call_command("apply", str(changed / "tenant.yaml"), stdout=io.StringIO())
    folder = tmp_path / "june"
    said = site.run("evidence", "2026-06", folder, "--moment", then)
    assert f"Booked by then: {TOTAL}; worked out as known then: {TOTAL}." in said
    return site, folder


def test_30_again_from_the_raw_files(evidence: tuple[Site, Path]) -> None:
    site, folder = evidence
    found = reperform(folder=folder, tenant="again")
    assert found.same
    assert (found.people, found.total) == (400, Decimal(TOTAL))
    assert found.figures
    said: list[str] = []
    tell(found, said.append)
    assert said[-1] == f"The same to the cent: 400 people, {TOTAL}"
    with pytest.raises(DomainError, match="There is a tenant “again” already"):
        reperform(folder=folder, tenant="again")
    assert "not empty" in site.refused("evidence", "2026-06", folder, "--moment", "2026-07-05")


def test_what_the_pack_holds(evidence: tuple[Site, Path]) -> None:
    _, folder = evidence
    pack = Pack(folder)
    assert pack.about["booked"] == f"{TOTAL}0000"
    assert {one["plan"]: one["final"] for one in pack.about["plans"]} == {
        "sales": True,
        "heads": True,
    }
    deliveries = json.loads((folder / "deliveries.json").read_text())
    assert [one["file"] for one in deliveries] == ["checks.csv", "sales.csv"], (
        "wrong.csv was undone"
    )
    assert len(deliveries[1]["left_out"]) == 1, "a stranger's row"
    assert ["EXT-1", "p001"] in [alias[:2] for alias in deliveries[1]["read_by"]["aliases"]]
    tenant = (folder / "tenant.yaml").read_text()
    assert "2026-06-22" not in tenant
    assert "value: 8000" in tenant
    assert "fact_values: fact_values.csv" in tenant


def test_a_pack_that_was_touched(evidence: tuple[Site, Path]) -> None:
    _, folder = evidence
    stored = next((folder / "deliveries").glob("*sales.csv"))
    stored.write_text(stored.read_text().replace("4000.00", "9000.00"))
    (folder / "extra.txt").write_text("x")
    with pytest.raises(DomainError) as refusal:
        reperform(folder=folder, tenant="again")
    assert "proves nothing" in refusal.value.sentence
    assert refusal.value.problems == (
        f"deliveries/{stored.name}: its SHA-256 is another one",
        "extra.txt: not in the manifest",
    )
    with pytest.raises(DomainError, match=r"manifest\.json is missing"):
        reperform(folder=folder / "deliveries", tenant="again")


def test_what_differs_is_listed(evidence: tuple[Site, Path]) -> None:
    site, folder = evidence
    with enter(Tenant.objects.get(code=site.code).pk):
        assert Source.objects.exists()
    later = folder.with_name("later")
    said = site.run("evidence", "2026-06", later, "--moment", now())
    assert "differ from what was booked: a difference waited to be posted" in said
    found = reperform(folder=later, tenant="again")
    assert not found.same
    assert found.known, "booked and known parted, the machine did not"
    lines: list[str] = []
    with pytest.raises(CommandError) as told:
        tell(found, lines.append)
    assert "All is as it was known then" in str(told.value)
    assert "p010 sales commission primary: 80.00 EUR then, 92.40 EUR now" in str(told.value)


@pytest.mark.parametrize(
    "name, story", [("asof_story", STORY), ("asof_deals", DEALS)], ids=["figures", "deals"]
)
def test_each_state_of_a_story(
    name: str, story: tuple[tuple[str, ...], ...], tmp_path: Path
) -> None:
    """What was known at several moments of a month in which everything changes."""
    site = Site(name)
    moments: list[tuple[int, datetime]] = []
    for number, (command, *arguments) in enumerate(story):
        do(site, command, *arguments)
        moments.append((number, timezone.now()))
    for number, moment in some(moments[2::3], few=2):
        folder = tmp_path / f"state{number}"
        moment_text = moment.isoformat()
        site.run("evidence", "2026-06", folder, "--moment", moment_text, "--on-then", "2026-07-02")
        found = reperform(folder=folder, tenant=f"again-{number}")
        assert found.same, (story[number], found.differing)
        assert found.figures


def test_on_an_empty_database(evidence: tuple[Site, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The command as an auditor types it: a database of its own, made, used and dropped.

    It begins as a copy of the migrated one, so that migrating it finds everything done.
    """
    monkeypatch.setattr(made_by, "TEMPLATE", connections["owner"].settings_dict["TEST"]["TEMPLATE"])
    _, folder = evidence
    out = io.StringIO()
    call_command("reperform", str(folder), stdout=out)
    assert f"The same to the cent: 400 people, {TOTAL}" in out.getvalue()
