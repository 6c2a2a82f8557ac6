"""The cast of the org tests: a bank, and a credit union whose rows must never show."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest

from org.tenancy import enter
from tests.conftest import Kept
from tests.factories import make_tenant
from tests.org.cast import Cast, make_cast


@pytest.fixture(scope="module")
def casts(kept: Kept) -> Iterator[dict[str, Cast]]:
    """Both tenants, made once for the tests of a module."""
    with kept():
        yield {code: cast_of(code) for code in ("union", "bank")}


def cast_of(code: str) -> Cast:
    tenant = make_tenant(code)
    with enter(tenant.pk, through="a test"):
        return make_cast(tenant)


@pytest.fixture
def union(casts: dict[str, Cast], db: None) -> Cast:
    """The tenant of the outsiders; it has people and units of the same codes."""
    return deepcopy(casts["union"])


@pytest.fixture
def bank(casts: dict[str, Cast], db: None) -> Iterator[Cast]:
    """The tenant that the tests are about, entered."""
    bank = deepcopy(casts["bank"])
    with enter(bank.tenant.pk, through="a test"):
        yield bank
