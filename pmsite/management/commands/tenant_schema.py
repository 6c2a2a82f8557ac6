"""Write the published JSON Schema of the tenant file."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pmsite import tenant_file

PATH = settings.BASE_DIR / "docs" / "tenant-file.schema.json"


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(tenant_file.schema(), indent=2, ensure_ascii=False) + "\n"


class Command(BaseCommand):
    help = "Write docs/tenant-file.schema.json from what the sections accept."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        PATH.write_text(text(), encoding="utf-8")
        self.stdout.write(f"Written: {PATH.relative_to(settings.BASE_DIR)}")
