"""Files that nobody should send, made as they come: broken, locked, or not what they say."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from itertools import chain, repeat
from xml.sax.saxutils import escape

import openpyxl

HEADER = "Person,Day,Calls,Sales\n"
FIGURES = ["1001", "2026-01-05", "80", "1000.00"]
MILLION = 1_000_000
LAST_ROW = 1_048_576
"""The last row that a worksheet can have."""
_HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_TAIL = "</sheetData></worksheet>"


def csv_of(*rows: str) -> bytes:
    """A file of the service desk with these rows."""
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


def workbook() -> bytes:
    """A sound workbook of the service desk."""
    book = openpyxl.Workbook()
    book.active.append(HEADER.strip().split(","))
    book.active.append(FIGURES)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def truncated_workbook() -> bytes:
    """A workbook whose download broke off."""
    return workbook()[:-400]


def damaged_workbook() -> bytes:
    """A workbook whose sheet ends in the middle of a cell, in an archive that is whole."""
    sheet = _HEAD + _row(FIGURES) * 9
    return _book([sheet[: len(sheet) * 2 // 3]])


def locked_workbook() -> bytes:
    """What a spreadsheet writes with a password: an OLE container with an encrypted package."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")


def document() -> bytes:
    """A text document (.docx): also an archive, also with content types."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    return content.getvalue()


def archive() -> bytes:
    """A zip file with a CSV file in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("figures.csv", csv_of(",".join(FIGURES)))
    return content.getvalue()


def million_rows() -> bytes:
    """A sheet with a million calls of one to nine minutes: a thousand calls, a thousand times."""
    people = ("Ann Arden", "Ben Bell")
    header = _row(["Agent", "Date", "Talk time"])
    thousand = "".join(
        _row([people[n % 2], f"2026-01-{n % 31 + 1:02}", f"0:0{n % 9 + 1}:00"]) for n in range(1000)
    )
    return _book(chain((_HEAD, header), repeat(thousand, MILLION // 1000), (_TAIL,)))


def formatted_to_the_end() -> bytes:
    """One row of figures, and a blank that somebody left in the last row that a sheet can have."""
    last = f'<row r="{LAST_ROW}"><c r="A{LAST_ROW}" t="inlineStr"><is><t> </t></is></c></row>'
    return _book([_HEAD, _row(HEADER.strip().split(",")), _row(FIGURES), last, _TAIL])


def _row(cells: list[str]) -> str:
    inside = "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in cells)
    return f"<row>{inside}</row>"


def _book(sheet: Iterable[str]) -> bytes:
    """A workbook with one sheet, written without a library, which would take minutes."""
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{packages}/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.spreadsheetml.sheet.main+xml"/>'
            '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxml'
            'formats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1"'
            f' Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1"'
            f' Type="{kinds}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
            f' xmlns:r="{kinds}"><sheets><sheet name="Calls" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>",
        )
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for piece in sheet:
                part.write(piece.encode())
    return content.getvalue()
