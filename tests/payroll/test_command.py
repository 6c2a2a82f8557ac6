"""The file of a batch, and the command that does the whole pay run."""

from __future__ import annotations

import hashlib
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

from org.errors import DomainError
from org.models import Calendar, Period
from org.tenancy import enter
from payroll.batch import approve, prepare
from payroll.models import PayBatch, PayFile, PayLine, PayrollProfile
from payroll.write import off_cycle, write_file
from tests.factories import AT, make_calendar, make_employment, make_pay_group, make_person
from tests.payroll.cast import Cast, D, make_cast

SPEC = {"extends": "adp_wfn", "settings": {"company": "AB"}, "codes": {"commission": "C"}}


@pytest.fixture
def profile(cast: Cast) -> PayrollProfile:
    return PayrollProfile.objects.create(code="adp", spec=SPEC)


def approved(cast: Cast) -> PayBatch:
    batch = prepare(pay_group=cast.agents, period=cast.june, by=cast.pia, at=AT)
    return approve(batch=batch, by=cast.otto, at=AT).batch


def run(cast: Cast, period: str = "2026-06", **options: Any) -> str:
    out = io.StringIO()
    options = {
        "profile": "adp",
        "by": cast.pia.username,
        "approved_by": cast.otto.username,
        **options,
    }
    call_command("payroll", cast.tenant.code, period, stdout=out, **options)
    return out.getvalue()


def test_a_file_is_kept_with_hash_and_totals(cast: Cast, profile: PayrollProfile) -> None:
    cast.grant(cast.ann, "616.00")
    cast.grant(cast.bo, "0.05")
    file = write_file(batch=approved(cast), profile=profile, by=cast.pia, at=AT)
    content = bytes(PayFile.objects.get().content)
    assert content == (
        b"Co Code,Batch ID,File #,Earnings 3 Code,Earnings 3 Amount\r\n"
        b"AB,0630,000077,C,0.05\r\nAB,0630,001234,C,616.00\r\n"
    )
    assert (file.name, file.rows, file.total) == ("PRAB_EPI.csv", 2, D("616.05"))
    assert file.sha256 == hashlib.sha256(content).hexdigest()


def test_a_second_file_must_be_asked_for(cast: Cast, profile: PayrollProfile) -> None:
    cast.grant(cast.ann, "616.00")
    batch = approved(cast)
    first = write_file(batch=batch, profile=profile, by=cast.pia, at=AT)
    with pytest.raises(DomainError, match=r"has left as “PRAB_EPI.csv” on 2026-07-05"):
        write_file(batch=batch, profile=profile, by=cast.pia, at=AT)
    again = write_file(batch=batch, profile=profile, by=cast.pia, at=AT, reissue=True)
    assert (again.reissue_of, again.sha256) == (first, first.sha256)
    assert PayLine.objects.count() == 1


def test_a_draft_has_no_file(cast: Cast, profile: PayrollProfile) -> None:
    draft = prepare(pay_group=cast.agents, period=cast.june, by=cast.pia, at=AT)
    with pytest.raises(DomainError, match="is a draft and has no lines"):
        write_file(batch=draft, profile=profile, by=cast.pia, at=AT)


def test_off_cycle_batches_have_ids_of_their_own() -> None:
    assert [off_cycle(n) for n in (1, 2, 3, 26, 27)] == ["", "B", "C", "Z", "27"]


def test_the_command_pays_and_writes(cast: Cast, profile: PayrollProfile, tmp_path: Path) -> None:
    cast.grant(cast.ann, "1616.00")
    cast.grant(cast.bo, "-10.00")
    said = run(cast, out=tmp_path)
    written = tmp_path / "PRAB_EPI.csv"
    digest = hashlib.sha256(written.read_bytes()).hexdigest()
    assert said.splitlines() == [
        "agents 2026-06 #1: 1 people paid, 1 lines.",
        "  commission: 1,616.00 USD",
        "  total: 1,616.00 USD",
        "  carried as debts: 10.00 USD; recovered: 0.00 USD",
        "File: PRAB_EPI.csv, 1 rows, 1,616.00 USD",
        f"  SHA-256 {digest}",
        f"Saved as {written}",
    ]
    with pytest.raises(CommandError, match="2026-06 is already paid: batch agents 2026-06 #1"):
        run(cast, out=tmp_path)
    with pytest.raises(CommandError, match=r"exists already and was left alone"):
        run(cast, out=tmp_path, reissue=True)
    said = run(cast, out=tmp_path / "again.csv", reissue=True)
    assert "File once more; tell payroll: PRAB_EPI.csv" in said
    assert (tmp_path / "again.csv").read_bytes() == written.read_bytes()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"profile": "adq"}, "No payroll profile has the code “adq”. The tenant file defines: adp"),
        ({"pay_group": "agnts"}, "No pay group has the code “agnts”. There are: agents."),
        ({"period": "2031-01"}, "No period is called “2031-01”"),
        ({"approved_by": None}, "approved by a person"),
        ({"by": None}, "A pay batch needs somebody who prepares it"),
        ({"reissue": True}, "No batch of 2026-06 is approved; nothing can be reissued."),
    ],
)
def test_the_command_refuses_by_a_sentence(
    cast: Cast, profile: PayrollProfile, options: dict[str, Any], sentence: str
) -> None:
    cast.grant(cast.ann, "10.00")
    with pytest.raises(CommandError) as refusal:
        run(cast, **options)
    assert sentence in str(refusal.value)
    assert cast.stands(cast.ann) == {"due": "10.00"}
    assert not PayBatch.objects.exists()


