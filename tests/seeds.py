"""How far a test looks: at a few random worlds always, at more in ``bin/test --long``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

# Whether long tests are wanted, which pytest knows before it reads the tests.
long_wanted = True


def first(seeds: int, *, of: int) -> list[Any]:
    """The seeds from zero to ``of``; those after the first few are long."""
    return [
        seed if seed < seeds else pytest.param(seed, marks=pytest.mark.long) for seed in range(of)
    ]


def examples(few: int, *, of: int) -> int:
    """How many examples to draw: a few of them, or all where long tests are wanted, too."""
    return of if long_wanted else few


def some(all_of: Sequence[T], *, few: int) -> Sequence[T]:
    """A few places of something long, evenly to its end, or all where long tests are wanted."""
    return all_of if long_wanted else all_of[:: -max(1, len(all_of) // few)]
