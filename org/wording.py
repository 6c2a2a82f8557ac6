"""Days and periods of a sentence as people say them.

Sentences of the domain name days as 2026-06-30 and periods as monthly:2026-06, so that a command
can be written after them. Pages show them through :func:`said` (docs/adr/0224).
"""

from __future__ import annotations

import re
from datetime import date

from org.dates import in_words
from org.models import Period

# Not within a word, an address or a longer number, not what somebody typed (“2026-06-30”), and not
# an example of how to write one.
_NAMED = re.compile(
    r"(?<![\w“/:.-])(?<!like )(?<!such as )(?<!Example: )"
    r"(?:[A-Za-z]\w*:)?"
    r"(?:(?P<day>\d{4}-\d\d-\d\d)|(?P<month>\d{4}-\d\d)|(?P<other>\d{4}-(?:\d\d-[AB]|Q\d)))"
    r"(?![\w-])(?!”|\.\w)"
)


def said(text: str) -> str:
    """The sentence with “30 June 2026” for 2026-06-30 and “June 2026” for monthly:2026-06."""
    return _NAMED.sub(_in_words, text)


def period_name(period: Period) -> str:
    """“June 2026” for a month, else the period's code."""
    named = said(str(period))
    return period.code if named == str(period) else named


def _in_words(found: re.Match[str]) -> str:
    day, month, other = found.group("day", "month", "other")
    if other:
        return str(other)
    try:
        named = date.fromisoformat(day or f"{month}-01")
    except ValueError:
        return found.group()
    return in_words(named, named) if day else f"{named:%B %Y}"
