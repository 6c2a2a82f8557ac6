"""As known at a past moment: the same engine over the tables of then, and nothing left behind."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone

from incentives.amounts import work_out
from incentives.asof import AS_THEY_ARE, OF_THEIR_OWN, as_of
from incentives.models import Dispute
from metrics.models import Delivery
from org.base import Recorded, TenantModel
from org.history import TRACKED
from org.models import Period, Tenant
from org.tenancy import enter
from tests.incentives.june import load
from tests.incentives.test_found import FIGURES, ONE_UNIT, PLAN_X, TWO_PEOPLE, Small
from tests.scenarios.site import Site
from tests.seeds import some
from tests.tables import contents

pytestmark = pytest.mark.django_db

# Tenant tables that neither supersede nor change in place, and why they are left as they are.
LEFT = {
    "org.Period": "periods are added, and never moved or taken away",
    "org.AuditEntry": "append-only, and no calculation reads it",
    "org.InputChange": "append-only, and no calculation reads it",
    "metrics.Delivery": "read by no calculation; its moments are asked directly",
    "metrics.Rejection": "read by no calculation",
    "metrics.Party": "belongs to one version of a transaction",
    "metrics.Waiting": "read by no calculation",
    "metrics.OnceKey": "an index over transactions, made anew for those that are credited",
    "metrics.CorrectionRequest": "asks for a correction, which has a past of its own",
    "metrics.DealRequest": "asks for a correction, which has a past of its own",
    "metrics.Trial": "a file that counts for nothing yet",
    "metrics.TrialRow": "a row of such a file",
    "org.ProviderSecret": "says how one signs in, and nothing of pay",
    "org.TeamConfirmation": "says who looked at a team, and decides nothing",
    "org.TeamObjection": "asks for a change of jobs, which have a past of their own",
    "scorecards.OptOut": "hides a name, and decides nothing",
    "scorecards.Place": "comes after the results",
    "scorecards.Standing": "comes after the results",
    "scorecards.WallMessage": "read by no calculation",
    "payroll.PayBatch": "comes after the ledger",
    "payroll.PayLine": "comes after the ledger",
    "payroll.PayFile": "comes after the ledger",
    "scorecards.SeenStatement": "what somebody looked at",
    "incentives.Closing": "says who handed a period over, and decides nothing",
    "incentives.ClosingAcceptance": "says what a period was closed with",
    "incentives.DisputeMessage": "read by no calculation",
    "incentives.DisputeFile": "read by no calculation",
    "incentives.DisputeRemedy": "asks for a correction or an adjustment, which have a past",
    "incentives.EffectTrial": "a change that counts for nothing",
    "incentives.ExampleCheck": "what a spreadsheet made of examples, by a hash of them",
    "incentives.EffectPerson": "a row of such a trial",
    "incentives.PastLook": "says who looked at the past",
    "incentives.PastLookLine": "a row of such a look",
    "incentives.ReductionApproval": "says who agreed to a version, which has a past of its own",
    "incentives.ChangeNotice": "tells somebody of what was booked",
    "incentives.Acknowledgement": "says who read a version",
    "incentives.AcknowledgementReminder": "says who was asked to",
    "metrics.HandledRejections": "says who looked at what was left out",
    "org.ByHand": "notes what was written, which has a past of its own",
    "org.RuleChange": "asks for a change of configuration, which has a past of its own",
}


def test_every_table_of_a_tenant_has_a_past_or_a_reason() -> None:
    events = {model.pgh_event_model for model in TRACKED}  # type: ignore[attr-defined]
    unknown = {
        model._meta.label
        for model in apps.get_models()
        if issubclass(model, TenantModel)
        and not issubclass(model, Recorded)
        and model not in TRACKED
        and model not in OF_THEIR_OWN
        and model not in events
        and model._meta.label not in LEFT
    }
    assert unknown == set(), "say in incentives/asof.py what these held then, or here why not"
    known = {model._meta.label for model in TRACKED}
    assert known >= AS_THEY_ARE


def test_23_a_transfer_learnt_late() -> None:
    site = Site("s23_asof")
    site.ingest("crm", "sales.csv")
    site.run("finalise", "2026-07", "--on", "2026-08-05")
    then = timezone.now().isoformat()
    assert site.amounts("2026-07") == {
        "ben.commission": Decimal("800.00"),
        "ada.commission": Decimal("200.00"),
        "pia.override": Decimal("200.00"),
        "quinn.override": Decimal("50.00"),
        "dora.total": Decimal("500.00"),
    }
    site.run("assignments", site.folder / "moved.csv")
    site.run("calculate", "2026-08", "--on", "2026-08-20")
    late = {
        f"{r['person']}.{r['component']}": (r["amount"], r["earned"], r["note"])
        for r in site.results("2026-08")
        if r["status"] == "provisional difference"
    }
    assert {key: amount for key, (amount, _, _) in late.items()} == {
        "pia.override": "-200.00",
        "quinn.override": "200.00",
    }
    assert all("moved.csv" in cause for _, _, cause in late.values())

    before = contents(site.code)
    said = site.run("asof", "2026-07", "--moment", then, "--on", "2026-08-20", "--person", "pia")
    assert contents(site.code) == before, "looking back changes nothing"
    assert "Override" not in said
    for part in (
        "booked by then: 1750.00",
        "worked out as known then: 1750.00 (5 people)",
        "worked out as known now: 1750.00",
        "difference: +0.00 in 2 entries",
        "Pia (pia) override override: -200.00 EUR — moved.csv",
        "Quinn (quinn) override override: +200.00 EUR — moved.csv",
        "Sales (sold_by_reports): 40000",
        "Total: 200.00 EUR",
    ):
        assert part in said
    assert "No amount differs" in site.run(
        "asof", "2026-07", "--moment", timezone.now().isoformat(), "--on", "2026-08-20"
    )


DEALS = (
    ("ingest", "crm", "deals.csv"),
    ("ingest", "crm", "newer.csv"),
    ("correct", "amount=4400", "--transaction", "sale:1", "--reason", "Read off the contract"),
    ("ingest", "crm", "cancelled.csv"),
    ("apply", "rule.yaml"),
    ("correct", "margin=33%", "--transaction", "sale:3", "--reason", "A typing error"),
    ("correct", "margin=20%", "--transaction", "sale:2", "--reason", "Costs were forgotten"),
    ("assignments", "moved.csv"),
    ("apply", "undone.yaml"),
    ("undo", "newer.csv"),
)
STORY = (
    ("facts", "facts.csv"),
    ("ingest", "crm", "sales.csv"),
    ("ingest", "checks", "checks.csv"),
    ("correct", "ada", "2026-06-10", "sales", "12500", "--reason", "A typing error"),
    ("apply", "holiday.yaml"),
    ("apply", "coast.yaml"),
    ("apply", "goal.yaml"),
    ("ingest", "crm", "newer.csv"),
    ("assignments", "moved.csv"),
    ("apply", "defined.yaml"),
    ("facts", "raise.csv"),
    ("apply", "rates.yaml"),
    ("undo", "newer.csv"),
    ("apply", "tree.yaml"),
)


@pytest.mark.parametrize(
    "name, story, still_ones",
    [
        ("asof_story", STORY, []),
        # A correction within what the rule asks moves nothing.
        ("asof_deals", DEALS, ["A typing error"]),
    ],
)
def test_what_was_known_then_is_worked_out_again(
    name: str, story: tuple[tuple[str, ...], ...], still_ones: list[str]
) -> None:
    """Whatever changes, and in whatever order: each state comes out as it was."""
    site = Site(name)
    seen = []
    for command, *arguments in story:
        do(site, command, *arguments)
        site.run("calculate", "2026-06", "--on", "2026-07-02")
        seen.append((timezone.now(), sums(site)))
    states = [frozenset(amounts.items()) for _, amounts in seen]
    still = [story[n][-1] for n in range(1, len(states)) if states[n] == states[n - 1]]
    assert still == still_ones, "each step moves an amount, or it would show nothing"
    before = contents(site.code)
    with enter(Tenant.objects.get(code=site.code).pk):
        period = Period.objects.get(code="2026-06")
        for moment, amounts in some(seen, few=5):
            with as_of(moment):
                found = work_out(period=period, at=moment, on=date(2026, 7, 2))
            known: dict[str, Decimal] = {}
            for line, amount in found.lines.items():
                person = f"{line.person}.{line.component}"
                known[person] = known.get(person, Decimal(0)) + (amount or Decimal(0))
            assert known == amounts, moment
    assert contents(site.code) == before


def sums(site: Site) -> dict[str, Decimal]:
    """Amounts by person and component, over all credits."""
    found: dict[str, Decimal] = {}
    for row in site.results("2026-06"):
        key = f"{row['person']}.{row['component']}"
        found[key] = found.get(key, Decimal(0)) + Decimal(row["amount"] or 0)
    return found


def do(site: Site, command: str, *arguments: str) -> None:
    """One step of the story, its files in the scenario's folder."""
    files = [str(site.folder / a) if a.endswith((".csv", ".yaml")) else a for a in arguments]
    if command == "apply":
        site.apply(*arguments)
    elif command == "undo":
        with enter(Tenant.objects.get(code=site.code).pk):
            delivery = Delivery.objects.get(file_name=arguments[0])
        site.run("undo", delivery.pk)
    else:
        site.run(command, *files)


