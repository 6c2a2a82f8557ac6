"""The reference of the tenant file, written from its schema: every key with its meaning.

It stands in docs/tenant-file.md between two marks, so that the page cannot fall behind the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

BEGIN = "<!-- reference: written by bin/manage tenant_schema -->"
END = "<!-- end of reference -->"
TYPES = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true/false",
    "array": "list",
    "object": "mapping",
    "null": "empty",
}


def with_reference(page: str, schema: Mapping[str, Any]) -> str:
    """The page with its reference written anew; the marks must be in it."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference(schema)}\n{END}{after}"


def reference(schema: Mapping[str, Any]) -> str:
    """One heading and table for each section."""
    return "\n".join(
        line for key, part in schema["properties"].items() for line in _section(key, part)
    )


def _section(key: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {key}"
    yield ""
    yield schema["description"]
    yield ""
    rows = list(keys(schema))
    if rows:
        yield "| key | what may stand there | what it means |"
        yield "|---|---|---|"
        for path, part, required in rows:
            must = " **needed**" if required else ""
            meaning = " ".join(part.get("description", "").split())
            yield _row(f"`{path}`{must}", kind_of(part), meaning)
        yield ""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def keys(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Every key of a schema: its path (* for a code, [] for an item), its part, whether needed."""
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from keys(option, path)
    for name, part in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, part, name in schema.get("required", ())
        yield from keys(part, here)
    for part, mark in ((schema.get("additionalProperties"), "*"), (schema.get("items"), "[]")):
        if isinstance(part, Mapping):
            joint = "." if path and mark == "*" else ""
            yield from keys(part, f"{path}{joint}{mark}")


def kind_of(schema: Mapping[str, Any]) -> str:
    """What may stand there, in a few words."""
    if "enum" in schema:
        return ", ".join(f"`{choice}`" if choice != "" else "empty" for choice in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    options = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if options:
        return " or ".join(dict.fromkeys(kind_of(option) for option in options))
    if schema.get("format") == "date":
        return "day"
    types = schema.get("type", ())
    return " or ".join(TYPES[one] for one in ([types] if isinstance(types, str) else types))
