"""Every address of the site, and what each person is answered there.

The table is ``access.txt``; an address that is missing from it fails, and so does one that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from incentives.dispute import open_dispute
from incentives.dispute_files import add_file
from incentives.models import Budget, EffectTrial, PastLook
from metrics.models import (
    CorrectionRequest,
    CreditRule,
    DealRequest,
    Delivery,
    Metric,
    Source,
    TransactionKind,
    Trial,
)
from org.base import TenantModel
from org.dates import FOREVER
from org.models import Assignment, JobType, RuleChange, TeamObjection, Unit
from org.tenancy import enter
from payroll.models import PayBatch, PayFile, PayrollProfile
from scorecards.walls import make_token, say
from tests.factories import make_calendar, make_month, make_pay_group, make_person
from tests.web.board_cast import make_board, make_wall, rank_june
from tests.web.cast import NOW, SINCE, Cast, make_version
from tests.web.conftest import signed_in

Browser = Callable[[str], Client]
TABLE = Path(__file__).with_name("access.txt")
# What others' packages bring and walk through by themselves.
ELSEWHERE = {"admin"}


@dataclass(frozen=True)
class Row:
    """One address and method, with the answer for each person."""

    name: str
    arguments: tuple[str, ...]
    method: str
    answers: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.method} {' '.join((self.name, *self.arguments))}"


def table() -> Iterator[Row]:
    """The rows of the table; its first line names the people."""
    head, *lines = TABLE.read_text().splitlines()
    people = head.split()[3:]
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        *address, method = line.split()[: -len(people)]
        answers = zip(people, line.split()[-len(people) :], strict=True)
        yield Row(address[0], tuple(address[1:]), method, tuple(answers))


ROWS = list(table())


def names(resolver: Any = None, space: str = "") -> Iterator[str]:
    """The names of all addresses, those of ``ELSEWHERE`` left out."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield space + (pattern.name or str(pattern.pattern))
        elif isinstance(pattern, URLResolver) and pattern.namespace not in ELSEWHERE:
            yield from names(pattern, f"{pattern.namespace}:" if pattern.namespace else space)


def test_the_table_holds_every_address_and_no_other() -> None:
    assert sorted({row.name for row in ROWS}) == sorted(set(names()))


@pytest.fixture(scope="module")
def things(casts: dict[str, Cast]) -> dict[str, Any]:
    """A draft, a paid batch with a file, boards, and a person and a calendar of the bank alone.

    Made once, inside the transaction of the casts: what a row asks for ends with its savepoint.
    """
    bank = deepcopy(casts["bank"])
    with time_machine.travel(NOW, tick=False), enter(bank.tenant.pk):
        june = bank.periods["2026-06"]
        shared = {
            "pay_group": make_pay_group(june.calendar),
            "period": june,
            "currency": "EUR",
            "prepared_by": bank.user("petra"),
            "prepared_at": NOW,
        }
        paid = PayBatch.objects.create(
            **shared, status="approved", approved_by=bank.user("pam"), approved_at=NOW
        )
        batch = PayBatch.objects.create(**shared, number=2)
        file = PayFile.objects.create(
            batch=paid,
            profile=PayrollProfile.objects.create(code="csv", spec={"extends": "generic_csv"}),
            name="pay.csv",
            content=b"a;b",
            sha256="0" * 64,
            rows=0,
            total=0,
            written_at=NOW,
        )
        make_month(make_calendar("only"), 2026, 6)
        only = make_person("Only Here", code="only")
        request = CorrectionRequest.objects.create(
            person=only,
            day=date(2026, 6, 10),
            metric=Metric.objects.get(),
            numerator=1,
            reason="seen",
            asked_by=bank.user("mo"),
            asked_at=NOW,
        )
        objection = TeamObjection.objects.create(
            manager=bank.people["sam"],
            month=date(2026, 5, 1),
            who="Only Here",
            since=date(2026, 5, 4),
            what="moved",
            opened_at=NOW,
            opened_by=bank.user("sam"),
        )
        Assignment.objects.create(
            person=only,
            unit=Unit.objects.get(),
            job_type=JobType.objects.get(),
            manager=bank.people["sam"],
            valid_from=SINCE,
            recorded_at=NOW,
        )
        screen, data = boards(bank), {**put_data(bank), **put_rules(bank)}
        dispute = open_dispute(
            plan=bank.plan,
            period=june,
            person=only,
            reason="A sale is missing",
            by=bank.user("mo"),
            at=NOW,
        )
        proof = add_file(dispute=dispute, name="a.txt", content=b"a", by=None, at=NOW)
        impact = EffectTrial.objects.create(
            kind="version",
            state="ready",
            about=data["VERSION"],
            title="Calls version 2",
            period=june,
            stamp="",
            last_change=0,
            found={
                "currencies": [],
                "curves": [],
                "said": [],
                "undecided": [0, 0],
                "typical": None,
            },
            by=bank.user("mo"),
            at=NOW,
        )
        look = PastLook.objects.create(period=june, moment=NOW, by=bank.user("audrey"), at=NOW)
    return {
        "BATCH": batch.pk,
        "RULING": bank.version.pk,
        "FILE": file.pk,
        "ONLY": "only",
        "REQUEST": request.pk,
        "OBJECTION": objection.pk,
        "DISPUTE": dispute.pk,
        "DISPUTE_FILE": proof.pk,
        "IMPACT": impact.pk,
        "LOOK": look.pk,
        **screen,
        **data,
    }


