"""Rows that cannot be used: each is kept with its line, its value and a sentence."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from metrics.models import Rejection
from org.errors import DomainError
from org.models import Person
from tests.metrics.cast import SIMPLE, Cast, figures
from tests.metrics.workbooks import workbook

GOOD = "cy,2026-06-01,9\n"
RATIO = {
    "person": "Agent",
    "day": "Date",
    "values": {"handle_time": {"column": "Calls", "denominator": {"column": "By"}}},
}


def rejected(cast: Cast, text: str | bytes, map_: dict[str, Any] | None = None) -> list[Rejection]:
    """What was rejected of a file; the report and the rows that are kept agree."""
    report = cast.ingest(text, map_)
    kept = list(Rejection.objects.order_by("line"))
    assert [row.sentence for row in kept] == [row.sentence for row in report.rejections]
    assert report.rejected == len({row.line for row in kept})
    return kept


@pytest.mark.parametrize(
    ("row", "reason", "column", "value", "sentence"),
    [
        (
            "an,2026-06-01,1",
            "unknown_person",
            "Agent",
            "an",
            "Line 3 names Agent “an”, whom nobody knows here. The nearest is “ann”. "
            "Map the name or mend the file.",
        ),
        (
            ",2026-06-01,1",
            "no_person",
            "Agent",
            "",
            "Line 3: Agent is empty. Each row needs its person.",
        ),
        (
            "ann,2026-06-01,many",
            "not_a_number",
            "Calls",
            "many",
            "Line 3: Calls is “many”, which is no number. Mend it, or leave the cell empty.",
        ),
        (
            'ann,2026-06-01,"1,234"',
            "not_a_number",
            "Calls",
            "1,234",
            "Line 3: Calls is “1,234”, which is no number. The map reads “.” as the decimal sign "
            "and nothing between thousands; set decimal and thousands if the file writes "
            "otherwise.",
        ),
        (
            "ann,2026-06-01,5%",
            "not_a_number",
            "Calls",
            "5%",
            "Line 3: Calls is “5%”, a percentage. If the column holds percentages, the map must "
            "say as: percent.",
        ),
        (
            "ann,1900-01-01,1",
            "implausible_day",
            "Date",
            "1900-01-01",
            "Line 3: Date is 1 January 1900, which cannot be a day of work here. Mend the year.",
        ),
        (
            "ann,2999-12-31,1",
            "implausible_day",
            "Date",
            "2999-12-31",
            "Line 3: Date is 31 December 2999, which cannot be a day of work here. Mend the year.",
        ),
        (
            "ann,2026-02-30,1",
            "not_a_day",
            "Date",
            "2026-02-30",
            "Line 3: Date is “2026-02-30”, a day that no calendar has.",
        ),
        (
            "ann,03/04/2026,1",
            "not_a_day",
            "Date",
            "03/04/2026",
            "Line 3: Date is “03/04/2026”, which is no date written like 2026-06-30. If the file "
            "writes dates otherwise, set the map's format.",
        ),
        (
            "ann,,1",
            "no_day",
            "Date",
            "",
            "Line 3: Date is empty. Each row needs its day.",
        ),
        (
            "ann,2015-01-01,1",
            "no_definition",
            "Date",
            "2015-01-01",
            "Line 3: calls is not defined on 2015-01-01. Date its definition earlier, or mend the "
            "day.",
        ),
        (
            "ann,2026-06-01,1e18",
            "too_large",
            "Calls",
            "1e18",
            "Line 3: Calls is a number of 10 to the 18th or more, which no figure can be.",
        ),
        (
            "ann,2026-06-01,1,234",
            "beyond_the_header",
            "cell 4",
            "234",
            "Line 3: cell 4 stands beyond the last of the 3 columns that the header names, so the "
            "cells before it may have moved. A comma within a cell wants quotation marks around "
            "it.",
        ),
    ],
)
def test_a_bad_row_is_kept_with_a_sentence(
    cast: Cast, row: str, reason: str, column: str, value: str, sentence: str
) -> None:
    (found,) = rejected(cast, f"Agent,Date,Calls\n{GOOD}{row}\n")
    assert (found.line, found.reason, found.column, found.value, found.sentence) == (
        3,
        reason,
        column,
        value,
        sentence,
    )
    assert figures("calls") == {("cy", 1): "9"}


def test_the_row_is_kept_as_it_came(cast: Cast) -> None:
    (found,) = rejected(cast, f"Agent,Date,Calls,Note\n{GOOD}nobody,2026-06-01,1,a\\b\n")
    assert found.row == {"Agent": "nobody", "Date": "2026-06-01", "Calls": "1", "Note": "a\\b"}


def test_cells_beyond_the_header_are_kept_and_empty_ones_are_no_harm(cast: Cast) -> None:
    (found,) = rejected(cast, "Agent,Date,Calls\nann,2026-06-01,1,234\ncy,2026-06-01,9,,\n")
    assert found.row == {"Agent": "ann", "Date": "2026-06-01", "Calls": "1", "cell 4": "234"}
    assert figures("calls") == {("cy", 1): "9"}


def test_a_row_is_taken_whole_or_not_at_all(cast: Cast) -> None:
    both = {**SIMPLE, "values": {"calls": {"sum": "Calls"}, "longest": {"maximum": "Long"}}}
    (found,) = rejected(
        cast, "Agent,Date,Calls,Long\nann,2026-06-01,1,long\nann,2026-06-01,2,5\n", both
    )
    assert found.column == "Long"
    assert figures("calls") == {("ann", 1): "2"}


def test_the_same_row_twice_is_no_harm(cast: Cast) -> None:
    report = cast.ingest(f"Agent,Date,Calls\n{GOOD}{GOOD}")
    assert (report.accepted, report.duplicates, report.rejected) == (1, 1, 0)


def test_a_contradiction_is_rejected(cast: Cast) -> None:
    (found,) = rejected(cast, f"Agent,Date,Calls\n{GOOD}cy,2026-06-01,8\n")
    assert (found.line, found.reason) == (3, "duplicate")
    assert found.sentence == (
        "Line 3 says something else of “cy” on 2026-06-01 than line 2, which counts. "
        "Take one of the two out."
    )
    assert figures("calls") == {("cy", 1): "9"}


def test_the_same_reference_twice_is_no_second_call(cast: Cast) -> None:
    per_call = {**SIMPLE, "reference": "Call", "values": {"calls": {"count": "rows"}}}
    report = cast.ingest(
        "Agent,Date,Call\nann,2026-06-01,A\nann,2026-06-01,A\nann,2026-06-01,B\n", per_call
    )
    assert (report.accepted, report.duplicates) == (2, 1)


@pytest.mark.parametrize(
    ("above", "below", "reason"),
    [
        ("5", "0", "zero_denominator"),
        ("5", "-1", "negative_denominator"),
        ("", "3", "blank"),
        ("5", "three", "not_a_number"),
    ],
)
def test_denominators_are_checked(cast: Cast, above: str, below: str, reason: str) -> None:
    (found,) = rejected(cast, f"Agent,Date,Calls,By\nann,2026-06-01,{above},{below}\n", RATIO)
    assert found.reason == reason


def test_a_sum_over_nothing_is_rejected(cast: Cast) -> None:
    summed = {**RATIO, "values": {"handle_time": {"sum": "Calls", "denominator": {"sum": "By"}}}}
    found = rejected(
        cast,
        "Agent,Date,Calls,By\nann,2026-06-01,5,0\nann,2026-06-01,7,0\nben,2026-06-01,5,1\n",
        summed,
    )
    assert [row.sentence for row in found] == [
        "Line 2: Ann Arden has 12 of handle_time on 2026-06-01, but nothing to divide it by. "
        "Mend the rows of that day."
    ]
    assert figures("handle_time") == {("ben", 1): "5/1"}


def test_a_negative_weight_is_rejected(cast: Cast) -> None:
    weighted = {**SIMPLE, "values": {"quality": {"column": "Calls", "weight": "By"}}}
    (found,) = rejected(cast, "Agent,Date,Calls,By\nann,2026-06-01,80,-2\n", weighted)
    assert found.reason == "negative_weight"


@pytest.mark.parametrize("talk", ["4:65:00", "2:23", "talk", "12 minutes"])
def test_a_bad_duration_is_rejected(cast: Cast, talk: str) -> None:
    durations = {**SIMPLE, "values": {"calls": {"sum": "Talk", "as": "duration"}}}
    (found,) = rejected(cast, f"Agent,Date,Talk\nann,2026-06-01,{talk}\n", durations)
    assert found.reason == "bad_duration"


def test_a_number_is_no_duration(cast: Cast) -> None:
    durations = {**SIMPLE, "values": {"calls": {"sum": "Talk", "as": "duration"}}}
    book = workbook(
        ["Agent", "Date", "Talk"],
        ["ann", date(2026, 6, 1), 143],
        ["ben", datetime(2026, 6, 1, 23, 59), time(0, 2, 23)],
        ["cy", date(2026, 6, 1), timedelta(hours=30)],
    )
    (found,) = rejected(cast, book, durations)
    assert "as: seconds" in found.sentence
    assert figures("calls") == {("ben", 1): "143", ("cy", 1): "108000"}


def test_two_people_of_one_name_are_not_guessed(cast: Cast) -> None:
    Person.objects.create(code="ann2", name="ANN ARDEN")
    by_name = {**SIMPLE, "person": {"column": "Agent", "by": "name"}}
    (found,) = rejected(cast, "Agent,Date,Calls\nAnn Arden,2026-06-01,1\n", by_name)
    assert found.reason == "ambiguous_person"
    assert "2 people are called so" in found.sentence


def test_a_derived_metric_takes_no_values(cast: Cast) -> None:
    (found,) = rejected(
        cast, "Agent,Date,Calls\nann,2026-06-01,1\n", {**SIMPLE, "values": {"index": "Calls"}}
    )
    assert "worked out by a formula" in found.sentence


def test_a_file_of_nothing_but_bad_rows_is_kept(cast: Cast) -> None:
    found = rejected(cast, "Agent,Date,Calls\nx,2026-06-01,1\ny,2026-06-01,1\n")
    assert [row.line for row in found] == [2, 3]


def test_mended_names_are_judged_anew_after_an_undo(cast: Cast) -> None:
    text = "Agent,Date,Calls\nnew,2026-06-01,1\n"
    rejected(cast, text)
    assert "undo delivery" in cast.ingest(text).already


def test_a_ratio_without_denominator_is_refused(cast: Cast) -> None:
    with pytest.raises(DomainError, match="handle_time is a ratio: name what divides it"):
        cast.ingest(f"Agent,Date,Calls\n{GOOD}", {**SIMPLE, "values": {"handle_time": "Calls"}})


def test_an_unknown_metric_is_refused(cast: Cast) -> None:
    with pytest.raises(DomainError, match=r"metric “cals”, unknown here. Did you mean “calls”"):
        cast.ingest(f"Agent,Date,Calls\n{GOOD}", {**SIMPLE, "values": {"cals": "Calls"}})


def test_a_source_without_a_map_is_refused(cast: Cast) -> None:
    with pytest.raises(DomainError, match="has no column map"):
        cast.ingest(f"Agent,Date,Calls\n{GOOD}", {})
