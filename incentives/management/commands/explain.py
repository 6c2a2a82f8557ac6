"""explain TENANT PERSON PERIOD: how one person's amounts came about, to the cent."""

import json
from argparse import ArgumentParser
from typing import Any

from incentives.explain import explain
from incentives.explain_text import as_json, as_text
from incentives.explanation import Explanation
from incentives.models import Plan, PlanPeriod
from org.commands import TenantCommand, find_periods
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
        who = Person.objects.filter(code=person).first()
        if who is None:
            raise DomainError(f"Nobody has the personnel number “{person}”.")
        found = self._explanations(who, period, plan)
        if not found:
            raise DomainError(
                f"{who.name} has no result in “{period}”: no plan is for them there, or it has not"
                " been calculated yet."
            )
        self.say(_json(found) if json else "\n\n".join(as_text(one) for one in found))

    def _explanations(self, who: Person, period: str, plan: str | None) -> list[Explanation]:
        if plan is not None and not Plan.objects.filter(code=plan).exists():
            known = ", ".join(Plan.objects.values_list("code", flat=True)) or "none yet"
            raise DomainError(f"No plan has the code “{plan}”. Known: {known}.")
        points = PlanPeriod.objects.filter(period__in=find_periods(period), run__isnull=False)
        if plan is not None:
            points = points.filter(plan__code=plan)
        return [
            one
            for point in points.select_related("plan", "period__calendar", "run__version__plan")
            for one in explain(person=who, point=point)
        ]


def _json(found: list[Explanation]) -> str:
    return json.dumps([as_json(one) for one in found], indent=2, ensure_ascii=False)
