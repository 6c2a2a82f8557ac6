"""Write a tenant as a tenant file (docs/tenant-file.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from org.commands import TenantCommand, write_file
from pmsite import tenant_file


class Command(TenantCommand):
    help = "Write a tenant's configuration as YAML; applying it again changes nothing."

    def arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument(
            "--to",
            type=Path,
            metavar="FILE",
            help="Write here, with the CSV files of people beside it. Left out: print the "
            "configuration alone.",
        )

    def work(self, **options: Any) -> None:
        """Print the file, or write it and say so."""
        target: Path | None = options["to"]
        written = tenant_file.export(tenant=self.tenant, with_people=target is not None)
        if target is None:
            self.stdout.write(written.text, ending="")
            return
        for path, text in tenant_file.files_of(written, target).items():
            write_file(path, text)
            self.say(f"Written: {path}")
