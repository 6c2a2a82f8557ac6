"""``correct TENANT PERSON DAY METRIC VALUE --reason``: set one figure by hand."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from metrics.correct import correct, withdraw
from metrics.queries import find_correction, find_metric, find_person, is_weighted_mean
from org.commands import TenantCommand, day
from org.errors import DomainError


class Command(TenantCommand):
    help = "Set one person's figure of one day by hand; later files do not overwrite it."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("day", type=day)
        parser.add_argument("metric", help="Code of the metric.")
        parser.add_argument("value", help="The figure; or “withdraw” to take a correction back.")
        parser.add_argument("--denominator", help="Of a ratio; the weight of a weighted mean.")
        parser.add_argument("--reference", default="")
        parser.add_argument("--reason", required=True)

    def work(self, **options: Any) -> None:
        key = {
            "person": find_person(options["person"]),
            "day": options["day"],
            "metric": find_metric(options["metric"]),
            "reference": options["reference"],
        }
        if options["value"] == "withdraw":
            self._withdraw(key, options["reason"])
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
        )
        before = (
            "nothing" if done.before_numerator is None else f"{done.before_numerator.normalize():f}"
        )
        self.say(f"{done}: {before} is now {done.numerator:f}. Later files do not change it.")

    def _withdraw(self, key: dict[str, Any], reason: str) -> None:
        done = find_correction(**key)
        restored = withdraw(correction=done, reason=reason, by=self.by, at=self.at)
        after = "the delivered figure holds again" if restored else "there is no figure any more"
        self.say(f"The correction of {done} is withdrawn: {after}.")


def _figure(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise DomainError(f"“{text}” is no number. Write it like 12.5.") from None
