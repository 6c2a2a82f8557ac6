"""A version as an outline: its sections, their parts, a line about each, and how many mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse

from formula import Table, TableError
from incentives.config_versions import from_rows
from incentives.describe import who_sentences
from incentives.describe_words import schedule_sentence
from incentives.editor.problems import Placed, counted
from incentives.models import Component, Measure, PlanVersion, RateTable

LABELS = {
    "measures": ("Measures", "Add a measure"),
    "tables": ("Tables", "Add a table"),
    "components": ("Components", "Add a component"),
    "schedules": ("Paid in parts", "Add a schedule"),
}
TABLES = {
    "step": "Steps",
    "tier": "Steps for TIER",
    "rate": "Steps for RATE",
    "curve": "Curve",
    "lookup": "Look-up",
    "matrix": "Matrix",
}
INTROS = {
    "measures": "What formulas read: a metric, whose, and of which days.",
    "tables": "Rates and steps that formulas look up.",
    "components": "What the plan pays: each is a line of the statement.",
    "schedules": "When parts of an amount become payable.",
}


@dataclass(frozen=True)
class Entry:
    """A part in the outline."""

    section: str
    name: str
    title: str
    line: str
    address: str
    problems: int = 0


@dataclass(frozen=True)
class Chapter:
    """A section of the outline with its parts."""

    section: str
    label: str
    add: str
    intro: str
    entries: tuple[Entry, ...]


def outline(version: PlanVersion, found: Iterable[Placed]) -> list[Chapter]:
    """The parts of a version, section by section."""
    wrong = counted(found)
    return [
        Chapter(
            section, *LABELS[section], INTROS[section], tuple(_entries(version, section, wrong))
        )
        for section in LABELS
    ]


def address_of(version: PlanVersion, section: str, name: str) -> str:
    """Where a part is edited."""
    return reverse("edit-part", args=[version.pk, section, name])


def _entries(
    version: PlanVersion, section: str, wrong: Counter[tuple[str, str]]
) -> Iterator[Entry]:
    for name, title, line in _parts(version, section):
        yield Entry(
            section,
            name,
            title,
            line,
            address_of(version, section, name),
            wrong[section, name],
        )


def _parts(version: PlanVersion, section: str) -> Iterator[tuple[str, str, str]]:
    if section == "measures":
        for measure in version.measures.select_related("metric").order_by("name"):
            yield measure.name, measure.name, measure_line(measure)
    elif section == "tables":
        for table in version.tables.order_by("name"):
            yield table.name, table.name, table_line(table)
    elif section == "components":
        for component in version.components.order_by("order", "name"):
            yield component.name, component.title or component.name, component_line(component)
    else:
        for name, parts in version.schedules.items():
            yield name, name, schedule_sentence(name, parts).partition(": ")[2]


def measure_line(row: Measure) -> str:
    """A measure in a few words: ``Sales, own, year to date``."""
    what = row.metric.name if row.metric else f"what {row.earnings_of} earned"
    scope = "" if row.scope == "own" else f", {row.get_scope_display().lower()}"
    window = "" if row.window == "period" else f", {row.get_window_display().lower()}"
    return f"{what}{scope}{window}"


def table_line(row: RateTable) -> str:
    """A table in a few words: ``Matrix, 4 rows``."""
    try:
        table = Table.parse(row.name, row.spec)
    except TableError:
        return "cannot be read"
    rows = len(row.spec.get("points") or row.spec.get("rows") or ())
    return f"{TABLES[table.kind]}, {rows} row{'s' * (rows != 1)}"


def component_line(row: Component) -> str:
    """A component's formula on one line."""
    text = " ".join(row.formula.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def who_lines(version: PlanVersion) -> list[str]:
    """Whom a version is for, a line each."""
    return who_sentences(from_rows(version)["eligibility"]) or ["everybody"]
