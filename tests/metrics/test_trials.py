"""Parts of looking at a file: where to cut it, gaps of a source, and rows as they stood."""

from __future__ import annotations

from datetime import date

import pytest

from metrics.column_map import parse
from metrics.completeness import gaps
from metrics.look import HEAD, beginning, fitting, only
from metrics.map_words import columns_in_words
from metrics.models import Source
from metrics.unusable import as_csv, columns_of
from org.progress import quiet
from tests.metrics.cast import SIMPLE, Cast

FILE = b"Agent,Date,Calls\n" + b"ann,2026-06-10,1\n" * (HEAD // 10)


def day(number: int) -> date:
    return date(2026, 6, number)


def test_only_whole_lines_of_a_long_text_are_looked_at() -> None:
    head = beginning(FILE)
    assert len(head) <= HEAD
    assert head.endswith(b"\n")
    assert FILE.startswith(head)


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", FILE.decode().encode("utf-16"), b"PK\x03\x04" + FILE]
)
def test_what_is_short_or_cannot_be_cut_is_looked_at_whole(content: bytes) -> None:
    assert beginning(content) == content


def test_the_source_of_a_long_file_is_found(cast: Cast) -> None:
    Source.objects.create(code="odd", column_map={**SIMPLE, "person": "Nobody"})
    fits = fitting(content=FILE, file_name="calls.csv")
    assert [(fit.source.code, fit.fits) for fit in fits] == [("telephone", True), ("odd", False)]
    assert only(fits) == cast.telephone


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([], []),
        ([(1, 5), (6, 9)], []),
        ([(1, 5), (8, 9)], []),
        ([(1, 5), (9, 9)], [(6, 8)]),
        ([(1, 20), (3, 4), (26, 27)], [(21, 25)]),
    ],
)
def test_a_gap_has_a_weekday(spans: list[tuple[int, int]], found: list[tuple[int, int]]) -> None:
    """The 6th and 7th of June 2026 are a weekend."""
    given = [(day(first), day(last)) for first, last in reversed(spans)]
    assert gaps(given) == [(day(first), day(last)) for first, last in found]


def test_rows_that_were_rejected_come_as_they_stood(cast: Cast) -> None:
    content = b"Agent,Date,Calls\nzed,2026-06-10,=1+1\nann,2026-06-10,2\n"
    report = cast.ingest(content, SIMPLE)
    rows = cast.telephone.deliveries.get(pk=report.delivery).rejections.order_by("line")
    columns = columns_of(cast.telephone, content, "calls.csv")
    written = b"".join(as_csv(rows, columns)).decode("utf-8-sig").splitlines()
    assert written[0] == "line,what is wrong,column,value,Agent,Date,Calls"
    assert written[1].endswith(",zed,2026-06-10,'=1+1"), "and no formula comes of it"
    assert columns_of(cast.telephone, b"Other\n1\n", "calls.csv") == []


def test_progress_is_told_by_rows(cast: Cast) -> None:
    told: list[tuple[str, int, int]] = []
    rows = "".join(f"ann,2026-06-{1 + n % 28:02},1\n" for n in range(2500))
    cast.ingest(
        "Agent,Date,Calls\n" + rows,
        {**SIMPLE, "values": {"calls": {"sum": "Calls"}}},
        tell=lambda *said: told.append(said),
    )
    assert ("Reading the rows", 1000, 2501) in told
    assert ("Reading the rows", 2000, 2501) in told
    assert told[0][0] == "Opening the file"
    quiet("nobody", 1, 2)


def test_a_map_is_said_in_words() -> None:
    given = {
        "person": {"column": "Agent", "by": "name"},
        "day": {"column": "When", "format": "DD.MM.YYYY", "zone": "UTC"},
        "skip_rows": "Agent = 'Total'",
        "reference": {"column": "Call"},
        "slot": {"column": "Job"},
        "decimal": ",",
        "thousands": ".",
        "values": {
            "calls": {"count": "rows"},
            "talk": {"sum": "Talk", "as": "hh:mm:ss", "denominator": {"count": "rows"}},
            "quality": {"column": "Score", "as": "percent", "weight": "Reviews"},
        },
    }
    words = {(w["column"], w["becomes"]): w["how"] for w in columns_in_words(parse(given), "UTC")}
    assert words["Agent", "the person"].endswith("else by full name")
    assert words["When", "the day"] == "written %d.%m.%Y; a moment falls on the day in UTC"
    assert words["(rows)", "calls"] == "each row counts one"
    assert words["Talk", "talk"].startswith("hours, minutes and seconds, kept in seconds")
    assert words["(rows)", "talk"] == "each row counts one; what divides it"
    assert words["Reviews", "quality"].endswith("what weighs it")
    assert words["Agent", "which rows are passed over"]
    assert {"Call", "Job"} <= {column for column, _ in words}


def test_a_map_of_transactions_is_said_in_words() -> None:
    given = {
        "transaction": "sale",
        "key": ["Deal"],
        "attributes": {"amount": {"column": "Amount", "as": "money"}, "closed": "Closed"},
        "parties": {"seller": {"person": "Seller", "share": "Share"}},
        "about": {"kind": "sale", "column": "About"},
    }
    words = {w["column"]: w["becomes"] for w in columns_in_words(parse(given), "UTC")}
    assert words == {
        "Deal": "the key of the sale",
        "Amount": "amount",
        "Closed": "closed",
        "Seller": "the seller",
        "Share": "the share of the seller",
        "About": "the sale that it is about",
    }
