"""One served demo and one browser for all of these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, StorageState

from tests import migrated
from tests.browser import chromium
from tests.browser.chromium import ORGANISATION
from tests.browser.site import Site, demo_site

SignedIn = dict[tuple[str, str], StorageState]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, served."""
    owner, app = (connections[alias].settings_dict for alias in ("owner", "default"))
    template = migrated.ensure(owner, app)
    with demo_site(tmp_path_factory.mktemp("site"), template=template) as served:
        yield served


@pytest.fixture(scope="session")
def running() -> Iterator[Browser]:
    """The browser."""
    with chromium.browser() as started:
        yield started


@pytest.fixture(scope="session")
def signed_in() -> SignedIn:
    """What the browsers of those hold who have signed in once: by user and organisation."""
    return {}


@pytest.fixture
def window(site: Site, running: Browser, signed_in: SignedIn) -> Iterator[Callable[..., Page]]:
    """Opens the home of somebody who has signed in; at the end no page may have complained."""
    opened = []

    def open_for(user: str = "", *, at: str = ORGANISATION, **options: object) -> Page:
        held = signed_in.get((user, at))
        context, complaints = chromium.context_of(running, storage_state=held, **options)
        opened.append((context, complaints))
        context.set_default_timeout(15_000)
        page = context.new_page()
        if held is not None:
            page.goto(f"{site.address}/")
        elif user:
            chromium.sign_in(page, site, user, at=at)
            signed_in[user, at] = context.storage_state()
        return page

    yield open_for
    for context, _ in opened:
        context.close()
    assert [complaint for _, complaints in opened for complaint in complaints] == []
