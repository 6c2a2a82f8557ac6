"""Tables from spreadsheets: signs, thousands, heads, ranges, merged cells; nothing is lost."""

from __future__ import annotations

import pytest

from incentives.editor.pasted import Style, read

GERMAN = Style(",", ".")


@pytest.mark.parametrize(
    ("text", "kind", "style", "found"),
    [
        ("0\t5%\n120,000\t8%", "", Style(), "0 | 5%\n120000 | 8%"),
        ("0 5%\n120000 8%", "", Style(), "0 | 5%\n120000 | 8%"),
        ("0;4,5%\n1.500,50 €;6%", "", GERMAN, "0 | 4.5%\n1500.50 | 6%"),
        ("Sales\tRate\nUSD 0\t5%\nUSD 120,000\t(8%)", "", Style(), "0 | 5%\n120000 | -8%"),
        ("0-4,999\t4%\n5,000+\t6%", "", Style(), "0 | 5000 | 4%\n5000 |  | 6%"),
        ("up\tRate\n0 to 100\t1\n100 and more\t2", "", Style(), "0 | 100 | 1\n100 |  | 2"),
        (
            "From\tTo\tRate\n$0.00\t$4,999.99\t4 %\n$5,000.00\t\t6 %",
            "",
            Style(),
            "0.00 | 5000.00 | 4%\n5000.00 |  | 6%",
        ),
        ("\t0\t95%\n0\t10\t20\n90%\t30\t40", "", Style(), " | 0 | 95%\n0 | 10 | 20\n90% | 30 | 40"),
        (
            "Attainment\t0\t95%\n0\t1\t2\n95%\t2\t3",
            "matrix",
            Style(),
            " | 0 | 95%\n0 | 1 | 2\n95% | 2 | 3",
        ),
        (
            "Product\tRate\nGold card\t40\nLoan\t0.5%",
            "lookup",
            Style(),
            "Gold card | 40\nLoan | 0.5%",
        ),
        ("0\t\t5%\n100\t\t6%", "", Style(), "0 | 5%\n100 | 6%"),
        ('"0"\t"5%"\n\n"100"\t"6%"\n', "", Style(), "0 | 5%\n100 | 6%"),
    ],
)
def test_cells_are_read_as_the_organisation_writes_them(
    text: str, kind: str, style: Style, found: str
) -> None:
    table = read(text, kind=kind, style=style)
    assert (table.text, table.problems) == (found, ())


def test_what_was_read_otherwise_than_it_stood_is_said() -> None:
    table = read("From\tRate\n$0\t5%\n$120,000\t8%")
    assert table.notes == (
        "The line “From, Rate” names the columns.",
        "Read “$0” as 0, “$120,000” as 120000.",
    )


def test_a_column_that_is_empty_is_left_out_and_said() -> None:
    table = read("0\t\t5%\n100\t\t6%")
    assert "hidden or merged column" in table.notes[0]


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("\t0\t95%\n0\t1\t\n95%\t2\t3", "", "Line 2, column 3 is empty."),
        ("0\t5%\n\t6%", "", "Line 2, column 1 is empty."),
        ("0\t1,5\n10\t2", "", "Line 1: “1,5” is no number as your organisation writes them"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_with_its_line(
    text: str, kind: str, problem: str
) -> None:
    found = read(text, kind=kind)
    assert found.problems[0].startswith(problem)
    assert found.text, "nothing of it is lost"


def test_a_merged_first_cell_holds_below_in_a_matrix() -> None:
    table = read("\t0\t95%\nNorth\t1\t2\n\t3\t4")
    assert table.text.splitlines()[2] == "North | 3 | 4"
    assert "took “North” from above" in table.notes[0]


def test_a_whole_sheet_is_refused_in_a_sentence() -> None:
    found = read("\n".join("1\t2\t3" for _ in range(2000)))
    assert "more than 5,000 cells" in found.problems[0]
