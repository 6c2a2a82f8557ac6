"""How fast pages are: people in a database of its own, gunicorn, and users who ask all at once.

    bin/bench-pages --people 1000|10000|100000 [--json FILE] [--pause S]

Loads teams with two calculated months, a board and signed-in users; serves them with two workers;
asks for each page by twenty users at once, different people at random, and refuses to report where
an answer is not the page that it should be. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.database import Addresses, own_database  # noqa: E402  (the path is set above)
from bench.drive import Order  # noqa: E402
from bench.nightly import machine, say, server_version  # noqa: E402
from bench.parts import report, said_by, with_servers  # noqa: E402
from bench.serve import served  # noqa: E402
from bench.weight import first_visit  # noqa: E402

NAME = "pmsite_bench_pages"
PAGES = ("scorecard", "team", "leaderboard", "statement")
USERS = 20
WARM = 3 * USERS
Visits = dict[str, list[dict[str, Any]]]


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure pages under load.")
    parser.add_argument("--people", type=int, default=1000, help="How many people (default 1000).")
    parser.add_argument("--requests", type=int, default=400, help="Of each page (default 400).")
    parser.add_argument(
        "--pause",
        type=float,
        default=0,
        help="Seconds for which each user reads before the next page (default 0: none).",
    )
    parser.add_argument("--json", type=Path, help="Also write the figures to this file.")
    parser.add_argument("--database", default=NAME, help=f"Its name (default {NAME}).")
    parser.add_argument(
        "--keep", action="store_true", help="Leave the database, and use it if it is there."
    )
    options = parser.parse_args(given)
    if options.people < 50:
        parser.error("--people must be at least 50.")
    if options.requests < 1 or options.pause < 0:
        parser.error("--requests must be at least 1, and --pause at least 0.")
    return options


def load(where: Addresses, people: int) -> Visits:
    """Fill the database; the visits of each page. One that was kept has them already."""
    with psycopg.connect(where.owner, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA IF NOT EXISTS kept")
        owner.execute("CREATE TABLE IF NOT EXISTS kept.visits (text text)")
        kept = owner.execute("SELECT text FROM kept.visits").fetchone()
        if kept is not None:
            return dict(json.loads(kept[0]))
        say(f"Loading {people:,} people …")
        begin = time.perf_counter()
        visits: Visits = json.loads(said_by(where, "bench.pages_load", str(people)))
        owner.execute("INSERT INTO kept.visits VALUES (%s)", [json.dumps(visits)])
        owner.execute("VACUUM (ANALYZE)")
        say(f"  loaded in {time.perf_counter() - begin:.0f} s")
        return visits


def measure_page(
    where: Addresses, order: Order, folder: Path, name: str
) -> dict[str, float | int | None]:
    """Percentiles in milliseconds, and requests a second, of one page."""
    file = folder / f"{name}.json"
    warm = min(WARM, len(order.visits) // 2)
    for visits in (order.visits[:warm], order.visits[warm:]):
        file.write_text(json.dumps({**asdict(order), "visits": visits}))
        found = json.loads(said_by(where, "bench.drive", str(file)))
    return {
        "p50_ms": round(statistics.median(found["ms"]), 1),
        "p95_ms": round(percentile(found["ms"], 95), 1),
        "requests_s": round(len(found["ms"]) / found["seconds"], 1),
    }


def percentile(figures: list[float], share: int) -> float:
    """The figure below or at which so many of a hundred lie."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def drawn(visits: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """So many visits of different people at random, the ones to warm up with first."""
    return random.Random(2).choices(visits, k=min(WARM, count) + count)


# --- the report


def measure(where: Addresses, options: argparse.Namespace) -> dict[str, Any]:
    """What the JSON file holds."""
    visits = load(where, options.people)
    pages: dict[str, dict[str, float | int | None]] = {}
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        environment = {**where.environment(), "DJANGO_SETTINGS_MODULE": "pmsite.settings"}
        with served(environment, folder) as port:
            for name in PAGES:
                order = Order(port, USERS, drawn(visits[name], options.requests), options.pause)
                pages[name] = measure_page(where, order, folder, name)
                say(f"  {name}: {pages[name]}")
            first = visits["scorecard"][0]
            weight = first_visit(f"http://127.0.0.1:{port}{first['path']}", first["cookie"])
        file = folder / "visits.json"
        file.write_text(json.dumps({name: visits[name][:5] for name in PAGES}))
        for name, number in json.loads(
            said_by(where, "bench.pages_load", "queries", str(file))
        ).items():
            pages[name]["queries"] = number
    return {
        "people": options.people,
        "pages": pages,
        "first_visit_kb": round(sum(weight.values()) / 1000, 1),
        "users": USERS,
        "pause_s": options.pause,
        "load_average": [round(before, 1), round(os.getloadavg()[0], 1)],
        "machine": f"{machine()}, PostgreSQL {server_version(where)}",
    }


def table(found: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"{found['people']:,} people, {found['users']} users at once",
        f"{'page':<14}{'p50 ms':>9}{'p95 ms':>9}{'a second':>10}{'queries':>9}",
    ]
    for name, page in found["pages"].items():
        lines.append(
            f"{name:<14}{page['p50_ms']:>9}{page['p95_ms']:>9}{page['requests_s']:>10}"
            f"{page['queries']:>9}"
        )
    load = found["load_average"]
    return "\n".join(
        [
            *lines,
            f"first visit of a scorecard: {found['first_visit_kb']} kB compressed",
            f"load average before and after: {load[0]} and {load[1]}",
            found["machine"],
        ]
    )


def run(options: argparse.Namespace, *, template: str = "") -> dict[str, Any]:
    """Load, measure and report; the figures. ``template``: a migrated database to copy."""
    with own_database(options.database, keep=options.keep, template=template) as where:
        found = measure(where, options)
    return report(found, table(found), options.json)


def main() -> None:
    """Run with the embedded servers up."""
    with_servers(run, arguments())


if __name__ == "__main__":
    main()
