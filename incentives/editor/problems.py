"""Where on the pages of the editor each problem of a version stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from incentives import rules, schedule_checks
from incentives.models import PlanVersion
from incentives.publish import begin_problem
from incentives.rules import PARTS, Problem

MEASURES, TABLES, COMPONENTS, SCHEDULES = "measures", "tables", "components", "schedules"
WHOLE = "version"
SECTIONS = (MEASURES, TABLES, COMPONENTS, SCHEDULES)
_FIELDS = {
    MEASURES: {"filter", "window", "goal", "earnings_of"},
    COMPONENTS: {*PARTS, "distribute", "of"},
    SCHEDULES: {"release", "expires"},
}


@dataclass(frozen=True)
class Placed:
    """A problem with its page (section and part) and the field that it is about; '' for none."""

    section: str
    part: str
    field: str
    sentence: str


def found_in(version: PlanVersion) -> list[Placed]:
    """Everything that is wrong with a version, each at its place."""
    found = [*rules.problems(version), *schedule_checks.problems(version)]
    placed = [place(problem) for problem in found]
    if trouble := begin_problem(version.plan.calendar, version.in_force):
        placed.append(Placed(WHOLE, "", "in_force", _sentence(trouble)))
    if version.ends and version.ends <= version.in_force:
        placed.append(Placed(WHOLE, "", "ends", f"{version.ends} is not after the first day."))
    return placed


def place(problem: Problem) -> Placed:
    """Where a problem stands, by the name under which the rules report it."""
    section, _, rest = problem.where.partition(".")
    sentence = _sentence(problem.sentence)
    if section not in SECTIONS:
        return Placed(WHOLE, "", section, sentence)
    # A measure's problem may go on to say where: "calls (metric x)", "calls, attainment".
    name = re.split(r"[.\[]| \(|, ", rest, maxsplit=1)[0]
    tail = rest.rpartition(".")[2] if "." in rest else ""
    field = tail if tail in _FIELDS.get(section, ()) else ""
    return Placed(section, name, field, sentence)


def counted(found: Iterable[Placed]) -> Counter[tuple[str, str]]:
    """How many problems each part has."""
    return Counter((problem.section, problem.part) for problem in found)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
