"""PostgreSQL and Valkey from wheels, with their data under `var/`, up while somebody uses them.

Each server has a keeper (`pmsite.keeper`), a small process that starts it and stops it after its
last user. A user is a process that holds a shared lock on the server's `users` file; the kernel
drops that lock however the process ends, so that nothing has to be counted or swept. Nothing is
started for a server whose address stands in DATABASE_URL or REDIS_URL.

    python -m pmsite.services COMMAND…      runs a command with the servers up

No Django here: the settings ask this module for addresses.
"""

import fcntl
import hashlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "pmsite"
OWNER_ROLE = "pmsite_owner"
APP_ROLE = "pmsite_app"
REPLACED_BY = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}

# Linux allows 107 bytes for the path of a socket; the longest name in a directory takes 15.
LONGEST_SOCKET_DIRECTORY = 90


class ServiceError(Exception):
    """A server cannot be used; the text is a sentence for the person at the terminal."""


def var() -> Path:
    """Return the folder of this copy's data; PMSITE_VAR moves it."""
    return Path(os.environ.get("PMSITE_VAR") or ROOT / "var").resolve()


def secret(name: str) -> str:
    """Return a secret of this copy, making it the first time; two makers end with the same one."""
    path = var() / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.write_text(secrets.token_urlsafe(48))
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first, and its secret counts
        finally:
            draft.unlink()
    return path.read_text()


def socket_directory(name: str) -> Path:
    """Return where a server's socket is: under `var/`, or a short place if that path is too long.

    The short place is a fixed one, not TMPDIR's: every process of this copy must find it.
    """
    directory = var() / "run" / name
    if len(os.fsencode(directory)) <= LONGEST_SOCKET_DIRECTORY:
        return directory
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path("/tmp") / f"pmsite-{os.geteuid()}-{digest}"


def database_url(role: str) -> str:
    """Return the address of the embedded database for one of its two roles."""
    return (
        f"postgresql://{role}:{quote(secret(role))}@/{DATABASE}"
        f"?host={quote(str(socket_directory('postgres')))}"
    )


def redis_url() -> str:
    """Return the address of the embedded Valkey."""
    return f"unix://{quote(str(socket_directory('valkey') / 'valkey.sock'))}?db=0"


def embedded(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the servers that this copy has to run itself."""
    return [name for name, setting in REPLACED_BY.items() if not environ.get(setting)]


def lock_file(name: str, kind: str) -> IO[str]:
    """Open one of a server's lock files: `start`, `users` or `keeper`."""
    path = var() / "run" / f"{name}.{kind}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+")
    except PermissionError as error:
        raise ServiceError(
            f"{error.filename} may not be written by this user: it was made by another one. "
            "Run as that user, or remove the folder var/ to begin anew."
        ) from error


def is_kept(name: str) -> bool:
    """Tell whether a keeper runs for this server."""
    with lock_file(name, "keeper") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def say(sentence: str) -> None:
    """Tell the person at the terminal, apart from a command's own output."""
    print(sentence, file=sys.stderr, flush=True)


# Keepers that this process started, to take leave of when they end.
_started: dict[str, subprocess.Popen[str]] = {}


def start_keeper(name: str) -> None:
    """Start a server's keeper and return when the server answers; raises ServiceError."""
    log = var() / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    keeper = subprocess.Popen(
        [sys.executable, "-m", "pmsite.keeper", name],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert keeper.stdout is not None
    with closing(keeper.stdout) as progress:
        for line in progress:
            kind, _, sentence = line.strip().partition(" ")
            if kind == "ready":
                _started[name] = keeper
                return
            if kind == "failed":
                raise ServiceError(f"{sentence} Its log is {log}.")
            say(sentence)
    raise ServiceError(f"The keeper of {name} ended while starting it. Its log is {log}.")


def hold(name: str) -> IO[str]:
    """Begin to use a server, starting it if it is down; closing the file ends the use."""
    with lock_file(name, "start") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        users = lock_file(name, "users")
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is just stopping
        try:
            if not is_kept(name):
                start_keeper(name)
        except BaseException:
            users.close()
            raise
        return users


def release(name: str, users: IO[str], *, notice_s: float = 0.1) -> None:
    """End the use, and wait until the server is down unless somebody else uses it.

    A keeper notices its last user's end at once and writes so; `notice_s` bounds that wait.
    """
    users.close()
    deadline = time.monotonic() + notice_s
    state = var() / "run" / f"{name}.users"
    while time.monotonic() < deadline and is_kept(name):
        if state.read_text() == "stopping":
            deadline = time.monotonic() + 60
        time.sleep(0.01)
    keeper = _started.pop(name, None)
    if keeper is not None and not is_kept(name):
        keeper.wait()


@contextmanager
def in_use(names: Sequence[str] | None = None) -> Iterator[list[int]]:
    """Have the embedded servers up; yields the lock files to hand to a process that outlives us."""
    with ExitStack() as stack:
        files = []
        for name in embedded() if names is None else names:
            users = hold(name)
            stack.callback(release, name, users)
            files.append(users.fileno())
        yield files


def run(command: Sequence[str]) -> int:
    """Run a command with the servers up and return its exit status, as a shell would give it."""
    with in_use() as files:
        child = subprocess.Popen(command, pass_fds=files)

        def forward(number: int, _frame: FrameType | None) -> None:
            child.send_signal(number)

        # The terminal sends Ctrl-C to the child as well; we wait for what it makes of it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, forward)
        status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except ServiceError as error:
        sys.exit(str(error))
