"""Worked examples of a plan version: inputs, and what each component must come to.

:func:`run` works them out on every engine; :func:`refuse` keeps a version from being published
while one does not come out. :func:`needs_of` lists what an example may say.
"""

from incentives.examples.inputs import Input, Needs, Read, Said, Unreadable, needs_of, ordered, read
from incentives.examples.run import (
    Outcome,
    outcomes,
    problems,
    refuse,
    run,
    said_by,
    without_example,
)

__all__ = [
    "Input",
    "Needs",
    "Outcome",
    "Read",
    "Said",
    "Unreadable",
    "needs_of",
    "ordered",
    "outcomes",
    "problems",
    "read",
    "refuse",
    "run",
    "said_by",
    "without_example",
]
