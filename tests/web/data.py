"""Files for the tests of bringing data in, and a worker that takes up what was asked for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from metrics.models import Source, Trial
from org.tenancy import enter
from pmsite import jobs
from pmsite.fresh import NAME as FRESH
from pmsite.models import Job
from tests.web.cast import Cast

Browser = Callable[[str], Client]
CALLS = {"person": "Agent", "day": "Date", "values": {"calls": {"sum": "Calls"}}}
LONG = {
    "person": "Who",
    "day": "Date",
    "values": {"from": {"metric": "Figure", "value": "Amount"}},
}
GOOD = "Agent,Date,Calls\nann,2026-06-10,120\ncleo,2026-06-11,90\n"
MIXED = (
    "Agent,Date,Calls\nann,2026-06-10,120\nann,2026-06-32,1\njnae,2026-06-10,7\n"
    "cleo,2026-06-11,ninety\n"
)


def telephone(cast: Cast, column_map: dict[str, Any] | None = None, code: str = "phone") -> Source:
    """A source of the tenant."""
    with enter(cast.tenant.pk):
        return Source.objects.create(
            code=code, name=code.capitalize(), column_map=column_map or CALLS
        )


def file(content: str | bytes, name: str = "calls.csv") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    data = content.encode() if isinstance(content, str) else content
    return SimpleUploadedFile(name, data)


def send(
    client: Client, content: str | bytes = GOOD, name: str = "calls.csv", **fields: Any
) -> Any:
    """Bring a file in; the answer."""
    return client.post("/data/upload/", {"file": file(content, name), **fields})


def work() -> list[str]:
    """Do every job that waits, in order, but the calculation of what changed; what each said."""
    waiting = Job.objects.filter(state=Job.State.QUEUED).exclude(name=FRESH).order_by("id")
    return [jobs.perform(job.pk) for job in waiting]


def trial(cast: Cast) -> Trial:
    """The latest trial of the tenant."""
    with enter(cast.tenant.pk):
        return Trial.objects.select_related("source", "delivery").order_by("-pk")[0]


def tried(client: Client, cast: Cast, content: str | bytes = GOOD, **fields: Any) -> Trial:
    """A file brought in and looked at."""
    answer = send(client, content, **fields)
    assert answer.status_code == 302, answer.content.decode()
    work()
    return trial(cast)


def taken(client: Client, cast: Cast, content: str | bytes = GOOD, **fields: Any) -> Trial:
    """A file brought in, looked at and taken in."""
    found = tried(client, cast, content, **fields)
    take(client, found)
    work()
    return trial(cast)


def take(client: Client, found: Trial) -> Any:
    """Press the button."""
    return client.post(f"/data/upload/{found.pk}/take/", {"round": found.round})


def bomb() -> bytes:
    """A small workbook that unpacks to two hundred megabytes of nothing."""
    book, packed = Workbook(), io.BytesIO()
    book.active.append(["Agent", "Date", "Calls"])
    plain = io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(packed, "w") as after:
        for item in before.infolist():
            after.writestr(item, before.read(item))
        after.writestr("xl/media/big", b"\0" * 200 * 1024**2, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
