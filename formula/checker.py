"""Syntax to typed nodes: names, tables, argument counts and types. What is wrong says where."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from formula.complaints import table_example
from formula.errors import FormulaError, joined, listed, nearest
from formula.functions import FUNCTIONS, Function, Mismatch
from formula.nodes import Call, Expression, Literal, Reference, walk
from formula.numbers import CONTEXT, is_exact, plain
from formula.outside import Outside
from formula.parser import Syntax, parse
from formula.scope import Ref, Scope
from formula.specials import SPECIALS, WHERE
from formula.tables import Table
from formula.values import BOOLEAN, DATE, NUMBER, TEXT, Type

_EXAMPLES = {
    NUMBER: "sales * 4%",
    BOOLEAN: "sales >= 100",
    TEXT: '"North"',
    DATE: "DATE(2026, 5, 31)",
}
_A = {NUMBER: "a number", TEXT: "a text", BOOLEAN: "yes or no", DATE: "a date"}


@dataclass(frozen=True)
class Formula:
    """A checked formula. Equal formulas mean the same, however they were written."""

    text: str
    node: Expression

    @property
    def type(self) -> Type:
        """The type of its result."""
        return self.node.type

    @cached_property
    def references(self) -> frozenset[Ref]:
        """All that it reads."""
        return frozenset(part.ref for part in walk(self.node) if isinstance(part, Reference))

    @property
    def names(self) -> frozenset[str]:
        """The plain names among its references, as the scope writes them."""
        return frozenset(ref.name for ref in self.references if ref.kind == "value")

    @cached_property
    def tables(self) -> frozenset[str]:
        """The names of the rate tables that it uses."""
        return frozenset(
            part.table.name for part in walk(self.node) if isinstance(part, Call) and part.table
        )


def check(text: str, scope: Scope, expect: Type | None = None) -> Formula:
    """Read and check a formula; FormulaError tells the manager what to change, and where.

    ``expect``: the type that the result must have.
    """
    syntax = parse(text)
    node = _Checker(text, scope).expression(syntax)
    if expect is not None and node.type is not expect:
        raise FormulaError(
            f"{_A[expect].capitalize()} is needed here, but this gives {_A[node.type]}.",
            text=text,
            start=syntax.start,
            end=syntax.end,
            example=_EXAMPLES[expect],
        )
    return Formula(text, node)


class _Checker(Outside):
    """Builds the typed nodes of one text; what reads from outside is in Outside."""

    def expression(self, syntax: Syntax) -> Expression:
        handler = {
            "number": self._number,
            "string": self._string,
            "name": self._name,
            "dotted": self._dotted,
            "operator": self._operator,
            "call": self._call,
        }[syntax.kind]
        return handler(syntax)

    # -- leaves ---------------------------------------------------------------------------------

    def _number(self, syntax: Syntax) -> Expression:
        number = Decimal(syntax.text)
        if not is_exact(number):
            raise self.fail(
                "A number has at most 18 digits before the point and 12 after it.", syntax
            )
        return Literal(plain(number), text=self.written(syntax))

    def _string(self, syntax: Syntax) -> Expression:
        return Literal(syntax.text[1:-1].replace('""', '"'), text=self.written(syntax))

    def _name(self, syntax: Syntax) -> Expression:
        word = syntax.text.upper()
        if word in ("TRUE", "FALSE"):
            return Literal(word == "TRUE", text=self.written(syntax))
        found = self.scope.find("name", syntax.text)
        if found is None:
            raise self._unknown_name(syntax)
        return Reference(
            Ref("value", found), self.scope.names[found].type, text=self.written(syntax)
        )

    def _unknown_name(self, syntax: Syntax) -> FormulaError:
        word = syntax.text.upper()
        if word in FUNCTIONS or word in SPECIALS:
            example = (FUNCTIONS.get(word) or SPECIALS[word]).example
            return self.fail(
                f"{word} is a function: its arguments follow in brackets.", syntax, example=example
            )
        if self.scope.find("table", syntax.text):
            return self.fail(
                f'"{syntax.text}" is a rate table. Look a value up in it.',
                syntax,
                example=table_example(
                    self.scope.tables[self.scope.find("table", syntax.text) or ""]
                ),
            )
        if self.scope.find("fact", syntax.text):
            return self.fail(
                f'"{syntax.text}" is a fact about the person. Write FACT({syntax.text}).',
                syntax,
                example=f"FACT({syntax.text})",
            )
        for what, said, word in (
            ("component", "a component", "EARNED"),
            ("kind", "a kind of transaction", "COUNT"),
        ):
            if self.scope.find(what, syntax.text) and word.lower() in self.scope.uses:
                rest = f"Write {word}({syntax.text})."
                return self.fail(
                    f'"{syntax.text}" is {said}. {rest}', syntax, example=f"{word}({syntax.text})"
                )
        return self.unknown("name", syntax, self.scope.names)

    def _dotted(self, syntax: Syntax) -> Expression:
        raise self.fail(
            "A name with a point may stand only in EARNED(plan.component), and in SUM, FIRST and"
            " LAST(kind.attribute).",
            syntax,
            example=self._dotted_example(syntax),
        )

    def _dotted_example(self, syntax: Syntax) -> str:
        for what, word in (("component", "EARNED"), ("attribute", "LAST")):
            found = self.scope.find(what, syntax.text)
            if found and word.lower() in self.scope.uses:
                return f"{word}({found})"
        return ""

    def _usable(self) -> list[str]:
        """The functions that may be used in this scope."""
        names = [name for name in FUNCTIONS if name.isalpha()] + list(SPECIALS)
        kinds = {name: name.lower() for name in names}
        return [n for n in names if kinds[n] not in WHERE or kinds[n] in self.scope.uses]

    # -- operators and functions ----------------------------------------------------------------

    def _operator(self, syntax: Syntax) -> Expression:
        parts = tuple(self.expression(part) for part in syntax.parts)
        folded = self._folded(syntax, parts)
        return folded or self._typed(FUNCTIONS[syntax.text], syntax, syntax.parts, parts, None)

    def _folded(self, syntax: Syntax, parts: tuple[Expression, ...]) -> Expression | None:
        """``4%`` and ``-5`` are literals: nothing to work out, and shown as they were written."""
        literal = parts[0]
        if syntax.text not in ("%", "-x") or not isinstance(literal, Literal):
            return None
        if not isinstance(literal.value, Decimal):
            return None
        factor = Decimal("0.01") if syntax.text == "%" else Decimal(-1)
        number = CONTEXT.multiply(literal.value, factor)
        if not is_exact(number):
            return None
        return Literal(plain(number), text=self.written(syntax))

    def _call(self, syntax: Syntax) -> Expression:
        name = syntax.text.upper()
        if name in ("TRUE", "FALSE") and not syntax.parts:
            return Literal(name == "TRUE", text=self.written(syntax))
        if name in SPECIALS:
            return self.special(name, syntax)
        if name in FUNCTIONS:
            return self._function(FUNCTIONS[name], syntax)
        if self.scope.find("name", syntax.text):
            raise self.fail(
                f'"{syntax.text}" is a name, not a function: put * before the bracket to multiply.',
                syntax,
                name=True,
                example=f"{syntax.text} * 2",
            )
        known = self._usable()
        near = nearest(name, known)
        example = (FUNCTIONS.get(near) or SPECIALS[near]).example if near else ""
        raise self.fail(
            f"There is no function {name}." + ("" if near else f" There are: {listed(known, 60)}."),
            syntax,
            suggestion=near,
            example=example,
            name=True,
        )

    def _function(self, function: Function, syntax: Syntax) -> Expression:
        self.may_use(function.name.lower(), function.name, syntax)
        self.check_count(function.name, syntax, function.least, function.most, function.example)
        if function.repeat == 2 and len(syntax.parts) % 2:
            raise self.fail(
                f"{function.name} takes pairs of a condition and a value; the last one lacks its"
                " value.",
                syntax,
                example=function.example,
                name=True,
            )
        parts, table = list(syntax.parts), None
        if function.table_at is not None:
            table = self._table(function, parts.pop(function.table_at))
        nodes = tuple(self.expression(part) for part in parts)
        if function.hidden:
            nodes += (Reference(Ref("prorate", ""), NUMBER, text="prorate"),)
        return self._typed(function, syntax, parts, nodes, table)

    def _table(self, function: Function, syntax: Syntax) -> Table:
        found = self.scope.find("table", syntax.text) if syntax.kind == "name" else None
        if found is None and syntax.kind != "name":
            raise self.fail(
                f"{function.name} needs the name of a rate table here.",
                syntax,
                example=function.example,
            )
        if found is None:
            raise self.unknown("rate table", syntax, self.scope.tables)
        table = self.scope.tables[found]
        if function.name not in table.functions:
            raise self.fail(
                f'"{syntax.text}" is a {table.kind} table; {function.name} cannot use it. It is for'
                f" {joined(table.functions)}.",
                syntax,
                example=table_example(table),
            )
        return table

    def _typed(
        self,
        function: Function,
        syntax: Syntax,
        written: tuple[Syntax, ...] | list[Syntax],
        nodes: tuple[Expression, ...],
        table: Table | None,
    ) -> Expression:
        types = [node.type for node in nodes]
        wrong = function.mismatch(types, table)
        if wrong is not None:
            raise self._wrong_type(function, written, wrong, nodes)
        result = function.result_type(types, table)
        return Call(function.name, nodes, result, table, text=self.written(syntax))

    def _wrong_type(
        self,
        function: Function,
        written: tuple[Syntax, ...] | list[Syntax],
        wrong: Mismatch,
        nodes: tuple[Expression, ...],
    ) -> FormulaError:
        at = written[wrong.position]
        expected = " or ".join(_A[kind] for kind in wrong.expected)
        found = _A[wrong.found]
        if function.name.isalpha():
            reason = f'{function.name} needs {expected} for "{wrong.parameter.name}"'
            reason += f", but this is {found}."
        else:
            symbol = function.name.rstrip("x") if len(function.name) == 2 else function.name
            symbol = function.name if symbol in ("<", ">") else symbol
            reason = f"{symbol} needs {expected} here, but this is {found}."
        if at.text in ("<", "<=", ">", ">=", "=", "<>") and wrong.found is BOOLEAN:
            reason += " Join two comparisons with AND(a < b, b < c)."
        return self.fail(reason, at, example=function.example)
