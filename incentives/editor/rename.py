"""Giving a part of a version another name, in every formula of the version that calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from formula import key_of
from incentives.models import Component, Example, Measure, PlanVersion, RateTable
from incentives.rules import PARTS

# Texts stay as they are; a name after a point, or before one, belongs to something else.
_WORDS = re.compile(r'"(?:[^"]|"")*"|[^\W\d]\w*(?:\.[^\W\d]\w*)?')
WHOLE_PARTS = ("gate", "modifier", "cap")


def renamed(text: str, old: str, new: str) -> str:
    """A formula with one name replaced, wherever it stands alone."""
    key = key_of(old)

    def word(match: re.Match[str]) -> str:
        called = text[match.end() :].lstrip().startswith("(")
        return new if key_of(match[0]) == key and not called else match[0]

    return _WORDS.sub(word, text)


def names_it(text: str, name: str) -> bool:
    """Whether a formula calls something by a name."""
    return renamed(text, name, "\0") != text


def formulas_of(version: PlanVersion) -> Iterator[tuple[str, str, str, str]]:
    """Every formula of a version: section, part, field, text."""
    for row in version.components.all():
        for part in PARTS:
            yield "components", row.name, part, getattr(row, part)
        distribute = row.options.get("distribute", "")
        by = distribute if isinstance(distribute, str) else distribute.get("by", "")
        yield "components", row.name, "distribute", by
        yield "components", row.name, "advance_until", row.options.get("advance_until", "")
    for measure in version.measures.all():
        yield "measures", measure.name, "filter", measure.filter
    for part in WHOLE_PARTS:
        yield "version", "", part, str(version.options.get(part, ""))


def is_ambiguous(version: PlanVersion, name: str) -> bool:
    """Whether several parts of a version have a name: then no formula is changed by itself."""
    same = [
        row
        for rows in (version.measures, version.tables, version.components)
        for row in rows.all()
        if key_of(row.name) == key_of(name)
    ]
    return len(same) > 1


def rename_in(version: PlanVersion, old: str, new: str, *, section: str) -> list[str]:
    """Write the new name into every formula that has the old one; which components, measures."""
    touched: list[str] = []
    for component in version.components.all():
        if _rename_component(component, old, new, section):
            touched.append(component.name)
    for measure in version.measures.all():
        text = renamed(measure.filter, old, new)
        if text != measure.filter:
            measure.filter = text
            measure.save()
            touched.append(measure.name)
    options = {
        part: renamed(str(version.options[part]), old, new)
        for part in WHOLE_PARTS
        if version.options.get(part)
    }
    if any(version.options[part] != text for part, text in options.items()):
        version.options = {**version.options, **options}
        version.save(update_fields=["options"])
    for example in version.examples.all():
        _rename_example(example, old, new, section)
    return touched


def _rename_example(row: Example, old: str, new: str, section: str) -> None:
    """Examples name measures in what goes in, and components in what must come out."""
    before = row.inputs, row.lines, row.expected
    if section == "measures":
        row.inputs = _keys(row.inputs, old, new)
        row.lines = {kind: _keys(said, old, new) for kind, said in row.lines.items()}
    if section == "components":
        row.expected = {new if key_of(k) == key_of(old) else k: v for k, v in row.expected.items()}
    if before != (row.inputs, row.lines, row.expected):
        row.save()


def _keys(said: Any, old: str, new: str) -> Any:
    """The same with a name replaced in every key."""
    if isinstance(said, dict):
        return {renamed(key, old, new): _keys(value, old, new) for key, value in said.items()}
    return [_keys(one, old, new) for one in said] if isinstance(said, list) else said


def _rename_component(row: Component, old: str, new: str, section: str) -> bool:
    before = [getattr(row, part) for part in PARTS], row.of, row.schedule, dict(row.options)
    for part in PARTS:
        setattr(row, part, renamed(getattr(row, part), old, new))
    if section == "measures" and key_of(row.of) == key_of(old):
        row.of = new
    options = dict(row.options)
    said = options.get("distribute")
    if isinstance(said, str):
        options["distribute"] = renamed(said, old, new)
    elif said:
        options["distribute"] = {**said, "by": renamed(said["by"], old, new)}
    row.options = options
    after = [getattr(row, part) for part in PARTS], row.of, row.schedule, options
    if before == after:
        return False
    row.save()
    return True


def rename_schedule(version: PlanVersion, old: str, new: str) -> None:
    """Have the components that are paid by a schedule name it anew."""
    version.components.filter(schedule=old).update(schedule=new)


Part = Measure | RateTable | Component
