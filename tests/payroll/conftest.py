"""A tenant that pays two groups monthly, with a plan; tests run inside it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest

from org.tenancy import enter
from tests.conftest import Kept
from tests.payroll.cast import Cast, make_cast


@pytest.fixture(scope="module")
def made(kept: Kept) -> Iterator[Cast]:
    """The cast, made once for the tests of a module."""
    with kept():
        yield make_cast()


@pytest.fixture
def cast(made: Cast, db: None) -> Iterator[Cast]:
    """The cast, with its tenant entered."""
    cast = deepcopy(made)
    with enter(cast.tenant.pk, through="a test"):
        yield cast
