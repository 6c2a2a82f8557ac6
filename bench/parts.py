"""What the benches share: parts in processes of their own, the servers, and the file of figures."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.database import Addresses, Refused
from pmsite import services


def said_by(where: Addresses, module: str, *given: str) -> str:
    """The last line that a module of the bench prints."""
    result = subprocess.run(
        [sys.executable, "-m", module, *given],
        cwd=services.ROOT,
        env={**where.environment(), "DJANGO_SETTINGS_MODULE": "pmsite.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode:
        raise Refused(f"{module} ended with status {result.returncode}; see above.")
    return result.stdout.strip().splitlines()[-1]


def report(found: dict[str, Any], text: str, file: Path | None) -> dict[str, Any]:
    """Print the figures as ``text``, and write them to a file where one is asked for."""
    print(text)
    if file:
        file.write_text(json.dumps(found, indent=2) + "\n")
    return found


def with_servers(run: Callable[[argparse.Namespace], Any], options: argparse.Namespace) -> None:
    """Run with the embedded servers up; what is refused ends the process with its sentence."""
    try:
        with services.in_use():
            run(options)
    except (Refused, services.ServiceError) as refusal:
        sys.exit(str(refusal))
