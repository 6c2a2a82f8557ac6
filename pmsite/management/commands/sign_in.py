"""Let somebody in again: who was locked out, lost their phone, or got a new identity."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from axes.utils import reset
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from org.commands import find_user
from org.sign_in import note_in, tenants_of


class Command(BaseCommand):
    """Works on a user, who is global; each of their tenants' audit trails says what was done."""

    help = "Let somebody in again who has lost their phone, or was locked out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="User name.")
        parser.add_argument("--unlock", action="store_true", help="End a lock-out.")
        parser.add_argument(
            "--forget-second-factor", action="store_true", help="Apps, keys and recovery codes."
        )
        parser.add_argument(
            "--forget-identities", action="store_true", help="Who they are at providers."
        )
        parser.add_argument("--by", metavar="USER", help="Who does it (user name).")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user, by = find_user(options["user"]), find_user(options["by"])
        if user is None:
            raise CommandError("Say whom it is about.")
        done = []
        if options["unlock"]:
            done.append(f"{reset(username=user.username.lower())} counts of tries")
        if options["forget_second_factor"]:
            done.append(f"{Authenticator.objects.filter(user=user).delete()[0]} second factors")
        if options["forget_identities"]:
            done.append(f"{SocialAccount.objects.filter(user=user).delete()[0]} identities")
        if not done:
            raise CommandError("Say what to do: --unlock, --forget-second-factor …")
        note_in(
            tenants_of(user),
            action="let in again",
            subject=user.get_username(),
            at=timezone.now(),
            address="",
            by=by,
            detail={"removed": ", ".join(done)},
        )
        self.stdout.write(f"Removed: {', '.join(done)}.")
