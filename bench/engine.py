"""The engine against statements written by hand: plans, credits, pools, differences, corrections.

    bin/bench-engine --people 1000|10000|100000 [--parts plans,credits,…] [--json FILE]

Loads a tenant into a database of its own, measures each part by the engine and by hand in the same
run, refuses to report unless both pay the same, and drops the database. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.database import Addresses, own_database  # noqa: E402  (the path is set above)
from bench.nightly import machine, server_version  # noqa: E402
from bench.parts import report, said_by, with_servers  # noqa: E402

NAME = "pmsite_bench_engine"
PARTS = ("plans", "credits", "pools", "differences", "corrections")


# What the figures are made of, in seconds.
NAMES = [f"{part}_{way}" for part in PARTS[:3] for way in ("ours", "sql")]
NAMES += ["full_run", "change_1_percent", "differences_1_percent"]
NAMES += ["correction_one", "correction_all"]


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the engine against SQL by hand.")
    parser.add_argument("--people", type=int, default=1000, help="How many people (default 1000).")
    parser.add_argument(
        "--parts", default=",".join(PARTS), help="Which parts are measured (default: all)."
    )
    parser.add_argument("--json", type=Path, help="Also write the figures to this file.")
    parser.add_argument("--database", default=NAME, help=f"Its name (default {NAME}).")
    options = parser.parse_args(given)
    if options.people < 100:
        parser.error("--people must be at least 100.")
    if unknown := set(options.parts.split(",")) - set(PARTS):
        parser.error(f"There is no part called {', '.join(unknown)}: they are {', '.join(PARTS)}.")
    return options


def figures(people: int, seconds: dict[str, float], where: Addresses) -> dict[str, Any]:
    """What the JSON file holds; what was not measured is null."""
    known = {name: seconds.get(name, math.nan) for name in NAMES} | seconds

    def told(figure: float, places: int = 3) -> float | None:
        return None if math.isnan(figure) else round(figure, places)

    def ratio(part: str) -> float | None:
        return told(known[f"{part}_ours"] / known[f"{part}_sql"])

    changed = known["change_1_percent"] + known["differences_1_percent"]
    return {
        "people": people,
        "plans_ratio_sql": ratio("plans"),
        "credits_ratio_sql": ratio("credits"),
        "pools_ratio_sql": ratio("pools"),
        "difference_share": told(changed / known["full_run"]),
        "correction_ms": told(known["correction_one"] * 1000, 0),
        "correction_all_s": told(known["correction_all"]),
        "seconds": seconds,
        "machine": f"{machine()}, PostgreSQL {server_version(where)}",
    }


def run(options: argparse.Namespace, *, template: str = "") -> dict[str, Any]:
    """Load, measure and report; the figures."""
    with own_database(options.database, keep=False, template=template) as where:
        given = (str(options.people), options.parts)
        seconds = json.loads(said_by(where, "bench.engine_run", *given))["seconds"]
        found = figures(options.people, seconds, where)
    return report(found, json.dumps(found, indent=2), options.json)


def main() -> None:
    """Run with the embedded servers up."""
    with_servers(run, arguments())


if __name__ == "__main__":
    main()
