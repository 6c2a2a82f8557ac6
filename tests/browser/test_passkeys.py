"""A passkey from being added to being taken away, with a key that the browser plays itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.browser.site import Site

USER = "teller"


def plug_in_key(page: Page) -> None:
    """A key that is always there and always knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_signs_in_beside_a_password_and_alone(
    window: Callable[..., Page], site: Site
) -> None:
    # Keys are bound to a name, and a number is none.
    named = replace(site, address=site.address.replace("127.0.0.1", "localhost"))
    page = window()
    plug_in_key(page)

    def go(name: str) -> None:
        page.goto(f"{named.address}{reverse(name)}")

    def confirm() -> None:
        """What changes how one signs in asks for the password again."""
        page.fill("input[name=password]", site.passwords[USER])
        page.get_by_role("button", name="Confirm").click()

    def sign_out() -> None:
        page.context.clear_cookies()

    chromium.sign_in(page, named, USER)
    go("mfa_add_webauthn")
    confirm()
    page.fill("input[name=name]", "my phone")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(lambda url: reverse("mfa_add_webauthn") not in url)
    go("mfa_list_webauthn")
    expect(page.locator("main")).to_contain_text("my phone")
    expect(page.locator("main")).to_contain_text("signs in alone")

    sign_out()
    page.goto(f"{named.address}/login/")
    page.fill("input[name=login]", USER)
    page.fill("input[name=password]", site.passwords[USER])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("h1")).to_have_text("Second factor")
    page.get_by_role("button", name="Use a key instead").click()
    page.wait_for_url(lambda url: "/people/" in url)

    sign_out()
    page.goto(f"{named.address}/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/people/" in url)

    go("mfa_list_webauthn")
    page.get_by_role("link", name="Take away my phone").click()
    if page.locator("h1", has_text="Is it you?").count():
        confirm()
    page.get_by_role("button", name="Take it away").click()
    expect(page.locator("main")).not_to_contain_text("my phone")
    sign_out()
    chromium.sign_in(page, named, USER)
    expect(page.locator("h1")).to_be_visible()
