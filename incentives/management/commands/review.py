"""review TENANT PLAN: hand a draft in, send it back, withdraw a version, or run its examples."""

from argparse import ArgumentParser
from typing import Any

from incentives import examples, review
from incentives.lookup import find_plan
from incentives.management.commands.publish import unpublished
from incentives.models import Plan, PlanVersion
from org.commands import TenantCommand
from org.errors import DomainError
from org.words import counted


class Command(TenantCommand):
    help = "Move a version through its life: hand in, send back, withdraw; or run its examples."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", help="Code of the plan.")
        parser.add_argument("--number", type=int, help="Of the version, where there are several.")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--examples", action="store_true", help="Run them; write nothing.")
        what.add_argument("--hand-in", action="store_true", help="As its author (--by).")
        what.add_argument("--send-back", action="store_true", help="With a --reason.")
        what.add_argument(
            "--withdraw", action="store_true", help="What is in force, by a --reason."
        )
        parser.add_argument("--reason", default="", help="Why it is sent back or withdrawn.")

    def work(self, *, plan: str, number: int | None, reason: str, **options: Any) -> None:
        chosen = find_plan(plan)
        if options["examples"]:
            self._run(_any(chosen, number))
        elif options["hand_in"]:
            version = unpublished(chosen, number)
            review.hand_in(version=version, by=self.by, at=self.at)
            self.say(f"{version} is handed in. Somebody else publishes it.")
        elif options["send_back"]:
            version = unpublished(chosen, number)
            review.send_back(version=version, by=self.by, at=self.at, reason=reason)
            self.say(f"{version} is a draft again.")
        else:
            version = _published(chosen, number)
            review.retire(version=version, by=self.by, at=self.at, reason=reason)
            self.say(f"{version} is withdrawn. What ruled before it goes on.")

    def _run(self, version: PlanVersion) -> None:
        found = examples.run(version)
        for one in found:
            said = one.expected if one.expected is not None else "nothing expected"
            self.say(one.sentence or f"“{one.example}”, {one.title}: {said}, comes out.")
        wrong = [one for one in found if not one.ok]
        if wrong:
            raise DomainError(f"{counted(len(wrong), 'line does', 'lines do')} not come out.")
        self.say(f"{version}: {counted(version.examples.count(), 'example', 'examples')} come out.")


def _any(plan: Plan, number: int | None) -> PlanVersion:
    live = plan.versions.exclude(status=PlanVersion.Status.RETIRED).select_related("plan")
    found = live.filter(number=number).first() if number else live.order_by("number").last()
    if found is None:
        raise DomainError(f"{plan} has no such version.")
    return found


def _published(plan: Plan, number: int | None) -> PlanVersion:
    rows = plan.versions.filter(status=PlanVersion.Status.PUBLISHED).select_related("plan")
    found = list(rows if number is None else rows.filter(number=number))
    if len(found) != 1:
        known = ", ".join(str(row.number) for row in rows) or "none"
        raise DomainError(f"Name one version in force of {plan} by --number. There are: {known}.")
    return found[0]
