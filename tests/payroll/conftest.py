"""A tenant that pays two groups monthly, with a plan; tests run inside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from org.tenancy import enter
from tests.payroll.cast import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, with its tenant entered."""
    cast = make_cast()
    with enter(cast.tenant.pk, through="a test"):
        yield cast
