"""What pages that do something share: a refusal becomes a message, and the page is shown again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest

from org.errors import DomainError

LONGEST_NUMBER = 18


def number_in(text: str) -> int | None:
    """The whole number that a page sent; None for anything else, and for one that no row has."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else None


@contextmanager
def said(request: HttpRequest) -> Iterator[None]:
    """Do something whole or not at all; what is refused is said in its own words."""
    try:
        with transaction.atomic():
            yield
    except DomainError as refusal:
        messages.error(request, str(refusal))
