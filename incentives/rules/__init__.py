"""What a plan version says, ready for both engines.

:func:`load` reads a version into frozen :class:`VersionRules`; :func:`problems` says in sentences
what is wrong with one. Both engines, the explanation, the admin and the tenant file use the same.
"""

from incentives.rules.kept import load_kept, load_one, rules_for, stamp, stamps_of
from incentives.rules.measures import definitions_on
from incentives.rules.names import LONGEST_NAME, name_trouble
from incentives.rules.parts import (
    FACT_TYPES,
    PARTS,
    POPULATION,
    TOTAL,
    UNIT_SCOPES,
    WHOLE,
    ComponentRule,
    Kind,
    MeasureRule,
    Per,
    Problem,
    RulesProblem,
    Stage,
    VersionRules,
    Window,
    actual_name,
    decided_name,
    goal_name,
    part_name,
)
from incentives.rules.reader import Reader, load, problems

__all__ = [
    "FACT_TYPES",
    "LONGEST_NAME",
    "PARTS",
    "POPULATION",
    "TOTAL",
    "UNIT_SCOPES",
    "WHOLE",
    "ComponentRule",
    "Kind",
    "MeasureRule",
    "Per",
    "Problem",
    "Reader",
    "RulesProblem",
    "Stage",
    "VersionRules",
    "Window",
    "actual_name",
    "decided_name",
    "definitions_on",
    "goal_name",
    "load",
    "load_kept",
    "load_one",
    "name_trouble",
    "part_name",
    "problems",
    "rules_for",
    "stamp",
    "stamps_of",
]
