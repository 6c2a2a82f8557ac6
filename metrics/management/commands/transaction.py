"""``transaction TENANT KIND KEY``: one transaction with its versions, credits and reasons."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from metrics.deal_view import story
from metrics.queries import find_kind
from org.commands import TenantCommand


class Command(TenantCommand):
    help = "Show a transaction: its versions, parties, which rules took it, and what they credit."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="Code of the kind of transaction.")
        parser.add_argument("key", help="Its key; of several columns joined by “ / ”.")

    def work(self, **options: Any) -> None:
        for line in story(find_kind(options["kind"]), options["key"]):
            self.say(line)
