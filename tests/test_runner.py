"""`bin/run` stops every process it started, however it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pmsite import runner, services

MARK = "PMSITE_TEST_RUN"

# The real supervisor with small servers: one of them starts a process of its own and takes no hint.
PROGRAM = """
import sys
from pmsite import runner
stubborn = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
    "print('it works', flush=True); time.sleep(99)"
)
runner.SET_UP = (runner.Step("Setting up", ("check",)),)
runner.NIGHT = runner.MAIN_JOB = ()
runner.GREETING = ("check",)
runner.STOP_GENTLY_S = runner.STOP_FIRMLY_S = 0.5
runner.TICK = (sys.executable, "-c", "print('ticked')")
runner.WORKERS = (("worker", (sys.executable, "-c", {worker})),)
sys.exit(runner.main(sys.argv[1:]))
"""


def marked(mark: str) -> list[int]:
    """Return the processes that carry our mark in their environment."""
    result = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            environment = (directory / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if f"{MARK}={mark}\0".encode() in environment:
            result.append(int(directory.name))
    return result


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((runner.HOST, 0))
        return int(probe.getsockname()[1])


class Run:
    """One `bin/run` with its output in a file."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self.log = log
        self.mark = str(log)
        self.environment = environment | {MARK: self.mark, "PYTHONPATH": str(services.ROOT)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, worker: str = "stubborn") -> subprocess.Popen[bytes]:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(worker=worker), *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        return self.process

    def says(self, text: str) -> bool:
        return text in self.log.read_text()


@pytest.fixture
def run(tmp_path: Path, process_environment: dict[str, str]) -> Iterator[Run]:
    run = Run(tmp_path / "log", process_environment)
    yield run
    if run.process is not None:
        run.process.kill()
        run.process.wait()
    for pid in marked(run.mark):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.django_db(transaction=True)
def test_it_serves_and_stops_everything(run: Run, number: signal.Signals) -> None:
    port = free_port()
    process = run.start("--port", str(port))
    wait_for(
        lambda: run.says("Ctrl-C stops everything") and run.says("ticked"), run.log.read_text()
    )
    assert run.says(f"pmsite is at http://127.0.0.1:{port}/")
    assert run.says("worker | it works")
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert marked(run.mark) == []
    assert runner.is_free(port)


@pytest.mark.django_db(transaction=True)
def test_killed_itself_it_takes_its_servers_with_it(run: Run) -> None:
    process = run.start("--port", str(free_port()), worker="'import time; time.sleep(99)'")
    wait_for(lambda: run.says("Ctrl-C stops everything"), "the site")
    process.kill()
    process.wait()
    wait_for(lambda: not marked(run.mark), "its processes to end")


@pytest.mark.django_db(transaction=True)
def test_a_taken_port_is_refused_with_a_way_out(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind((runner.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run.start("--port", str(port)).wait(timeout=30) == 1
    assert run.says(f"Port {port} on 127.0.0.1 is in use")
    assert run.says(f"bin/run --port {port + 1}")


@pytest.mark.django_db(transaction=True)
def test_once_ends_well_only_if_every_step_does(run: Run) -> None:
    assert run.start("--once").wait(timeout=30) == 0
    assert run.says("All done in")
    assert marked(run.mark) == []
    run.environment["DATABASE_URL"] = "mysql://elsewhere"
    assert run.start("--once").wait(timeout=30) == 1
    assert run.says("“bin/manage check” failed with status 1")
    assert run.says("DATABASE_URL must begin with postgresql://")


@pytest.mark.django_db(transaction=True)
def test_a_server_that_keeps_ending_is_given_up(run: Run) -> None:
    assert run.start("--port", str(free_port()), worker="'raise SystemExit(3)'").wait(60) == 1
    assert run.says("worker | ended with status 3; it is started again")
    assert run.says("worker ended 6 times within a minute.")
