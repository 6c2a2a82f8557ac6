"""The published calculations as workbooks: LibreOffice comes to the booked amounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from org.models import Tenant
from org.tenancy import enter
from tests.statement_books import everybody
from tests.worked.book import Book

pytestmark = [pytest.mark.django_db, pytest.mark.spreadsheet]


# Deals and their rounding, pools, amounts to date, curves; the demo has tiers, steps and matrices.
NAMES = [
    "months",
    *(pytest.param(name, marks=pytest.mark.long) for name in ("curves", "deals", "teams")),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_spreadsheet_comes_to_the_booked_amounts(name: str, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    book = Book(name, tmp_path / "files")
    book.work()
    tenant = Tenant.objects.get(code=name)
    with enter(tenant.pk):
        statements = everybody(tmp_path / "books", tenant)
        assert statements
        assert [line for one in statements for line in one.wrong()] == []
        assert sum(one.agreements() for one in statements) >= 2 * len(statements)
