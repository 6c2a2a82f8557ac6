"""Words that sentences of several apps share."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """A number with its word: ``1 person``, ``12 people``."""
    return f"{number} {one if number == 1 else many}"
