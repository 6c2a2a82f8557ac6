"""What the three ways of calculating need to know of the loaded tenant: keys, and nothing else."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

START, END = date(2026, 7, 1), date(2026, 8, 1)
DAYS = (END - START).days


@dataclass(frozen=True)
class World:
    """The keys of the loaded rows. Metrics and components by their code."""

    tenant: int
    period: int
    plan: int
    version: int
    metrics: dict[str, int]
    components: dict[str, int]
    job_types: dict[str, int]
    people: int
    values: int

    def write(self) -> str:
        """As an argument for another process."""
        return json.dumps(asdict(self))


def from_arguments() -> World:
    """The world that this process was started with."""
    fields: dict[str, Any] = json.loads(sys.argv[1])
    return World(**fields)
