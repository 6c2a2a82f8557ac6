"""`bin/run`: set up, do the night's work, then serve, and stop everything that was started.

The lists below say what happens; the rest of the file says how processes are started, watched and
stopped. Every step and every server is a command that can also be run by hand with `bin/manage`.
"""

import argparse
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

from pmsite import services

HOST = "127.0.0.1"
FIRST_PORT = 8000
MANAGE = (sys.executable, "manage.py")


@dataclass(frozen=True)
class Step:
    """Something that is done once and must succeed: what it is, and the management command."""

    label: str
    command: tuple[str, ...]


SET_UP = (
    Step("Bringing the database up to date", ("migrate", "--verbosity=0")),
    Step("Loading the demo tenants", ("demo",)),
)
# The workers run from here on: the calculation is their work.
NIGHT = (Step("Calculating the night's work through the worker", ("nightly", "--wait")),)
MAIN_JOB = (Step("Doing the main job from source file to payroll file", ("mainjob",)),)
GREETING = ("demo", "--logins")

# One does what somebody waits for; the other what takes long, and helps where there is nothing.
WORKERS = (
    ("worker", (*MANAGE, "rqworker", "default", "--verbosity=0")),
    ("long", (*MANAGE, "rqworker", "long", "default", "--verbosity=0")),
)
TICK = (*MANAGE, "tick")
TICK_EVERY_S = 60
SILENCE_S = 15  # after so long without an end, a step says that it still works

STOP_GENTLY_S = 10  # then a worker's job is cut off: a run is one transaction and runs again
STOP_FIRMLY_S = 5
RESTARTS = 5  # a server that ends more often than this within a minute is not started again


def web(port: int) -> tuple[str, ...]:
    """Return the web server's command."""
    return (
        *(sys.executable, "-m", "gunicorn", "pmsite.wsgi", f"--bind={HOST}:{port}"),
        *(f"--workers={os.environ.get('WEB_WORKERS', '2')}", "--threads=4", "--timeout=120"),
        *("--graceful-timeout=5", "--log-level=warning", "--no-control-socket"),
    )


class Stopped(Exception):
    """Somebody told us to stop; the number is the signal's."""


class StepFailed(Exception):
    """A step did not succeed; the text is a sentence."""


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    print(sentence, flush=True)


# --- Processes


def end_with_parent() -> None:
    """Have the kernel end a child whose supervisor is killed (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM.value)


def spawn(command: Sequence[str], *, output: int | None = None) -> subprocess.Popen[str]:
    """Start a child in a session of its own, so that Ctrl-C reaches the supervisor alone."""
    return subprocess.Popen(
        command,
        cwd=services.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
        text=True,
        preexec_fn=end_with_parent,
    )


def session_members(session: int) -> list[int]:
    """Return the processes of a session, also those whose parent has ended."""
    members = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getsid(int(name)) == session:
                    members.append(int(name))
            except ProcessLookupError:
                continue
    return members


def stop(children: Sequence[subprocess.Popen[str]]) -> None:
    """Stop children and all that they started: ask, ask again, then kill."""
    for wait_s in (STOP_GENTLY_S, STOP_FIRMLY_S):
        for child in children:
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline and any(child.poll() is None for child in children):
            time.sleep(0.05)
    for child in children:
        for pid in session_members(child.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        child.wait()


@dataclass
class Server:
    """A process that runs until we stop it, and is started again if it ends by itself."""

    label: str
    command: tuple[str, ...]
    process: subprocess.Popen[str] = field(init=False)
    ends: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it, and pass on what it says with its name before each line."""
        self.process = spawn(self.command, output=subprocess.PIPE)
        threading.Thread(target=self.pass_on, args=[self.process], daemon=True).start()

    def pass_on(self, process: subprocess.Popen[str]) -> None:
        """Print the process's lines with a prefix until it ends."""
        assert process.stdout is not None
        for line in process.stdout:
            say(f"{self.label:<7}| {line.rstrip()}")

    def keep_up(self) -> None:
        """Start it again if it has ended; raises StepFailed if that happens again and again."""
        status = self.process.poll()
        if status is None:
            return
        now = time.monotonic()
        self.ends = [end for end in self.ends if now - end < 60] + [now]
        if len(self.ends) > RESTARTS:
            raise StepFailed(f"{self.label} ended {len(self.ends)} times within a minute.")
        say(f"{self.label:<7}| ended with status {status}; it is started again")
        time.sleep(1)
        self.start()


