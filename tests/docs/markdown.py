"""What stands in the documentation: pages, links, fenced blocks, and the commands in them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^(?:\$ |    )(bin/\w+.*)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def pages() -> list[Path]:
    """Every page of the documentation, the README first."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def fences(text: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page: their language and what is in them."""
    return _FENCE.findall(text)


def typed(text: str) -> list[list[str]]:
    """The commands that a page shows, after a $ or in an indented block, as words."""
    return [shlex.split(line.split(" # ")[0]) for line in _TYPED.findall(text)]


def links(text: str) -> list[str]:
    """Where a page's links lead to, those to other sites left out."""
    return [target for target in _LINK.findall(text) if "://" not in target]
