"""Which bytes can be read, and what is said of those that cannot."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from metrics.models import Delivery, Value
from metrics.reading import open_file
from org.errors import DomainError
from tests.metrics.cast import SIMPLE, Cast, figures
from tests.metrics.workbooks import ENCRYPTED, workbook

TEXT = "Agent,Date,Calls\nann,2026-06-01,12\n"
ONE = {("ann", 1): "12"}


def zipped(name: str, content: bytes) -> bytes:
    """An ordinary zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT.encode("utf-8-sig"), id="utf-8 with its mark"),
        pytest.param(TEXT.encode("utf-16"), id="utf-16"),
        pytest.param(TEXT.encode("utf-16-le"), id="utf-16 without its mark"),
        pytest.param(TEXT.encode("utf-16-be"), id="utf-16 big-endian without its mark"),
        pytest.param(TEXT.replace(",", ";").encode(), id="semicolons"),
        pytest.param(TEXT.replace(",", "\t").encode(), id="tabs"),
        pytest.param(TEXT.replace(",", "|").encode(), id="bars"),
        pytest.param(b"sep=;\n" + TEXT.replace(",", ";").encode(), id="sep line"),
        pytest.param(TEXT.replace("\n", "\r\n").encode(), id="Windows lines"),
        pytest.param(TEXT.replace("\n", "\r").encode(), id="old Mac lines"),
        pytest.param(TEXT.replace("Agent", '"Agent"').encode(), id="quotes"),
        pytest.param(TEXT.upper().replace("ANN", "ann").encode(), id="capitals in the header"),
        pytest.param(workbook(["Agent", "Date", "Calls"], ["ann", "2026-06-01", 12]), id="xlsx"),
        pytest.param(
            workbook(["Agent", "Date", "Calls"], ["ann", "2026-06-01", 12], before=("Empty",)),
            id="second sheet",
        ),
    ],
)
def test_the_usual_forms_are_understood(cast: Cast, content: bytes) -> None:
    assert cast.ingest(content).rejected == 0
    assert figures("calls") == ONE


def test_letters_of_western_windows_are_understood(cast: Cast) -> None:
    cast.people["ann"].name = "Änne Müller"
    cast.people["ann"].save()
    by_name = {**SIMPLE, "person": {"column": "Agent", "by": "name"}}
    cast.ingest("Agent,Date,Calls\nÄnne Müller,2026-06-01,12\n".encode("cp1252"), by_name)
    assert figures("calls") == ONE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(b"\xef\xbb\xbf \r\n\r\n", "is empty", id="blank lines"),
        pytest.param(b"Agent,Date,Calls\n", "no row of data", id="header only"),
        pytest.param(b"Agent,Date,Calls\n,,\n", "no row of data", id="blank rows only"),
        pytest.param(b"%PDF-1.7 ...", "PDF document", id="pdf"),
        pytest.param(b"\x89PNG\r\n\x1a\n...", "a picture", id="png"),
        pytest.param(gzip.compress(TEXT.encode()), "gzip", id="gzip"),
        pytest.param(b"<html><table><tr>", "web page", id="html called xls"),
        pytest.param(zipped("calls.csv", TEXT.encode()), "compressed file (zip)", id="zip"),
        pytest.param(b"PK\x03\x04 and nothing", "broken workbook", id="broken xlsx"),
        pytest.param(
            workbook(["Agent", "Date", "Calls"], ["ann", "2026-06-01", 1])[:-400],
            "broken workbook",
            id="cut xlsx",
        ),
        pytest.param(ENCRYPTED, "password", id="locked xlsx"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "broken workbook", id="broken xls"
        ),
        pytest.param(workbook(), "without any cell", id="workbook of nothing"),
        pytest.param(bytes(range(256)) * 9, "neither text nor a workbook", id="binary"),
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(99), "neither text nor", id="program"),
        pytest.param(
            TEXT.encode() + b"\x81\x8d\n",
            "not readable as UTF-8, nor as cp1252",
            id="no known encoding",
        ),
        pytest.param(
            b"\xef\xbb\xbf" + TEXT.encode() + b"\xff\n", "not readable as utf-8", id="wrong mark"
        ),
        pytest.param(
            TEXT.encode("utf-16") + b"\x00", "not readable as utf-16", id="half a character"
        ),
        pytest.param(
            b'Agent,Date,Calls\nann,2026-06-01,"12\n' + b"x" * 1_100_000,
            "quotation mark",
            id="open quotation mark",
        ),
        pytest.param(
            b'Agent,Date,Calls\nann,2026-06-01,"12\nben,2026-06-01,1\n',
            "after row 1: a quotation mark",
            id="open quotation mark near the end",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    cast: Cast, content: bytes, said: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        cast.ingest(content)
    assert said in refusal.value.sentence
    assert "calls.csv" in refusal.value.sentence
    assert not Delivery.objects.exists()
    assert not Value.objects.exists()


def test_a_missing_sheet_names_those_there_are(cast: Cast) -> None:
    book = workbook(["Agent", "Date", "Calls"], sheet="June")
    with pytest.raises(DomainError, match=r"no sheet “Calls”. It has: June"):
        cast.ingest(book, {**SIMPLE, "sheet": "Calls"})


def test_a_missing_column_names_the_nearest(cast: Cast) -> None:
    with pytest.raises(DomainError) as refusal:
        cast.ingest("Agnet,Date,Calls\nann,2026-06-01,1\n")
    assert refusal.value.sentence == (
        "calls.csv has no column “Agent”. The nearest is “Agnet”. Row 1 holds: Agnet, Date, Calls. "
        "Mend the file's header or the column map."
    )


def test_all_missing_columns_are_named(cast: Cast) -> None:
    with pytest.raises(DomainError) as refusal:
        cast.ingest("Agent,Day,Anzahl\nann,2026-06-01,1\n")
    assert "no column “Date”" in refusal.value.sentence
    assert refusal.value.problems == ("calls.csv has no column “Calls”.",)


def test_a_column_that_is_there_twice_is_refused(cast: Cast) -> None:
    with pytest.raises(DomainError, match="“Calls” more than once in row 1"):
        cast.ingest("Agent,Date,Calls,Calls\nann,2026-06-01,1,2\n")


def test_lines_are_those_of_the_spreadsheet() -> None:
    text = b'\nAgent,Note\nann,"two\nlines"\nben,x\n'
    rows = list(open_file(content=text, file_name="x.csv", columns=("Agent",)).rows())
    assert [(line, row[:1]) for line, row in rows] == [
        (1, []),
        (2, ["Agent"]),
        (3, ["ann"]),
        (4, ["ben"]),
    ]


def test_lines_of_a_workbook_count_empty_rows_above() -> None:
    book = workbook([], [None, None], [None, "Agent"], [None, "ann"])
    rows = list(open_file(content=book, file_name="x.xlsx").rows())
    assert [(line, row) for line, row in rows if any(row)] == [(3, ["Agent"]), (4, ["ann"])]
