"""The plan document: what :mod:`incentives.describe` says, in blocks that a template lays out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from incentives.describe import parts
from incentives.fingerprint import version_hash
from incentives.models import PlanVersion

_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass
class Block:
    """A paragraph, a list, or lines as they were written."""

    kind: str
    lines: list[SafeString] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: list[Block]


@dataclass(frozen=True)
class Document:
    """A version for the people whom it pays."""

    version: PlanVersion
    title: str
    digest: str
    sections: list[Section]


def document_of(version: PlanVersion) -> Document:
    """The document of a version; RulesProblem where the version is unsound."""
    title, sections = parts(version)
    found = [Section(name, blocks(lines)) for name, lines in sections.items() if lines]
    return Document(version, title, version_hash(version), found)


def blocks(lines: Iterable[str]) -> list[Block]:
    """Lines of the plain document as blocks: ``- `` begins an entry, four spaces keep a line."""
    found: list[Block] = []
    for line in lines:
        kind = "list" if line.startswith("- ") else "code" if line.startswith("    ") else "text"
        if not line.strip():
            found.append(Block("end"))
            continue
        if not found or found[-1].kind != kind or kind == "text":
            found.append(Block(kind))
        found[-1].lines.append(_marked(line[4:] if kind == "code" else line.removeprefix("- ")))
    return [block for block in found if block.kind != "end"]


def _marked(line: str) -> SafeString:
    """A line for HTML: escaped, with what is bold in the plain document in bold."""
    return mark_safe(_BOLD.sub(r"<strong>\1</strong>", escape(line)))
