"""The benchmarks in small: they run, their ways agree, and they write the figures they promise."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from django.db import connections

from bench import compare, drive, engine, nightly, pages, rules
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
def test_pages_are_measured_only_where_they_are_what_they_should_be(
    tmp_path: Path, template: str, worker_id: str
) -> None:
    """Every answer is held against what its page shows; queries and weight come with the times."""
    file = tmp_path / "pages.json"
    name = f"pmsite_bench_pages_{worker_id}"
    given = ["--people", "60", "--requests", "3", "--database", name, "--json", str(file)]
    pages.run(pages.arguments(given), template=template)
    found = json.loads(file.read_text())
    assert set(found["pages"]) == set(pages.PAGES)
    for name, page in found["pages"].items():
        assert 0 < page["p50_ms"] <= page["p95_ms"]
        assert page["requests_s"] > 0 < page["queries"] <= (15 if name == "statement" else 12)
    assert (found["people"], found["users"]) == (60, 20)
    assert 20 < found["first_visit_kb"] <= 250
    assert found["machine"]


def test_a_page_that_is_another_one_is_not_measured() -> None:
    """What does not answer 200, or does not show what it should, ends the measuring."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/there/" else 403)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"there")

        def log_message(self, *_said: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for path, shows, said in (
            ("/there/", ["there"], ""),
            ("/there/", ["elsewhere"], "does not show elsewhere"),
            ("/gone/", [], "answered 403"),
        ):
            visit = {"path": path, "cookie": "", "shows": shows}
            order = drive.Order(server.server_port, 2, [visit] * 4)
            if not said:
                assert len(drive.drive(order)["ms"]) == 4
                continue
            with pytest.raises(drive.Wrong, match=said):
                drive.drive(order)
        server.shutdown()


def test_percentiles_are_figures_that_were_measured() -> None:
    """The smallest figure below or at which so many lie."""
    assert [pages.percentile([4.0, 1.0, 3.0, 2.0], share) for share in (50, 95)] == [2.0, 4.0]
    assert pages.percentile([float(n) for n in range(1, 101)], 95) == 95.0


@pytest.mark.long
def test_the_impact_of_one_changed_tier_is_measured_to_the_drawn_page(
    tmp_path: Path, template: str, worker_id: str
) -> None:
    """The benchmark refuses to report where the page does not show the impact and its picture."""
    file = tmp_path / "rules.json"
    name = f"pmsite_bench_rules_{worker_id}"
    given = ["--people", "60", "--requests", "3", "--database", name, "--json", str(file)]
    rules.run(rules.arguments(given), template=template)
    found = json.loads(file.read_text())
    assert set(found) == {"people", *rules.KEYS, "machine"}
    assert all(found[key] > 0 for key in rules.KEYS)
