"""An explanation as a scorecard shows it: figures with a word, lines with table and my row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from formula import Formula, Outcome, Step, Table
from formula.nodes import Call, walk
from formula.tables import MatrixTable
from incentives.explanation import ComponentLine, MeasureLine
from incentives.rules import ComponentRule
from scorecards.standing import Standing, standing_of

_ROW = re.compile(r"row (\d+) \(")
HEADS = {2: ("From", "Rate"), 3: ("From", "To", "Rate")}


@dataclass(frozen=True)
class MetricFigure:
    """A measure of one person: what was reached, what was to be reached, and how that stands."""

    name: str
    unit: str
    places: int
    actual: Decimal | None
    goal: Decimal | None
    attainment: Decimal | None
    way: str
    incomplete: bool
    standing: Standing
    job: str = ""
    key: str = ""
    weeks: tuple[Decimal | None, ...] = ()


@dataclass(frozen=True)
class ShownTable:
    """A rate table with the row that applied to the person; ``note`` says it in words."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], bool], ...]
    note: str
    bound: str


@dataclass(frozen=True)
class StepLine:
    """One step of the working, indented by its depth (0 to 4)."""

    depth: int
    text: str
    shown: str
    note: str


@dataclass(frozen=True)
class Part:
    """A part of a component: its formula as written, and how the amount comes out of it."""

    name: str
    text: str
    steps: tuple[StepLine, ...]


@dataclass(frozen=True)
class Line:
    """What one component pays, or why that is not known yet."""

    title: str
    rule: str
    amount: Decimal | None
    status: str
    problem: str
    figures: tuple[MetricFigure, ...]
    tables: tuple[ShownTable, ...]
    parts: tuple[Part, ...]
    job: str
    lines: tuple[Detail, ...] = ()


@dataclass(frozen=True)
class Detail:
    """One credit, day or share of a pool of a component, with its working."""

    what: str
    day: date | None
    about: str
    amount: Decimal | None
    note: str
    parts: tuple[Part, ...]


PART_NAMES = {
    "gate": "Only if",
    "formula": "Formula",
    "modifier": "Times",
    "floor": "At least",
    "cap": "At most",
}


def figure_of(
    line: MeasureLine,
    kind: str,
    *,
    final: bool,
    job: str = "",
    elapsed: Decimal | None = None,
    weeks: tuple[Decimal | None, ...] = (),
) -> MetricFigure:
    """One measure of an explanation, with the word for how it stands."""
    return MetricFigure(
        name=line.title,
        unit=line.unit,
        places=line.decimals,
        actual=line.actual,
        goal=line.goal,
        attainment=line.attainment,
        way=line.way,
        incomplete=line.incomplete,
        standing=standing_of(line.attainment, kind=kind, final=final, elapsed=elapsed),
        job=job,
        key=line.name,
        weeks=weeks,
    )


def line_of(
    line: ComponentLine, rule: ComponentRule, figures: Mapping[str, MetricFigure], *, job: str = ""
) -> Line:
    """One component of an explanation."""
    used = rule.measures()
    return Line(
        title=line.title,
        rule=line.rule,
        amount=line.amount,
        status=line.status,
        problem=line.problem,
        figures=tuple(figure for name, figure in figures.items() if name in used),
        tables=tuple(tables_of(line, rule)),
        parts=_parts(line.parts),
        job=job,
        lines=tuple(
            Detail(
                what=one.grain,
                day=one.day,
                about=one.about,
                amount=one.amount,
                note=". ".join(filter(None, [one.rounded, one.problem])),
                parts=_parts(one.parts),
            )
            for one in line.lines
        ),
    )


def _parts(parts: Iterable[tuple[str, str, Outcome]]) -> tuple[Part, ...]:
    return tuple(
        Part(
            PART_NAMES.get(name, name.replace("_", " ").capitalize()),
            " ".join(text.split()),
            tuple(_flat(outcome.steps)),
        )
        for name, text, outcome in parts
    )


def tables_of(line: ComponentLine, rule: ComponentRule) -> Iterator[ShownTable]:
    """The tables that a component reads, each with the row that applied."""
    steps = {part: outcome.steps for part, _, outcome in line.parts}
    for part, formula in rule.parts.items():
        notes = {step.text: step.note for step in _all(steps[part])} if part in steps else {}
        for node in calls_with_table(formula):
            assert node.table is not None
            yield shown_table(node.table, notes.get(node.text, ""))


def calls_with_table(formula: Formula) -> Iterator[Call]:
    """The calls of a formula that look something up."""
    for node in walk(formula.node):
        if isinstance(node, Call) and node.table is not None:
            yield node


def shown_table(table: Table, note: str) -> ShownTable:
    """A table as rows of text, the one that applied marked."""
    spec = table.to_dict()
    rows = _rows(spec)
    if isinstance(table, MatrixTable):
        heads = ("", *map(str, spec["columns"]))
    elif table.kind in ("curve", "lookup"):
        heads = ("At", "Value") if table.kind == "curve" else ("Key", "Value")
    else:
        heads = HEADS[len(rows[0])]
    mine = _mine(rows, note)
    return ShownTable(
        name=table.name.replace("_", " "),
        heads=heads,
        rows=tuple((row, place == mine) for place, row in enumerate(rows)),
        note=note,
        bound="lower" if spec.get("on_bound") == "lower_row" else "upper",
    )


def _rows(spec: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows = spec.get("points", spec.get("rows", ()))
    pairs = rows.items() if isinstance(rows, Mapping) else rows
    return [tuple("" if cell is None else str(cell) for cell in row) for row in pairs]


def _mine(rows: list[tuple[str, ...]], note: str) -> int | None:
    """The row that a step's note names: by its number, or by its first cell."""
    if found := _ROW.match(note):
        return int(found.group(1)) - 1
    said = note.removeprefix("row ").removeprefix("from ").split(", column")[0].casefold()
    firsts = [row[0].casefold() for row in rows]
    return firsts.index(said) if note.startswith("row ") and said in firsts else None


def _all(step: Step) -> Iterator[Step]:
    yield step
    for part in step.parts:
        yield from _all(part)


def _flat(step: Step, depth: int = 0) -> Iterator[StepLine]:
    yield StepLine(min(depth, 4), " ".join(step.text.split()), step.shown, step.note)
    for part in step.parts:
        yield from _flat(part, depth + 1)
