"""The walk-through's tenant file and commands on a small workbook of the same shape."""

from __future__ import annotations

import csv
from datetime import date, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from tests.docs.walk import Walk, commands

pytestmark = pytest.mark.django_db

HEADER = [
    *("Call Id", "Agent", "Date", "Time", "Topic", "Answered (Y/N)", "Resolved"),
    *("Speed of answer in seconds", "AvgTalkDuration", "Satisfaction rating"),
]
AGENTS = ("Becky", "Dan", "Diane", "Greg", "Jim", "Joe", "Martha", "Stewart")
CALLS = 32


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Every agent answers 32 calls and misses one; Diane resolves all of hers, quickly and well."""
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for agent in AGENTS:
        best = agent == "Diane"
        for n in range(CALLS):
            talk = time(0, 3, 20) if best else time(0, 4, 10)
            resolved = "Y" if best or n % 2 else "N"
            book.active.append([*_head(agent, n), "Y", resolved, 10, talk, 4 if best else 3])
        book.active.append([*_head(agent, 0), "N", "N", None, None, None])
    path = tmp_path / "small.xlsx"
    book.save(path)
    return path


def _head(agent: str, n: int) -> list[object]:
    day = date(2021, 1, 1) + timedelta(days=n % 31)
    return [f"{agent}-{n}", agent, day, time(9), "Streaming"]


def test_the_same_commands_pay_a_small_workbook(workbook: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    walk = Walk(workbook=workbook, folder=folder)
    for line in commands(until="payroll"):
        walk.type(line)
    assert walk.typed == [
        *("apply", "apply", "ingest", "calculate", "results", "explain", "finalise", "payroll")
    ]
    [written] = folder.glob("*.csv")
    with written.open(encoding="utf-8", newline="") as file:
        paid = {row["name"]: row["amount"] for row in csv.DictReader(file)}
    # Diane: 32 × 0.40 × 1.1 = 14.08, and 60.00 for 32 of 32, and 60.00 for 225 ÷ 200 = 112.5 %.
    # Everybody else: 32 × 0.40 = 12.80; half is not 90 %, and 225 ÷ 250 = 90 % pays nothing.
    assert paid == {agent: "134.08" if agent == "Diane" else "12.80" for agent in AGENTS}
