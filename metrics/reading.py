"""From the bytes of a file to its rows: CSV in any usual encoding, and workbooks.

A row is its number, as the spreadsheet counts it, and its cells. A cell of a CSV file is text; one
of a workbook may also be a number, a date, a time or a duration. Nothing here knows what the
columns mean. Whatever cannot be read raises :class:`org.errors.DomainError`, a sentence that says
what the file is and what to send instead.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    WorksheetNotFound,
    XmlError,
    ZipError,
)

from org.errors import DomainError

Cell = str | float | int | bool | date | datetime | time | timedelta
Row = list[Cell]
Rows = Iterator[tuple[int, Row]]

GUESSED = "cp1252"
"""What a spreadsheet of a Western Windows writes; tried where a text is not UTF-8."""
DELIMITERS = (",", ";", "\t", "|")
WORKBOOK_ERRORS = (CalamineError, PasswordError, ZipError, XmlError, WorksheetNotFound)
OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
UNPACKED_LIMIT = 4 * 1024**3
# Figures in a workbook pack to a tenth or a thirtieth; what packs to less than this is a trap.
PACKED_AT_MOST, HARMLESS = 200, 100 * 1024**2
CELL_LIMIT = 1_000_000

_OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"Rar!", "a compressed file (RAR)"),
    (b"7z\xbc\xaf", "a compressed file (7-Zip)"),
    (b"{\\rtf", "a text document (RTF)"),
)
_WEB_PAGE = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<script")


@dataclass(frozen=True)
class Readable:
    """A file that can be read as often as needed: ``rows()`` begins again from the top."""

    kind: str
    rows: Callable[[], Rows]
    about: int = 0  # so many rows, more or less

    def without(self, lines: Collection[int]) -> Readable:
        """The same file as if some of its lines were not there; the others keep their numbers."""
        left_out = frozenset(lines)
        return replace(
            self, rows=lambda: ((line, row) for line, row in self.rows() if line not in left_out)
        )

    def head(self, count: int = 50) -> list[tuple[int, Row]]:
        """The first rows, in which the header is looked for."""
        return list(islice(self.rows(), count))


def open_file(
    *,
    content: bytes,
    file_name: str,
    sheet: str = "",
    delimiter: str = "",
    encoding: str = "",
    columns: tuple[str, ...] = (),
) -> Readable:
    """Recognise a file by its content, not its name; ``columns`` help to tell the delimiter."""
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise DomainError(
            f"{file_name} is empty. Export it again, and look at it before you send it."
        )
    if content.startswith((ZIP, OLE)):
        return _workbook(content, file_name, sheet)
    refuse_other_kinds(content, file_name)
    return _csv(content, file_name, delimiter, encoding, columns)


def refuse_other_kinds(content: bytes, file_name: str) -> None:
    """Refuse what its beginning shows to be neither text nor a workbook."""
    kind = next((name for magic, name in _OTHER_KINDS if content.startswith(magic)), "")
    if content[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_WEB_PAGE):
        kind = "a web page (some systems call it .xls)"
    if kind:
        raise DomainError(
            f"{file_name} is {kind}. Send a CSV file or a workbook (.xlsx): open it in a "
            "spreadsheet and save it as one of these."
        )


# --- CSV


def _csv(
    content: bytes, file_name: str, delimiter: str, encoding: str, columns: tuple[str, ...]
) -> Readable:
    coding = _encoding(content, file_name, encoding)

    def text() -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(content), encoding=coding, newline="")

    csv.field_size_limit(CELL_LIMIT)
    chosen = delimiter or _delimiter(text(), columns)
    about = content.count(b"\n")
    return Readable("csv", lambda: _csv_rows(text, chosen, file_name), about)


def _csv_rows(text: Callable[[], io.TextIOWrapper], delimiter: str, file_name: str) -> Rows:
    line = 0
    row: list[str] = []
    try:
        for line, row in enumerate(csv.reader(text(), delimiter=delimiter), 1):
            yield line, row  # type: ignore[misc]  # a list of texts is a list of cells
    except csv.Error as error:
        raise _open_quotation(file_name, line) from error
    if any("\n" in cell for cell in row) and sum(part.count('"') for part in text()) % 2:
        raise _open_quotation(file_name, line - 1)


def _open_quotation(file_name: str, line: int) -> DomainError:
    return DomainError(
        f"{file_name} cannot be read after row {line}: a quotation mark is opened there and never "
        "closed, so everything behind it would be one cell. Close it, or take it out."
    )


def _encoding(content: bytes, file_name: str, wanted: str) -> str:
    """The encoding of a text file; a mark at its beginning decides, else what can be read."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return _checked(content, file_name, name)
    if wanted:
        return _checked(content, file_name, wanted)
    if b"\0" in content[:4096]:
        return _checked(content, file_name, _utf16_without_mark(content, file_name))
    try:
        _decode_through(content, "utf-8")
    except UnicodeDecodeError:
        return _checked(content, file_name, GUESSED, after="UTF-8")
    return _checked(content, file_name, "utf-8")


