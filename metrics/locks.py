"""One writer of values at a time in a tenant: two deliveries may bring the same key."""

from __future__ import annotations

from org import locks

# The second key of the lock: no period has it, and org.locks.TOTALS is 0.
VALUES = -1


def hold_values() -> None:
    """Wait until nobody else writes values of this tenant, and be alone until the transaction ends."""
    locks.exclude([VALUES])
