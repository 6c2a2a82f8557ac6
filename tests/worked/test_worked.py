"""Published calculations, through the commands, to the cent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worked.book import Book, total
from tests.worked.reading import names

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", names())
def test_pays_what_was_published(name: str, tmp_path: Path) -> None:
    book = Book(name, tmp_path)
    results = book.work()
    wrong = {}
    for example in book.examples:
        paid = [total(results, way) for way in example.looked_for]
        paid += [total(results, way) for way, _ in example.beside]
        wanted = example.paid_here + [amount for _, amount in example.beside]
        if paid != wanted:
            wrong[example.id] = (paid, wanted)
    assert wrong == {}
