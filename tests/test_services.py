"""The embedded servers: up while somebody uses them, and whatever happened before."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from pmsite import services

ASK = """
import psycopg
from redis import Redis
from pmsite import services
row = psycopg.connect(services.database_url(services.APP_ROLE)).execute(
    "SELECT session_user, current_database(), datcollate, datlocprovider, datlocale,"
    " pg_get_userbyid(datdba), rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole"
    " FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = session_user"
).fetchone()
print(*row, Redis.from_url(services.redis_url()).ping())
"""
ANSWER = "pmsite_app pmsite C b C.UTF-8 pmsite_owner False True"


class Copy:
    """A copy of the project with data of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(services.ROOT)}
        self.environment = {**clean, "PMSITE_VAR": str(folder)}

    def start(self, program: str, **environment: str) -> subprocess.Popen[str]:
        """Start a Python program that has the servers up."""
        return subprocess.Popen(
            [sys.executable, "-m", "pmsite.services", sys.executable, "-c", program],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self) -> str:
        """Return what a program sees of the servers; fails if it does not end well."""
        output, errors = (process := self.start(ASK)).communicate(timeout=60)
        assert process.returncode == 0, errors
        return output.strip()

    def processes(self) -> dict[int, list[str]]:
        """Return this copy's processes: number and command line."""
        result = {}
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                command = (directory / "cmdline").read_bytes().decode()
                environment = (directory / "environ").read_bytes().decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if str(self.folder) in command or f"PMSITE_VAR={self.folder}\0" in environment:
                result[int(directory.name)] = command.split("\0")
        return result

    def keepers(self) -> list[int]:
        """Return the process numbers of the keepers and of the servers beneath them."""
        return [
            pid
            for pid, command in self.processes().items()
            if "pmsite.keeper" in command or "-D" in command
        ]


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    # Folders of tests are closed to others, and as root the database runs as another user.
    copy = Copy(tmp_path / "var")
    yield copy
    wait_for(lambda: not copy.processes(), "its processes to end")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def test_a_program_has_both_servers_up_and_nothing_is_left(copy: Copy) -> None:
    assert copy.ask() == ANSWER
    # On a busy machine a keeper may notice its last user's end after that user has gone.
    wait_for(lambda: not copy.processes(), "its processes to end")


def test_two_programs_share_the_servers_and_the_last_one_stops_them(copy: Copy) -> None:
    first = copy.start("input()")
    second = copy.start(ASK + "import time; time.sleep(2)" + ASK)
    first.kill()  # its program ends too, having lost its input
    output, errors = second.communicate(timeout=60)
    assert output.splitlines() == [ANSWER, ANSWER], errors
    first.communicate()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_keepers_take_their_servers_with_them_and_the_next_start_works(
    copy: Copy, number: signal.Signals
) -> None:
    user = copy.start("import time; print('up', flush=True); time.sleep(60)")
    assert user.stdout is not None
    assert user.stdout.readline() == "up\n"
    keepers = [pid for pid, words in copy.processes().items() if "pmsite.keeper" in words]
    assert len(keepers) == 2
    for pid in keepers:
        os.kill(pid, number)
    wait_for(lambda: not copy.keepers(), "the servers to end")
    assert copy.ask() == ANSWER
    user.terminate()
    user.communicate()


def test_what_a_crash_left_is_in_nobodys_way(copy: Copy) -> None:
    assert copy.ask() == ANSWER
    # A process number that by now is somebody else's: ours.
    data = copy.folder / "postgres"
    sockets = copy.folder / "run" / "postgres"
    (data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{data}\n1\n5432\n{sockets}\n\n0 0\nready\n"
    )
    (sockets / ".s.PGSQL.5432").touch()
    (sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    (copy.folder / "run" / "valkey" / "valkey.sock").touch()
    (copy.folder / "postgres.new").mkdir()
    assert copy.ask() == ANSWER


def test_a_path_too_long_for_a_socket_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Copy(tmp_path / ("long-" * 30) / "var")
    assert copy.ask() == ANSWER
    monkeypatch.setenv("PMSITE_VAR", str(copy.folder))
    for name in ("postgres", "valkey"):
        sockets = services.socket_directory(name)
        wait_for(lambda sockets=sockets: not any(sockets.iterdir()), "the servers to be gone")
        sockets.rmdir()


def test_a_replaced_server_is_not_started(copy: Copy) -> None:
    process = copy.start(
        "print('done')", DATABASE_URL="postgresql://app@db.bank/pmsite", REDIS_URL="redis://queue"
    )
    assert process.communicate(timeout=60)[0] == "done\n"
    assert not (copy.folder / "postgres").exists()


def test_the_exit_status_is_the_programs(copy: Copy) -> None:
    environment = {"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://queue"}
    for program, status in (
        ("raise SystemExit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", 137),
    ):
        process = copy.start(program, **environment)
        process.communicate(timeout=60)
        assert process.returncode == status


def test_the_application_cannot_enter_without_its_password() -> None:
    if "postgres" not in services.embedded():
        return
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host=str(services.socket_directory("postgres")), user="pmsite_app", dbname="pmsite"
        )


def test_the_queue_listens_on_its_socket_alone() -> None:
    if "valkey" in services.embedded():
        assert Redis.from_url(services.redis_url()).config_get("port") == {"port": "0"}
