"""What went wrong once: small tenants, worked out by hand, through the commands."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db

HEAD = """
tenant: {code: small, name: Small, time_zone: Europe/Zurich, currency: EUR}
calendars:
  monthly: {kind: monthly, from: 2026-01-01, to: 2026-12-31}
  yearly: {kind: yearly, from: 2026-01-01, to: 2026-12-31}
  spring:
    kind: own_dates
    periods: [{code: spring, first_day: 2026-01-10, last_day: 2026-01-20}]
pay_groups: {staff: {calendar: monthly}}
job_types: {agent: {}, lead: {}}
people: people.csv
assignments: assignments.csv
sources:
  figures:
    map:
      person: {column: person, by: code}
      day: day
      values: {from: {metric: metric, value: value, denominator: denominator}}
"""


class Small:
    """A tenant of a test: a tenant file, its people's jobs, and what people type."""

    def __init__(self, folder: Path, jobs: str, rest: str) -> None:
        self.folder = folder
        self.files = 0
        lines = [line.strip() for line in jobs.strip().splitlines()]
        people = dict.fromkeys(line.partition(",")[0] for line in lines)
        employed = "\n".join(f"{code},{code},staff,2020-01-01" for code in people)
        self._write("people.csv", f"code,name,pay_group,hired\n{employed}\n")
        self._write("assignments.csv", "\n".join(["person,unit,job_type,from,to", *lines, ""]))
        self.apply(rest)

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def apply(self, rest: str) -> str:
        """Apply a tenant file: the head that all share, and the rest."""
        return self._call("apply", self._write("tenant.yaml", HEAD + rest))

    def file(self, command: str, text: str, *before: str) -> str:
        """Write a CSV file and hand it to a command."""
        self.files += 1
        path = self._write(f"{command}-{self.files}.csv", text.replace(" ", "").strip() + "\n")
        return self.run(command, *before, path)

    def values(self, rows: str) -> str:
        """Take in rows of person,day,metric,value,denominator."""
        return self.file("ingest", "person,day,metric,value,denominator\n" + rows, "figures")

    def run(self, command: str, *arguments: object) -> str:
        """Run a command for this tenant; what it printed."""
        return self._call(command, "small", *arguments)

    def amounts(self, period: str) -> dict[str, str]:
        """Amounts by person.plan.component, of the period's own results."""
        rows = csv.DictReader(io.StringIO(self.run("results", period)))
        return {
            f"{row['person']}.{row['plan']}.{row['component']}": row["amount"]
            for row in rows
            if "difference" not in row["status"]
        }

    def differences(self, period: str) -> dict[str, str]:
        """Differences that stand in a period, by person.plan.component."""
        rows = csv.DictReader(io.StringIO(self.run("results", period)))
        return {
            f"{row['person']}.{row['plan']}.{row['component']}": row["amount"]
            for row in rows
            if "difference" in row["status"]
        }

    def _call(self, command: str, *arguments: object) -> str:
        out = io.StringIO()
        call_command(command, *map(str, arguments), stdout=out, stderr=out)
        return out.getvalue()


ONE_UNIT = """
units: [{code: north}]
facts: {bonus: {kind: number}}
metrics: {x: {kind: sum}, y: {kind: sum}}
"""
TWO_PEOPLE = "ann,north,agent,2026-01-01,\nbob,north,agent,2026-01-01,"


def test_a_plan_without_measures_pays_and_follows_what_is_learnt_late(tmp_path: Path) -> None:
    small = Small(
        tmp_path,
        TWO_PEOPLE,
        ONE_UNIT
        + """
plans:
  fixed:
    calendar: monthly
    versions:
      - {in_force: 2026-01-01, components: {pay: {formula: FACT(bonus)}}}
""",
    )
    small.file(
        "facts", "person,fact,value,from\nann,bonus,100,2026-01-01\nbob,bonus,200,2026-01-01"
    )
    small.run("finalise", "2026-01")
    assert small.amounts("2026-01") == {"ann.fixed.pay": "100.00", "bob.fixed.pay": "200.00"}
    small.file("facts", "person,fact,value,from\nann,bonus,150,2026-01-01")
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {"ann.fixed.pay": "50.00"}


PLAN_X = """
plans:
  main:
    calendar: monthly
    versions:
      - {in_force: 2026-01-01, measures: {x: {}}, components: {pay: {formula: x}}}
"""
FIGURES = """ann,2026-01-05,x,10,
             bob,2026-01-05,x,20,
             ann,2026-01-05,y,7,
             bob,2026-01-05,y,9,"""


