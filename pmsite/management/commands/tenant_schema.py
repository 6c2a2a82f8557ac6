"""Write the published JSON Schema of the tenant file, and its reference in the documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pmsite import tenant_file
from pmsite.tenant_reference import with_reference

DOCS: Path = settings.BASE_DIR / "docs"
SCHEMA = DOCS / "tenant-file.schema.json"
PAGE = DOCS / "tenant-file.md"


def texts() -> dict[Path, str]:
    """Both files as they should be."""
    schema = tenant_file.schema()
    page = PAGE.read_text(encoding="utf-8")
    return {
        SCHEMA: json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        PAGE: with_reference(page, schema),
    }


class Command(BaseCommand):
    help = "Write docs/tenant-file.schema.json and the reference in docs/tenant-file.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files that differ."""
        for path, text in texts().items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"Written: {path.relative_to(settings.BASE_DIR)}")
