"""Letters of the site: sent after the work is done, and never a reason for it to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from smtplib import SMTPException

import structlog
from django.core.mail import send_mail
from django.db import transaction

log = structlog.get_logger(__name__)
PREFIX = "[pmsite] "

Absolute = Callable[[str], str]
_site: ContextVar[Absolute | None] = ContextVar("site", default=None)


@dataclass(frozen=True)
class Letter:
    """One e-mail to one address."""

    to: str
    subject: str
    text: str


@contextmanager
def from_site(absolute: Absolute) -> Iterator[None]:
    """Whatever is written inside leads to the site that is being answered."""
    token = _site.set(absolute)
    try:
        yield
    finally:
        _site.reset(token)


def address_of(path: str) -> str:
    """The whole address of a page, for a letter; empty where no page is being answered."""
    absolute = _site.get()
    return absolute(path) if absolute is not None else ""


def send_later(letters: Iterable[Letter]) -> None:
    """Send them once the transaction stands; what the mail server refuses is logged."""
    for letter in letters:
        transaction.on_commit(lambda letter=letter: _send(letter))  # type: ignore[misc]


def _send(letter: Letter) -> None:
    try:
        send_mail(f"{PREFIX}{letter.subject}", letter.text, None, [letter.to])
    except (OSError, SMTPException):
        log.exception("mail not sent", subject=letter.subject)
