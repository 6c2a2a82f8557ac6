"""resume TENANT PERSON: pay a person again whose pay was stopped."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from org.commands import TenantCommand, find_person
from payroll.by_hand import resume


class Command(TenantCommand):
    help = "Resume one person's pay; the next batch pays what is due."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("--reason", default="", help="Why; needed.")

    def work(self, *, person: str, reason: str, **options: Any) -> None:
        """Resume, and say so."""
        who = find_person(person)
        resume(person=who, reason=reason, by=self.by, at=self.at)
        self.say(f"{who} ({who.code}) is paid again from the next batch on.")