def test_30_as_known_on_the_day_it_was_finalised() -> None:
    site = load()
    site.run("finalise", "2026-06", "--on", "2026-07-05")
    then = timezone.now().isoformat()
    for person, value in (("p010", "4620.00"), ("p020", "3842.50")):
        deal = f"D-{person}"
        site.run(
            *("correct", person, "2026-06-15", "sales", value),
            *("--reference", deal, "--reason", f"Deal of {person} was mistyped"),
        )
    site.run("calculate", "2026-07", "--on", "2026-07-20")
    late = [r for r in site.results("2026-07") if r["status"] == "provisional difference"]
    assert [(r["person"], r["amount"]) for r in late] == [("p010", "12.40"), ("p020", "-3.15")]
    before = contents(site.code)
    said = site.run("asof", "2026-06", "--moment", then, "--on", "2026-07-20")
    assert contents(site.code) == before
    for part in (
        "booked by then: 84310.55",
        "worked out as known then: 84310.55 (400 people)",
        "worked out as known now: 84319.80",
        "difference: +9.25 in 2 entries",
        "(p010) sales commission: +12.40 EUR — Sales of ",
        "Deal of p010 was mistyped",
        "(p020) sales commission: -3.15 EUR — Sales of ",
        "Deal of p020 was mistyped",
    ):
        assert part in said
    site.run("complete", "crm", "2026-07-31")
    site.run("finalise", "2026-07", "--on", "2026-08-02")
    now = timezone.now().isoformat()
    said = site.run("asof", "2026-06", "--moment", now, "--on", "2026-08-02")
    assert "booked by then: 84319.80" in said
    said = site.run("asof", "2026-06", "--moment", then, "--on", "2026-08-02")
    assert "booked by then: 84310.55" in said
    assert "Deal of p020 was mistyped" in said, "posted by now, with its cause"
    assert "has not come yet" in site.refused("asof", "2026-06", "--moment", "2999-01-01")
    assert "is no moment" in site.refused("asof", "2026-06", "--moment", "yesterday")


@pytest.mark.parametrize("how", [(), ("--accept",)])
def test_a_dispute_that_was_answered_since_was_open_then(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    small = Small(tmp_path, TWO_PEOPLE, ONE_UNIT + PLAN_X)
    small.values(FIGURES)
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    doubted = ("--component", "pay", "--reason", "I doubt it")
    small.run("dispute", "--open", "main", "2026-01", "ann", *doubted)
    then = timezone.now()
    with enter(Tenant.objects.get().pk):
        number = Dispute.objects.get().pk
    small.run("dispute", "--close", number, "--answer", "As it is", *how)
    said = small.run("asof", "2026-01", "--moment", then.isoformat(), "--on", "2026-02-02")
    assert "No amount differs" in said
    with enter(Tenant.objects.get().pk), as_of(then):
        assert Dispute.objects.get().said == "open"
