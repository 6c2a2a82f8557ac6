"""How large a file may be that a browser sends: what is too large is passed over as it arrives."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest


class SizeLimit(FileUploadHandler):
    """The first of the handlers: stops keeping a file at the limit, and notes which one it was."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin to count."""
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the piece on to whoever keeps it."""
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_LIMIT:
            self.request.too_large = self.file_name  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""


def too_large(request: HttpRequest) -> str:
    """A sentence about a file that was larger than allowed; "" where none was."""
    name = getattr(request, "too_large", "")
    if not name:
        return ""
    return (
        f"{name} is larger than {settings.UPLOAD_LIMIT // 1024**2} MB, the most that is taken in "
        "here. Split it by month or by team, or ask your administrator for the limit."
    )
