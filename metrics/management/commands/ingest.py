"""``ingest TENANT SOURCE FILE``: take a file in, or preview what it would do."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from metrics.ingest import IngestReport, ingest
from metrics.queries import find_source
from org.commands import TenantCommand, day
from org.errors import DomainError

SHOWN = 10


class Command(TenantCommand):
    help = "Take a file of a source in: CSV or workbook. The same file again changes nothing."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="Code of the source.")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--complete-to",
            type=day,
            metavar="DATE",
            help="The source has delivered all there is up to this day (included).",
        )
        parser.add_argument(
            "--preview", action="store_true", help="Say what it would do, and keep nothing."
        )
        parser.add_argument("--all", action="store_true", help="Print every rejected row.")

    def work(self, **options: Any) -> None:
        report = ingest(
            source=find_source(options["source"]),
            file_name=options["file"].name,
            content=_content(options["file"]),
            by=self.by,
            at=self.at,
            complete_through=options["complete_to"],
            commit=not options["preview"],
        )
        for line in report.sentences():
            self.say(line)
        self._say_rejections(report, everything=options["all"])

    def _say_rejections(self, report: IngestReport, *, everything: bool) -> None:
        shown = report.rejections if everything else report.rejections[:SHOWN]
        for row in shown:
            self.say(f"  {row.sentence}")
        rest = report.rejected - len(shown)
        if rest > 0:
            where = "with --all" if not everything else "in the admin"
            kept = f", or in the admin under delivery {report.delivery}" if report.delivery else ""
            self.say(f"  … and {rest:,} more: see them {where}{kept}.")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DomainError(
            f"The file {path} cannot be opened: {error.strerror}. Check its name and its rights."
        ) from error