class Supervisor:
    """All the processes of one `bin/run`."""

    def __init__(self) -> None:
        self.servers: list[Server] = []
        self.step: subprocess.Popen[str] | None = None
        self.tick: subprocess.Popen[str] | None = None

    def run_steps(self, steps: Sequence[Step]) -> None:
        """Do one step after the other; raises StepFailed at the first that fails."""
        for step in steps:
            say(f"• {step.label} …")
            begin = time.monotonic()
            self.step = spawn((*MANAGE, *step.command))
            status = self.wait_for_step(begin)
            if status:
                raise StepFailed(
                    f"Stopped: “bin/manage {' '.join(step.command)}” failed with status {status}; "
                    "what it said stands above."
                )
            say(f"  done in {time.monotonic() - begin:.1f} s")

    def wait_for_step(self, begin: float) -> int:
        """Wait for the step's end, showing that it works, and keep the servers up meanwhile."""
        assert self.step is not None
        told = begin
        while (status := self.step.poll()) is None:
            time.sleep(0.05)
            if time.monotonic() - told > SILENCE_S:
                told = time.monotonic()
                say(f"  still working, {told - begin:.0f} s so far")
            self.keep_up()
        return status

    def start(self, label: str, command: tuple[str, ...]) -> None:
        """Start a server and keep it up from now on."""
        server = Server(label, command)
        server.start()
        self.servers.append(server)

    def start_workers(self) -> None:
        """Start those that do the jobs."""
        for label, command in WORKERS:
            self.start(label, command)

    def keep_up(self) -> None:
        """Start again what ended by itself."""
        for server in self.servers:
            server.keep_up()

    def serve(self) -> NoReturn:
        """Keep the servers up and tick every minute until somebody stops us."""
        due = time.monotonic()
        while True:
            self.keep_up()
            if time.monotonic() >= due and (self.tick is None or self.tick.poll() is not None):
                if self.tick is not None and self.tick.returncode:
                    say(f"tick   | failed with status {self.tick.returncode}")
                self.tick = spawn(TICK)
                due += TICK_EVERY_S
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop every process that we started."""
        singles = [child for child in (self.step, self.tick) if child is not None]
        stop([*singles, *(server.process for server in self.servers)])


# --- The port


def is_free(port: int) -> bool:
    """Tell whether nobody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose_port(wanted: int | None) -> int:
    """Return the wanted port, or the first free one from 8000 on if none was asked for.

    Raises StepFailed if the wanted port is in use.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise StepFailed(
                f"Port {wanted} on {HOST} is in use: stop what listens there, or choose another "
                f"with --port, e.g. bin/run --port {wanted + 1}."
            )
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        if is_free(port):
            if port != FIRST_PORT:
                say(f"Port {FIRST_PORT} is in use, so this is port {port}.")
            return port
    raise StepFailed(f"No port from {FIRST_PORT} to {FIRST_PORT + 99} is free: use --port.")


def wait_for_web(supervisor: Supervisor, port: int) -> None:
    """Return when the site answers; raises StepFailed after a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        supervisor.keep_up()
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise StepFailed("The site did not answer within a minute; what it said stands above.")


# --- The two ways to run


def run_once(supervisor: Supervisor) -> None:
    """Do the main job and end."""
    supervisor.run_steps(SET_UP)
    supervisor.start_workers()
    supervisor.run_steps((*NIGHT, *MAIN_JOB))


def run_site(supervisor: Supervisor, wanted_port: int | None) -> NoReturn:
    """Set up, do the night's work and serve until somebody stops us."""
    port = choose_port(wanted_port)
    supervisor.run_steps(SET_UP)
    supervisor.start_workers()
    supervisor.run_steps(NIGHT)
    supervisor.start("web", web(port))
    wait_for_web(supervisor, port)
    say(f"\npmsite is at http://{HOST}:{port}/\n")
    supervisor.run_steps((Step("Who can sign in, and what to look at first", GREETING),))
    say("\nCtrl-C stops everything.")
    supervisor.serve()


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Set pmsite up, calculate, and serve it on this machine."
    )
    parser.add_argument("--once", action="store_true", help="do the main job and end")
    port = os.environ.get("PORT")
    parser.add_argument(
        "--port", type=int, default=port, help=f"port on {HOST} (default: {FIRST_PORT}, or PORT)"
    )
    return parser.parse_args(arguments)


def stop_on_signals() -> None:
    """Turn Ctrl-C, a plain kill and a closed terminal into `Stopped`, once."""

    def told(number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told)


def ignore_signals() -> None:
    """Finish stopping, however often we are told to."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def supervise(options: argparse.Namespace) -> int:
    """Run until the end or a signal, and stop everything; returns the exit status."""
    supervisor = Supervisor()
    serving = False
    try:
        stop_on_signals()
        if options.once:
            run_once(supervisor)
            return 0
        run_site(supervisor, options.port)
    except StepFailed as error:
        say(str(error))
        return 1
    except Stopped as told:
        serving = any(server.label == "web" for server in supervisor.servers)
        say("\nStopping …")
        return 0 if serving else 128 + told.args[0]
    finally:
        ignore_signals()
        supervisor.stop()


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says, with the embedded servers up; returns the exit status."""
    options = read_arguments(arguments)
    begin = time.monotonic()
    say("Starting pmsite …")
    try:
        with services.in_use():
            status = supervise(options)
    except services.ServiceError as error:
        say(str(error))
        return 1
    if options.once and status == 0:
        say(f"All done in {time.monotonic() - begin:.1f} s.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
