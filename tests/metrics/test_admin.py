"""Deliveries in the admin: uploaded, previewed, undone; by whom; and of whose tenant."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from metrics.models import Delivery, Rejection, Value
from org.models import Membership
from org.permissions import Role
from org.tenancy import enter
from org.users import grant_role
from tests.factories import make_user
from tests.metrics.cast import AT, Cast, figures, make_cast

PAGES = ("metric", "goal", "source", "delivery", "rejection", "correction")
FILE = b"Agent,Date,Calls\nann,2026-06-01,12\nnobody,2026-06-01,1\n"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def centre(db: None) -> Cast:
    """A tenant that nobody has entered: the middleware must."""
    return make_cast("centre")


def browser(cast: Cast, role: Role) -> Client:
    """Somebody of the tenant with one role, logged in."""
    user = make_user()
    with enter(cast.tenant.pk):
        member = Membership.objects.create(user=user, tenant=cast.tenant)
        grant_role(membership=member, role=role, on=AT.date(), by=None, at=AT)
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, cast: Cast, content: bytes = FILE, **data: Any) -> list[str]:
    """Upload a file for the telephone; the messages that follow."""
    file = SimpleUploadedFile("june.csv", content)
    response = client.post(
        reverse("admin:metrics_delivery_add"),
        {"source": cast.telephone.pk, "file": file, **data},
        follow=True,
    )
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize("page", PAGES)
def test_an_administrator_opens_every_list(centre: Cast, page: str) -> None:
    client = browser(centre, Role.ADMINISTRATOR)
    upload(client, centre)
    assert client.get(reverse(f"admin:metrics_{page}_changelist")).status_code == 200


def test_every_page_of_one_row_opens(centre: Cast) -> None:
    client = browser(centre, Role.ADMINISTRATOR)
    upload(client, centre)
    with enter(centre.tenant.pk):
        rows = [
            centre.telephone,
            centre.metrics["calls"],
            Delivery.objects.get(),
            Rejection.objects.get(),
        ]
    for row in rows:
        address = reverse(f"admin:metrics_{row._meta.model_name}_change", args=[row.pk])
        assert client.get(address).status_code == 200


def test_a_file_is_uploaded_and_undone(centre: Cast) -> None:
    client = browser(centre, Role.PLAN_MANAGER)
    said = upload(client, centre, complete_through="2026-06-30")
    assert any("1 accepted" in one for one in said)
    assert any("“nobody”, whom nobody knows here" in one for one in said)
    assert "telephone is complete to 2026-06-30." in said
    with enter(centre.tenant.pk):
        assert figures("calls") == {("ann", 1): "12"}
        delivery = Delivery.objects.get()
    response = client.post(
        reverse("admin:metrics_delivery_changelist"),
        {"action": "undo_deliveries", "_selected_action": [delivery.pk]},
        follow=True,
    )
    assert b"is undone: 1 values taken back" in response.content
    with enter(centre.tenant.pk):
        assert figures("calls") == {}


def test_a_preview_keeps_nothing(centre: Cast) -> None:
    said = upload(browser(centre, Role.PLAN_MANAGER), centre, preview="on")
    assert any("A preview: nothing was kept." in one for one in said)
    with enter(centre.tenant.pk):
        assert not Delivery.objects.exists()
        assert not Value.objects.exists()


def test_a_file_that_cannot_be_read_is_refused_on_the_page(centre: Cast) -> None:
    said = upload(browser(centre, Role.PLAN_MANAGER), centre, b"%PDF-1.7")
    assert len(said) == 1
    assert said[0].startswith("june.csv is a PDF document.")


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.PAYROLL, Role.AUDITOR])
def test_others_bring_nothing_in(centre: Cast, role: Role) -> None:
    response = browser(centre, role).post(
        reverse("admin:metrics_delivery_add"),
        {"source": centre.telephone.pk, "file": SimpleUploadedFile("june.csv", FILE)},
    )
    assert response.status_code in (302, 403)
    with enter(centre.tenant.pk):
        assert not Delivery.objects.exists()


def test_a_source_of_another_tenant_is_not_there(centre: Cast) -> None:
    stranger = make_cast("stranger")
    client = browser(centre, Role.PLAN_MANAGER)
    client.post(
        reverse("admin:metrics_delivery_add"),
        {"source": stranger.telephone.pk, "file": SimpleUploadedFile("june.csv", FILE)},
    )
    for cast in (centre, stranger):
        with enter(cast.tenant.pk):
            assert not Delivery.objects.exists()
