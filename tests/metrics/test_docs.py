"""The examples of docs/column-maps.md are maps, and the large one gives the figures it names."""

from __future__ import annotations

from pathlib import Path

import yaml

from metrics.column_map import parse
from tests.metrics.cast import Cast, figures, make_metric

TEXT = (Path(__file__).parents[2] / "docs" / "column-maps.md").read_text()
EXAMPLES = [yaml.safe_load(part.split("```")[0]) for part in TEXT.split("```yaml")[1:]]


def test_the_whole_example_gives_its_figures(cast: Cast) -> None:
    for code, kind in (
        ("calls_answered", "sum"),
        ("resolution", "ratio"),
        ("talk_time", "ratio"),
        ("satisfaction", "weighted_mean"),
    ):
        make_metric(code, kind)
    cast.ingest(
        "Agent,Date,Answered (Y/N),Resolved,AvgTalkDuration,Satisfaction rating\n"
        "Ann Arden,2026-06-01,Y,Y,0:02:23,3\n"
        "Ann Arden,2026-06-01,N,N,,\n"
        "Ann Arden,2026-06-01,Y,Y,0:00:37,5\n"
        "Total,,,,,\n",
        EXAMPLES[0]["sources"]["telephone"]["map"],
    )
    assert figures("calls_answered") == {("ann", 1): "2"}
    assert figures("resolution") == {("ann", 1): "2/2"}
    assert figures("talk_time") == {("ann", 1): "180/2"}
    assert figures("satisfaction") == {("ann", 1): "8/2"}


def test_the_long_example_is_a_map() -> None:
    assert parse({"person": "Who", "day": "Day", **EXAMPLES[1]}).metrics == ("handle_time",)
