"""No published calculation is missing in tests/worked, and none of their figures is altered."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.worked.reading import decimals, examples, names

PUBLISHED = Path(os.environ["PMSITE_SHARED"]) / "data" / "worked_examples.json"


def collection() -> dict[str, tuple[str, str, bool, list[Decimal]]]:
    """The collection: source, words, whether it agrees with itself, and what it pays, by id."""
    given = json.loads(PUBLISHED.read_text(encoding="utf-8"), parse_float=Decimal)
    return {one["id"]: published(one) for one in given}


def published(one: dict[str, Any]) -> tuple[str, str, bool, list[Decimal]]:
    """What counts of an entry of the collection."""
    amounts = decimals(one["expected_payout"])
    return one["source"], one["plan_text"], one["source_consistent"], amounts


def test_every_published_calculation_is_here_as_it_was_published() -> None:
    here = {
        one.id: (one.source, one.words, one.consistent, one.published)
        for name in names()
        for one in examples(name)
    }
    assert here == collection()


def test_what_pays_otherwise_is_within_the_tolerance_or_says_why() -> None:
    given = json.loads(PUBLISHED.read_text(encoding="utf-8"), parse_float=Decimal)
    tolerance = {one["id"]: Decimal(one["tolerance"]) for one in given}
    every = [one for name in names() for one in examples(name) if not one.differs]
    factor = {one.id: (100 if one.per_cent else 1) for one in every}
    far = [
        one.id
        for one in every
        for paid, wanted in zip(one.paid_here, one.published, strict=True)
        if abs(abs(paid) - abs(wanted * factor[one.id])) > tolerance[one.id]
    ]
    assert far == []
