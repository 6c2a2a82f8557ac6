"""One section of the tenant file, as an app offers it: read, compare, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from org.models import User


class Apply(Protocol):
    """Make the entered tenant as the file says; answer what changed, a sentence each.

    Idempotent: the same data again answers an empty list. Refusals are a DomainError whose
    problems each name the place in the file. ``today`` is the tenant's day on which it happens.
    """

    def __call__(self, data: Any, *, by: User | None, at: datetime, today: date) -> list[str]: ...


@dataclass(frozen=True)
class Section:
    """A top-level key of the tenant file.

    ``schema`` is its part of the published JSON Schema, with a description for every key.
    ``read`` answers the entered tenant's present state as the file would say it (None: the key is
    left out), so that applying what was read changes nothing.
    """

    key: str
    schema: dict[str, Any]
    read: Callable[[], Any]
    apply: Apply
