"""Errors that teach: where, what is wrong, what was probably meant, and an example that works."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class FormulaError(ValueError):
    """A formula that cannot be used.

    ``reason`` is the sentence alone; ``line`` and ``column`` count from 1 (0 where the error has no
    place); ``str()`` is the whole message with the source line and a caret under the place.
    """

    def __init__(
        self,
        reason: str,
        *,
        text: str = "",
        start: int | None = None,
        end: int | None = None,
        suggestion: str = "",
        example: str = "",
    ) -> None:
        self.reason = reason
        self.suggestion = suggestion
        self.example = example
        self.line = self.column = 0
        self.source_line = self.caret = ""
        if start is not None:
            self._place(text, start, start + 1 if end is None else end)
        super().__init__(self.message())

    def _place(self, text: str, start: int, end: int) -> None:
        start = min(start, len(text))
        before = text[:start]
        line_start = before.rfind("\n") + 1
        self.line = before.count("\n") + 1
        self.column = start - line_start + 1
        self.source_line = text[line_start:].split("\n", 1)[0].rstrip("\r")
        stop = min(end - line_start, len(self.source_line))
        # Tabs stay tabs before the caret, so that it stands under its place wherever it is shown.
        indent = "".join("\t" if c == "\t" else " " for c in self.source_line[: self.column - 1])
        self.caret = indent + "^" * max(1, stop - self.column + 1)

    def message(self) -> str:
        """The whole message, several lines."""
        reason = self.reason
        if self.suggestion:
            reason += f' Did you mean "{self.suggestion}"?'
        lines = [f"Line {self.line}, column {self.column}: {reason}" if self.line else reason]
        if self.line:
            lines += [f"    {self.source_line}", f"    {self.caret}"]
        if self.example:
            lines.append(f"Example: {self.example}")
        return "\n".join(lines)


def nearest(wanted: str, known: Iterable[str]) -> str:
    """The known name nearest to the one that was written, or '' where none is near."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(wanted.lower(), sorted(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def listed(names: Iterable[str], limit: int = 8) -> str:
    """``a, b, c and 4 more`` for a message; 'none' where there are none."""
    ordered = sorted(names)
    if not ordered:
        return "none"
    shown = ", ".join(ordered[:limit])
    return f"{shown} and {len(ordered) - limit} more" if len(ordered) > limit else shown


def joined(names: Sequence[str], word: str = "and") -> str:
    """``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
