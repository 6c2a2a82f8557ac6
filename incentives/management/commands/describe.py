"""describe TENANT PLAN: the plan as a readable document, or what differs between two versions."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from incentives.describe import document
from incentives.lookup import find_plan
from incentives.models import PlanVersion
from incentives.version_words import differences
from org.commands import TenantCommand, write_file
from org.errors import DomainError


class Command(TenantCommand):
    help = "Write a plan as a document that people can read: rules, tables, and every choice."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", help="Code of the plan.")
        parser.add_argument(
            "--version", type=int, dest="number", help="Its number; left out: the one in force."
        )
        parser.add_argument(
            "--against",
            type=int,
            metavar="NUMBER",
            help="Say in sentences what differs from this version, and nothing else.",
        )
        parser.add_argument("--out", type=Path, help="File to write; without it, to the terminal.")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Django's own ``--version`` gives way: here it is the plan's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def work(
        self,
        *,
        plan: str,
        number: int | None,
        against: int | None,
        out: Path | None,
        **options: Any,
    ) -> None:
        version = self._version(plan, number)
        if against is None:
            text = document(version)
        else:
            text = _differences(self._version(plan, against), version)
        if out is None:
            self.stdout.write(text, ending="")
            return
        write_file(out, text)
        self.say(f"Written: {out}")

    def _version(self, code: str, number: int | None) -> PlanVersion:
        plan = find_plan(code)
        versions = plan.versions.select_related("plan__family", "plan__calendar", "author")
        if number is not None:
            found = versions.filter(number=number).order_by("-pk").first()
            if found is None:
                known = ", ".join(str(n) for n in sorted({v.number for v in versions})) or "none"
                raise DomainError(f"{plan} has no version {number}. There are: {known}.")
            return found
        published = versions.filter(status=PlanVersion.Status.PUBLISHED).order_by("in_force")
        begun = published.filter(in_force__lte=self.today()).last()
        found = begun or published.first() or versions.order_by("-number").first()
        if found is None:
            raise DomainError(f"{plan} has no version yet. Write one in the tenant file.")
        return found


def _differences(before: PlanVersion, after: PlanVersion) -> str:
    """What a version says otherwise than another, part by part."""
    lines = [f"{after} against version {before.number}"]
    for part, said in differences(before, after).items():
        lines += ["", part, *(f"- {sentence}" for sentence in said)]
    if len(lines) == 1:
        lines += ["", "Nothing differs."]
    return "\n".join(lines) + "\n"
