"""The organisation's part of the tenant file: what it says comes to be, and is read back."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import jsonschema
import pytest

from org.config import SECTIONS
from org.dates import EARLIEST_DAY
from org.errors import DomainError
from org.models import Calendar, Period, Unit, UnitClosure
from org.tenancy import enter
from tests.factories import AT, make_tenant

TODAY = date(2026, 6, 12)
BY_KEY = {section.key: section for section in SECTIONS}
FILE: dict[str, Any] = {
    "tenant": {"code": "bank", "name": "The Bank", "currency": "CHF"},
    "holidays": {
        "zurich": {"default": True, "days": [{"day": date(2026, 8, 1), "name": "National Day"}]},
        "shop": {"weekdays": ["tue", "wed", "thu", "fri", "sat"]},
    },
    "calendars": {
        "monthly": {"kind": "monthly", "from": date(2026, 1, 1), "to": date(2026, 12, 31)},
        "pay": {
            "kind": "monthly",
            "from": date(2026, 1, 1),
            "to": date(2026, 12, 31),
            "pay_day": 25,
            "pay_dates": {"2026-12": date(2026, 12, 18)},
        },
        "spiff": {
            "kind": "own_dates",
            "periods": [
                {"code": "march", "first_day": date(2026, 3, 10), "last_day": date(2026, 3, 24)}
            ],
        },
    },
    "units": [
        {"code": "sales", "name": "Sales", "kind": "division", "holidays": "zurich"},
        {"code": "service"},
        {
            "code": "north",
            "parent": "sales",
            "from": date(2026, 1, 1),
            "moves": [{"on": date(2026, 8, 1), "parent": "service"}],
        },
    ],
    "job_types": {"agent": {"name": "Agent"}, "boss": {}},
    "absence_types": {"sick": {"reduces_payout": True}},
    "facts": {"base_pay": {"name": "Base pay"}, "grade": {"kind": "text", "sensitive": False}},
    "pay_groups": {"staff": {"calendar": "pay"}},
    "users": {
        "anna": {
            "name": "Anna Ash",
            "roles": [
                "agent",
                {
                    "role": "supervisor",
                    "from": date(2026, 6, 1),
                    "to": date(2026, 7, 1),
                    "deputy_for": "bert",
                },
            ],
        },
        "bert": {"roles": ["supervisor"]},
    },
    "sign_in": {
        "passwords": False,
        "second_factor": ["payroll", "administrator"],
        "provider": {
            "issuer": "https://login.bank.example",
            "client_id": "pmsite",
            "secret_variable": "SSO_SECRET_BANK",
            "domains": ["bank.example"],
        },
    },
}


def apply(key: str, data: Any) -> list[str]:
    return BY_KEY[key].apply(data, by=None, at=AT, today=TODAY)


def apply_all(file: dict[str, Any]) -> list[str]:
    return [line for key, data in file.items() for line in apply(key, data)]


@pytest.fixture
def applied(db: None) -> Any:
    with enter(make_tenant("bank").pk):
        apply_all(FILE)
        yield


@pytest.mark.parametrize("section", SECTIONS, ids=list(BY_KEY))
def test_schemas_are_schemas_and_describe_every_key(section: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(section.schema)
    undescribed: list[Any] = []

    def walk(schema: Any) -> None:
        for item in schema.get("properties", {}).values():
            if "description" not in item:
                undescribed.append(item)
            walk(item)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                walk(schema[key])

    walk(section.schema)
    assert undescribed == []


@pytest.mark.usefixtures("applied")
def test_applying_again_and_applying_what_was_read_changes_nothing() -> None:
    assert apply_all(FILE) == []
    read = {section.key: section.read() for section in SECTIONS}
    assert apply_all(read) == []
    assert read["calendars"] == FILE["calendars"]
    assert read["users"] == FILE["users"]
    assert read["holidays"] == FILE["holidays"]
    assert read["sign_in"] == FILE["sign_in"]


@pytest.mark.usefixtures("applied")
def test_what_the_file_says_is_there() -> None:
    march = Period.objects.get(calendar__code="spiff")
    assert (march.valid_from, march.valid_to) == (date(2026, 3, 10), date(2026, 3, 25))
    paid = dict(Period.objects.filter(calendar__code="pay").values_list("code", "pay_date"))
    assert paid["2026-06"] == date(2026, 6, 25)
    assert paid["2026-12"] == date(2026, 12, 18)
    above = UnitClosure.objects.filter(descendant__code="north", depth=1).order_by("valid_from")
    assert [(row.ancestor.code, row.valid_from) for row in above] == [
        ("sales", date(2026, 1, 1)),
        ("service", date(2026, 8, 1)),
    ]
    assert UnitClosure.objects.get(ancestor__code="sales", depth=0).valid_from == EARLIEST_DAY


@pytest.mark.usefixtures("applied")
def test_changes_are_said() -> None:
    file = deepcopy(FILE)
    file["units"][2]["moves"][0]["on"] = date(2026, 9, 1)
    file["units"].append({"code": "west", "parent": "sales"})
    file["job_types"].pop("boss")
    file["job_types"]["agent"]["name"] = "Adviser"
    file["calendars"]["monthly"]["to"] = date(2027, 1, 15)
    file["holidays"]["zurich"]["days"].append({"day": date(2026, 12, 25)})
    file["users"]["anna"]["roles"] = ["agent"]
    file["sign_in"]["second_factor"] = ["payroll"]
    assert apply_all(file) == [
        "~ holidays zurich: 2026-12-25",
        "~ calendar monthly: 1 periods more",
        "+ unit west",
        "~ unit north: its place",
        "- job type boss",
        "~ job type agent: name",
        "- role supervisor of anna",
        "~ sign-in: second_factor",
    ]


WRONG: list[tuple[str, Any, str]] = [
    ("tenant", {"code": "bnak", "name": "x"}, "tenant.code: the file is for “bnak”"),
    ("tenant", {"code": "bank", "name": "x", "time_zone": "Zurich"}, "No time zone is called"),
    ("units", [{"code": "a", "parent": "slaes"}], "no unit is called “slaes”"),
    ("units", [*FILE["units"], {"code": "sales"}], "units.sales: stands there 2 times"),
    (
        "units",
        [*FILE["units"][:1], {"code": "service", "parent": "north"}, FILE["units"][2]],
        "Units cannot hang in a circle: on 2026-08-01",
    ),
    (
        "calendars",
        {**FILE["calendars"], "monthly": {"kind": "monthly", "first_day": 15}},
        "cannot be cut otherwise",
    ),
    ("calendars", {"monthly": FILE["calendars"]["monthly"]}, "there are pay groups of it"),
    ("calendars", {"two": {"kind": "weekly", "from": TODAY}}, "needs both from and to"),
    (
        "calendars",
        {
            "own": {
                "kind": "own_dates",
                "periods": [
                    {"code": "a", "first_day": date(2026, 3, 1), "last_day": date(2026, 3, 9)},
                    {"code": "b", "first_day": date(2026, 3, 9), "last_day": date(2026, 3, 20)},
                ],
            }
        },
        "periods a and b overlap on 2026-03-09",
    ),
    ("pay_groups", {"staff": {"calendar": "pya"}}, "Did you mean “pay”"),
    ("users", {"anna": {"person": "4711"}}, "no person is called “4711”"),
    ("sign_in", {"passwords": False}, "nobody could sign in"),
    (
        "sign_in",
        {"provider": {"issuer": "http://login.bank.example", "client_id": "x"}},
        "must begin with https://",
    ),
    (
        "sign_in",
        {"provider": {**FILE["sign_in"]["provider"], "secret_variable": "SECRET_KEY"}},
        "must begin with SSO_SECRET_",
    ),
    (
        "sign_in",
        {"provider": {**FILE["sign_in"]["provider"], "domains": ["@bank"]}},
        "“@bank” is no domain",
    ),
]


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(("key", "data", "sentence"), WRONG)
def test_mistakes_are_refused_in_words(key: str, data: Any, sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        apply(key, data)


@pytest.mark.usefixtures("applied")
def test_a_unit_that_nothing_uses_can_be_left_out() -> None:
    assert apply("units", FILE["units"][:2]) == ["- unit north"]
    assert not UnitClosure.objects.filter(descendant__code="north").exists()
    assert Unit.objects.count() == 2


@pytest.mark.usefixtures("applied")
def test_periods_are_never_taken_away() -> None:
    calendars = deepcopy(FILE["calendars"])
    calendars["monthly"]["to"] = date(2026, 6, 30)
    assert apply("calendars", calendars) == []
    assert Calendar.objects.get(code="monthly").periods.count() == 12
