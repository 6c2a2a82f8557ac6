"""Letters about disputes: to whoever answers, and to the person; they say little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core import mail
from django.test import Client

from incentives.models import Dispute
from org.models import User
from org.tenancy import enter
from tests.web.cast import Cast

Browser = Callable[[str], Client]


def test_letters_go_to_whoever_answers_and_to_the_person(
    browser: Browser, bank: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    for name in ("ann", "sam", "mia", "mo", "pam"):
        User.objects.filter(pk=bank.user(name).pk).update(email=f"{name}@bank.example")
    line = "/people/ann/monthly/2026-06/dispute/?plan=calls&component=bonus"
    with django_capture_on_commit_callbacks(execute=True):
        browser("ann").post(line, {"code": "amount", "reason": "Ten calls are missing"})
    assert sorted(one.to[0] for one in mail.outbox) == ["mia@bank.example", "mo@bank.example"]
    [letter, _] = mail.outbox
    with enter(bank.tenant.pk):
        number = Dispute.objects.get().pk
    assert "Calls bonus, calls June 2026" in letter.subject
    assert f"http://testserver/disputes/{number}/" in letter.body
    assert "answered by 29 June 2026" in letter.body
    assert "412.50" not in letter.body
    assert "Ten calls" not in letter.body, "what was written stays on the page"
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        browser("mia").post(f"/disputes/{number}/hand/", {"to": f"user:{bank.user('pam').pk}"})
    assert [one.to for one in mail.outbox] == [["pam@bank.example"]]
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        browser("pam").post(
            f"/disputes/{number}/answer/", {"decision": "reject", "answer": "All is counted"}
        )
    [letter] = mail.outbox
    assert letter.to == ["ann@bank.example"]
    assert "it is rejected" in letter.body
    assert "All is counted" not in letter.body


def test_a_claim_goes_to_the_supervisors_of_the_person(
    browser: Browser, bank: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    for name in ("sam", "mia"):
        User.objects.filter(pk=bank.user(name).pk).update(email=f"{name}@bank.example")
    with django_capture_on_commit_callbacks(execute=True):
        browser("ann").post(
            "/people/ann/monthly/2026-06/dispute/", {"code": "work", "reason": "A call"}
        )
    assert [one.to for one in mail.outbox] == [["sam@bank.example"]]
    assert "something missing" in mail.outbox[0].subject
