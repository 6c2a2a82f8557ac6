"""The cast of the tests of ingest; each test runs inside its tenant."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest

from org.tenancy import enter
from tests.conftest import Kept
from tests.metrics.cast import Cast, make_cast
from tests.metrics.deals import Deals, make_deals


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


@pytest.fixture(scope="module")
def made_deals(kept: Kept) -> Iterator[Deals]:
    """The sales department, made once for the tests of a module."""
    with kept():
        cast = make_cast()
        with enter(cast.tenant.pk):
            made = make_deals(cast)
        yield made


@pytest.fixture
def deals(made_deals: Deals, db: None) -> Iterator[Deals]:
    """The sales department, with its tenant entered."""
    deals = deepcopy(made_deals)
    with enter(deals.cast.tenant.pk):
        yield deals
