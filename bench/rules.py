"""How fast rules are tried and read: one changed tier, checks, statements, workbooks, what if.

    bin/bench-rules --people 1000|10000|100000 [--json FILE]

Loads teams with two calculated months into a database of its own, changes one tier in a draft, and
measures from the click to the drawn page; then the check of a formula as it is typed, and the
statements, workbooks and what-ifs of different people. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.database import Addresses, own_database  # noqa: E402  (the path is set above)
from bench.nightly import machine, server_version  # noqa: E402
from bench.parts import report, said_by, with_servers  # noqa: E402

NAME = "pmsite_bench_rules"
KEYS = ("impact_preview_s", "check_ms", "statement_p95_ms", "workbook_ms", "whatif_ms")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure how fast rules are tried and read.")
    parser.add_argument("--people", type=int, default=1000, help="How many people (default 1000).")
    parser.add_argument("--requests", type=int, default=200, help="Statements (default 200).")
    parser.add_argument("--json", type=Path, help="Also write the figures to this file.")
    parser.add_argument("--database", default=NAME, help=f"Its name (default {NAME}).")
    options = parser.parse_args(given)
    if options.people < 50:
        parser.error("--people must be at least 50.")
    if options.requests < 1:
        parser.error("--requests must be at least 1.")
    return options


def measure(where: Addresses, options: argparse.Namespace) -> dict[str, Any]:
    """What the JSON file holds."""
    before = os.getloadavg()[0]
    given = (str(options.people), str(options.requests))
    found = json.loads(said_by(where, "bench.rules_run", *given))
    load = f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    return {
        "people": options.people,
        **{key: found.get(key) for key in KEYS},
        "machine": f"{machine()}, PostgreSQL {server_version(where)}, {load}",
    }


def run(options: argparse.Namespace, *, template: str = "") -> dict[str, Any]:
    """Load, measure and report; the figures."""
    with own_database(options.database, keep=False, template=template) as where:
        found = measure(where, options)
    return report(found, json.dumps(found, indent=2), options.json)


def main() -> None:
    """Run with the embedded servers up."""
    with_servers(run, arguments())


if __name__ == "__main__":
    main()
