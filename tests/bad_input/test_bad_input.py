"""Bad input, end to end: each case is answered by the sentence that docs/bad-input.md promises.

What is refused leaves every table as it was; of a file with a bad row, the good ones count.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from metrics.models import Rejection, Value
from org.models import Person, Tenant
from org.tenancy import enter
from tests.bad_input import cases, files
from tests.bad_input.cases import Case
from tests.bad_input.promised import COMMANDS, promised
from tests.bad_input.site import Bank, fingerprint
from tests.conftest import Kept

pytestmark = pytest.mark.django_db

MOST_SECONDS = 90


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, kept: Kept) -> Iterator[None]:
    """The bank's tenant, applied once; what a case does to it ends with the case's savepoint."""
    with kept():
        Bank(tmp_path_factory.mktemp("bank")).do(["apply @tenant.yaml"])
        yield


@pytest.fixture
def bank(applied: None, tmp_path: Path) -> Bank:
    """The bank as its files say, in a folder of its own."""
    return Bank(tmp_path)


def test_the_page_lists_the_cases() -> None:
    assert list(promised(COMMANDS)) == [case.title for case in cases.ALL]


@pytest.mark.parametrize("case", cases.ALL, ids=[case.title for case in cases.ALL])
def test_a_sentence_and_nothing_half_written(bank: Bank, case: Case) -> None:
    prepare(bank, case)
    before = fingerprint()
    said = bank.run(case.command)
    wanted = promised(COMMANDS)[case.title]
    if case.works:
        assert not said.refused
        assert wanted in "\n".join(line.strip() for line in said.text.splitlines())
    else:
        assert (said.text, said.refused) == (wanted, True)
        assert fingerprint() == before


def prepare(bank: Bank, case: Case) -> None:
    """Bring the bank to the point at which the case's command is typed."""
    bank.do(case.first)
    for file, old, new in case.edits:
        bank.edit(file, old, new)
    bank.do(case.then)
    if case.sends is not None:
        content = case.sends() if callable(case.sends) else case.sends
        bank.put("bad.xlsx" if "@bad.xlsx" in case.command else "bad.csv", content)


@pytest.mark.parametrize(
    "case", cases.REJECTED_ROWS, ids=[case.title for case in cases.REJECTED_ROWS]
)
def test_the_good_row_counts_and_the_bad_one_is_kept(bank: Bank, case: Case) -> None:
    prepare(bank, case)
    bank.run(case.command)
    with enter(Tenant.objects.get(code="bank").pk):
        ann = Person.objects.get(code="1001").pk
        values = set(Value.objects.values_list("person_id", "day"))
        assert values == {(ann, date(2026, 1, 5))}
        rejected = list(Rejection.objects.values_list("line", "sentence"))
    repeats = case.title == "A row twice, the same"
    assert rejected == ([] if repeats else [(3, promised(COMMANDS)[case.title])])


def test_a_refusal_is_a_sentence_and_exit_1(process_environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "ingest", "bnak", "desk", "figures.csv"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=process_environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip().startswith("CommandError: No tenant has the code “bnak”.")
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_a_million_rows_count(bank: Bank) -> None:
    """A sheet as long as sheets can be is only a large file."""
    bank.put("bad.xlsx", files.million_rows())
    begin = time.monotonic()
    said = bank.run("ingest bank phone @bad.xlsx")
    assert time.monotonic() - begin < MOST_SECONDS
    assert "1,000,000 rows read, 0 skipped (banner, total, blank), 0 rejected." in said.text
    assert "Values: 62 accepted" in said.text


def test_a_sheet_formatted_to_its_last_row(bank: Bank) -> None:
    """A blank in row 1,048,576 makes no rows of data out of those between."""
    bank.put("bad.xlsx", files.formatted_to_the_end())
    said = bank.run("ingest bank desk @bad.xlsx")
    assert "bad.xlsx from desk: 1 rows read" in said.text
    assert "Values: 2 accepted" in said.text
