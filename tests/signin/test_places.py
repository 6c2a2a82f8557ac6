"""Which organisation one works for, and deputies whose right ends by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import time_machine
from django.test import Client

from org.models import Membership, RoleGrant
from org.tenancy import enter
from tests.factories import make_user
from tests.signin.conftest import PASSWORD, SignIn, actions, text_of
from tests.web.cast import Cast

BEGUN = datetime(2026, 6, 22, 9, 0, tzinfo=UTC)


def of_both(bank: Cast, union: Cast) -> None:
    with enter(union.tenant.pk):
        member = Membership.objects.create(user=bank.user("mia"), tenant=union.tenant)
        RoleGrant.objects.create(membership=member, role="agent", valid_from=date(2024, 1, 1))


def test_who_has_several_is_asked_once_and_remembered(
    bank: Cast, union: Cast, sign_in: SignIn
) -> None:
    of_both(bank, union)
    mia = sign_in("mia")
    for address in ("/", "/admin/", "/rules/"):
        assert mia.get(address)["Location"].startswith("/organisation/?next=")
    answer = mia.post("/organisation/", {"tenant": "union", "next": "/me/"})
    assert answer["Location"] == "/me/"
    assert "Union" in mia.get("/").content.decode()
    mia.post("/logout/")
    mia.post("/login/", {"login": "mia.bank", "password": PASSWORD})
    assert "Union" in mia.get("/").content.decode()
    assert "organisation entered" in actions(union)
    assert sign_in("mia").get("/").status_code == 302  # another browser knows nothing
    mia.post("/organisation/", {"tenant": "bank"})
    mia.get("/")
    assert "organisation left" in actions(union)
    assert "bank" not in str(actions(union))


def test_a_forged_place_opens_nothing(bank: Cast, union: Cast, sign_in: SignIn) -> None:
    mia = sign_in("mia")
    mia.cookies["place"] = f"{bank.user('mia').pk}:{union.tenant.pk}:x:y"
    assert "Bank" in mia.get("/").content.decode()


def grant(bank: Cast, ada: Client, **more: str) -> object:
    """Have Ada make Cleo deputy of Sam to the end of June."""
    members = {m.user.username: m.pk for m in bank.tenant.memberships.select_related("user")}
    data = {
        "membership": members["cleo.bank"],
        "role": "supervisor",
        "valid_from": "2026-06-01",
        "valid_to": "2026-07-01",
        "deputy_for": members["sam.bank"],
    }
    return ada.post("/admin/org/rolegrant/add/", {**data, **more})


def test_a_deputy_needs_an_end(bank: Cast, sign_in: SignIn) -> None:
    answer = grant(bank, sign_in("ada"), valid_to="9999-12-31")
    assert "role needs an end, on which it goes away" in text_of(answer)
    with enter(bank.tenant.pk):
        assert not RoleGrant.objects.filter(deputy_for__isnull=False).exists()


def test_a_deputys_right_ends_on_its_last_day_by_itself(bank: Cast, sign_in: SignIn) -> None:
    team = "/team/monthly/2026-06/"
    with time_machine.travel(BEGUN, tick=False) as clock:
        ada, cleo = sign_in("ada"), sign_in("cleo")
        assert cleo.get(team).status_code == 403
        assert grant(bank, ada).status_code == 302  # type: ignore[attr-defined]
        page = text_of(cleo.get("/account/"))
        assert "Supervisor, standing in for Sam Stern , until 30 June 2026 inclusive" in page
        mirrored = text_of(sign_in("sam").get("/account/"))
        assert "Cleo Chan as supervisor, until 30 June 2026 inclusive" in mirrored
        clock.move_to(datetime(2026, 6, 30, 23, 0, tzinfo=UTC))
        cleo = sign_in("cleo")
        assert cleo.get(team).status_code == 200
        clock.shift(timedelta(hours=1))
        cleo = sign_in("cleo")
        assert cleo.get(team).status_code == 403
        assert "standing in" not in text_of(cleo.get("/account/"))


def test_a_login_without_membership_sees_its_account(db: None) -> None:
    client = Client()
    client.force_login(make_user("una"))
    assert "Ask an administrator of yours" in text_of(client.get("/account/"))
    assert client.post("/account/").status_code == 405
    assert Client().get("/account/")["Location"] == "/login/?next=/account/"
