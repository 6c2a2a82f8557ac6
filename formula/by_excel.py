"""The emitters of the Excel engine: the same meaning as ``by_decimal``, as text for a spreadsheet.

Each returns a :class:`~formula.cells.Part`. They use only what every spreadsheet program has had
for twenty years, and nothing that depends on the language of whoever opens the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import cast

from formula.cells import NO_DATA, UNDEFINED, Part, Working, made
from formula.numbers import CONTEXT, LARGEST_EXPONENT, PLACES
from formula.tables import CurveTable, MatrixTable, StepTable, Table
from formula.values import BOOLEAN, DATE, NUMBER, Type, Value

Emitter = Callable[[Working, Sequence[Part], Sequence[Type], Table | None], Part]
_Parts = Sequence[Part]
_Types = Sequence[Type]


def rounded(pattern: str) -> Emitter:
    """An operation on numbers: ``{0} * {1}``, rounded."""

    def emitter(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
        return w.strict(parts, lambda *texts: w.rounded(pattern.format(*texts)))

    return emitter


def simple(pattern: str) -> Emitter:
    """An operation whose result needs no rounding."""

    def emitter(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
        return w.strict(parts, lambda *texts: pattern.format(*texts))

    return emitter


def same(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    return parts[0]


def subtract(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    way = simple("({0}-{1})") if types[0] is DATE else rounded("{0}-{1}")
    return way(w, parts, types, table)


def divide(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    found = rounded("{0}/{1}")(w, parts, types, table)
    divisor = parts[1].constant
    return found if divisor else made([found], found.text, fails=True)


def percent(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    number = parts[0].constant
    if isinstance(number, Decimal) and number == number.to_integral_value():
        return Part(f"{parts[0].text}%", light=True, constant=w.result)
    return rounded("{0}/100")(w, parts, types, table)


def power(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    base, exponent = (w.light(part) for part in parts)
    if isinstance(exponent.constant, Decimal) and exponent.constant in (1, 2, 3, 4, 5, 6, 12):
        return rounded("POWER({0},{1})")(w, (base, exponent), types, table)

    def text(a: str, b: str) -> str:
        silly = f"OR({b}<>INT({b}),ABS({b})>{LARGEST_EXPONENT},AND({a}=0,{b}<=0))"
        return f"IF({silly},{UNDEFINED},{w.rounded(f'POWER({a},{b})')})"

    found = w.strict((base, exponent), text)
    return made([found], found.text, fails=True)


def modulo(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    a, b = (w.light(part) for part in parts)
    # A quotient that is whole but for the last digits of a double is whole.
    found = w.strict((a, b), lambda x, y: w.rounded(f"{x}-{y}*INT(ROUND({x}/{y},9))"))
    return made([found], found.text, fails=True)


def rounding(function: str) -> Emitter:
    def emitter(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
        number = parts[0]
        if len(parts) == 1:
            return w.strict((number,), lambda x: f"{function}({x},0)")
        places = w.light(parts[1])
        known = places.constant
        if isinstance(known, Decimal) and known == int(known) and abs(known) <= PLACES:
            return w.strict((number,), lambda x: f"{function}({x},{int(known)})")

        def text(x: str, n: str) -> str:
            silly = f"OR({n}<>INT({n}),ABS({n})>{PLACES})"
            return f"IF({silly},{UNDEFINED},{function}({x},{n}))"

        found = w.strict((number, places), text)
        return made([found], found.text, fails=True)

    return emitter


def extreme(function: str) -> Emitter:
    def emitter(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
        return w.strict(parts, lambda *texts: f"{function}({','.join(texts)})")

    return emitter


def day(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    if all(isinstance(part.constant, Decimal) for part in parts) and w.result is not None:
        return Part(f"DATE({','.join(part.text for part in parts)})", light=True)
    light = [w.light(part) for part in parts]

    def text(y: str, m: str, d: str) -> str:
        whole = f"{y}=INT({y}),{m}=INT({m}),{d}=INT({d})"
        within = f"{y}>=1900,{y}<=9999,{m}>=1,{m}<=12,{d}>=1,{d}<=31"
        found = f"DATE({y},{m},{d})"
        right = f"IF(DAY({found})={d},{found},{UNDEFINED})"
        return f"IF(AND({whole},{within}),{right},{UNDEFINED})"

    found = w.strict(light, text)
    return made([found], found.text, fails=True)


# -- text and comparison ------------------------------------------------------------------------


def _as_text(text: str, kind: Type) -> str:
    if kind is NUMBER:  # the decimal sign is that of whoever opens the file
        return f'SUBSTITUTE({text}&"",MID(0.5&"",2,1),".")'
    if kind is BOOLEAN:
        return f'IF({text},"TRUE","FALSE")'
    if kind is DATE:
        ends = "&".join(f'"-"&RIGHT("0"&{part}({text}),2)' for part in ("MONTH", "DAY"))
        return f"YEAR({text})&{ends}"
    return text


def join(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    light = [
        w.light(part) if kind is DATE else part for part, kind in zip(parts, types, strict=True)
    ]

    def text(*texts: str) -> str:
        pairs = zip(texts, types, strict=True)
        return f"({'&'.join(_as_text(text, kind) for text, kind in pairs)})"

    return w.strict(light, text)


# -- decisions ----------------------------------------------------------------------------------


def if_(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    condition, then, otherwise = parts
    if not condition.blank:
        return made(parts, f"IF({condition.text},{then.text},{otherwise.text})")
    condition = w.light(condition)
    taken = f"IF({condition.text},{then.text},{otherwise.text})"
    return made(parts, f"IF({condition.text}={NO_DATA},{NO_DATA},{taken})")


def ifs(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    result = Part(UNDEFINED, fails=True, light=True)
    for position in range(len(parts) - 2, -1, -2):
        condition, value = parts[position], parts[position + 1]
        if condition.constant is True:
            result = value
        else:
            result = if_(w, (condition, value, w.short(result)), types, table)
    return result


def deciding(decided_by: bool) -> Emitter:
    def emitter(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
        function, value = ("OR", "TRUE()") if decided_by else ("AND", "FALSE()")
        if not any(part.blank or part.fails for part in parts):
            return made(parts, f"{function}({','.join(part.text for part in parts)})")
        light = [w.light(part) for part in parts]
        blanks = [f"{part.text}={NO_DATA}" for part in light if part.blank]
        last = "FALSE()" if decided_by else "TRUE()"
        text = f"IF(OR({','.join(blanks)}),{NO_DATA},{last})" if blanks else last
        for part in reversed(light):
            text = f"IF({part.text}={value},{value},{text})"
        return made(light, text)

    return emitter


def choose(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    position, choices = w.light(parts[0]), parts[1:]
    at = position.text
    within = f"AND({at}=INT({at}),{at}>=1,{at}<={len(choices)})"
    taken = f"CHOOSE({at},{','.join(part.text for part in choices)})"
    text = f"IF({within},{taken},{UNDEFINED})"
    if position.blank:
        text = f"IF({at}={NO_DATA},{NO_DATA},{text})"
    return made((position, *choices), text, fails=True)


def default(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    first, second = parts
    if not first.blank:
        return first
    if first.text == NO_DATA:
        return second
    first = w.light(first)
    text = f"IF({first.text}={NO_DATA},{second.text},{first.text})"
    found = made(parts, text)
    return Part(text, blank=second.blank, fails=found.fails, depth=found.depth)


def is_blank(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    part = parts[0]
    if not part.blank and not part.fails:
        return Part("FALSE()", light=True)
    return Part(f"({part.text}={NO_DATA})", fails=part.fails, depth=part.depth + 1)


# -- tables -------------------------------------------------------------------------------------


def _tier(w: Working, table: StepTable, x: str, value: Value | None) -> str:
    """Each slice at its own rate: the first rate throughout, then what each bound adds to it."""
    at = w.ranges(table)
    text = f"({x}-{at['first']})*{at['first rate']}"
    if len(table.bounds) > 1:
        over = f"({x}>{at['bounds']})*({x}-{at['bounds']})*{at['increments']}"
        text += f"+SUMPRODUCT({over})"
    if table.bounds[0] == 0:
        text = text.replace(f"({x}-{at['first']})", x, 1)
    text = w.rounded(text, value)
    return f"IF({x}<{at['first']},0,{text})" if table.below_nothing else text


def tier(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    part = w.light(parts[0])
    return w.strict((part,), lambda x: _tier(w, cast(StepTable, table), x, w.result))


def slice_(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    steps = cast(StepTable, table)
    before, amount = (w.light(part) for part in parts)
    both = lower = upper = None
    start, more = w.values
    if isinstance(start, Decimal) and isinstance(more, Decimal) and w.result is not None:
        both = CONTEXT.add(start, more)
        lower, upper = (steps.tier(x)[0] for x in (start, both))
    after = w.strict((before, amount), lambda a, b: w.rounded(f"{a}+{b}", both))
    after = w.light(after)
    one = w.strict((after,), lambda x: _tier(w, steps, x, upper))
    other = w.strict((before,), lambda x: _tier(w, steps, x, lower))
    return rounded("{0}-{1}")(w, (w.short(one), w.short(other)), types, table)


def rate(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    steps, part = cast(StepTable, table), w.light(parts[0])
    at = w.ranges(table)

    def text(x: str) -> str:
        row = _row(x, at["all bounds"], upper=steps.upper)
        found = f"INDEX({at['rates']},MAX(1,{row}))"
        return f"IF({x}<{at['first']},0,{found})" if steps.below_nothing else found

    return w.strict((part,), text)


def _row(x: str, bounds: str, *, upper: bool) -> str:
    """How many bounds a value has reached: the number of its row."""
    return f"SUMPRODUCT(--({bounds}{'<=' if upper else '<'}{x}))"


def curve(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    points, part, at = cast(CurveTable, table), w.light(parts[0]), w.ranges(table)
    ends = [f"INDEX({at['xs']},{n})" for n in (1, len(points.points))]
    values = [f"INDEX({at['ys']},{n})" for n in (1, len(points.points))]
    row = made(
        [part], f"MAX(1,MIN({len(points.points) - 1},{_row(part.text, at['xs'], upper=True)}))"
    )
    n = w.light(row).text

    def text(x: str) -> str:
        x0, x1, y0, y1 = (f"INDEX({at[r]},{n}{by})" for r in ("xs", "ys") for by in ("", "+1"))
        rise = w.rounded(f"({x}-{x0})*({y1}-{y0})/({x1}-{x0})")
        line = w.rounded(f"{y0}+{rise}")
        text = f"IF({x}<={ends[0]},{values[0]},IF({x}>={ends[1]},{values[1]},{line}))"
        if points.strict:
            text = f"IF(OR({x}<{ends[0]},{x}>{ends[1]}),{UNDEFINED},{text})"
        return text

    found = w.strict((part,), text)
    return made([found], found.text, fails=points.strict)


def matrix(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    grid, at = cast(MatrixTable, table), w.ranges(table)
    keys = [w.light(part) for part in parts]
    places = []
    for key, axis, name in zip(keys, (grid.rows, grid.columns), ("rows", "columns"), strict=True):
        if axis.keys:
            place = _place_of(key.text, at[name], across=name == "columns")
        else:
            first = f"INDEX({at[name]},1)"
            row = f"MAX(1,{_row(key.text, at[name], upper=grid.upper)})"
            place = f"IF({key.text}<{first},0,{row})"
        places.append(w.light(made([key], place)).text)
    row, column = places

    def cell(*_: str) -> str:
        return f"IF({row}*{column}=0,{UNDEFINED},INDEX({at['cells']},{row},{column}))"

    found = w.strict(keys, cell)
    return made([found], found.text, fails=True)


def lookup(w: Working, parts: _Parts, types: _Types, table: Table | None) -> Part:
    at, key = w.ranges(table), w.light(parts[0])
    row = w.light(made([key], _place_of(key.text, at["keys"]))).text
    otherwise = parts[1] if len(parts) > 1 else Part(UNDEFINED, fails=True)
    text = f"IF({row}=0,{otherwise.text},INDEX({at['values']},{row}))"
    if key.blank:
        text = f"IF({key.text}={NO_DATA},{NO_DATA},{text})"
    return made((key, otherwise), text)


def _place_of(key: str, keys: str, *, across: bool = False) -> str:
    """The place of a key among keys, 0 where it is none of them; no wildcards, as MATCH has."""
    count = "COLUMN" if across else "ROW"
    return f"SUMPRODUCT(({keys}={key})*({count}({keys})-MIN({count}({keys}))+1))"
