"""paid-outside TENANT PERSON AMOUNT: record a cheque, or another payment made elsewhere."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from incentives.by_hand import in_words
from org.commands import TenantCommand, amount, find_person, find_user
from payroll.by_hand import paid_outside


class Command(TenantCommand):
    help = "Record that something due was paid outside payroll, so that no file pays it again."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("amount", type=amount, help="What was paid.")
        parser.add_argument("--reason", default="", help="Why, and how: cheque 1023. Needed.")
        parser.add_argument("--currency", default="", help="Left out: the tenant's.")
        parser.add_argument("--approved-by", metavar="USER", help="Somebody else than --by.")

    def work(self, *, person: str, amount: Decimal, **options: Any) -> None:
        """Book the payment."""
        who = find_person(person)
        made = paid_outside(
            person=who,
            amount=amount,
            reason=options["reason"],
            currency=options["currency"],
            by=self.by,
            approved_by=find_user(options["approved_by"]),
            at=self.at,
        )
        self.say(f"{who} ({who.code}): {in_words(amount, made[0].currency)} paid outside.")
