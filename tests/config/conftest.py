"""A folder in which a test keeps its tenant files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import Folder


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Folder:
    """An empty folder beside an empty database."""
    return Folder(tmp_path)
