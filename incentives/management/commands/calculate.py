"""calculate TENANT PERIOD: work out what everybody earns in a period, provisionally.

``calculate TENANT PERIOD --person CODE`` does so for single people, after a correction.
"""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from incentives.calculate import calculate_period, ended_plans, total_by_component
from incentives.currencies import plain
from incentives.models import CalculationRun, Plan
from incentives.queries import pending_differences, people_without_plan
from incentives.some_people import calculate_people
from org.commands import TenantCommand, day, find_periods, find_person
from org.errors import DomainError
from org.models import Period
from org.words import counted


class Command(TenantCommand):
    help = "Calculate the plans that pay in a period; provisional until it is finalised."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument("--on", type=day, help="The business day (default: today).")
        parser.add_argument(
            "--person",
            action="append",
            default=[],
            metavar="CODE",
            help="Only this person (may be given again), and those whom their figures move.",
        )

    def work(self, *, period: str, on: date | None, person: list[str], **options: Any) -> None:
        people = [find_person(code).pk for code in person]
        runs: list[CalculationRun] = []
        refusals: list[DomainError] = []
        for found in find_periods(period):
            try:
                runs += self._calculate(found, people, on or self.today())
            except DomainError as refusal:
                refusals.append(refusal)
        if not runs:
            raise refusals[0]
        for made in runs:
            self._tell(made)
        for one in {made.period: None for made in runs}:
            for plan in ended_plans(one):
                self._tell_differences(plan)

    def _calculate(self, period: Period, people: list[int], on: date) -> list[CalculationRun]:
        if people:
            return calculate_people(period=period, people=people, by=self.by, at=self.at, on=on)
        made = calculate_period(period=period, by=self.by, at=self.at, on=on)
        self._mention_left_out(period)
        return made

    def _tell(self, made: CalculationRun) -> None:
        currency = made.plan.currency or self.tenant.currency
        self.say(
            f"{made.plan} {made.period}: {counted(made.people, 'person', 'people')},"
            f" {plain(made.total, currency)} in all, {made.undecided} undecided,"
            f" {made.failed} failed (provisional)"
        )
        for title, amount in total_by_component(made):
            self.say(f"  {title}: {plain(amount, currency)}")
        self._tell_differences(made.plan)

    def _tell_differences(self, plan: Plan) -> None:
        for earlier, difference in pending_differences(plan):
            self.say(
                f"  Difference for {earlier}: {difference.name} {difference.line}"
                f" {difference.moves} ({difference.cause})"
            )

    def _mention_left_out(self, period: Period) -> None:
        names = people_without_plan(period)
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
            self.say(
                f"{counted(len(names), 'person works', 'people work')} in {period}, without a plan"
                f" on its calendar: {shown}."
            )
