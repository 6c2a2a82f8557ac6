"""The engine against statements written by hand: plans, credits, pools, differences, corrections.

    bin/bench-engine --people 1000|10000|100000 [--json FILE]

Loads a tenant into a database of its own, measures each part by the engine and by hand in the same
run, refuses to report unless both pay the same, and drops the database. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.database import Addresses, Refused, own_database  # noqa: E402  (the path is set above)
from bench.nightly import machine, server_version  # noqa: E402
from pmsite import services  # noqa: E402

NAME = "pmsite_bench_engine"


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the engine against SQL by hand.")
    parser.add_argument("--people", type=int, default=1000, help="How many people (default 1000).")
    parser.add_argument("--json", type=Path, help="Also write the figures to this file.")
    parser.add_argument("--database", default=NAME, help=f"Its name (default {NAME}).")
    options = parser.parse_args(given)
    if options.people < 100:
        parser.error("--people must be at least 100.")
    return options


def figures(people: int, seconds: dict[str, float], where: Addresses) -> dict[str, Any]:
    """What the JSON file holds."""

    def ratio(part: str) -> float:
        return round(seconds[f"{part}_ours"] / seconds[f"{part}_sql"], 3)

    changed = seconds["change_1_percent"] + seconds["differences_1_percent"]
    return {
        "people": people,
        "plans_ratio_sql": ratio("plans"),
        "credits_ratio_sql": ratio("credits"),
        "pools_ratio_sql": ratio("pools"),
        "difference_share": round(changed / seconds["full_run"], 3),
        "correction_ms": round(seconds["correction_one"] * 1000),
        "correction_all_s": seconds["correction_all"],
        "seconds": seconds,
        "machine": f"{machine()}, PostgreSQL {server_version(where)}",
    }


def run(options: argparse.Namespace, *, template: str = "") -> dict[str, Any]:
    """Load, measure and report; the figures."""
    with own_database(options.database, keep=False, template=template) as where:
        result = subprocess.run(
            [sys.executable, "-m", "bench.engine_run", str(options.people)],
            cwd=ROOT,
            env={**where.environment(), "DJANGO_SETTINGS_MODULE": "pmsite.settings"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if result.returncode:
            raise Refused(f"The measuring ended with status {result.returncode}; see above.")
        seconds = json.loads(result.stdout.strip().splitlines()[-1])["seconds"]
        found = figures(options.people, seconds, where)
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return found


def main() -> None:
    """Run with the embedded servers up."""
    options = arguments()
    try:
        with services.in_use():
            run(options)
    except (Refused, services.ServiceError) as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