def boards(bank: Cast) -> dict[str, Any]:
    """A leaderboard, and a wallboard with an address and a message that only the bank has."""
    board = make_board(bank, "board", opt_out=True)
    rank_june(bank, board)
    wall, about = make_wall(bank, board), {"by": bank.user("ada"), "at": NOW}
    later = NOW + timedelta(hours=1)
    token = make_token(wallboard=wall, secret="s" * 43, label="x", expires_at=None, **about)
    message = say(wallboard=wall, text="x", begins=NOW, ends=later, **about)
    return {"TOKEN": token.pk, "MESSAGE": message.pk, "SECRET": "s" * 43}


def put_data(bank: Cast) -> dict[str, Any]:
    """A source of the bank, a delivery of it, and a file on trial."""
    source = Source.objects.create(code="phone")
    shared = {"source": source, "file_name": "calls.csv", "content": b"a;b"}
    delivery = Delivery.objects.create(**shared, sha256="1" * 64, received_at=NOW)
    trial = Trial.objects.create(
        **shared, sha256="2" * 64, size=3, state="ready", by=bank.user("mia"), at=NOW
    )
    return {"SOURCE": source.code, "DELIVERY": delivery.pk, "TRIAL": trial.pk}


def put_rules(bank: Cast) -> dict[str, Any]:
    """A draft of Mia, a kind of transaction with a credit rule, and a change that Mo asks for."""
    draft = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
    draft.schedules = {"later": [{"share": "100%", "release": "final"}]}
    draft.save()
    kind = TransactionKind.objects.create(
        code="sale", key_columns=["no"], dates=["sold"], roles={"seller": {}}
    )
    rule = CreditRule.objects.create(
        kind=kind,
        group="volume",
        order=1,
        to=["seller"],
        into=Metric.objects.get(),
        on="sold",
        valid_from=SINCE,
        recorded_at=NOW,
    )
    change = RuleChange.objects.create(
        section="transactions",
        code="sale",
        before={"key": ["no"]},
        reason="x",
        asked_by=bank.user("mo"),
        asked_at=NOW,
    )
    example = draft.examples.create(name="One", expected={"bonus": "1"})
    deal = DealRequest.objects.create(
        kind=kind, key="1", attribute="sold", reason="x", asked_by=bank.user("mo"), asked_at=NOW
    )
    budget = Budget.objects.create(
        plan=bank.plan, amount=1, valid_from=SINCE, valid_to=FOREVER, recorded_at=NOW
    )
    about = {"KIND": kind.code, "RULE": rule.pk, "CHANGE": change.pk, "BUDGET": budget.pk}
    about["DEAL"] = deal.pk
    return {"VERSION": draft.pk, "EXAMPLE": example.pk, **about}


@pytest.fixture(scope="module")
def cookies(casts: dict[str, Cast]) -> dict[str, SimpleCookie]:
    """What everybody's browser holds once they have signed in; nobody's holds nothing."""
    people = [person for person, _ in ROWS[0].answers]
    with time_machine.travel(NOW, tick=False):
        return {
            name: signed_in("" if name == "nobody" else name, **deepcopy(casts)).cookies
            for name in people
        }


def answer_of(client: Client, row: Row, things: dict[str, Any]) -> str:
    """The status, or ``login`` where one is sent to sign in."""
    address = reverse(row.name, args=[things.get(a, a) for a in row.arguments])
    answer = client.post(address) if row.method == "POST" else client.get(address)
    if answer.status_code == 302 and "login" in answer["Location"] and row.name != "logout":
        return "login"
    return str(answer.status_code)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_person_is_answered_as_the_table_says(
    db: None, cookies: dict[str, SimpleCookie], things: dict[str, Any], row: Row
) -> None:
    found = {}
    for person, _ in row.answers:
        client = Client()
        client.cookies = deepcopy(cookies[person])
        found[person] = answer_of(client, row, things)
    assert found == dict(row.answers)


# --- The admin: one rule for every model


def test_every_model_of_the_admin_refuses_agents_and_hides_rows_of_others(
    browser: Browser, bank: Cast
) -> None:
    ann, audrey, oda = browser("ann"), browser("audrey"), browser("oda")
    for model in admin.site._registry:
        opts = model._meta
        listed = f"admin:{opts.app_label}_{opts.model_name}"
        refused = ann.get(reverse(f"{listed}_changelist"), follow=True)
        assert refused.status_code == 403, opts.label
        assert audrey.get(reverse(f"{listed}_changelist")).status_code == 200, opts.label
        with enter(bank.tenant.pk):
            rows = model._default_manager.all()
            is_global = not issubclass(model, TenantModel)
            row = (rows.filter(tenant=bank.tenant) if is_global else rows).first()
        if row is None:
            continue
        address = reverse(f"{listed}_change", args=[row.pk])
        assert oda.get(address).status_code == 404, opts.label
        assert audrey.get(address).status_code == 200, opts.label
        assert audrey.post(address, {}).status_code == 403, opts.label
