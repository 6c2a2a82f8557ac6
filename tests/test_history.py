"""Rows that change in place keep their past, whoever changes them, and keep it to their tenant."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pghistory.models
import pgtrigger
import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models
from pghistory.models import Event

from org import past
from org.history import TRACKED
from org.models import JobType, Membership, PayGroup, Person, Tenant
from org.tenancy import enter
from payroll.models import PayrollProfile
from tests.dummies import dummy, rolled_back
from tests.factories import make_calendar, make_pay_group, make_person, make_tenant, make_user

pytestmark = pytest.mark.django_db

each_tracked = pytest.mark.parametrize("model", TRACKED, ids=[m._meta.label for m in TRACKED])


@pytest.fixture
def _rolled_back(db: None) -> Iterator[None]:
    """Rows of these tests point to nothing."""
    with rolled_back():
        yield


def run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def column_and_value(model: type[models.Model]) -> tuple[str, Any]:
    """A column to change by raw SQL, and what to."""
    for field in model._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField):
            return field.column, "y"
    return "user_id", 2


# -- what is kept ---------------------------------------------------------------------------------


def test_the_tracked_models_are_configuration_and_people() -> None:
    assert {model._meta.label for model in TRACKED} == {
        "incentives.Component",
        "incentives.DisputeReason",
        "incentives.Eligibility",
        "incentives.Example",
        "incentives.Family",
        "incentives.Measure",
        "incentives.Plan",
        "incentives.PlanVersion",
        "incentives.RateTable",
        "metrics.Metric",
        "metrics.Source",
        "metrics.TransactionKind",
        "org.AbsenceType",
        "org.Calendar",
        "org.FactType",
        "org.Holiday",
        "org.HolidayCalendar",
        "org.JobType",
        "org.Membership",
        "org.PayGroup",
        "org.Person",
        "org.RoleGrant",
        "org.SignInRules",
        "org.Unit",
        "payroll.PayrollProfile",
        "pmsite.Schedule",
        "scorecards.Leaderboard",
        "scorecards.WallPanel",
        "scorecards.Wallboard",
    }


def test_nothing_else_has_events() -> None:
    """Values above all: a trigger on them would write a second row for each of millions."""
    events = {model for model in apps.get_models() if issubclass(model, Event)}
    assert events == {past.events_of(model) for model in TRACKED}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
            " WHERE starts_with(tgname, 'pgtrigger_')"
        )
        assert {name for (name,) in cursor} == {model._meta.db_table for model in TRACKED}


@each_tracked
@pytest.mark.usefixtures("_rolled_back")
def test_every_kind_of_change_leaves_an_event(model: Any) -> None:
    """By the model, in bulk and by raw SQL: the trigger cannot tell them apart."""
    owner, outsider = make_tenant(), make_tenant()
    events, table = past.events_of(model).objects, model._meta.db_table
    column, value = column_and_value(model)
    with enter(owner.pk, through="test"):
        [row] = model._base_manager.bulk_create([dummy(model, owner.pk)])
        run(f"UPDATE {table} SET {column} = %s WHERE id = %s", value, row.pk)
        run(f"UPDATE {table} SET {column} = {column}")  # changes nothing, so leaves nothing
        run(f"DELETE FROM {table}")
        kept = list(events.order_by("id"))
        assert [event.pgh_label for event in kept] == ["insert", "update", "delete"]
        assert {(event.tenant_id, event.row_id) for event in kept} == {(owner.pk, row.pk)}
        assert [event.pgh_context for event in kept] == [{"through": "test"}] * 3
        name = model._meta.get_field(column.removesuffix("_id")).name
        assert [getattr(event, name) for event in kept][1:] == [value, value]
    with enter(outsider.pk):
        assert not events.exists()


@each_tracked
def test_events_have_no_foreign_keys(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
            [past.events_of(model)._meta.db_table],
        )
        assert cursor.fetchall() == []


def test_rows_written_at_once_are_one_event_each() -> None:
    with enter(make_tenant().pk):
        Person.objects.bulk_create(Person(code=str(n), name=f"P{n}") for n in range(1000))
        Person.objects.filter(code__lt="2").update(email="x@example.com")
        events = past.events_of(Person).objects
        assert events.filter(pgh_label="insert").count() == 1000
        assert (
            events.filter(pgh_label="update").count() == Person.objects.filter(code__lt="2").count()
        )


# -- who ------------------------------------------------------------------------------------------


def test_who_works_and_through_what_stands_on_the_event() -> None:
    first, second, ann, bob = make_tenant(), make_tenant(), make_user("ann"), make_user("bob")
    contexts = []

    def note(code: str) -> None:
        Person.objects.create(code=code, name=code)
        contexts.append(past.events_of(Person).objects.get(code=code).pgh_context)

    with enter(first.pk, by=ann, through="command people"):
        note("1")
        with enter(second.pk):
            note("2")
        with enter(second.pk, through="job nightly"):
            note("3")
        with enter(second.pk, by=bob):
            note("4")
        note("5")
    with enter(first.pk):
        note("6")
    by_ann = {"user": ann.pk, "name": "ann", "through": "command people"}
    by_bob = {"user": bob.pk, "name": "bob", "through": ""}
    assert contexts == [by_ann, by_ann, {"through": "job nightly"}, by_bob, by_ann, None]
    assert not pghistory.models.Context.objects.exists(), "that table is shared by all tenants"


def test_after_a_failure_nobody_is_noted_for_another() -> None:
    tenant, ann = make_tenant(), make_user("ann")
    with enter(tenant.pk):
        with pytest.raises(ZeroDivisionError), enter(tenant.pk, by=ann):
            raise ZeroDivisionError
        make_person("Bea", code="b")
        assert past.events_of(Person).objects.get().pgh_context is None


def test_a_membership_is_changed_in_its_tenant_only() -> None:
    """The table is global, its past is not."""
    tenant, user = make_tenant(), make_user("ann")
    with enter(tenant.pk):
        Membership.objects.create(user=user, tenant=tenant)
        [change] = past.changes(model=Membership, key="ann")
    assert change.what == "added"


# -- reading it -----------------------------------------------------------------------------------


def told(tenant: Tenant, model: str, key: str) -> list[str]:
    out = StringIO()
    call_command("history", tenant.code, model, key, stdout=out)
    return [line.partition(" UTC  ")[2] or line for line in out.getvalue().splitlines()]


def test_the_command_tells_old_and_new_in_words() -> None:
    tenant, ann = make_tenant(), make_user("ann")
    with enter(tenant.pk, by=ann, through="apply bank.yaml"):
        monthly, weekly = make_calendar("monthly"), make_calendar("weekly", kind="weekly")
        group = make_pay_group(monthly, code="agents")
    with enter(tenant.pk):
        group.calendar, group.currency = weekly, "CHF"
        group.save()
        number = group.pk
        PayGroup.objects.all().delete()
    rule = ("draw", "recover", "protect", "protect amount", "negative", "minimum", "leavers")
    said = [
        line
        for line in told(tenant, "pay-group", "agents")
        if line.strip().partition(":")[0] not in (*rule, "debts")
    ]
    assert said == [
        f"ann (apply bank.yaml) added pay group agents (#{number})",
        "    code: agents",
        f"    calendar: monthly (#{monthly.pk})",
        f"the system changed pay group agents (#{number})",
        f"    calendar: monthly (#{monthly.pk}) → weekly (#{weekly.pk})",
        "    currency: nothing → CHF",
        f"the system removed pay group agents (#{number})",
        "    code: agents",
        f"    calendar: weekly (#{weekly.pk})",
        "    currency: CHF",
    ]


def test_a_part_of_a_document_is_told_by_itself() -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        profile = PayrollProfile.objects.create(code="adp", spec={"delimiter": ",", "kind": "csv"})
        profile.spec = {"delimiter": ";", "kind": "csv"}
        profile.save()
    assert told(tenant, "payroll profile", "adp")[-2:] == [
        f"the system changed payroll profile adp (#{profile.pk})",
        "    spec.delimiter: , → ;",
    ]


def test_a_row_is_found_by_a_name_that_it_had() -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        job = JobType.objects.create(code="agent", name="Agent")
        JobType.objects.update(code="adviser")
    for key in ("agent", "adviser", f"#{job.pk}"):
        assert told(tenant, "JobType", key)[-1] == "    code: agent → adviser"


def test_what_was_before_the_first_event_is_not_invented() -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        with pgtrigger.ignore("org.JobType:history_insert"):
            JobType.objects.create(code="agent", name="Agent")
        JobType.objects.update(name="Adviser")
    assert "    name: not known → Adviser" in told(tenant, "job type", "agent")


def test_another_tenants_past_is_not_told() -> None:
    tenant, other = make_tenant(), make_tenant()
    with enter(other.pk):
        make_person("Ann", code="a1")
    with pytest.raises(CommandError, match="No person was ever called “a1” here"):
        told(tenant, "person", "a1")


def test_an_untracked_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(CommandError, match=r"No past is kept of “value”. It is kept of: absence"):
        told(make_tenant(), "value", "1")
