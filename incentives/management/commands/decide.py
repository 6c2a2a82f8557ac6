"""decide TENANT PERIOD PERSON MEASURE: say what a goal of zero means for one person."""

from argparse import ArgumentParser
from typing import Any

from incentives.calculate import plans_of
from incentives.decide import decide
from incentives.models import Decision
from org.commands import TenantCommand, find_periods, find_person
from org.errors import DomainError


class Command(TenantCommand):
    help = "Decide one person's attainment where the goal is zero: 0%, 100% or leave_out."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("measure", help="Name of the measure in the plan.")
        parser.add_argument("attainment", choices=Decision.Kind.values)
        parser.add_argument("--reason", default="", help="Why; needed.")
        parser.add_argument("--plan", help="The plan, where several have the measure.")

    def work(
        self,
        *,
        period: str,
        person: str,
        measure: str,
        attainment: str,
        reason: str,
        plan: str | None,
        **options: Any,
    ) -> None:
        who = find_person(person)
        candidates = [
            (one, found)
            for found in find_periods(period)
            for one, version in plans_of(found)
            if version.measures.filter(name=measure).exists() and plan in (None, one.code)
        ]
        if not candidates:
            raise DomainError(f"No plan that pays in “{period}” has a measure “{measure}”.")
        for one, found in candidates:
            made = decide(
                plan=one,
                period=found,
                person=who,
                measure=measure,
                kind=Decision.Kind(attainment),
                reason=reason,
                by=self.by,
                at=self.at,
            )
            self.say(f"{one}, {found}: {made}. Calculate the period again to see it.")
