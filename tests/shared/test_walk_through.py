"""The walk-through, typed as it stands, on the published calls; its totals counted by pandas."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path

import pandas
import pytest

from tests.docs.walk import WORKBOOK, Walk

pytestmark = pytest.mark.django_db

CALLS = Path(os.environ["PMSITE_SHARED"]) / "data" / WORKBOOK
JANUARY = "payroll-call-centre-staff-2021-01.csv"


def test_every_command_and_result_of_the_page(tmp_path: Path) -> None:
    walk = Walk(workbook=CALLS, folder=tmp_path)
    walk.through()
    assert len(walk.typed) == 12
    with (tmp_path / JANUARY).open(encoding="utf-8", newline="") as file:
        paid = {row["name"]: Decimal(row["amount"]) for row in csv.DictReader(file)}
    assert paid == counted("2021-01")
    assert sum(paid.values()) == Decimal("1130.86")


def counted(month: str) -> dict[str, Decimal]:
    """What the plan pays for a month, worked out from the workbook by another way."""
    calls = pandas.read_excel(CALLS, engine="openpyxl")
    calls = calls[calls["Date"].astype(str).str.startswith(month)]
    return {str(agent): pay(rows) for agent, rows in calls.groupby("Agent")}


def pay(calls: pandas.DataFrame) -> Decimal:
    """One agent's amount, from that agent's calls."""
    answered = calls[calls["Answered (Y/N)"] == "Y"]
    number = len(answered)
    slices = (min(number, 150), min(max(number - 150, 0), 30), max(number - 180, 0))
    amount = sum(
        (n * Decimal(rate) for n, rate in zip(slices, ("0.4", "0.6", "0.9"), strict=True)),
        Decimal(0),
    )
    ratings = int(answered["Satisfaction rating"].sum())
    if Decimal(ratings) / number >= Decimal("3.4"):
        amount *= Decimal("1.1")
    amount = min(amount, Decimal(95)).quantize(Decimal("0.01"))
    if (answered["Resolved"] == "Y").sum() * 10 >= number * 9:
        amount += 60
    seconds = int(
        pandas.to_timedelta(answered["AvgTalkDuration"].astype(str)).dt.total_seconds().sum()
    )
    attainment = (Decimal(225) * number / seconds).quantize(Decimal("0.001"))
    bonus = [
        b
        for bound, b in ((0, 0), ("0.95", 20), (1, 40), ("1.05", 60))
        if attainment >= Decimal(bound)
    ]
    return amount + bonus[-1]
