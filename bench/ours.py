"""One way of three: the nightly job's own code, as a worker runs it, in a process of its own.

Prints seconds and the process's greatest memory as JSON.
"""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta


def main() -> None:
    """Calculate the tenant's open periods as the worker does on the morning after the month."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
    import django  # the settings need the environment that this process was started with

    django.setup()
    from bench.memory import peak_mb
    from bench.population import AT
    from bench.world import END, from_arguments
    from incentives.calculate import nightly
    from org.tenancy import enter

    world = from_arguments()
    begin = time.perf_counter()
    with enter(world.tenant, through="bench"):
        nightly(by=None, at=AT, on=END + timedelta(days=1))
    seconds = time.perf_counter() - begin
    peak = peak_mb()
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main()
