"""opening TENANT FILE: take over balances from an older system."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from incentives.opening import open_balances
from org.commands import TenantCommand, find_user, read_file


class Command(TenantCommand):
    help = "Book opening balances from CSV, prepared by one person and approved by another."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV: person, account, amount, plan …")
        parser.add_argument("--approved-by", metavar="USER", help="Somebody else than --by.")

    def work(self, *, file: Path, approved_by: str | None, **options: Any) -> None:
        """Book the file and say what it came to."""
        done = open_balances(
            content=read_file(file),
            file=file.name,
            by=self.by,
            approved_by=find_user(approved_by),
            at=self.at,
        )
        known = f", {done.known} known already" if done.known else ""
        self.say(f"{file.name}: {done.new} balances opened{known}.")
        for account, amount in done.by_account:
            self.say(f"  {account}: {amount:,.2f}")
