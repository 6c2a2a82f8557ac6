"""The benchmark in small: it runs, its three ways agree, and it writes the figures it promises."""

import json
from pathlib import Path

import psycopg
import pytest
from django.db import connections

from bench import compare, engine, nightly
from bench.database import Refused, own_database
from tests import migrated

KEYS = {
    "people",
    "values",
    "ours_s",
    "sql_s",
    "pandas_s",
    "ratio_sql",
    "ratio_pandas",
    "worker_peak_mb",
    "machine",
}


@pytest.fixture(scope="module")
def template() -> str:
    """A migrated database to copy, since migrating takes longer than the rest."""
    owner, app = (connections[alias].settings_dict for alias in ("owner", "default"))
    return migrated.ensure(owner, app)


def test_three_ways_agree_to_the_cent_and_the_figures_are_written(
    tmp_path: Path, template: str, capsys: pytest.CaptureFixture[str], worker_id: str
) -> None:
    """Agreement is checked by the benchmark itself: it refuses to report where the ways differ."""
    file = tmp_path / "bench.json"
    name = f"pmsite_bench_test_{worker_id}"
    options = nightly.arguments(["--people", "20", "--database", name, "--json", str(file)])
    nightly.run(options, template=template)
    found = json.loads(file.read_text())
    assert set(found) == KEYS
    assert (found["people"], found["values"]) == (20, 20 * 10 * 31)
    assert found["ratio_sql"] == pytest.approx(found["ours_s"] / found["sql_s"], abs=0.001)
    assert found["ratio_pandas"] == pytest.approx(found["pandas_s"] / found["ours_s"], abs=0.001)
    assert 20 < found["worker_peak_mb"] < 500
    said = capsys.readouterr().out
    # 20 people in 10 metrics, and one of them in two teams, and one on days before the first job.
    # 19 are paid for three components; one supervises.
    assert "220 totals, 19 results, 57 earnings; all ways agree" in said


def test_a_difference_of_a_cent_is_refused(template: str, worker_id: str) -> None:
    """Amounts that differ by a cent are named, and nothing is reported."""
    name = f"pmsite_bench_cent_{worker_id}"
    with (
        own_database(name, keep=False, template=template) as where,
        psycopg.connect(where.owner, autocommit=True) as owner,
    ):
        for way, amount in (("ours", "10.00"), ("sql", "10.01")):
            compare.keep(owner, way)
            owner.execute(f"INSERT INTO kept.{way}_earnings (amount) VALUES ({amount})")
        with pytest.raises(Refused, match=r"ours and sql do not agree.*2 of earnings"):
            nightly.refuse_differences(owner, "ours", "sql")


def test_unknown_way_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt way is a sentence, not a traceback."""
    with pytest.raises(SystemExit):
        nightly.arguments(["--ways", "ours,excel"])
    assert "There is no way called excel" in capsys.readouterr().err


def test_the_engine_pays_what_statements_by_hand_pay(
    tmp_path: Path, template: str, worker_id: str
) -> None:
    """The benchmark refuses to report where the engine and the statements do not agree."""
    file = tmp_path / "engine.json"
    name = f"pmsite_bench_engine_{worker_id}"
    engine.run(
        engine.arguments(["--people", "100", "--database", name, "--json", str(file)]),
        template=template,
    )
    found = json.loads(file.read_text())
    assert found["people"] == 100
    for key in ("plans_ratio_sql", "credits_ratio_sql", "pools_ratio_sql", "difference_share"):
        assert found[key] > 0
    assert found["correction_ms"] > 0 < found["correction_all_s"]
