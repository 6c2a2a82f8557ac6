"""YAML as the tenant file needs it: exact numbers, no surprises, a line for every key.

Read: numbers are int or Decimal (never float), ``true`` and ``false`` are the only truth values, so
that ``on:`` and ``no`` are words, a number with zeros before it (007) is text, as are times and
``4%``. A key that is there twice is refused. Written: the same rules, so that reading gives back
exactly what was written, in a form whose differences read well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import yaml

from org.config_tools import plain
from org.errors import DomainError

Path = tuple[str | int, ...]

NULL = "tag:yaml.org,2002:null"
BOOL = "tag:yaml.org,2002:bool"
INT = "tag:yaml.org,2002:int"
NUMBER = "tag:yaml.org,2002:float"
DAY = "tag:yaml.org,2002:timestamp"
MERGE = "tag:yaml.org,2002:merge"
RULES = [
    (NULL, re.compile(r"~|null|"), ["~", "n", ""]),
    (BOOL, re.compile(r"true|false"), list("tf")),
    (INT, re.compile(r"-?(0|[1-9][0-9]*)"), list("-0123456789")),
    (NUMBER, re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+"), list("-0123456789")),
    (DAY, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), list("0123456789")),
    (MERGE, re.compile(r"<<"), ["<"]),
]
LONGEST_NUMBER = 40
MOST_NODES = 2_000_000
WIDEST_LINE = 100


class Composer(yaml.SafeLoader):
    """Makes nodes only; :class:`_Builder` turns them into values."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}


class Writer(yaml.SafeDumper):
    """Quotes whatever :class:`Composer` would read as something else."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: a file without anchors can be read from any line on."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list below their key."""
        super().increase_indent(flow, False)


for _tag, _pattern, _first in RULES:
    _whole = re.compile(rf"(?:{_pattern.pattern})\Z")
    Composer.add_implicit_resolver(_tag, _whole, _first)
    Writer.add_implicit_resolver(_tag, _whole, _first)


def _number(writer: Writer, value: Decimal) -> yaml.ScalarNode:
    text = plain(value)
    return writer.represent_scalar(NUMBER if "." in text else INT, text)


