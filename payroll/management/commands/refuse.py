"""refuse TENANT PERIOD PERSON: take back a payment that payroll refused."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from incentives.by_hand import in_words
from org.commands import TenantCommand, find_periods, find_person
from org.words import counted
from payroll.by_hand import lines_to_refuse, refuse
from payroll.run import approved_batches


class Command(TenantCommand):
    help = "Take back what payroll refused: it is due again, and the next batch pays it anew."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Of the batch: 2026-06, or calendar:2026-06.")
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("--reason", default="", help="What payroll said; needed.")
        parser.add_argument("--pay-group", metavar="CODE", help="Where several paid the person.")
        parser.add_argument("--batch", type=int, metavar="NUMBER", help="Left out: the latest.")
        parser.add_argument("--line", type=int, metavar="ID", help="Only this line.")

    def work(self, *, period: str, person: str, **options: Any) -> None:
        """Find the lines and take them back."""
        who = find_person(person)
        batches = approved_batches(
            periods=find_periods(period), pay_group=options["pay_group"], number=options["batch"]
        )
        lines = lines_to_refuse(person=who, batches=batches, line=options["line"])
        back = refuse(lines=lines, reason=options["reason"], by=self.by, at=self.at)
        whole = in_words(sum((t.amount for t in back), Decimal(0)), back[0].currency)
        number = counted(len(back), "line", "lines")
        self.say(f"{who} ({who.code}): {number} of {lines[0].batch} taken back, {whole} due again.")
