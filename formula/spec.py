"""What formulas mean: expression, inputs, expected. All engines run every row of it.

The names have fixed types: ``a b c n`` are numbers, ``s t`` texts, ``p q`` yes/no, ``d e`` dates;
``sales`` is a measure, ``base`` a fact, ``bonus`` a component, ``payment`` a kind of transaction
that may be about this one. Inputs and results are written as text; None is blank and ``!code`` an
error value. The function reference takes its examples from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from formula.scope import EVERY_USE, Name, Scope
from formula.spec_tables import TABLE_ROWS, TABLES
from formula.values import BOOLEAN, DATE, NUMBER, TEXT, ErrorValue, Type, Value

SCOPE = Scope(
    names={
        **{name: Name(NUMBER) for name in ("a", "b", "c", "n")},
        **{name: Name(TEXT) for name in ("s", "t")},
        **{name: Name(BOOLEAN) for name in ("p", "q")},
        **{name: Name(DATE) for name in ("d", "e")},
        "sales": Name(NUMBER, measure=True),
    },
    tables=TABLES,
    facts={"base": NUMBER, "grade": TEXT, "hired": DATE, "licensed": BOOLEAN},
    components=["bonus", "spiff.prize"],
    about={"payment": {"amount": NUMBER, "paid": DATE, "bank": TEXT, "final": BOOLEAN}},
    uses=EVERY_USE,
)

Given = Mapping[str, str | None]


@dataclass(frozen=True)
class Row:
    """One line of the specification; ``about`` is the function or topic that it belongs to."""

    about: str
    expression: str
    inputs: Given
    expected: str | None


def read(kind: Type, text: str | None) -> Value | ErrorValue | None:
    """A value of the table: text in the form of its type, None, or ``!code``."""
    if text is None:
        return None
    if text.startswith("!"):
        return ErrorValue(text[1:])
    if kind is NUMBER:
        return Decimal(text)
    if kind is BOOLEAN:
        return {"TRUE": True, "FALSE": False}[text]
    return date.fromisoformat(text) if kind is DATE else text


BIG = "999999999999999999"
TINY = "0.000000000001"
_NONE: Given = {}

_ROWS: dict[str, list[tuple[str, Given, str | None]]] = {
    "Numbers": [
        ("1", _NONE, "1"),
        ("=1", _NONE, "1"),
        ("  7.50 ", _NONE, "7.5"),
        (".5", _NONE, "0.5"),
        ("999999999999999999.999999999999", _NONE, "999999999999999999.999999999999"),
        ("a", {"a": "-0.000000000001"}, "-0.000000000001"),
        ("A", {"a": "3"}, "3"),
        ("(a)", {"a": "3"}, "3"),
        ("a", {"a": None}, None),
        ("a", {"a": "!no_goal"}, "!no_goal"),
        ("2 + 3 * 4", _NONE, "14"),
        ("(2 + 3) * 4", _NONE, "20"),
        ("10 - 4 - 3", _NONE, "3"),
        ("100 / 10 / 2", _NONE, "5"),
        ("1 + 50%", _NONE, "1.5"),
        ("2 * 3 & 4 + 5", _NONE, "69"),
        ("1 + 1 = 2", _NONE, "TRUE"),
    ],
    "+": [
        ("a + b", {"a": "1.5", "b": "2.25"}, "3.75"),
        ("a + b", {"a": None, "b": "2"}, None),
        ("a + b", {"a": "2", "b": None}, None),
        ("a + b", {"a": BIG, "b": "1"}, "!too_large"),
        ("a + b", {"a": "-" + BIG, "b": "-1"}, "!too_large"),
        ("a + b - c", {"a": BIG, "b": "1", "c": "1"}, "!too_large"),
        ("a + b", {"a": BIG, "b": "0.999999999999"}, "999999999999999999.999999999999"),
        ("a + b", {"a": TINY, "b": "-" + TINY}, "0"),
        ("a + b", {"a": "!division", "b": None}, "!division"),
        ("a + b", {"a": None, "b": "!division"}, "!division"),
        ("a + b", {"a": "!power", "b": "!division"}, "!power"),
    ],
    "-": [
        ("a - b", {"a": "1", "b": "2.5"}, "-1.5"),
        ("a - b", {"a": "0", "b": "0"}, "0"),
        ("a - b", {"a": "1", "b": None}, None),
        ("a - b", {"a": "-" + BIG, "b": BIG}, "!too_large"),
        ("d - e", {"d": "2026-06-12", "e": "2026-06-01"}, "11"),
        ("d - e", {"d": "2026-06-01", "e": "2026-06-12"}, "-11"),
        ("d - e", {"d": "2024-03-01", "e": "2024-02-28"}, "2"),
        ("d - e", {"d": None, "e": "2026-06-12"}, None),
        ("d - e", {"d": "9999-12-31", "e": "1900-01-01"}, "2958463"),
        ("(d - e) / 2", {"d": "2026-06-04", "e": "2026-06-01"}, "1.5"),
    ],
    "*": [
        ("a * b", {"a": "1.5", "b": "4"}, "6"),
        ("a * b", {"a": "0.000001", "b": "0.0000005"}, "0.000000000001"),
        ("a * b", {"a": "-0.000001", "b": "0.0000005"}, "-0.000000000001"),
        ("a * b", {"a": "0.000001", "b": "0.0000004"}, "0"),
        ("a * b", {"a": "-0.000001", "b": "0.0000004"}, "0"),
        ("a * b", {"a": "1000000000", "b": "1000000000"}, "!too_large"),
        ("a * b", {"a": "999999999", "b": "1000000000"}, "999999999000000000"),
        ("a * b", {"a": BIG, "b": BIG}, "!too_large"),
        ("a * b", {"a": "0", "b": None}, None),
        ("0 * a", {"a": "-5"}, "0"),
        ("a * b", {"a": "123456789.123456789012", "b": "987654321.987654321098"},
         "121932631356500531.371153786311"),
    ],
    "/": [
        ("a / b", {"a": "1", "b": "3"}, "0.333333333333"),
        ("a / b", {"a": "2", "b": "3"}, "0.666666666667"),
        ("a / b", {"a": "-2", "b": "3"}, "-0.666666666667"),
        ("a / b * b", {"a": "1", "b": "3"}, "0.999999999999"),
        ("a / b", {"a": "1", "b": "0"}, "!division"),
        ("a / b", {"a": "0", "b": "0"}, "!division"),
        ("1 / 0", _NONE, "!division"),
        ("a / b", {"a": None, "b": "0"}, None),
        ("a / b", {"a": "1", "b": None}, None),
        ("a / b", {"a": "1", "b": "!too_large"}, "!too_large"),
        ("a / b", {"a": BIG, "b": TINY}, "!too_large"),
        ("a / b", {"a": "999999", "b": TINY}, "999999000000000000"),
        ("a / b", {"a": TINY, "b": BIG}, "0"),
        ("a / b", {"a": TINY, "b": "2"}, "0.000000000001"),
        ("a / b", {"a": TINY, "b": "3"}, "0"),
        ("a / b", {"a": "123456789012345678.123456789012", "b": "7"},
         "17636684144620811.160493827002"),
        # Nearer to the middle of two 12-place numbers than 40 places can tell: still below it.
        ("a / b", {"a": "789473684210499999.999999999985", "b": "999999999999999999.999999999981"},
         "0.78947368421"),
        ("100 / 3 / 3", _NONE, "11.111111111111"),
        ("a / 3 + a / 3 + a / 3", {"a": "1"}, "0.999999999999"),
    ],
    "%": [
        ("4%", _NONE, "0.04"),
        ("a%", {"a": "12.5"}, "0.125"),
        ("a%%", {"a": "500"}, "0.05"),
        ("a%", {"a": None}, None),
        ("a%", {"a": "0.00000000005"}, "0.000000000001"),
        ("a%", {"a": "0.00000000004"}, "0"),
        ("0.00000000005%", _NONE, "0.000000000001"),
        ("-5%", _NONE, "-0.05"),
        ("(a + b)%", {"a": "1", "b": "2"}, "0.03"),
        ("2 ^ 200%", _NONE, "4"),
    ],
    "-x": [
        ("-a", {"a": "3"}, "-3"),
        ("--a", {"a": "3"}, "3"),
        ("-a", {"a": "0"}, "0"),
        ("-a", {"a": None}, None),
        ("-2^2", _NONE, "4"),
        ("-a^2", {"a": "3"}, "9"),
        ("0 - 2^2", _NONE, "-4"),
        ("2 - -3", _NONE, "5"),
        ("2 * -3", _NONE, "-6"),
    ],
    "+x": [("+a", {"a": "3"}, "3"), ("2 + +3", _NONE, "5")],
    "^": [
        ("a ^ b", {"a": "2", "b": "10"}, "1024"),
        ("a ^ b", {"a": "2", "b": "-2"}, "0.25"),
        ("2 ^ -1", _NONE, "0.5"),
        ("2 ^ 3 ^ 2", _NONE, "64"),
        ("a ^ b", {"a": "0.95", "b": "3"}, "0.857375"),
        ("a ^ b", {"a": "1.1", "b": "12"}, "3.138428376721"),
        ("a ^ b", {"a": "0.5", "b": "13"}, "0.000122070313"),
        ("a ^ b", {"a": "-0.5", "b": "13"}, "-0.000122070313"),
        ("a ^ b", {"a": "-2", "b": "3"}, "-8"),
        ("a ^ b", {"a": "5", "b": "0"}, "1"),
        ("a ^ b", {"a": "0", "b": "3"}, "0"),
        ("a ^ b", {"a": "0", "b": "0"}, "!power"),
        ("a ^ b", {"a": "0", "b": "-1"}, "!power"),
        ("a ^ b", {"a": "4", "b": "0.5"}, "!power"),
        ("a ^ b", {"a": "1", "b": "400"}, "1"),
        ("a ^ b", {"a": "1", "b": "401"}, "!power"),
        ("a ^ b", {"a": "10", "b": "17"}, "100000000000000000"),
        ("a ^ b", {"a": "10", "b": "18"}, "!too_large"),
        ("a ^ b", {"a": BIG, "b": "400"}, "!too_large"),
        ("a ^ b", {"a": TINY, "b": "400"}, "0"),
        ("a ^ b", {"a": TINY, "b": "-400"}, "!too_large"),
        ("a ^ b", {"a": None, "b": "0.5"}, None),
        ("a ^ b", {"a": "2", "b": None}, None),
        ("a ^ b", {"a": BIG, "b": BIG}, "!power"),
    ],
    "MIN": [
        ("MIN(a, b)", {"a": "3", "b": "2"}, "2"),
        ("MIN(a)", {"a": "3"}, "3"),
        ("MIN(a, b, c)", {"a": "3", "b": "-2", "c": "0"}, "-2"),
        ("MIN(a, 1000)", {"a": "1200"}, "1000"),
        ("MIN(a, b)", {"a": None, "b": "2"}, None),
        ("MIN(a, b)", {"a": "2", "b": None}, None),
        ("MIN(a, 1 / b)", {"a": "2", "b": "0"}, "!division"),
        ("MIN(d, e)", {"d": "2026-06-12", "e": "2026-06-01"}, "2026-06-01"),
        ("MIN(a * 2, b + 1, c / 3)", {"a": "1", "b": "0", "c": "9"}, "1"),
    ],
    "MAX": [
        ("MAX(a, b)", {"a": "3", "b": "2"}, "3"),
        ("MAX(a, 0)", {"a": "-5"}, "0"),
        ("MAX(a, 0)", {"a": None}, None),
        ("MAX(DEFAULT(a, 0), 0)", {"a": None}, "0"),
        ("MAX(d, e)", {"d": "2026-06-12", "e": "2026-06-01"}, "2026-06-12"),
        ("MAX(a, b)", {"a": "!no_data", "b": None}, "!no_data"),
    ],
    "ROUND": [
        ("ROUND(a, 2)", {"a": "1.005"}, "1.01"),
        ("ROUND(a, 2)", {"a": "-1.005"}, "-1.01"),
        ("ROUND(a, 2)", {"a": "1.004999999999"}, "1"),
        ("ROUND(a)", {"a": "2.5"}, "3"),
        ("ROUND(a)", {"a": "-2.5"}, "-3"),
        ("ROUND(a, -2)", {"a": "1250"}, "1300"),
        ("ROUND(a, -2)", {"a": "49"}, "0"),
        ("ROUND(a, n)", {"a": "1.25", "n": "1"}, "1.3"),
        ("ROUND(a, n)", {"a": "1.25", "n": "1.5"}, "!places"),
        ("ROUND(a, n)", {"a": "1.25", "n": "13"}, "!places"),
        ("ROUND(a, -13)", {"a": "1.25"}, "!places"),
        ("ROUND(a, 99)", {"a": None}, None),
        ("ROUND(a, n)", {"a": "1", "n": None}, None),
        ("ROUND(a, 12)", {"a": TINY}, TINY),
        ("ROUND(a)", {"a": "999999999999999999.5"}, "!too_large"),
        ("ROUND(a, n)", {"a": "1", "n": BIG}, "!places"),
        ("ROUND(1 / 3, 2) * 3", _NONE, "0.99"),
    ],
    "ROUNDUP": [
        ("ROUNDUP(a, 1)", {"a": "1.21"}, "1.3"),
        ("ROUNDUP(a, 1)", {"a": "1.2"}, "1.2"),
        ("ROUNDUP(a, 1)", {"a": "-1.21"}, "-1.3"),
        ("ROUNDUP(a)", {"a": "0.000000000001"}, "1"),
        ("ROUNDUP(a)", {"a": "0"}, "0"),
        ("ROUNDUP(a, -3)", {"a": "1"}, "1000"),
        ("ROUNDUP(a, 12)", {"a": TINY}, TINY),
        ("ROUNDUP(a, n)", {"a": "2.31", "n": "1"}, "2.4"),
        ("ROUNDUP(a, n)", {"a": "2.31", "n": "0.1"}, "!places"),
        ("ROUNDUP(a)", {"a": "-999999999999999999.1"}, "!too_large"),
        ("ROUNDUP(a, 1)", {"a": None}, None),
    ],
    "ROUNDDOWN": [
        ("ROUNDDOWN(a, 1)", {"a": "1.29"}, "1.2"),
        ("ROUNDDOWN(a, 1)", {"a": "-1.29"}, "-1.2"),
        ("ROUNDDOWN(a)", {"a": "-0.9"}, "0"),
        ("ROUNDDOWN(a, -1)", {"a": "19.99"}, "10"),
        ("ROUNDDOWN(a, n)", {"a": "19.99", "n": "-12"}, "0"),
        ("ROUNDDOWN(a, n)", {"a": "19.99", "n": "-12.5"}, "!places"),
        ("ROUNDDOWN(a)", {"a": "999999999999999999.999999999999"}, BIG),
    ],
    "ABS": [
        ("ABS(a)", {"a": "-3.5"}, "3.5"),
        ("ABS(a)", {"a": "0"}, "0"),
        ("ABS(a)", {"a": None}, None),
        ("ABS(a)", {"a": "-999999999999999999.999999999999"}, "999999999999999999.999999999999"),
    ],
    "MOD": [
        ("MOD(a, b)", {"a": "7", "b": "3"}, "1"),
        ("MOD(a, b)", {"a": "-7", "b": "3"}, "2"),
        ("MOD(a, b)", {"a": "7", "b": "-3"}, "-2"),
        ("MOD(a, b)", {"a": "-7", "b": "-3"}, "-1"),
        ("MOD(a, b)", {"a": "6", "b": "-3"}, "0"),
        ("MOD(a, b)", {"a": "7.5", "b": "2"}, "1.5"),
        ("MOD(a, b)", {"a": "7", "b": "0"}, "!division"),
        ("MOD(a, b)", {"a": None, "b": "0"}, None),
        ("MOD(a, b)", {"a": BIG, "b": "0.000000000017"}, "0.000000000012"),
        ("MOD(a, b)", {"a": "-" + TINY, "b": BIG}, "999999999999999998.999999999999"),
    ],
    "IF": [
        ("IF(a >= 100, 500, 0)", {"a": "100"}, "500"),
        ("IF(a >= 100, 500, 0)", {"a": "99.99"}, "0"),
        ("IF(a >= 100, 500, 0)", {"a": None}, None),
        ("IF(b = 0, 0, a / b)", {"a": "1", "b": "0"}, "0"),
        ("IF(b = 0, a / b, 7)", {"a": "1", "b": "0"}, "!division"),
        ("IF(a / b > 1, 1, 2)", {"a": "1", "b": "0"}, "!division"),
        ("IF(p, a, b)", {"p": "TRUE", "a": None, "b": "1"}, None),
        ("IF(p, a, b)", {"p": "FALSE", "a": "!no_data", "b": "1"}, "1"),
        ("IF(p, a, b)", {"p": None, "a": "!no_data", "b": "1"}, None),
        ("IF(p, a, b)", {"p": "!no_data", "a": "1", "b": "1"}, "!no_data"),
        ("IF(p, s, t)", {"p": "TRUE", "s": "yes", "t": "no"}, "yes"),
        ("IF(p, d, e)", {"p": "FALSE", "d": "2026-01-01", "e": "2026-02-02"}, "2026-02-02"),
        ("IF(p, q, FALSE)", {"p": "TRUE", "q": "TRUE"}, "TRUE"),
        ("IF(IF(p, q, FALSE), 1, 2)", {"p": "TRUE", "q": None}, None),
        ("if(A>1,If(a>2,3,2),1)", {"a": "2.5"}, "3"),
    ],
    "IFS": [
        ("IFS(a >= 200, 900, a >= 100, 500, TRUE, 0)", {"a": "250"}, "900"),
        ("IFS(a >= 200, 900, a >= 100, 500, TRUE, 0)", {"a": "150"}, "500"),
        ("IFS(a >= 200, 900, a >= 100, 500, TRUE, 0)", {"a": "50"}, "0"),
        ("IFS(a >= 200, 900, a >= 100, 500)", {"a": "50"}, "!no_condition"),
        ("IFS(a >= 200, 900, b >= 100, 500, TRUE, 0)", {"a": None, "b": "150"}, None),
        ("IFS(a >= 200, 900, b >= 100, 500, TRUE, 0)", {"a": "300", "b": None}, "900"),
        ("IFS(a > 0, 1, 1 / a > 0, 2, TRUE, 3)", {"a": "0"}, "!division"),
        ("IFS(a = 0, 1, 1 / a > 0, 2, TRUE, 3)", {"a": "0"}, "1"),
        ("IFS(p, s)", {"p": "FALSE", "s": "x"}, "!no_condition"),
        ("IFS(TRUE, a)", {"a": "4"}, "4"),
        ("IFS(p, 1 / 0, TRUE, 2)", {"p": "FALSE"}, "2"),
    ],
    "AND": [
        ("AND(p, q)", {"p": "TRUE", "q": "TRUE"}, "TRUE"),
        ("AND(p, q)", {"p": "TRUE", "q": "FALSE"}, "FALSE"),
        ("AND(p, q)", {"p": "FALSE", "q": None}, "FALSE"),
        ("AND(p, q)", {"p": None, "q": "FALSE"}, "FALSE"),
        ("AND(p, q)", {"p": None, "q": "TRUE"}, None),
        ("AND(p, q)", {"p": None, "q": None}, None),
        ("AND(p)", {"p": "TRUE"}, "TRUE"),
        ("AND(p, q)", {"p": "FALSE", "q": "!no_data"}, "FALSE"),
        ("AND(p, q)", {"p": "!no_data", "q": "FALSE"}, "!no_data"),
        ("AND(p, q)", {"p": None, "q": "!no_data"}, "!no_data"),
        ("AND(p, q)", {"p": "TRUE", "q": "!no_data"}, "!no_data"),
        ("AND(b <> 0, a / b > 1)", {"a": "3", "b": "0"}, "FALSE"),
        ("AND(b <> 0, a / b > 1)", {"a": "3", "b": "2"}, "TRUE"),
        ("AND(a > 0, b > 0, c > 0)", {"a": "1", "b": None, "c": "-1"}, "FALSE"),
    ],
    "OR": [
        ("OR(p, q)", {"p": "FALSE", "q": "FALSE"}, "FALSE"),
        ("OR(p, q)", {"p": "FALSE", "q": "TRUE"}, "TRUE"),
        ("OR(p, q)", {"p": None, "q": "TRUE"}, "TRUE"),
        ("OR(p, q)", {"p": None, "q": "FALSE"}, None),
        ("OR(p, q)", {"p": "TRUE", "q": "!no_data"}, "TRUE"),
        ("OR(p, q)", {"p": "!no_data", "q": "TRUE"}, "!no_data"),
        ("OR(p, q)", {"p": None, "q": "!no_data"}, "!no_data"),
        ("OR(b = 0, a / b > 1)", {"a": "3", "b": "0"}, "TRUE"),
        ("OR(AND(a > 1, 1 / b > 1), p)", {"a": "2", "b": "0", "p": "TRUE"}, "!division"),
        ("OR(AND(a > 1, 1 / b > 1), p)", {"a": "0", "b": "0", "p": "TRUE"}, "TRUE"),
    ],
    "NOT": [
        ("NOT(p)", {"p": "TRUE"}, "FALSE"),
        ("NOT(p)", {"p": None}, None),
        ("NOT(a > 1)", {"a": "0"}, "TRUE"),
        ("NOT(1 / a > 1)", {"a": "0"}, "!division"),
    ],
    "CHOOSE": [
        ("CHOOSE(n, 10, 20, 30)", {"n": "2"}, "20"),
        ("CHOOSE(n, 10, 20, 30)", {"n": "0"}, "!choose"),
        ("CHOOSE(n, 10, 20, 30)", {"n": "4"}, "!choose"),
        ("CHOOSE(n, 10, 20, 30)", {"n": "1.5"}, "!choose"),
        ("CHOOSE(n, 10, 20, 30)", {"n": None}, None),
        ("CHOOSE(n, a, 1 / a)", {"n": "1", "a": "0"}, "0"),
        ("CHOOSE(n, a, 1 / a)", {"n": "2", "a": "0"}, "!division"),
        ('CHOOSE(n, "x", s)', {"n": "2", "s": None}, None),
        ("CHOOSE(n / a, 1)", {"n": "2", "a": "0"}, "!division"),
    ],
    "DEFAULT": [
        ("DEFAULT(a, 0)", {"a": None}, "0"),
        ("DEFAULT(a, 0)", {"a": "5"}, "5"),
        ("DEFAULT(a, b)", {"a": None, "b": None}, None),
        ("DEFAULT(a, 0)", {"a": "!no_data"}, "!no_data"),
        ("DEFAULT(a, 1 / 0)", {"a": "5"}, "5"),
        ("DEFAULT(a, 1 / b)", {"a": None, "b": "0"}, "!division"),
        ("DEFAULT(a / b, 1)", {"a": "1", "b": "0"}, "!division"),
        ("DEFAULT(a + b, 7)", {"a": None, "b": "0"}, "7"),
        ('DEFAULT(s, "none")', {"s": None}, "none"),
        ("DEFAULT(p, FALSE)", {"p": None}, "FALSE"),
    ],
    "ISBLANK": [
        ("ISBLANK(a)", {"a": None}, "TRUE"),
        ("ISBLANK(a)", {"a": "0"}, "FALSE"),
        ("ISBLANK(s)", {"s": ""}, "FALSE"),
        ("ISBLANK(d)", {"d": None}, "TRUE"),
        ("ISBLANK(a)", {"a": "!no_data"}, "!no_data"),
        ("ISBLANK(1 / a)", {"a": "0"}, "!division"),
        ("IF(ISBLANK(a), 0, a * 2)", {"a": None}, "0"),
    ],
    "=": [
        ("a = b", {"a": "1.50", "b": "1.5"}, "TRUE"),
        ("a = b", {"a": None, "b": None}, None),
        ('s = "North"', {"s": "nORTH"}, "TRUE"),
        ("s = t", {"s": "straße", "t": "STRASSE"}, "TRUE"),
        ("s = t", {"s": "Σίσυφος", "t": "ΣΊΣΥΦΟΣ"}, "TRUE"),
        ("s = t", {"s": "é", "t": "É"}, "TRUE"),
        ("s = t", {"s": "x ", "t": "x"}, "FALSE"),
        ('s = ""', {"s": None}, None),
        ("d = DATE(2026, 5, 31)", {"d": "2026-05-31"}, "TRUE"),
        ("p = q", {"p": "TRUE", "q": "TRUE"}, "TRUE"),
        ("p = FALSE", {"p": None}, None),
        ('s = "50% off"', {"s": "50% OFF"}, "TRUE"),
    ],
    "<>": [
        ("a <> b", {"a": "1", "b": "2"}, "TRUE"),
        ("s <> t", {"s": "A", "t": "a"}, "FALSE"),
        ("a <> b", {"a": "1", "b": None}, None),
        ("p <> q", {"p": "TRUE", "q": "FALSE"}, "TRUE"),
    ],
    "<": [
        ("a < b", {"a": "-1", "b": "0"}, "TRUE"),
        ("s < t", {"s": "apple", "t": "Banana"}, "TRUE"),
        ("s < t", {"s": "Zebra", "t": "äpfel"}, "TRUE"),
        ("d < e", {"d": "2026-01-01", "e": "2026-01-02"}, "TRUE"),
        ("a < 1 / 0", {"a": None}, "!division"),
    ],
    "<=": [("a <= b", {"a": "2", "b": "2"}, "TRUE"), ("a <= b", {"a": "3", "b": "2"}, "FALSE")],
    ">": [
        ("a > b", {"a": "2", "b": "2"}, "FALSE"),
        ("d > e", {"d": "2026-01-03", "e": "2026-01-02"}, "TRUE"),
    ],
    ">=": [
        ("a >= b", {"a": "2", "b": "2"}, "TRUE"),
        ("1 / 3 + 1 / 3 + 1 / 3 >= 1", _NONE, "FALSE"),
        ("ROUND(1 / 3 + 1 / 3 + 1 / 3, 4) >= 1", _NONE, "TRUE"),
    ],
    "&": [
        ("s & t", {"s": "a", "t": "b"}, "ab"),
        ('s & "%s" & "%"', {"s": "a"}, "a%s%"),
        ("s & a", {"s": "x", "a": "1.500"}, "x1.5"),
        ('a & ""', {"a": "100"}, "100"),
        ('a & ""', {"a": TINY}, TINY),
        ('a / 3 & ""', {"a": "1"}, "0.333333333333"),
        ('d & ""', {"d": "2026-05-31"}, "2026-05-31"),
        ('p & ""', {"p": "TRUE"}, "TRUE"),
        ('p & q', {"p": "FALSE", "q": None}, None),
        ("s & t", {"s": None, "t": "b"}, None),
        ('"say ""hi"""', _NONE, 'say "hi"'),
        ("\"it's {0} \\ ; --\"", _NONE, "it's {0} \\ ; --"),
        ("s & 1 / a", {"s": "x", "a": "0"}, "!division"),
    ],
    "DATE": [
        ("DATE(2026, 5, 31)", _NONE, "2026-05-31"),
        ("DATE(2024, 2, 29)", _NONE, "2024-02-29"),
        ("DATE(2026, 2, 29)", _NONE, "!date"),
        ("DATE(a, b, c)", {"a": "2024", "b": "2", "c": "29"}, "2024-02-29"),
        ("DATE(a, b, c)", {"a": "2026", "b": "2", "c": "29"}, "!date"),
        ("DATE(a, b, c)", {"a": "2026", "b": "13", "c": "1"}, "!date"),
        ("DATE(a, b, c)", {"a": "2026", "b": "4", "c": "31"}, "!date"),
        ("DATE(a, b, c)", {"a": "2026", "b": "4", "c": "1.5"}, "!date"),
        ("DATE(a, b, c)", {"a": "26", "b": "4", "c": "1"}, "!date"),
        ("DATE(a, b, c)", {"a": "9999", "b": "12", "c": "31"}, "9999-12-31"),
        ("DATE(a, b, c)", {"a": BIG, "b": BIG, "c": "-" + BIG}, "!date"),
        ("DATE(a, b, 1)", {"a": "2026", "b": None}, None),
        ("DATE(a, b, 99)", {"a": None, "b": "1"}, None),
        ("DATE(2026, 6, 1) - DATE(2026, 5, 1)", _NONE, "31"),
    ],
    "PRORATE": [
        ("PRORATE(500)", {"prorate": "0.5"}, "250"),
        ("PRORATE(a)", {"a": "100", "prorate": "0.666666666667"}, "66.6666666667"),
        ("PRORATE(a)", {"a": None, "prorate": "0.5"}, None),
        ("PRORATE(a)", {"a": "1", "prorate": None}, None),
        ("PRORATE(a / 0)", {"a": "1", "prorate": "1"}, "!division"),
    ],
    "ATTAINMENT": [
        ("IF(ATTAINMENT(sales) >= 100%, 500, 0)", {"attainment sales": "1"}, "500"),
        ("ATTAINMENT(sales) * 100", {"attainment sales": None}, None),
        ("ATTAINMENT(sales) * 100", {"attainment sales": "!zero_goal"}, "!zero_goal"),
    ],
    "GOAL": [
        ("MAX(sales - GOAL(sales), 0) * 10", {"sales": "120", "goal sales": "100"}, "200"),
        ("sales / GOAL(sales)", {"sales": "120", "goal sales": "0"}, "!division"),
    ],
    "FACT": [
        ("FACT(base) * 10%", {"fact base": "3000"}, "300"),
        ('FACT("BASE") * 10%', {"fact base": "3000"}, "300"),
        ('FACT(grade) = "b"', {"fact grade": "B"}, "TRUE"),
        ("FACT(hired) < DATE(2026, 1, 1)", {"fact hired": "2025-12-31"}, "TRUE"),
        ("IF(FACT(licensed), 1, 0)", {"fact licensed": None}, None),
    ],
    "TENURE": [
        ("IF(TENURE() < 3, 300, 0)", {"tenure": "2"}, "300"),
        ("TENURE()", {"tenure": None}, None),
    ],
    "PRIOR": [
        ("sales - PRIOR(sales, 1)", {"sales": "120", "prior sales 1": "100"}, "20"),
        ("PRIOR(Sales, 12)", {"prior sales 12": None}, None),
        ("DEFAULT(PRIOR(sales, 2), 0)", {"prior sales 2": None}, "0"),
        ("PRIOR(sales, 02) + 1", {"prior sales 2": "!no_data"}, "!no_data"),
    ],
    "YTD": [
        ("TIER(YTD(sales), step)", {"ytd sales": "108000"}, "4480"),
        ("YTD(sales) - sales", {"ytd sales": "500", "sales": "120"}, "380"),
        ("YTD(sales)", {"ytd sales": None}, None),
    ],
    "QTD": [
        ("IF(QTD(sales) >= 300, 500, 0)", {"qtd sales": "300"}, "500"),
        ("QTD(sales)", {"qtd sales": "!no_data"}, "!no_data"),
    ],
    "RANK": [
        ("IF(RANK(sales, unit) <= 3, 500, 0)", {"rank sales unit": "3"}, "500"),
        ("RANK(sales)", {"rank sales plan": "2"}, "2"),
        ("RANK(sales, PLAN)", {"rank sales plan": "2"}, "2"),
        ("RANK(bonus, job_type)", {"rank c.bonus job_type": "7"}, "7"),
        ("IF(RANK(sales) = 1, 300, 0)", {"rank sales plan": None}, None),
    ],
    "TIES": [
        ("300 / TIES(sales)", {"ties sales plan": "2"}, "150"),
        ("TIES(bonus, unit)", {"ties c.bonus unit": None}, None),
    ],
    "SHARE": [
        ("1000 * SHARE(sales, unit)", {"share sales unit": "0.333333333333"}, "333.333333333"),
        ("SHARE(bonus)", {"share c.bonus plan": "!division"}, "!division"),
    ],
    "EARNED": [
        ("EARNED(bonus) * 10%", {"earned bonus": "250.50"}, "25.05"),
        ("EARNED(SPIFF.prize)", {"earned spiff.prize": "30"}, "30"),
        ('EARNED("spiff.prize")', {"earned spiff.prize": None}, None),
        ("EARNED(bonus) + 1", {"earned bonus": "!no_rate"}, "!no_rate"),
    ],
    "RUNNING": [
        ("RUNNING(sales) + a", {"running sales": "90000", "a": "18000"}, "108000"),
        ("RUNNING(sales)", {"running sales": None}, None),
    ],
    "COUNT": [
        ("IF(COUNT(payment) > 0, 0, 50)", {"count payment": "0"}, "50"),
        ("COUNT(Payment)", {"count payment": "3"}, "3"),
    ],
    "SUM": [
        ("SUM(payment.amount) / a", {"sum payment.amount": "600", "a": "1000"}, "0.6"),
        ("SUM(payment.amount) / a", {"sum payment.amount": "0", "a": "0"}, "!division"),
    ],
    "FIRST": [
        ("NOT(ISBLANK(FIRST(payment.paid)))", {"first payment.paid": "2026-06-12"}, "TRUE"),
        ("NOT(ISBLANK(FIRST(payment.paid)))", {"first payment.paid": None}, "FALSE"),
        ("FIRST(payment.amount) * 2", {"first payment.amount": "70"}, "140"),
        ("IF(FIRST(payment.final), 1, 2)", {"first payment.final": "TRUE"}, "1"),
    ],
    "LAST": [
        ("LAST(payment.paid) - d", {"last payment.paid": "2026-06-12", "d": "2026-06-01"}, "11"),
        ('LAST(payment.bank) = "north"', {"last payment.bank": "North"}, "TRUE"),
        ("LAST(payment.paid)", {"last payment.paid": None}, None),
    ],
    "TRUE": [("TRUE", _NONE, "TRUE"), ("true()", _NONE, "TRUE"), ("NOT(False)", _NONE, "TRUE")],
}  # fmt: skip

ROWS: tuple[Row, ...] = tuple(
    Row(about, *row) for about, rows in {**_ROWS, **TABLE_ROWS}.items() for row in rows
)
