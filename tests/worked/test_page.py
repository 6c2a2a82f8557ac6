"""The page about published calculations says what the files say."""

from __future__ import annotations

from tests.worked.page import HEADINGS, PAGE, page, twice
from tests.worked.reading import examples, names


def test_the_page_is_what_the_files_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.worked.page writes it anew"
    assert sorted(HEADINGS) == names()


def test_each_calculation_stands_once() -> None:
    assert twice() == []


def test_whatever_pays_differently_says_why_and_comes_from_a_source_that_contradicts_itself() -> (
    None
):
    every = [one for name in names() for one in examples(name)]
    assert [one.id for one in every if bool(one.differs) == one.consistent] == []
    assert [one.id for one in every if one.differs and not one.differs["why"].strip()] == []
