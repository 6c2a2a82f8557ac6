"""What is wrong with schedules and limits is said in sentences, before anybody is paid by them."""

from __future__ import annotations

from typing import Any

import pytest

from incentives.models import Component
from incentives.schedule_checks import problems
from metrics.config_credits import CREDITS, TRANSACTIONS
from org.models import Tenant
from tests.factories import AT
from tests.incentives.desk import Desk

HALVES = [{"share": "50%", "release": "final"}]


@pytest.fixture
def desk(tenant: Tenant) -> Desk:
    """A desk whose plan pays each deal."""
    made = Desk()
    common: dict[str, Any] = {"by": None, "at": AT, "today": AT.date()}
    TRANSACTIONS.apply(
        {
            "deal": {
                "key": ["deal"],
                "dates": ["sold", "collected"],
                "attributes": {"amount": "money", "state": "text"},
                "roles": {"seller": {}},
            },
            "payment": {"key": ["number"], "dates": ["paid"], "attributes": {"sum": "money"}},
        },
        **common,
    )
    rule = {"group": "g", "order": 1, "kind": "deal", "to": "seller", "amount": "amount"}
    CREDITS.apply([{**rule, "into": "sales", "on": "sold"}], **common)
    return made


def said(desk: Desk, *parts: dict[str, Any], per: str = "credit", **options: Any) -> str:
    """What is wrong with a schedule of these parts, as text."""
    version = desk.plan.versions.get()
    version.schedules, version.options = {"parts": list(parts)}, options
    Component.objects.filter(version=version).update(per=per, of="sales", schedule="parts")
    return "\n".join(str(problem) for problem in problems(version))


@pytest.mark.parametrize(
    "release",
    [
        "final",
        "2026-12-24",
        "3 months later",
        "NOT(ISBLANK(collected))",
        "SUM(payment.sum) >= amount",
        'AND(state = "paid", COUNT(payment) > 0)',
    ],
)
def test_a_sound_schedule_has_no_problem(desk: Desk, release: str) -> None:
    part = {"share": "50%", "release": release, "expires": "12 months"}
    assert said(desk, *HALVES, part) == ""


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"share": "51%", "release": "final"}, "The shares sum to 101 %, not to 100 %."),
        ({"share": "-50%", "release": "final"}, "Each share must be above 0 %."),
        ({"share": "50%", "release": "2026-02-30"}, "2026-02-30 is no day of the calendar."),
        ({"share": "50%", "release": "1 = 2"}, "This condition can never hold: it is "),
        (
            {"share": "50%", "release": "AND(amount > 100, amount < 50)"},
            "This condition can never hold: nothing is ",
        ),
        ({"share": "50%", "release": "colected > 1"}, "schedules.parts[1].release: Line 1"),
        ({"share": "50%", "release": "amount"}, "Yes or no is needed here"),
        (
            {"share": "50%", "release": "6 months later", "expires": "3 months"},
            "It expires before it can be released",
        ),
        (
            {"share": "50%", "release": "2026-06-01", "expires": "2026-05-01"},
            "It expires before it can be released",
        ),
    ],
)
def test_what_cannot_work_is_said(desk: Desk, part: dict[str, Any], sentence: str) -> None:
    assert sentence in said(desk, *HALVES, part)


def test_a_condition_needs_a_component_per_credit(desk: Desk) -> None:
    part = {"share": "50%", "release": "NOT(ISBLANK(collected))"}
    assert "pay is paid per person, not per credit" in said(desk, *HALVES, part, per="person")


def test_a_limit_above_nothing(desk: Desk) -> None:
    whole = {"share": "100%", "release": "final"}
    assert "above 0" in said(desk, whole, limit={"amount": 0})
    assert "cannot lapse" in said(
        desk, whole, limit={"amount": 5, "excess": "lose", "lapses": "year_end"}
    )
