"""Tests run on the test database, as the application's role, in every test process."""

import os
import socket
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, connection, connections, transaction

from pmsite.database import refuse_privileged_role
from pmsite.services import ROOT

# Several tests of the same, so that each of the parallel processes gets one.
several = pytest.mark.parametrize("number", range(4))


def ask(alias: str, question: str) -> tuple[object, ...]:
    with connections[alias].cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()


@several
@pytest.mark.django_db
def test_ordinary_tests_work_as_the_application_on_the_test_database(number: int) -> None:
    user, database = ask("default", "SELECT session_user, current_database()")
    assert user == "pmsite_app"
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    assert database == ("test_pmsite" if worker is None else f"test_pmsite_{worker}")


@several
@pytest.mark.django_db(transaction=True)
def test_transactional_tests_do_too(number: int) -> None:
    assert ask("default", "SELECT session_user")[0] == "pmsite_app"
    assert ask("owner", "SELECT session_user")[0] == "pmsite_owner"
    assert ask("default", "SELECT current_database()") == ask("owner", "SELECT current_database()")


def test_the_application_is_bound_by_row_level_security(db: None) -> None:
    question = (
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
        " FROM pg_roles WHERE rolname = session_user"
    )
    assert ask("default", question) == (False, False, False, False)
    assert ask("default", "SELECT count(*) FROM pg_tables WHERE tableowner = session_user") == (0,)


def test_the_application_may_neither_make_nor_empty_tables(db: None) -> None:
    for statement in ("CREATE TABLE mine (x int)", "TRUNCATE django_session"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)


@several
@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_leaves_no_rows(number: int) -> None:
    count = "SELECT count(*) FROM django_session"
    assert ask("default", count) == (0,)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_session (session_key, session_data, expire_date)"
            " VALUES (%s, '', '9999-12-31')",
            [f"session-{number}"],
        )
    assert ask("owner", count) == (1,)


def test_another_process_gets_the_test_database(process_environment: dict[str, str]) -> None:
    program = (
        "import django; django.setup(); from django.db import connection as c; "
        "cursor = c.cursor(); cursor.execute('SELECT session_user, current_database()'); "
        "print(*cursor.fetchone())"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=process_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == ["pmsite_app", connection.settings_dict["NAME"]]


def test_the_application_refuses_to_connect_as_the_owner(db: None) -> None:
    owner = connections["owner"].copy(alias="default")
    with pytest.raises(ImproperlyConfigured, match="pmsite_owner, and that role owns the database"):
        refuse_privileged_role(connection=owner)
    owner.close()


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("DATABASE_OWNER_URL", None, "Migrating needs the database owner"),
        ("DATABASE_OWNER_URL", "postgresql://x:x@127.0.0.1:1/x", "The database cannot be reached"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must begin with postgresql://"),
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
    ],
)
def test_a_wrong_setting_is_said_in_one_sentence(
    process_environment: dict[str, str], setting: str, value: str | None, sentence: str
) -> None:
    environment = {**process_environment, setting: value or ""}
    command = [sys.executable, "manage.py", "migrate", "--plan"]
    result = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_the_application_refuses_to_own_the_tables(db: None) -> None:
    """Policies do not bind the owner of a table, whoever owns the database."""
    owner = connections["owner"].copy(alias="default")
    with pytest.raises(ImproperlyConfigured, match="and owns tables of tenants"):
        refuse_privileged_role(connection=owner)
    owner.close()


def test_the_network_is_out_of_reach() -> None:
    with pytest.raises(RuntimeError, match="wants to reach"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
