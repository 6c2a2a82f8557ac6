"""Loads the tenant whose pages are measured, or counts queries, in a process of its own.

python -m bench.pages_load PEOPLE          prints the visits of each page
python -m bench.pages_load queries FILE    prints the number of queries of each page of a file
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django

CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
Visits = dict[str, list[dict[str, Any]]]


def main() -> None:
    """Do what the arguments say."""
    django.setup()
    if sys.argv[1] == "queries":
        visits = json.loads(Path(sys.argv[2]).read_text())
        print(json.dumps({name: queries(found) for name, found in visits.items()}))
        return
    from bench import pages_world  # models can be imported only after the set-up

    print(json.dumps(pages_world.load(int(sys.argv[1]))))


def queries(visits: list[dict[str, Any]]) -> int:
    """The most queries of the first few visits of a page, what begins and ends left out.

    The visit before the first is not counted: what a process keeps is read once.
    """
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client, found = Client(headers={"host": "127.0.0.1"}), list[int]()
    for visit in (visits[0], *visits[:5]):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(visit["path"], headers={"cookie": visit["cookie"]})
        if answer.status_code != 200:
            sys.exit(f"{visit['path']} answered {answer.status_code} instead of 200.")
        found.append(sum(not (query["sql"] or "").startswith(CONTROL) for query in asked))
    return max(found[1:])


if __name__ == "__main__":
    main()
