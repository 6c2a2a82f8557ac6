"""Doing a period again from its evidence: the same files, the same rules, another machine.

Everything comes out of the pack: the tenant is made by its file, deliveries are taken in from their
own bytes in their order, the engine calculates, and each line is held against what was booked.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from incentives import amounts, calculate
from incentives.amounts import Amounts, Moved
from incentives.ledger import Entry, post
from incentives.models import Decision, Plan
from metrics.complete import complete
from metrics.correct import correct
from metrics.correct_deal import correct_parties, correct_transaction
from metrics.deal_parties import SaidParty
from metrics.ingest import ingest
from metrics.models import Metric, PersonAlias, Source, TransactionKind
from org.commands import find_periods
from org.config_tools import plain
from org.dates import NEVER
from org.errors import DomainError
from org.models import Period, Person, Tenant
from org.tenancy import enter
from pmsite import pack, tenant_file
from pmsite.database import database_url
from pmsite.evidence import fingerprint
from pmsite.pack import Pack

# What a database of its own is made from. Tests name a migrated one, which takes a minute less.
TEMPLATE = "template0"


@dataclass(frozen=True)
class Reperformed:
    """What came out, held against the pack. ``differing``: lines that are not as they were booked
    (or, in an open period, as they were calculated); ``known``: whether all are as known then."""

    period: str
    people: int
    total: Decimal
    differing: tuple[Moved, ...]
    known: bool
    figures: bool

    @property
    def same(self) -> bool:
        """Whether every line is the same to the cent."""
        return not self.differing


def reperform(*, folder: Path, tenant: str = "") -> Reperformed:
    """Do a period again in the connected database; ``tenant``: under this code.

    Each step is a transaction of its own: a year of periods in one would hold too many locks.
    DomainError for a pack that is not as it was written, and where the tenant is there already:
    its own rows would stand in the evidence's place.
    """
    found = Pack(folder)
    code = tenant or found.about["tenant"]
    if Tenant.objects.filter(code=code).exists():
        raise DomainError(
            f"There is a tenant “{code}” already. Evidence is done again on an empty database."
        )
    return _Again(found, code).do()


class _Again:
    """One period done again from a pack."""

    def __init__(self, found: Pack, code: str) -> None:
        self.pack = found
        self.code = code
        self.deliveries: list[dict[str, Any]] = found.json(pack.DELIVERIES)
        self.moment = datetime.fromisoformat(found.about["moment"])
        moments = [datetime.fromisoformat(one["received_at"]) for one in self.deliveries]
        self.begin = min([*moments, self.moment]) - timedelta(seconds=1)

    def do(self) -> Reperformed:
        """Make the tenant, put everything in, calculate and compare."""
        tenant_file.apply(
            path=self.pack.folder / pack.TENANT, by=None, at=self.begin, tenant=self.code
        )
        with self._entered():
            self._take_in()
        with self._entered():
            self._put_in(self.pack.json(pack.INPUTS))
            self._book(self.pack.json(pack.LEDGER))
        on = date.fromisoformat(self.pack.about["on"])
        for earlier in self.pack.about["earlier"]:
            with self._entered():
                calculate.calculate_period(period=_period(earlier), by=None, at=self.moment, on=on)
        with self._entered():
            return self._compare(on)

    def _entered(self) -> AbstractContextManager[None]:
        tenant = Tenant.objects.get(code=self.code)
        return enter(tenant.pk, through="reperform", at=self.begin)

    # --- deliveries

    def _take_in(self) -> None:
        now = {source.code: _Reading.of(source) for source in Source.objects.all()}
        for one in self.deliveries:
            if one["rows"] <= len(one["left_out"]):
                continue  # nothing of it could be used
            source = Source.objects.get(code=one["source"])
            at = datetime.fromisoformat(one["received_at"])
            _Reading.parse(one["read_by"]).apply(source, at=self.begin)
            ingest(
                source=source,
                file_name=one["file"],
                content=self.pack.read(one["stored"]),
                by=None,
                at=at,
                leave_out=one["left_out"],
            )
        for code, reading in now.items():
            reading.apply(Source.objects.get(code=code), at=self.begin)

    # --- what people put in

    def _put_in(self, inputs: Mapping[str, Any]) -> None:
        for one in inputs["corrections"]:
            correct(
                person=Person.objects.get(code=one["person"]),
                day=date.fromisoformat(one["day"]),
                metric=Metric.objects.get(code=one["metric"]),
                reference=one["reference"],
                numerator=Decimal(one["numerator"]),
                denominator=None if one["denominator"] is None else Decimal(one["denominator"]),
                reason=one["reason"],
                by=None,
                at=datetime.fromisoformat(one["recorded_at"]),
            )
        for one in inputs["deal_corrections"]:
            _correct_deal(one)
        for one in inputs["completeness"]:
            complete(
                source=Source.objects.get(code=one["source"]),
                through=date.fromisoformat(one["through"]),
                by=None,
                at=datetime.fromisoformat(one["at"]),
            )
        for one in inputs["decisions"]:
            Decision.objects.create(
                plan=Plan.objects.get(code=one["plan"]),
                period=_period(one["period"]),
                person=Person.objects.get(code=one["person"]),
                measure=one["measure"],
                kind=one["kind"],
                reason=one["reason"],
                recorded_at=datetime.fromisoformat(one["at"]),
            )

    def _book(self, rows: list[dict[str, Any]]) -> None:
        """What other periods had left in the ledger."""
        people = dict(Person.objects.values_list("code", "id"))
        plans: dict[str | None, int | None] = dict(Plan.objects.values_list("code", "id"))
        periods = {
            f"{calendar}:{code}": key
            for calendar, code, key in Period.objects.values_list("calendar__code", "code", "id")
        }
        entries = [
            Entry(
                person=people[row["person"]],
                plan=plans.get(row["plan"]),
                earned_period=periods.get(row["earned_period"] or ""),
                posted_period=periods.get(row["posted_period"] or ""),
                amount=Decimal(row["amount"]),
                due_on=date.fromisoformat(row["due_on"]) if row["due_on"] else None,
                **{key: row[key] for key in AS_THEY_STAND},
            )
            for row in rows
        ]
        post(entries, by=None, at=self.moment)

    # --- the result

    def _compare(self, on: date) -> Reperformed:
        about = self.pack.about
        again = amounts.work_out(period=_period(about["period"]), at=self.moment, on=on)
        known = self.pack.amounts(pack.KNOWN)
        final = {one["plan"] for one in about["plans"] if one["final"]}
        expected: Amounts = {k: a for k, a in known.items() if k.plan not in final}
        expected |= self.pack.amounts(pack.BOOKED)
        return Reperformed(
            period=about["period"],
            people=len({line.person for line in again.lines}),
            total=again.total,
            differing=tuple(amounts.compare(expected, again.lines)),
            known=not amounts.compare(known, again.lines),
            figures=fingerprint() == about["figures"],
        )


AS_THEY_STAND = (
    *("currency", "from_account", "to_account", "origin", "component", "earning_type"),
    *("job", "grain", "part", "condition", "cause"),
)


@dataclass(frozen=True)
class _Reading:
    """How a source's files are read: its column map, its zone, and whom it calls what."""

    column_map: dict[str, Any]
    time_zone: str
    aliases: tuple[tuple[str, str, str, str], ...]

    @staticmethod
    def of(source: Source) -> _Reading:
        rows = PersonAlias.objects.filter(source=source, superseded_at=NEVER)
        rows = rows.select_related("person").order_by("external_id", "valid_from")
        return _Reading(
            source.column_map,
            source.time_zone,
            tuple(
                (a.external_id, a.person.code, a.valid_from.isoformat(), a.valid_to.isoformat())
                for a in rows
            ),
        )

    @staticmethod
    def parse(said: Mapping[str, Any]) -> _Reading:
        return _Reading(said["map"], said["time_zone"], tuple(map(tuple, said["aliases"])))

    def apply(self, source: Source, *, at: datetime) -> None:
        """Let the source be read so from here on."""
        if _Reading.of(source) == self:
            return
        source.column_map, source.time_zone = self.column_map, self.time_zone
        source.save(update_fields=["column_map", "time_zone"])
        PersonAlias.objects.filter(source=source).delete()
        people = dict(Person.objects.values_list("code", "id"))
        PersonAlias.objects.bulk_create(
            PersonAlias(
                source=source,
                external_id=external,
                person_id=people[person],
                valid_from=date.fromisoformat(first),
                valid_to=date.fromisoformat(end),
                recorded_at=at,
            )
            for external, person, first, end in self.aliases
        )