def test_a_late_version_may_read_a_metric_that_no_plan_read_before(tmp_path: Path) -> None:
    small = Small(tmp_path, TWO_PEOPLE, ONE_UNIT + PLAN_X)
    small.values(FIGURES)
    small.run("finalise", "2026-01")
    small.apply(
        ONE_UNIT
        + PLAN_X
        + """
      - number: 2
        in_force: 2026-01-01
        reason: y was forgotten
        measures: {x: {}, y: {}}
        components: {pay: {formula: x + y}}
"""
    )
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {"ann.main.pay": "7.00", "bob.main.pay": "9.00"}
    small.run("finalise", "2026-02")
    small.run("correct", "bob", "2026-01-05", "y", "10", "--reason", "recount")
    small.run("calculate", "2026-03")
    assert small.differences("2026-03") == {"bob.main.pay": "1.00"}


def test_a_late_plan_of_the_family_takes_back_what_it_replaces(tmp_path: Path) -> None:
    small = Small(tmp_path, TWO_PEOPLE, ONE_UNIT + PLAN_X)
    small.values(FIGURES)
    small.run("finalise", "2026-01")
    small.apply(
        ONE_UNIT
        + PLAN_X
        + """
  own:
    family: main
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        eligibility: [{person: ann}]
        measures: {y: {}}
        components: {pay: {formula: y * 100}}
"""
    )
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {"ann.main.pay": "-10.00"}


def test_a_last_value_counts_in_one_half_of_a_division_that_was_moved(tmp_path: Path) -> None:
    small = Small(
        tmp_path,
        "dan,d,lead,2026-01-01,\neve,e,lead,2026-01-01,\nann,x,agent,2026-01-01,",
        """
units:
  - {code: d}
  - {code: e}
  - {code: x, parent: d, moves: [{on: 2026-06-16, parent: e}]}
metrics: {balance: {kind: last}}
plans:
  leads:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        eligibility: [{job_type: lead}]
        measures: {balance: {scope: subtree}}
        components: {pay: {formula: balance}}
""",
    )
    small.values("ann,2026-06-15,balance,1000000,\nann,2026-06-30,balance,1100000,")
    small.run("calculate", "2026-06")
    assert small.amounts("2026-06") == {"dan.leads.pay": "0.00", "eve.leads.pay": "1100000.00"}


def test_a_gate_on_a_derived_metric_waits_for_what_it_is_worked_out_from(tmp_path: Path) -> None:
    source = """
  telephone:
    map: {person: {column: person, by: code}, day: day, values: {calls: {sum: calls}}}
"""
    rest = """
units: [{code: north}]
metrics: {calls: {kind: sum}, double: {kind: derived, formula: calls * 2}}
plans:
  main:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {double: {}}
        components: {pay: {formula: '50', gate: double >= 10}}
"""
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", source + rest)
    small.file("ingest", "person,day,calls\nann,2026-01-05,4", "telephone")
    small.run("complete", "telephone", "2026-01-20")
    small.run("calculate", "2026-01")
    assert small.amounts("2026-01") == {"ann.main.pay": ""}
    assert "calls is complete only to 2026-01-20" in small.run("results", "2026-01")
    with pytest.raises(CommandError, match="complete only to 2026-01-20"):
        small.run("finalise", "2026-01")
    small.file("ingest", "person,day,calls\nann,2026-01-25,1", "telephone")
    small.run("complete", "telephone", "2026-01-31")
    small.run("calculate", "2026-01")
    assert small.amounts("2026-01") == {"ann.main.pay": "50.00"}


def test_what_changes_a_campaign_that_is_over_is_paid_with_the_month(tmp_path: Path) -> None:
    small = Small(
        tmp_path,
        TWO_PEOPLE,
        ONE_UNIT
        + PLAN_X
        + """
  spring:
    family: campaign
    calendar: spring
    versions:
      - {in_force: 2026-01-10, measures: {y: {}}, components: {pay: {formula: y * 3}}}
""",
    )
    small.values("ann,2026-01-12,y,5,\nbob,2026-01-12,y,2,")
    small.run("finalise", "spring:spring")
    small.run("correct", "ann", "2026-01-12", "y", "7", "--reason", "two were forgotten")
    assert "pay +6.00 EUR (y of ann" in small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {"ann.spring.pay": "6.00"}
    for month in ("2026-01", "2026-02"):
        small.run("calculate", month)
        small.run("finalise", month)
    booked = {**small.differences("2026-01"), **small.differences("2026-02")}
    assert booked == {"ann.spring.pay": "6.00"}
    assert "Difference" not in small.run("calculate", "2026-03")


def test_a_plan_that_changes_its_family_pays_again_what_another_one_replaced(
    tmp_path: Path,
) -> None:
    own = """
  own:
    family: FAMILY
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        eligibility: [{person: ann}]
        measures: {y: {}}
        components: {pay: {formula: y}}
"""
    small = Small(tmp_path, TWO_PEOPLE, ONE_UNIT + PLAN_X + own.replace("FAMILY", "main"))
    small.values(FIGURES)
    small.run("finalise", "2026-01")
    assert small.amounts("2026-01") == {"ann.own.pay": "7.00", "bob.main.pay": "20.00"}
    small.apply(ONE_UNIT + PLAN_X + own.replace("FAMILY", "other"))
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {"ann.main.pay": "10.00"}


