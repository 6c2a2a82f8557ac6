"""Five thousand real calls: what comes out is what pandas counts in the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import pytest

from metrics.ingest import ingest
from metrics.models import Metric, Source, Value
from org.models import Person, Tenant
from org.tenancy import enter
from tests.factories import make_tenant
from tests.metrics.cast import make_metric

FILE = Path(os.environ["PMSITE_SHARED"]) / "data" / "call_centre.xlsx"
AT = datetime(2021, 4, 1, 9, tzinfo=UTC)
ANSWERED = "Answered (Y/N) = Y"
MAP = {
    "person": {"column": "Agent", "by": "name"},
    "day": "Date",
    "values": {
        "calls_answered": {"count": "rows", "where": ANSWERED},
        "resolution": {
            "count": "rows",
            "where": "Resolved = Y",
            "denominator": {"count": "rows", "where": ANSWERED},
        },
        "talk_time": {
            "sum": "AvgTalkDuration",
            "as": "duration",
            "denominator": {"count": "rows", "where": ANSWERED},
        },
        "satisfaction": {"sum": "Satisfaction rating", "weight": 1},
    },
}
Figures = dict[tuple[str, str, str], tuple[Decimal, Decimal | None]]


@pytest.fixture
def centre(db: None) -> Iterator[Tenant]:
    """A tenant with the agents of the file, who have personnel numbers of their own."""
    tenant = make_tenant("centre", time_zone="UTC")
    names = sorted(pandas.read_excel(FILE, engine="calamine")["Agent"].unique())
    with enter(tenant.pk):
        for number, name in enumerate(names, 1):
            Person.objects.create(code=f"{number:03}", name=name)
        for code, kind in (
            ("calls_answered", "sum"),
            ("resolution", "ratio"),
            ("talk_time", "ratio"),
            ("satisfaction", "weighted_mean"),
        ):
            make_metric(code, kind)
        Source.objects.create(code="telephone", column_map=MAP)
        yield tenant


def counted_by_pandas() -> Figures:
    """Numerator and denominator per agent, day and metric, straight from the workbook."""
    calls = pandas.read_excel(FILE, engine="calamine")
    calls["answered"] = (calls["Answered (Y/N)"] == "Y").astype(int)
    calls["resolved"] = (calls["Resolved"] == "Y").astype(int)
    calls["seconds"] = calls["AvgTalkDuration"].map(seconds)
    calls["rating"] = calls["Satisfaction rating"].fillna(0).astype(int)
    calls["rated"] = calls["Satisfaction rating"].notna().astype(int)
    figures: Figures = {}
    for (agent, day), found in calls.groupby(["Agent", "Date"]):
        answered = Decimal(int(found["answered"].sum()))
        parts: dict[str, tuple[Any, Any]] = {
            "calls_answered": (answered, None),
            "resolution": (found["resolved"].sum(), answered),
            "talk_time": (found["seconds"].sum(), answered),
            "satisfaction": (found["rating"].sum(), found["rated"].sum()),
        }
        for metric, (above, below) in parts.items():
            if below is None or below > 0:
                figures[agent, str(day), metric] = (
                    Decimal(int(above)),
                    None if below is None else Decimal(int(below)),
                )
    return figures


def seconds(cell: Any) -> int:
    """The seconds of a time of the workbook; 0 for an empty cell."""
    return 0 if pandas.isna(cell) else cell.hour * 3600 + cell.minute * 60 + cell.second


def test_every_figure_is_what_pandas_counts(centre: Tenant) -> None:
    report = ingest(
        source=Source.objects.get(),
        file_name=FILE.name,
        content=FILE.read_bytes(),
        by=None,
        at=AT,
    )
    assert (report.rows_read, report.rejected, report.skipped) == (5000, 0, 0)
    people = dict(Person.objects.values_list("id", "name"))
    metrics = dict(Metric.objects.values_list("id", "code"))
    ours = {
        (people[value.person_id], value.day.isoformat(), metrics[value.metric_id]): (
            value.numerator,
            value.denominator,
        )
        for value in Value.objects.all()
    }
    assert ours == counted_by_pandas()
    assert report.accepted == len(ours) == 2870
    totals = {code: [0, 0] for code in metrics.values()}
    for (_, _, code), (above, below) in ours.items():
        totals[code][0] += int(above)
        totals[code][1] += int(below or 0)
    assert totals == {
        "calls_answered": [4054, 0],
        "resolution": [3646, 4054],
        "talk_time": [911837, 4054],
        "satisfaction": [13798, 4054],
    }


def test_the_file_a_second_time_changes_nothing(centre: Tenant) -> None:
    source = Source.objects.get()
    for _ in range(2):
        report = ingest(
            source=source, file_name=FILE.name, content=FILE.read_bytes(), by=None, at=AT
        )
    assert "nothing changes" in report.already
    assert Value.objects.count() == 2870
