"""What is only added to is never changed or removed, by the application or by the tables' owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connections, models, transaction

from incentives.models import CalculationRun, Earning, PlanPeriod, Result
from org.constraints import AppendOnly
from org.models import Tenant
from org.tenancy import enter
from tests.dummies import AT, dummy, rolled_back
from tests.factories import make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rolled_back(db: None) -> Iterator[None]:
    """Rows of these tests point to nothing."""
    with rolled_back():
        yield


FOREVER = [
    model
    for model in apps.get_models()
    if any(isinstance(constraint, AppendOnly) for constraint in model._meta.constraints)
]
each_forever = pytest.mark.parametrize("model", FOREVER, ids=[m._meta.label for m in FOREVER])
CHANGES = {
    "UPDATE": "UPDATE {} SET tenant_id = tenant_id",
    "DELETE": "DELETE FROM {}",
    "TRUNCATE": "TRUNCATE {}",
}


def refuses(alias: str, statement: str, match: str) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(statement)


def test_money_and_history_are_among_them() -> None:
    labels = {model._meta.label for model in FOREVER}
    assert labels >= {
        "incentives.Transfer",
        "org.AuditEntry",
        "org.InputChange",
        "payroll.PayFile",
        "payroll.PayLine",
    }


@each_forever
@pytest.mark.parametrize("change", CHANGES)
def test_the_application_may_only_add(model: type[models.Model], change: str) -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        dummy(model, tenant.pk).save(force_insert=True)
        statement = CHANGES[change].format(model._meta.db_table)
        refuses("default", statement, "permission denied for table")


@each_forever
@pytest.mark.parametrize("change", ["UPDATE", "DELETE"])
def test_the_owner_may_only_add(model: type[models.Model], change: str) -> None:
    tenant = Tenant.objects.using("owner").create(code="owners", name="Owner's")
    dummy(model, tenant.pk).save(using="owner", force_insert=True)
    refuses("owner", CHANGES[change].format(model._meta.db_table), "never changed or removed")


# -- a final period -------------------------------------------------------------------------------


def a_run(tenant: Tenant, **fields: Any) -> CalculationRun:
    run: CalculationRun = dummy(CalculationRun, tenant.pk)
    for name, value in fields.items():
        setattr(run, name, value)
    run.save(force_insert=True)
    for model in (Earning, Result):
        row = dummy(model, tenant.pk)
        row.run_id = run.pk
        row.save(force_insert=True)
    return run


@pytest.mark.parametrize("model", [Earning, Result])
def test_what_a_final_run_found_stays(model: Any) -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        run = a_run(tenant, final_at=AT)
        table = model._meta.db_table
        refuses("default", f"DELETE FROM {table} WHERE run_id = {run.pk}", "final")
        refuses("default", f"UPDATE {table} SET job = 'other'", "permission denied|final")
        refuses("default", f"TRUNCATE {table}", "permission denied")


@pytest.mark.parametrize("model", [Earning, Result])
def test_what_a_provisional_run_found_goes_with_it(model: Any) -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        a_run(tenant, final_at=AT)
        run = a_run(tenant)
        assert model.objects.filter(run_id=run.pk).delete()[0] == 1
        assert model.objects.count() == 1


@pytest.mark.parametrize("model", [CalculationRun, PlanPeriod])
def test_what_is_final_cannot_be_reopened(model: Any) -> None:
    tenant = make_tenant()
    with enter(tenant.pk):
        row = dummy(model, tenant.pk)
        row.final_at = AT
        row.save(force_insert=True)
        table = model._meta.db_table
        refuses("default", f"UPDATE {table} SET final_at = NULL", "final")
        refuses("default", f"DELETE FROM {table}", "final")
