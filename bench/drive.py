"""A load generator: so many users at once ask for pages, each as soon as the last one is there.

    python -m bench.drive FILE

``FILE`` holds what to do as JSON (:class:`Order`). Each user is a thread with one connection that
stays open. A process of its own, so that its work is not the server's. It knows nothing of Django.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 120


@dataclass(frozen=True)
class Order:
    """Which visits are made, in this order, by so many users at once on a port of this machine.

    ``pause``: seconds for which a user reads before asking for the next page.
    """

    port: int
    users: int
    visits: list[dict[str, Any]]
    pause: float = 0


class Wrong(Exception):
    """A page was not what it should be; the text says in what."""


def main() -> None:
    """Make the visits of the file, and print the milliseconds of each and the seconds of all."""
    order = Order(**json.loads(Path(sys.argv[1]).read_text()))
    try:
        print(json.dumps(drive(order)))
    except Wrong as wrong:
        sys.exit(str(wrong))


def drive(order: Order) -> dict[str, Any]:
    """Milliseconds of each visit, and how many seconds all took together."""
    left = iter(order.visits)
    taking, took, problems = threading.Lock(), list[float](), list[Wrong]()

    def next_visit() -> dict[str, Any] | None:
        with taking:
            return None if problems else next(left, None)

    def use(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", order.port, timeout=TIMEOUT_S)
        time.sleep(order.pause * number / order.users)
        while (visit := next_visit()) is not None:
            try:
                took.append(ask(connection, visit))
            except Wrong as wrong:
                problems.append(wrong)
            time.sleep(order.pause)
        connection.close()

    users = [threading.Thread(target=use, args=[n]) for n in range(order.users)]
    begin = time.perf_counter()
    for user in users:
        user.start()
    for user in users:
        user.join()
    if problems:
        raise problems[0]
    return {"ms": took, "seconds": time.perf_counter() - begin}


def ask(connection: http.client.HTTPConnection, visit: dict[str, Any]) -> float:
    """Milliseconds until the whole page is there; raises Wrong where it is another one."""
    headers = {"Cookie": visit["cookie"], "Accept": "text/html"}
    begin = time.perf_counter()
    try:
        connection.request("GET", visit["path"], headers=headers)
        answer = connection.getresponse()
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        # The server had closed a connection that nobody used for a while.
        connection.close()
        connection.request("GET", visit["path"], headers=headers)
        answer = connection.getresponse()
    page = answer.read()
    ms = (time.perf_counter() - begin) * 1000
    if answer.status != 200:
        raise Wrong(f"{visit['path']} answered {answer.status} instead of 200.")
    text = page.decode()
    if missing := [part for part in visit["shows"] if part not in text]:
        raise Wrong(f"{visit['path']} does not show {', '.join(missing)}.")
    return ms


if __name__ == "__main__":
    main()
