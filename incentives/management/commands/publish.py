"""publish TENANT PLAN: put a version in force as a second person, or see whom it moves."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from incentives.late import Effect, effects_on_final, put_in_force, reductions
from incentives.lookup import plan_called
from incentives.models import Plan, PlanVersion
from org.commands import TenantCommand, day, find_user
from org.errors import DomainError
from org.words import counted


class Command(TenantCommand):
    help = "Put a version in force; with --list only say whom it pays differently in final periods."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", help="Code of the plan.")
        parser.add_argument("--number", type=int, help="Of the draft, where there are several.")
        parser.add_argument("--reason", help="Why; needed where it reaches final periods.")
        parser.add_argument("--list", action="store_true", help="List the people; write nothing.")
        parser.add_argument(
            "--higher",
            metavar="USER",
            help="Who approves it where it reduces pay already earned, if --by may not.",
        )
        parser.add_argument("--on", type=day, help="The business day (default: today).")

    def work(self, *, plan: str, number: int | None, on: date | None, **options: Any) -> None:
        chosen = plan_called(plan)
        assert chosen is not None
        version, day_ = unpublished(chosen, number), on or self.today()
        if options["list"]:
            self._tell(effects_on_final(version, at=self.at, on=day_))
            self.say(f"{version} is still {version.get_status_display().lower()}.")
            return
        if options["reason"]:
            version.reason = options["reason"]
            version.save(update_fields=["reason"])
        effects = put_in_force(
            version=version,
            by=self.by,
            at=self.at,
            on=day_,
            higher=find_user(options["higher"]),
        )
        self._tell(effects)
        self.say(f"{version} is published: in force from {version.in_force}.")

    def _tell(self, effects: list[Effect]) -> None:
        for one in effects:
            self.say(f"  {one}")
        people = len({one.code for one in effects})
        said = counted(people, "person has", "people have")
        self.say(f"{said} differences in final periods.")
        if reduced := reductions(effects):
            self.say(f"It reduces pay already earned, of {', '.join(reduced)}.")


def unpublished(plan: Plan, number: int | None) -> PlanVersion:
    """The draft or version in review that is meant: the only one, or the one with a number."""
    drafts = plan.versions.filter(status__in=PlanVersion.UNPUBLISHED).select_related("plan")
    found = list(drafts if number is None else drafts.filter(number=number))
    if len(found) != 1:
        known = ", ".join(str(draft.number) for draft in drafts) or "none"
        raise DomainError(f"Name one draft of {plan} by --number. There are: {known}.")
    return found[0]