def test_a_job_that_goes_on_after_the_last_day_of_employment_is_named(tmp_path: Path) -> None:
    small = Small(tmp_path, TWO_PEOPLE, ONE_UNIT + PLAN_X)
    left = "code,name,pay_group,hired,left\nann,ann,staff,2020-01-01,2026-06-10"
    assert "goes on after the last day of employment, and is paid, for ann" in small.file(
        "people", left
    )


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 4), ("JPY", 2)])
def test_nothing_is_rounded_to_what_payroll_cannot_pay(
    tmp_path: Path, currency: str, decimals: int
) -> None:
    plan = PLAN_X.replace("calendar:", f"currency: {currency}\n    calendar:").replace(
        "formula: x}", f"formula: x / 3, rounding: {{decimals: {decimals}}}}}"
    )
    with pytest.raises(CommandError, match=f"amounts in {currency} have"):
        Small(tmp_path, TWO_PEOPLE, ONE_UNIT + plan)


def test_the_explanation_says_by_which_part_an_amount_is_reduced(tmp_path: Path) -> None:
    plan = PLAN_X.replace("measures:", "prorate: {amount: [days]}, measures:")
    small = Small(tmp_path, "ann,north,agent,2026-06-16,", ONE_UNIT + plan)
    small.values("ann,2026-06-20,x,10,")
    small.run("calculate", "2026-06")
    assert small.amounts("2026-06") == {"ann.main.pay": "5.00"}
    assert "PRORATE: times 0.5, the eligible part" in small.run("explain", "ann", "2026-06")


def test_who_changes_between_sites_with_other_holidays_has_the_whole_period(
    tmp_path: Path,
) -> None:
    """Site b works fewer days of June than site a; Ann is at work all of it."""
    site = Small(
        tmp_path,
        """
        ann,a,agent,2026-01-01,2026-06-16
        ann,b,agent,2026-06-16,
        """,
        """
holidays:
  few: {default: true}
  many: {days: [{day: 2026-06-01}, {day: 2026-06-30}]}
units: [{code: a}, {code: b, holidays: many}]
metrics: {sales: {kind: sum}}
goals: [{metric: sales, value: 42}]
plans:
  pay:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {goal: [days], amount: [days], days: working}
        measures: {sales: {}}
        components:
          fixed: {formula: "900"}
          goal: {formula: GOAL(sales), prorate: false}
""",
    )
    site.run("calculate", "2026-06", "--on", "2026-07-02")
    # 11 of 22 days at a, 10 of 20 at b: half and half.
    assert site.amounts("2026-06") == {"ann.pay.fixed": "900.00", "ann.pay.goal": "42.00"}


def test_a_month_that_nobody_calculated_is_not_passed_over(tmp_path: Path) -> None:
    site = Small(
        tmp_path,
        "ann,a,agent,2026-01-01,",
        """
units: [{code: a}]
metrics: {sales: {kind: sum}}
plans:
  pay:
    calendar: monthly
    versions: [{in_force: 2026-01-01, measures: {sales: {}}, components: {each: {formula: sales}}}]
""",
    )
    site.run("finalise", "2026-03", "--on", "2026-07-02")
    with pytest.raises(CommandError, match="2026-04 of pay was never calculated"):
        site.run("finalise", "2026-05", "--on", "2026-07-02")
    site.run("finalise", "2026-04", "--on", "2026-07-02")
    site.run("finalise", "2026-05", "--on", "2026-07-02")


@pytest.mark.parametrize(
    ("currency", "decimals", "shown"),
    [("JPY", 0, "334"), ("KWD", 3, "333.500"), ("EUR", 2, "333.50")],
)
def test_amounts_are_shown_with_the_decimals_of_their_currency(
    tmp_path: Path, currency: str, decimals: int, shown: str
) -> None:
    site = Small(
        tmp_path,
        "ann,a,agent,2026-01-01,",
        f"""
units: [{{code: a}}]
plans:
  pay:
    calendar: monthly
    currency: {currency}
    versions:
      - in_force: 2026-01-01
        components: {{fixed: {{formula: "333.5", rounding: {{decimals: {decimals}}}}}}}
""",
    )
    assert f"fixed: {shown}\n" in site.run("calculate", "2026-06", "--on", "2026-07-02")
    assert site.amounts("2026-06") == {"ann.pay.fixed": shown}
    assert f"Total: {shown} {currency}" in site.run("explain", "ann", "2026-06")