def _text(writer: Writer, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value.strip() else None
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Writer.add_representer(Decimal, _number)
Writer.add_representer(str, _text)


@dataclass(frozen=True)
class Document:
    """What a file says, and on which line each of its keys and items stands."""

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """The line of a place, or of what it stands in."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read_text(content: bytes, name: str) -> str:
    """The text of a file, or a sentence for one that is not text."""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise DomainError(
            f"{name} is a workbook, an archive or a PDF. A tenant file is plain text in YAML."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DomainError(
            f"{name} is not written in UTF-8: line {line} has a byte that cannot be read. Save it "
            "again with the encoding UTF-8."
        ) from error
    if not text.strip():
        raise DomainError(f"{name} is empty. Begin with “tenant:”, its code and name.")
    return text


def load(text: str, name: str) -> Document:
    """Read YAML; every refusal is a DomainError that names the line."""
    try:
        composer = Composer(text)
        node = composer.get_single_node()
    except yaml.YAMLError as error:
        raise DomainError(_syntax_sentence(error, name)) from error
    except RecursionError as error:
        raise DomainError(f"{name} is nested too deeply to be a tenant file.") from error
    if node is None:
        raise DomainError(f"{name} has no content. Begin with “tenant:”, its code and name.")
    builder = _Builder(composer)
    try:
        data = builder.build(node, ())
    except RecursionError as error:
        raise DomainError(
            f"{name} is nested too deeply to be a tenant file. Does an anchor stand in itself?"
        ) from error
    if builder.problems:
        raise DomainError(f"{name} cannot be read.", tuple(builder.problems))
    return Document(data, builder.lines)


def dump(data: dict[str, Any]) -> str:
    """Write a tenant file: sections in order with a blank line between, short lists on one line."""
    return "\n".join(_section_text(key, value) for key, value in data.items())


def _section_text(key: str, value: Any) -> str:
    stream = StringIO()
    writer = Writer(stream, allow_unicode=True, sort_keys=False, width=1000)
    node: Any = writer.represent_data({key: value})
    _lay_out(node)
    node.flow_style = False
    for _, section in node.value:
        if isinstance(section, yaml.MappingNode):
            section.flow_style = not section.value
    writer.open()
    writer.serialize(node)
    writer.close()
    return stream.getvalue()


def _lay_out(node: Any) -> int | None:
    """Put collections of short values on one line; answer the width, None for several lines."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.style == "|" else len(node.value) + 2
    parts = [part for pair in node.value for part in pair] if _is_mapping(node) else node.value
    widths = [_lay_out(part) for part in parts]
    flat = all(isinstance(part, yaml.ScalarNode) or not part.value for part in parts)
    total = sum(width + 2 for width in widths if width is not None)
    node.flow_style = flat and None not in widths and total <= WIDEST_LINE
    return total if node.flow_style else None


def _is_mapping(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode)


def _syntax_sentence(error: yaml.YAMLError, name: str) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return (
            f"{name} contains a character that no text file has "
            f"(number {error.position + 1}, code {error.character}). Is it a YAML file?"
        )
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "its end"
    problem = str(getattr(error, "problem", "") or error)
    if "'\\t'" in problem:
        return f"{name}, {where}: a tab stands where YAML wants spaces. Indent with spaces."
    hint = "Check the indentation, and that brackets and quotation marks are closed."
    if "mapping values are not allowed" in problem:
        hint = "A text that contains “: ” belongs in quotation marks."
    return f"{name}, {where}: this is not YAML ({problem}). {hint}"


def _is_no_letter(character: str) -> bool:
    """Whether a character cannot be stored, or seen: control characters, halves of others."""
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"


class _Builder:
    """Turns nodes into values, noting the line of each place and what is wrong."""

    def __init__(self, composer: Composer) -> None:
        self.composer = composer
        self.lines: dict[Path, int] = {}
        self.problems: list[str] = []
        self.nodes = 0

    def build(self, node: Any, path: Path) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise DomainError("The file says more than any tenant needs: are its anchors nested?")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, n)) for n, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        written: dict[Any, int] = {}
        for key_node, _ in node.value:
            self._twice(key_node, written)
        try:
            self.composer.flatten_mapping(node)
        except yaml.YAMLError as error:
            raise DomainError(_syntax_sentence(error, "The file")) from error
        for key_node, value_node in node.value:
            key = self._key(key_node)
            self.lines[(*path, str(key))] = key_node.start_mark.line + 1
            found[key] = self.build(value_node, (*path, str(key)))
        return found

    def _key(self, node: yaml.Node) -> Hashable:
        if not isinstance(node, yaml.ScalarNode):
            line = node.start_mark.line + 1
            raise DomainError(
                f"Line {line}: a list or mapping stands where a key is wanted. A text with "
                "brackets belongs in quotation marks."
            )
        value = self._scalar(node)
        return str(value) if isinstance(value, date | Decimal) or value is None else value

    def _twice(self, node: yaml.Node, written: dict[Any, int]) -> None:
        key, line = self._key(node), node.start_mark.line + 1
        if key in written and node.tag != MERGE:
            self.problems.append(
                f"Line {line}: “{key}” is there a second time; it already stands on line "
                f"{written[key]}. Keep one of the two."
            )
        written.setdefault(key, line)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text, line = node.value, node.start_mark.line + 1
        if node.tag == NULL:
            return None
        if node.tag == BOOL:
            return text == "true"
        if node.tag in (INT, NUMBER):
            if len(text) > LONGEST_NUMBER:
                self.problems.append(f"Line {line}: {text[:LONGEST_NUMBER]}… is too long a number.")
                return 0
            return int(text) if node.tag == INT else Decimal(text)
        if node.tag == DAY:
            return self._day(text, line)
        if node.tag not in ("tag:yaml.org,2002:str", MERGE):
            self.problems.append(
                f"Line {line}: {node.tag} is a tag, and tenant files have none. "
                "Write the value alone."
            )
        if strange := next(filter(_is_no_letter, text), None):
            self.problems.append(
                f"Line {line}: there is a character in the text that no text has (code"
                f" {ord(strange)}). Take it out."
            )
        return text

    def _day(self, text: str, line: int) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.problems.append(f"Line {line}: {text} is no day of the calendar.")
            return None
