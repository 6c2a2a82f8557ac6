"""Files of disputes: which kinds are taken, how large, and keeping one as it was sent."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import PurePath

from django.db import transaction

from incentives.models import Dispute, DisputeFile
from org import audit
from org.errors import DomainError
from org.models import User

MB = 1024 * 1024
LARGEST = 10 * MB
MOST = 10
PACKED = {
    ".xlsx": "workbook",
    ".docx": "text document",
    ".ods": "workbook",
    ".odt": "text document",
}
PLAIN = {".txt": "text", ".csv": "table", ".eml": "e-mail"}
KINDS = "PDF, PNG, JPEG or HEIC pictures, .xlsx, .docx, .ods, .odt, .csv, .txt and .eml"


@transaction.atomic
def add_file(
    *, dispute: Dispute, name: str, content: bytes, by: User | None, at: datetime
) -> DisputeFile:
    """Keep a file with a dispute; the same one again is the one that is there.

    Refuses (DomainError) one that is empty, too large or of a kind that is not taken, judged by
    its beginning and not by its name alone, and more than ten.
    """
    kind = checked(name, content)
    Dispute.objects.select_for_update().get(pk=dispute.pk)
    digest = hashlib.sha256(content).hexdigest()
    there = DisputeFile.objects.filter(dispute=dispute).defer("content")
    if same := there.filter(sha256=digest).first():
        return same
    if there.count() >= MOST:
        raise DomainError(f"{name} was not taken: {MOST} files belong to this dispute already.")
    made = DisputeFile.objects.create(
        dispute=dispute,
        name=clean(name),
        kind=kind,
        size=len(content),
        sha256=digest,
        content=content,
        by=by,
        at=at,
    )
    audit.record(
        action="dispute.file",
        subject=f"{made.name}: {dispute}",
        by=by,
        at=at,
        detail={"dispute": dispute.pk, "sha256": digest, "size": len(content)},
    )
    return made


def checked(name: str, content: bytes) -> str:
    """What kind of file it is; DomainError with a sentence where it is not taken."""
    if not content:
        raise DomainError(f"{name} is empty. Look at it before you send it.")
    if len(content) > LARGEST:
        raise DomainError(too_large(name))
    if kind := _kind(PurePath(name).suffix.lower(), content):
        return kind
    raise DomainError(
        f"{name} is of a kind that is not taken. Send {KINDS}: a picture of the page will do."
    )


def too_large(name: str) -> str:
    """What is said of a file that is too large."""
    return (
        f"{name} is larger than {LARGEST // MB} MB, the most that is taken. Send the page that"
        " matters, or a smaller picture."
    )


def clean(name: str) -> str:
    """A file's name without a path and without signs that a header or a screen could trip on."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in stem if c.isprintable() and c not in '"<>|:*?;').strip(" .")
    return kept[-200:] or "file"


def _kind(suffix: str, content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "PDF"
    if content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or content[4:12] in (
        b"ftypheic",
        b"ftypmif1",
    ):
        return "picture"
    if content.startswith(b"PK\x03\x04"):
        return PACKED.get(suffix, "")
    plain = b"\x00" not in content and content.lstrip()[:1] != b"<"
    return PLAIN.get(suffix, "") if plain else ""
