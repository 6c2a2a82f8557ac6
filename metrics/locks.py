"""One writer of values at a time in a tenant: two deliveries may bring the same key."""

from __future__ import annotations

from org import locks

# The second key of the lock: no period has it, and nothing else (org.locks, incentives.ledger).
VALUES = -3


def hold_values() -> None:
    """Be the only one to write values of this tenant until the transaction ends."""
    locks.exclude([VALUES])
