"""A draft tenant file on trial: as it would be if it were applied and its versions published.

What would be refused only because of who asks, or because a reason is missing yet, is not refused
here: a preview is there to see what a draft does before anybody approves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from incentives import config_plans
from incentives import config_versions as versions
from incentives.currencies import decimals_of
from incentives.models import Plan, PlanPeriod, PlanVersion
from incentives.preview import WHY
from org.config_tools import Problems
from pmsite import tenant_file

Status = PlanVersion.Status
Item = Mapping[str, Any]


def apply_draft(path: Path, *, tenant: str, at: datetime) -> list[str]:
    """Apply a draft file to a tenant that is entered; answers what it changes, a line each.

    Drafts in it are published. A version that has changed although a period is final with it
    becomes a new one from the same day, as it would have to be. Call it in a transaction that is
    rolled back. DomainError with everything that is wrong with the file.
    """
    content = tenant_file.read_file(path)
    document = tenant_file.parse(content, path.name)
    for code, item in document.data.get("plans", {}).items():
        plan = Plan.objects.filter(code=code).first()
        item["versions"] = _published(plan, item["versions"])
    report = tenant_file.apply_document(
        document, path=path, content=content, by=None, at=at, tenant=tenant, trial=True
    )
    return list(report.lines())


def _published(plan: Plan | None, items: list[Item]) -> list[dict[str, Any]]:
    """The versions of a plan as they would stand in a file that puts all of them in force."""
    rows = config_plans.live_versions(plan) if plan else []
    numbers = [row.number for row in plan.versions.all()] if plan else []
    numbers += [item["number"] for item in items if item.get("number")]
    found: list[dict[str, Any]] = []
    for item in items:
        row = _row_of(item, rows)
        if row and row.status == Status.PUBLISHED and _same(item, row):
            found.append(dict(item))
            continue
        one = {**item, "status": "published", "reason": item.get("reason") or WHY}
        if row and row.status == Status.PUBLISHED and _is_final(row):
            found.append(versions.short(versions.from_rows(row), decimals=decimals_of(row.plan)))
            one["number"] = max(numbers) + 1
            numbers.append(one["number"])
        found.append(one)
    return found


def _row_of(item: Item, rows: list[PlanVersion]) -> PlanVersion | None:
    """The version of the database that an item of a file means."""
    if item.get("number"):
        return next((row for row in rows if row.number == item["number"]), None)
    alike = [row for row in rows if row.in_force == item["in_force"]]
    same = [row for row in alike if row.status == item.get("status", "published")]
    return next(iter([*same, *alike]), None)


def _same(item: Item, row: PlanVersion) -> bool:
    said = versions.canonical(item, "", Problems(), decimals=decimals_of(row.plan))
    said["number"] = row.number
    return versions.same(said, versions.from_rows(row))


def _is_final(row: PlanVersion) -> bool:
    return PlanPeriod.objects.filter(run__version=row, final_at__isnull=False).exists()
