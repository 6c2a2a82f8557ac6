"""`migrate` as the database owner; the application role may not change tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

from pmsite.database import grant_to_application
from pmsite.routers import everything_on


class Command(migrate.Command):
    """Django's `migrate`, by default on the alias `owner`, after granting the application role."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def execute(self, *args: Any, **options: Any) -> Any:
        """Refuse before the checks, which would ask the missing alias."""
        alias = options["database"]
        if alias not in settings.DATABASES:
            raise CommandError(
                f"Migrating needs the database owner, and the alias {alias!r} is not configured: "
                "set DATABASE_OWNER_URL, e.g. postgresql://pmsite_owner:secret@db.bank/pmsite."
            )
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        grant_to_application(connections[alias], role=connections["default"].settings_dict["USER"])
        with everything_on(alias):
            super().handle(*args, **options)
