"""Which names measures and components may have."""

from __future__ import annotations

from formula import name_problem

# So that the names of parts ("…__modifier") stay within what the formula language takes.
LONGEST_NAME = 36


def name_trouble(name: str) -> str:
    """Why a measure or component cannot have this name, as a sentence; '' where it can."""
    if "__" in name:
        return f"“{name}” has two underscores in a row, which pmsite keeps for itself: use one."
    if len(name.encode()) > LONGEST_NAME:
        return f"“{name}” is too long: {LONGEST_NAME} bytes are the limit."
    return name_problem(name)
