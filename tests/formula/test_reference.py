"""The reference in docs/ is what the code says now."""

from __future__ import annotations

from pathlib import Path

from formula.reference import reference
from formula.specials import ENTRIES

WRITTEN = Path(__file__).parents[2] / "docs" / "formula-reference.md"


def test_the_reference_is_up_to_date() -> None:
    """If it is not: ``python -m formula.reference > docs/formula-reference.md``."""
    assert WRITTEN.read_text(encoding="utf-8") == reference()


def test_the_reference_names_everything() -> None:
    text = reference()
    for entry in ENTRIES.values():
        assert f"`{entry.signature}`" in text
