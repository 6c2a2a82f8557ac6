"""The plan document for those whom it pays: blocks that a template lays out, on a page and as PDF.

Rules stand in words with the names that people know, tables as tables, examples as what goes in
and what comes out. What else :mod:`incentives.describe` says comes along as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from formula import key_of
from incentives.config_versions import from_rows
from incentives.currencies import currency_of
from incentives.describe import figure_sentences, in_words, parts, titles_of
from incentives.describe_words import Said
from incentives.examples import needs_of, ordered
from incentives.fingerprint import version_hash
from incentives.models import Example, PlanVersion
from incentives.rules import PARTS, TOTAL, VersionRules, load
from incentives.table_text import kind_of
from incentives.table_words import shown
from org.wording import said as in_days

_BOLD = re.compile(r"\*\*(.+?)\*\*")
HEADS = {"curve": ("At", "Pays"), "lookup": ("For", "Pays")}


@dataclass
class Block:
    """A paragraph, a list, or lines as they were written; ``title`` stands before it.

    A table has ``heads`` and ``rows``; in a ``rule``, lines are its formulas; in an ``example``,
    ``rows`` are what goes in and ``results`` what comes out, each a name and a value.
    """

    kind: str
    lines: list[SafeString] = field(default_factory=list)
    title: str = ""
    text: str = ""
    heads: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    results: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: list[Block]


@dataclass(frozen=True)
class Document:
    """A version for the people whom it pays."""

    version: PlanVersion
    title: str
    digest: str
    sections: list[Section]


def document_of(version: PlanVersion) -> Document:
    """The document of a version; RulesProblem where the version is unsound."""
    _, sections = parts(version)
    rules, said = load(version), from_rows(version)
    laid_out = {
        "What it pays": list(_rules(rules, said)),
        "Figures": [Block("list", list(_figures(rules)))],
        "Tables": list(_tables(said)),
        "Examples": [_example(rules, one) for one in version.examples.all()],
    }
    found = [
        Section(name, laid_out.get(name) or blocks(map(in_days, lines)))
        for name, lines in sections.items()
    ]
    title = f"{version.plan.name}, version {version.number}"
    return Document(version, title, version_hash(version), found)


def blocks(lines: Iterable[str]) -> list[Block]:
    """Lines of the plain document as blocks: ``- `` begins an entry, four spaces keep a line."""
    found: list[Block] = []
    for line in lines:
        kind = "list" if line.startswith("- ") else "code" if line.startswith("    ") else "text"
        if not line.strip():
            found.append(Block("end"))
            continue
        if not found or found[-1].kind != kind or kind == "text":
            found.append(Block(kind))
        found[-1].lines.append(_marked(line[4:] if kind == "code" else line.removeprefix("- ")))
    return [block for block in found if block.kind != "end"]


def _marked(line: str) -> SafeString:
    """A line for HTML: escaped, with what is bold in the plain document in bold."""
    return mark_safe(_BOLD.sub(r"<strong>\1</strong>", escape(line)))


# --- rules


def _rules(rules: VersionRules, said: Said) -> Iterator[Block]:
    names = titles_of(rules)
    every = zip(rules.components.values(), said["components"].values(), strict=True)
    for component, written in every:
        formulas = [
            escape(f"{part}: {written[part]}")
            for part in (*PARTS, "distribute")
            if written.get(part)
        ]
        yield Block("rule", formulas, title=component.title, text=in_words(component, names))


def _figures(rules: VersionRules) -> Iterator[SafeString]:
    """What each figure is, under the name that people know."""
    for measure in rules.shown:
        text = " ".join(figure_sentences(measure))
        yield _marked(f"**{measure.title}**{text.removeprefix(measure.title)}")


# --- tables


def _tables(said: Said) -> Iterator[Block]:
    for name, spec in said["tables"].items():
        heads, rows = cells_of(spec)
        yield Block("table", title=name.replace("_", " "), heads=heads, rows=rows)


def cells_of(spec: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """A rate table as people read it: its heads and its rows."""
    rows = spec.get("points", spec.get("rows", ()))
    listed: list[Sequence[Any]] = list(rows.items()) if isinstance(rows, Mapping) else list(rows)
    if "columns" in spec:
        heads = ("", *(f"from {_cell(one)}" for one in spec["columns"]))
        if kind_of(spec) == "matrix" and any(_is_word(one) for one in spec["columns"]):
            heads = ("", *map(_cell, spec["columns"]))
        return heads, [tuple(map(_cell, row)) for row in listed]
    wide = any(len(row) > 2 for row in listed)
    heads = HEADS.get(kind_of(spec), ("From", "To", "Pays") if wide else ("From", "Pays"))
    return heads, [tuple(map(_cell, row)) for row in listed]


def _cell(value: Any) -> str:
    return "" if value in (None, "") else shown(value)


def _is_word(value: Any) -> bool:
    return not re.fullmatch(r"[-+\d., %]+", str(value))


# --- examples


def _example(rules: VersionRules, example: Example) -> Block:
    titles, asked = titles_of(rules), needs_of(rules).inputs
    named = {one.name: one.title for one in asked}
    given = ordered(asked, example.inputs)
    rows = [(named.get(name) or name, shown(text)) for name, text in given]
    rows += _lines(rules, example)
    expected = {key_of(name): text for name, text in example.expected.items()}
    order = {name: place for place, name in enumerate((*rules.components, TOTAL))}
    results = [
        (titles.get(name) or "The plan in all", _amount(expected[name], rules))
        for name in sorted(expected, key=lambda name: order.get(name, len(order)))
    ]
    return Block(
        "example", title=example.name, text=example.note.strip(), rows=rows, results=results
    )


def _amount(text: str, rules: VersionRules) -> str:
    """An amount with its currency and at least two places; a word stays one."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    coins = f"{value:.2f}" if value == round(value, 2) else f"{value:f}"
    return f"{coins} {currency_of(rules.version.plan)}"


def _lines(rules: VersionRules, example: Example) -> Iterator[tuple[str, str]]:
    """Credits, days and colleagues, a row each."""
    titles = titles_of(rules)
    for measure, rows in example.lines.get("credits", {}).items():
        title = titles.get(key_of(measure)) or measure
        yield from ((f"A credit of {title}", _row(row)) for row in rows)
    yield from (("A day", _row(row)) for row in example.lines.get("days", ()))
    yield from (("A colleague", _row(row)) for row in example.lines.get("others", ()))


def _row(row: Mapping[str, str]) -> str:
    found = ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in row.items())
    return found or "the same figures"
