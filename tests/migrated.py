"""A migrated database that test databases are copied from, made once per state of the migrations.

Running all migrations takes many seconds, in every test process; copying takes a fraction of one.

    python -m tests.migrated      makes it before the tests ask for it, and prints its name
"""

import ast
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql

from pmsite.database import database_url
from pmsite.services import ROOT

PREFIX = "template_pmsite_"
LOCK = 5_119_287  # any number that nothing else locks


def imported_modules(path: Path) -> Iterator[Path]:
    """Return the files of this project that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            module = ROOT.joinpath(*name.split("."))
            yield from (
                file
                for file in (module.with_suffix(".py"), module / "__init__.py")
                if file.is_file()
            )


def fingerprint() -> str:
    """Return a name for everything that decides what migrating makes."""
    migrations = sorted(ROOT.glob("*/migrations/*.py"))
    files = {ROOT / "requirements.lock", ROOT / "pmsite" / "database.py", *migrations}
    for _ in range(2):  # what migrations import, and what that imports
        files |= {
            module for file in files if file.suffix == ".py" for module in imported_modules(file)
        }
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def migrate(owner: dict[str, Any], app: dict[str, Any], name: str) -> None:
    """Run all migrations on a database, in a process of its own."""
    environment = {
        **os.environ,
        "DATABASE_OWNER_URL": database_url({**owner, "NAME": name}),
        "DATABASE_URL": database_url({**app, "NAME": name}),
        "SECRET_KEY": "used-for-migrating-a-test-database-only",
    }
    command = [sys.executable, ROOT / "manage.py", "migrate", "--verbosity=0"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(
            f"Migrating a database for tests failed:\n{result.stdout}{result.stderr}"
        )


def ensure(owner: dict[str, Any], app: dict[str, Any]) -> str:
    """Return the name of the migrated database, making it if it is not there.

    Test processes come here at the same moment: the first makes it, the others wait.
    """
    name = PREFIX + fingerprint()
    draft = PREFIX + "draft"
    with psycopg.connect(
        database_url({**owner, "NAME": "postgres"}), autocommit=True
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
        )
        names = {row[0] for row in found}
        if name not in names:
            for old in names:
                connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
            create = "CREATE DATABASE {} TEMPLATE template0"
            connection.execute(sql.SQL(create).format(sql.Identifier(draft)))
            migrate(owner, app, draft)
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
    return name


if __name__ == "__main__":
    print(ensure(*(connections[alias].settings_dict for alias in ("owner", "default"))))
