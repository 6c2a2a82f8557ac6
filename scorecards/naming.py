"""How people are named where others look: by name, by initials, or not at all."""

from __future__ import annotations

import re

from scorecards.models.leaderboards import Names

NAMELESS = "–"
_WORDS = re.compile(r"[^\W\d_]+")


def is_reduced(*, how: str, known: bool = False, opted_out: bool = False) -> bool:
    """Whether somebody is shown by less than the name.

    ``known``: to somebody who may open the person's figures anyway, above all to the person.
    """
    return not known and (opted_out or how == Names.INITIALS)


def shown_name(name: str, *, how: str, known: bool = False, opted_out: bool = False) -> str:
    """The name as others may read it: whole, as initials, or a dash for who chose to be none."""
    if not is_reduced(how=how, known=known, opted_out=opted_out):
        return name
    return NAMELESS if opted_out else in_initials(name)


def in_initials(name: str) -> str:
    """``A. A.`` for Ann Abel, ``A.`` for Ann; a dash for a name without letters."""
    words = _WORDS.findall(name)
    return " ".join(f"{word[0].upper()}." for word in [*words[:1], *words[1:][-1:]]) or NAMELESS


def ordinal(number: int) -> str:
    """``14th``."""
    tail = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else tail}"
