"""Rules that are kept in the process: never of another tenant, and never those of before."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from incentives.models import PlanVersion, RateTable
from incentives.rules import VersionRules, load, load_kept
from incentives.rules.kept import READ
from metrics.models import Metric
from org.models import Tenant
from org.tenancy import enter
from tests.factories import make_calendar, make_plan, make_tenant, make_user
from tests.scenarios.site import Site
from tests.web.cast import make_version

pytestmark = pytest.mark.django_db
TABLES = re.compile(r'(?:FROM|JOIN) "?([a-z]+_[a-z]+)"?')


@pytest.fixture
def version(db: None) -> Iterator[PlanVersion]:
    """A published version, its tenant entered."""
    with enter(make_tenant().pk):
        yield make_version(make_plan(make_calendar()), author=make_user())


def kept(version: PlanVersion) -> VersionRules:
    """The rules that are kept of a version, on its first day."""
    return load_kept([(version, version.in_force)])[version.pk, version.in_force]


def test_a_second_reading_takes_one_query(version: PlanVersion) -> None:
    first = kept(version)
    with CaptureQueriesContext(connection) as asked:
        assert kept(version) is first
    assert len(asked) == 1


def test_whatever_they_read_has_changed_they_are_read_anew(version: PlanVersion) -> None:
    first = kept(version)
    Metric.objects.update(name="Calls taken")
    assert kept(version) is not first
    assert kept(version).measures["calls"].title == "Calls taken"


def test_what_was_rolled_back_leaves_nothing_behind(version: PlanVersion) -> None:
    first = kept(version)
    savepoint = transaction.savepoint()
    RateTable.objects.update(spec={"rows": [["0", "7"]]})
    assert kept(version).tables["step"].spec["rows"][0][1] == "7"
    transaction.savepoint_rollback(savepoint)
    assert kept(version) is first


def test_a_table_that_is_changed_by_plain_sql_counts(version: PlanVersion) -> None:
    first = kept(version)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE incentives_ratetable SET name = 'steps'")
        cursor.execute(
            "UPDATE incentives_component SET formula = replace(formula, 'step', 'steps')"
        )
    assert kept(version) is not first
    assert list(kept(version).tables) == ["steps"]


def test_no_other_tenant_gets_them(version: PlanVersion) -> None:
    first = kept(version)
    with enter(make_tenant().pk):
        other = make_version(make_plan(make_calendar()), author=make_user())
        assert kept(other) is not first
        assert kept(other).version.tenant_id == other.tenant_id


@pytest.mark.parametrize("site", ["to_date", "s06_parts", "s08_earned", "s30"])
def test_all_that_reading_a_version_reads_is_in_the_stamp(site: str) -> None:
    code = Site(site).code
    with enter(Tenant.objects.get(code=code).pk):
        for version in PlanVersion.objects.select_related("plan__calendar"):
            with CaptureQueriesContext(connection) as asked:
                load(version)
            read = {table for query in asked for table in TABLES.findall(query["sql"])}
            assert read <= READ, f"{version} reads {read - READ}"


def test_the_stamp_names_tables_that_there_are() -> None:
    assert set(connection.introspection.table_names()) >= READ
