"""What every test stands on: the test database as the application's role, and no network.

Ordinary tests ask for `db` or carry `django_db`; both aliases come by themselves. `default` is the
application's role, as in production; `owner` is there for setting rows up beside the policies and,
after a transactional test, for emptying the tables, which the application may not.
"""

import gc
import ipaddress
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connections, transaction
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from pmsite.database import database_url
from tests import migrated, seeds

ALIASES = ["default", "owner"]
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_reset_sequences"}

# The same examples in every run, so that it takes as long and says the same each time. To look
# further: pytest --hypothesis-profile=search
hypothesis_settings.register_profile("steady", derandomize=True, database=None, deadline=None)
hypothesis_settings.register_profile("search", print_blob=True, deadline=None)
hypothesis_settings.load_profile("steady")

# The opt-in suite on real material; `bin/test --shared` names the folder that it reads.
collect_ignore = [] if os.environ.get("PMSITE_SHARED") else ["shared"]


def pytest_configure(config: pytest.Config) -> None:
    """Refuse the network, and give each test process a queue database of its own.

    Without that, a worker that happens to run beside the tests would take their jobs.
    """
    number = 2 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw"))
    settings.REDIS_URL = f"{settings.REDIS_URL.partition('?')[0]}?db={number}"
    for queue in settings.RQ_QUEUES.values():
        queue["URL"] = settings.REDIS_URL
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    # Every test client would read every static file first; so each is looked for when it is asked.
    settings.WHITENOISE_AUTOREFRESH = True
    # After a transactional test only rows go: of models nothing need be noted anew.
    flush.emit_post_migrate_signal = lambda *args, **kwargs: None
    sys.addaudithook(refuse_network)
    seeds.long_wanted = "not long" not in config.getoption("markexpr")


def refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Let tests connect to this machine and to the queue that they were given, nowhere else."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_loopback(host) and host != urlsplit(settings.REDIS_URL).hostname:
        raise RuntimeError(f"Tests stay on this machine, but something wants to reach {host!r}.")


def is_loopback(host: Any) -> bool:
    """Tell whether a name or number means this machine."""
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def pytest_collection_finish() -> None:
    """Take what is loaded by now for lasting: looking for garbage in it costs a run minutes."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test that uses the database both aliases.

    A test that named only one would leave the other on the development database.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is None and not DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            continue
        args, kwargs = (marker.args, marker.kwargs) if marker else ((), {})
        both = pytest.mark.django_db(*args, **{**kwargs, "databases": ALIASES})
        item.add_marker(both, append=False)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Have test databases copied from one that is migrated already."""
    owner, app = (connections[alias].settings_dict for alias in ("owner", "default"))
    owner["TEST"]["TEMPLATE"] = migrated.ensure(owner, app)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make sure that both aliases are on the test database before anything is written.

    Asks the database: an alias may have connected before it was pointed at the test database.
    """
    with django_db_blocker.unblock():
        names = set()
        for alias in ALIASES:
            with connections[alias].cursor() as cursor:
                names.add(cursor.execute("SELECT current_database()").fetchone()[0])
    if len(names) != 1 or not names.pop().startswith("test_"):
        pytest.exit("The aliases are not both on one test database: no test may run.", 2)
    yield
    with django_db_blocker.unblock():
        connections.close_all()  # an ordinary test leaves them open, and the database must go


Kept = Callable[[], AbstractContextManager[None]]
# What modules keep open now.
open_casts: list[ExitStack] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """End what the module keeps before a test that commits: emptying the tables waits for it.

    Such tests come after all others, so nobody needs it any more.
    """
    marker = item.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction")
    if commits or "transactional_db" in getattr(item, "fixturenames", ()):
        while open_casts:
            open_casts.pop().close()


@pytest.fixture(scope="session")
def kept(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Kept:
    """How a fixture of a module makes rows once for all its tests.

    They stand in a transaction around the module; what a test does to them ends with the test's
    own savepoint.
    """

    @contextmanager
    def keep() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(django_db_blocker.unblock())
            stack.enter_context(transaction.atomic())
            stack.callback(transaction.set_rollback, True)
            open_casts.append(stack)
            yield

    return keep


@pytest.fixture(autouse=True, scope="session")
def _empty_queue() -> Iterator[None]:
    """Begin and end with an empty queue."""
    from redis import Redis  # the address is known only once pytest is configured

    with Redis.from_url(settings.REDIS_URL) as queue:
        queue.flushdb()
        yield
        queue.flushdb()


@pytest.fixture(autouse=True, scope="session")
def _no_office() -> None:
    """Jobs of tests start no office suite; a test that wants one says so (``office``)."""
    from incentives.examples import libreoffice  # models are loaded only once Django is set up

    libreoffice.PROGRAM = "no-office-in-tests"


@pytest.fixture
def process_environment(db: None) -> dict[str, str]:
    """The environment in which another process works on this test's database and queue."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(connections["default"].settings_dict),
        "DATABASE_OWNER_URL": database_url(connections["owner"].settings_dict),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
    }
