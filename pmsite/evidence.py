"""Evidence of one period: all that it was worked out from, as known at a moment, in one folder.

The configuration as a tenant file, people, jobs, facts and availability as CSV, every delivery's
own bytes in the order in which they came, corrections, completeness, decisions, what the ledger
holds of other periods, and what was booked. Whoever has it can do the period again (reperform).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

from django.db.models import Q
from psycopg.sql import SQL

from incentives import amounts
from incentives.amounts import Outcome
from incentives.asof import as_of
from incentives.calculate import is_final
from incentives.models import Decision, PlanPeriod, Transfer
from metrics.deal_parties import people_in
from metrics.models import (
    Correction,
    Delivery,
    PersonAlias,
    Rejection,
    Source,
    SourceComplete,
    TransactionCorrection,
)
from org import audit
from org.base import CURRENT
from org.config_tools import plain
from org.errors import DomainError
from org.models import Period, Person, Tenant, User
from org.shadow import rolled_back, shadow_recorded, shadow_tracked
from org.sql import NEVER, fetch
from pmsite import pack, tenant_file
from pmsite.pack import PackWriter

# What decides no amount, and names people who log in.
LEFT_OUT = ("users", "schedules")
# How far back other periods may matter to one: figures to date, limits, what others earned.
LOOK_BACK = timedelta(days=400)
LEDGER_ORIGINS = (
    Transfer.Origin.OPENING,
    Transfer.Origin.CALCULATION,
    Transfer.Origin.RELEASE,
    Transfer.Origin.ADJUSTMENT,
)


@dataclass(frozen=True)
class Evidence:
    """What a pack holds: the period's state then, and what waited to be posted."""

    folder: Path
    files: int
    deliveries: int
    booked: Decimal
    known: Decimal
    waiting: int


def write_evidence(
    *,
    tenant: Tenant,
    period: Period,
    moment: datetime,
    on: date,
    folder: Path,
    by: User | None,
    at: datetime,
) -> Evidence:
    """Write the evidence of a period as known at a moment into a new folder.

    ``on`` is the business day of then. Writes nothing but the folder and an audit row. DomainError
    for a folder that is not empty, and a moment that has not come yet.
    """
    if moment > at:
        raise DomainError(f"{moment:%Y-%m-%d %H:%M} has not come yet: nothing is known as of then.")
    writer = PackWriter(folder)
    deliveries = _deliveries(writer, moment)
    with as_of(moment):
        written = tenant_file.export(tenant=tenant, with_people=True, without=LEFT_OUT)
        writer.write(pack.TENANT, written.text)
        for name, text in written.files.items():
            writer.write(name, text)
        writer.write_json(pack.INPUTS, _inputs())
        writer.write_json(pack.LEDGER, list(_ledger(period)))
        figures = fingerprint()
        then = amounts.work_out(period=period, at=moment, on=_business_day(period, on))
        booked = amounts.booked(period=period)
        about = _about(tenant, period, moment, on, then)
    final = {one["plan"] for one in about["plans"] if one["final"]}
    booked = {line: amount for line, amount in booked.items() if line.plan in final}
    own = {line: amount for line, amount in then.lines.items() if line.plan in final}
    waiting = amounts.compare(booked, own)
    writer.write(pack.BOOKED, pack.amounts_text(booked))
    writer.write(pack.KNOWN, pack.amounts_text(then.lines))
    totals = {
        "booked": str(amounts.total_of(booked.values())),
        "known": str(then.total),
        "waiting_lines": len(waiting),
        "figures": figures,
    }
    writer.finish({**about, **totals})
    audit.record(
        action="write evidence",
        subject=f"{period} as known at {moment.isoformat(timespec='seconds')}",
        by=by,
        at=at,
        detail={"files": len(writer.hashes), **totals},
    )
    return Evidence(
        folder,
        len(writer.hashes),
        deliveries,
        amounts.total_of(booked.values()),
        then.total,
        len(waiting),
    )


def _business_day(period: Period, on: date) -> date:
    """The business day that the last run then worked with: the final one's, where there is one."""
    points = PlanPeriod.objects.filter(period=period, final_at__isnull=False, run__isnull=False)
    days = [point.run.on for point in points.select_related("run") if point.run]
    return max(days, default=on)


def _about(
    tenant: Tenant, period: Period, moment: datetime, on: date, then: Outcome
) -> dict[str, Any]:
    return {
        "tenant": tenant.code,
        "period": f"{period.calendar.code}:{period.code}",
        "moment": moment.isoformat(),
        "on": _business_day(period, on).isoformat(),
        "plans": [
            {
                "plan": run.plan.code,
                "version": run.version.number,
                "final": is_final(run.plan, period),
                "statement_sha256": run.statement_sha256,
            }
            for run in then.runs
        ],
        "people": len({line.person for line in then.lines}),
        "earlier": _earlier(period),
    }


def _earlier(period: Period) -> list[str]:
    """The periods before this one that had been calculated then, in their order."""
    points = PlanPeriod.objects.filter(
        run__isnull=False,
        period__valid_to__lte=period.valid_to,
        period__valid_from__gte=period.valid_from - LOOK_BACK,
    ).exclude(period=period)
    rows = points.order_by("period__valid_to", "period__valid_from", "period__calendar__code")
    found = rows.values_list("period__calendar__code", "period__code")
    return list(dict.fromkeys(f"{calendar}:{code}" for calendar, code in found))


# -- deliveries -----------------------------------------------------------------------------------


