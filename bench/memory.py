"""The greatest memory of this process."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Resident megabytes at most so far, of this program alone.

    ``getrusage`` would count the process that started it too, whose memory it shared at first.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kilobytes) / 1024
