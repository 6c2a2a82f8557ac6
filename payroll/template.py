"""Small texts with fields in them: ``PR{company|pad 3 _}EPI.csv``, ``{period_end|MMDD}``.

A field in braces stands for its value. After ``|`` comes how it is written: letters of a date
(YYYY, YY, MM, DD with anything between), ``pad 3 _`` to fill up to 3 characters with ``_`` at the
end, or ``lead 6 0`` to fill up to 6 with ``0`` at the beginning. Nothing else can be asked of a
value, so a template reads nothing that it was not given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?:\|([^{}]*))?\}")
FILL = re.compile(r"(pad|lead) (\d{1,3}) (.)")
DATE_LETTERS = re.compile(r"YYYY|YY|MM|DD")


def names_in(template: str) -> list[str]:
    """The fields that a template names."""
    return [match[1] for match in FIELD.finditer(template)]


def problem_of(template: str) -> str:
    """What is wrong with a template, in words; empty when nothing is."""
    rest = FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        return f"“{template}” has a brace without its fellow; write fields as {{payroll_id}}"
    for match in FIELD.finditer(template):
        how = match[2]
        if how is not None and not FILL.fullmatch(how) and not DATE_LETTERS.search(how):
            return (
                f"“{how}” in “{template}” is neither letters of a date such as MMDD nor a filling "
                "such as “pad 3 _” or “lead 6 0”"
            )
    return ""


def fill_in(template: str, values: Mapping[str, Any], *, date_format: str = "YYYY-MM-DD") -> str:
    """The template with its fields replaced; ``date_format`` is for dates that say nothing."""

    def replaced(match: re.Match[str]) -> str:
        value, how = values[match[1]], match[2]
        if isinstance(value, date):
            return write_date(value, how or date_format)
        return _filled("" if value is None else str(value), how)

    return FIELD.sub(replaced, template)


def write_date(day: date, letters: str) -> str:
    """A day as ``YYYY``, ``YY``, ``MM`` and ``DD`` say, with everything else kept."""
    parts = {
        "YYYY": f"{day.year:04}",
        "YY": f"{day.year % 100:02}",
        "MM": f"{day.month:02}",
        "DD": f"{day.day:02}",
    }
    return DATE_LETTERS.sub(lambda match: parts[match[0]], letters)


def _filled(text: str, how: str | None) -> str:
    filling = FILL.fullmatch(how or "")
    if filling is None:
        return text
    side, width, fill = filling.groups()
    return text.ljust(int(width), fill) if side == "pad" else text.rjust(int(width), fill)
