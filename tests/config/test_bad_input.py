"""Each mistake gets a sentence with its place; nothing is half written."""

from __future__ import annotations

import pytest

from org.models import Tenant
from tests.config.files import SMALL, Folder, export


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


NOT_A_FILE = {
    "empty": (b"", "is empty"),
    "only comments": (b"# nothing\n", "has no content"),
    "latin-1": (
        "tenant: {code: bank, name: Zürich}".encode("latin-1"),
        "not written in UTF-8: line 1",
    ),
    "a workbook": (b"PK\x03\x04rest", "is a workbook"),
    "a binary character": (b"tenant: \x01", "a character that no text file has"),
    "a list": (b"- a\n- b\n", "it must consist of sections"),
    "a text": (b"hello", "it must consist of sections"),
    "not closed": (b"tenant: {code: bank", "line 1, column"),
    "a tab": (b"tenant:\n\tcode: bank\n", "a tab stands where YAML wants spaces"),
    "colon in a text": (b"tenant: {code: bank}\nx: a: b\n", "belongs in quotation marks"),
    "a tag": (b"tenant: {code: !!python/name:os.system x}\n", "is a tag"),
    "a key twice": (
        b"tenant: {code: bank, name: B}\ntenant: {code: b, name: B}\n",
        "Line 2: “tenant” is there a second time; it already stands on line 1",
    ),
    "a day that is none": (
        b"tenant: {code: b, name: B, x: 2026-02-30}\n",
        "no day of the calendar",
    ),
    "a list as key": (b"{[1]: 2}\n", "where a key is wanted"),
    "an anchor in itself": (b"tenant: &t [*t]\n", "Does an anchor stand in itself?"),
    "a character zero": (
        b'tenant: {code: "b\\0", name: B}\n',
        "Line 1: there is a character in the text that no text has (code 0)",
    ),
    "half a character": (b'tenant: {code: b, name: "\\ud800"}\n', "no text has (code 55296)"),
}


@pytest.mark.parametrize(("content", "sentence"), NOT_A_FILE.values(), ids=list(NOT_A_FILE))
def test_what_is_no_tenant_file(folder: Folder, content: bytes, sentence: str) -> None:
    assert sentence in folder.refusal(content)
    assert not Tenant.objects.exists()


