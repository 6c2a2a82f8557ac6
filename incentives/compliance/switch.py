"""Switching compliance packs on and off for a tenant."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from org.audit import record
from org.compliance import Pack
from org.errors import DomainError
from org.models import Tenant, User
from org.tenancy import current_tenant_id


@transaction.atomic
def set_packs(*, packs: Collection[str], by: User | None, at: datetime) -> list[str]:
    """Hold versions against these packs from now on; what is published stays. What changed."""
    unknown = sorted(set(packs) - set(Pack.values))
    if unknown:
        known = ", ".join(Pack.values)
        raise DomainError(f"No pack is called {', '.join(unknown)}. There are: {known}.")
    tenant = Tenant.objects.select_for_update().get(pk=current_tenant_id())
    before, after = set(tenant.compliance), set(packs)
    if before == after:
        return []
    tenant.compliance = sorted(after)
    tenant.save(update_fields=["compliance"])
    said = [f"{Pack(code).label} is on" for code in sorted(after - before)]
    said += [f"{Pack(code).label} is off" for code in sorted(before - after)]
    record(
        action="switch compliance packs",
        subject=", ".join(tenant.compliance) or "none",
        by=by,
        at=at,
        detail={"said": said},
    )
    return said
