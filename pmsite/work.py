"""What the jobs do, by name: each enters at one domain call and says in a sentence what it did."""

from __future__ import annotations

from incentives import calculate
from pmsite.jobs import Handler, Work


def nightly(work: Work) -> str:
    """Work out totals, open plan periods and the differences of final ones anew."""
    made = calculate.nightly(by=None, at=work.at, on=work.on)
    people = sum(run.people for run in made)
    return f"{len(made)} plan periods calculated, {people:,} results of people."


HANDLERS: dict[str, Handler] = {"nightly": nightly}
