"""The system's Chromium under Playwright, talking to nothing but this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.site import Site

PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ORGANISATION = "Brackwater Bank"


def executable() -> Path | None:
    """Where the system keeps its Chromium, if it has one."""
    return next((Path(place) for place in PLACES if Path(place).exists()), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that ends with the block."""
    place = executable()
    if place is None:
        raise RuntimeError("There is no Chromium here: apt-get install chromium.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(place), args=ARGUMENTS)
        try:
            yield started
        finally:
            started.close()


def context_of(running: Browser, **options: Any) -> tuple[BrowserContext, list[str]]:
    """A window of its own, and the complaints that its pages make."""
    context = running.new_context(**options)
    complaints: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{page.url}: {said.text}")
                if said.type == "error" and "status of 4" not in said.text
                else None
            ),
        )

    context.on("page", listen)
    return context, complaints


def sign_in(page: Page, site: Site, user: str, *, at: str = ORGANISATION) -> None:
    """Sign in as one of the demo's people, in an organisation that they work for."""
    page.goto(f"{site.address}/login/")
    page.fill("input[name=username], input[name=login]", user)
    page.fill("input[name=password]", site.passwords[user])
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    if "/organisation/" in page.url:  # some work for two, and are asked for which
        page.locator("main li", has_text=at).get_by_role("button").click()
        page.wait_for_load_state()
    assert "/login" not in page.url, f"{user} could not sign in: {page.inner_text('main')}"
