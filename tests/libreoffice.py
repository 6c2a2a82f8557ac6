"""Workbooks worked out by LibreOffice, so that a second program does the sums.

The tests that need it fail where it is missing; bin/test installs it or leaves them out in words.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook, load_workbook

PROGRAM = "soffice"


def recalculated(paths: Sequence[Path], folder: Path) -> list[Workbook]:
    """The workbooks with the values that LibreOffice worked out."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            PROGRAM,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(folder / "out"),
            *map(str, paths),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    found = [folder / "out" / path.name for path in paths]
    missing = [path.name for path in found if not path.exists()]
    assert not missing, f"LibreOffice did not write {missing}: {done.stdout} {done.stderr}"
    return [load_workbook(path, data_only=True) for path in found]
