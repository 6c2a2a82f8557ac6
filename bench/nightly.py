"""The nightly job against statements written by hand and against pandas, in one database.

    bin/bench --people 1000|10000|100000 [--json FILE] [--runs N]

Loads people × 10 metrics × 31 days into a database of its own, calculates the month in three ways
from the same start (nothing added up yet, everything stale), refuses to report unless all three
wrote the same totals, inputs and amounts, and drops the database. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import compare  # noqa: E402  (the path is set above)
from bench.database import NAME, Addresses, Refused, own_database  # noqa: E402
from bench.parts import report, said_by, with_servers  # noqa: E402
from bench.world import World  # noqa: E402

WAYS = {"ours": "ours", "sql": "by_sql", "pandas": "by_pandas"}


@dataclass
class Measured:
    """Seconds and greatest memory of each run of one way."""

    seconds: list[float] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the nightly job against SQL and pandas.")
    parser.add_argument("--people", type=int, default=1000, help="How many people (default 1000).")
    parser.add_argument("--json", type=Path, help="Also write the figures to this file.")
    parser.add_argument("--runs", type=int, default=1, help="Runs of each way; medians are shown.")
    parser.add_argument(
        "--ways", default=",".join(WAYS), help="Which ways to run: ours,sql,pandas (default all)."
    )
    parser.add_argument("--database", default=NAME, help=f"Its name (default {NAME}).")
    parser.add_argument(
        "--keep", action="store_true", help="Leave the database, and use it if it is there."
    )
    options = parser.parse_args(given)
    options.ways = options.ways.split(",")
    if unknown := set(options.ways) - set(WAYS):
        parser.error(f"There is no way called {', '.join(unknown)}: choose from {', '.join(WAYS)}.")
    if options.people < 1 or options.runs < 1:
        parser.error("--people and --runs must be at least 1.")
    return options


def say(sentence: str) -> None:
    """Tell how far it is."""
    print(sentence, file=sys.stderr, flush=True)


def load(where: Addresses, people: int) -> World:
    """Fill the database, in a process of its own."""
    say(f"Loading {people:,} people with {people * 310:,} values …")
    begin = time.perf_counter()
    made = said_by(where, "bench.load", str(people))
    say(f"  loaded in {time.perf_counter() - begin:.0f} s")
    with psycopg.connect(where.owner) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS kept")
        connection.execute("CREATE TABLE kept.world AS SELECT %s::text AS text", [made])
    return World(**json.loads(made))


def measure(
    where: Addresses, world: World, ways: list[str], runs: int
) -> tuple[dict[str, Measured], dict[str, int]]:
    """Run every way so often, each time from the same start, and hold what they wrote together."""
    measured = {way: Measured() for way in ways}
    with psycopg.connect(where.owner, autocommit=True) as owner:
        compare.tidy(owner)
        for number in range(runs):
            for way in ways if number % 2 == 0 else ways[::-1]:
                compare.empty(owner)
                said_by(where, "bench.load", "stale", world.write())
                compare.warm(owner)
                found = json.loads(said_by(where, f"bench.{WAYS[way]}", world.write()))
                measured[way].seconds.append(found["seconds"])
                measured[way].peaks_mb.append(found["peak_mb"])
                say(f"  {way}: {found['seconds']:.2f} s, {found['peak_mb']:.0f} MB")
                compare.keep(owner, way)
            for other in ways[1:]:
                refuse_differences(owner, ways[0], other)
        written = compare.counts(owner, ways[0])
    return measured, written


def refuse_differences(owner: psycopg.Connection, way: str, other: str) -> None:
    """Refuse to report what two ways do not agree about."""
    found = {k: v for k, v in compare.differences(owner, way, other).items() if v}
    if found:
        said = ", ".join(f"{count:,} of {name}" for name, count in found.items())
        raise Refused(f"{way} and {other} do not agree: rows that only one has: {said}.")


def machine() -> str:
    """Processor, cores, memory and versions."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()},"
        f" Python {platform.python_version()}"
    )


def figures(world: World, measured: dict[str, Measured], server: str) -> dict[str, Any]:
    """What the JSON file holds; a way that was not run stands as null."""
    seconds = {way: round(measured[way].median_s, 3) if way in measured else None for way in WAYS}
    ours = seconds["ours"]

    def ratio(over: float | None, under: float | None) -> float | None:
        return round(over / under, 3) if over and under else None

    return {
        "people": world.people,
        "values": world.values,
        "ours_s": ours,
        "sql_s": seconds["sql"],
        "pandas_s": seconds["pandas"],
        "ratio_sql": ratio(ours, seconds["sql"]),
        "ratio_pandas": ratio(seconds["pandas"], ours),
        "worker_peak_mb": round(max(measured["ours"].peaks_mb)) if "ours" in measured else None,
        "machine": f"{machine()}, PostgreSQL {server}",
    }


def table(found: dict[str, Any], measured: dict[str, Measured], written: dict[str, int]) -> str:
    """The figures for people."""
    lines = [
        f"{found['people']:,} people, {found['values']:,} values → {written['totals']:,} totals,"
        f" {written['results']:,} results, {written['earnings']:,} earnings; all ways agree",
        f"{'way':<22}{'seconds':>10}{'to ours':>10}{'peak MB':>10}",
    ]
    ours = found["ours_s"]
    titles = {"ours": "pmsite, nightly job", "sql": "SQL by hand", "pandas": "pandas"}
    for way, result in measured.items():
        share = f"{result.median_s / ours:.2f}" if ours else ""
        lines.append(
            f"{titles[way]:<22}{result.median_s:>10.2f}{share:>10}{max(result.peaks_mb):>10.0f}"
        )
    return "\n".join([*lines, found["machine"]])


def server_version(where: Addresses) -> str:
    """Which PostgreSQL it is."""
    with psycopg.connect(where.owner) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    assert row is not None
    return str(row[0]).split()[0]


def run(options: argparse.Namespace, *, template: str = "") -> dict[str, Any]:
    """Load, measure, compare and report; the figures. ``template``: a migrated database to copy."""
    with own_database(options.database, keep=options.keep, template=template) as where:
        world = _loaded(where) or load(where, options.people)
        measured, written = measure(where, world, options.ways, options.runs)
        found = figures(world, measured, server_version(where))
    return report(found, table(found, measured, written), options.json)


def _loaded(where: Addresses) -> World | None:
    """The world of a database that was kept."""
    with psycopg.connect(where.owner) as connection:
        row = connection.execute("SELECT to_regclass('kept.world')").fetchone()
        if row is None or row[0] is None:
            return None
        found = connection.execute("SELECT text FROM kept.world").fetchone()
        return World(**json.loads(found[0])) if found else None


def main() -> None:
    """Run with the embedded servers up."""
    with_servers(run, arguments())


if __name__ == "__main__":
    main()
