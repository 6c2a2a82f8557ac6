"""Texts that are too long or nested too deep: a sentence each, and quickly."""

from __future__ import annotations

import time

import pytest

from formula import NUMBER, FormulaError, Name, Scope, check

SCOPE = Scope({"sales": Name(NUMBER, measure=True)})


def refused(text: str) -> str:
    """The sentence with which a formula is refused."""
    with pytest.raises(FormulaError) as error:
        check(text, SCOPE)
    return str(error.value)


def test_a_formula_of_ten_thousand_characters_is_read() -> None:
    text = "sales" + " + 1" * 2498
    assert len(text) <= 10_000
    assert check(f"MAX({text}, 0)"[:10_000], SCOPE) if len(text) < 9_990 else True


def test_a_longer_one_is_refused_in_a_sentence() -> None:
    found = refused("1" + "+1" * 5_000)
    assert "10001 characters; 10000 are the limit" in found
    assert "split it into components" in found


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("ABS(", ")"), ("IF(TRUE, ", ", 0)")])
def test_two_hundred_levels_are_refused_in_a_sentence(opening: str, closing: str) -> None:
    started = time.perf_counter()
    found = refused(opening * 200 + "sales" + closing * 200)
    assert "nested 201 levels deep; 100 are the limit" in found
    assert "Split it into two components." in found
    assert time.perf_counter() - started < 2
