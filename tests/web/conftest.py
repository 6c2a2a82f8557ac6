"""The bank, the credit union, and a browser for each of their people; it is 22 June 2026."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from org.models import User
from pmsite.signin.sessions import BEGAN, SEEN
from tests.conftest import Kept
from tests.web.cast import NOW, Cast, make_cast


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The day on which every page of these tests is opened."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def casts(kept: Kept) -> Iterator[dict[str, Cast]]:
    """Both tenants, made once for the tests of a module."""
    with kept():
        with time_machine.travel(NOW, tick=False):
            made = {code: make_cast(code) for code in ("bank", "union")}
        yield made


@pytest.fixture
def bank(casts: dict[str, Cast], db: None) -> Cast:
    """The tenant that the tests are about."""
    return deepcopy(casts["bank"])


@pytest.fixture
def union(casts: dict[str, Cast], db: None) -> Cast:
    """The tenant that must not show."""
    return deepcopy(casts["union"])


@pytest.fixture
def browser(bank: Cast, union: Cast) -> Callable[[str], Client]:
    """A browser with somebody logged in: of the bank; ``olga``, ``oda``: of the union; ``una``."""

    def open_for(name: str) -> Client:
        return signed_in(name, bank, union)

    return open_for


def signed_in(name: str, bank: Cast, union: Cast) -> Client:
    """A browser with somebody logged in, or nobody."""
    client = Client()
    if name in ("olga", "oda"):
        let_in(client, union.user("mia" if name == "olga" else "audrey"))
    elif name == "una":
        user, _ = User.objects.get_or_create(username="una")
        let_in(client, user)
    elif name:
        let_in(client, bank.user(name))
    return client


def let_in(client: Client, user: User) -> None:
    """Give a browser the session of somebody, by one row; signing in itself writes many."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[BEGAN] = session[SEEN] = int(timezone.now().timestamp())
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