def test_the_same_person_cannot_do_both(cast: Cast, profile: PayrollProfile) -> None:
    cast.grant(cast.ann, "10.00")
    with pytest.raises(CommandError, match="cannot both prepare and approve"):
        run(cast, approved_by=cast.pia.username)


def test_nothing_due_is_one_sentence(cast: Cast, profile: PayrollProfile) -> None:
    with pytest.raises(
        CommandError, match=r"^Nothing is due to anybody; finalise a period first.$"
    ):
        run(cast)


def test_a_file_that_cannot_be_written_pays_nobody(cast: Cast, profile: PayrollProfile) -> None:
    cast.grant(cast.ann, "10.00", earning_type="spiff")
    with pytest.raises(CommandError, match=r"(?s)no code for the earning type “spiff”.*: Ann Abel"):
        run(cast)
    assert cast.stands(cast.ann) == {"due": "10.00"}


def test_who_has_no_pay_group_is_named(cast: Cast, profile: PayrollProfile) -> None:
    eve = make_person("Eve Ebner", code="e1")
    make_employment(eve, None, "E-1")
    cast.grant(eve, "7.00")
    with pytest.raises(CommandError, match=r"have no pay group: Eve Ebner \(e1\)"):
        run(cast)
    cast.grant(cast.ann, "10.00")
    cast.grant(cast.ann, "10.00", currency="EUR")
    said = run(cast)
    assert "Not paid, because they have no pay group: Eve Ebner (e1)." in said
    assert "due in another currency: Ann Abel (" in said


def test_a_plans_period_is_paid_in_the_pay_period_with_its_last_day(
    cast: Cast, profile: PayrollProfile
) -> None:
    weekly = make_calendar("weekly", Calendar.Kind.WEEKLY)
    week = Period.objects.create(
        calendar=weekly,
        code="2026-06-26",
        valid_from=date(2026, 6, 26),
        valid_to=date(2026, 7, 3),
        pay_date=date(2026, 7, 10),
    )
    team = make_pay_group(weekly, "team")
    cast.ann.employments.update(pay_group=team)
    cast.grant(cast.ann, "10.00")
    said = run(cast, "monthly:2026-06")
    assert "monthly:2026-06 is paid in the pay period weekly:2026-06-26." in said
    assert PayBatch.objects.get().period == week
    cast.grant(cast.ann, "10.00", earned_period=cast.july.pk)
    with pytest.raises(CommandError, match="“weekly” of the group “team” has no period with the"):
        run(cast, "monthly:2026-07")


def test_every_group_with_something_due_is_paid(cast: Cast, tmp_path: Path) -> None:
    PayrollProfile.objects.create(code="adp", spec={**SPEC, "extends": "workday"})
    office = make_pay_group(cast.calendar, "office")
    cast.bo.employments.update(pay_group=office)
    cast.grant(cast.ann, "10.00")
    cast.grant(cast.bo, "20.00")
    with pytest.raises(CommandError, match="would write the same file; use --pay-group"):
        run(cast, out=tmp_path / "pay.csv")
    run(cast, out=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "workday-agents-2026-06.csv",
        "workday-office-2026-06.csv",
    ]


def test_all_met_by_debts_leaves_no_file(cast: Cast, profile: PayrollProfile) -> None:
    cast.grant(cast.ann, "-10.00")
    assert "Nobody is paid, so there is no file." in run(cast)
    assert not PayFile.objects.exists()


def test_a_failed_run_leaves_no_draft(transactional_db: None) -> None:
    cast = make_cast()
    with pytest.raises(CommandError):
        run(cast)
    with enter(cast.tenant.pk), transaction.atomic():
        assert not PayBatch.objects.exists()


def test_a_draft_is_shown_discarded_or_approved_later(cast: Cast, profile: PayrollProfile) -> None:
    cast.grant(cast.ann, "10.00")
    said = run(cast, draft=True, approved_by=None)
    assert "nothing is paid yet" in said
    assert f"  {cast.ann.code} Ann Abel: due 10.00, pays 10.00" in said
    assert "is discarded; nothing was paid" in run(cast, discard=True)
    with pytest.raises(CommandError, match="no draft for 2026-06"):
        run(cast, discard=True)
    run(cast, draft=True)
    with pytest.raises(CommandError, match="There is a draft agents 2026-06 #1 already"):
        run(cast, off_cycle=date(2026, 6, 12), person=[cast.bo.code])
    assert "1 people paid" in run(cast, by=None)
    assert PayBatch.objects.get().prepared_by == cast.pia


def test_one_person_is_paid_off_cycle(cast: Cast, profile: PayrollProfile) -> None:
    cast.grant(cast.ann, "10.00")
    cast.grant(cast.bo, "20.00")
    said = run(cast, off_cycle=date(2026, 6, 12), person=[cast.bo.code])
    assert "total: 20.00 USD" in said
    batch = PayBatch.objects.get()
    assert (batch.off_cycle, batch.pay_date) == (True, date(2026, 6, 12))
    assert "total: 10.00 USD" in run(cast)
