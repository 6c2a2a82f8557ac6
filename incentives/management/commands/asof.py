"""asof TENANT PERIOD --moment T: what was known of a period then, what was booked, what is now."""

import csv
import io
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from incentives.amounts import Amount
from incentives.asof_report import Known, known
from incentives.currencies import plain
from incentives.explain_text import as_text
from incentives.lookup import one_period, person_called, plan_called
from org.commands import TenantCommand, day, read_moment, write_file
from org.words import counted

SHOWN = 50
COLUMNS = (
    *("plan", "person", "component", "job", "line", "currency"),
    *("booked", "known_then", "known_now", "difference", "cause"),
)


class Command(TenantCommand):
    help = "Work a period out as known at a past moment, beside what was booked and what is now."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument(
            "--moment",
            required=True,
            help="2026-07-05 (the end of that day), or 2026-07-05T18:30, where the tenant is.",
        )
        parser.add_argument("--plan", help="Only this plan (its code).")
        parser.add_argument("--person", help="Explain this person's result as of then.")
        parser.add_argument("--csv", type=Path, help="Write every line to this file.")
        parser.add_argument("--on", type=day, help="The business day of now (default: today).")
        parser.add_argument(
            "--on-then", type=day, help="The business day of then (default: that of the moment)."
        )

    def work(
        self,
        *,
        period: str,
        moment: str,
        plan: str | None,
        person: str | None,
        on: date | None,
        on_then: date | None,
        **options: Any,
    ) -> None:
        found = one_period(period)
        then = read_moment(moment, self.tenant.time_zone)
        result = known(
            period=found,
            moment=then,
            at=self.at,
            on=on or self.today(),
            on_then=on_then or then.astimezone(ZoneInfo(self.tenant.time_zone)).date(),
            plan=plan_called(plan),
            person=person_called(person),
        )
        self._tell(result, str(found))
        if options["csv"]:
            write_file(options["csv"], _csv(result))
            self.say(f"Written: {options['csv']}")

    def _tell(self, result: Known, period: str) -> None:
        then = result.moment.astimezone(ZoneInfo(self.tenant.time_zone))
        self.say(f"{period} as known on {then:%Y-%m-%d %H:%M:%S}")
        for made in result.then.runs:
            state = "final" if made.plan in result.final else "open"
            self.say(f"  {made.plan} version {made.version.number}, {state} then")
        people = len({line.person for line in result.then.lines})
        self.say(f"  booked by then: {self._plain(result.booked_total)}")
        self.say(
            f"  worked out as known then: {self._plain(result.then.total)}"
            f" ({counted(people, 'person', 'people')})"
        )
        self.say(f"  worked out as known now: {self._plain(result.now.total)}")
        self._tell_entries(result)
        for explanation in result.explanations:
            self.say("\n" + as_text(explanation))

    def _tell_entries(self, result: Known) -> None:
        if not result.entries:
            self.say("  No amount differs.")
            return
        change = result.now.total - result.then.total
        entries = counted(len(result.entries), "entry", "entries")
        self.say(f"  difference: {self._signed(change)} in {entries}")
        for entry in result.entries[:SHOWN]:
            line = entry.moved.line
            cause = entry.cause or "no cause is recorded for this line"
            grain = f" {line.grain}" if line.grain else ""
            self.say(
                f"    {entry.name} ({line.person}) {line.plan} {line.component}{grain}:"
                f" {self._signed(entry.moved.change)} {line.currency} — {cause}"
            )
        if len(result.entries) > SHOWN:
            self.say(f"    … and {len(result.entries) - SHOWN} more: see --csv.")
        if any(not entry.cause for entry in result.entries) and result.causes:
            self.say("  recorded since then, newest first:")
            for cause in result.causes:
                self.say(f"    {cause}")

    def _plain(self, amount: Any) -> str:
        return plain(amount, self.tenant.currency)

    def _signed(self, amount: Any) -> str:
        return ("+" if amount >= 0 else "") + self._plain(amount)


def _csv(result: Known) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    causes = {entry.moved.line: entry for entry in result.entries}
    for line in sorted({*result.booked, *result.then.lines, *result.now.lines}):
        entry = causes.get(line)
        amounts = [side.get(line) for side in (result.booked, result.then.lines, result.now.lines)]
        cells = [_cell(amount, line.currency) for amount in amounts]
        change = plain(entry.moved.change, line.currency) if entry else ""
        writer.writerow([*line, *cells, change, entry.cause if entry else ""])
    return out.getvalue()


def _cell(amount: Amount, currency: str) -> str:
    return "" if amount is None else plain(amount, currency)
