"""LibreOffice, where the machine has it: a workbook goes in, and comes back with its values."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

PROGRAM = "soffice"
SECONDS = 180


class NoAnswer(Exception):
    """There are no values, and the sentence says why."""


def recalculated(path: Path) -> Any:
    """The workbook with the values that LibreOffice worked out; everything stays in its folder.

    NoAnswer where the program is missing, does not end, or writes nothing.
    """
    folder = path.parent
    command = [
        PROGRAM,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(folder / "out"),
        str(path),
    ]
    try:
        subprocess.run(
            command,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "HOME": str(folder)},
        )
    except FileNotFoundError:
        raise NoAnswer("LibreOffice is not installed where jobs run.") from None
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"LibreOffice did not end within {SECONDS} seconds.") from None
    found = folder / "out" / path.name
    if not found.exists():
        raise NoAnswer("LibreOffice could not work the formulas out.")
    return load_workbook(found, data_only=True)
