"""reperform DIR: a period again from its evidence, on an empty database, to the cent."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from incentives.currencies import plain
from org.errors import DomainError
from org.models import Tenant
from pmsite.pack import Pack
from pmsite.reperform import Reperformed, empty_database, reperform, run_here

SHOWN = 50


class Command(BaseCommand):
    help = "Do a period again from its evidence, on an empty database, and compare to the cent."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The pack, and where to do it."""
        parser.add_argument("folder", type=Path, help="A folder that `evidence` wrote.")
        parser.add_argument(
            "--database-url", help="An empty, migrated database, as the application's role."
        )
        parser.add_argument(
            "--keep", action="store_true", help="Keep the database that is made for it."
        )
        parser.add_argument(
            "--here", action="store_true", help="In the connected database, which must be empty."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make a database, do it there in a process of its own, and drop it; or do it here."""
        folder: Path = options["folder"].resolve()
        try:
            if options["here"]:
                self._here(folder)
            elif options["database_url"]:
                self._there(folder, {**os.environ, **_address(options["database_url"])})
            else:
                Pack(folder)  # refused before a database is made for it
                with empty_database(keep=options["keep"]) as environment:
                    if options["keep"]:
                        self.stdout.write(f"Database: {environment['DATABASE_URL']}")
                    self._there(folder, environment)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _there(self, folder: Path, environment: dict[str, str]) -> None:
        done = run_here(environment, "reperform", str(folder), "--here")
        self.stdout.write(done.stdout, ending="")
        if done.returncode:
            sentence = done.stderr.strip().removeprefix("CommandError: ")
            raise CommandError(sentence, returncode=done.returncode)

    def _here(self, folder: Path) -> None:
        if Tenant.objects.exists():
            raise DomainError("This database has tenants. Evidence is done again on an empty one.")
        tell(reperform(folder=folder), self.stdout.write)


def _address(url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": "",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
    }


def tell(found: Reperformed, say: Any) -> None:
    """Print what came out; CommandError where a line differs."""
    say(f"{found.period}: {found.people} people, {found.total:f}")
    if not found.figures:
        say("The figures that the files bring are not those that were known then.")
    if found.same:
        say(f"The same to the cent: {found.people} people, {plain(found.total, '')}")
        return
    lines = [
        f"  {m.line.person} {m.line.plan} {m.line.component} {m.line.job} {m.line.grain}".rstrip()
        + f": {_words(m.before, m.line.currency)} then, {_words(m.after, m.line.currency)} now"
        for m in found.differing[:SHOWN]
    ]
    if len(found.differing) > SHOWN:
        lines.append(f"  … and {len(found.differing) - SHOWN} more.")
    why = (
        " All is as it was known then: the booked amounts waited for these differences."
        if found.known
        else ""
    )
    raise CommandError("\n".join([f"{len(found.differing)} lines differ.{why}", *lines]))


def _words(amount: Any, currency: str) -> str:
    return "nothing" if amount is None else f"{plain(amount, currency)} {currency}"
