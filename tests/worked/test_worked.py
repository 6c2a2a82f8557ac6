"""Published calculations, through the commands, to the cent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worked.book import Book, amounts_of, beside, names

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", names())
def test_pays_what_was_published(name: str, tmp_path: Path) -> None:
    book = Book(name, tmp_path)
    book.take_in()
    results = book.calculate()
    paid = {example.id: amounts_of(example, results) for example in book.examples}
    wanted = {example.id: example.paid_here for example in book.examples}
    wrong = {key: (paid[key], wanted[key]) for key in wanted if paid[key] != wanted[key]}
    assert wrong == {}
    assert [
        pair for one in book.examples for pair in beside(one, results) if pair[0] != pair[1]
    ] == []
