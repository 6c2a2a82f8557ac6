"""Make a tenant as its file says (docs/tenant-file.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from org.commands import find_user
from org.errors import DomainError
from pmsite import tenant_file


class Command(BaseCommand):
    help = "Make a tenant as a tenant file says; the same file again changes nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, and who stands behind it."""
        parser.add_argument("file", type=Path, help="The tenant file (YAML).")
        parser.add_argument("--dry-run", action="store_true", help="Only show what would change.")
        parser.add_argument(
            "--tenant", default="", metavar="CODE", help="Apply to this tenant, not the file's."
        )
        parser.add_argument("--by", metavar="USER", help="Author of the changes (user name).")
        parser.add_argument(
            "--approved-by", metavar="USER", help="Who approved plan versions; not the author."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply the file and print what changed."""
        try:
            report = tenant_file.apply(
                path=options["file"],
                tenant=options["tenant"],
                by=find_user(options["by"]),
                approved_by=find_user(options["approved_by"]),
                at=timezone.now(),
                dry_run=options["dry_run"],
            )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        for line in report.lines():
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was written.")
