"""Saying how far long work is, to whoever watches it; work does not know who that is."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much (0: nobody knows)."""


def quiet(step: str, done: int, total: int) -> None:
    """Nobody watches."""
