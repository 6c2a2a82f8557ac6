"""docs/worked-examples.md, written from the files of this folder.

``python -m tests.worked.page`` writes it anew; a test keeps both the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tests.worked.reading import Example, examples, names

PAGE = Path(__file__).resolve().parents[2] / "docs" / "worked-examples.md"
HEADINGS = {
    "tiers": "Rates and tiers",
    "curves": "Attainment, curves, scorecards",
    "months": "Several months",
    "deals": "Deals, order lines and invoices",
    "teams": "Teams and pools",
    "later": "Taken back",
    "reruns": "Worked out again",
    "draws": "Draws",
}
INTRODUCTION = """\
# Published calculations, worked out here

*Written by `python -m tests.worked.page` from the files in [tests/worked](../tests/worked). Do
not edit.*

Manuals, forums, contracts and other programs publish what their incentive plans pay. {count} of
these calculations are tests: each is a plan in the [tenant file](tenant-file.md) and rows of a
source file, deals as deals and months as months; `apply`, `people`, `facts`, `ingest`,
`calculate`, `finalise` and `payroll` do the rest. What comes out is compared to the cent. {agree}
pay what was published; {differ} pay differently, because their source does not agree with itself.

| mechanism | file | calculations | pay differently |
|---|---|---|---|
"""
DIFFERENT = """
## What pays differently, and why

| calculation | in words | published | paid here | why |
|---|---|---|---|---|
"""
CHOICES = """
## What a source leaves open

- **Exactly on a bound** (`oracle-boundary`): the published program pays the upper row's 2.5 %,
  its customer wants the lower row's 1.75 %. Both are one word of the table: `on_bound: upper_row`
  (the default) or `lower_row`.
- **Bands with gaps or overlaps** (`oca-discount-high`, `cch-csat`, `xg-accel`, `mytime-4`):
  “10.01 to 100 %” after “0 to 10 %”, or 90 in two bands. A table of lower bounds has neither.
- **A run done again** (`ck-rerun-…`): the published program leaves a payout that becomes less as
  it is and only marks it. Here an open period is what its rows say, and a final one gets a
  difference below zero; with `waive_below` in the tenant's section that is waived, which pays as
  published, and stands in the ledger. Without it, what was paid too much is owed and recovered by
  the pay rule.
- **Rates and places in a table** (`ck-matrix`, `ck-slab-edge`, `ck-gm-edge`, `ml-…`, `agiliti`):
  where the source prints a rate, a percentage or a row's number, a component of the plan shows
  it.
- **Fractions of a cent** (`lu-alex`, `lu-ben`, `lu-corey`): 548.478 is paid as 548.48.
"""
ALL = """
## All of them

| calculation | file | in words | published |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    found = {name: examples(name) for name in names()}
    every = [example for many in found.values() for example in many]
    differ = [example for example in every if example.differs]
    text = INTRODUCTION.format(count=len(every), agree=len(every) - len(differ), differ=len(differ))
    text += "".join(summary(name, many) for name, many in found.items())
    text += DIFFERENT + "".join(map(difference, differ)) + CHOICES
    return text + ALL + "".join(line for name in found for line in listed(name))


def summary(name: str, many: list[Example]) -> str:
    """The line of one file."""
    differ = sum(1 for one in many if one.differs)
    return f"| {HEADINGS[name]} | {link(name)} | {len(many)} | {differ or ''} |\n"


def difference(one: Example) -> str:
    """The line of an example that pays differently."""
    given = one.differs["pays"]
    paid = [Decimal(str(g)) for g in (given if isinstance(given, list) else [given])]
    why = " ".join(str(one.differs["why"]).split())
    return f"| `{one.id}` | {cell(one.words)} | {money(one.published)} | {money(paid)} | {why} |\n"


def listed(name: str) -> Iterator[str]:
    """The lines of a file's examples."""
    for one in examples(name):
        printed = ", ".join(f"{amount.normalize():f}" for amount in one.published)
        yield f"| `{one.id}` | {name} | {cell(one.words)} | {printed} |\n"


def money(amounts: list[Decimal]) -> str:
    """Amounts as a table shows them."""
    return ", ".join(f"{amount:,.2f}" for amount in amounts)


def cell(text: str) -> str:
    """Words in a cell of a table."""
    return text.replace("|", "\\|")


def link(name: str) -> str:
    """A link to a file."""
    return f"[{name}.yaml](../tests/worked/{name}.yaml)"


def twice() -> list[str]:
    """Ids that occur more than once; there should be none."""
    counted = Counter(one.id for name in names() for one in examples(name))
    return [name for name, number in counted.items() if number > 1]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
