"""Small tenant files for tests, and what it takes to apply and export them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from org.errors import DomainError
from org.models import Tenant, User
from pmsite import tenant_file
from pmsite.tenant_file import Report

AT = datetime(2026, 7, 5, 9, 0, tzinfo=UTC)
PAGE: Path = settings.BASE_DIR / "docs" / "tenant-file.md"

SMALL = """\
tenant: {code: bank, name: Bank, time_zone: Europe/Zurich, currency: CHF}
calendars:
  monthly: {kind: monthly, from: 2026-01-01, to: 2026-12-31}
units:
  - {code: north, name: North}
job_types:
  agent: {name: Agent}
metrics:
  calls: {name: Calls, kind: sum}
  aht: {name: Handle time, kind: ratio, unit: seconds, direction: lower}
goals:
  - {metric: calls, value: 100}
plans:
  service:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        tables:
          step: {rows: [[0, 4%], [100, 6%]]}
        measures:
          calls: {}
        components:
          pay: {formula: "TIER(calls, step)"}
"""


class Folder:
    """A folder of tenant files, applied at one moment after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str | bytes, name: str = "tenant.yaml") -> Path:
        """Put a file there."""
        file = self.path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def apply(self, text: str | bytes, **options: Any) -> Report:
        """Apply a text as a file; ``at`` the usual moment unless it is said."""
        return tenant_file.apply(
            path=self.write(text), **{"by": None, "approved_by": None, "at": AT, **options}
        )

    def changes(self, text: str, **options: Any) -> dict[str, list[str]]:
        """What applying a text changes, by section."""
        return self.apply(text, **options).changes

    def refusal(self, text: str | bytes, **options: Any) -> str:
        """The refusal of a text, whole."""
        with pytest.raises(DomainError) as refused:
            self.apply(text, **options)
        return str(refused.value)


def export(code: str = "bank", *, with_people: bool = False) -> str:
    """The YAML of a tenant as it is now."""
    tenant = Tenant.objects.get(code=code)
    return tenant_file.export(tenant=tenant, with_people=with_people).text


def user(name: str) -> User:
    """Somebody who logs in."""
    return User.objects.create(username=name)


def example() -> dict[str, str]:
    """The files of the whole example in the documentation, by name."""
    page = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"`([\w.]+)`\n\n```\w+\n(.*?)```", page, re.DOTALL))
