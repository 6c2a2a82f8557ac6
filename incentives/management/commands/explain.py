"""explain TENANT PERSON PERIOD: how one person's amounts came about, to the cent."""

import json
from argparse import ArgumentParser
from typing import Any

from incentives.explain import explain
from incentives.explain_text import as_json, as_text
from incentives.explanation import Explanation
from incentives.lookup import plan_called
from incentives.models import PlanPeriod
from org.commands import TenantCommand, find_periods, find_person
from org.errors import DomainError
from org.models import Person


class Command(TenantCommand):
    help = "Explain one person's pay in a period, step by step."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="Personnel number.")
        parser.add_argument("period", help="Code of a period: 2026-06, or monthly:2026-06.")
        parser.add_argument("--plan", help="Only this plan (its code).")
        parser.add_argument("--json", action="store_true", help="As JSON.")

    def work(
        self, *, person: str, period: str, plan: str | None, json: bool, **options: Any
    ) -> None:
        who = find_person(person)
        found = self._explanations(who, period, plan)
        if not found:
            raise DomainError(
                f"{who.name} has no result in “{period}”: no plan is for them there, or it has not"
                " been calculated yet."
            )
        self.say(_json(found) if json else "\n\n".join(as_text(one) for one in found))

    def _explanations(self, who: Person, period: str, plan: str | None) -> list[Explanation]:
        chosen = plan_called(plan)
        points = PlanPeriod.objects.filter(period__in=find_periods(period), run__isnull=False)
        if chosen is not None:
            points = points.filter(plan=chosen)
        return [
            one
            for point in points.select_related("plan", "period__calendar", "run__version__plan")
            for one in explain(person=who, point=point)
        ]


def _json(found: list[Explanation]) -> str:
    return json.dumps([as_json(one) for one in found], indent=2, ensure_ascii=False)
