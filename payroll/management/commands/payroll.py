"""Pay what is due at a period and write the file for payroll (docs/payroll-profiles.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from org.commands import TenantCommand, day, find_periods, find_person, find_user
from org.currencies import in_coins
from org.errors import DomainError
from payroll.models import PayFile
from payroll.queries import Contents
from payroll.run import Draft, Paid, discard_drafts, draft, reissue, run


class Command(TenantCommand):
    help = "Prepare, approve and write a pay batch; two people, once."

    def arguments(self, parser: ArgumentParser) -> None:
        """The period, the profile, who approves, and where the file goes."""
        parser.add_argument("period", help="2026-06, or calendar:2026-06.")
        parser.add_argument("--profile", help="Code of the payroll profile.")
        parser.add_argument("--approved-by", metavar="USER", help="Somebody else than --by.")
        parser.add_argument("--pay-group", metavar="CODE", help="Only this one.")
        parser.add_argument("--out", type=Path, metavar="FOLDER|FILE", help="Where to write it.")
        parser.add_argument(
            "--off-cycle",
            type=day,
            metavar="DAY",
            help="Pay beside the period's own run, on this day, without draws.",
        )
        parser.add_argument(
            "--person",
            action="append",
            metavar="CODE",
            help="Off-cycle, only this one. Repeatable.",
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--reissue", action="store_true", help="The same lines once more.")
        what.add_argument(
            "--draft", action="store_true", help="Prepare only, and show what it would do for whom."
        )
        what.add_argument("--discard", action="store_true", help="Throw the draft away.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write to disk only what is committed: a file without its batch could be paid twice."""
        self.files: list[PayFile] = []
        out: Path | None = options["out"]
        super().handle(*args, **options)
        for file in self.files:
            if out is not None:
                self._save(file, target(out, file))

    def work(self, **options: Any) -> None:
        """Make the run and say what was paid."""
        periods = find_periods(options["period"])
        asked: dict[str, Any] = {"periods": periods, "by": self.by, "at": self.at}
        asked["pay_group"] = options["pay_group"]
        if options["discard"]:
            for batch in discard_drafts(**asked):
                self.say(f"The draft {batch} is discarded; nothing was paid.")
            return
        off_cycle: dict[str, Any] = {
            "off_cycle": bool(options["off_cycle"]),
            "pay_date": options["off_cycle"],
        }
        if codes := options["person"]:
            off_cycle["people"] = [find_person(code).pk for code in codes]
        if options["draft"]:
            for found in draft(**asked, **off_cycle):
                self._show(found)
            return
        if not options["profile"]:
            raise DomainError("Name the layout of the file: --profile CODE, from the tenant file.")
        asked["profile"] = options["profile"]
        if options["reissue"]:
            paid = reissue(**asked)
        else:
            paid = run(**asked, **off_cycle, approved_by=find_user(options["approved_by"]))
        self.files = [p.file for p in paid if p.file is not None]
        refuse_overwriting(options["out"], self.files)
        for one in paid:
            self._report(one)

    def _show(self, found: Draft) -> None:
        """What a draft would do, person by person."""
        for note in (*found.booked, *found.notes):
            self.say(note)
        self.say(
            f"Draft {found.batch}, prepared by {found.batch.prepared_by}; nothing is paid yet."
        )
        currency = found.batch.currency
        for p in found.payees:
            parts = [
                f"{word} {in_coins(amount, currency)}"
                for word, amount in (
                    ("becomes a debt", p.carried),
                    ("advance", p.drawn),
                    ("recovered", p.recovered),
                    ("waits", p.waits),
                    ("owes then", p.owes),
                )
                if amount
            ]
            left = " (left)" if p.leaver else ""
            more = f" ({', '.join(parts)})" if parts else ""
            due, paid = in_coins(p.due, currency), in_coins(p.paid, currency)
            self.say(f"  {p.code} {p.name}{left}: due {due}, pays {paid}{more}")
        self._sums(found.contents, currency)

    def _sums(self, contents: Contents, currency: str) -> None:
        for earning_type, amount in contents.by_earning_type:
            kind = earning_type or "without a type"
            self.say(f"  {kind}: {in_coins(amount, currency)} {currency}")
        self.say(f"  total: {in_coins(contents.total, currency)} {currency}")
        self.say(
            f"  carried as debts: {in_coins(contents.carried, currency)} {currency}; "
            f"recovered: {in_coins(contents.recovered, currency)} {currency}"
        )
        if contents.drawn:
            self.say(f"  advanced as draws: {in_coins(contents.drawn, currency)} {currency}")

    def _report(self, paid: Paid) -> None:
        currency = paid.batch.currency
        for note in paid.notes:
            self.say(note)
        if contents := paid.contents:
            self.say(f"{paid.batch}: {contents.people} people paid, {contents.lines} lines.")
            self._sums(contents, currency)
        if paid.file is None:
            self.say("  Nobody is paid, so there is no file.")
            return
        again = " once more; tell payroll" if paid.file.reissue_of_id else ""
        total = f"{in_coins(paid.file.total, currency)} {currency}"
        self.say(f"File{again}: {paid.file.name}, {paid.file.rows} rows, {total}")
        self.say(f"  SHA-256 {paid.file.sha256}")

    def _save(self, file: PayFile, path: Path) -> None:
        try:
            path.write_bytes(bytes(file.content))
        except OSError as error:
            raise CommandError(
                f"{path} could not be written ({error.strerror}). The batch is approved and its "
                "file kept: ask for it again with --reissue."
            ) from error
        self.say(f"Saved as {path}")


def target(out: Path, file: PayFile) -> Path:
    """Where a file goes: into a folder under its own name, else exactly there."""
    return out / file.name if out.is_dir() else out


def refuse_overwriting(out: Path | None, files: list[PayFile]) -> None:
    """Refuse, before anything is committed, to lose a file or to write two into one."""
    if out is None:
        return
    targets = [target(out, file) for file in files]
    taken = [path for path in targets if path.exists()]
    if taken:
        raise DomainError(f"{taken[0]} exists already and was left alone; choose another --out.")
    if len(set(targets)) < len(targets):
        raise DomainError("Several pay groups would write the same file; use --pay-group for each.")
    if any(not path.parent.is_dir() for path in targets):
        raise DomainError(f"The folder {targets[0].parent} does not exist; make it first.")
