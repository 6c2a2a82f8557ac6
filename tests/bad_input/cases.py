"""Every case of bad input: what is sent, and which command; docs/bad-input.md holds the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.bad_input import files
from tests.bad_input.files import csv_of

DESK = "ingest bank desk @bad.csv"
BOOK = "ingest bank desk @bad.xlsx"
APPLY = "apply @tenant.yaml"
PEOPLE = "people bank @people.csv"
JOBS = "assignments bank @assignments.csv"
CALCULATE = "calculate bank 2026-01 --on 2026-02-02"
FINALISE = "finalise bank 2026-01 --on 2026-02-02"
PAY = "payroll bank 2026-01 --profile csv --by pat --approved-by robin"
LOADED = ("ingest bank desk @figures.csv --complete-to 2026-01-31",)
FINAL = (*LOADED, FINALISE)
ZERO_GOAL = (
    ("tenant.yaml", "value: 100}", "value: 100}\n  - {metric: calls, value: 0, person: 1002}"),
)
GOOD = "1001,2026-01-05,80,1000.00"


@dataclass(frozen=True)
class Case:
    """One case: what is wrong (``title``), and the command that must answer it.

    ``first``: commands that work, done before. ``edits``: places of the bank's files that are
    broken next, as (file, old, new); ``then``: commands that still work after that. ``sends``: what
    is laid into the folder as bad.csv or bad.xlsx. ``works``: the command goes on, and says so.
    """

    title: str
    command: str
    sends: bytes | Callable[[], bytes] | None = None
    edits: tuple[tuple[str, str, str], ...] = ()
    first: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    works: bool = False


REFUSED_FILES = [
    Case("A PDF document", DESK, sends=b"%PDF-1.7 \x00\x01"),
    Case("A picture", DESK, sends=b"\x89PNG\r\n\x1a\n\x00"),
    Case("A web page that is called a workbook", BOOK, sends=b"<html><table><tr><td>1</td></tr>"),
    Case("An archive", BOOK, sends=files.archive),
    Case("A text document", BOOK, sends=files.document),
    Case("A program, or anything else that is no text", DESK, sends=bytes(range(256)) * 9),
    Case("An empty file", DESK, sends=b""),
    Case("Blanks and line ends only", DESK, sends=b"\xef\xbb\xbf \r\n\r\n"),
    Case("A header and nothing below it", DESK, sends=csv_of()),
    Case("A workbook whose download broke off", BOOK, sends=files.truncated_workbook),
    Case("A workbook that is damaged inside", BOOK, sends=files.damaged_workbook),
    Case("A workbook with a password", BOOK, sends=files.locked_workbook),
    Case("Text in an encoding that cannot be told", DESK, sends=csv_of(GOOD) + b"\x81\x8d\x8f\n"),
    Case(
        "Text in another encoding than the column map says",
        DESK,
        sends=csv_of("1001,2026-01-05,80,1000.00") + "Zoë\n".encode("cp1252"),
        edits=(
            (
                "tenant.yaml",
                "    name: Service desk\n    map:\n",
                "    name: Service desk\n    map:\n      encoding: utf-8\n",
            ),
        ),
        then=(APPLY,),
    ),
    Case(
        "A quotation mark that is never closed",
        DESK,
        sends=csv_of('1001,2026-01-05,"80,1000.00') + b"x" * 1_000_001,
    ),
    Case("A missing column", DESK, sends=b"Person,Day,Call,Sales\n1001,2026-01-05,80,1\n"),
    Case("A file that is not there", "ingest bank desk @nothing.csv"),
    Case("A folder instead of a file", "ingest bank desk @deliveries"),
    Case("A source that nobody knows", "ingest bank dask @figures.csv"),
    Case("A tenant that nobody knows", "ingest bnak desk @figures.csv"),
    Case("A user that nobody knows", "ingest bank desk @figures.csv --by nobody"),
    Case(
        "A day that is none, in a command", "ingest bank desk @figures.csv --complete-to 31.01.2026"
    ),
]

REJECTED_ROWS = [
    Case("An unknown person", DESK, sends=csv_of(GOOD, "1091,2026-01-06,60,1"), works=True),
    Case("No person at all", DESK, sends=csv_of(GOOD, ",2026-01-06,60,1"), works=True),
    Case("Text in a number", DESK, sends=csv_of(GOOD, "1001,2026-01-06,sixty,1"), works=True),
    Case("A decimal comma", DESK, sends=csv_of(GOOD, '1001,2026-01-06,"60,5",1'), works=True),
    Case("A percentage in a number", DESK, sends=csv_of(GOOD, "1001,2026-01-06,60%,1"), works=True),
    Case(
        "A number too large for any figure",
        DESK,
        sends=csv_of(GOOD, "1001,2026-01-06,1e30,1"),
        works=True,
    ),
    Case("A day in 1900", DESK, sends=csv_of(GOOD, "1001,1900-01-06,60,1"), works=True),
    Case("A day in 2999", DESK, sends=csv_of(GOOD, "1001,2999-01-06,60,1"), works=True),
    Case(
        "A day that no calendar has", DESK, sends=csv_of(GOOD, "1001,2026-02-30,60,1"), works=True
    ),
    Case(
        "A day written in another way", DESK, sends=csv_of(GOOD, "1001,06.01.2026,60,1"), works=True
    ),
    Case(
        "A row twice, with other figures",
        DESK,
        sends=csv_of(GOOD, "1001,2026-01-05,60,1"),
        works=True,
    ),
    Case("A row twice, the same", DESK, sends=csv_of(GOOD, GOOD), works=True),
    Case(
        "No duration in a duration",
        "ingest bank phone @bad.csv",
        sends=b"Agent,Date,Talk time\nAnn Arden,2026-01-05,0:04:00\nAnn Arden,2026-01-05,4 min\n",
        works=True,
    ),
]

PEOPLE_FILES = [
    Case(
        "A workbook instead of a CSV file of people", "people bank @bad.xlsx", sends=files.workbook
    ),
    Case("An empty file of people", "people bank @bad.csv", sends=b""),
    Case(
        "A column that people do not have",
        PEOPLE,
        edits=(("people.csv", "payroll_id", "payrol_id"),),
    ),
    Case("A person hired in 1900", PEOPLE, edits=(("people.csv", "2024-01-01", "1900-01-01"),)),
    Case("A person hired in 2999", PEOPLE, edits=(("people.csv", "2024-01-01", "2999-01-01"),)),
    Case(
        "A line of people twice",
        PEOPLE,
        edits=(
            (
                "people.csv",
                "1003,Cy Cole,000103,staff,2024-01-01\n",
                "1003,Cy Cole,000103,staff,2024-01-01\n" * 2,
            ),
        ),
    ),
    Case("Two names for one number", PEOPLE, edits=(("people.csv", "1003,Cy", "1002,Cy"),)),
    Case(
        "A job of somebody unknown",
        JOBS,
        edits=(("assignments.csv", "1003,north,lead", "1033,north,lead"),),
    ),
    Case(
        "A job in an unknown unit", JOBS, edits=(("assignments.csv", "1003,north", "1003,nroth"),)
    ),
    Case(
        "Overlapping assignments",
        JOBS,
        edits=(
            (
                "assignments.csv",
                "1003,north,lead,,2024-01-01,",
                "1003,north,lead,,2024-01-01,\n1003,north,agent,,2026-01-01,",
            ),
        ),
    ),
    Case(
        "A job that ends before it begins",
        JOBS,
        edits=(("assignments.csv", "2024-01-01,", "2024-01-01,2023-12-31"),),
    ),
]

BONUS = """{title: Bonus, formula: "IF(ATTAINMENT(calls) >= 100%, 50, 0)"}\n"""


def example(name: str, amount: str) -> tuple[tuple[str, str, str], ...]:
    """An example in the tenant file, with this name of an input and this amount."""
    said = f"{{name: A hundred, inputs: {{{name}: 100}}, pays: {{per_call: {amount}}}}}"
    return (("tenant.yaml", BONUS, f"{BONUS}        examples: [{said}]\n"),)


DRAFT = (
    (
        "tenant.yaml",
        BONUS,
        f"{BONUS}      - {{in_force: 2026-02-01, status: draft,"
        " components: {x: {formula: 1}}}\n",
    ),
)
TENANT_FILES = [
    Case("A workbook instead of a tenant file", "apply @bad.xlsx", sends=files.workbook),
    Case("A section or key that nobody knows", APPLY, edits=(("tenant.yaml", "goals:", "goels:"),)),
    Case(
        "A formula with an unknown name",
        APPLY,
        edits=(("tenant.yaml", "TIER(calls, steps)", "TIER(cals, steps)"),),
    ),
    Case(
        "A formula with an unknown function",
        APPLY,
        edits=(("tenant.yaml", "TIER(calls, steps)", "TEAR(calls, steps)"),),
    ),
    Case(
        "A formula of the wrong type",
        APPLY,
        edits=(("tenant.yaml", "TIER(calls, steps)", "calls >= 100"),),
    ),
    Case(
        "A formula that is not finished",
        APPLY,
        edits=(("tenant.yaml", "TIER(calls, steps)", "TIER(calls, steps"),),
    ),
    Case(
        "A cycle of metrics",
        APPLY,
        edits=(("tenant.yaml", "formula: sales / calls", "formula: sales / sales_index"),),
    ),
    Case(
        "A metric that is worked out from itself",
        APPLY,
        edits=(("tenant.yaml", "formula: sales / calls", "formula: sales_per_call + 1"),),
    ),
    Case(
        "A table with a gap",
        APPLY,
        edits=(("tenant.yaml", "[[0, 0.20], [100, 0.30]]", "[[0, 90, 0.20], [100, 200, 0.30]]"),),
    ),
    Case(
        "A goal for somebody unknown",
        APPLY,
        edits=(("tenant.yaml", "value: 100}", "value: 100, person: 1091}"),),
    ),
    Case(
        "A plan on a calendar that is not there",
        APPLY,
        edits=(
            (
                "tenant.yaml",
                "    calendar: monthly\n    versions",
                "    calendar: weekly\n    versions",
            ),
        ),
    ),
    Case("An example that comes to something else", APPLY, edits=example("calls", "25")),
    Case("An example that cannot be computed", APPLY, edits=example("cals", "20")),
]

WORK = [
    Case(
        "A goal of zero, in the calculation",
        CALCULATE,
        edits=ZERO_GOAL,
        then=(APPLY, *LOADED),
        works=True,
    ),
    Case(
        "A goal of zero, in the results",
        "results bank 2026-01",
        edits=ZERO_GOAL,
        then=(APPLY, *LOADED, CALCULATE),
        works=True,
    ),
    Case("A goal of zero, on finalising", FINALISE, edits=ZERO_GOAL, then=(APPLY, *LOADED)),
    Case("People with no plan, in the calculation", CALCULATE, first=LOADED, works=True),
    Case("A person with no plan", "explain bank 1003 2026-01", first=(*LOADED, CALCULATE)),
    Case("A person that nobody knows", "explain bank 1091 2026-01", first=(*LOADED, CALCULATE)),
    Case("A period that nobody knows", "calculate bank 2027-01"),
    Case("Results of a period that was never calculated", "results bank 2026-01", first=LOADED),
    Case("A period that is not over", "finalise bank 2026-01 --on 2026-01-31", first=LOADED),
    Case(
        "A period before it that is still open",
        "finalise bank 2026-02 --on 2026-03-02",
        first=(*LOADED, CALCULATE),
    ),
    Case(
        "A source that has not delivered everything",
        FINALISE,
        first=("ingest bank desk @figures.csv", "complete bank desk 2026-01-20"),
    ),
    Case("A final period, calculated again", CALCULATE, first=FINAL),
    Case("A final period, finalised again", FINALISE, first=FINAL),
    Case(
        "A plan whose period is final, changed",
        APPLY,
        first=FINAL,
        edits=(("tenant.yaml", "[100, 0.30]", "[100, 0.40]"),),
    ),
    Case(
        "A draft that nobody has handed in",
        "publish bank service --by robin",
        edits=DRAFT,
        then=(APPLY,),
    ),
    Case(
        "A draft handed in without examples",
        "review bank service --hand-in --by pat",
        edits=DRAFT,
        then=(APPLY,),
    ),
    Case("A period that is paid already", PAY, first=(*FINAL, PAY)),
    Case(
        "Pay that is prepared and approved by one person", PAY.replace("robin", "pat"), first=FINAL
    ),
    Case("A payroll layout that nobody knows", PAY.replace("csv", "cvs"), first=FINAL),
    Case(
        "A correction without a number",
        "correct bank 1001 2026-01-05 calls many --reason mistyped",
        first=LOADED,
    ),
    Case(
        "Results into a folder that is not there",
        "results bank 2026-01 --out @no/such.csv",
        first=(*LOADED, CALCULATE),
    ),
    Case("An export into a folder that is not there", "export bank --to @no/such.yaml"),
]

DEALS = (
    ("tenant.yaml", "  phone:\n", "  crm: {map: {transaction: deal}}\n  phone:\n"),
    (
        "tenant.yaml",
        "payroll_profiles:\n",
        "transactions:\n"
        "  deal:\n"
        "    key: [Number]\n"
        "    dates: [Sold]\n"
        "    attributes: {Amount: money}\n"
        "    roles: {Seller: {share: Part}, Helper: {share: Rest}}\n"
        "credits:\n"
        "  - {group: volume, order: 1, kind: deal, when: Amount > 5, to: [Seller, Helper],"
        " split: true, amount: Amount, into: sales, on: Sold}\n"
        "payroll_profiles:\n",
    ),
)
CRM = "ingest bank crm @bad.csv"


def deals(*rows: str) -> bytes:
    """A file of deals with these rows."""
    head = "Number,Sold,Amount,Seller,Part,Helper,Rest\n"
    return (head + "".join(f"{row}\n" for row in rows)).encode()


def _deal(title: str, *rows: str) -> Case:
    return Case(title, CRM, sends=deals(*rows), edits=DEALS, then=(APPLY,), works=True)


def _rule(title: str, old: str, new: str) -> Case:
    return Case(title, APPLY, edits=(*DEALS, ("tenant.yaml", old, new)))


SECOND = "\n  - {group: volume, order: 1, kind: deal, into: none}\npayroll_profiles:\n"
TRANSACTIONS = [
    _deal("A key that repeats within a file", "7,2026-01-05,10,1001,,,", "7,2026-01-06,9,1001,,,"),
    _deal("An amount of 10 to the 15th", "7,2026-01-05,1000000000000000,1001,,,"),
    _deal("A share above the whole", "7,2026-01-05,10,1001,160 %,,"),
    _deal("A share without a person", "7,2026-01-05,10,1001,60 %,,40 %"),
    _deal("A seller that nobody knows", "7,2026-01-05,10,1091,,,"),
    _deal("A split of 99.99 %", "7,2026-01-05,10,1001,60 %,1002,39.99 %"),
    Case(
        "A transaction about itself",
        CRM,
        sends=b"Number,Sold,Amount,Seller,Part,Helper,Rest,Of\n7,2026-01-05,10,1001,,,,7\n",
        edits=(
            *DEALS,
            (
                "tenant.yaml",
                "{transaction: deal}",
                "{transaction: deal, about: {kind: deal, column: Of}}",
            ),
        ),
        then=(APPLY,),
        works=True,
    ),
    _rule("Two credit rules with one order", "\npayroll_profiles:\n", SECOND),
    _rule("A condition that can never hold", "Amount > 5,", "'AND(Amount > 5, Amount < 5)',"),
    _rule("A role that a kind of transaction does not have", "[Seller, Helper]", "Sellers"),
    _rule("A date that a kind of transaction does not have", "on: Sold}", "on: Paid}"),
    _rule("A metric that no credit rule can feed", "into: sales", "into: sales_index"),
    _rule("An amount that is no number", "amount: Amount", "amount: Sold"),
]

ALL = [*REFUSED_FILES, *REJECTED_ROWS, *PEOPLE_FILES, *TENANT_FILES, *WORK, *TRANSACTIONS]
