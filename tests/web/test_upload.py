"""A file from dropping it to undoing it, through the real pipeline and the real jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics.models import Delivery, Rejection, SourceComplete, Trial, TrialRow, Value
from org.base import CURRENT
from org.models import AuditEntry, InputChange
from org.tenancy import enter
from pmsite.models import Job
from tests.web.cast import NOW, Cast
from tests.web.data import (
    GOOD,
    LONG,
    MIXED,
    Browser,
    bomb,
    send,
    take,
    taken,
    telephone,
    trial,
    tried,
    work,
)

State = Trial.State


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The clock goes on: a second look is asked for later than the first."""
    with time_machine.travel(NOW, tick=True):
        yield


SEES = ("mia", "pam", "audrey", "ada")
MAY = ("mia", "ada")


def page(client: Client, address: str) -> str:
    """What a page says, its blanks made one."""
    answer = client.get(address, follow=True)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().split())


def values(cast: Cast) -> int:
    with enter(cast.tenant.pk):
        return Value.objects.filter(CURRENT).count()


# --- Dropping and looking


def test_a_file_is_dropped_looked_at_taken_in_and_undone(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    answer = send(mia)
    address = answer["Location"]
    assert re.fullmatch(r"/data/upload/\d+/", address)
    waiting = page(mia, address)
    assert "Waits for a worker" in waiting
    assert f'hx-get="{address}progress/"' in waiting
    assert values(bank) == 0
    assert work() == ["Looked at."]
    ready = page(mia, address)
    for words in (
        "Phone, found out from the header row",
        'Accepted</dt><dd class="good-text">2</dd>',
        "Every row can be used.",
        "the person</td>",
        "<b>calls</b> 120",
        "Take it in",
        "What would change in pay",
    ):
        assert words in ready, words
    assert values(bank) == 0, "a look keeps nothing"
    assert take(mia, trial(bank))["Location"] == address
    assert work() == [
        "calls.csv from phone: 2 rows read, 0 skipped (banner, total, blank), 0 rejected."
    ]
    assert values(bank) == 2
    done = page(mia, address)
    assert '<h1 class="stamped">calls.csv</h1>' in done
    assert "taken in</span>" in done
    with enter(bank.tenant.pk):
        delivery = Delivery.objects.get()
        assert (delivery.by, bytes(Trial.objects.get().content)) == (bank.user("mia"), b"")
    undo = mia.post(f"/data/deliveries/{delivery.pk}/undo/", {"reason": "Sent too early."})
    assert work() == ["Looked at."]
    shown = page(mia, undo["Location"])
    assert "Taken back</dt> <dd>2</dd>" in shown or "Taken back</dt><dd>2</dd>" in shown
    assert "Sent too early." in shown
    assert values(bank) == 2
    take(mia, trial(bank))
    work()
    assert values(bank) == 0
    assert "Undone by mia.bank" in page(mia, f"/data/deliveries/{delivery.pk}/")
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.get(action="undo").reason == "Sent too early."
        said = set(AuditEntry.objects.values_list("action", flat=True))
        assert said >= {"trial.file", "ingest", "trial.undo", "undo"}


def test_problems_have_line_value_and_reason_and_come_as_a_file(
    browser: Browser, bank: Cast
) -> None:
    telephone(bank)
    mia = browser("mia")
    found = tried(mia, bank, MIXED)
    assert (found.report["accepted"], found.report["rejected"], found.report["unknown"]) == (
        1,
        2,
        1,
    )
    shown = page(mia, f"/data/upload/{found.pk}/")
    for words in ("jnae", "whom nobody knows here", "ninety", "2026-06-32"):
        assert words in shown
    answer = mia.get(f"/data/upload/{found.pk}/rejected.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="calls-rejected.csv"'
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert lines[0] == "line,what is wrong,column,value,Agent,Date,Calls"
    assert lines[2].startswith("4,Line 4: Agent names “jnae”") or "jnae,2026-06-10,7" in lines[2]
    take(mia, found)
    work()
    with enter(bank.tenant.pk):
        assert TrialRow.objects.count() == 0, "the delivery keeps them now"
        assert Rejection.objects.count() == 3
        delivery = Delivery.objects.get()
        assert (delivery.rows_rejected, delivery.rows_unknown) == (3, 1)
    again = b"".join(mia.get(f"/data/deliveries/{delivery.pk}/rejected.csv")).decode("utf-8-sig")
    assert again.splitlines() == lines


def test_the_change_in_pay_is_shown_and_reading_it_is_noted(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    found = tried(mia, bank)
    people = {one["code"]: one["change"] for one in found.pay["people"]}
    assert found.pay["problem"] == ""
    assert "2026-06" in found.pay["periods"]
    shown = page(mia, f"/data/upload/{found.pk}/")
    if people:
        assert "The people whose pay would change most" in shown
        with enter(bank.tenant.pk):
            assert AuditEntry.objects.filter(action="read pay").exists()


def test_a_look_leaves_no_trace_in_the_figures(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    tried(browser("mia"), bank, MIXED, complete_through="2026-06-20")
    with enter(bank.tenant.pk):
        assert not Delivery.objects.exists()
        assert not InputChange.objects.exists()
        assert not SourceComplete.objects.exists()
        assert bank.run.__class__.objects.filter(pk=bank.run.pk).exists()


def test_complete_to_is_declared_with_the_file(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    taken(browser("mia"), bank, GOOD, complete_through="2026-06-20")
    with enter(bank.tenant.pk):
        assert SourceComplete.objects.get().through == date(2026, 6, 20)


def test_the_last_day_is_offered_as_the_day_of_completeness(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    found = tried(mia, bank)
    assert "Complete to 2026-06-11" in page(mia, f"/data/upload/{found.pk}/")
    fields = {"source": "phone", "complete_through": "2026-06-11"}
    mia.post(f"/data/upload/{found.pk}/look/", fields)
    work()
    assert trial(bank).complete_through == date(2026, 6, 11)
    assert "phone is complete to 2026-06-11." in page(mia, f"/data/upload/{found.pk}/")


# --- Whose file it is


def test_a_header_nobody_knows_lists_what_each_source_lacks(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    found = tried(mia, bank, "Name,When,Calls\nann,2026-06-10,120\n")
    assert found.state == State.CHOOSE
    shown = page(mia, f"/data/upload/{found.pk}/")
    assert "Nobody can tell from its header whose file this is" in shown
    assert "has no column “Agent”" in shown
    mia.post(f"/data/upload/{found.pk}/look/", {"source": "phone", "complete_through": ""})
    work()
    assert trial(bank).state == State.REFUSED
    assert "has no column “Agent”" in page(mia, f"/data/upload/{found.pk}/")


def test_the_source_that_fits_best_is_found_out(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    telephone(bank, {**LONG, "person": "Agent"}, code="long")
    found = tried(browser("mia"), bank)
    assert (found.source and found.source.code, found.found["guessed"]) == ("phone", True)


def test_two_sources_that_fit_alike_are_asked_about(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    telephone(bank, code="twin")
    mia = browser("mia")
    found = tried(mia, bank)
    assert found.state == State.CHOOSE
    mia.post(f"/data/upload/{found.pk}/look/", {"source": "twin", "complete_through": ""})
    work()
    again = trial(bank)
    assert (again.state, again.source and again.source.code) == (State.READY, "twin")


def test_without_a_source_nothing_can_be_read(browser: Browser, bank: Cast) -> None:
    mia = browser("mia")
    assert "No source is set up yet" in page(mia, "/data/upload/")
    found = tried(mia, bank)
    assert (found.state, "No source has a column map" in found.sentence) == (State.REFUSED, True)


# --- Files that are none


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"%PDF-1.7 and so on", "calls.pdf", "is a PDF document"),
        (b"\x89PNG\r\n\x1a\n0000", "calls.png", "is a picture"),
        (b"", "calls.csv", "The file is empty"),
        (b"<html><table><tr><td>Agent", "calls.xls", "is a web page"),
        (b"\x1f\x8b\x08 packed", "calls.csv.gz", "is a compressed file"),
    ],
)
def test_what_is_no_table_is_refused_at_once(
    browser: Browser, bank: Cast, content: bytes, name: str, words: str
) -> None:
    telephone(bank)
    answer = send(browser("mia"), content, name)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    with enter(bank.tenant.pk):
        assert not Trial.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"Agent,Date,Calls\nann\x00\x01\x02,x,1\n", "calls.csv", "neither text nor a workbook"),
        (b"PK\x03\x04 broken", "calls.xlsx", "is a broken workbook, or none at all"),
        (b"Agent,Date,Calls\n", "calls.csv", "no row of data below it"),
        (b'Agent,Date,Calls\nann,"2026-06-10,1\n', "calls.csv", "a quotation mark is opened"),
    ],
)
def test_what_cannot_be_read_is_kept_with_a_sentence(
    browser: Browser, bank: Cast, content: bytes, name: str, words: str
) -> None:
    telephone(bank)
    mia = browser("mia")
    send(mia, content, name, source="phone")
    work()
    found = trial(bank)
    assert found.state == State.REFUSED
    assert words in page(mia, f"/data/upload/{found.pk}/")


def test_a_workbook_that_explodes_is_not_unpacked(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    send(mia, bomb(), "calls.xlsx", source="phone")
    work()
    assert "times its size, which no workbook of figures does" in trial(bank).sentence


def test_what_is_too_large_is_said_with_the_limit(
    browser: Browser, bank: Cast, settings: Any
) -> None:
    settings.UPLOAD_LIMIT = 1024**2
    telephone(bank)
    answer = send(browser("mia"), b"Agent,Date,Calls\n" + b"x" * 1024**2, "big.csv")
    assert "big.csv is larger than 1 MB" in answer.content.decode()
    with enter(bank.tenant.pk):
        assert not Trial.objects.exists()


def test_no_file_is_asked_for_in_words(browser: Browser, bank: Cast) -> None:
    assert (
        "Choose a file, or drop one here."
        in browser("mia").post("/data/upload/", {}).content.decode()
    )


# --- Twice


def test_a_form_sent_twice_is_one_trial(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    first, second = send(mia), send(mia)
    assert first["Location"] == second["Location"]
    assert "nothing was doubled" in page(mia, second["Location"])
    assert Job.objects.count() == 1


def test_a_double_click_takes_it_in_once(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia, ada = browser("mia"), browser("ada")
    found = tried(mia, bank)
    answers = [take(mia, found), take(mia, found), take(ada, found)]
    assert [answer.status_code for answer in answers] == [302] * 3
    assert "is not taken in a second time" in page(ada, answers[-1]["Location"])
    assert len(work()) == 1
    late = take(ada, found)
    assert work() == []
    told = ada.get(late["Location"], follow=True).content.decode()
    assert "is not taken in a second time" in told, "on the page of the delivery, too"
    with enter(bank.tenant.pk):
        assert Delivery.objects.get().by == bank.user("mia")


def test_two_people_with_the_same_file_take_it_in_once(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia, ada = browser("mia"), browser("ada")
    first = tried(mia, bank)
    second = tried(ada, bank)
    assert first.pk != second.pk
    take(mia, first)
    take(ada, second)
    work()
    with enter(bank.tenant.pk):
        assert Delivery.objects.count() == 1
    assert trial(bank).state == State.REFUSED
    assert "has the same content as calls.csv" in page(ada, f"/data/upload/{second.pk}/")


def test_the_same_file_again_says_so(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    taken(mia, bank)
    found = tried(mia, bank)
    assert found.state == State.REFUSED
    assert "nothing changes" in page(mia, f"/data/upload/{found.pk}/")


def test_what_was_seen_is_what_is_taken_in(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    old = tried(mia, bank)
    mia.post(f"/data/upload/{old.pk}/look/", {"source": "phone", "complete_through": "2026-06-11"})
    work()
    answer = browser("ada").post(f"/data/upload/{old.pk}/take/", {"round": old.round}, follow=True)
    assert "looked at anew since you saw it" in answer.content.decode()
    assert work() == []


def test_let_go_while_it_is_looked_at(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    send(mia)
    found = trial(bank)
    mia.post(f"/data/upload/{found.pk}/drop/")
    assert work() == ["Nobody waits for it any more."]
    found = trial(bank)
    assert (found.state, bytes(found.content)) == (State.DROPPED, b"")
    assert "This was let go" in page(mia, f"/data/upload/{found.pk}/")
    answer = mia.post(f"/data/upload/{found.pk}/take/", {"round": 1}, follow=True)
    assert "It was let go" in answer.content.decode()


def test_a_commit_that_is_refused_keeps_the_file(browser: Browser, bank: Cast) -> None:
    source = telephone(bank)
    mia = browser("mia")
    found = tried(mia, bank)
    take(mia, found)
    with enter(bank.tenant.pk):
        source.column_map = {}
        source.save()
    assert work() == ["It cannot be taken in as it is; its page says why."]
    found = trial(bank)
    assert (found.state, bytes(found.content).decode()) == (State.REFUSED, GOOD)
    assert "has no column map" in page(mia, f"/data/upload/{found.pk}/")


def test_work_that_broke_can_be_asked_for_again(
    browser: Browser, bank: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    telephone(bank)
    mia = browser("mia")
    send(mia)
    found = trial(bank)
    Job.objects.update(state=Job.State.FAILED, failure="The disk is full.")
    assert "The work stopped: The disk is full." in page(mia, f"/data/upload/{found.pk}/")
    assert mia.get(f"/data/upload/{found.pk}/progress/")["HX-Redirect"]
    mia.post(f"/data/upload/{found.pk}/look/", {"source": "", "complete_through": ""})
    assert work() == ["Looked at."]


def test_a_script_is_told_where_to_go(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    answer = mia.post("/data/upload/", {}, headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "Choose a file" in answer.content.decode()
    found = tried(mia, bank)
    assert mia.get(f"/data/upload/{found.pk}/progress/")["HX-Redirect"].endswith(f"/{found.pk}/")


# --- Who may


@pytest.fixture
def world(browser: Browser, bank: Cast) -> dict[str, str]:
    """A trial and a delivery, by the addresses that they have."""
    telephone(bank)
    taken(browser("mia"), bank, MIXED)
    with enter(bank.tenant.pk):
        delivery = Delivery.objects.get().pk
    found = tried(browser("mia"), bank, GOOD)
    return {
        "see": f"/data/ /data/deliveries/{delivery}/ /data/deliveries/{delivery}/rejected.csv"
        " /data/unknown/",
        "may": f"/data/upload/ /data/upload/{found.pk}/ /data/upload/{found.pk}/progress/"
        f" /data/upload/{found.pk}/rejected.csv"
        " /data/unknown/name/?source=phone&name=jnae&reason=unknown_person",
        "post": f"/data/deliveries/{delivery}/undo/ /data/deliveries/{delivery}/again/"
        f" /data/sources/phone/complete/ /data/upload/{found.pk}/look/"
        f" /data/upload/{found.pk}/take/ /data/upload/{found.pk}/drop/",
    }


@pytest.mark.parametrize("name", ["mia", "pam", "audrey", "ada", "sam", "ann"])
def test_a_role_opens_what_it_may(browser: Browser, world: dict[str, str], name: str) -> None:
    client = browser(name)
    wanted = dict.fromkeys(world["see"].split(), name in SEES)
    wanted |= dict.fromkeys(world["may"].split(), name in MAY)
    found = {address: client.get(address).status_code for address in wanted}
    assert found == {address: 200 if may else 403 for address, may in wanted.items()}
    if name not in MAY:
        for address in world["post"].split():
            assert client.post(address).status_code == 403


def test_another_tenant_finds_nothing(browser: Browser, world: dict[str, str]) -> None:
    olga = browser("olga")
    own = {"/data/", "/data/unknown/", "/data/upload/"}
    for address in (world["see"] + " " + world["may"]).split():
        if address not in own:
            assert olga.get(address).status_code == 404, address
    for address in world["post"].split():
        assert olga.post(address, {"reason": "x"}).status_code == 404, address
    assert "calls.csv" not in page(olga, "/data/")
    assert "jnae" not in page(olga, "/data/unknown/")


def test_what_changes_takes_a_post(browser: Browser, world: dict[str, str]) -> None:
    mia = browser("mia")
    for address in world["post"].split():
        assert mia.get(address).status_code == 405, address
    for address in world["see"].split():
        assert mia.post(address).status_code == 405, address


# --- Lists


def test_the_list_takes_as_many_queries_for_one_as_for_three(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    taken(mia, bank)
    with CaptureQueriesContext(
        connection,
    ) as one:
        mia.get("/data/")
    for day in (12, 13):
        taken(mia, bank, f"Agent,Date,Calls\nann,2026-06-{day},1\n")
    with CaptureQueriesContext(connection) as three:
        mia.get("/data/")
    assert len(one) == len(three) == 17


def test_deliveries_are_filtered_and_taken_along(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    taken(mia, bank)
    assert "calls.csv" in page(mia, "/data/?source=phone&state=in&name=calls")
    assert "No delivery fits" in page(mia, "/data/?state=undone")
    assert mia.get("/data/?source=nobody").status_code == 200
    lines = mia.get("/data/?download=csv").content.decode("utf-8-sig").splitlines()
    assert lines[1].split(",")[:3] == ["calls.csv", "in", "phone"]


def test_a_source_says_up_to_when_it_is_complete_and_where_it_has_gaps(
    browser: Browser, bank: Cast
) -> None:
    telephone(bank)
    mia = browser("mia")
    taken(mia, bank)
    taken(mia, bank, "Agent,Date,Calls\nann,2026-06-18,1\n")
    assert "12 to 17 June 2026" in page(mia, "/data/")
    answer = mia.post("/data/sources/phone/complete/", {"through": "2026-06-18"}, follow=True)
    assert "phone is complete to 18 June 2026." in answer.content.decode()
    answer = mia.post("/data/sources/phone/complete/", {"through": ""}, follow=True)
    assert "give the day" in answer.content.decode()


def test_undoing_needs_a_reason(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    found = taken(mia, bank)
    answer = mia.post(f"/data/deliveries/{found.delivery_id}/undo/", {"reason": " "}, follow=True)
    assert "Say why the delivery is undone" in answer.content.decode()
    with enter(bank.tenant.pk):
        assert not Trial.objects.filter(kind="undo").exists()
        assert Value.objects.filter(CURRENT).values_list("numerator", flat=True)[0] >= Decimal(90)


def test_home_asks_for_rows_that_are_neither_handled_nor_undone(
    browser: Browser, bank: Cast
) -> None:
    telephone(bank)
    mia = browser("mia")
    waits = ">3</span>"
    number = taken(mia, bank, MIXED).delivery_id
    home = page(mia, "/")
    assert "Rows could not be used" in home
    assert waits in home
    mia.post(f"/data/deliveries/{number}/handled/", {"handled": "They are in the file of the 3rd."})
    assert "Rows could not be used" not in page(mia, "/")
    number = taken(mia, bank, f"{MIXED}cleo,2026-06-12,1\n").delivery_id
    assert "Rows could not be used" in page(mia, "/")
    mia.post(f"/data/deliveries/{number}/undo/", {"reason": "Sent too early."})
    work()
    take(mia, trial(bank))
    work()
    assert "Rows could not be used" not in page(mia, "/")
