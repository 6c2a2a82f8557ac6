"""finalise TENANT PERIOD: make a period final and book what it earned."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from incentives.currencies import plain
from incentives.finalise import Finalised, finalise_period
from incentives.lookup import one_period, plan_called
from org.commands import TenantCommand, day
from org.words import counted


class Command(TenantCommand):
    help = "Make a period final for the plans that pay in it, and book it to the ledger."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument("--plan", help="Only this plan (its code).")
        parser.add_argument("--on", type=day, help="The business day (default: today).")

    def work(self, *, period: str, plan: str | None, on: date | None, **options: Any) -> None:
        wanted = one_period(period)
        chosen = plan_called(plan)
        for report in finalise_period(
            period=wanted, by=self.by, at=self.at, on=on or self.today(), plan=chosen
        ):
            self._tell(report)

    def _tell(self, report: Finalised) -> None:
        made = report.run
        amount = plain(report.amount, made.plan.currency or self.tenant.currency)
        self.say(
            f"{made.plan} {made.period} is final: "
            f"{counted(made.people, 'person', 'people')}, {amount}, "
            f"{counted(report.transfers, 'transfer', 'transfers')} booked"
        )
        for earlier, difference in report.differences:
            waits = ", in dispute: it waits for the answer" if difference.disputed else ""
            self.say(
                f"  Difference for {earlier}: {difference.name} {difference.line}"
                f" {difference.moves} ({difference.cause}){waits}"
            )
        for earlier, late in report.too_late:
            self.stderr.write(
                f"  TOO LATE, not booked: {late.name} {late.line} in {earlier} differs by"
                f" {late.moves} ({late.cause}), but the tenant corrects what"
                f" was earned for {self.tenant.look_back} months only."
            )
        for earned, early in report.too_early:
            self.say(
                f"  Waits for a later period: {early.name} {early.line} in {earned} moves by"
                f" {early.moves} ({early.cause}), and was earned after this one."
            )
        for earlier, alarm in report.alarms:
            self.stderr.write(
                f"  ALARM, not booked: {alarm.name} {alarm.line} in {earlier} differs by"
                f" {alarm.moves} and no recorded cause explains it."
            )
