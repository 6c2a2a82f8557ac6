"""A tenant as one file: its configuration in YAML, with people and jobs as CSV beside it.

:func:`apply` makes a tenant as a file says, in one transaction; :func:`export` writes the file for
a tenant that is there. Applying an export changes nothing. docs/tenant-file.md explains every key,
docs/tenant-file.schema.json is :func:`schema`.
"""

from __future__ import annotations

import hashlib
import zoneinfo
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction

import incentives.config
import metrics.config
import org.config
import payroll.config
import scorecards.config
from incentives import config_plans
from incentives.currencies import one_bound_trouble, tenant_currency_trouble
from org import facts_csv, locks, people_csv
from org.audit import record
from org.config_section import Section
from org.errors import DomainError
from org.models import Person, Tenant, User
from org.tenancy import enter
from pmsite import config as site_config
from pmsite import tenant_schema, tenant_yaml
from pmsite.tenant_yaml import Document

# The order in which sections stand in a file and are applied: each names only what comes before.
ORDER = (
    "tenant",
    "holidays",
    "calendars",
    "units",
    "job_types",
    "absence_types",
    "facts",
    "pay_groups",
    "people",
    "assignments",
    "fact_values",
    "availability",
    "users",
    "sign_in",
    "metrics",
    "transactions",
    "sources",
    "credits",
    "goals",
    "families",
    "exchange_rates",
    "plans",
    "person_caps",
    "dispute_reasons",
    "budgets",
    "payroll_profiles",
    "leaderboards",
    "wallboards",
    "schedules",
)
APPS = (
    org.config,
    metrics.config,
    incentives.config,
    payroll.config,
    scorecards.config,
    site_config,
)
Load = Callable[..., people_csv.Loaded]
FILES: dict[str, tuple[str, Load, Callable[[], str]]] = {
    "people": (
        "CSV file with people and their employments, beside this one.",
        people_csv.load_people,
        people_csv.write_people,
    ),
    "assignments": (
        "CSV file with who works where, as what, from when to when, beside this one.",
        people_csv.load_assignments,
        people_csv.write_assignments,
    ),
    "fact_values": (
        "CSV file with dated facts about people, beside this one.",
        facts_csv.load_facts,
        facts_csv.write_facts,
    ),
    "availability": (
        "CSV file with who was scheduled, at work or absent on which day, beside this one.",
        facts_csv.load_availability,
        facts_csv.write_availability,
    ),
}


def sections() -> dict[str, Section]:
    """Every section by its key, in the order of the file; the CSV files are not among them."""
    found = {section.key: section for app in APPS for section in app.SECTIONS}
    return {key: found[key] for key in sorted(found, key=ORDER.index)}


def schema() -> dict[str, Any]:
    """The JSON Schema of the whole file, as it is published."""
    parts = {key: section.schema for key, section in sections().items()}
    parts |= {key: {"type": "string", "description": said} for key, (said, *_) in FILES.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pmsite tenant file",
        "description": "The configuration of a tenant. A section that is left out stays as it is.",
        "type": "object",
        "properties": {key: parts[key] for key in ORDER if key in parts},
        "required": ["tenant"],
        "additionalProperties": False,
    }


# -- apply ----------------------------------------------------------------------------------------


