"""The bank and the credit union, with passwords, and browsers in which nobody is signed in yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from org.models import AuditEntry
from org.tenancy import enter
from tests.web.cast import Cast, make_cast

PASSWORD = "correct horse battery"
SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _forget_tries(settings: Any) -> Iterator[None]:
    """How often somebody tried must not pass from one test to the next; hashes are made fast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def bank(db: None) -> Cast:
    """The tenant that the tests are about; its people have a password and an address."""
    cast = make_cast("bank")
    for name, user in cast.users.items():
        user.set_password(PASSWORD)
        user.email = f"{name}@bank.example"
        user.save()
    return cast


@pytest.fixture
def union(db: None) -> Cast:
    """Another tenant."""
    return make_cast("union")


@pytest.fixture
def sign_in(bank: Cast) -> SignIn:
    """A browser in which somebody of the bank has signed in with their password."""

    def open_for(name: str, **headers: str) -> Client:
        client = Client(**headers)  # type: ignore[arg-type]
        answer = client.post("/login/", {"login": f"{name}.bank", "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        return client

    return open_for


def actions(cast: Cast) -> list[str]:
    """What the audit trail of a tenant says was done, the oldest first."""
    with enter(cast.tenant.pk, through="a test"):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def text_of(answer: object) -> str:
    """A page as its reader sees it, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))  # type: ignore[attr-defined]