def _utf16_without_mark(content: bytes, file_name: str) -> str:
    """Latin text in UTF-16 has a zero in every second byte; anything else with zeros is no text."""
    head = content[:4096]
    odd, even = head[1::2].count(0), head[::2].count(0)
    if max(odd, even) < len(head) // 4 or min(odd, even) > len(head) // 40:
        raise _not_text(file_name)
    return "utf-16-le" if odd > even else "utf-16-be"


def _checked(content: bytes, file_name: str, encoding: str, *, after: str = "") -> str:
    """The encoding, once the whole file has been read with it and holds text only."""
    try:
        strange = _decode_through(content, encoding)
    except UnicodeError as error:
        read_as = f"{after}, nor as {encoding}" if after else encoding
        raise DomainError(
            f"{file_name} is not readable as {read_as}: {_where(content, error)}. Save it as "
            "CSV with the encoding UTF-8."
        ) from error
    except LookupError as error:
        raise DomainError(
            f"The column map names the encoding “{encoding}”, which nobody knows. Use utf-8, "
            "utf-16 or cp1252."
        ) from error
    if strange:
        raise _not_text(file_name)
    return encoding


def _decode_through(content: bytes, encoding: str) -> bool:
    """Read everything in pieces; tell whether there are characters that no text file holds."""
    decoder = codecs.getincrementaldecoder(encoding)()
    strange = {chr(code) for code in range(32)} - set("\t\n\r\f\x0b\x1a")
    found = False
    for start in range(0, len(content), 1 << 20):
        piece = content[start : start + (1 << 20)]
        text = decoder.decode(piece, final=start + (1 << 20) >= len(content))
        found = found or not strange.isdisjoint(text)
    return found


def _where(content: bytes, error: UnicodeError) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return "its beginning does not say how it is encoded"
    return f"the byte {error.object[error.start]:#04x} is no character in it"


def _not_text(file_name: str) -> DomainError:
    return DomainError(
        f"{file_name} is neither text nor a workbook. Send a CSV file or a workbook (.xlsx)."
    )


def _delimiter(text: io.TextIOWrapper, columns: tuple[str, ...]) -> str:
    """The delimiter that shows most of the wanted columns, else the one that cuts most cells."""
    head = "".join(islice(text, 50))
    if head.startswith("sep=") and head[4:5]:
        return head[4]
    wanted = {column_key(name) for name in columns}

    def score(delimiter: str) -> tuple[int, int]:
        try:
            rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
        except csv.Error:
            return 0, 0
        found = max((len(wanted & {column_key(cell) for cell in row}) for row in rows), default=0)
        return found, sum(len(row) - 1 for row in rows)

    return max(DELIMITERS, key=score)


def column_key(name: object) -> str:
    """The form in which column names are compared: without case, and single blanks."""
    return " ".join(str(name).replace("\ufeff", "").split()).casefold()


# --- Workbooks


def _workbook(content: bytes, file_name: str, sheet: str) -> Readable:
    if content.startswith(OLE) and "EncryptedPackage".encode("utf-16-le") in content:
        raise _locked(file_name)
    if content.startswith(ZIP):
        _check_unpacked_size(content, file_name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = _sheet(book, file_name, sheet)
    except PasswordError as error:
        raise _locked(file_name) from error
    except (*WORKBOOK_ERRORS, OSError, ValueError) as error:
        raise DomainError(
            f"{file_name} is a broken workbook, or none at all. Open it in a spreadsheet, save it "
            "again as .xlsx, and send that."
        ) from error
    return Readable("workbook", lambda: enumerate(found.iter_rows(), 1), found.total_height)


def _check_unpacked_size(content: bytes, file_name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return  # calamine says what is wrong with it
    unpacked = sum(member.file_size for member in members)
    if unpacked > UNPACKED_LIMIT:
        raise DomainError(f"{file_name} unpacks to more than 4 GB. Split it, or send it as CSV.")
    if unpacked > max(HARMLESS, PACKED_AT_MOST * len(content)):
        raise DomainError(
            f"{file_name} unpacks to {unpacked // len(content):,} times its size, which no "
            "workbook of figures does. Save its sheet as CSV, and send that."
        )
    names = {member.filename for member in members}
    if "[Content_Types].xml" not in names and "content.xml" not in names:
        raise DomainError(
            f"{file_name} is a compressed file (zip), not a workbook. Unpack it and send what is "
            "inside."
        )


def _locked(file_name: str) -> DomainError:
    return DomainError(
        f"{file_name} is protected by a password. Open it, take the password off, and save it "
        "again."
    )


def _sheet(book: CalamineWorkbook, file_name: str, wanted: str) -> CalamineSheet:
    """The sheet that the map names, else the only one with anything in it, else the first."""
    names = book.sheet_names
    if wanted:
        name = {column_key(name): name for name in names}.get(column_key(wanted))
        if name is None:
            raise DomainError(
                f"{file_name} has no sheet “{wanted}”. It has: {', '.join(names)}. Name the right "
                "one in the column map."
            )
        return book.get_sheet_by_name(name)
    for name in names:
        sheet = book.get_sheet_by_name(name)  # reads all of it, so once
        if sheet.total_height:
            return sheet
    raise DomainError(f"{file_name} is a workbook without any cell filled in. Export it again.")
