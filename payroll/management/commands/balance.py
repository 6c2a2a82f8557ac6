"""balance TENANT PERSON: one person's accounts with their history."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from org.commands import TenantCommand, find_person
from payroll.balance import as_json, as_text, statement


class Command(TenantCommand):
    help = "Show what a person has earned, what waits, is due, owed, paid and lost, and why."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("--json", action="store_true", help="As data.")

    def work(self, *, person: str, **options: Any) -> None:
        """Print the statement."""
        found = statement(person=find_person(person))
        if options["json"]:
            self.say(json.dumps(as_json(found), ensure_ascii=False, indent=2))
            return
        for line in as_text(found):
            self.say(line)
