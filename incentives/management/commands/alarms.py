"""alarms TENANT [PERIOD]: is what is final still what the rules and the figures say?"""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from incentives.alarms import check_periods
from org.commands import TenantCommand, day, find_periods
from org.words import counted


class Command(TenantCommand):
    help = "Work final periods out in full and list differences that no recorded cause explains."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", nargs="?", help="Only this period: 2026-06. Left out: all.")
        parser.add_argument("--on", type=day, help="The business day (default: today).")

    def work(self, *, period: str | None, on: date | None, **options: Any) -> None:
        checked = check_periods(
            by=self.by,
            at=self.at,
            on=on or self.today(),
            periods=find_periods(period) if period else None,
        )
        for one in checked:
            for alarm in one.alarms:
                self.stderr.write(
                    f"ALARM: {alarm.name} {alarm.line} in {one.period} of {one.plan} differs"
                    f" by {alarm.moves}, and no recorded cause explains it."
                )
        found = sum(len(one.alarms) for one in checked)
        what = counted(len(checked), "final plan period", "final plan periods")
        self.say(f"{what} checked, {counted(found, 'alarm', 'alarms')}. Nothing was changed.")
