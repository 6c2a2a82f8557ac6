"""``complete TENANT SOURCE DATE``: declare that a source has delivered all there is to a day."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from metrics.complete import complete
from metrics.queries import find_source
from org.commands import TenantCommand, day


class Command(TenantCommand):
    help = "Declare a source complete to a day (included): sums without rows are 0 up to there."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="Code of the source.")
        parser.add_argument("date", type=day)

    def work(self, **options: Any) -> None:
        self.say(
            complete(
                source=find_source(options["source"]),
                through=options["date"],
                by=self.by,
                at=self.at,
            )
        )