VERSION_OF_X = """
      - number: {number}
        in_force: {in_force}
        {more}
        measures: {{x: {{}}}}
        components: {{pay: {{formula: {formula}}}}}
"""


def versions_of_x(*said: tuple[int, str, str, str]) -> str:
    """Versions of the plan ``main``: number, first day, formula and what else each says."""
    head, _, _ = PLAN_X.partition("      -")
    rows = [
        VERSION_OF_X.format(number=number, in_force=in_force, formula=formula, more=more)
        for number, in_force, formula, more in said
    ]
    return ONE_UNIT + head + "".join(rows)


def test_a_plan_does_not_end_before_what_is_final(tmp_path: Path) -> None:
    """What February paid could never be worked out again, and no month after it calculated."""
    first = (1, "2026-01-01", "x", "")
    small = Small(tmp_path, TWO_PEOPLE, versions_of_x(first))
    small.values(FIGURES)
    for month in ("2026-01", "2026-02"):
        small.run("finalise", month)
    with pytest.raises(CommandError, match="2026-02 of main is final, and no version would be in"):
        small.apply(
            versions_of_x(first, (2, "2026-01-01", "x", "ends: 2026-02-01\n        reason: over"))
        )
    small.apply(
        versions_of_x(first, (2, "2026-01-01", "x", "ends: 2026-03-01\n        reason: over"))
    )


def test_what_takes_over_from_a_version_that_ends_is_compared_with_what_was_paid(
    tmp_path: Path,
) -> None:
    first = (1, "2026-01-01", "x * 2", "")
    small = Small(tmp_path, TWO_PEOPLE, versions_of_x(first))
    small.values("ann,2026-02-05,x,30,")
    for month in ("2026-01", "2026-02"):
        small.run("finalise", month)
    ends = (2, "2026-01-01", "x * 2", "ends: 2026-02-01\n        reason: half")
    with pytest.raises(CommandError, match="version 3 reduces pay already earned, of ann"):
        small.apply(versions_of_x(first, ends, (3, "2026-02-01", "x", "reason: half")))


def test_a_late_version_that_is_changed_is_compared_with_what_was_paid(tmp_path: Path) -> None:
    first = (1, "2026-01-01", "x * 2", "")
    small = Small(tmp_path, TWO_PEOPLE, versions_of_x(first))
    small.values(FIGURES)
    small.run("finalise", "2026-01")
    small.apply(versions_of_x(first, (2, "2026-01-01", "x * 3", "reason: Agreed late")))
    with pytest.raises(CommandError, match="version 2 reduces pay already earned, of ann, bob"):
        small.apply(versions_of_x(first, (2, "2026-01-01", "x", "reason: Agreed late")))


@pytest.mark.parametrize(
    ("currency", "amount", "word"),
    [("JPY", "333", "+167 JPY"), ("KWD", "333.333", "+166.334 KWD"), ("EUR", "333.33", "+166.34")],
)
def test_who_says_nothing_is_paid_to_the_smallest_coin_of_the_currency(
    tmp_path: Path, currency: str, amount: str, word: str
) -> None:
    plan = PLAN_X.replace("calendar:", f"currency: {currency}\n    calendar:")
    rules = ONE_UNIT + plan.replace("formula: x", "formula: x / 3")
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", rules)
    small.values("ann,2026-01-05,x,1000,")
    small.run("finalise", "2026-01")
    assert small.amounts("2026-01") == {"ann.main.pay": amount}
    assert "Nothing changes." in small.apply(rules)
    small.values("ann,2026-01-05,x,1499,")
    assert word in small.run("calculate", "2026-02")


TO_DATE = """
        measures: {x: {window: year_to_date}}
        components: {NAME: {formula: x * RATE, cumulate: to_dateMORE}}
"""


@pytest.mark.parametrize(
    ("name", "rest", "refused"),
    [
        ("pay", "", False),
        ("other", "", True),
        ("other", "on_change: from_here", False),
        ("other", "on_change: from_here", True),
    ],
)
def test_a_component_to_date_does_not_pay_the_year_again_under_another_name(
    tmp_path: Path, name: str, rest: str, refused: bool
) -> None:
    """What ``pay`` earned until February would not be taken off, nor fill the cap."""
    capped = ", cap: '900'" if rest and refused else ""
    head = ONE_UNIT + PLAN_X.partition("      -")[0] + "      - in_force: 2026-01-01"
    first = head + TO_DATE.replace("NAME", "pay").replace("RATE", "5%").replace("MORE", "")
    second = TO_DATE.replace("NAME", name).replace("RATE", "6%").replace("MORE", capped)
    both = first + f"      - in_force: 2026-03-01\n        {rest}" + second
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", first)
    if refused:
        with pytest.raises(CommandError, match="“pay” of main version 1, which is missing here"):
            small.apply(both)
    else:
        small.apply(both)
