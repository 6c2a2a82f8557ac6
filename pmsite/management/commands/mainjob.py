"""`mainjob`: the whole way of the demo bank's last month, and a summary that holds or fails."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from org.commands import day
from org.errors import DomainError
from pmsite.demo import logins, main_job, story


class Command(BaseCommand):
    """Exit 0 only if values came in, were calculated, explained, finalised, paid and written."""

    help = "Do the main job on the demo bank: source files, pay, explanation, payroll file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The day that the demo is to end before, where it is not loaded yet."""
        parser.add_argument("--today", type=day, metavar="DAY")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, then print the summary."""
        at = timezone.now()
        try:
            logins.make_users(at=at)
            bank = story.stories(options["today"] or at.date(), self.say)[0]
            if not story.is_loaded(bank.organisation):
                bank.tell()
            summary = main_job.do(bank, explain_to=self.say)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        for line in summary.lines():
            self.say(line)
        if summary.missing:
            raise CommandError("The main job is not done:\n" + "\n".join(summary.missing))
        self.say("The main job is done: everything in this summary was read from the database.")

    def say(self, line: str) -> None:
        """Print a line at once."""
        self.stdout.write(line)
        self.stdout.flush()
