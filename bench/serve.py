"""The site as ``bin/run`` serves it, on a free port of this machine, until the block ends."""

from __future__ import annotations

import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pmsite.runner import spawn, stop, web

START_WITHIN_S = 60


@contextmanager
def served(environment: Mapping[str, str], folder: Path) -> Iterator[int]:
    """Two gunicorn workers with four threads each; the port. ``folder`` takes what they say."""
    port = free_port()
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update({**environment, "WEB_WORKERS": "2"})
    try:
        with (folder / "gunicorn.log").open("w") as log:
            server = spawn(web(port), output=log.fileno())
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz", folder)
        yield port
    finally:
        stop([server])


def _wait_for(address: str, folder: Path) -> None:
    end = time.monotonic() + START_WITHIN_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"The site did not answer:\n{(folder / 'gunicorn.log').read_text()}")


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
