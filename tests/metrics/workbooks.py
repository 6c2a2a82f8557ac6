"""Workbooks and odd files for the tests, made on the spot."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook

ENCRYPTED = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
) + bytes(512)


def workbook(*rows: list[Any], sheet: str = "Calls", before: tuple[str, ...] = ()) -> bytes:
    """A workbook with these rows in one sheet, and other sheets before it."""
    book = Workbook()
    book.remove(book.active)
    for name in before:
        book.create_sheet(name)
    page = book.create_sheet(sheet)
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