@dataclass
class Report:
    """What applying a file changed, or would change: sentences by section."""

    tenant: str
    created: bool = False
    changes: dict[str, list[str]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """The report as it is printed."""
        if self.created:
            yield f"+ tenant {self.tenant}"
        for key, said in self.changes.items():
            yield f"{key}:"
            yield from (f"  {sentence}" for sentence in said)
        if not self.created and not self.changes:
            yield "Nothing changes."


def apply(
    *,
    path: Path,
    by: User | None,
    at: datetime,
    tenant: str = "",
    approved_by: User | None = None,
    dry_run: bool = False,
) -> Report:
    """Make a tenant as a file says, wholly or not at all; a missing tenant is created.

    ``tenant``: apply to this code instead of the file's. ``dry_run``: do everything, then undo it.
    Raises DomainError with every mistake and its place in the file.
    """
    content = read_file(path)
    return apply_document(
        parse(content, path.name),
        path=path,
        content=content,
        by=by,
        at=at,
        tenant=tenant,
        approved_by=approved_by,
        dry_run=dry_run,
    )


def apply_document(
    document: Document,
    *,
    path: Path,
    content: bytes,
    by: User | None,
    at: datetime,
    tenant: str = "",
    approved_by: User | None = None,
    dry_run: bool = False,
    trial: bool = False,
) -> Report:
    """Make a tenant as a document says that was read from a file; see :func:`apply`.

    ``trial``: whoever calls undoes it, so nobody need agree to what the versions reduce.
    """
    said = document.data["tenant"]
    said["code"] = tenant or said["code"]
    with transaction.atomic():
        row, created = _find_or_create(said)
        report = Report(row.code, created)
        with enter(row.pk, by=by, through=f"apply {path.name}", at=at):
            files = partial(_load_file, path.parent)
            run = _Run(
                document, report, row, files, by=by, approved_by=approved_by, at=at, trial=trial
            )
            run.all_sections()
            if report.changes:
                run.audit(path.name, content)
            connection.check_constraints()  # now, not on commit: a dry run must say the same
        if dry_run:
            transaction.set_rollback(True)
    return report


def read_file(path: Path) -> bytes:
    """The bytes of a file, or a sentence."""
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise DomainError(f"{path} is a folder. Name the tenant file in it.") from error
    except OSError as error:
        raise DomainError(f"{path} cannot be read: {error.strerror}.") from error


def parse(content: bytes, name: str) -> Document:
    """A file that is YAML and fits the schema; else a DomainError with everything that is wrong."""
    document = tenant_yaml.load(tenant_yaml.read_text(content, name), name)
    if not isinstance(document.data, dict):
        raise DomainError(
            f"{name} is YAML, but no tenant file: it must consist of sections, “tenant:” first."
        )
    whole = schema()
    document = Document(tenant_schema.coerced(document.data, whole), document.lines)
    if found := tenant_schema.problems(document, whole):
        raise DomainError(f"{name} cannot be applied.", tuple(found))
    return document


def _find_or_create(said: dict[str, Any]) -> tuple[Tenant, bool]:
    code = said["code"]
    row, created = Tenant.objects.get_or_create(code=code, defaults={"name": said["name"]})
    # Two files for one tenant wait for each other, or both would add what both find missing; and
    # nobody calculates by rules of which one half is old.
    with enter(row.pk):
        locks.hold_engine()
    return Tenant.objects.get(pk=row.pk), created


def _load_file(folder: Path, key: str, name: str, *, by: User | None, at: datetime) -> list[str]:
    content = read_file(folder / name)
    loaded = FILES[key][1](content=content, file=name, by=by, at=at)
    return [f"~ {loaded.sentence}"] if loaded.changed else []


@dataclass
class _Run:
    """One run over the sections of a file, inside the tenant and its transaction."""

    document: Document
    report: Report
    tenant: Tenant
    load_file: Callable[..., list[str]]
    by: User | None
    approved_by: User | None
    at: datetime
    trial: bool = False

    def all_sections(self) -> None:
        known = sections()
        currency = self.tenant.currency
        for key in ORDER:
            if key in self.document.data:
                said = self._section(key, known.get(key))
                if said:
                    self.report.changes[key] = said
        troubles = {
            "tenant.waive_below: ": one_bound_trouble(),  # the plans may be those of before
            "tenant.": tenant_currency_trouble(currency),
        }
        for where, trouble in troubles.items():
            if trouble:
                problem = tenant_schema.with_line(where + trouble, self.document)
                raise DomainError("The file cannot be applied.", (problem,))

    def _section(self, key: str, section: Section | None) -> list[str]:
        data = self.document.data[key]
        try:
            if section is None:
                return self.load_file(key, data, by=self.by, at=self.at)
            make: Callable[..., list[str]] = section.apply
            if section in (config_plans.PLANS, incentives.config.RATES):
                make = partial(make, approved_by=self.approved_by)
            if section is config_plans.PLANS:
                make = partial(make, trial=self.trial)
            return make(data, by=self.by, at=self.at, today=self._today())
        except DomainError as error:
            problems = tuple(tenant_schema.with_line(p, self.document) for p in error.problems)
            raise DomainError(error.sentence, problems) from error

    def _today(self) -> date:
        """The day in the tenant's zone, which its own section may just have set."""
        self.tenant.refresh_from_db()
        return self.at.astimezone(zoneinfo.ZoneInfo(self.tenant.time_zone)).date()

    def audit(self, name: str, content: bytes) -> None:
        record(
            action="apply tenant file",
            subject=name,
            by=self.by,
            at=self.at,
            detail={
                "sha256": hashlib.sha256(content).hexdigest(),
                "approved_by": self.approved_by.get_username() if self.approved_by else None,
                "changes": {key: said[:200] for key, said in self.report.changes.items()},
            },
        )


# -- export ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Export:
    """A tenant as text: the YAML, and the CSV files beside it by name."""

    text: str
    files: dict[str, str]


def export(*, tenant: Tenant, with_people: bool, without: Collection[str] = ()) -> Export:
    """Write a tenant as a file that, applied, changes nothing.

    ``with_people``: name the CSV files of people, jobs, facts and availability in it, and answer
    them, too. ``without``: keys to leave out.
    """
    files: dict[str, str] = {}
    with enter(tenant.pk):
        read = {key: section.read for key, section in sections().items() if key not in without}
        data = {key: section() for key, section in read.items()}
        if with_people and Person.objects.exists():
            for key, (_, _, write) in FILES.items():
                text = write()
                if text.count("\n") > 1:
                    data[key] = f"{key}.csv"
                    files[data[key]] = text
    said = {key: data[key] for key in ORDER if data.get(key) not in (None, {}, [])}
    return Export(tenant_yaml.dump(said), files)


def files_of(written: Export, target: Path) -> dict[Path, str]:
    """Each file of an export, the tenant file first, by where it is to stand."""
    beside = {target.with_name(name): text for name, text in written.files.items()}
    return {target: written.text, **beside}
