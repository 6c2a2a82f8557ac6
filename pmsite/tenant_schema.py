"""Holds a tenant file against its published JSON Schema, and says what is wrong in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from pmsite.tenant_yaml import Document, Path

WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping (key: value)",
    "null": "empty",
}
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def _is_number(checker: Any, value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number),
)


def problems(document: Document, schema: Mapping[str, Any]) -> list[str]:
    """All that is wrong with a file by its schema: place, line, what, and what was meant."""
    found = Validator(schema, format_checker=FORMATS).iter_errors(as_json(document.data))
    sentences = {
        sentence: None for error in found for sentence in _sentences(error, document, schema)
    }
    return list(sentences)


def as_json(value: Any) -> Any:
    """A copy with days as text and keys as text, as JSON has them; numbers stay exact."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def coerced(value: Any, schema: Mapping[str, Any]) -> Any:
    """What was written, as its schema means it: a number where a text is wanted is that text.

    ``code: 1001`` is the text 1001; a day in quotation marks is a day. What fits nothing stays as
    it is, for :func:`problems` to name.
    """
    schema = _branch(value, schema)
    if isinstance(value, dict):
        return _coerced_mapping(value, schema)
    if isinstance(value, list):
        items = schema.get("items")
        return [coerced(item, items) if items else item for item in value]
    if schema.get("format") == "date" and isinstance(value, str):
        return _day(value)
    types = schema.get("type", ())
    texts = "string" in types and not {"integer", "number"}.intersection([*types])
    return _as_text(value) if texts and schema.get("format") != "date" else value


def _coerced_mapping(value: dict[Any, Any], schema: Mapping[str, Any]) -> dict[Any, Any]:
    known = schema.get("properties", {})
    other = schema.get("additionalProperties")
    if not known and not isinstance(other, Mapping):
        return value
    result = {}
    for key, item in value.items():
        part = known.get(str(key), other)
        result[str(key)] = coerced(item, part) if isinstance(part, Mapping) else item
    return result


def _branch(value: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of several ways to write something, the one whose JSON type was used."""
    for key in ("anyOf", "oneOf"):
        for option in schema.get(key, ()):
            if _fits(value, option.get("type")):
                return _branch(value, option)
    return schema


def _fits(value: Any, types: Any) -> bool:
    wanted = [types] if isinstance(types, str) else list(types or ())
    checker = Validator.TYPE_CHECKER
    plain = value.isoformat() if isinstance(value, date) else value
    return any(checker.is_type(plain, one) for one in wanted)


def _as_text(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value


def _day(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


# -- sentences ------------------------------------------------------------------------------------


def place(path: Iterable[str | int]) -> str:
    """``plans.sales.versions[0].components``: a place in the file, in words."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def path_of(text: str) -> Path:
    """The path that :func:`place` wrote."""
    parts: list[str | int] = []
    for name, number in re.findall(r"([^.\[\]]+)|\[(\d+)\]", text):
        parts.append(int(number) if number else name)
    return tuple(parts)


def with_line(sentence: str, document: Document) -> str:
    """The sentence with the line of the place that it begins with, where the file has it."""
    where, colon, rest = sentence.partition(": ")
    path = path_of(where)
    if not colon or not path or path[:1] not in document.lines or " " in where:
        return sentence
    line = document.line(path)
    return f"{where} (line {line}): {rest}" if line else sentence


def _sentences(
    error: ValidationError, document: Document, schema: Mapping[str, Any]
) -> Iterator[str]:
    if error.validator in ("anyOf", "oneOf") and error.context:
        yield from _sentences(_nearest(error), document, schema)
        return
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        yield from _unknown_keys(error, document)
        return
    yield _said(error.absolute_path, _what(error), document)


def _nearest(error: ValidationError) -> ValidationError:
    """Of the ways that all failed, the one whose outer type was right, and its deepest error."""
    fitting = [e for e in error.context or () if not (e.validator == "type" and not e.path)]
    pool = fitting or list(error.context or ())
    return max(pool, key=lambda e: len(e.absolute_path))


def _said(path: Iterable[str | int], what: str, document: Document) -> str:
    parts = tuple(path)
    line = document.line(parts)
    where = place(parts) or "The file"
    return f"{where} (line {line}): {what}" if line and parts else f"{where}: {what}"


def _unknown_keys(error: ValidationError, document: Document) -> Iterator[str]:
    known = list(error.schema.get("properties", {}))
    patterns = error.schema.get("patternProperties", {})
    for key in error.instance:
        if key in known or any(re.search(pattern, key) for pattern in patterns):
            continue
        near = get_close_matches(key, known, n=1, cutoff=0.6)
        hint = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(known)}."
        path = (*error.absolute_path, key)
        yield _said(path, f"“{key}” is nothing that can be said here. {hint}", document)


def _what(error: ValidationError) -> str:
    value, wanted = error.instance, error.validator_value
    if error.validator == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        return f"this must be {' or '.join(WORDS[one] for one in types)}, but is {shown(value)}."
    if error.validator == "required":
        missing = [key for key in wanted if key not in value]
        return f"{' and '.join(f'“{key}”' for key in missing)} is missing."
    if error.validator in ("enum", "const"):
        return _choice_sentence(value, wanted if error.validator == "enum" else [wanted])
    if error.validator == "pattern":
        return f"{shown(value)} cannot stand here: {error.schema.get('description', wanted)}"
    if error.validator == "format":
        return f"{shown(value)} is no day. Write it as 2026-01-31."
    simple = {
        "minimum": f"{shown(value)} is too small: at least {wanted}.",
        "maximum": f"{shown(value)} is too large: at most {wanted}.",
        "exclusiveMinimum": f"{shown(value)} is too small: it must be above {wanted}.",
        "minItems": f"this list needs at least {wanted} entry.",
        "minLength": "this is empty.",
        "maxLength": f"this is longer than {wanted} characters.",
        "minProperties": "this is empty.",
        "uniqueItems": "an entry is there twice.",
        "propertyNames": f"a key cannot be used: {error.message}",
    }
    return simple.get(str(error.validator), error.message)


def _choice_sentence(value: Any, choices: list[Any]) -> str:
    words = [str(choice) for choice in choices]
    near = get_close_matches(str(value), words, n=1, cutoff=0.6)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    return f"{shown(value)} is none of the choices {', '.join(words)}.{hint}"


def shown(value: Any) -> str:
    """A value as it stands in the file, short."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"“{value[:60]}”"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else str(value)
