"""`tick`: what cron calls every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pmsite.schedule import tick


class Command(BaseCommand):
    """Says what it did only where it did something; trouble is a non-zero exit."""

    help = "Queue the jobs of all tenants that have come due, and those that were lost on the way."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tick once."""
        ticked = tick(at=timezone.now())
        if ticked.problems:
            raise CommandError("\n".join(ticked.problems))
        if ticked.made or ticked.swept or ticked.queued or options["verbosity"] > 1:
            self.stdout.write(str(ticked))
