"""Published incentive calculations, as the files of this folder write them.

A file lists *cases*. A case is one plan in the words of its source, and the examples that the
source works out with it:

- ``case``: code of the plan, and of the job type of its people (none for no ``plan``);
- ``source``, ``words``: where it was published and what the plan says there;
- ``metrics``, ``goals``, ``facts``, ``transactions``, ``credits``, ``calendars`` … exactly as in
  the tenant file; ``plan`` is a version of the plan, with the plan's own keys (calendar, currency)
  beside it; ``plans`` if there are several;
- ``columns``: the header of the file of each kind of transaction;
- ``people``: codes with unit, first day, job type and pay group, unless each example is one person
  of its own name;
- ``examples``: ``id``; ``rows``, the lines of source files and of facts.csv, and ``later`` what
  comes in afterwards; what the source says it ``pays``, and ``each``: along what a list of amounts
  runs. ``taken_back``: the source prints without its sign what is taken back. ``per_cent``: the
  source prints a rate and the component its per cents. ``differs``: what we pay instead, and why.
  ``also``: what else must come out.

``person-{1..50}`` in a line or a code stands for fifty of them. A file may have ``steps``: commands
as people type them, between taking in the rows and those of later. What a pay run pays is looked
for as the period ``paid NAME``, what people owe after it as ``owed NAME``, or below zero as
``deficit NAME``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
JUNE = "monthly:2026-06"
SPAN = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True)
class Example:
    """One published calculation, with the case that holds its plan."""

    case: Mapping[str, Any]
    own: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.own.get(name, self.case.get(name))

    @property
    def id(self) -> str:
        """The name that the published collection gives it."""
        return str(self.own["id"])

    @property
    def consistent(self) -> bool:
        """Whether the source agrees with itself."""
        return bool(self.own.get("source_consistent", True))

    @property
    def published(self) -> list[Decimal]:
        """The amounts that the source prints."""
        return decimals(self.pays)

    @property
    def paid_here(self) -> list[Decimal]:
        """The amounts that this plan pays, to the cent."""
        amounts = decimals(self.differs["pays"]) if self.differs else self.published
        factor = (100 if self.per_cent else 1) * (-1 if self.taken_back else 1)
        return [in_cents(amount * factor) for amount in amounts]

    @property
    def looked_for(self) -> list[dict[str, str]]:
        """For each amount, which results make it up."""
        common = {"person": self.person or self.id, "period": self.period or JUNE}
        if self.plan_code or common["person"] == "*":
            common["plan"] = self.plan_code or self.case["case"]
        common |= {key: str(self.own[key]) for key in ("component", "line") if key in self.own}
        for key, given in (self.each or {}).items():
            return [{**common, key: str(one)} for one in given]
        return [common]

    @property
    def beside(self) -> list[tuple[dict[str, str], Decimal]]:
        """What else must come out: which results make it up, and the amount."""
        common = {"person": self.id, "period": JUNE}
        return [
            (common | {k: str(v) for k, v in one.items() if k != "pays"}, amount)
            for one in self.own.get("also", [])
            for amount in [in_cents(Decimal(str(one["pays"])))]
        ]


def decimals(given: Any) -> list[Decimal]:
    """A number or a list of numbers, exactly as written."""
    return [Decimal(str(one)) for one in (given if isinstance(given, list) else [given])]


def in_cents(amount: Decimal) -> Decimal:
    """Rounded half away from zero, as pay is."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Exact(yaml.SafeLoader):
    """Reads numbers with a point, days and words such as on as text; no float is in between."""


PLAIN = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:int", "tag:yaml.org,2002:merge")
Exact.yaml_implicit_resolvers = {
    letter: [(tag, found) for tag, found in resolvers if tag in PLAIN]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Exact.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def names() -> list[str]:
    """The files of this folder."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read(name: str) -> tuple[list[Any], list[dict[str, Any]]]:
    """The steps of a file, if it has its own, and its cases."""
    found = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Exact)
    return (found["steps"], found["cases"]) if isinstance(found, dict) else ([], found)


def examples(name: str) -> list[Example]:
    """The examples of a file."""
    return [Example(case, own) for case in read(name)[1] for own in case["examples"]]


def spread(rows: Iterable[str]) -> Iterator[str]:
    """Lines, with ``{1..3}`` written out; the same span twice in a line counts in step."""
    for row in rows:
        span = SPAN.search(row)
        numbers = range(int(span[1]), int(span[2]) + 1) if span else ()
        yield from (row.replace(span[0], str(n)) for n in numbers) if span else [row]


def csv_file(header: str, rows: Iterable[str]) -> str:
    """A CSV file; blanks after commas are for the eye only, missing cells at the end are empty."""
    columns = header.split(",")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in csv.reader(rows, skipinitialspace=True):
        writer.writerow([*row, *[""] * (len(columns) - len(row))])
    return text.getvalue()
