"""The commands of payroll beside others that run at the same moment, over real connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection

from tests.scenarios.site import Site

BY = ("--by", "pia", "--approved-by", "otto")


def at_once(*works: Callable[[], str]) -> list[str]:
    """Let all begin together; what each printed, or the sentence by which it refused."""
    together = threading.Barrier(len(works))
    said = [""] * len(works)

    def do(number: int) -> None:
        try:
            together.wait()
            said[number] = works[number]()
        except CommandError as refusal:
            said[number] = f"Refused: {refusal}"
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[number]) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return said


def balance(site: Site, person: str) -> dict[str, str]:
    (account,) = json.loads(site.run("balance", person, "--json"))["accounts"]
    return dict(account)


@pytest.mark.django_db(transaction=True)
def test_paying_while_the_next_month_is_finalised() -> None:
    """Whatever comes first, nothing is paid twice and nothing is lost."""
    site = Site("s10")
    site.ingest("crm", "sales.csv")
    site.run("finalise", "2026-01", "--on", "2026-02-02")
    paid, booked, again = at_once(
        lambda: site.run("payroll", "2026-01", "--profile", "csv", *BY),
        lambda: site.run("finalise", "2026-02", "--on", "2026-03-02"),
        lambda: site.run("payroll", "2026-01", "--profile", "csv", *BY),
    )
    said = (paid, booked, again)
    assert not any("Traceback" in one or "deadlock" in one for one in said)
    assert not booked.startswith("Refused"), booked
    assert [one.startswith("Refused") for one in (paid, again)].count(False) >= 1
    if "Refused" not in paid and "Refused" not in again:
        assert "#2" in paid + again, "the second paid what was finalised between the two"
    granted = sum(Decimal(balance(site, person)["granted"]) for person in ("ann", "bo", "cy"))
    assert granted == Decimal("1495.00")
    rest = site.run("payroll", "2026-02", "--profile", "csv", *BY) if _due(site) else ""
    assert "Refused" not in rest
    ends = [balance(site, person) for person in ("ann", "bo", "cy")]
    assert sum(Decimal(one["paid"]) for one in ends) == Decimal("1495.00")
    assert {one["owed"] for one in ends} == {"0.00"}


def _due(site: Site) -> bool:
    return any(Decimal(balance(site, person)["due"]) for person in ("ann", "bo", "cy"))


@pytest.mark.django_db(transaction=True)
def test_off_cycle_runs_while_the_period_is_finalised(tmp_path: Path) -> None:
    """A difference is booked by whoever comes first, and paid once."""
    site = Site("s10")
    site.ingest("crm", "sales.csv")
    site.run("finalise", "2026-01", "--on", "2026-02-02")
    site.run("payroll", "2026-01", "--profile", "csv", *BY)
    late = tmp_path / "late.csv"
    late.write_text("Deal,Person,Day,Commission\nL1,ann,2026-01-12,100.00\n", encoding="utf-8")
    site.run("ingest", "crm", late)
    off_cycle = ("payroll", "2026-02", "--profile", "csv", "--off-cycle", "2026-02-20", *BY)
    said = at_once(
        lambda: site.run(*off_cycle),
        lambda: site.run("finalise", "2026-02", "--on", "2026-03-02"),
        lambda: site.run(*off_cycle, "--person", "ann"),
    )
    assert not any("Traceback" in one or "deadlock" in one for one in said), said
    assert not said[1].startswith("Refused"), said
    if _due(site):
        site.run("payroll", "2026-02", "--profile", "csv", *BY)
    ends = [balance(site, person) for person in ("ann", "bo", "cy")]
    assert sum(Decimal(one["paid"]) for one in ends) == Decimal("1595.00")
    assert balance(site, "ann")["paid"] == "1300.00"
    assert {one["owed"] for one in ends} == {"0.00"}