def _deliveries(writer: PackWriter, moment: datetime) -> int:
    """The bytes of every delivery that held then, and how each was read."""
    held = Delivery.objects.filter(received_at__lte=moment).filter(
        Q(undone_at=None) | Q(undone_at__gt=moment)
    )
    listed = []
    rows = held.defer("content").select_related("source").order_by("received_at", "id")
    for number, row in enumerate(rows, start=1):
        name = f"deliveries/{number:04}-{PurePath(row.file_name).name}"
        writer.write(name, bytes(row.content))
        lines = Rejection.objects.filter(delivery=row).values_list("line", flat=True)
        listed.append(
            {
                "stored": name,
                "file": row.file_name,
                "source": row.source.code,
                "sha256": row.sha256,
                "received_at": row.received_at.isoformat(),
                "rows": row.rows_read,
                "left_out": sorted(set(lines)),
                "read_by": _read_by(row.source, row.received_at),
            }
        )
    writer.write_json(pack.DELIVERIES, listed)
    return len(listed)


def _read_by(source: Source, moment: datetime) -> dict[str, Any]:
    """The column map, zone and aliases of a source when a delivery came."""
    with rolled_back():
        shadow_tracked(Source, moment)
        shadow_recorded(PersonAlias, moment)
        row = Source.objects.filter(pk=source.pk).first() or source
        aliases = PersonAlias.objects.filter(CURRENT, source=source).select_related("person")
        return {
            "map": row.column_map,
            "time_zone": row.time_zone,
            "aliases": [
                [a.external_id, a.person.code, a.valid_from.isoformat(), a.valid_to.isoformat()]
                for a in aliases.order_by("external_id", "valid_from")
            ],
        }


# -- what else was put in -------------------------------------------------------------------------


def _inputs() -> dict[str, Any]:
    corrections = Correction.objects.filter(CURRENT).select_related("person", "metric")
    completeness = SourceComplete.objects.filter(CURRENT).select_related("source")
    decisions = Decision.objects.filter(CURRENT).select_related("plan", "person")
    return {
        "corrections": [
            {
                "person": c.person.code,
                "day": c.day,
                "metric": c.metric.code,
                "reference": c.reference,
                "numerator": f"{c.numerator:f}",
                "denominator": None if c.denominator is None else f"{c.denominator:f}",
                "reason": c.reason,
                "recorded_at": c.recorded_at.isoformat(),
            }
            for c in corrections.order_by("recorded_at", "id")
        ],
        "deal_corrections": [
            {
                "kind": c.kind.code,
                "key": c.key,
                "attribute": c.attribute,
                "value": _as_typed(c),
                "reason": c.reason,
                "recorded_at": c.recorded_at.isoformat(),
            }
            for c in TransactionCorrection.objects.filter(CURRENT)
            .select_related("kind")
            .order_by("recorded_at", "id")
        ],
        "completeness": [
            {"source": c.source.code, "through": c.through, "at": c.recorded_at.isoformat()}
            for c in completeness.order_by("source__code")
        ],
        "decisions": [
            {
                "plan": d.plan.code,
                "period": f"{d.period.calendar.code}:{d.period.code}",
                "person": d.person.code,
                "measure": d.measure,
                "kind": d.kind,
                "reason": d.reason,
                "at": d.recorded_at.isoformat(),
            }
            for d in decisions.select_related("period__calendar").order_by("recorded_at", "id")
        ],
    }


def _as_typed(correction: TransactionCorrection) -> str | list[dict[str, Any]]:
    """The value of a corrected attribute as somebody types it; "" for blank. Parties: a list."""
    value = correction.value
    if isinstance(value, list):
        people = dict(Person.objects.filter(pk__in=people_in(value)).values_list("pk", "code"))
        return [{**one, "person": people[one["person"]]} for one in value]
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    if correction.kind.attributes.get(correction.attribute) == "percent":
        return f"{plain(Decimal(value) * 100)}%"
    return str(value)


def _ledger(period: Period) -> Iterator[dict[str, Any]]:
    """What stood in the ledger then for other periods, without payments."""
    rows = Transfer.objects.filter(origin__in=LEDGER_ORIGINS).exclude(earned_period=period)
    related = ("person", "plan", "earned_period__calendar", "posted_period__calendar")
    for row in rows.select_related(*related).order_by("id"):
        yield {
            "person": row.person.code,
            "currency": row.currency,
            "from_account": row.from_account,
            "to_account": row.to_account,
            "amount": f"{row.amount:f}",
            "origin": row.origin,
            "plan": row.plan.code if row.plan else None,
            "component": row.component,
            "earning_type": row.earning_type,
            "earned_period": _code(row.earned_period),
            "posted_period": _code(row.posted_period),
            "job": row.job,
            "grain": row.grain,
            "part": row.part,
            "due_on": row.due_on,
            "condition": row.condition,
            "cause": row.cause,
        }


def _code(period: Period | None) -> str | None:
    return f"{period.calendar.code}:{period.code}" if period else None


def fingerprint() -> str:
    """How many figures there are, and a number that changes with any of them, in whatever order."""
    [(count, digest)] = fetch(
        SQL(
            "SELECT count(*), coalesce(sum(hashtextextended(concat_ws('|', person.code, value.day,"
            " metric.code, value.reference, trim_scale(value.numerator),"
            " trim_scale(value.denominator)), 0)::numeric), 0)"
            " FROM metrics_value AS value JOIN org_person AS person ON person.id = value.person_id"
            " JOIN metrics_metric AS metric ON metric.id = value.metric_id"
            " WHERE value.superseded_at = {}"
        ).format(SQL(NEVER))
    )
    return f"{count} {digest}"
