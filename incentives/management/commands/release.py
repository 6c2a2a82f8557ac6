"""release TENANT: let go what is held and may go by now."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from incentives.release import release
from org.commands import TenantCommand, day
from org.words import counted


class Command(TenantCommand):
    help = "Make due what was held until its day or condition, and note what has expired as lost."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=day, help="The business day (default: today).")

    def work(self, *, on: date | None, **options: Any) -> None:
        done = release(by=self.by, at=self.at, on=on or self.today())
        for trouble in done.troubles:
            self.stderr.write(trouble)
        self.say(
            f"{counted(done.released, 'held amount', 'held amounts')} released,"
            f" {counted(done.lost, 'amount', 'amounts')} lost."
        )
