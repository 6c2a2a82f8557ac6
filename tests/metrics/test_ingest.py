"""What a file becomes: values, by key, with their job, and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from metrics.models import Delivery, Rejection, Value
from org.base import CURRENT
from org.models import AuditEntry, InputChange, JobType, StaleMark, Unit
from tests.metrics.cast import AT, SIMPLE, Cast, alias, assign, figures, values

FILE = "Agent,Date,Calls\nann,2026-06-01,12\nben,2026-06-02,7\n"
LATER = AT + timedelta(hours=1)


def test_a_file_becomes_values(cast: Cast) -> None:
    report = cast.ingest(FILE)
    assert values() == [
        ("ann", "2026-06-01", "calls", "", "12", None),
        ("ben", "2026-06-02", "calls", "", "7", None),
    ]
    assert (report.rows_read, report.accepted, report.rejected) == (2, 2, 0)
    assert (report.first_day, report.last_day) == (date(2026, 6, 1), date(2026, 6, 2))
    delivery = Delivery.objects.get()
    assert (delivery.rows_read, delivery.values_accepted) == (2, 2)
    assert bytes(delivery.content) == FILE.encode()
    assert set(Value.objects.values_list("delivery_id", "recorded_at")) == {(delivery.pk, AT)}


def test_the_same_bytes_again_change_nothing(cast: Cast) -> None:
    cast.ingest(FILE)
    again = cast.ingest(FILE, at=LATER, file_name="copy.csv")
    assert "nothing changes" in again.already
    assert Value.objects.count() == 2
    assert Delivery.objects.count() == 1


def test_the_same_values_in_another_file_change_nothing(cast: Cast) -> None:
    cast.ingest(FILE)
    report = cast.ingest(FILE + "\n", at=LATER)
    assert (report.accepted, report.unchanged, report.skipped) == (0, 2, 1)
    assert Value.objects.count() == 2
    assert InputChange.objects.count() == 1


def test_a_newer_file_supersedes_and_keeps_history(cast: Cast) -> None:
    cast.ingest(FILE)
    report = cast.ingest(FILE.replace("12", "15"), at=LATER)
    assert (report.accepted, report.superseded, report.unchanged) == (1, 1, 1)
    assert figures("calls") == {("ann", 1): "15", ("ben", 2): "7"}
    old = Value.objects.exclude(CURRENT).get()
    assert (old.numerator, old.superseded_at) == (12, LATER)


def test_two_files_of_one_moment_have_an_order(cast: Cast) -> None:
    for calls in (12, 13, 14):
        cast.ingest(FILE.replace("12", str(calls)))
    assert figures("calls")[("ann", 1)] == "14"
    assert list(
        Value.objects.exclude(CURRENT).order_by("superseded_at").values_list("numerator", flat=True)
    ) == [12, 13]


def test_a_preview_keeps_nothing(cast: Cast) -> None:
    report = cast.ingest(FILE + "nobody,2026-06-01,3\n", commit=False)
    assert (report.accepted, report.rejected, report.committed) == (2, 1, False)
    assert "nobody" in report.rejections[0].sentence
    for model in (Value, Delivery, Rejection, InputChange, AuditEntry):
        assert not model.objects.exists()


def test_a_cause_marks_each_person_and_metric(cast: Cast) -> None:
    cast.ingest(FILE)
    change = InputChange.objects.get()
    assert change.kind == "values"
    assert change.reference == f"delivery {Delivery.objects.get().pk}"
    assert set(StaleMark.objects.values_list("person__code", "metric", "first_day", "end_day")) == {
        ("ann", cast.metrics["calls"].pk, date(2026, 6, 1), date(2026, 6, 2)),
        ("ben", cast.metrics["calls"].pk, date(2026, 6, 2), date(2026, 6, 3)),
    }


def test_many_people_are_marked_together(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.compare.MARKED_SINGLY", 1)
    cast.ingest(FILE)
    assert list(StaleMark.objects.values_list("person", "first_day", "end_day")) == [
        (None, date(2026, 6, 1), date(2026, 6, 3))
    ]


def test_a_value_is_stamped_with_the_job_of_its_day(cast: Cast) -> None:
    unit, job = Unit.objects.get(), JobType.objects.get()
    second = assign(cast.people["ann"], unit, job, slot="telephone")
    cast.ingest(FILE, {**SIMPLE, "slot": "telephone"})
    ann = Value.objects.get(person_id=cast.people["ann"].pk)
    assert (ann.assignment_id, ann.slot) == (second.pk, "telephone")


def test_without_a_slot_the_primary_job_counts(cast: Cast) -> None:
    assign(cast.people["ann"], Unit.objects.get(), JobType.objects.get(), slot="another")
    cast.ingest(FILE)
    ann = Value.objects.get(person_id=cast.people["ann"].pk)
    assert ann.assignment_id == cast.people["ann"].assignments.get(slot="primary").pk


def test_a_column_of_slots_keeps_two_jobs_apart(cast: Cast) -> None:
    unit, job = Unit.objects.get(), JobType.objects.get()
    assign(cast.people["ann"], unit, job, slot="telephone")
    file = "Agent,Date,Calls,Job\nann,2026-06-01,5,primary\nann,2026-06-01,6,telephone\n"
    report = cast.ingest(file, {**SIMPLE, "slot": {"column": "Job"}})
    assert report.rejected == 0
    found = Value.objects.order_by("numerator").values_list("numerator", "assignment_id")
    jobs = dict(cast.people["ann"].assignments.values_list("slot", "id"))
    assert list(found) == [(5, jobs["primary"]), (6, jobs["telephone"])]


def test_work_without_a_job_is_accepted_and_listed(cast: Cast) -> None:
    report = cast.ingest("Agent,Date,Calls\nann,2019-06-01,12\n", _defined_early(cast))
    assert (report.accepted, report.not_covered) == (1, 1)
    assert report.not_covered_examples == ("Ann Arden on 2019-06-01",)
    assert Value.objects.get().assignment_id is None


def _defined_early(cast: Cast) -> dict[str, object]:
    cast.metrics["calls"].definitions.update(valid_from=date(2010, 1, 1))
    return SIMPLE


def test_an_alias_wins_over_a_code_on_its_days(cast: Cast) -> None:
    alias(
        cast.telephone,
        "ann",
        cast.people["cy"],
        valid_from=date(2026, 6, 1),
        valid_to=date(2026, 6, 2),
    )
    cast.ingest("Agent,Date,Calls\nann,2026-06-01,1\nann,2026-06-02,2\n")
    assert figures("calls") == {("cy", 1): "1", ("ann", 2): "2"}


def test_people_by_name(cast: Cast) -> None:
    by_name = {**SIMPLE, "person": {"column": "Agent", "by": "name"}}
    cast.ingest("Agent,Date,Calls\n  ann   ARDEN,2026-06-01,1\n", by_name)
    assert figures("calls") == {("ann", 1): "1"}


def test_counts_conditions_durations_and_means(cast: Cast) -> None:
    report = cast.ingest(
        "Call,Agent,When,Answered (Y/N),Talk,Stars\n"
        "1,ann,2026-06-01T09:00,Y,0:02:23,3\n"
        "2,ann,2026-06-01T09:10,N,,\n"
        "3,ann,2026-06-01T09:20,y,0:00:37,5\n"
        "4,ben,2026-06-01T09:30,N,,\n",
        {
            "person": "Agent",
            "day": "When",
            "values": {
                "calls": {"count": "rows", "where": "Answered (Y/N) = Y"},
                "handle_time": {
                    "sum": "Talk",
                    "as": "duration",
                    "denominator": {"count": "rows", "where": "Answered (Y/N) = Y"},
                },
                "quality": {"sum": "Stars", "weight": 1},
            },
        },
    )
    assert report.rejected == 0
    assert figures("calls") == {("ann", 1): "2", ("ben", 1): "0"}
    assert figures("handle_time") == {("ann", 1): "180/2"}
    assert figures("quality") == {("ann", 1): "8/2"}


def test_extremes_and_the_last_of_a_day(cast: Cast) -> None:
    cast.ingest(
        "Agent,Date,X\nann,2026-06-01,5\nann,2026-06-01,9\nann,2026-06-01,7\n",
        {
            "person": "Agent",
            "day": "Date",
            "values": {
                "balance": {"last": "X"},
                "longest": {"maximum": "X"},
                "shortest": {"minimum": "X"},
                "calls": {"sum": "X"},
            },
        },
    )
    assert [(code, above) for _, _, code, _, above, _ in values()] == [
        ("balance", "7"),
        ("calls", "21"),
        ("longest", "9"),
        ("shortest", "5"),
    ]


def test_a_long_file(cast: Cast) -> None:
    report = cast.ingest(
        "who;day;what;amount;by\n"
        "ann;2026-06-01;calls;1.012,5;\n"
        "ann;2026-06-01;AHT;300;4\n"
        "ben;2026-06-01;clals;3;\n",
        {
            "person": "who",
            "day": "day",
            "decimal": ",",
            "thousands": ".",
            "values": {
                "from": {"metric": "what", "value": "amount", "denominator": "by"},
                "metrics": {"AHT": "handle_time"},
            },
        },
    )
    assert figures("calls") == {("ann", 1): "1012.5"}
    assert figures("handle_time") == {("ann", 1): "300/4"}
    assert [row.sentence for row in report.rejections] == [
        "Line 4: what names the metric “clals”, which is not known here. Did you mean “calls”? "
        "Map the name or mend the file."
    ]


def test_each_reference_is_a_value_of_its_own(cast: Cast) -> None:
    with_reference = {**SIMPLE, "reference": {"columns": ["Call", "Part"]}}
    cast.ingest(
        "Agent,Date,Calls,Call,Part\nann,2026-06-01,1,A,1\nann,2026-06-01,1,A,2\n", with_reference
    )
    assert [(row[3], row[4]) for row in values()] == [("A / 1", "1"), ("A / 2", "1")]


def test_the_day_is_fixed_in_the_zone_of_the_source(cast: Cast) -> None:
    moments = {**SIMPLE, "day": {"column": "Start", "zone": "UTC"}}
    cast.ingest(
        "Agent,Start,Calls\n"
        "ann,2026-03-25 03:45:00,1\n"
        "ben,2026-03-25T04:15:00Z,1\n"
        "cy,2026-03-24T23:45:00-04:00,1\n",
        moments,
    )
    assert set(figures("calls")) == {("ann", 24), ("ben", 25), ("cy", 24)}


def test_averages_come_back_as_sums(cast: Cast) -> None:
    cast.ingest(
        "Agent,Date,Avg Handle,Handled\nann,2026-06-01,1500,4\nben,2026-06-01,,0\n",
        {
            "person": "Agent",
            "day": "Date",
            "values": {
                "handle_time": {
                    "average": "Avg Handle",
                    "as": "milliseconds",
                    "denominator": {"column": "Handled"},
                }
            },
        },
    )
    assert figures("handle_time") == {("ann", 1): "6/4"}


def test_banner_total_and_blank_rows_are_skipped(cast: Cast) -> None:
    report = cast.ingest(
        "Report of June\n\nAgent,Date,Calls\nann,2026-06-01,3\n,,\nTotal,,3\n",
        {**SIMPLE, "skip_rows": {"column": "Agent", "equals": "Total"}},
    )
    assert (report.rows_read, report.skipped, report.rejected) == (1, 3, 0)


def test_a_formula_decides_which_rows_count(cast: Cast) -> None:
    cast.ingest(
        "Agent,Date,Seconds,Kind\nann,2026-06-01,31,A\nann,2026-06-01,30,A\nann,2026-06-01,99,b\n",
        {
            "person": "Agent",
            "day": "Date",
            "names": {"seconds": {"column": "Seconds", "as": "number"}, "kind": "Kind"},
            "values": {
                "calls": {
                    "count": "rows",
                    "where": {"formula": 'OR(seconds > 90, AND(kind = "a", seconds > 30))'},
                }
            },
        },
    )
    assert figures("calls") == {("ann", 1): "2"}