def _correct_deal(one: Mapping[str, Any]) -> None:
    """An attribute of a transaction, or who takes part in it."""
    known: dict[str, Any] = {
        "kind": TransactionKind.objects.get(code=one["kind"]),
        "key": one["key"],
        "reason": one["reason"],
        "by": None,
        "at": datetime.fromisoformat(one["recorded_at"]),
    }
    if isinstance(one["value"], str):
        correct_transaction(**known, attribute=one["attribute"], value=one["value"])
        return
    parties = [
        SaidParty(
            role=party["role"],
            person=Person.objects.get(code=party["person"]),
            share="" if party["share"] is None else f"{plain(Decimal(party['share']) * 100)}%",
        )
        for party in one["value"]
    ]
    correct_parties(**known, parties=parties)


def _period(code: str) -> Period:
    [period] = find_periods(code)
    return period


# -- an empty database ----------------------------------------------------------------------------


@contextmanager
def empty_database(*, keep: bool = False) -> Iterator[dict[str, str]]:
    """A new database beside the others, migrated; yields the environment that points to it.

    Dropped at the end unless it is to be kept. DomainError where no owner's address is configured.
    """
    if "owner" not in connections:
        raise DomainError(
            "Making a database needs its owner, and DATABASE_OWNER_URL is not set. Set it, or name "
            "an empty, migrated database with --database-url."
        )
    owner, app = (connections[alias].settings_dict for alias in ("owner", "default"))
    name = f"pmsite_again_{secrets.token_hex(4)}"
    with psycopg.connect(database_url({**owner, "NAME": "postgres"}), autocommit=True) as server:
        create = (
            "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' LOCALE 'C'"
            " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
        )
        server.execute(sql.SQL(create).format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        environment = {
            **os.environ,
            "DATABASE_OWNER_URL": database_url({**owner, "NAME": name}),
            "DATABASE_URL": database_url({**app, "NAME": name}),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
        }
        try:
            done = run_here(environment, "migrate", "--verbosity=0")
            if done.returncode:
                raise DomainError(f"The new database could not be migrated: {done.stderr.strip()}")
            yield environment
        finally:
            if not keep:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                server.execute(drop.format(sql.Identifier(name)))


def run_here(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this program in a process of its own, with another environment."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
    return subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
