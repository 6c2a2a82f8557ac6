"""One way of three: a pandas script that pulls the values out, calculates, and writes back.

It is meant as a good one: COPY instead of rows from a cursor, a few million rows at a time, whole
numbers of millionths for exact sums (right as long as values have at most six decimals and stay
below 9,000 millions), Decimal where money is worked out, COPY on the way back.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from io import RawIOBase
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from bench.memory import peak_mb
from bench.world import DAYS, END, START, World, from_arguments

NEVER = "'9999-12-31 00:00:00+00'::timestamptz"
MILLION = 1_000_000
CHUNK = 4_000_000
LAST_NAMES = ("calls", "sales", "chats", "referrals")
RATIOS = ("resolution", "adherence", "talk_time", "quality")
ORDER = ("calls", "sales", "chats", "referrals", *RATIOS, "longest", "portfolio")
TWELVE, CENT = Decimal("1e-12"), Decimal("0.01")
KEY = ["metric", "person", "job"]


class _Stream(RawIOBase):
    """What COPY sends, as a file that pandas reads."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self.blocks = iter(copy)
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self.rest:
            block = next(self.blocks, None)
            if block is None:
                return 0
            self.rest = bytes(block)
        size = min(len(target), len(self.rest))
        target[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


def read_values(connection: psycopg.Connection) -> Iterable[pd.DataFrame]:
    """The month's values, some millions at a time; money and durations as whole millionths."""
    statement = (
        "COPY (SELECT metric_id, person_id, coalesce(assignment_id, 0), day - '2026-07-01'::date,"
        " trim_scale(numerator), trim_scale(denominator) FROM metrics_value"
        f" WHERE superseded_at = {NEVER} AND day >= '2026-07-01' AND day < '2026-08-01')"
        " TO STDOUT (FORMAT csv)"
    )
    names = [*KEY, "day", "n", "d"]
    types = {"metric": "int64", "person": "int64", "job": "int64", "day": "int16"}
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in pd.read_csv(
            _Stream(copy), header=None, names=names, dtype=types, chunksize=CHUNK
        ):
            for column in ("n", "d"):
                part[column] = np.rint(part[column].fillna(0).to_numpy(float) * MILLION).astype(
                    np.int64
                )
            yield part


def add_up(connection: psycopg.Connection, world: World) -> pd.DataFrame:
    """Totals by metric, person and job, with the last day and the value on it."""
    parts, latest = [], []
    for values in read_values(connection):
        groups = values.groupby(KEY, sort=False)
        parts.append(
            groups.agg(
                rows=("n", "size"),
                n=("n", "sum"),
                d=("d", "sum"),
                least=("n", "min"),
                greatest=("n", "max"),
            )
        )
        latest.append(values[values.metric == world.metrics["portfolio"]][[*KEY, "day", "n"]])
    totals = (
        pd.concat(parts)
        .groupby(level=KEY)
        .agg(
            rows=("rows", "sum"),
            n=("n", "sum"),
            d=("d", "sum"),
            least=("least", "min"),
            greatest=("greatest", "max"),
        )
    )
    last = pd.concat(latest)
    last["last_day"] = last.groupby(KEY).day.transform("max")
    last = (
        last[last.day == last.last_day]
        .groupby(KEY)
        .agg(last_day=("last_day", "max"), last=("n", "sum"))
    )
    return totals.join(last).reset_index()


def figures(totals: pd.DataFrame, parts: pd.DataFrame, world: World) -> dict[str, dict[int, Any]]:
    """Each measure's sums by person, over the jobs that the plan pays."""
    own = totals.merge(parts[["person", "job"]], on=["person", "job"])
    found: dict[str, dict[int, Any]] = {}
    for code, metric in world.metrics.items():
        rows = own[own.metric == metric]
        if code == "longest":
            found[code] = rows.groupby("person").greatest.max().to_dict()
        elif code == "portfolio":
            newest = rows.sort_values("last_day").drop_duplicates("person", keep="last")
            found[code] = dict(zip(newest.person, newest["last"].astype("int64"), strict=True))
        else:
            sums = rows.groupby("person")[["n", "d"]].sum()
            found[code] = dict(zip(sums.index, zip(sums.n, sums.d, strict=True), strict=True))
    return found


def rounded(value: Decimal, places: Decimal = TWELVE) -> Decimal:
    """Half away from zero."""
    return value.quantize(places, rounding=ROUND_HALF_UP)


def exact(millionths: int) -> Decimal:
    """A whole number of millionths as the number it stands for."""
    return Decimal(int(millionths)) / MILLION


def text(value: Decimal | None) -> str | None:
    """As the database prints a trimmed numeric."""
    if value is None:
        return None
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def inputs_of(
    person: int, found: dict[str, dict[int, Any]], goals: dict[str, Decimal], days: int
) -> dict[str, Decimal | None]:
    """Everything that one person's amounts are worked out from."""
    prorate = rounded(Decimal(days) / DAYS)
    inputs: dict[str, Decimal | None] = {"prorate": prorate}
    for code in ORDER:
        value = found[code].get(person)
        if code in LAST_NAMES:
            inputs[code] = exact(value[0]) if value else Decimal(0)
            inputs[f"goal {code}"] = rounded(goals[code] * days / DAYS)
            continue
        if code in RATIOS:
            inputs[code] = rounded(Decimal(int(value[0])) / int(value[1])) if value else None
        else:
            inputs[code] = exact(value) if value is not None else None
        inputs[f"goal {code}"] = goals[code]
    return inputs


def amounts_of(inputs: dict[str, Any]) -> dict[str, Decimal | None]:
    """The plan: a tiered commission behind a gate, a bonus by attainment, a bonus for quality."""
    sales, prorate = inputs["sales"], inputs["prorate"]
    commission: Decimal | None = None
    if inputs["resolution"] is not None:
        commission = tiered(sales) if inputs["resolution"] >= Decimal("0.75") else Decimal(0)
    attained = rounded(inputs["calls"] / inputs["goal calls"]) if inputs["goal calls"] else None
    steps = ((Decimal("1.1"), 160), (Decimal(1), 100), (Decimal("0.9"), 50))
    bonus = next((Decimal(r) for b, r in steps if attained is not None and attained >= b), None)
    if bonus is None and attained is not None:
        bonus = Decimal(0)
    quality: Decimal | None = None
    if inputs["quality"] is not None and inputs["talk_time"]:
        factor = rounded(inputs["goal talk_time"] / inputs["talk_time"])
        quality = rounded(rounded(inputs["quality"] * Decimal("0.8")) * factor)
        quality = min(rounded(quality * prorate), Decimal(80))

    def paid(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else rounded(rounded(amount * prorate), CENT)

    return {
        "commission": paid(commission),
        "calls_bonus": paid(bonus),
        "quality_bonus": None if quality is None else rounded(quality, CENT),
    }


def tiered(sales: Decimal) -> Decimal:
    """Each slice at its own rate."""
    steps = ((7000, 175, "0.06"), (6000, 130, "0.045"), (5000, 100, "0.03"))
    for bound, before, rate in steps:
        if sales >= bound:
            return rounded(before + (sales - bound) * Decimal(rate))
    return rounded(sales * Decimal("0.02"))


def read_parts(connection: psycopg.Connection, world: World) -> pd.DataFrame:
    """The jobs that the plan pays, cut to the month."""
    rows = connection.execute(
        "SELECT person_id, id, unit_id, job_type_id, slot, greatest(valid_from, %s),"
        f" least(valid_to, %s) FROM org_assignment WHERE superseded_at = {NEVER}"
        " AND valid_from < %s AND valid_to > %s AND job_type_id = ANY(%s)"
        " ORDER BY person_id, valid_from",
        [START, END, END, START, [world.job_types["agent"], world.job_types["senior"]]],
    ).fetchall()
    names = ["person", "job", "unit", "job_type", "slot", "first", "end"]
    return pd.DataFrame(rows, columns=names)


def read_goals(connection: psycopg.Connection, world: World) -> dict[int, dict[str, Decimal]]:
    """Goals by job type and metric."""
    codes = {metric: code for code, metric in world.metrics.items()}
    goals: dict[int, dict[str, Decimal]] = {}
    for job_type, metric, value in connection.execute(
        f"SELECT job_type_id, metric_id, value FROM metrics_goal WHERE superseded_at = {NEVER}"
    ):
        goals.setdefault(job_type, {})[codes[metric]] = value
    return goals


def write(
    connection: psycopg.Connection, table: str, columns: Sequence[str], rows: Iterable[Any]
) -> None:
    """COPY into a temporary table, since tables with policies refuse it, then insert."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    parts = {"table": sql.Identifier(table), "names": names}
    for statement in (
        "DROP TABLE IF EXISTS stage",
        "CREATE TEMP TABLE stage AS SELECT {names} FROM {table} LIMIT 0",
    ):
        connection.execute(sql.SQL(statement).format(**parts))  # type: ignore[arg-type]
    stage = sql.SQL("COPY stage ({names}) FROM STDIN").format(**parts)
    with connection.cursor() as cursor, cursor.copy(stage) as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(
        sql.SQL("INSERT INTO {table} ({names}) SELECT {names} FROM stage").format(**parts)
    )


def write_totals(connection: psycopg.Connection, totals: pd.DataFrame, world: World) -> None:
    """The totals, each kind with the columns that it keeps."""
    longest, portfolio = world.metrics["longest"], world.metrics["portfolio"]
    ratios = {world.metrics[code] for code in RATIOS}
    days = [str(day.date()) for day in pd.date_range(START, periods=DAYS)]

    def rows() -> Iterable[tuple[Any, ...]]:
        for r in totals.itertuples(index=False):
            added = r.metric not in (longest, portfolio)
            yield (
                world.period,
                r.metric,
                r.person,
                r.job,
                r.rows,
                exact(r.n) if added else None,
                exact(r.d) if r.metric in ratios else None,
                exact(r.least) if r.metric == longest else None,
                exact(r.greatest) if r.metric == longest else None,
                days[int(r.last_day)] if r.metric == portfolio else None,
                exact(r.last) if r.metric == portfolio else None,
            )

    names = ("period_id", "metric_id", "person_id", "assignment_id", "rows", "numerator")
    more = ("denominator", "minimum", "maximum", "last_day", "last_value")
    write(connection, "metrics_total", (*names, *more), rows())
    kept = [(world.period, int(metric)) for metric in totals.metric.unique()]
    write(connection, "metrics_kepttotal", ("period_id", "metric_id"), kept)


def segments_of(rows: pd.DataFrame) -> str:
    """The stretches of days that a result covers."""
    return json.dumps(
        [
            {
                "unit": r.unit,
                "job_type": r.job_type,
                "slot": r.slot,
                "from": str(r.first),
                "to": str(r.end),
                "days": (r.end - r.first).days,
                "of": DAYS,
            }
            for r in rows
        ]
    )


def pay(
    connection: psycopg.Connection, world: World, totals: pd.DataFrame, parts: pd.DataFrame
) -> tuple[list[Any], list[Any]]:
    """Results and earnings of everybody, without their run."""
    found = figures(totals, parts, world)
    goals = read_goals(connection, world)
    jobs: dict[int, list[Any]] = {}
    for row in parts.itertuples(index=False):
        jobs.setdefault(row.person, []).append(row)
    results, earnings = [], []
    with localcontext() as context:
        context.prec = 80
        for person, rows in jobs.items():
            days = sum((row.end - row.first).days for row in rows)
            inputs = inputs_of(person, found, goals[rows[0].job_type], days)
            known = {name: text(value) for name, value in inputs.items() if value is not None}
            results.append((person, "primary", json.dumps(known), segments_of(rows)))
            for component, amount in amounts_of(inputs).items():
                status = "undecided" if amount is None else "decided"
                earnings.append((person, world.components[component], "primary", amount, status))
    return results, earnings


def record(
    connection: psycopg.Connection, world: World, results: list[Any], earnings: list[Any]
) -> None:
    """The run with its results and earnings, and the period that points to it."""
    amounts = [row[3] for row in earnings]
    found = connection.execute(
        "INSERT INTO incentives_calculationrun (plan_id, version_id, period_id, purpose, at,"
        ' "on", statement_sha256, statement, people, undecided, failed, total)'
        " VALUES (%s, %s, %s, 'period', now(), %s, '', '', %s, %s, 0, %s) RETURNING id",
        [
            world.plan,
            world.version,
            world.period,
            END,
            len(results),
            sum(amount is None for amount in amounts),
            sum(amount for amount in amounts if amount is not None),
        ],
    ).fetchone()
    assert found is not None
    run = found[0]
    write(
        connection,
        "incentives_result",
        ("run_id", "person_id", "job", "inputs", "segments"),
        ((run, *row) for row in results),
    )
    names = ("run_id", "plan_id", "period_id", "currency", "person_id", "component_id", "job")
    write(
        connection,
        "incentives_earning",
        (*names, "amount", "status", "grain"),
        ((run, world.plan, world.period, "USD", *row, "") for row in earnings),
    )
    connection.execute(
        "INSERT INTO incentives_planperiod (plan_id, period_id, run_id, outdated)"
        " VALUES (%s, %s, %s, false)",
        [world.plan, world.period, run],
    )


def calculate(connection: psycopg.Connection, world: World) -> None:
    """Do it all in one transaction, as the job does."""
    with connection.transaction():
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.tenant)])
        connection.execute("DELETE FROM org_stalemark")
        totals = add_up(connection, world)
        write_totals(connection, totals, world)
        parts = read_parts(connection, world)
        record(connection, world, *pay(connection, world, totals, parts))


def main() -> None:
    """Calculate as the application's role; prints seconds and memory as JSON."""
    world = from_arguments()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        begin = time.perf_counter()
        calculate(connection, world)
        seconds = time.perf_counter() - begin
    peak = peak_mb()
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main()
