"""Writing the audit trail: one row for each thing that somebody did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from org.models import AuditEntry, User
from org.tenancy import acting_through


def record(
    *,
    action: str,
    subject: str,
    by: User | None,
    at: datetime,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Note who did what. Call it inside the verb's transaction, so that both stand or fall."""
    return AuditEntry.objects.create(
        action=action,
        subject=subject[:200],
        by=by,
        at=at,
        reason=reason,
        detail=detail or {},
        through=acting_through(),
    )
