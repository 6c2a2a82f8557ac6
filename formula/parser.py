"""Text to syntax tree. What cannot be read gets a caret and, where one is known, a remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken

from formula.errors import FormulaError

MAX_LENGTH = 10_000
MAX_DEPTH = 100

GRAMMAR = r"""
?start: expression
?expression: joined | expression COMPARE joined -> binary
?joined: sum | joined AMPERSAND sum -> binary
?sum: product | sum ADD product -> binary
?product: power | product MULTIPLY power -> binary
?power: unary | power CARET unary -> binary
?unary: percent | ADD unary -> prefix
?percent: atom | percent PERCENT -> postfix
?atom: NUMBER -> number | STRING -> string | NAME -> name | DOTTED -> dotted
     | NAME OPEN CLOSE -> call | NAME OPEN arguments CLOSE -> call
     | OPEN expression CLOSE -> group
arguments: expression (COMMA expression)*

COMPARE: "<=" | ">=" | "<>" | "<" | ">" | "="
AMPERSAND: "&"
ADD: "+" | "-"
MULTIPLY: "*" | "/"
CARET: "^"
PERCENT: "%"
OPEN: "("
CLOSE: ")"
COMMA: ","
NUMBER: /[0-9]+(\.[0-9]+)?|\.[0-9]+/
STRING: /"(?:[^"]|"")*"/
NAME: /[^\W\d]\w*/
DOTTED.1: /[^\W\d]\w*\.[^\W\d]\w*/
%ignore /[ \t\r\n\xa0]+/
"""

# What people write from other languages, and what it is here.
_REMEDIES = (
    (r"==", 'Write = once to compare, such as region = "North".'),
    (r"!=|≠", "Write <> for not equal."),
    (r"≥|=>", "Write >= for at least."),
    (r"≤|=<", "Write <= for at most."),
    (r"&&", "Write AND(a, b) if both must hold."),
    (r"\|\|?", "Write OR(a, b) if one must hold."),
    (r"!", "Write NOT(a) for the opposite."),
    (r"×|·", "Write * to multiply."),
    (r"÷|:", "Write / to divide."),
    (r"\*\*", "Write ^ for a power."),
    (r";", "Separate arguments with a comma."),
    (r"['‘’“”„«»]", 'Put texts in straight double quotation marks, such as "North".'),
    (r"\.", "Names with a point have two parts, such as plan.component or kind.attribute."),
    (r"[\[\]{}]", "Use round brackets ( )."),
    (r"[–—−]", "Write - for minus."),
    (r"[$€£¥]", "Write amounts without a currency sign."),
)


@dataclass(frozen=True)
class Syntax:
    """A piece of a formula as written. ``kind``: number, string, name, dotted, call, operator."""

    kind: str
    text: str
    parts: tuple[Syntax, ...]
    start: int
    end: int
    depth: int
    name_end: int = 0


class _Build(Transformer[Token, Syntax]):
    """Builds Syntax bottom up while parsing, so deep texts need no recursion."""

    def number(self, parts: list[Token]) -> Syntax:
        return self._leaf("number", parts[0])

    def string(self, parts: list[Token]) -> Syntax:
        return self._leaf("string", parts[0])

    def name(self, parts: list[Token]) -> Syntax:
        return self._leaf("name", parts[0])

    def dotted(self, parts: list[Token]) -> Syntax:
        return self._leaf("dotted", parts[0])

    def _leaf(self, kind: str, token: Token) -> Syntax:
        start, end = _span(token)
        return Syntax(kind, str(token), (), start, end, 1)

    def binary(self, parts: list[Any]) -> Syntax:
        left, operator, right = parts
        return self._inner("operator", str(operator), (left, right), left.start, right.end)

    def prefix(self, parts: list[Any]) -> Syntax:
        start, _ = _span(parts[0])
        return self._inner("operator", f"{parts[0]}x", (parts[1],), start, parts[1].end)

    def postfix(self, parts: list[Any]) -> Syntax:
        _, end = _span(parts[1])
        return self._inner("operator", "%", (parts[0],), parts[0].start, end)

    def group(self, parts: list[Any]) -> Syntax:
        inner: Syntax = parts[1]
        (start, _), (_, end) = _span(parts[0]), _span(parts[2])
        return Syntax(
            inner.kind, inner.text, inner.parts, start, end, inner.depth + 1, inner.name_end
        )

    def arguments(self, parts: list[Any]) -> list[Syntax]:
        return [part for part in parts if isinstance(part, Syntax)]

    def call(self, parts: list[Any]) -> Syntax:
        (start, name_end), (_, end) = _span(parts[0]), _span(parts[-1])
        arguments = tuple(parts[2]) if isinstance(parts[2], list) else ()
        return self._inner("call", str(parts[0]), arguments, start, end, name_end)

    def _inner(
        self,
        kind: str,
        text: str,
        parts: tuple[Syntax, ...],
        start: int,
        end: int,
        name_end: int = 0,
    ) -> Syntax:
        depth = 1 + max((part.depth for part in parts), default=0)
        return Syntax(kind, text, parts, start, end, depth, name_end)


_PARSER = Lark(GRAMMAR, parser="lalr", transformer=_Build(), maybe_placeholders=False)


def _span(token: Token) -> tuple[int, int]:
    assert token.start_pos is not None
    assert token.end_pos is not None
    return token.start_pos, token.end_pos


@lru_cache(maxsize=2048)
def parse(text: str) -> Syntax:
    """The syntax tree of a formula; FormulaError where it cannot be read."""
    _check_text(text)
    # Excel's leading "=" is allowed; a space in its place keeps all columns.
    readable = re.sub(r"\A(\s*)=(?![=<>])", r"\1 ", text)
    try:
        tree: Syntax = _PARSER.parse(readable)  # type: ignore[assignment]
    except UnexpectedCharacters as problem:
        raise _bad_character(text, problem.pos_in_stream or 0) from None
    except UnexpectedToken as problem:
        raise _bad_token(text, problem.token) from None
    if tree.depth > MAX_DEPTH:
        raise FormulaError(
            f"This formula is nested {tree.depth} levels deep; {MAX_DEPTH} are the limit. Split it"
            " into two components.",
            text=text,
            start=tree.start,
        )
    return tree


def _check_text(text: str) -> None:
    if not text.strip(" \t\r\n\xa0="):
        raise FormulaError("The formula is empty.", example="sales * 4%")
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            f"The formula has {len(text)} characters; {MAX_LENGTH} are the limit. Put rates into a"
            " table and split it into components."
        )
    for position, character in enumerate(text):
        if (character < " " and character not in "\t\r\n") or "\ud800" <= character <= "\udfff":
            raise FormulaError(
                "There is an invisible control character here. Delete it.",
                text=text,
                start=position,
            )


def _bad_character(text: str, at: int) -> FormulaError:
    if text[at] == '"':
        return FormulaError(
            "This text is never closed: a quotation mark is missing at its end.",
            text=text,
            start=at,
            example='region = "North"',
        )
    remedy = _remedy(text, at)
    return FormulaError(
        f'"{text[at]}" means nothing in a formula.{remedy}',
        text=text,
        start=at,
        example='IF(region = "North", sales * 4%, 0)',
    )


def _remedy(text: str, at: int) -> str:
    for pattern, remedy in _REMEDIES:
        if re.compile(pattern).match(text, at):
            return f" {remedy}"
    return ""


def _bad_token(text: str, token: Token) -> FormulaError:
    if token.type == "$END":
        return _early_end(text)
    start, end = _span(token)
    before = _last_token(text, start)
    reason, example = _sentence(text, token, before)
    return FormulaError(reason, text=text, start=start, end=end, example=example)


def _sentence(text: str, token: Token, before: str) -> tuple[str, str]:
    at = _span(token)[0]
    operators = ("COMPARE", "MULTIPLY", "CARET", "AMPERSAND", "ADD", "PERCENT")
    if token.type == "COMPARE" and before in ("<", ">", "=", "<=", ">=", "<>"):
        remedy = _remedy(text, text.rindex(before, 0, at))
        return f'"{token}" cannot follow "{before}".{remedy}', "IF(sales >= 10, 500, 0)"
    if token.type == "CLOSE" and before in (",", "("):
        return "A value is missing before this bracket.", "MIN(sales, 100)"
    if token.type == "COMMA" and before in (",", "("):
        return "A value is missing before this comma.", "IF(sales > 10, 500, 0)"
    if token.type == "CLOSE" and not _is_operator(before):
        return "This bracket closes nothing: there is no opening bracket for it.", "(a + b) * 2"
    opened = _unclosed(text[:at])
    if token.type == "COMMA" and opened is not None and not text[:opened].rstrip()[-1:].isalnum():
        return (
            f"The bracket at column {opened - text.rfind(chr(10), 0, opened)} is not closed before"
            " this comma.",
            "MIN((sales + 10) * 2, 100)",
        )
    if token.type == "COMMA" and not _is_operator(before):
        return (
            "A comma separates the arguments of a function. Write decimals with a point and"
            " thousands without a sign.",
            "100000.50",
        )
    if token.type in (*operators, "CLOSE", "COMMA"):
        remedy = _remedy(text, max(0, at - 1)) if before == str(token) else ""
        return f'A value is missing between "{before}" and "{token}".{remedy}'.replace(
            'between "" and', "before"
        ), "sales * 4%"
    if before == "%":
        return "After % an operator is missing. For the rest of a division write MOD.", "MOD(10, 3)"
    return f'Between "{before}" and "{token}" an operator or a comma is missing.', "sales * 4%"


def _early_end(text: str) -> FormulaError:
    unclosed = _unclosed(text)
    if unclosed is not None:
        return FormulaError(
            "This bracket is never closed. Add ) where its content ends.",
            text=text,
            start=unclosed,
            example="IF(sales > 10, 500, 0)",
        )
    end = len(text.rstrip())
    return FormulaError(
        f'The formula ends too early: after "{_last_token(text, end)}" a value is missing.',
        text=text,
        start=end,
        example="sales * 4%",
    )


def _unclosed(text: str) -> int | None:
    opened: list[int] = []
    for match in re.finditer(r'"(?:[^"]|"")*"|[()]', text):
        if match.group() == "(":
            opened.append(match.start())
        elif match.group() == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _is_operator(token: str) -> bool:
    return token in ("+", "-", "*", "/", "^", "&", "<", ">", "=", "<=", ">=", "<>", "")


def _last_token(text: str, before: int) -> str:
    tokens = re.findall(r'"(?:[^"]|"")*"|\w+(?:\.\w+)?|<=|>=|<>|[^\s\w]', text[:before])
    return tokens[-1] if tokens else ""
