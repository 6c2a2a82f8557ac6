"""Rows that could not be used, as a file that can be mended and sent again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.db.models import QuerySet

from metrics.ingest import kind_of, opened
from metrics.mapping import find_header
from metrics.models import Rejection, Source, TrialRow
from org.errors import DomainError
from org.tables import harmless

OURS = ("line", "what is wrong", "column", "value")
PIECE = 500


def columns_of(source: Source, content: bytes, file_name: str) -> list[str]:
    """The columns of a file in its order; none where its source no longer reads it."""
    try:
        map_ = kind_of(source).map
        return list(find_header(opened(map_, content, file_name), map_, file_name).names)
    except DomainError:
        return []


def as_csv(rows: QuerySet[Rejection] | QuerySet[TrialRow], columns: list[str]) -> Iterator[bytes]:
    """The rows as they stood, behind the line, what is wrong, and the cell that is meant."""
    first = rows.first()
    named = columns or (sorted(first.row) if first else [])
    yield b"\xef\xbb\xbf" + _written([[*OURS, *named]])
    piece: list[list[object]] = []
    for one in rows.iterator(chunk_size=2_000):
        mine = [one.line, one.sentence, one.column, one.value]
        piece.append([*mine, *(one.row.get(name, "") for name in named)])
        if len(piece) >= PIECE:
            yield _written(piece)
            piece = []
    yield _written(piece)


def _written(rows: list[list[object]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode()
