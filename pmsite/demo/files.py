"""Writing the demo's source files: the same rows give the same bytes, workbooks included."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

Row = Sequence[object]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def write_csv(path: Path, rows: Iterable[Row], *, delimiter: str = ",", bom: bool = False) -> None:
    """A CSV file, as a spreadsheet program would save it where ``bom`` is set."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    _replace(path, text.getvalue().encode("utf-8-sig" if bom else "utf-8"))


def write_workbook(path: Path, sheet: str, rows: Iterable[Row]) -> None:
    """A workbook of one sheet, without the moment at which it was written."""
    book = Workbook(write_only=True)
    book.properties.created = LONG_AGO
    page = book.create_sheet(sheet)
    for row in rows:
        page.append(list(row))
    draft = io.BytesIO()
    book.save(draft)
    _replace(path, _timeless(draft.getvalue()))


def _timeless(content: bytes) -> bytes:
    """The same workbook with fixed moments in its list of files and in its properties."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(result, "w") as after:
        for item in before.infolist():
            data = before.read(item)
            if item.filename == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2020-01-01T00:00:00Z", data)
            after.writestr(zipfile.ZipInfo(item.filename), data, zipfile.ZIP_DEFLATED)
    return result.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(content)
    draft.replace(path)
