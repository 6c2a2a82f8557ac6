"""`demo`: two invented organisations with three months of work, loaded once."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from org.commands import day
from org.errors import DomainError
from pmsite.demo import logins, story


class Command(BaseCommand):
    """Loads what is not there yet; a second time says so and ends."""

    help = "Load the demo tenants, or print who can log in to them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The day that the demo is to end before, or only the logins."""
        parser.add_argument("--logins", action="store_true", help="Only print the logins.")
        parser.add_argument(
            "--today",
            type=day,
            metavar="DAY",
            help="Make the three months before this day's (2026-07-01: April to June).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say what there is."""
        if not options["logins"]:
            self.load(options["today"])
        for line in logins.lines():
            self.stdout.write(line)

    def load(self, today: date | None) -> None:
        """Load both organisations, showing how it goes."""
        at, begin = timezone.now(), time.monotonic()
        try:
            loaded = story.load(today=today or at.date(), at=at, say=self.say)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        if loaded:
            self.say(f"The demo is loaded, in {time.monotonic() - begin:.0f} s.")
        else:
            self.say("The demo is loaded already.")

    def say(self, line: str) -> None:
        """Print a line at once."""
        self.stdout.write(line)
        self.stdout.flush()
