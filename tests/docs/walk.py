"""Walking through docs/walk-through.md: its commands as typed, its printed results compared."""

from __future__ import annotations

import io
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from django.core.management import call_command

from tests.docs.markdown import DOCS, ROOT, fences

PAGE = DOCS / "walk-through.md"
WORKBOOK = "call_centre.xlsx"


@dataclass
class Walk:
    """A person who types what the page shows, with a workbook, into a folder of their own."""

    workbook: Path
    folder: Path
    said: str = ""
    typed: list[str] = field(default_factory=list)

    def type(self, line: str) -> str:
        """Run ``$ bin/manage …``; what it printed."""
        program, name, *words = shlex.split(line.removeprefix("$ "))
        assert program == "bin/manage"
        out = io.StringIO()
        call_command(name, *map(self._place, words), stdout=out, stderr=out)
        self.typed.append(name)
        return out.getvalue()

    def _place(self, word: str) -> str:
        if word == WORKBOOK:
            return str(self.workbook)
        if word == ".":
            return str(self.folder)
        return str(ROOT / word) if word.startswith("docs/") else word

    def block(self, language: str, body: str) -> None:
        """Type a block of commands, or compare a block of results with what came last."""
        if language == "console":
            self.said = "".join(self.type(line) for line in body.splitlines())
        elif language == "text":
            assert body in self.said, f"The page says\n{body}\nbut the command said\n{self.said}"
        elif language == "csv":
            newest = max(self.folder.glob("*.csv"), key=lambda path: path.stat().st_mtime)
            assert newest.read_text(encoding="utf-8").replace("\r\n", "\n") == body

    def through(self) -> None:
        """The whole page."""
        for language, body in fences(PAGE.read_text(encoding="utf-8")):
            self.block(language, body)


def commands(until: str) -> list[str]:
    """The page's commands up to and with the first that runs ``until``."""
    blocks = [body for language, body in fences(PAGE.read_text("utf-8")) if language == "console"]
    lines = [line for body in blocks for line in body.splitlines()]
    end = next(n for n, line in enumerate(lines) if line.startswith(f"$ bin/manage {until} "))
    return lines[: end + 1]
