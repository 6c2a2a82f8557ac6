"""What pages say after something was done, kept until the next page shows it."""

from __future__ import annotations

from typing import Any

from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.fallback import FallbackStorage


class Once(FallbackStorage):  # type: ignore[misc]
    """Keeps a sentence once, however often it was said before somebody could read it."""

    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        """Keep a sentence, unless the same one waits to be shown."""
        if Message(level, message) not in self:
            super().add(level, message, extra_tags)
