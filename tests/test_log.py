"""What the logs do not hold: amounts, and what somebody typed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pmsite.log import without_details

AMOUNT = "412.50"
FAILURE = """
import django, logging
django.setup()
def pay(amount):
    raise ValueError("null value in column\\nDETAIL:  Failing row contains (7, 412.50).")
def work():
    secret = "hunter2"
    try:
        pay("412.50")
    except ValueError:
        logging.getLogger("rq.worker").error("job failed", exc_info=True)
        logging.getLogger("django.request").error("no\\nDETAIL:  Key (amount)=(412.50) exists.")
work()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_failure_shows_neither_amounts_nor_local_variables(form: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", FAILURE],
        env={**os.environ, "LOG_FORMAT": form, "DJANGO_SETTINGS_MODULE": "pmsite.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ValueError: null value in column" in result.stderr
    assert "DETAIL: withheld" in result.stderr
    # The source of a line stands in a traceback; what its variables held does not.
    shown = result.stderr.replace('pay("412.50")', "").replace('pay(\\"412.50\\")', "")
    assert AMOUNT not in shown
    assert "hunter2" not in shown


def test_the_causes_of_an_error_stay_readable() -> None:
    text = "IntegrityError: no\nDETAIL:  Key (a)=(1)\nexists.\n\nThe above exception was the cause"
    assert without_details(text) == (
        "IntegrityError: no\nDETAIL: withheld\n\nThe above exception was the cause"
    )
    assert without_details("nothing to hide") == "nothing to hide"


def test_a_refusal_is_said_without_a_trace_and_a_failure_with_it() -> None:
    refused = """
import django, logging
django.setup()
for level, name in (("warning", "refused"), ("error", "broken")):
    try:
        raise PermissionError(f"It is {name}.")
    except PermissionError:
        getattr(logging.getLogger("django.request"), level)("Forbidden: /x/", exc_info=True)
"""
    said = subprocess.run(
        [sys.executable, "-c", refused],
        env={**os.environ, "LOG_FORMAT": "text", "DJANGO_SETTINGS_MODULE": "pmsite.settings"},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert "It is refused." in said
    assert said.count("Traceback") == 1
    assert said.index("It is refused.") < said.index("Traceback")
