"""The bank that the cases break, its commands, and a fingerprint of everything that is written."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from org.constraints import TenantPolicy
from org.models import Tenant
from org.tenancy import enter

MODEL = Path(__file__).parent / "site"


@dataclass(frozen=True)
class Said:
    """What a command answered: its lines, and whether it refused (a non-zero exit)."""

    text: str
    refused: bool


class Bank:
    """A copy of the bank's files in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "site"
        shutil.copytree(MODEL, self.folder)
        (self.folder / "deliveries").mkdir()

    def edit(self, file: str, old: str, new: str) -> None:
        """Break one place of a file."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def put(self, file: str, content: bytes) -> None:
        """Lay a file beside the others, or in the place of one."""
        (self.folder / file).write_bytes(content)

    def run(self, line: str) -> Said:
        """Run a command as it is typed, in the folder; ``@`` before a word is a file in it."""
        name, *words = line.split()
        arguments = [str(self.folder / word[1:]) if word[0] == "@" else word for word in words]
        out = io.StringIO()
        refused = False
        try:
            call_command(name, *arguments, stdout=out, stderr=out)
        except CommandError as refusal:
            refused = True
            out.write(str(refusal))
        return Said(out.getvalue().replace(f"{self.folder}/", "").strip(), refused)

    def do(self, lines: Iterable[str]) -> None:
        """Run commands that must work."""
        for line in lines:
            said = self.run(line)
            assert not said.refused, f"{line}: {said.text}"


def fingerprint() -> dict[str, tuple[int, int]]:
    """Every table with the count of its rows and a sum over their contents, for all tenants."""
    found = _contents(of_tenants=False)
    for tenant in Tenant.objects.order_by("pk"):
        with enter(tenant.pk):
            rows = _contents(of_tenants=True)
        found |= {f"{tenant.code}: {table}": contents for table, contents in rows.items()}
    return found


def _contents(*, of_tenants: bool) -> dict[str, tuple[int, int]]:
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        if any(isinstance(c, TenantPolicy) for c in model._meta.constraints) == of_tenants
    }
    queries = [
        f"SELECT '{table}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)"
        f' FROM "{table}" AS t'
        for table in sorted(tables)
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(queries))
        return {table: (int(count), int(contents)) for table, count, contents in cursor}
