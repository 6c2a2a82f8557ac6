"""No tenant model is forgotten, and no tenant sees, changes or names what is another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F

from org.constraints import AppendOnly, TenantPolicy, TenantReference
from org.models import Assignment, JobType, Person, Tenant, Unit
from org.tenancy import NoTenant, current_tenant_id, enter
from tests.dummies import AT, FIRST, dummy, rolled_back
from tests.factories import make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rolled_back(db: None) -> Iterator[None]:
    """Rows of these tests point to nothing."""
    with rolled_back():
        yield


# Rows that belong to no tenant, or are read before the tenant is known. A new one needs a reason.
GLOBAL = {
    "account.EmailAddress",  # of users, who are global; so are the next ones (docs/adr/0140)
    "account.EmailConfirmation",
    "admin.LogEntry",  # never written: the admin notes into the tenant's audit trail
    "auth.Group",
    "auth.Group_permissions",
    "auth.Permission",
    "axes.AccessAttempt",  # tries at signing in, before it is known by whom
    "axes.AccessAttemptExpiration",
    "axes.AccessFailureLog",
    "axes.AccessLog",
    "contenttypes.ContentType",
    "django_rq.Queue",  # no table of its own
    "django_rq.Dashboard",
    "mfa.Authenticator",
    "org.Membership",  # says which tenants a user may choose
    "org.SignInRules",  # says how one gets in, so it is read outside
    "org.Tenant",
    "org.User",
    "org.User_groups",
    "org.User_user_permissions",
    "pghistory.Context",  # stays empty: events keep their context themselves
    "scorecards.WallToken",  # the address of a screen, looked up before its tenant is known
    "pmsite.Job",  # claimed by workers before they enter a tenant
    "sessions.Session",
    "socialaccount.SocialAccount",
    "socialaccount.SocialApp",  # stays empty: a tenant's provider stands in its rules
    "socialaccount.SocialToken",  # stays empty: tokens are not kept
    "usersessions.UserSession",
}
ALL_MODELS = [
    model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.managed and not model._meta.proxy
]
TENANT_MODELS = [model for model in ALL_MODELS if model._meta.label not in GLOBAL]
REFERENCES = [
    (model, constraint)
    for model in ALL_MODELS
    for constraint in model._meta.constraints
    if isinstance(constraint, TenantReference)
]
each_tenant_model = pytest.mark.parametrize(
    "model", TENANT_MODELS, ids=[model._meta.label for model in TENANT_MODELS]
)


def ask(question: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchall()


# -- the walk -------------------------------------------------------------------------------------


@each_tenant_model
def test_every_model_has_a_tenant_and_its_policy(model: type[models.Model]) -> None:
    assert model._meta.get_field("tenant").remote_field.model is Tenant
    rows = ask(
        "SELECT cmd, qual, with_check FROM pg_policies WHERE tablename = %s", model._meta.db_table
    )
    rule = "(tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::bigint"
    assert [row[0] for row in rows] == ["ALL"]
    assert rows[0][1].startswith(rule)
    assert rows[0][1] == rows[0][2]
    assert any(isinstance(constraint, TenantPolicy) for constraint in model._meta.constraints)
    [(enabled,)] = ask(
        "SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", model._meta.db_table
    )
    assert enabled


@each_tenant_model
def test_every_key_begins_with_the_tenant(model: type[models.Model]) -> None:
    keys = ask(
        "SELECT array_agg(a.attname::text ORDER BY k.n) FROM pg_constraint c,"
        " unnest(c.conkey) WITH ORDINALITY AS k (attnum, n), pg_attribute a"
        " WHERE c.conrelid = %s::regclass AND c.contype IN ('p', 'u')"
        " AND a.attrelid = c.conrelid AND a.attnum = k.attnum GROUP BY c.oid",
        model._meta.db_table,
    )
    columns = [key for (key,) in keys]
    assert all(key[0] == "tenant_id" for key in columns if key != ["id"]), columns
    composite = isinstance(model._meta.pk, models.CompositePrimaryKey)
    assert composite or ["tenant_id", "id"] in columns


@each_tenant_model
def test_every_reference_within_the_tenant_is_composite(model: type[models.Model]) -> None:
    referring = {
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.remote_field.model._meta.label not in GLOBAL - {"org.Membership"}
    }
    named = {constraint.field for owner, constraint in REFERENCES if owner is model}
    assert named == referring


@pytest.mark.parametrize(
    ("model", "constraint"), REFERENCES, ids=[constraint.name for _, constraint in REFERENCES]
)
def test_every_reference_is_in_the_database(
    model: type[models.Model], constraint: TenantReference
) -> None:
    [(definition,)] = ask(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s AND contype = 'f'",
        constraint.name,
    )
    field = model._meta.get_field(constraint.field)
    target = field.remote_field.model._meta.db_table
    expected = f"FOREIGN KEY (tenant_id, {field.column}) REFERENCES {target}(tenant_id, id)"
    assert definition.startswith(expected)


def test_global_models_are_no_tenant_models() -> None:
    known = {model._meta.label for model in ALL_MODELS}
    policies = {
        model._meta.label
        for model in ALL_MODELS
        if any(isinstance(c, TenantPolicy) for c in model._meta.constraints)
    }
    assert known - GLOBAL == policies


def test_every_view_asks_as_its_reader() -> None:
    views = ask(
        "SELECT relname, reloptions FROM pg_class WHERE relkind = 'v'"
        " AND relnamespace = 'public'::regnamespace"
    )
    assert [name for name, options in views if "security_invoker=true" not in (options or [])] == []


# -- without a tenant -----------------------------------------------------------------------------


def refuses(work: Callable[[], Any], match: str) -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        work()


@each_tenant_model
def test_without_a_tenant_every_read_and_write_raises(model: type[models.Model]) -> None:
    """The table holds a row: PostgreSQL need not look at the policy of an empty one."""
    tenant = make_tenant()
    with enter(tenant.pk):
        dummy(model, tenant.pk).save(force_insert=True)
        [first] = model._meta.local_concrete_fields[1:2]
    missing = 'invalid input syntax for type bigint: ""|unrecognized configuration parameter'
    # Without the model's order: it may join an empty table, and then nobody looks at this one.
    refuses(lambda: list(model._base_manager.order_by()), missing)
    refuses(lambda: model._base_manager.count(), missing)
    # Tables that are only added to refuse changes to everybody, before the policy is asked.
    missing += "|permission denied for table|final"
    refuses(lambda: model._base_manager.update(**{first.name: F(first.name)}), missing)
    refuses(lambda: model._base_manager.all()._raw_delete("default"), missing)
    refuses(lambda: dummy(model, tenant.pk).save(force_insert=True), missing)


def test_without_a_tenant_a_new_row_is_refused_before_the_database_is_asked() -> None:
    with pytest.raises(NoTenant, match="enter one"):
        Person(code="1", name="Nobody's")
    with pytest.raises(NoTenant):
        current_tenant_id()


# -- with another tenant --------------------------------------------------------------------------


@each_tenant_model
def test_rows_of_another_tenant_are_out_of_reach(model: type[models.Model]) -> None:
    owner, outsider = make_tenant(), make_tenant()
    forever = any(type(c).__name__ in FOREVER for c in model._meta.constraints)
    with enter(owner.pk):
        dummy(model, owner.pk).save(force_insert=True)
    with enter(outsider.pk):
        assert model._base_manager.count() == 0
        if not forever:
            assert model._base_manager.update(tenant_id=outsider.pk) == 0
            assert model._base_manager.all()._raw_delete("default") == 0
        foreign = dummy(model, owner.pk)
        refuses(lambda: foreign.save(force_insert=True), "violates row-level security policy")
    with enter(owner.pk):
        assert model._base_manager.count() == 1
        if not forever:
            refuses(
                lambda: model._base_manager.update(tenant_id=outsider.pk),
                "violates row-level security policy",
            )


FOREVER = {AppendOnly.__name__, "FinalForever", "FinalPlaces"}


def test_a_row_cannot_name_a_row_of_another_tenant() -> None:
    """The key exists, and the reference is refused all the same."""
    owner, outsider = make_tenant(), make_tenant()
    with enter(owner.pk):
        person = Person.objects.create(code="1", name="Ann")
        unit = Unit.objects.create(code="north", name="North")
    with enter(outsider.pk):
        job_type = JobType.objects.create(code="agent", name="Agent")

        def hire_away() -> None:
            Assignment.objects.create(
                person_id=person.pk,
                unit_id=unit.pk,
                job_type=job_type,
                valid_from=FIRST,
                recorded_at=AT,
            )
            connection.check_constraints()

        refuses(hire_away, "violates foreign key constraint")


def test_the_tenant_before_is_back_afterwards() -> None:
    outer, inner = make_tenant(), make_tenant()
    with enter(outer.pk):
        Person.objects.create(code="1", name="Outer")
        with enter(inner.pk):
            assert current_tenant_id() == inner.pk
            assert not Person.objects.exists()
        assert current_tenant_id() == outer.pk
        assert Person.objects.get().name == "Outer"
    refuses(lambda: list(Person.objects.all()), "invalid input syntax")


def test_the_tenant_before_is_back_after_a_failure() -> None:
    outer, inner = make_tenant(), make_tenant()
    with enter(outer.pk):
        Person.objects.create(code="1", name="Outer")
        with pytest.raises(ZeroDivisionError), enter(inner.pk):
            raise ZeroDivisionError
        assert Person.objects.get().name == "Outer"


def test_a_query_with_a_tenant_set_to_nonsense_raises() -> None:
    """The table holds a row: PostgreSQL need not look at the policy of an empty one."""
    with enter(make_tenant().pk):
        Person.objects.create(code="1", name="Somebody")
    with transaction.atomic():
        ask("SELECT set_config('app.tenant_id', 'all', true)")
        refuses(lambda: list(Person.objects.all()), "invalid input syntax")
