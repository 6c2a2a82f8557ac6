"""``queue TENANT``: the transactions that credit nobody though a rule took them, and why."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from metrics.models import TransactionKind, Waiting
from metrics.queries import find_kind
from org.commands import TenantCommand
from org.words import counted

SHOWN = 100


class Command(TenantCommand):
    help = "List the transactions that wait: a rule took them, but they credit nobody for now."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kind", help="Only transactions of this kind.")
        parser.add_argument("--all", action="store_true", help="Print every one of them.")

    def work(self, **options: Any) -> None:
        rows = Waiting.objects.order_by("kind_id", "key", "group")
        if options["kind"]:
            rows = rows.filter(kind_id=find_kind(options["kind"]).pk)
        codes = dict(TransactionKind.objects.values_list("pk", "code"))
        total = rows.count()
        for row in rows if options["all"] else rows[:SHOWN]:
            self.say(f"{codes[row.kind_id]} {row.key}: {row.sentence}")
        if not options["all"] and total > SHOWN:
            self.say(f"… and {total - SHOWN:,} more: see them with --all.")
        self.say(
            f"{counted(total, 'credit waits', 'credits wait')}." if total else "Nothing waits."
        )
