"""A database of the bench's own: made and migrated by the owner, dropped at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from pmsite import services

NAME = "pmsite_bench"


class Refused(Exception):
    """The bench cannot run; the text is a sentence for whoever started it."""


@dataclass(frozen=True)
class Addresses:
    """Where the bench's database is, for its owner and for the application's role."""

    owner: str
    app: str

    def environment(self) -> dict[str, str]:
        """What a process needs to work on this database and on no other."""
        secret = {"SECRET_KEY": os.environ.get("SECRET_KEY") or "only-for-measuring-" + "x" * 40}
        return {
            **os.environ,
            **secret,
            "DATABASE_OWNER_URL": self.owner,
            "DATABASE_URL": self.app,
            "REDIS_URL": os.environ.get("REDIS_URL") or services.redis_url(),
            "LOG_LEVEL": "WARNING",
        }


def addresses(name: str) -> Addresses:
    """The addresses of a database on the server that the site uses."""
    given = os.environ.get("DATABASE_URL")
    owner = os.environ.get("DATABASE_OWNER_URL")
    if given and not owner:
        raise Refused(
            "DATABASE_URL is set and DATABASE_OWNER_URL is not: the bench makes a database of its"
            " own, which needs the owner's address."
        )
    app = given or services.database_url(services.APP_ROLE)
    owner = owner or services.database_url(services.OWNER_ROLE)
    return Addresses(owner=_with_name(owner, name), app=_with_name(app, name))


def _with_name(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{quote(name)}").geturl()


@contextmanager
def own_database(name: str, *, keep: bool, template: str = "") -> Iterator[Addresses]:
    """Make the database, and drop it at the end; with ``keep`` it is used again and stays.

    It is migrated unless it is copied from a ``template``, a database that is migrated already.
    """
    where = addresses(name)
    if not (keep and _exists(where.owner, name)):
        drop(where.owner, name)
        _administer(where.owner, "CREATE DATABASE {} TEMPLATE {}", name, template or "template0")
        if not template:
            _migrate(where)
    try:
        yield where
    finally:
        if not keep:
            drop(where.owner, name)


def drop(owner: str, name: str) -> None:
    """Drop the database; refuses while somebody else is connected to it."""
    try:
        _administer(owner, "DROP DATABASE IF EXISTS {}", name)
    except psycopg.errors.ObjectInUse as error:
        raise Refused(
            f"Another bench is using the database {name}: wait for it, or give --database."
        ) from error


def _exists(owner: str, name: str) -> bool:
    with psycopg.connect(_with_name(owner, "postgres")) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def _administer(owner: str, statement: str, *names: str) -> None:
    with psycopg.connect(_with_name(owner, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


def _migrate(where: Addresses) -> None:
    command = [sys.executable, services.ROOT / "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, env=where.environment(), check=True)
