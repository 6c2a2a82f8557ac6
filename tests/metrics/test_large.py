"""A large file: it comes in, and the memory that it takes does not grow with its rows."""

from __future__ import annotations

import tracemalloc

from metrics.column_map import parse
from metrics.mapping import Metrics, RowMapper, find_header
from metrics.reading import open_file
from metrics.stage import stage
from tests.metrics.cast import Cast

MAP = {"person": "Agent", "day": "Date", "values": {"calls": {"sum": "Calls"}}}


def peak_of_staging(rows: int) -> int:
    """The most memory, in bytes, that staging takes beside the file itself."""
    body = "".join(f"ann,2026-06-{n % 30 + 1:02},{n % 500}\n" for n in range(rows))
    content = f"Agent,Date,Calls\n{body}".encode()
    del body
    column_map = parse(MAP)
    readable = open_file(content=content, file_name="x.csv", columns=column_map.columns)
    header = find_header(readable, column_map, "x.csv")
    metrics = Metrics({"calls": 1}, frozenset([1]), frozenset(), frozenset())
    mapper = RowMapper(column_map=column_map, header=header, metrics=metrics, zone="UTC")
    tracemalloc.start()
    try:
        assert stage(readable, mapper, header).read == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_staging_takes_no_more_memory_for_more_rows(cast: Cast) -> None:
    small, large = peak_of_staging(10_000), peak_of_staging(60_000)
    assert large < small * 1.5 + 1_000_000
