"""The cast of the org tests: a bank, and a credit union whose rows must never show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from org.tenancy import enter
from tests.factories import make_tenant
from tests.org.cast import Cast, make_cast


@pytest.fixture
def union(db: None) -> Cast:
    """The tenant of the outsiders; it has people and units of the same codes."""
    tenant = make_tenant("union")
    with enter(tenant.pk):
        return make_cast(tenant)


@pytest.fixture
def bank(union: Cast) -> Iterator[Cast]:
    """The tenant that the tests are about, entered."""
    tenant = make_tenant("bank")
    with enter(tenant.pk):
        yield make_cast(tenant)
