"""What pages that do something share: a refusal becomes a message, and the page is shown again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest

from org.errors import DomainError


@contextmanager
def said(request: HttpRequest) -> Iterator[None]:
    """Do something whole or not at all; what is refused is said in its own words."""
    try:
        with transaction.atomic():
            yield
    except DomainError as refusal:
        messages.error(request, str(refusal))
