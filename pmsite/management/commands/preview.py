"""preview TENANT PERIOD FILE: what a draft would do to a period, in total and to each person."""

import csv
import io
from argparse import ArgumentParser
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from incentives import amounts
from incentives.currencies import plain
from incentives.lookup import one_period, plan_called
from incentives.models import Plan, PlanVersion
from incentives.preview import Change, PersonChange, Preview, preview, publish_draft
from org.commands import TenantCommand, day, write_file
from org.errors import DomainError
from org.words import counted
from pmsite.draft_file import apply_draft

SHOWN = 20


class Command(TenantCommand):
    help = "Show what a draft would do to any period, open or final; nothing is written."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument("file", nargs="?", type=Path, help="A draft tenant file (YAML).")
        parser.add_argument(
            "--draft", type=int, help="Instead of a file: a draft version of --plan, by number."
        )
        parser.add_argument("--plan", help="Only this plan (its code).")
        parser.add_argument("--csv", type=Path, help="Write each person's change to this file.")
        parser.add_argument("--on", type=day, help="The business day (default: today).")

    def work(
        self,
        *,
        period: str,
        file: Path | None,
        draft: int | None,
        plan: str | None,
        on: date | None,
        **options: Any,
    ) -> None:
        chosen = plan_called(plan) if draft is not None else None
        found = preview(
            period=one_period(period),
            change=self._change(file, chosen, draft),
            at=self.at,
            on=on or self.today(),
            # A plan that only the draft has is found by its code afterwards.
            plan=chosen or Plan.objects.filter(code=plan).first(),
        )
        self._tell(found)
        if options["csv"]:
            write_file(options["csv"], _csv(found))
            self.say(f"Written: {options['csv']}")

    def _change(self, file: Path | None, plan: Plan | None, draft: int | None) -> Change:
        if file is not None and draft is None:
            return lambda: apply_draft(file, tenant=self.tenant.code, at=self.at)
        if draft is None or file is not None:
            raise DomainError("Name a draft tenant file, or --plan and the --draft of it: one.")
        if plan is None:
            raise DomainError("Say with --plan whose version it is.")
        drafts = plan.versions.filter(status__in=PlanVersion.UNPUBLISHED)
        version = drafts.filter(number=draft).first()
        if version is None:
            known = ", ".join(str(one.number) for one in drafts) or "none"
            raise DomainError(f"{plan} has no draft {draft}. Its drafts: {known}.")
        return lambda: publish_draft(version, at=self.at)

    def _tell(self, found: Preview) -> None:
        self.say(f"Preview of {found.period}: nothing was written.")
        for line in found.said:
            self.say(f"  {line}")
        before = amounts.by_component(found.before.lines)
        after = amounts.by_component(found.after.lines)
        order = found.order
        for key in sorted({*before, *after}, key=lambda k: (k[0], order[k[0], k[1]], k)):
            plan, component, currency = key
            old, new = before.get(key, Decimal(0)), after.get(key, Decimal(0))
            self.say(f"{plan} {component}: {_change_words(old, new, currency)}")
        total = _change_words(found.before.total, found.after.total, self.tenant.currency)
        self.say(f"All: {total}")
        self._tell_people(found)

    def _tell_people(self, found: Preview) -> None:
        up = [person for person in found.people if person.change > 0]
        down = [person for person in found.people if person.change < 0]
        zero = [person for person in down if person.falls_to_zero]
        self.say(
            f"{counted(len(up), 'person gains', 'people gain')} {_sum(up)},"
            f" {counted(len(down), 'loses', 'lose')} {_sum(down)},"
            f" {counted(len(zero), 'falls', 'fall')} to zero."
        )
        for person in sorted(found.people, key=lambda p: (p.change, p.code))[:SHOWN]:
            words = _change_words(person.before, person.after, person.currency)
            self.say(f"  {person.name} ({person.code}): {words}")
        if len(found.people) > SHOWN:
            self.say(f"  … and {len(found.people) - SHOWN} more: see --csv.")
        waiting, then = found.undecided
        if waiting or then:
            self.say(f"Undecided or failed lines: {waiting} → {then}.")
        if found.reduces_earned:
            who = [person for person in found.people if person.reduces]
            people = counted(len(who), "person", "people")
            self.say(
                f"It reduces pay already earned: {people} in {found.period}, which is final, by"
                f" {_sum(who)}. It needs the tenant's higher approval."
            )


def _change_words(before: Decimal, after: Decimal, currency: str) -> str:
    change = after - before
    sign = "+" if change > 0 else ""
    return (
        f"{plain(before, currency)} → {plain(after, currency)} {currency}"
        f" ({sign}{plain(change, currency)})"
    )


def _sum(people: list[PersonChange]) -> str:
    by_currency: dict[str, Decimal] = {}
    for person in people:
        by_currency[person.currency] = by_currency.get(person.currency, Decimal(0)) + abs(
            person.change
        )
    return " and ".join(f"{plain(v, c)} {c}" for c, v in sorted(by_currency.items())) or "nothing"


def _csv(found: Preview) -> str:
    """A row for each person, the change of each component in a column of its own."""
    touched = {(one.line.plan, one.line.component) for one in found.moved}
    parts = [key for key in found.order if key in touched]
    change: dict[tuple[str, str, str, str], Decimal] = {}
    for one in found.moved:
        key = one.line.person, one.line.currency, one.line.plan, one.line.component
        change[key] = change.get(key, Decimal(0)) + one.change
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    head = ("person", "name", "currency", "before", "after", "change", "what")
    writer.writerow([*head, *(f"{plan}.{component}" for plan, component in parts)])
    for person in found.people:
        own = [change.get((person.code, person.currency, *part), Decimal(0)) for part in parts]
        amounts_ = (person.before, person.after, person.change, *own)
        before, after, by, *rest = (plain(amount, person.currency) for amount in amounts_)
        writer.writerow(
            [person.code, person.name, person.currency, before, after, by, _what(person), *rest]
        )
    return out.getvalue()


def _what(person: PersonChange) -> str:
    if person.falls_to_zero:
        said = "falls to zero"
    else:
        said = {1: "gains", -1: "loses", 0: "moves between lines"}[
            (person.change > 0) - (person.change < 0)
        ]
    return f"{said}, reduces pay already earned" if person.reduces else said
