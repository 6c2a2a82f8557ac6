"""Looking at a file before it is taken in: whose it is, what columns become, its first rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from metrics import map_words
from metrics.deals import Deal
from metrics.ingest import DealFile, ValueFile, kind_of, opened
from metrics.mapping import find_header
from metrics.models import Metric, Source
from metrics.reading import OLE, ZIP, Readable
from metrics.staged import Header, Staged
from org.errors import DomainError

HEAD = 1 << 18
FIRST_ROWS = 5
SENTENCE = 300


@dataclass(frozen=True)
class Fit:
    """How a file and a source go together: ``columns`` of its map found, or why it does not fit."""

    source: Source
    columns: int
    sentence: str = ""

    @property
    def fits(self) -> bool:
        """Whether the file has every column of the map."""
        return not self.sentence


def fitting(*, content: bytes, file_name: str) -> list[Fit]:
    """Each source that has a map, the best fitting first. DomainError for what is no such file."""
    sources = [source for source in Source.objects.order_by("code") if source.column_map]
    if not sources:
        raise DomainError(
            "No source has a column map yet, so nobody can tell what the columns mean. Write one "
            "in the tenant file, under sources."
        )
    content = beginning(content)
    found = []
    known: dict[tuple[str, ...], Readable] = {}
    for source in sources:
        try:
            map_ = kind_of(source).map
        except DomainError as refusal:
            found.append(Fit(source, 0, _short(refusal)))
            continue
        key = (map_.sheet, map_.delimiter, map_.encoding)
        try:
            readable = known.get(key) or opened(map_, content, file_name)
            if readable.kind == "workbook":  # which is read as a whole, so once
                known[key] = readable
            find_header(readable, map_, file_name)
        except DomainError as refusal:
            found.append(Fit(source, 0, _short(refusal)))
        else:
            found.append(Fit(source, len(map_.columns)))
    return sorted(found, key=lambda fit: -fit.columns)


def beginning(content: bytes) -> bytes:
    """Enough of a text file for its header and first rows: whole lines of its first part.

    A workbook cannot be cut, nor can text whose letters have two bytes. What is wrong further below
    is found when the file is taken in.
    """
    if len(content) <= HEAD or content.startswith((ZIP, OLE)) or b"\0" in content[:HEAD]:
        return content
    return content[: content.rfind(b"\n", 0, HEAD) + 1] or content


def only(fits: list[Fit]) -> Source | None:
    """The source that fits better than every other; None where there is no such one."""
    best = [fit for fit in fits if fit.fits and fit.columns == fits[0].columns]
    return best[0].source if len(best) == 1 else None


def _short(refusal: DomainError) -> str:
    return str(refusal.sentence)[:SENTENCE]


def described(*, source: Source, content: bytes, file_name: str, at: datetime) -> dict[str, Any]:
    """What a source makes of a file, to be shown: its columns in words, and its first rows as read.

    DomainError where the file does not fit the source's map.
    """
    kind = kind_of(source)
    readable = opened(kind.map, beginning(content), file_name)
    header = find_header(readable, kind.map, file_name)
    used = {" ".join(name.split()).casefold() for name in kind.map.columns}
    return {
        "columns": map_words.columns_in_words(kind.map, kind.zone),
        "unused": [n for n in header.names if " ".join(n.split()).casefold() not in used][:40],
        "header_row": header.line,
        "kind": kind.what,
        "zone": kind.zone,
        "rows": first_rows(kind, readable, header, at),
    }


def first_rows(
    kind: ValueFile | DealFile, readable: Readable, header: Header, at: datetime
) -> list[dict[str, Any]]:
    """The first rows below the header as they will be read: line, and what is said in pairs."""
    mapper = kind.mapper(header, at)
    codes = dict(Metric.objects.values_list("pk", "code"))
    found: list[dict[str, Any]] = []
    for line, row in readable.rows():
        staged = mapper.staged(line, row) if line > header.line else None
        if staged is None:
            continue
        said = [pair for one in staged for pair in _pairs(one, codes)]
        found.append({"line": line, "pairs": list(dict.fromkeys(said))})
        if len(found) == FIRST_ROWS:
            break
    return found


def _pairs(one: Staged | Deal, codes: dict[int, str]) -> Iterator[tuple[str, str]]:
    if isinstance(one, Deal):
        yield "transaction", one.key
        yield from ((name, str(value)) for name, value in one.attributes.items())
        for role, _, person, share in one.parties:
            yield role, f"{person} ({share})" if share else person
        if one.about:
            yield "about", one.about
        return
    if one.reason is not None:
        yield "cannot be read", str(one.sentence)
        return
    yield "person", str(one.person)
    yield "day", str(one.day)
    if one.slot:
        yield "slot", one.slot
    if one.reference:
        yield "reference", one.reference
    figure = str(one.numerator)
    over = f"{figure} of {one.denominator}" if one.denominator else figure
    yield codes.get(one.metric or 0, ""), over
