"""``undo TENANT DELIVERY``: take back what a delivery brought."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from metrics.queries import find_delivery
from metrics.undo import undo
from org.commands import TenantCommand


class Command(TenantCommand):
    help = "Take back what a delivery brought; what it had replaced holds again."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("delivery", type=int, help="Number of the delivery.")

    def work(self, **options: Any) -> None:
        done = undo(delivery=find_delivery(options["delivery"]), by=self.by, at=self.at)
        self.say(done.sentence())
