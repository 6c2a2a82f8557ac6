"""One writer of values at a time in a tenant: two deliveries may bring the same key."""

from __future__ import annotations

from org import locks


def hold_values() -> None:
    """Be the only one to write values of this tenant until the transaction ends.

    It is the last lock in the order (org.locks): whoever wants to calculate afterwards, as the
    preview of a delivery does, holds the engine before.
    """
    locks.exclude([locks.VALUES])