WRONG = {
    "a number that is none": (
        changed("value: 100", "value: NaN"),
        "“NaN” cannot stand here: a number, such as 0.5, 100 or 4%, belongs here.",
    ),
    "periods to the end of time": (
        changed("to: 2026-12-31", "to: 9999-12-31"),
        "calendars.monthly (line 3): 9999-12-31 is no plausible day",
    ),
    "a unit without a code": (changed("code: north", "code: ' '"), "units[0].code (line 5)"),
    "a rate from a currency to itself": (
        SMALL + "exchange_rates: [{name: plan, base: EUR, quote: EUR, rate: 2}]\n",
        "one EUR is worth one EUR",
    ),
    "no tenant": (SMALL.split("\n", 1)[1], "“tenant” is missing"),
    "no code": (changed("code: bank, ", ""), "tenant (line 1): “code” is missing"),
    "unknown section": (
        SMALL + "goels: []\n",
        "“goels” is nothing that can be said here. Did you mean “goals”?",
    ),
    "unknown key": (
        changed("value: 100", "vlaue: 100"),
        "goals[0].vlaue (line 12): “vlaue” is nothing that can be said here. Did you mean “value”?",
    ),
    "wrong type": (
        changed("value: 100", "value: [1]"),
        "goals[0].value (line 12): this must be a number",
    ),
    "text for a number": (changed("value: 100", "value: many"), "goals[0].value (line 12): “many”"),
    "a choice that is none": (
        changed("kind: sum", "kind: summ"),
        "metrics.calls.kind (line 9): “summ” is none of the choices sum, ratio",
    ),
    "yes for true": (
        changed('{formula: "TIER(calls, step)"}', "{formula: calls, prorate: yes}"),
        "prorate (line 23): this must be true or false, but is “yes”",
    ),
    "no day": (changed("in_force: 2026-01-01", "in_force: January"), "“January” is no day"),
    "unknown metric in a goal": (
        changed("metric: calls, value", "metric: cals, value"),
        "goals[0].metric (line 12): no metric is called “cals”. Did you mean “calls”?",
    ),
    "unknown unit": (
        changed("value: 100}", "value: 100, unit: noth}"),
        "goals[0].unit (line 12): no unit is called “noth”. Did you mean “north”?",
    ),
    "unknown person": (
        changed("value: 100}", "value: 100, person: 7}"),
        "no person is called “7”. There is none yet.",
    ),
    "person and unit": (
        changed("value: 100}", "value: 100, person: 7, unit: north}"),
        "names neither unit nor job type",
    ),
    "unknown calendar": (
        changed("    calendar: monthly", "    calendar: weekly"),
        "plans.service.calendar (line 15): no calendar is called “weekly”",
    ),
    "unknown metric in a measure": (
        changed("calls: {}", "calls: {metric: nothing}"),
        "measures.calls.metric (line 21): no metric is called “nothing”",
    ),
    "days the wrong way round": (
        changed("value: 100}", "value: 100, from: 2026-02-01, to: 2026-01-01}"),
        "goals[0].to (line 12): 2026-01-01 is not after 2026-02-01",
    ),
    "a year that cannot be": (
        changed("value: 100}", "value: 100, from: 2999-01-01}"),
        "is no plausible day",
    ),
    "a goal tie": (
        changed("goals:\n", "goals:\n  - {metric: calls, value: 90, to: 2026-02-01}\n"),
        "goals[1] (line 13): this goal (calls 100) and goals[0]",
    ),
    "too many decimals": (
        changed("value: 100}", "value: 0.1234567890123}"),
        "at most 12 decimal places",
    ),
    "too large": (changed("value: 100}", "value: 1000000000000000000}"), "out of range"),
    "a number without end": (
        changed("value: 100}", f"value: {'9' * 5000}}}"),
        "is too long a number",
    ),
    "a name that formulas cannot use": (
        changed("calls: {name", "calls-in: {name"),
        "a name that formulas use has",
    ),
    "two underscores": (changed("calls: {name", "a__b: {name"), "a name that formulas use has"),
    "metrics that formulas cannot tell apart": (
        changed("metrics:\n", "metrics:\n  CALLS: {kind: sum}\n"),
        "formulas cannot tell it from",
    ),
    "derived without formula": (
        changed("kind: sum", "kind: derived"),
        "a derived metric needs “formula”",
    ),
    "formula without derived": (
        changed("kind: sum", "kind: sum, formula: aht"),
        "only a derived metric has this",
    ),
    "derived from itself": (
        changed("kind: sum", "kind: derived, formula: index").replace(
            "metrics:\n", "metrics:\n  index: {kind: derived, formula: calls + 1}\n"
        ),
        "calls → index → calls",
    ),
    "definitions out of order": (
        changed(
            "{name: Calls, kind: sum}",
            "[{kind: sum, from: 2026-02-01}, {kind: last, from: 2026-01-01}]",
        ),
        "metrics.calls[1] (line 9): definitions stand in the order of their days",
    ),
    "a negative sample": (changed("kind: sum", "kind: sum, minimum_sample: -1"), "is no sample"),
    "unknown name in a formula": (
        changed("TIER(calls, step)", "TIER(cals, step)"),
        "plans.service.versions[0].components.pay.formula (line 23)",
    ),
    "a formula of the wrong type": (
        changed("TIER(calls, step)", "calls > 1"),
        "A number is needed here",
    ),
    "a gap in a table": (
        changed("[[0, 4%], [100, 6%]]", "[[0, 100, 4%], [200, null, 6%]]"),
        "tables.step (line 19): there is a gap: row 1 ends at 100, row 2 begins at 200.",
    ),
    "an overlap in a table": (
        changed("[[0, 4%], [100, 6%]]", "[[0, 200, 4%], [100, null, 6%]]"),
        "rows overlap",
    ),
    "descending bounds": (
        changed("[0, 4%], [100, 6%]", "[100, 4%], [0, 6%]"),
        "bounds must ascend",
    ),
    "no component": (changed('pay: {formula: "TIER(calls, step)"}', ""), "components"),
    "inside a period": (
        changed("in_force: 2026-01-01", "in_force: 2026-01-15"),
        "versions[0].in_force (line 17): no period of the calendar monthly begins on 2026-01-15. "
        "The nearest that does is 2026-01-01.",
    ),
    "ends before it begins": (
        changed("in_force: 2026-01-01", "in_force: 2026-01-01\n        ends: 2025-01-01"),
        "2025-01-01 is not after in_force",
    ),
    "two versions with one number": (
        changed(
            "      - in_force: 2026-01-01",
            "      - {number: 1, in_force: 2026-02-01, components: {a: {formula: 1}}}\n"
            "      - number: 1\n        in_force: 2026-01-01",
        ),
        "two versions have the number 1",
    ),
    "per team without a weight": (
        changed('"TIER(calls, step)"}', '"TIER(calls, step)", per: team}'),
        "say by “distribute” how its people share it",
    ),
    "a figure of each person for a team": (
        changed('"TIER(calls, step)"}', '"ATTAINMENT(calls) * 100", per: team, distribute: calls}'),
        "is each person's own, and cannot be added up for a team",
    ),
    "shared without a team": (
        changed('"TIER(calls, step)"}', "calls, distribute: calls}"),
        "“distribute” shares out what a team earned",
    ),
    "per credit of nothing": (
        changed('"TIER(calls, step)"}', "amount, per: credit}"),
        "“per: credit” pays the credits of a measure: say which by “of”",
    ),
    "to date over a period": (
        changed('"TIER(calls, step)"}', '"TIER(calls, step)", cumulate: to_date}'),
        "its measures need “window: year_to_date”; “calls” has “period”",
    ),
    "a currency without a rate": (
        changed('"TIER(calls, step)"}', "calls, currency: USD}"),
        "An exchange rate needs both",
    ),
    "components in a circle": (
        changed(
            '"TIER(calls, step)"}', '"EARNED(more)"}\n          more: {formula: "EARNED(pay)"}'
        ),
        "These stand on each other's earnings: more → pay → more",
    ),
    "plans in a circle": (
        changed('"TIER(calls, step)"}', "calls}")
        + """
  first:
    calendar: monthly
    versions: [{in_force: 2026-01-01, components: {a: {formula: EARNED(second.b)}}}]
  second:
    calendar: monthly
    versions: [{in_force: 2026-01-01, components: {b: {formula: EARNED(first.a)}}}]
""",
        "These plans stand on each other's earnings: first → second → first",
    ),
    "plans in a circle, in quotation marks": (
        changed('"TIER(calls, step)"}', "calls}")
        + """
  a-first:
    calendar: monthly
    versions: [{in_force: 2026-01-01, components: {a: {formula: 'EARNED("B-Second.b")'}}}]
  b-second:
    calendar: monthly
    versions: [{in_force: 2026-01-01, components: {b: {formula: 'EARNED("a-first.a")'}}}]
""",
        "These plans stand on each other's earnings: a-first → b-second → a-first",
    ),
    "shares that are not the whole": (
        changed(
            "        measures:",
            "        schedules: {s: [{share: 70%, release: final}, {share: 31%, release: final}]}\n"
            "        measures:",
        ),
        "the shares sum to 101 %, not to 100 %",
    ),
    "an unknown schedule": (
        changed('"TIER(calls, step)"}', "calls, schedule: later}"),
        "no schedule is called “later”",
    ),
    "eligible twice": (
        changed(
            "        measures:",
            "        eligibility: [{job_type: agent}, {job_type: agent}]\n        measures:",
        ),
        "an entry is there twice",
    ),
    "an unknown zone": (
        SMALL + "sources: {s: {time_zone: Mars}}\n",
        "No time zone is called “Mars”",
    ),
    "a column map for an unknown metric": (
        SMALL + "sources: {s: {map: {person: A, day: D, values: {nothing: {count: rows}}}}}\n",
        "sources.s.map.values.nothing (line 24): no metric is called “nothing”",
    ),
    "a column map without a day": (
        SMALL + "sources: {s: {map: {person: A, values: {calls: {count: rows}}}}}\n",
        "day",
    ),
    "two credit rules with one order": (
        SMALL
        + "transactions: {sale: {key: [no], dates: [sold], roles: {seller: {}}}}\ncredits:\n"
        + "  - {group: a, order: 1, kind: sale, to: seller, on: sold, into: calls}\n" * 2,
        "credits[1] (line 27): credits[0] has the order 1 in group a, too",
    ),
    "a credit rule for an unknown role": (
        SMALL
        + "transactions: {sale: {key: [no], dates: [sold], roles: {seller: {}}}}\n"
        + "credits: [{group: a, order: 1, kind: sale, to: buyer, on: sold, into: calls}]\n",
        "the kind has no role “buyer”. It has: seller.",
    ),
    "a condition that is none": (
        SMALL
        + "transactions: {sale: {key: [no], attributes: {amount: money}}}\n"
        + "credits: [{group: a, order: 1, kind: sale, when: amount, into: none}]\n",
        "Yes or no is needed here",
    ),
    "two rates for one day": (
        SMALL + "exchange_rates:\n" + "  - {name: plan, base: EUR, quote: USD, rate: 1.1}\n" * 2,
        "exchange_rates[1] (line 26): exchange_rates[0] gives another rate",
    ),
    "a rate of nothing": (
        SMALL + "exchange_rates: [{name: plan, base: EUR, quote: USD, rate: 0}]\n",
        "must be above 0",
    ),
    "a payroll profile without columns": (
        SMALL + "payroll_profiles: {p: {name: P}}\n",
        "a profile needs columns",
    ),
    "an unknown job": (
        SMALL + "schedules: [{job: dance, at: 02:30}]\n",
        "schedules[0].job (line 24)",
    ),
    "no time of day": (
        SMALL + "schedules: [{job: nightly, at: 25:00}]\n",
        "“25:00” cannot stand here",
    ),
    "people who are not there": (SMALL + "people: nobody.csv\n", "nobody.csv cannot be read"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=list(WRONG))
def test_a_mistake_is_named_and_nothing_is_written(
    folder: Folder, text: str, sentence: str
) -> None:
    assert sentence in folder.refusal(text)
    assert not Tenant.objects.exists()


def test_a_formula_shows_the_caret(folder: Folder) -> None:
    refusal = folder.refusal(changed("TIER(calls, step)", "TIER(cals, step) * 2"))
    lines = refusal.splitlines()
    at = next(n for n, line in enumerate(lines) if "TIER(cals, step) * 2" in line)
    assert lines[at + 1].index("^") == lines[at].index("cals")
    assert "“calls”" in refusal or '"calls"' in refusal


def test_all_mistakes_are_told_together(folder: Folder) -> None:
    text = changed("calls: {}", "calls: {filter: x = 1}").replace(
        'formula: "TIER(calls, step)"', "formula: nothing + 1, gate: other"
    )
    refusal = folder.refusal(text)
    for place in ("measures.calls", "components.pay.formula", "components.pay.gate"):
        assert place in refusal


def test_a_mistake_leaves_a_tenant_as_it_was(folder: Folder) -> None:
    folder.apply(SMALL)
    before = export()
    worse = changed("value: 100", "value: 200").replace("TIER(calls, step)", "TIER(x, step)")
    folder.refusal(worse)
    assert export() == before


def test_codes_may_be_numbers(folder: Folder) -> None:
    text = SMALL.replace("code: north", "code: 100").replace("value: 100}", "value: 1, unit: 100}")
    folder.apply(text)
    assert "unit: '100'" in export()
    assert folder.changes(text) == {}


def test_days_may_stand_in_quotation_marks(folder: Folder) -> None:
    folder.apply(SMALL)
    assert folder.changes(SMALL.replace("in_force: 2026-01-01", 'in_force: "2026-01-01"')) == {}
