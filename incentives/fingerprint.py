"""The hash of what a plan version says: the same rules, the same hash, on every machine.

It is taken of the version as the tenant file would have it, and of the plan's own choices that
rules stand on. A person acknowledges this hash, and papers carry it (docs/adr/0187).
"""

from __future__ import annotations

import json
from hashlib import sha256

from incentives.config_versions import from_rows
from incentives.currencies import currency_of
from incentives.models import PlanVersion
from org.config_tools import as_json

SHOWN = 12


def version_hash(version: PlanVersion) -> str:
    """64 hexadecimal digits."""
    plan = version.plan
    said = {
        "plan": plan.code,
        "name": plan.name,
        "calendar": plan.calendar.code,
        "currency": currency_of(plan),
        "in_force": version.in_force,
        "rules": _without_life(from_rows(version)),
    }
    text = json.dumps(as_json(said), sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _without_life(said: dict[str, object]) -> dict[str, object]:
    """The rules without what is said about the version itself: its status, and why it was made."""
    return {key: value for key, value in said.items() if key not in ("status", "reason", "ends")}


def short(digest: str) -> str:
    """As many digits as people compare by eye."""
    return digest[:SHOWN]
