"""The keeper of one embedded server: starts it, and stops it after its last user.

    python -m pmsite.keeper postgres|valkey

Started by `pmsite.services` only. Until the server is ready it reports on its output, a line each:
`progress …`, `failed …` or `ready`.
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from pmsite.servers import Postgres, Valkey, report, wait_until
from pmsite.services import ServiceError, lock_file, var

LARGEST_LOG = 10 * 1024 * 1024


class ServerEnded(Exception):
    """The server ended by itself."""


def watch(server: subprocess.Popen[bytes], label: str) -> Callable[[], None]:
    """Raise in this process when the server ends or we are told to end; returns the way to stop."""

    def ended(_number: int, _frame: FrameType | None) -> None:
        if server.poll() is not None:
            raise ServerEnded(f"{label} ended by itself (status {server.returncode}).")

    def told(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    def stop_watching() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    signal.signal(signal.SIGCHLD, ended)
    signal.signal(signal.SIGTERM, told)
    return stop_watching


def serve(service: Postgres | Valkey, users: IO[str]) -> None:
    """Have the server up until its last user has gone."""
    service.prepare()
    server = service.start()
    stop_watching = watch(server, service.label)
    try:
        wait_until(service.answers, f"{service.label} to answer")
        service.set_up()
        write_state(users, "serving")
        report("ready")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        fcntl.flock(users, fcntl.LOCK_EX)
        write_state(users, "stopping")
    finally:
        stop_watching()
        if server.poll() is None:
            server.send_signal(service.stop_signal)
            server.wait()


def write_state(users: IO[str], state: str) -> None:
    """Write into the users' file what the keeper does, for those who wait for its end."""
    users.truncate(0)
    users.write(state)
    users.flush()


def log_to(path: Path) -> None:
    """Send our error output, and so the server's, to a log that does not grow for ever."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stderr.fileno())
    os.close(log)


def end(status: int) -> NoReturn:
    """End the process at once, and with it both locks: who waits for them finds it gone.

    The kernel closes the files in the order of opening: the keeper's lock is free before the
    users', so that nobody who gets the latter thinks this keeper alive.
    """
    sys.stdout.flush()
    os._exit(status)


def main(name: str) -> NoReturn:
    """Keep one server until nobody uses it."""
    os.umask(0o022)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log_to(var() / "log" / f"{name}.log")
    keeper, users = lock_file(name, "keeper"), lock_file(name, "users")
    fcntl.flock(keeper, fcntl.LOCK_EX)
    try:
        serve(Postgres() if name == "postgres" else Valkey(), users)
    except SystemExit:
        pass  # somebody told us to end, and the server is down
    except (ServiceError, ServerEnded) as error:
        report("failed", str(error))
        end(1)
    end(0)


if __name__ == "__main__":
    main(sys.argv[1])
