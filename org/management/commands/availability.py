"""Take people's days, worked or absent, over from a CSV file (docs/people-files.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from org.commands import TenantCommand, read_file
from org.facts_csv import load_availability


class Command(TenantCommand):
    help = "Load availability from a CSV file; the same file again changes nothing."

    def arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path, help="availability.csv")

    def work(self, **options: Any) -> None:
        """Load it and say what changed."""
        file: Path = options["file"]
        content = read_file(file)
        loaded = load_availability(content=content, file=file.name, by=self.by, at=self.at)
        self.say(loaded.sentence)
