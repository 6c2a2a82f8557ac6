"""One writer of values at a time in a tenant: two deliveries may bring the same key."""

from __future__ import annotations

from org import locks

# The second key of the lock: no period has it, and org.locks.TOTALS is 0.
VALUES = -1


def hold_values() -> None:
    """Be the only one to write values of this tenant until the transaction ends."""
    locks.exclude([VALUES])
