"""Unknown names: the queue, saying what they mean, and trying again what waited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics.models import Delivery, PersonAlias, Rejection, Source, Value
from org.base import CURRENT
from org.models import AuditEntry, Person
from org.tenancy import enter
from tests.web.cast import NOW, Cast
from tests.web.data import CALLS, LONG, Browser, take, taken, telephone, trial, work
from tests.web.test_upload import page

OLD = "Agent,Date,Calls\nann,2026-06-10,100\njnae,2026-06-10,7\njnae,2026-06-11,8\n"
NAME = "/data/unknown/name/?source=phone&name=jnae&reason=unknown_person"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The clock goes on, as it does where something is tried again."""
    with time_machine.travel(NOW, tick=True):
        yield


def say(browser: Browser, **fields: str) -> str:
    given = {"source": "phone", "name": "jnae", "reason": "unknown_person", **fields}
    answer = browser("mia").post("/data/unknown/name/", given, follow=True)
    return " ".join(answer.content.decode().split())


def numbers(cast: Cast) -> dict[tuple[str, int], int]:
    with enter(cast.tenant.pk):
        names = dict(Person.objects.values_list("pk", "code"))
        return {
            (names[v.person_id], v.day.day): int(v.numerator) for v in Value.objects.filter(CURRENT)
        }


def test_a_name_is_said_and_its_rows_are_tried_again(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    taken(mia, bank, OLD)
    queue = page(mia, "/data/unknown/")
    assert "jnae" in queue
    assert "nobody has said" in queue
    assert "Say who it is" in queue
    assert "Line 3 names Agent “jnae”" in page(mia, NAME)
    assert "is known now. Its 2 rows count once" in say(browser, person="cleo", valid_from="")
    assert "Cleo Chan" in page(mia, "/data/unknown/")
    with enter(bank.tenant.pk):
        number = Delivery.objects.get().pk
        assert AuditEntry.objects.get(action="name person").subject.endswith("“jnae” is cleo")
    answer = mia.post(f"/data/deliveries/{number}/again/")
    work()
    assert "Before: 1 accepted, 2 rows rejected" in page(mia, answer["Location"])
    assert numbers(bank) == {("ann", 10): 100}
    take(mia, trial(bank))
    work()
    assert numbers(bank) == {("ann", 10): 100, ("cleo", 10): 7, ("cleo", 11): 8}
    assert "Every name is known" in page(mia, "/data/unknown/")
    with enter(bank.tenant.pk):
        assert Delivery.objects.filter(undone_at=None).count() == 1


def test_what_a_later_delivery_said_stands(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    first = taken(mia, bank, OLD)
    taken(mia, bank, "Agent,Date,Calls\nann,2026-06-10,111\n")
    say(browser, person="cleo", valid_from="")
    mia.post(f"/data/deliveries/{first.delivery_id}/again/")
    work()
    take(mia, trial(bank))
    work()
    assert numbers(bank) == {("ann", 10): 111, ("cleo", 10): 7, ("cleo", 11): 8}


def test_a_name_means_another_from_a_day_on(browser: Browser, bank: Cast) -> None:
    source = telephone(bank)
    taken(browser("mia"), bank, OLD)
    say(browser, person="Cleo Chan", valid_from="")
    say(browser, person="ann", valid_from="2026-06-11")
    with enter(bank.tenant.pk):
        rows = PersonAlias.objects.filter(CURRENT, source=source).order_by("valid_from")
        assert [(r.person.code, r.valid_from) for r in rows][1] == ("ann", date(2026, 6, 11))
        assert rows[0].valid_to == date(2026, 6, 11)
    assert "means Ann Abel by “jnae” from 11 June 2026 on already" in say(
        browser, person="cleo", valid_from="2026-06-01"
    )


@pytest.mark.parametrize("text", ["nobody", ""])
def test_whom_nobody_knows_cannot_be_meant(browser: Browser, bank: Cast, text: str) -> None:
    telephone(bank)
    taken(browser("mia"), bank, OLD)
    said = say(browser, person=text)
    assert "Give the personnel number" in said if text else "This field is required" in said
    with enter(bank.tenant.pk):
        assert not PersonAlias.objects.exists()


def test_a_source_by_number_has_nothing_to_map(browser: Browser, bank: Cast) -> None:
    telephone(bank, {**CALLS, "person": {"column": "Agent", "by": "code"}})
    taken(browser("mia"), bank, OLD)
    assert "names people by personnel number" in page(browser("mia"), NAME)
    assert "names people by personnel number" in say(browser, person="cleo")


def test_a_metric_of_a_long_file_is_said(browser: Browser, bank: Cast) -> None:
    telephone(bank, LONG)
    mia = browser("mia")
    found = taken(mia, bank, "Who,Date,Figure,Amount\nann,2026-06-10,answered,12\n")
    assert "a metric" in page(mia, "/data/unknown/")
    fields = {"name": "answered", "reason": "unknown_metric", "metric": "calls"}
    assert "is known now" in say(browser, **fields)
    with enter(bank.tenant.pk):
        assert Source.objects.get().column_map["values"]["metrics"] == {"answered": "calls"}
    mia.post(f"/data/deliveries/{found.delivery_id}/again/")
    work()
    take(mia, trial(bank))
    work()
    assert numbers(bank) == {("ann", 10): 12}


def test_a_name_that_no_row_waits_for_is_not_there(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    assert mia.get(NAME).status_code == 404
    taken(mia, bank, OLD)
    assert mia.get(NAME.replace("phone", "fax")).status_code == 404
    assert mia.get(NAME.replace("unknown_person", "odd")).status_code == 404


def test_the_queue_asks_as_often_for_one_as_for_three(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    with enter(bank.tenant.pk):
        source = Source.objects.get()
        made = Delivery.objects.create(
            source=source, file_name="a", sha256="a", content=b"", received_at=NOW
        )
    mia = browser("mia")
    counts = []
    for names in (["x"], ["y", "z"]):
        with enter(bank.tenant.pk):
            for line, name in enumerate(names):
                Rejection.objects.create(
                    delivery=made, line=line, value=name, reason="unknown_person", sentence=name
                )
        with CaptureQueriesContext(connection) as asked:
            mia.get("/data/unknown/")
        counts.append(len(asked))
    assert counts == [13, 13]
