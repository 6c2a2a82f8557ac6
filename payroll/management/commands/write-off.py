"""write-off TENANT PERSON [AMOUNT]: forgive what a person owes."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from incentives.by_hand import in_words
from org.commands import TenantCommand, amount, find_person, find_user
from payroll.by_hand import write_off


class Command(TenantCommand):
    help = "Write off what a person owes, asked for by one and approved by another."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("amount", nargs="?", type=amount, help="Left out: all that is owed.")
        parser.add_argument("--reason", default="", help="Why; needed.")
        parser.add_argument("--currency", default="", help="Left out: the tenant's.")
        parser.add_argument("--approved-by", metavar="USER", help="Somebody else than --by.")

    def work(self, *, person: str, amount: Decimal | None, **options: Any) -> None:
        """Book what is forgiven."""
        who = find_person(person)
        made = write_off(
            person=who,
            amount=amount,
            reason=options["reason"],
            currency=options["currency"],
            by=self.by,
            approved_by=find_user(options["approved_by"]),
            at=self.at,
        )
        whole = sum((transfer.amount for transfer in made), Decimal(0))
        self.say(f"{who} ({who.code}): {in_words(whole, made[0].currency)} written off.")
