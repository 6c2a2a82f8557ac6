"""What is written past the application is noted, before and after; what it writes itself is not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from incentives.models import Transfer
from metrics.models import Goal, Value
from org.base import Recorded
from org.constraints import NotedByHand
from org.models import Assignment, ByHand, Period
from org.permissions import Role
from org.tenancy import enter
from tests.factories import make_tenant
from tests.org.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm() -> Cast:
    tenant = make_tenant("firm")
    with enter(tenant.pk, through="a test"):
        return make_cast(tenant)


def by_hand(cast: Cast, statement: str, *parameters: object) -> list[ByHand]:
    """Run a statement as somebody does who only says whose rows are meant; what was noted."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(cast.tenant.pk)])
        cursor.execute(statement, parameters)
    with enter(cast.tenant.pk, through="a test"):
        return list(ByHand.objects.order_by("id"))


def test_a_job_that_is_changed_in_place_is_noted(firm: Cast) -> None:
    with enter(firm.tenant.pk, through="a test"):
        job = Assignment.objects.get(person=firm.people["ann"])
        assert not ByHand.objects.exists()
    (noted,) = by_hand(
        firm, "UPDATE org_assignment SET valid_from = '2026-02-01' WHERE id = %s", job.pk
    )
    assert (noted.table_name, noted.operation, noted.key) == (
        "org_assignment",
        "update",
        str(job.pk),
    )
    assert noted.before["valid_from"] == "2026-01-01"
    assert noted.after["valid_from"] == "2026-02-01"
    assert "SET valid_from" in noted.statement
    assert noted.login == connection.settings_dict["USER"]


def test_a_value_that_comes_goes_or_changes_is_noted(firm: Cast) -> None:
    values = {"tenant_id": firm.tenant.pk, "person_id": 1, "metric_id": 1, "numerator": 5}
    by_hand(
        firm,
        "INSERT INTO metrics_value (tenant_id, person_id, day, metric_id, recorded_at, numerator)"
        " VALUES (%s, 1, '2026-06-01', 1, now(), 5)",
        firm.tenant.pk,
    )
    by_hand(firm, "UPDATE metrics_value SET numerator = 50")
    noted = by_hand(firm, "DELETE FROM metrics_value")
    assert [one.operation for one in noted] == ["insert", "update", "delete"]
    assert {name: noted[0].after[name] for name in values} == values
    assert [(one.before or {}).get("numerator") for one in noted] == [None, 5, 50]
    assert noted[2].after is None


def test_what_the_application_writes_is_not_noted(firm: Cast) -> None:
    with enter(firm.tenant.pk, through="job nightly"):
        Assignment.objects.filter(person=firm.people["ann"]).update(slot="second")
        assert not ByHand.objects.exists()
    with enter(firm.tenant.pk):  # code that does not say what it is
        Assignment.objects.filter(person=firm.people["ann"]).update(slot="third")
        assert ByHand.objects.count() == 1


def test_a_note_of_another_tenant_is_not_seen_and_none_is_unwritten(firm: Cast) -> None:
    by_hand(firm, "UPDATE org_assignment SET slot = 'second'")
    other = make_tenant("other")
    with enter(other.pk, through="a test"):
        assert not ByHand.objects.exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        by_hand(firm, "DELETE FROM org_byhand")


def test_rows_that_keep_their_own_past_are_watched() -> None:
    needed = {m for m in apps.get_models() if issubclass(m, Recorded)} | {Value, Transfer, Period}
    watched = {
        model
        for model in apps.get_models()
        if any(isinstance(one, NotedByHand) for one in model._meta.constraints)
    }
    assert needed <= watched
    assert Goal in watched


def test_auditors_read_what_was_written_by_hand(firm: Cast) -> None:
    by_hand(firm, "UPDATE org_assignment SET share = %s", Decimal("0.5"))
    with enter(firm.tenant.pk, through="a test"):
        audrey = firm.member("audrey", Role.AUDITOR)
        ann = firm.member("ann", Role.AGENT)
    client = Client()
    client.force_login(audrey.user)
    page = client.get(reverse("trail-by-hand"))
    assert "changed org_assignment" in page.text
    assert "<dt>share</dt>" in page.text
    assert "SET share" in client.get(reverse("trail-by-hand"), {"download": "csv"}).text
    client.force_login(ann.user)
    assert client.get(reverse("trail-by-hand")).status_code == 403
