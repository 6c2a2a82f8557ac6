"""adjust TENANT PERSON AMOUNT, or adjust TENANT --file FILE: pay more or less, by hand."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from incentives.adjust import COMPONENT, Adjustment, adjust, adjust_from_file, period_reader
from incentives.by_hand import in_words, tenant_currency
from incentives.lookup import plan_called
from org.commands import TenantCommand, amount, find_person, find_user, read_file
from org.errors import DomainError
from org.words import counted


class Command(TenantCommand):
    help = "Book a manual adjustment, asked for by one person and approved by another."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", nargs="?", help="Personnel number.")
        parser.add_argument("amount", nargs="?", type=amount, help="Below zero takes back.")
        parser.add_argument("--period", help="In which it was earned: 2026-06.")
        parser.add_argument("--reason", default="", help="Why; needed.")
        parser.add_argument("--earning-type", default=COMPONENT, help="As payroll files know it.")
        parser.add_argument("--plan", metavar="CODE", help="The plan that it belongs to, if any.")
        parser.add_argument("--currency", default="", help="Left out: the tenant's.")
        parser.add_argument("--file", type=Path, help="Many at once, from CSV.")
        parser.add_argument("--approved-by", metavar="USER", help="Somebody else than --by.")

    def work(self, **options: Any) -> None:
        """Book one, or a file."""
        approved_by = find_user(options["approved_by"])
        people: dict[str, Any] = {"by": self.by, "approved_by": approved_by, "at": self.at}
        if path := options["file"]:
            if options["person"]:
                raise DomainError("Give a person and an amount, or --file; not both.")
            number = adjust_from_file(content=read_file(path), file=path.name, **people)
            self.say(f"{path.name}: {counted(number, 'adjustment', 'adjustments')} booked.")
            return
        one = self._one(options)
        entry = adjust(adjustments=[one], **people)
        said = in_words(one.amount, one.currency or tenant_currency())
        self.say(f"Adjustment {entry.pk}: {one.person}, {one.period.code}: {said}.")

    def _one(self, options: dict[str, Any]) -> Adjustment:
        missing = [n for n in ("person", "amount", "period") if options[n] is None]
        if missing:
            raise DomainError(f"An adjustment needs {', '.join(missing)}; or give --file FILE.")
        return Adjustment(
            person=find_person(options["person"]),
            amount=options["amount"],
            period=period_reader()(options["period"]),
            reason=options["reason"],
            earning_type=options["earning_type"],
            plan=plan_called(options["plan"]),
            currency=options["currency"],
        )
