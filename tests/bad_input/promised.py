"""What docs/bad-input.md promises: the answers of commands, and behind them those of pages."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

PAGE: Path = settings.BASE_DIR / "docs" / "bad-input.md"
COMMANDS, PAGES = 0, 1
_PARTS = "\n## On pages\n"
_CASE = re.compile(r"^\*\*(.+)\*\*\n\n((?:    .*\n|\n(?=    ))+)", re.MULTILINE)


def promised(part: int) -> dict[str, str]:
    """The answers of a part of the page, by the title of the case."""
    text = PAGE.read_text(encoding="utf-8").split(_PARTS)[part]
    return {
        title: re.sub(r"^    ", "", said, flags=re.MULTILINE).strip()
        for title, said in _CASE.findall(text)
    }
