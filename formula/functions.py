"""The one table of functions and operators: signature, meaning, example, words and emitters.

The checker, all engines, the explanations in words and the reference that managers read all come
from here.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

from formula import by_decimal, by_excel, by_sql
from formula.tables import Table
from formula.values import BOOLEAN, DATE, NUMBER, TEXT, Type

_KINDS: dict[str, tuple[Type, ...]] = {
    "number": (NUMBER,),
    "text": (TEXT,),
    "yes/no": (BOOLEAN,),
    "date": (DATE,),
    "any": (NUMBER, TEXT, BOOLEAN, DATE),
    # Of one type throughout a call: any type, numbers or dates, all that has an order.
    "same": (NUMBER, TEXT, BOOLEAN, DATE),
    "amount": (NUMBER, DATE),
    "ordered": (NUMBER, DATE, TEXT),
}
_VARIABLES = ("same", "amount", "ordered")
GROUPS = (
    "Decisions",
    "Numbers",
    "Comparisons and text",
    "Rate tables",
    "Performance and people",
    "Other periods and other people",
    "Transactions",
)


@dataclass(frozen=True)
class Parameter:
    """One argument: its name for messages, and its kind: a type, a variable, 'key' or 'cell'."""

    name: str
    kind: str

    def types(self, table: Table | None, key: int) -> tuple[Type, ...]:
        """The types it may have; ``key`` says which of the table's keys it is."""
        if self.kind == "key":
            return (table.key_types[key],) if table else (NUMBER, TEXT)
        if self.kind == "cell":
            return (table.result,) if table else (NUMBER, TEXT)
        return _KINDS[self.kind]


@dataclass(frozen=True)
class Mismatch:
    """An argument of the wrong type: which, what it should be, what it is."""

    position: int
    parameter: Parameter
    expected: tuple[Type, ...]
    found: Type


@dataclass(frozen=True)
class Function:
    """A function or operator. ``repeat``: how many of the last parameters may come again;
    ``optional``: how many of the last may be left out; ``table_at``: where the table stands among
    the written arguments; ``hidden``: parameters that the checker adds itself."""

    name: str
    group: str
    parameters: tuple[Parameter, ...]
    result: str
    meaning: str
    example: str
    decimal: by_decimal.Emitter
    sql: by_sql.Emitter
    excel: by_excel.Emitter
    words: str
    repeat: int = 0
    optional: int = 0
    table_at: int | None = None
    hidden: int = 0
    syntax: str = ""

    @property
    def signature(self) -> str:
        """How it is written: ``IF(condition, then, otherwise)``."""
        if self.syntax:
            return self.syntax
        shown = len(self.parameters) - self.hidden
        names = [parameter.name for parameter in self.parameters[:shown]]
        if self.table_at is not None:
            names.insert(self.table_at, "table")
        if self.repeat:
            names.append("…")
        return f"{self.name}({', '.join(names)})"

    @property
    def least(self) -> int:
        """The smallest number of written arguments."""
        return self._fixed - self.optional

    @property
    def most(self) -> int | None:
        """The largest number of written arguments; None where there is no end."""
        return None if self.repeat else self._fixed

    @property
    def _fixed(self) -> int:
        return len(self.parameters) - self.hidden + (self.table_at is not None)

    def parameter(self, position: int) -> Parameter:
        """The parameter of an argument, the table not counted."""
        if position < len(self.parameters) or not self.repeat:
            return self.parameters[position]
        first = len(self.parameters) - self.repeat
        return self.parameters[first + (position - first) % self.repeat]

    def mismatch(self, types: Sequence[Type], table: Table | None) -> Mismatch | None:
        """The first argument of a wrong type."""
        bound: dict[str, Type] = {}
        keys = 0
        for position, found in enumerate(types):
            parameter = self.parameter(position)
            expected = parameter.types(table, keys)
            keys += parameter.kind == "key"
            if parameter.kind in bound:
                expected = (bound[parameter.kind],)
            if found not in expected:
                return Mismatch(position, parameter, expected, found)
            if parameter.kind in _VARIABLES:
                bound[parameter.kind] = found
        return None

    def problem(self, types: Sequence[Type], table: Table | None) -> str:
        """What is wrong with a call of these types, for whoever builds nodes; '' if nothing."""
        if (self.table_at is not None) != (table is not None):
            return f"{self.name} {'needs a' if table is None else 'takes no'} table"
        count = len(types) - self.hidden + (table is not None)
        if count < self.least or (self.most is not None and count > self.most):
            return f"{self.name} does not take {count} arguments"
        wrong = self.mismatch(types, table)
        return f"{self.name} cannot take {wrong.found.value}" if wrong else ""

    def result_type(self, types: Sequence[Type], table: Table | None) -> Type:
        """The type of the result for arguments of these types."""
        if self.result == "cell":
            return table.result if table else NUMBER
        if self.result in _VARIABLES:
            kinds = [self.parameter(position).kind for position in range(len(types))]
            return types[kinds.index(self.result)]
        return _KINDS[self.result][0]


