"""Bad input on pages: each is answered by the sentence that docs/bad-input.md promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.bad_input.promised import PAGES, promised
from tests.web.bad_input_cases import CASES, make_desk
from tests.web.cast import Cast


def test_the_page_lists_the_cases() -> None:
    assert list(promised(PAGES)) == list(CASES)


@pytest.mark.parametrize("title", CASES)
def test_a_sentence(browser: Callable[[str], Client], bank: Cast, title: str) -> None:
    said = CASES[title](make_desk(browser, bank))
    assert " ".join(promised(PAGES)[title].split()) in said
