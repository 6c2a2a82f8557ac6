"""The demo is the same each time, fits its own tenant files, and goes the whole way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from incentives.ledger import check_identity
from incentives.models import PlanPeriod, Transfer
from metrics.models import Delivery, Rejection
from org.models import Membership, RoleGrant, User
from org.permissions import Role
from org.tenancy import enter
from payroll.models import PayFile
from pmsite import tenant_file
from pmsite.demo import logins, main_job, story
from pmsite.demo.months import Month, moved, three_months_before
from pmsite.demo.tenants import BRACKWATER, QUILLPOND, Organisation, organisations
from tests.conftest import Kept

TODAY = date(2026, 7, 20)
MONTHS = three_months_before(TODAY)
AT = datetime(2026, 7, 20, 8, tzinfo=UTC)
FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]
Loaded = tuple[story.Story, Path]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path
    settings.PASSWORD_HASHERS = FAST
    return tmp_path


def bank() -> Organisation:
    return organisations(MONTHS)[0]


def test_the_three_whole_months_before_a_day() -> None:
    assert [m.code for m in three_months_before(date(2026, 1, 31))] == [
        "2025-10",
        "2025-11",
        "2025-12",
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (date(2024, 1, 1), date(2024, 1, 1)),  # since long ago
        (date(2026, 5, 11), date(2026, 12, 11)),  # one of the demo's days
        (date(2026, 5, 31), date(2026, 12, 31)),
        (date(2026, 12, 25), date(2026, 12, 25)),  # a real holiday
    ],
)
def test_days_of_the_tenant_files_move_with_the_months(written: date, shown: date) -> None:
    assert moved(written, date(2026, 11, 1)) == shown


def test_four_hundred_and_twenty_five_people_with_one_job_at_a_time() -> None:
    for organisation, size in zip(organisations(MONTHS), (400, 25), strict=True):
        people = organisation.people
        assert len(people) == len({p.code for p in people}) == len({p.name for p in people}) == size
        for person in people:
            for before, after in zip(person.jobs, person.jobs[1:], strict=False):
                assert before.end == after.first


def test_people_come_go_and_move_in_every_month() -> None:
    for month in MONTHS:
        inside = [day for p in bank().people for day in (p.hired, p.left) if day]
        assert any(month.first <= day < month.end for day in inside)
    assert len(bank().movers_told_late) == 2


def test_the_same_seed_gives_the_same_bytes(folder: Path) -> None:
    month = MONTHS[0]
    first = {path.name: path.read_bytes() for _, path in bank().write_month(month)}
    for path in list((folder / "demo").rglob("*.*")):
        if path.is_file():
            path.unlink()
    assert {path.name: path.read_bytes() for _, path in bank().write_month(month)} == first


def test_the_files_of_both_fit_the_published_schema() -> None:
    for organisation in organisations(MONTHS):
        tenant_file.parse(organisation.tenant_file().encode(), organisation.code)


def test_mistakes_stand_in_the_last_month_only() -> None:
    feed = bank().feeds[0]
    for month, wrong in zip(MONTHS, (False, False, True), strict=True):
        people = {row[1] for row in bank().rows(feed, month) if len(row) > 1}
        assert ("19999" in people) == wrong


def tell(organisation: Organisation) -> story.Story:
    logins.make_users(at=AT)
    told = story.Story(organisation=organisation, say=lambda line: None)
    told.tell()
    return told


@pytest.fixture(scope="module")
def loaded(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The smaller organisation, loaded once, with its files in a folder of their own."""
    folder = tmp_path_factory.mktemp("demo")
    with kept():
        with override_settings(VAR_DIR=folder, PASSWORD_HASHERS=FAST):
            told = tell(organisations(MONTHS)[1])
        yield told, folder


@pytest.fixture
def union(loaded: Loaded, folder: Path, db: None) -> story.Story:
    told, files = loaded
    shutil.copytree(files, folder, dirs_exist_ok=True)
    return deepcopy(told)


def test_two_months_are_final_and_paid_and_the_last_is_provisional(union: story.Story) -> None:
    with enter(union.tenant.pk):
        final = {
            (point.plan.code, point.period.code): point.final_at is not None
            for point in PlanPeriod.objects.select_related("plan", "period")
        }
        assert final == {
            (plan, month.code): month != MONTHS[2]
            for plan in ("lending", "member_service")
            for month in MONTHS
        }
        assert PayFile.objects.count() == 2
        assert not check_identity()
        assert Rejection.objects.filter(reason="unknown_person").count() == 1
        # The corrected deal of the first month is a difference, booked to the second.
        late = Transfer.objects.exclude(cause="").get(origin="calculation", cause__contains="corr")
        assert (late.earned_period.code, late.posted_period.code) == ("2026-04", "2026-05")


def test_the_main_job_goes_the_whole_way_and_can_be_done_again(union: story.Story) -> None:
    told: list[str] = []
    first = main_job.do(union, explain_to=told.append)
    assert first.missing == []
    assert "Total:" in told[0]
    again = main_job.do(union, explain_to=told.append)
    assert list(again.lines()) == list(first.lines())
    with enter(union.tenant.pk):
        file = PayFile.objects.order_by("pk").last()
        assert file is not None
        assert any(file.sha256 in line for line in again.lines())
        assert file.total == again.paid > Decimal(0)


def test_the_summary_says_what_is_not_there(union: story.Story) -> None:
    with enter(union.tenant.pk):
        Delivery.objects.filter(file_name__contains=MONTHS[2].code).update(undone_at=AT)
        summary = main_job.Summary(tenant=union.tenant, month=MONTHS[2].code)
        main_job._look(summary, union, MONTHS[2])
    assert summary.missing == [
        "Only 0 of 2 files came in.",
        "No value was taken in.",
        "Not every plan is final for 2026-06.",
        "Nobody was explained.",
        "Nobody was paid.",
        "No payroll file was written.",
    ]


def test_an_interrupted_load_goes_on_and_a_second_one_does_nothing(union: story.Story) -> None:
    with enter(union.tenant.pk):
        transfers = Transfer.objects.count()
    union.tell()
    with enter(union.tenant.pk):
        assert Transfer.objects.count() == transfers
    assert story.is_loaded(union.organisation)
    later = story.stories(date(2026, 9, 3), lambda line: None)
    # What is loaded keeps its months; what is not gets those before the day.
    assert [s.months[0] for s in later] == [Month(date(2026, 6, 1)), MONTHS[0]]


def test_logins_have_passwords_of_their_own_under_var(
    union: story.Story, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "secrets" / "demo-logins.json"
    assert path.stat().st_mode & 0o077 == 0
    passwords = json.loads(path.read_text())
    for username, password in passwords.items():
        assert User.objects.get(username=username).check_password(password)
    logins.make_users(at=AT)
    assert json.loads(path.read_text()) == passwords
    call_command("demo", "--logins")
    shown = capsys.readouterr().out
    assert all(password in shown for password in passwords.values())


def test_every_role_has_a_login_in_each_organisation() -> None:
    for organisation in (BRACKWATER, QUILLPOND):
        held = {role for login in organisation.logins for role in login.roles}
        assert held == set(Role)


def test_users_have_their_roles_in_the_tenant(union: story.Story) -> None:
    with enter(union.tenant.pk):
        for login in QUILLPOND.logins:
            place = Membership.objects.get(user__username=login.username, tenant=union.tenant)
            grants = RoleGrant.objects.filter(membership=place)
            assert {grant.role for grant in grants} == set(login.roles)