def _function(
    group: int,
    signature: str,
    result: str,
    meaning: str,
    example: str,
    decimal: by_decimal.Emitter,
    sql: by_sql.Emitter,
    excel: by_excel.Emitter,
    words: str,
    *,
    repeat: int = 0,
    optional: int = 0,
    table_at: int | None = None,
    hidden: int = 0,
    syntax: str = "",
) -> Function:
    name, _, rest = signature.partition(" ")
    parameters = tuple(
        Parameter(*part.strip().split(":", 1)) for part in rest.split(",") if part.strip()
    )
    return Function(
        name, GROUPS[group], parameters, result, meaning, example, decimal, sql, excel,
        words, repeat, optional, table_at, hidden, syntax,
    )  # fmt: skip


_D, _S, _X = by_decimal, by_sql, by_excel
_strict, _looked_up, _comparing = _D.strict, _D.looked_up, _D.comparing

_ALL = (
    _function(
        0, "IF condition:yes/no, then:same, otherwise:same", "same",
        "The second value if the condition holds, else the third. Blank if the condition is blank."
        " The value that is not taken does not matter, not even an error in it.",
        "IF(sales >= 100, 500, 0)", _D.if_, _S.if_, _X.if_, "if {0}, {1}, else {2}",
    ),
    _function(
        0, "IFS condition:yes/no, value:same", "same",
        "The value of the first condition that holds. A blank condition before it makes the result"
        " blank; if none holds, it is an error: end with TRUE and a value.",
        "IFS(sales >= 200, 900, sales >= 100, 500, TRUE, 0)", _D.ifs, _S.ifs, _X.ifs, "", repeat=2,
    ),
    _function(
        0, "AND condition:yes/no", "yes/no",
        "Whether all conditions hold. From left to right: the first that does not hold decides, an"
        " error before it wins. Blank if undecided and one is blank.",
        'AND(sales >= 100, region = "North")', _D.deciding(False), _S.deciding(False),
        _X.deciding(False), "{and}",
        repeat=1,
    ),
    _function(
        0, "OR condition:yes/no", "yes/no",
        "Whether at least one condition holds. From left to right: the first that holds decides, an"
        " error before it wins. Blank if undecided and one is blank.",
        'OR(sales >= 100, region = "North")', _D.deciding(True), _S.deciding(True),
        _X.deciding(True), "{or}",
        repeat=1,
    ),
    _function(
        0, "NOT condition:yes/no", "yes/no", "The opposite; blank stays blank.",
        "NOT(sales >= 100)", _strict(operator.not_), _S.simple("(NOT {a})"), _X.simple("NOT({0})"),
        "it is not so: {0}",
    ),
    _function(
        0, "CHOOSE position:number, value:same", "same",
        "The value at a position: 1 is the first. Any other position than a whole number from 1 to"
        " the number of values is an error.",
        "CHOOSE(quarter, 100, 120, 140, 200)", _D.choose, _S.choose, _X.choose,
        "number {0} of: {rest}", repeat=1,
    ),
    _function(
        0, "DEFAULT x:same, value:same", "same",
        "x, or the value where x is blank. An error in x stays an error.",
        "DEFAULT(survey, 0)", _D.default, _S.default, _X.default, "{0}, or {1} where there is none",
    ),
    _function(
        0, "ISBLANK x:any", "yes/no", "Whether x is blank, that is not known.",
        "IF(ISBLANK(survey), 0, 50)", _D.is_blank, _S.is_blank, _X.is_blank, "there is no {0}",
    ),
    _function(
        1, "+ left:number, right:number", "number", "The sum.", "sales + 10",
        _strict(_D.add), _S.arithmetic("({a} + {b})"), _X.rounded("{0}+{1}"),
        "{0} + {1}", syntax="a + b",
    ),
    _function(
        1, "- left:amount, right:amount", "number",
        "The difference; between two dates the days from the second to the first.",
        "sales - 10", _strict(_D.subtract), _S.subtract, _X.subtract, "{0} - {1}", syntax="a - b",
    ),
    _function(
        1, "* left:number, right:number", "number", "The product.", "sales * 4%",
        _strict(_D.multiply), _S.arithmetic("round({a} * {b}, 12)"), _X.rounded("{0}*{1}"),
        "{0} × {1}", syntax="a * b",
    ),
    _function(
        1, "/ left:number, right:number", "number",
        "The quotient. Dividing by zero is an error.", "sales / 12",
        _strict(_D.divide), _S.divide, _X.divide, "{0} ÷ {1}", syntax="a / b",
    ),
    _function(
        1, "^ base:number, exponent:number", "number",
        "The power. The exponent is a whole number from -400 to 400; 0 to the power of 0 or less is"
        " an error. Unary minus binds tighter: -2^2 is 4. From left to right: 2^3^2 is 64.",
        "95% ^ 3", _strict(_D.power), _S.power, _X.power, "{0} to the power of {1}", syntax="a ^ b",
    ),
    _function(
        1, "% number:number", "number", "Per cent: the hundredth part.", "4%",
        _strict(_D.percent), _S.simple("round({a} * 0.01, 12)"), _X.percent,
        "{0} per cent", syntax="a%",
    ),
    _function(
        1, "-x number:number", "number", "The number with the other sign.", "-sales",
        _strict(_D.negate), _S.simple("(-{a})"), _X.simple("(-{0})"), "minus {0}", syntax="-a",
    ),
    _function(
        1, "+x number:number", "number", "The number itself.", "+sales",
        _strict(lambda number: number), _S.simple("{a}", weight=0), _X.same, "{0}", syntax="+a",
    ),
    _function(
        1, "MIN value:amount", "amount",
        "The smallest of the numbers (or dates). Blank if any of them is blank.",
        "MIN(sales * 10, 1000)", _strict(_D.smallest), _S.extreme("LEAST"), _X.extreme("MIN"),
        "the smallest of {all}", repeat=1,
    ),
    _function(
        1, "MAX value:amount", "amount",
        "The largest of the numbers (or dates). Blank if any of them is blank.",
        "MAX(sales * 10, 100)", _strict(_D.largest), _S.extreme("GREATEST"), _X.extreme("MAX"),
        "the largest of {all}", repeat=1,
    ),
    _function(
        1, "ROUND number:number, places:number", "number",
        "Rounded to decimal places (0 if left out, negative for tens and hundreds), half away from"
        " zero.",
        "ROUND(sales / 7, 2)", _D.rounding("nearest"), _S.rounding("nearest"), _X.rounding("ROUND"),
        "{0} rounded{places}", optional=1,
    ),
    _function(
        1, "ROUNDUP number:number, places:number", "number",
        "Rounded away from zero to decimal places (0 if left out).",
        "ROUNDUP(sales / 7, 2)", _D.rounding("up"), _S.rounding("up"), _X.rounding("ROUNDUP"),
        "{0} rounded up{places}", optional=1,
    ),
    _function(
        1, "ROUNDDOWN number:number, places:number", "number",
        "Rounded towards zero to decimal places (0 if left out).",
        "ROUNDDOWN(sales / 7, 2)", _D.rounding("down"), _S.rounding("down"),
        _X.rounding("ROUNDDOWN"),
        "{0} rounded down{places}", optional=1,
    ),
    _function(
        1, "ABS number:number", "number", "The number without its sign.", "ABS(sales - 100)",
        _strict(lambda number: number.copy_abs()), _S.simple("abs({a})"), _X.simple("ABS({0})"),
        "the size of {0}",
    ),
    _function(
        1, "MOD number:number, divisor:number", "number",
        "The rest of a division, with the sign of the divisor: MOD(-7, 3) is 2.",
        "MOD(sales, 10)", _strict(_D.modulo), _S.modulo, _X.modulo,
        "the rest of {0} divided by {1}",
    ),
    _function(
        2, "= left:same, right:same", "yes/no",
        "Whether both are the same. Texts are compared without case.",
        'region = "north"', _comparing(operator.eq), _S.comparing("="), _X.simple("({0}={1})"),
        "{0} is {1}",
        syntax="a = b",
    ),
    _function(
        2, "<> left:same, right:same", "yes/no", "Whether they differ.",
        'region <> "north"', _comparing(operator.ne), _S.comparing("<>"), _X.simple("({0}<>{1})"),
        "{0} is not {1}",
        syntax="a <> b",
    ),
    _function(
        2, "< left:ordered, right:ordered", "yes/no", "Whether the first is less, or earlier.",
        "sales < 100", _comparing(operator.lt), _S.comparing("<"), _X.simple("({0}<{1})"),
        "{0} is below {1}",
        syntax="a < b",
    ),
    _function(
        2, "<= left:ordered, right:ordered", "yes/no", "Whether the first is not more.",
        "sales <= 100", _comparing(operator.le), _S.comparing("<="), _X.simple("({0}<={1})"),
        "{0} is at most {1}",
        syntax="a <= b",
    ),
    _function(
        2, "> left:ordered, right:ordered", "yes/no", "Whether the first is more, or later.",
        "sales > 100", _comparing(operator.gt), _S.comparing(">"), _X.simple("({0}>{1})"),
        "{0} is above {1}",
        syntax="a > b",
    ),
    _function(
        2, ">= left:ordered, right:ordered", "yes/no", "Whether the first is not less.",
        "sales >= 100", _comparing(operator.ge), _S.comparing(">="), _X.simple("({0}>={1})"),
        "{0} is at least {1}",
        syntax="a >= b",
    ),
    _function(
        2, "& left:any, right:any", "text",
        "Both as one text: numbers without zeros at their end, dates as 2026-05-31. Blank if one of"
        " them is blank.",
        'region & "-" & grade', _strict(_D.join), _S.join, _X.join,
        "{0} followed by {1}", syntax="a & b",
    ),
    _function(
        2, "DATE year:number, month:number, day:number", "date",
        "A day. A day that is not in the calendar is an error.", "hired < DATE(2026, 5, 31)",
        _strict(_D.day), _S.day, _X.day, "",
    ),
    _function(
        3, "TIER value:key", "number",
        "Each slice of the value at its own rate (marginal), added up. Below the first bound the"
        " first row's rate goes on, unless the table says below: nothing.",
        "TIER(sales, step)", _looked_up(_D.tier), _S.tier, _X.tier,
        "each slice of {0} at its own rate in table {table}", table_at=1,
    ),
    _function(
        3, "SLICE before:number, amount:number", "number",
        "What an amount adds to TIER after what came before it: TIER(before + amount) less"
        " TIER(before). However a total is divided into amounts, one after the other, their slices"
        " sum exactly to TIER of the total.",
        "SLICE(sales, 500, step)", _looked_up(_D.slice_), _S.slice_, _X.slice_,
        "each slice of {1}, which comes after {0}, at its own rate in table {table}", table_at=2,
    ),
    _function(
        3, "RATE value:key", "number",
        "The rate that the value reaches. Multiply it yourself by the amount that it is paid on.",
        "sales * RATE(sales, step)", _looked_up(_D.rate), _S.rate, _X.rate,
        "the rate that {0} reaches in table {table}", table_at=1,
    ),
    _function(
        3, "CURVE value:key", "number",
        "The point on the straight lines between the table's points. Outside, the ends hold, unless"
        " the table says outside: error.",
        "base * CURVE(quality, payout)", _looked_up(_D.curve), _S.curve, _X.curve,
        "the point for {0} on curve {table}", table_at=1,
    ),
    _function(
        3, "MATRIX row:key, column:key", "number",
        "The cell where row and column meet. A value below the first bound, or a text that is not"
        " there, is an error.",
        "MATRIX(sales, quality, grid)", _looked_up(_D.matrix), _S.matrix, _X.matrix,
        "the cell for {0} and {1} in table {table}", table_at=2,
    ),
    _function(
        3, "LOOKUP key:key, else:cell", "cell",
        "The value of the key's row; texts without case. Without such a row the third argument"
        " holds; without a third argument it is an error.",
        "LOOKUP(region, allowance, 0)", _D.lookup, _S.lookup, _X.lookup,
        "the value for {0} in table {table}{else}", table_at=1, optional=1,
    ),
    _function(
        4, "PRORATE amount:number, share:number", "number",
        "The amount times the share of the period's days on which the person was eligible.",
        "PRORATE(500)", _strict(_D.multiply), _S.arithmetic("round({a} * {b}, 12)"),
        _X.rounded("{0}*{1}"),
        "{0} for the eligible part of the period", hidden=1,
    ),
)  # fmt: skip

FUNCTIONS: dict[str, Function] = {function.name: function for function in _ALL}
