"""stop TENANT PERSON: pay one person nothing until resumed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from org.commands import TenantCommand, find_person
from payroll.by_hand import stop


class Command(TenantCommand):
    help = "Stop one person's pay; what is due stays due."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("--reason", default="", help="Why; needed.")

    def work(self, *, person: str, reason: str, **options: Any) -> None:
        """Stop, and say so."""
        who = find_person(person)
        stop(person=who, reason=reason, by=self.by, at=self.at)
        self.say(f"{who} ({who.code}) is paid nothing until resumed; what is due stays due.")
