"""How many random worlds a test looks at: a few always, more in ``bin/test --long``."""

from __future__ import annotations

from typing import Any

import pytest


def first(seeds: int, *, of: int) -> list[Any]:
    """The seeds from zero to ``of``; those after the first few are long."""
    return [
        seed if seed < seeds else pytest.param(seed, marks=pytest.mark.long) for seed in range(of)
    ]
