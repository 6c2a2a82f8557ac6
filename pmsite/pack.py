"""The form of an evidence pack: a folder of plain files, and a manifest with the hash of each.

Everything in it is named by codes, never by row numbers, so that it means the same on any machine.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from incentives.amounts import Amount, Amounts, Line
from org.errors import DomainError
from org.tabular import csv_text

FORMAT = 1
MANIFEST = "manifest.json"
TENANT = "tenant.yaml"
DELIVERIES = "deliveries.json"
INPUTS = "inputs.json"
LEDGER = "ledger.json"
BOOKED = "booked.csv"
KNOWN = "known.csv"


class PackWriter:
    """Writes files into a new folder and keeps their hashes for the manifest."""

    def __init__(self, folder: Path) -> None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise DomainError(f"{folder} is there already and not empty. Name a new folder.")
        self.folder = folder
        self.hashes: dict[str, str] = {}

    def write(self, name: str, content: bytes | str) -> None:
        """Write one file of the pack."""
        raw = content.encode() if isinstance(content, str) else content
        target = self.folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
        except OSError as problem:
            raise DomainError(f"{target} cannot be written: {problem.strerror}.") from problem
        self.hashes[name] = hashlib.sha256(raw).hexdigest()

    def write_json(self, name: str, content: Any) -> None:
        """Write a file of the pack as JSON."""
        self.write(name, _json(content))

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the manifest: what the pack is about, and the hash of every file."""
        self.write(MANIFEST, _json({"format": FORMAT, **about, "files": self.hashes}))


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n"


class Pack:
    """A pack that is there; every file is held against its hash before it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about: dict[str, Any] = self._manifest()
        self._check()

    def _manifest(self) -> dict[str, Any]:
        path = self.folder / MANIFEST
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DomainError(
                f"{self.folder} is no evidence pack: {MANIFEST} is missing."
            ) from None
        except (OSError, ValueError) as problem:
            raise DomainError(f"{path} cannot be read: {problem}.") from problem
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise DomainError(f"{path} is not the manifest of a pack of format {FORMAT}.")
        return found

    def _check(self) -> None:
        files: dict[str, str] = self.about["files"]
        problems = [
            f"{name}: {trouble}"
            for name, digest in sorted(files.items())
            if (trouble := self._trouble(name, digest))
        ]
        there = {
            str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()
        }
        problems += [f"{name}: not in the manifest" for name in sorted(there - {*files, MANIFEST})]
        if problems:
            raise DomainError(
                f"{self.folder} is not as it was written, so it proves nothing.", tuple(problems)
            )

    def _trouble(self, name: str, digest: str) -> str:
        path = self.folder / name
        if not path.is_file():
            return "missing"
        changed = hashlib.sha256(path.read_bytes()).hexdigest() != digest
        return "its SHA-256 is another one" if changed else ""

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        return (self.folder / name).read_bytes()

    def json(self, name: str) -> Any:
        """One file as JSON."""
        return json.loads(self.read(name))

    def amounts(self, name: str) -> Amounts:
        """A file of lines with their amounts."""
        rows = csv.DictReader(io.StringIO(self.read(name).decode(), newline=""))
        return {
            Line(**{key: row[key] for key in Line._fields}): _amount(row["amount"]) for row in rows
        }


def amounts_text(lines: Mapping[Line, Amount]) -> str:
    """Lines with their amounts as a file of the pack."""
    return csv_text((*Line._fields, "amount"), _rows(lines))


def _rows(lines: Mapping[Line, Amount]) -> Iterator[Iterable[object]]:
    for line in sorted(lines):
        amount = lines[line]
        yield (*line, "" if amount is None else f"{amount:f}")


def _amount(text: str) -> Amount:
    return Decimal(text) if text else None
