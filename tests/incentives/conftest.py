"""A tenant that every test of the engine works in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from org.models import Tenant
from org.tenancy import enter
from tests.factories import make_tenant


@pytest.fixture
def tenant(db: None) -> Iterator[Tenant]:
    """A customer organisation, entered."""
    made = make_tenant()
    with enter(made.pk, through="a test"):
        yield made
