"""Say who changed a row when, and from what to what."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from org import past
from org.commands import TenantCommand


class Command(TenantCommand):
    help = "Print the past of a row of configuration, or of a person: who, when, old and new."

    def arguments(self, parser: ArgumentParser) -> None:
        """What kind of row, and which."""
        parser.add_argument("model", help="person, unit, plan, component, pay-group …")
        parser.add_argument(
            "key", help="Its code; parts of a plan: the plan's code; a role: the user; or #NUMBER."
        )

    def work(self, *_args: Any, **options: Any) -> None:
        """Read and print; nothing is written."""
        model = past.find_model(options["model"])
        for change in past.changes(model=model, key=options["key"]):
            for line in change.lines():
                self.say(line)
