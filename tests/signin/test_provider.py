"""Single sign-on against a real provider on loopback: whom it lets in, and into what."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from org.models import AuditEntry, Membership, ProviderSecret
from org.sign_in import Rules, set_rules
from org.tenancy import enter
from tests.factories import AT
from tests.signin.conftest import PASSWORD, SignIn, actions, text_of
from tests.signin.provider import SECRET, Provider, provider
from tests.web.cast import Cast

MIA = {"sub": "u-1", "email": "mia@bank.example", "email_verified": True}


@pytest.fixture
def idp(settings: Any) -> Iterator[Provider]:
    """A provider that vouches for Mia."""
    settings.SSO_ON_LOOPBACK = True
    with provider() as server:
        server.claims = dict(MIA)
        yield server


@pytest.fixture
def rules(bank: Cast, idp: Provider) -> Rules:
    """The bank has this provider, and takes passwords as well."""
    wanted = Rules(issuer=idp.issuer, client_id="pmsite", domains=("bank.example",))
    with enter(bank.tenant.pk):
        set_rules(wanted, by=None, at=AT, secret=SECRET)
    return wanted


def visit(address: str) -> str:
    """Ask the provider as a browser would; answers where it sends one."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    connection.close()
    return answer.headers["Location"] or ""


def through_provider(client: Client, code: str = "bank", go_on: str = "") -> Any:
    """Sign in through the provider of a tenant."""
    asked = client.get(f"/sign-in/{code}/go/{go_on}")["Location"]
    back = urlsplit(visit(asked))
    return client.get(f"{back.path}?{back.query}")


def test_the_way_to_the_provider_is_said_and_is_a_link(rules: Rules) -> None:
    client = Client()
    there = client.get("/sign-in/?organisation=Bank&next=/pay/")["Location"]
    assert there == "/sign-in/bank/?next=%2Fpay%2F"
    page = client.get(there).content.decode()
    assert '<a class="button" href="/sign-in/bank/go/?next=%2Fpay%2F">Go to 127.0.0.1</a>' in page


def test_an_unknown_organisation_and_one_without_provider_look_alike(
    bank: Cast, union: Cast
) -> None:
    pages = [
        text_of(Client().get(f"/sign-in/?organisation={code}")).replace(code, "")
        for code in ("union", "nowhere")
    ]
    assert pages[0] == pages[1]
    assert Client().get("/sign-in/union/go/").status_code == 404


def test_a_member_gets_in_and_stays_the_same_person(bank: Cast, rules: Rules) -> None:
    client = Client()
    assert through_provider(client, go_on="?next=/rules/")["Location"] == "/rules/"
    assert client.get("/rules/").status_code == 200
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.extra_data) == (bank.user("mia"), "u-1", {})
    assert not SocialToken.objects.exists()
    assert through_provider(Client())["Location"] == "/"
    with enter(bank.tenant.pk):
        assert SECRET not in ProviderSecret.objects.get().encrypted
        entry = AuditEntry.objects.filter(action="signed in").first()
    assert entry is not None
    assert entry.detail["provider"]


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"email_verified": False}, "did not say that your e-mail address is verified"),
        ({"email": "mia@elsewhere.example"}, "does not let in e-mail addresses such as"),
        ({"email": "stranger@bank.example"}, "Nobody at Bank has the e-mail address"),
        ({"email": ""}, "named no e-mail address"),
    ],
)
def test_others_do_not_get_in(
    bank: Cast, rules: Rules, idp: Provider, claims: dict[str, Any], sentence: str
) -> None:
    idp.claims |= claims
    client = Client()
    assert through_provider(client)["Location"] == "/login/"
    assert sentence in text_of(client.get("/login/"))
    assert client.get("/")["Location"] == "/login/?next=/"
    assert "sign-in refused" in actions(bank)
    assert not SocialAccount.objects.exists()


def test_another_identity_with_the_same_address_is_refused(
    bank: Cast, rules: Rules, idp: Provider
) -> None:
    through_provider(Client())
    idp.claims["sub"] = "u-2"
    client = Client()
    through_provider(client)
    assert "another identity than before" in text_of(client.get("/login/"))
    idp.claims |= {"sub": "u-1", "email": "mo@bank.example"}
    assert through_provider(Client())["Location"] == "/login/"


def test_a_token_for_another_site_is_refused(rules: Rules, idp: Provider) -> None:
    idp.audience = "another"
    client = Client()
    assert through_provider(client)["Location"] == "/login/"
    assert "did not work" in text_of(client.get("/login/"))


def test_an_answer_that_nobody_asked_for_is_refused(rules: Rules, idp: Provider) -> None:
    client = Client()
    back = urlsplit(visit(client.get("/sign-in/bank/go/")["Location"]))
    assert Client().get(f"{back.path}?{back.query}")["Location"] == "/login/"


def test_a_provider_that_is_down_is_said(rules: Rules, idp: Provider, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        gone = Rules(issuer="http://127.0.0.1:9", client_id="pmsite")
        set_rules(gone, by=None, at=AT)
    client = Client()
    assert client.get("/sign-in/bank/go/")["Location"] == "/login/"
    assert "does not answer" in text_of(client.get("/login/"))


def test_the_word_of_one_provider_does_not_open_another_organisation(
    bank: Cast, union: Cast, rules: Rules
) -> None:
    with enter(union.tenant.pk):
        Membership.objects.create(user=bank.user("mia"), tenant=union.tenant)
    client = Client()
    through_provider(client)
    assert client.get("/").status_code == 200
    client.post("/organisation/", {"tenant": "union"})
    for address in ("/", "/admin/", "/search/?q=a"):
        assert client.get(address)["Location"].startswith("/sign-in/otherwise/?next=")
    assert "Union takes your own password" in text_of(client.get("/sign-in/otherwise/"))
    # The way on is one's own password; the provider cannot give one.
    taken = {"password1": "a new long word", "password2": "a new long word"}
    assert client.post("/account/password/", taken).status_code == 200
    assert client.get("/account/second-factor/app/")["Location"].startswith("/account/confirm/")
    client.post("/account/confirm/", {"password": PASSWORD, "next": "/"})
    assert client.get("/").status_code == 200


def test_where_only_the_provider_counts_a_password_opens_nothing(
    bank: Cast, rules: Rules, idp: Provider, sign_in: SignIn
) -> None:
    with enter(bank.tenant.pk):
        set_rules(Rules(passwords=False, issuer=idp.issuer, client_id="pmsite"), by=None, at=AT)
    mia = sign_in("mia")
    assert mia.get("/admin/")["Location"].startswith("/sign-in/otherwise/")
    assert "Sign in through Bank" in text_of(mia.get("/sign-in/otherwise/"))
    through_provider(mia)
    assert mia.get("/").status_code == 200


def test_another_issuer_means_other_people(bank: Cast, rules: Rules) -> None:
    through_provider(Client())
    assert SocialAccount.objects.exists()
    with enter(bank.tenant.pk):
        set_rules(Rules(issuer="https://new.example", client_id="pmsite"), by=None, at=AT)
    assert not SocialAccount.objects.exists()
