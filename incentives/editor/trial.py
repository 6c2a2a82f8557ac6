"""A part of a version as somebody types it: read by the rules that calculate, and not saved."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from threading import Lock

from formula import (
    BOOLEAN,
    Formula,
    FormulaError,
    Scope,
    Table,
    TableError,
    check,
    key_of,
    words,
)
from incentives.describe import in_words
from incentives.editor.problems import COMPONENTS, Placed, place
from incentives.models import Component, Measure, PlanVersion, RateTable
from incentives.rules import ComponentRule, Reader, VersionRules, stamps_of
from incentives.rules.components import ComponentReader
from incentives.rules.measures import filter_scope
from org.tenancy import current_tenant_id

UNNAMED = "unnamed"


@dataclass(frozen=True)
class Checked:
    """What is typed: the problems of its fields, its rule in words, and the rules to work it out.

    ``component`` is None while it has a mistake.
    """

    problems: tuple[Placed, ...]
    said: str = ""
    component: ComponentRule | None = None
    rules: VersionRules | None = None
    scope: Scope = field(default_factory=Scope)

    def of(self, name: str) -> str:
        """What is wrong with a field; '' where nothing is."""
        return "\n".join(problem.sentence for problem in self.problems if problem.field == name)


def check_component(version: PlanVersion, row: Component, kept: Reader | None = None) -> Checked:
    """A component of a draft as it is typed, beside the saved parts of the version.

    ``kept``: a reader that was asked for in this request already.
    """
    row.name = row.name or UNNAMED
    components = _beside(kept or kept_reader(version), row)
    reader = components.reader
    found = components.read()
    rules = VersionRules(
        version,
        reader.on,
        components.measures,
        found,
        reader.tables,
        {},
        reader.before.day if components.to_date and reader.before else None,
    )
    placed = [place(problem) for problem in reader.found]
    own = tuple(
        p for p in placed if p.section == COMPONENTS and key_of(p.part) in (key_of(row.name), "")
    )
    component = found.get(key_of(row.name)) if not own else None
    return Checked(
        own,
        in_words(component) if component else "",
        component,
        rules,
        scope_of(components, row),
    )


def scope_of(components: ComponentReader, row: Component) -> Scope:
    """What the formulas of a component may read, as far as its grain and measure are known."""
    if row.per == Component.Per.CREDIT and key_of(row.of) not in components.names:
        return components.scope(row.per)
    noise = len(components.reader.found)
    scope = components.scope_for(f"{COMPONENTS}.{row.name}", row)
    del components.reader.found[noise:]
    return scope


def names_for(version: PlanVersion, row: Component) -> Scope:
    """The scope of a component for a list of names, without checking anything."""
    return scope_of(_beside(kept_reader(version), row), row)


def check_filter(version: PlanVersion, row: Measure) -> Checked:
    """The filter of a measure as it is typed."""
    tables = Reader(version, version.in_force).read_tables()
    scope = filter_scope(row.metric_id or 0, tables)
    if not row.filter.strip():
        return Checked((), scope=scope or Scope())
    if scope is None:
        sentence = (
            "No credit rule feeds this metric, so its values have no attributes that a filter could"
            " read. Leave it empty."
        )
        return Checked((Placed("measures", row.name, "filter", sentence),))
    return _checked(row.filter, "filter", scope, section="measures")


def _checked(text: str, field_name: str, scope: Scope, *, section: str) -> Checked:
    try:
        formula = check(text, scope, BOOLEAN)
    except FormulaError as error:
        return Checked((Placed(section, "", field_name, str(error)),), scope=scope)
    return Checked((), f"Only credits with {words(formula)} count.", scope=scope)


def check_whole(version: PlanVersion) -> Checked:
    """Gate, modifier and cap of a plan as they are typed: ``options`` of an unsaved version."""
    reader = Reader(version, version.in_force)
    components = reader.begin()
    components.read()
    known = len(reader.found)
    whole = components.whole()
    placed = tuple(place(problem) for problem in reader.found[known:])
    said = in_words_of_whole(whole)
    return Checked(placed, said, scope=components.whole_scope())


def in_words_of_whole(whole: Mapping[str, Formula]) -> str:
    """What gate, modifier and cap of a plan say."""
    said = {"gate": "Only if {}.", "modifier": "Times {}.", "cap": "At most {}."}
    return " ".join(text.format(words(whole[part])) for part, text in said.items() if part in whole)


def check_table(row: RateTable) -> Sequence[str]:
    """What is wrong with a table, a sentence each."""
    try:
        Table.parse(row.name or UNNAMED, row.spec)
    except TableError as error:
        return error.problems
    return ()


def with_table(version: PlanVersion, row: RateTable) -> VersionRules:
    """The rules of a draft with a table as it is typed; problems are left aside."""
    others = [t for t in version.tables.all() if key_of(t.name) != key_of(row.name)]
    reader = Reader(version, version.in_force, tables=[*others, row])
    return reader.read()


# --- readers of saved parts, kept while nothing that they have read changes

MOST_KEPT = 64
_kept: OrderedDict[tuple[int, int, str], Reader] = OrderedDict()
_lock = Lock()


def kept_reader(version: PlanVersion) -> Reader:
    """A reader that has begun on the saved parts of a version; not to be changed (docs/adr/0150).

    It is kept under the hash of all that reading a version reads, so that a check while somebody
    types asks the database for that hash alone.
    """
    stamp = stamps_of([version.plan_id])[version.plan_id]
    key = (current_tenant_id(), version.pk, stamp)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    reader = Reader(version, version.in_force)
    reader.measures = reader.begin().measures
    reader.prepare()
    with _lock:
        _kept[key] = reader
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return reader


def saved_component(kept: Reader, name: str) -> Component | None:
    """A saved component of a version by its name."""
    return next((row for row in kept.component_rows if row.name == name), None)


def _beside(kept: Reader, row: Component) -> ComponentReader:
    """A reader of components with one as it is typed in the place of its saved row."""
    reader = copy(kept)
    reader.found = []
    rows = kept.component_rows
    if row.pk is None:
        others = [other for other in rows if key_of(other.name) != key_of(row.name)]
        reader.component_rows = [*others, row]
    else:
        reader.component_rows = [row if other.pk == row.pk else other for other in rows]
    return ComponentReader(reader, dict(kept.measures))
