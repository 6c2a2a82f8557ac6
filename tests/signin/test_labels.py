"""What was kept of a form is shown in the words that its page has."""

from __future__ import annotations

import pytest

from metrics.models import MetricDefinition
from pmsite.signin.labels import labelled


def test_a_form_is_shown_by_its_labels_and_the_record_it_means_by_its_key() -> None:
    sent = [("first", "2026-06-01"), ("last", "2026-06-02"), ("hours", ""), ("type", "7")]
    assert labelled("/people/ann/absences/add/?page=2", sent) == [
        ("First day", "2026-06-01"),
        ("Last day", "2026-06-02"),
        ("What", "7"),
    ]


def test_what_was_chosen_is_shown_in_words() -> None:
    assert labelled("/gallery/", [("kind", "ratio")]) == [("Kind", "Ratio of sums")]
    shown = labelled("/admin/metrics/metric/add/", [("definitions-0-kind", "ratio")])
    assert shown == [("Kind, row 1", MetricDefinition.Kind.RATIO.label)]
    assert labelled("/nowhere/", [("agreed", "on")]) == [("Agreed", "yes")]


@pytest.mark.parametrize(
    ("name", "label"),
    [("code", "Code"), ("unit_of_money", "Unit of money"), ("days-0-first", "First, row 1")],
)
def test_what_no_form_has_is_shown_by_its_name_in_words(name: str, label: str) -> None:
    for path in ("/admin/org/jobtype/add/", "/nowhere/"):
        assert labelled(path, [(name, "x")]) == [(label, "x")]


def test_what_a_form_only_carries_along_is_left_out() -> None:
    sent = [("_save", "Save"), ("days-TOTAL_FORMS", "1"), ("next", "/"), ("name", "")]
    assert labelled("/nowhere/", sent) == []
