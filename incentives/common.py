"""What the plans of a period have in common: tables that one plan filled and the next one reads.

Who takes part, their figures and their goals are the same for many plans. They are worked out once
for those that are calculated one after the other, as long as nothing of what decides them differs
and nothing is written that they read (docs/adr/0125).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass
class Common:
    """The temporary tables that are there, by what decided what is in them.

    ``people``: what decided who takes part. ``tables``: of these people, the tables of figures and
    of goals.
    """

    people: Hashable = None
    tables: dict[tuple[str, Hashable], str] = field(default_factory=dict)

    def take(self, people: Hashable) -> bool:
        """Whether the tables of these participants are there; else nothing of others is used."""
        if self.people == people:
            return True
        self.forget()
        self.people = people
        return False

    def forget(self) -> None:
        """Use nothing that is there any more."""
        self.people = None
        self.tables.clear()

    def table(self, what: str, key: Hashable) -> tuple[str, bool]:
        """The name of the table of some sort for a key, and whether it is there."""
        name = self.tables.get((what, key))
        if name is not None:
            return name, True
        name = f"{what}_{sum(sort == what for sort, _ in self.tables)}"
        self.tables[what, key] = name
        return name, False
