"""Makes formulas backwards: from a wanted type to an expression that has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from formula import BOOLEAN, DATE, NUMBER, TEXT, ErrorValue, Type, Value
from formula.numbers import written
from formula.spec import SCOPE
from formula.tables import LookupTable

Text = SearchStrategy[str]
Kinds = Mapping[Type, Text]

NAMES = {
    NUMBER: [
        *"abcn", "sales", "GOAL(sales)", "ATTAINMENT(sales)", "FACT(base)", "TENURE()",
        "PRIOR(sales, 3)", "YTD(sales)", "QTD(sales)", "RANK(sales, unit)", "TIES(bonus)",
        "SHARE(sales, job_type)", "EARNED(spiff.prize)", "RUNNING(sales)", "COUNT(payment)",
        "SUM(payment.amount)", "FIRST(payment.amount)",
    ],
    TEXT: ["s", "t", "FACT(grade)", "LAST(payment.bank)"],
    BOOLEAN: ["p", "q", "FACT(licensed)", "FIRST(payment.final)"],
    DATE: ["d", "e", "FACT(hired)", "LAST(payment.paid)"],
}  # fmt: skip
LETTERS = "aAbBéÉßẞsSİıiΣσς%'\\\" {}0_-"

smallish = st.decimals(-1000, 1000, places=2)
numbers = st.one_of(
    st.integers(-3, 13).map(Decimal),
    st.sampled_from([Decimal(text) for text in ("0.5", "1", "100", "0.9", "-0.000001")]),
    smallish,
    st.decimals(-(10**6), 10**6, places=12),
    st.decimals(-(10**18) + 1, 10**18 - 1, places=12),
    st.sampled_from([Decimal(10) ** power for power in range(-12, 18)]),
)
texts = st.one_of(
    st.text(LETTERS, max_size=4),
    st.sampled_from(["north", "South", "50% CLUB", "key7", "100%", "a", "SS"]),
)
days = st.one_of(
    st.dates(date(2023, 12, 1), date(2024, 3, 31)), st.dates(date(1900, 1, 1), date(9999, 12, 31))
)
VALUES: dict[Type, SearchStrategy[Value]] = {
    NUMBER: numbers,
    TEXT: texts,
    BOOLEAN: st.booleans(),
    DATE: days,
}


def inputs_of(kind: Type) -> SearchStrategy[Value | ErrorValue | None]:
    """A value of a type, sometimes blank, seldom an error."""
    errors = st.sampled_from([ErrorValue("no_data"), ErrorValue("zero_goal")])
    return st.integers(0, 9).flatmap(
        lambda pick: st.none() if pick == 0 else errors if pick == 1 else VALUES[kind]
    )


def literal(kind: Type) -> Text:
    """A constant as it is written in a formula."""
    if kind is NUMBER:
        # Minus is an operator of its own, so -5 is written in brackets.
        return numbers.map(lambda n: written(n) if n >= 0 else f"({written(n)})")
    if kind is TEXT:
        return texts.map(lambda text: '"' + text.replace('"', '""') + '"')
    if kind is BOOLEAN:
        return st.sampled_from(["TRUE", "FALSE"])
    return days.map(lambda day: f"DATE({day.year}, {day.month}, {day.day})")


@st.composite
def filled(draw: DrawFn, pattern: str, *parts: Text) -> str:
    """A pattern with drawn parts in its places."""
    pieces = pattern.split("#")
    drawn = [*(draw(part) for part in parts), ""]
    return "".join(piece + part for piece, part in zip(pieces, drawn, strict=True))


def tables(function: str) -> list[str]:
    """The tables of the specification that a function can use."""
    return [name for name, table in SCOPE.tables.items() if function in table.functions]


def looking_up(kinds: Kinds, result: Type) -> list[Text]:
    """LOOKUP in every table that gives a type, with and without its third argument."""
    found = []
    for name in tables("LOOKUP"):
        table = SCOPE.tables[name]
        assert isinstance(table, LookupTable)
        if table.result is result:
            key = kinds[table.key_types[0]]
            found.append(filled(f"LOOKUP(#, {name})", key))
            found.append(filled(f"LOOKUP(#, {name}, #)", key, kinds[result]))
    return found


def crossing(kinds: Kinds) -> list[Text]:
    """MATRIX in every matrix, with keys of its types."""
    return [
        filled(f"MATRIX(#, #, {name})", *(kinds[kind] for kind in SCOPE.tables[name].key_types))
        for name in tables("MATRIX")
    ]


def deciding(kinds: Kinds, kind: Type) -> list[Text]:
    """What every type has: choices between values of it."""
    yes, value, number = kinds[BOOLEAN], kinds[kind], kinds[NUMBER]
    return [
        filled("IF(#, #, #)", yes, value, value),
        filled("IFS(#, #, #, #)", yes, value, yes, value),
        filled("IFS(#, #, TRUE, #)", yes, value, value),
        filled("CHOOSE(#, #, #)", number, value, value),
        filled("CHOOSE(1 + MOD(ROUND(#), 3), #, #)", number, value, value),
        filled("DEFAULT(#, #)", value, value),
    ]


def numeric(kinds: Kinds) -> list[Text]:
    x, day = kinds[NUMBER], kinds[DATE]
    places = st.integers(-13, 13).map(lambda n: f"({n})")
    two = [f"SLICE(#, #, {table})" for table in tables("SLICE")]
    one = [f"{name}(#, {table})" for name in ("TIER", "RATE", "CURVE") for table in tables(name)]
    return [
        st.sampled_from("+-*/").flatmap(lambda sign: filled(f"(# {sign} #)", x, x)),
        st.sampled_from("+-*/").flatmap(lambda sign: filled(f"(# {sign} #)", x, x)),
        st.integers(-5, 13).flatmap(lambda power: filled(f"(# ^ {power})", x)),
        filled("(# ^ #)", x, x),
        filled("(#)%", x),
        filled("(-#)", x),
        filled("(+#)", x),
        filled("ABS(#)", x),
        filled("MOD(#, #)", x, x),
        filled("(# - #)", day, day),
        filled("PRORATE(#)", x),
        st.sampled_from(["MIN", "MAX"]).flatmap(lambda name: filled(f"{name}(#, #, #)", x, x, x)),
        st.sampled_from(["ROUND", "ROUNDUP", "ROUNDDOWN"]).flatmap(
            lambda name: filled(f"{name}(#, #)", x, st.one_of(places, places, x))
        ),
        st.sampled_from(["ROUND", "ROUNDUP", "ROUNDDOWN"]).flatmap(
            lambda name: filled(f"{name}(#)", x)
        ),
        st.sampled_from(one).flatmap(lambda pattern: filled(pattern, x)),
        st.sampled_from(two).flatmap(lambda pattern: filled(pattern, x, x)),
        st.one_of(*crossing(kinds)),
        st.one_of(*looking_up(kinds, NUMBER)),
    ]


def logical(kinds: Kinds) -> list[Text]:
    yes = kinds[BOOLEAN]
    order = st.sampled_from(["<", "<=", ">", ">=", "=", "<>"])
    ordered = st.sampled_from([NUMBER, NUMBER, TEXT, DATE])
    return [
        st.tuples(order, ordered).flatmap(
            lambda drawn: filled(f"(# {drawn[0]} #)", kinds[drawn[1]], kinds[drawn[1]])
        ),
        st.sampled_from(["=", "<>"]).flatmap(lambda sign: filled(f"(# {sign} #)", yes, yes)),
        st.sampled_from(["AND", "OR"]).flatmap(lambda name: filled(f"{name}(#, #)", yes, yes)),
        st.sampled_from(["AND", "OR"]).flatmap(
            lambda name: filled(f"{name}(#, #, #)", yes, yes, yes)
        ),
        filled("NOT(#)", yes),
        st.sampled_from(list(Type)).flatmap(lambda kind: filled("ISBLANK(#)", kinds[kind])),
    ]


def textual(kinds: Kinds) -> list[Text]:
    kind = st.sampled_from(list(Type))
    return [
        st.tuples(kind, kind).flatmap(
            lambda drawn: filled("(# & #)", kinds[drawn[0]], kinds[drawn[1]])
        ),
        st.one_of(*looking_up(kinds, TEXT)),
    ]


def dated(kinds: Kinds) -> list[Text]:
    day, x = kinds[DATE], kinds[NUMBER]
    month, number = (st.integers(0, most).map(str) for most in (13, 32))
    return [
        st.sampled_from(["MIN", "MAX"]).flatmap(lambda name: filled(f"{name}(#, #)", day, day)),
        filled("DATE(#, #, #)", st.sampled_from(["2024", "2025", "n"]), month, number),
        filled("DATE(2000 + ABS(ROUND(#)), #, #)", x, month, x),
        filled("DATE(#, #, #)", x, x, x),
    ]


OWN: dict[Type, Callable[[Kinds], list[Text]]] = {
    NUMBER: numeric,
    BOOLEAN: logical,
    TEXT: textual,
    DATE: dated,
}


def expressions(depth: int, more: Mapping[Type, list[str]]) -> Kinds:
    """For each type the expressions of it down to a depth; ``more``: further names to use."""
    leaves = {
        kind: st.one_of(st.sampled_from(NAMES[kind] + more.get(kind, [])), literal(kind))
        for kind in Type
    }
    kinds: Kinds = leaves
    for _ in range(depth):
        below = kinds
        kinds = {
            kind: st.one_of(leaves[kind], *OWN[kind](below), *deciding(below, kind))
            for kind in Type
        }
    return kinds
