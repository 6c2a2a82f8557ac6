"""evidence TENANT PERIOD --moment T DIR: all that a period was worked out from, in one folder."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from incentives.currencies import plain
from incentives.lookup import one_period
from org.commands import TenantCommand, day, read_moment
from org.words import counted
from pmsite.evidence import write_evidence


class Command(TenantCommand):
    help = "Write a period's evidence as known at a moment, for whoever does it again."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument("folder", type=Path, help="A new folder.")
        parser.add_argument(
            "--moment",
            required=True,
            help="2026-07-05 (the end of that day), or 2026-07-05T18:30, where the tenant is.",
        )
        parser.add_argument(
            "--on-then", type=day, help="The business day of then (default: that of the moment)."
        )

    def work(
        self, *, period: str, folder: Path, moment: str, on_then: date | None, **options: Any
    ) -> None:
        then = read_moment(moment, self.tenant.time_zone)
        found = write_evidence(
            tenant=self.tenant,
            period=one_period(period),
            moment=then,
            on=on_then or then.astimezone(ZoneInfo(self.tenant.time_zone)).date(),
            folder=folder,
            by=self.by,
            at=self.at,
        )
        self.say(
            f"{folder}: {found.files} files, {counted(found.deliveries, 'delivery', 'deliveries')}."
        )
        self.say(
            f"Booked by then: {plain(found.booked, self.tenant.currency)}; worked out as known"
            f" then: {plain(found.known, self.tenant.currency)}."
        )
        if found.waiting:
            lines = counted(found.waiting, "line differs", "lines differ")
            self.say(f"{lines} from what was booked: a difference waited to be posted.")
        self.say(f"Do it again on an empty database: bin/manage reperform {folder}")
