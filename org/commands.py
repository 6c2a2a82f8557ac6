"""The base of commands that work for one tenant: enter it, one domain call, say what was done."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from org.errors import DomainError
from org.models import Period, Person, Tenant, User
from org.tenancy import enter


class TenantCommand(BaseCommand):
    """Subclasses write :meth:`arguments` and :meth:`work`; a refusal is one sentence and exit 1."""

    requires_system_checks: list[str] = []
    tenant: Tenant
    by: User | None
    at: datetime

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The tenant first, then the command's own arguments, then who does it."""
        parser.add_argument("tenant", help="Code of the tenant.")
        self.arguments(parser)
        parser.add_argument("--by", metavar="USER", help="Who does it (user name).")

    def arguments(self, parser: ArgumentParser) -> None:
        """Add the command's own arguments."""

    def work(self, *args: Any, **options: Any) -> None:
        """Make the one domain call and print what it did. Runs inside the tenant's transaction."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        """Enter the tenant and turn refusals into a sentence and a non-zero exit."""
        self.at = timezone.now()
        self.tenant = find_tenant(options.pop("tenant"))
        self.by = find_user(options.pop("by"))
        try:
            through = f"command {self.name()}"
            with enter(self.tenant.pk, by=self.by, through=through, at=self.at):
                self.work(**options)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal

    def name(self) -> str:
        """What the command is called: the module that it stands in."""
        return type(self).__module__.rpartition(".")[2]

    def today(self) -> date:
        """The day that it is where the tenant works."""
        return self.at.astimezone(ZoneInfo(self.tenant.time_zone)).date()

    def say(self, line: str) -> None:
        """Print one line of what was done."""
        self.stdout.write(line)


def find_tenant(code: str) -> Tenant:
    """The tenant with a code, or a sentence that lists those there are."""
    tenant = Tenant.objects.filter(code=code).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.values_list("code", flat=True)) or "none yet"
        raise CommandError(f"No tenant has the code “{code}”. Known here: {known}.")
    return tenant


def find_user(username: str | None) -> User | None:
    """The user who acts; none is the system itself."""
    if username is None:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"No user is called “{username}”.")
    return user


def find_periods(code: str) -> list[Period]:
    """The periods that a command names: ``2026-06``, or ``monthly:2026-06`` for one calendar."""
    calendar, _, name = code.rpartition(":")
    periods = Period.objects.filter(code=name).select_related("calendar")
    found = list(periods.filter(calendar__code=calendar) if calendar else periods)
    if not found:
        known = Period.objects.order_by("-valid_from").values_list("calendar__code", "code")[:6]
        listed = ", ".join(f"{c}:{p}" for c, p in known) or "none; apply a tenant file first"
        raise DomainError(f"No period is called “{code}”. The latest are: {listed}.")
    return found


def day(text: str) -> date:
    """A day on the command line; its refusal says how days are written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no day. Write it like 2026-06-30.") from None


def read_moment(text: str, zone: str) -> datetime:
    """A moment on the command line: a day means its end, and without an offset it is the tenant's.

    DomainError, which says how moments are written, where it is none.
    """
    try:
        if "T" not in text and " " not in text.strip():
            following = date.fromisoformat(text) + timedelta(days=1)
            return datetime.combine(following, time(), ZoneInfo(zone)) - timedelta(microseconds=1)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise DomainError(
            f"“{text}” is no moment. Write 2026-07-05 for the end of that day, or 2026-07-05T18:30."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def read_file(path: Path) -> bytes:
    """The bytes of a file named on the command line, or a sentence why they cannot be had."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise DomainError(f"{path} cannot be read: {problem.strerror}.") from problem


def write_file(path: Path, text: str) -> None:
    """Write a file named on the command line, or say in a sentence why that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as problem:
        raise DomainError(f"{path} cannot be written: {problem.strerror}.") from problem


def find_person(code: str) -> Person:
    """The person with a personnel number, or a sentence that names the nearest."""
    person = Person.objects.filter(code=code).first()
    if person is None:
        near = get_close_matches(code, Person.objects.values_list("code", flat=True), n=1)
        hint = f" Did you mean “{near[0]}”?" if near else ""
        raise DomainError(f"Nobody has the personnel number “{code}”.{hint}")
    return person


def amount(text: str) -> Decimal:
    """An amount on the command line, exact; its refusal says how amounts are written."""
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ArgumentTypeError(f"“{text}” is no amount. Write it like 1200.00.")
    return found
