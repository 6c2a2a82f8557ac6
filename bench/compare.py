"""Keeping what one way wrote, emptying the tables for the next, and holding the ways side by side.

All of it as the owner, who sees every row; nothing here is timed.
"""

from __future__ import annotations

import psycopg

# What is compared: no keys of runs and no moments, which differ by nature.
COMPARED = {
    "totals": "SELECT metric_id, person_id, assignment_id, rows, numerator, denominator, minimum,"
    " maximum, last_day, last_value FROM metrics_total",
    "results": "SELECT person_id, job, inputs, segments FROM incentives_result",
    "earnings": "SELECT person_id, component_id, job, grain, plan_id, period_id, currency, amount,"
    " status, problem FROM incentives_earning",
    "runs": "SELECT plan_id, version_id, period_id, people, undecided, failed, total"
    " FROM incentives_calculationrun",
    "periods": "SELECT plan_id, period_id, run_id IS NOT NULL AS run FROM incentives_planperiod",
    "kept": "SELECT period_id, metric_id FROM metrics_kepttotal",
}
WRITTEN = (
    "metrics_total, metrics_kepttotal, incentives_planperiod, incentives_earning,"
    " incentives_result, incentives_calculationrun, incentives_dirty, incentives_transfer"
)


def empty(owner: psycopg.Connection) -> None:
    """Take away what a way wrote, without leaving dead rows to the next."""
    owner.execute(f"TRUNCATE {WRITTEN} CASCADE")  # type: ignore[arg-type]
    owner.execute("DELETE FROM org_stalemark")


def tidy(owner: psycopg.Connection) -> None:
    """Do what autovacuum does by day: statistics, and hints that the first reader would pay."""
    owner.execute("VACUUM (ANALYZE)")


def warm(owner: psycopg.Connection) -> None:
    """Read the values and their key once, so that no way pays for a cold disk."""
    owner.execute("SELECT count(numerator) FROM metrics_value")
    with owner.transaction():
        owner.execute("SET LOCAL enable_seqscan = off")
        owner.execute(
            "SELECT count(*) FROM (SELECT FROM metrics_value ORDER BY tenant_id, person_id, day,"
            " metric_id, reference, superseded_at OFFSET 0) AS value"
        )


def keep(owner: psycopg.Connection, way: str) -> None:
    """Remember what a way wrote."""
    owner.execute("CREATE SCHEMA IF NOT EXISTS kept")
    for name, query in COMPARED.items():
        owner.execute(f"DROP TABLE IF EXISTS kept.{way}_{name}")  # type: ignore[arg-type]
        owner.execute(f"CREATE UNLOGGED TABLE kept.{way}_{name} AS {query}")  # type: ignore[arg-type]


def differences(owner: psycopg.Connection, way: str, other: str) -> dict[str, int]:
    """How many rows of one way the other does not have alike, by what is compared."""
    found = {}
    for name in COMPARED:
        one, two = f"TABLE kept.{way}_{name}", f"TABLE kept.{other}_{name}"
        query = (
            f"SELECT count(*) FROM (({one} EXCEPT ALL {two}) UNION ALL ({two} EXCEPT ALL {one}))"
            " AS differing"
        )
        row = owner.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        found[name] = row[0]
    return found


def counts(owner: psycopg.Connection, way: str) -> dict[str, int]:
    """How many rows of each sort a way wrote."""
    found = {}
    for name in COMPARED:
        row = owner.execute(f"SELECT count(*) FROM kept.{way}_{name}").fetchone()  # type: ignore[arg-type]
        assert row is not None
        found[name] = row[0]
    return found
