"""Profiles: what they refuse to be, and the file of each ready one byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from org.errors import DomainError
from payroll.profile import SCHEMA, Profile, ready_profiles
from payroll.render import Line, render

GOLDEN = Path(__file__).parent / "golden"
JUNE = {
    "batch": 1,
    "off_cycle": "",
    "pay_group": "agents",
    "period": "2026-06",
    "period_start": date(2026, 6, 1),
    "period_end": date(2026, 6, 30),
    "pay_date": date(2026, 7, 10),
    "frequency": "monthly",
    "currency": "USD",
    "tenant": "bank",
}
ANN = Line(
    person="p1",
    name="Ann Abel",
    payroll_id="1234",
    company="",
    earning_type="commission",
    amount=Decimal("616.000000"),
    earned_period="2026-06",
    earned_start=date(2026, 6, 1),
    earned_end=date(2026, 6, 30),
)
MAY = {
    "earned_period": "2026-05",
    "earned_start": date(2026, 5, 1),
    "earned_end": date(2026, 5, 31),
}
LINES = [
    ANN,
    replace(ANN, amount=Decimal("84.5")),
    replace(ANN, amount=Decimal("30.01"), **MAY),
    replace(ANN, earning_type="bonus", amount=Decimal("1200")),
    replace(ANN, person="p2", name="O'Neil, Jr, Bo", payroll_id="77", amount=Decimal("0.05")),
]
SETTINGS = {"company": "AB"}
CODES = {
    "gusto": {"commission": "commission", "bonus": "bonus"},
    "paychex_spi": {},
    "generic_csv": {},
}
NAMES = {
    "adp_wfn": "PRAB_EPI.csv",
    "adp_wfn_full": "PRAB_EPI.csv",
    "adp_run": "AB-agents-2026-06.csv",
    "paychex_spi": "AB_20260630_SPI.csv",
    "paylocity": "paylocity-agents-2026-06.csv",
    "gusto": "gusto-agents-2026-06.csv",
    "workday": "workday-agents-2026-06.csv",
    "generic_csv": "payroll-bank-agents-2026-06.csv",
}


def ready(name: str, **more: Any) -> Profile:
    codes = CODES.get(name, {"commission": "C", "bonus": "B"})
    return Profile.parse({"extends": name, "settings": SETTINGS, "codes": codes, **more}, code=name)


@pytest.mark.parametrize("name", sorted(ready_profiles()))
def test_a_ready_profile_writes_its_golden_file(name: str) -> None:
    file = render(ready(name), LINES, JUNE)
    assert file.content == (GOLDEN / f"{name}.csv").read_bytes()
    assert (file.name, file.total) == (NAMES[name], Decimal("1930.56"))


@pytest.mark.parametrize("name", sorted(ready_profiles()))
def test_the_order_of_the_lines_does_not_matter(name: str) -> None:
    profile = ready(name)
    assert render(profile, LINES[::-1], JUNE).content == render(profile, LINES, JUNE).content


@pytest.mark.parametrize("name", sorted(ready_profiles()))
def test_files_are_ascii_where_they_can_be_and_end_lines_by_crlf(name: str) -> None:
    content = render(ready(name), LINES, JUNE).content
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r\n") > 1
    assert content.endswith(b"\r\n")


def test_the_schema_is_one_and_the_ready_profiles_keep_it() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for spec in ready_profiles().values():
        Draft202012Validator(SCHEMA).validate(spec)


def plain(**more: Any) -> dict[str, Any]:
    columns = [
        {"header": "id", "field": "payroll_id"},
        {"header": "code", "field": "code"},
        {"header": "amount", "field": "amount"},
    ]
    return {"columns": columns, "codes": {"*": "*"}, **more}


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({}, "columns: a profile needs columns, or `extends:` one of adp_run"),
        ({"extends": "adp"}, "no ready profile is called “adp” (did you mean “adp_wfn”?)"),
        ({"colums": []}, "“colums” is not a key here (did you mean “columns”?)"),
        (plain(line_end="cr"), "line_end: “cr” must be one of crlf, lf."),
        (plain(columns=[{"header": "x", "feild": "y"}]), "column 1: “feild” is not a key here"),
        (plain(columns=[{"header": "x", "field": "amont"}]), "did you mean “amount”?"),
        (plain(columns=["x"]), "exactly one column must have `field: amount`"),
        (plain(file_name="{tenant"), "“{tenant” has a brace without its fellow"),
        (plain(file_name="{payroll_id}.csv"), "file_name: there is no field “payroll_id”"),
        (plain(batch_id="{period_end|%m%d}"), "“%m%d” in “{period_end|%m%d}” is neither"),
        (plain(delimiter=""), "without a delimiter each column needs a width"),
        (plain(sort=["surname"]), "sort: there is no field “surname”"),
        (plain(rows="person"), "“code” has several values in one row of `rows: person`"),
        (
            plain(columns=[{"header": "x", "field": "amount", "value": "1"}]),
            "field and value exclude each other",
        ),
        (
            plain(columns=[{"header": "x", "amount_of": "C"}]),
            "`amount_of` is for `rows: person`",
        ),
    ],
)
def test_a_wrong_profile_is_refused_by_a_sentence(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DomainError) as refusal:
        Profile.parse(spec, code="ours")
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("profile", "line", "sentence"),
    [
        (
            "adp_wfn",
            {"payroll_id": ""},
            "No payroll id; enter it by the people file: Ann Abel (p1)",
        ),
        ("adp_wfn", {"payroll_id": "1234567"}, "longer than the 6 characters of “File #”: Ann"),
        ("adp_wfn", {"company": "ABCD"}, "“ABCD” is longer than the 3 characters of “Co Code”"),
        ("adp_wfn", {"earning_type": "spiff"}, "no code for the earning type “spiff”"),
        ("adp_wfn", {"amount": Decimal("-5")}, "-5.00 is below zero, which the profile forbids"),
        ("adp_wfn", {"amount": Decimal("5.005")}, "5.005 needs more than 2 decimals: Ann"),
        ("adp_wfn", {"payroll_id": "12ł"}, "“ł” cannot be written in ascii: Ann Abel (p1)"),
        ("adp_wfn", {"payroll_id": "=1+1"}, "“=1+1” in “File #” begins as a formula does"),
        ("adp_wfn", {"payroll_id": "77"}, "The payroll id 77 belongs to several people"),
        ("gusto", {"earning_type": "spiff"}, "no code for the earning type “spiff”"),
    ],
)
def test_what_a_layout_cannot_carry_is_listed_with_its_people(
    profile: str, line: dict[str, Any], sentence: str
) -> None:
    lines = [replace(LINES[0], **line), LINES[-1]]
    with pytest.raises(DomainError) as refusal:
        render(ready(profile), lines, JUNE)
    assert sentence in str(refusal.value)


def test_long_lists_are_cut_and_counted() -> None:
    lines = [replace(ANN, person=f"p{n}", payroll_id="") for n in range(25)]
    with pytest.raises(DomainError, match=r"Ann Abel \(p19\) and 5 more"):
        render(ready("adp_wfn"), lines, JUNE)


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    lines = [replace(ANN, name='=HYPERLINK("x"), Ann')]
    content = render(ready("generic_csv"), lines, JUNE).content.decode()
    assert ""","'=HYPERLINK(""x""), Ann",""" in content


def test_a_name_of_a_file_needs_its_company() -> None:
    spec = {"extends": "adp_wfn", "codes": {"*": "*"}}
    with pytest.raises(DomainError, match=r"no field “company” .* set settings\.company"):
        Profile.parse(spec, code="adp")
    profile = Profile.parse({**spec, "settings": {"company": ""}}, code="adp")
    with pytest.raises(DomainError, match=r"set settings\.company in the profile"):
        render(profile, [replace(ANN, company="AB")], JUNE)


def test_a_frequency_that_payroll_does_not_know_is_refused() -> None:
    with pytest.raises(DomainError, match="“Pay Frequency” has no word for “own_dates”"):
        render(ready("adp_run"), LINES, {**JUNE, "frequency": "own_dates"})


def test_fixed_width_with_commas_preamble_and_footer() -> None:
    profile = Profile.parse(
        {
            "columns": [
                {"header": "id", "field": "payroll_id", "width": 6, "fill": "0", "align": "right"},
                {"header": "code", "field": "code", "width": 4, "upper_case": True},
                {"header": "amount", "field": "amount", "width": 9, "align": "right"},
            ],
            "codes": {"commission": "c1"},
            "delimiter": "",
            "line_end": "lf",
            "header": False,
            "decimal_point": "",
            "preamble": ["H{period_end|DDMMYY}"],
            "footer": ["T{rows|lead 4 0}{total|lead 9 0}"],
            "encoding": "latin-1",
        }
    )
    lines = [LINES[0], LINES[1], LINES[-1]]
    assert render(profile, lines, JUNE).content == (
        b"H300626\n000077C1          5\n001234C1      70050\nT0002000070055\n"
    )


@pytest.mark.parametrize(
    ("quoting", "row"),
    [
        ("minimal", b'1234,"a ""b"", c",616.00'),
        ("text", b'"1234","a ""b"", c",616.00'),
        ("all", b'"1234","a ""b"", c","616.00"'),
    ],
)
def test_quotes(quoting: str, row: bytes) -> None:
    spec = plain(quoting=quoting, header=False, codes={"commission": 'a "b", c'})
    assert render(Profile.parse(spec), [ANN], JUNE).content == row + b"\r\n"


def test_no_quotes_where_a_value_needs_them_is_refused() -> None:
    spec = plain(quoting="never", codes={"commission": "a,b"})
    with pytest.raises(DomainError, match="no quotes to put round it"):
        render(Profile.parse(spec), [ANN], JUNE)


def test_a_mark_of_the_byte_order_only_where_asked() -> None:
    assert render(Profile.parse(plain(encoding="utf-8-sig")), [ANN], JUNE).content[:5] == (
        b"\xef\xbb\xbfid"
    )


amounts = st.decimals(min_value="0.01", max_value="99999", places=2)
some_lines = st.lists(
    st.builds(
        lambda number, kind, amount: replace(
            ANN, person=f"p{number}", payroll_id=str(number), earning_type=kind, amount=amount
        ),
        st.integers(1, 9),
        st.sampled_from(["commission", "bonus"]),
        amounts,
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(ready_profiles())), some_lines)
def test_no_cent_is_lost_on_the_way_into_a_file(name: str, lines: list[Line]) -> None:
    profile = ready(name)
    file = render(profile, lines, JUNE)
    at = [n for n, c in enumerate(profile.columns) if c.field == "amount" or c.amount_of]
    rows = file.content.decode().splitlines()[len(profile.preamble) + 1 :]
    read = [row.replace('"Ann, Abel"', "").split(",")[n] for row in rows for n in at]
    assert sum(Decimal(text or "0") for text in read) == file.total == sum(x.amount for x in lines)
    assert len(rows) == file.rows
