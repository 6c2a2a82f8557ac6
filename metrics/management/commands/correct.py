"""``correct TENANT PERSON DAY METRIC VALUE --reason``: set one figure by hand.

``correct TENANT --transaction KIND:KEY ATTRIBUTE=VALUE --reason`` does so for a transaction, and
``"who takes part" --party ROLE:PERSON:SHARE``, once for each, says who takes part in it.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from metrics.correct import correct, withdraw
from metrics.correct_deal import correct_parties, correct_transaction, withdraw_transaction
from metrics.deal_parties import PARTIES, SaidParty
from metrics.queries import (
    find_correction,
    find_kind,
    find_metric,
    find_person,
    is_weighted_mean,
)
from org.commands import TenantCommand, day, find_user
from org.errors import DomainError
from org.models import User


class Command(TenantCommand):
    help = "Set one person's figure of one day by hand; later files do not overwrite it."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "person",
            help="Personnel number; of a transaction ATTRIBUTE=VALUE (nothing after = is blank).",
        )
        parser.add_argument(
            "day", nargs="?", help="Like 2026-06-30; “withdraw” after ATTRIBUTE of a transaction."
        )
        parser.add_argument("metric", nargs="?", help="Code of the metric.")
        parser.add_argument(
            "value", nargs="?", help="The figure; or “withdraw” to take a correction back."
        )
        parser.add_argument(
            "--transaction", metavar="KIND:KEY", help="Correct an attribute of a transaction."
        )
        parser.add_argument(
            "--party",
            action="append",
            metavar="ROLE:PERSON:SHARE",
            help="With --transaction and “who takes part”: once for each; all others do not. The"
            " share may be left out.",
        )
        parser.add_argument("--denominator", help="Of a ratio; the weight of a weighted mean.")
        parser.add_argument("--reference", default="")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--approved-by", metavar="USER", help="Somebody else than --by.")

    def work(self, **options: Any) -> None:
        if options["transaction"]:
            self._transaction(options)
            return
        if options["value"] is None:
            raise DomainError(
                "Say who, which day, which metric and which figure: correct TENANT PERSON DAY "
                "METRIC VALUE --reason …; or name a transaction by --transaction KIND:KEY."
            )
        key = {
            "person": find_person(options["person"]),
            "day": _day(options["day"]),
            "metric": find_metric(options["metric"]),
            "reference": options["reference"],
        }
        if options["value"] == "withdraw":
            self._withdraw(key, options["reason"], find_user(options["approved_by"]))
            return
        numerator = _figure(options["value"])
        denominator = _figure(options["denominator"]) if options["denominator"] else None
        if denominator is not None and is_weighted_mean(key["metric"], key["day"]):
            numerator *= denominator
        done = correct(
            **key,
            numerator=numerator,
            denominator=denominator,
            reason=options["reason"],
            by=self.by,
            at=self.at,
            approved_by=find_user(options["approved_by"]),
        )
        before = (
            "nothing" if done.before_numerator is None else f"{done.before_numerator.normalize():f}"
        )
        self.say(f"{done}: {before} is now {done.numerator:f}. Later files do not change it.")

    def _transaction(self, options: dict[str, Any]) -> None:
        """``ATTRIBUTE=VALUE``, or ``ATTRIBUTE withdraw``."""
        code, _, key = options["transaction"].partition(":")
        attribute, sign, value = options["person"].partition("=")
        given = {"kind": find_kind(code), "key": key}
        given |= {"reason": options["reason"], "by": self.by, "at": self.at}
        given["approved_by"] = find_user(options["approved_by"])
        if options["party"] and attribute == PARTIES:
            self.say(correct_parties(**given, parties=[_party(one) for one in options["party"]]))
            return
        given["attribute"] = attribute
        if options["day"] == "withdraw" and not sign:
            self.say(withdraw_transaction(**given))
        elif sign and options["day"] is None:
            self.say(correct_transaction(**given, value=value))
        else:
            raise DomainError(
                "Write the attribute and its value in one word: margin=35% or "
                "'product=gold card'; or take a correction back: margin withdraw."
            )

    def _withdraw(self, key: dict[str, Any], reason: str, approved_by: User | None) -> None:
        done = find_correction(**key)
        restored = withdraw(
            correction=done, reason=reason, by=self.by, at=self.at, approved_by=approved_by
        )
        after = "the delivered figure holds again" if restored else "there is no figure any more"
        self.say(f"The correction of {done} is withdrawn: {after}.")


def _party(text: str) -> SaidParty:
    role, sign, rest = text.partition(":")
    person, _, share = rest.partition(":")
    if not sign:
        raise DomainError(f"“{text}” names nobody. Write role, person and share: seller:1001:60%.")
    return SaidParty(role, find_person(person), share)


def _day(text: str) -> date:
    try:
        return day(text)
    except ArgumentTypeError as error:
        raise DomainError(str(error)) from None


def _figure(text: str) -> Decimal:
    try:
        figure = Decimal(text)
    except InvalidOperation:
        figure = Decimal("NaN")
    if not figure.is_finite():
        raise DomainError(f"“{text}” is no number. Write it like 12.5.")
    return figure
