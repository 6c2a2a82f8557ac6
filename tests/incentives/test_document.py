"""The plan document as a page and a PDF lay it out."""

from __future__ import annotations

from typing import Any

import pytest

from formula import NUMBER, Name, Scope, Table, check, words
from incentives.document import blocks, cells_of, document_of
from incentives.models import Example, PlanVersion
from org.models import Tenant
from org.tenancy import enter
from tests.scenarios.site import Site


@pytest.mark.parametrize(
    ("spec", "heads", "rows"),
    [
        ({"rows": [[0, "4%"], [9, "6.5%"]]}, ("From", "Pays"), [("0", "4 %"), ("9", "6.5 %")]),
        (
            {"rows": [[0, 50, 1], [50, None, 2]]},
            ("From", "To", "Pays"),
            [("0", "50", "1"), ("50", "", "2")],
        ),
        ({"kind": "lookup", "rows": {"gold": 40}}, ("For", "Pays"), [("gold", "40")]),
        ({"points": [["80%", "50%"]]}, ("At", "Pays"), [("80 %", "50 %")]),
        (
            {"columns": [0, "95%"], "rows": [[0, 1, 2]]},
            ("", "from 0", "from 95 %"),
            [("0", "1", "2")],
        ),
        (
            {"kind": "matrix", "columns": ["a", "b"], "rows": [["x", 1, 2]]},
            ("", "a", "b"),
            [("x", "1", "2")],
        ),
    ],
)
def test_a_table_has_heads_and_rows(
    spec: dict[str, Any], heads: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    assert cells_of(spec) == (heads, rows)


def test_what_is_written_is_never_markup() -> None:
    [paragraph] = blocks(["**<b>bold</b>** & more"])
    assert paragraph.lines == ["<strong>&lt;b&gt;bold&lt;/b&gt;</strong> &amp; more"]


def test_a_rule_names_what_people_know() -> None:
    formula = check("csat * 2", Scope(names={"csat": Name(NUMBER)}))
    assert words(formula) == "csat × 2"
    assert words(formula, {"csat": "Satisfaction"}) == "Satisfaction × 2"
    rates = Table.parse("rates", {"rows": [[0, 1], [5, 2]]})
    scope = Scope(names={"csat": Name(NUMBER)}, tables={"rates": rates})
    said = words(check("RATE(DEFAULT(csat, 0), rates)", scope))
    assert said == "the rate that (csat, or 0 where there is none) reaches in table rates"


@pytest.mark.django_db
def test_the_document_of_a_plan_in_blocks() -> None:
    site = Site("s20")
    with enter(Tenant.objects.get(code=site.code).pk):
        version = PlanVersion.objects.get(plan__code="calendar_without_first")
        Example.objects.create(
            version=version,
            name="Reached",
            note="The usual.",
            inputs={"sold": "24", "GOAL(sold)": "95%"},
            expected={"bonus": "900"},
        )
        found = document_of(version)
    sections = {one.title: one.blocks for one in found.sections}
    rule = next(one for one in sections["What it pays"] if one.title == "bonus")
    assert rule.text.startswith("Only if attainment of ")
    assert rule.lines == ["gate: ATTAINMENT(sold) &gt;= 95%", "formula: 900"]
    [example] = sections["Examples"]
    assert (example.title, example.text) == ("Reached", "The usual.")
    assert [text for _, text in example.rows] == ["24", "95 %"]
    assert example.results == [("bonus", "900.00 EUR")]
    assert "In force from 1 January 2026" in sections["In short"][0].lines[0]
