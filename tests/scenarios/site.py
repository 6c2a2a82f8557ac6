"""A tenant that a scenario works with: its files, and the commands that people type."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

from django.core.management import CommandError, call_command

FOLDER = Path(__file__).parent


class Site:
    """One scenario's folder: ``tenant.yaml``, the people's files and the source files."""

    def __init__(self, folder: str) -> None:
        self.folder = FOLDER / folder
        self.code = folder.replace("_", "-")
        self.apply("tenant.yaml")

    def apply(self, name: str, *arguments: str) -> str:
        """Apply a tenant file of the scenario."""
        return self._call("apply", str(self.folder / name), *arguments)

    def run(self, command: str, *arguments: object) -> str:
        """Run a command for this tenant; what it printed."""
        return self._call(command, self.code, *map(str, arguments))

    def refused(self, command: str, *arguments: object) -> str:
        """Run a command that must refuse; its sentence."""
        try:
            said = self.run(command, *arguments)
        except CommandError as refusal:
            return str(refusal)
        raise AssertionError(f"{command} did not refuse, but said: {said}")

    def ingest(self, source: str, name: str, *arguments: object) -> str:
        """Take in a file of the scenario."""
        return self.run("ingest", source, self.folder / name, *arguments)

    def results(self, period: str) -> list[dict[str, str]]:
        """The rows that ``results`` writes."""
        return list(csv.DictReader(io.StringIO(self.run("results", period))))

    def amounts(self, period: str, **only: str) -> dict[str, Decimal | None]:
        """Amounts by person and component (``ann.bonus``), of the rows that fit ``only``."""
        return {
            f"{row['person']}.{row['component']}": Decimal(row["amount"]) if row["amount"] else None
            for row in self.results(period)
            if all(row[key] == value for key, value in only.items())
        }

    def amount(self, period: str, person: str, **only: str) -> Decimal:
        """The sum of a person's amounts, of the rows that fit ``only``."""
        rows = [row for row in self.results(period) if row["person"] == person]
        fitting = [row for row in rows if all(row[key] == value for key, value in only.items())]
        assert fitting, f"{person} has no such result in {period}: {rows}"
        return sum((Decimal(row["amount"]) for row in fitting), Decimal(0))

    def _call(self, command: str, *arguments: str) -> str:
        out, problems = io.StringIO(), io.StringIO()
        call_command(command, *arguments, stdout=out, stderr=problems)
        return out.getvalue() + problems.getvalue()
