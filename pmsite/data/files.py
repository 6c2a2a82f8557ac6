"""Sending rows that could not be used as a file, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from metrics.models import Delivery, Rejection, Source, Trial, TrialRow
from metrics.unusable import as_csv, columns_of
from org.sql import kept_bytes
from org.tenancy import enter


def sent_as_csv(
    request: HttpRequest,
    rows: QuerySet[Rejection] | QuerySet[TrialRow],
    *,
    source: Source,
    file: Delivery | Trial,
) -> StreamingHttpResponse:
    """A stream that enters the tenant by itself: the request's transaction ends before it."""
    columns = columns_of(source, kept_bytes(file, "content"), file.file_name)
    tenant = request.membership.tenant_id  # type: ignore[attr-defined]

    def pieces() -> Iterator[bytes]:
        with enter(tenant, through=f"{request.method} {request.path}"):
            yield from as_csv(rows, columns)

    answer = StreamingHttpResponse(pieces(), content_type="text/csv; charset=utf-8")
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in PurePath(file.file_name).stem)
    answer["Content-Disposition"] = f'attachment; filename="{stem[:80]}-rejected.csv"'
    return answer
