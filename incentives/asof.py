"""Results as known at a past moment: the same engine over tables as they were then.

Inside :func:`as_of` every table that the engine reads is what it was at the moment: rows that
supersede each other by when they were recorded, configuration that changes in place by its events,
the ledger, runs and final marks by when they were written. Totals are empty, so that they are
added up anew. Nothing that happens inside it stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.apps import apps
from psycopg.sql import SQL, Identifier, Literal

from incentives.models import (
    CalculationRun,
    Dirty,
    Dispute,
    Earning,
    PlanPeriod,
    PlanVersion,
    Result,
    Transfer,
)
from metrics.models import KeptTotal, Total, Transaction, Value
from metrics.totals import JOB_OF_DAY
from org import locks
from org.base import Recorded
from org.history import TRACKED
from org.models import Assignment, StaleMark, UnitClosure, UnitPlacement
from org.shadow import (
    permanent,
    rolled_back,
    selected,
    shadow,
    shadow_marks,
    shadow_recorded,
    shadow_tracked,
    shadow_tree,
)
from org.sql import NEVER

# Shadowed by a rule of their own: derived from others, or with moments of their own.
OF_THEIR_OWN = {
    *(Value, UnitPlacement, UnitClosure, StaleMark, Total, KeptTotal, PlanVersion),
    *(CalculationRun, PlanPeriod, Earning, Result, Transfer, Dirty, Dispute),
}
# Tracked, and as they are now: who may do what decides no amount. A published version never
# changes, so its parts are as they were.
AS_THEY_ARE = {
    "org.Membership",
    "org.RoleGrant",
    "pmsite.Schedule",
    "incentives.Eligibility",
    "incentives.Measure",
    "incentives.RateTable",
    "incentives.Component",
    "incentives.Example",
}


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Work as if it were a past moment, inside the entered tenant; afterwards all of it is gone.

    Only this connection sees it, and nobody waits for it. What was not recorded yet is not there,
    and what has been replaced since is back.
    """
    with locks.not_needed(), rolled_back():
        for model in apps.get_models():
            if model in OF_THEIR_OWN or model._meta.label in AS_THEY_ARE:
                continue
            if issubclass(model, Recorded):
                # A credit names the version of the transaction that made it.
                shadow_recorded(model, moment, past=model is Transaction)
            elif model in TRACKED:
                shadow_tracked(model, moment)
        shadow_tree(moment)
        _values(moment)
        _versions(moment)
        _runs(moment)
        for derived in (Total, KeptTotal, Dirty, Result):
            shadow(derived)
        shadow_marks(moment)
        yield


def _values(moment: datetime) -> None:
    """Values as known then, each in the job that covered its day by what was known then.

    A stamp is worked out again where the person's jobs have changed since, where a mark waits for
    it, and where a row had been superseded before a later change of jobs could reach it.
    """
    again = SQL(
        "value.superseded_at <> {never} OR value.person_id IN ("
        " SELECT person_id FROM {job} WHERE recorded_at > {at}"
        "  OR (superseded_at > {at} AND superseded_at <> {never})"
        " UNION SELECT coalesce(mark.person_id, everybody.person_id) FROM {mark} AS mark"
        "  JOIN {job} AS everybody ON mark.person_id IS NULL"
        "   OR mark.person_id = everybody.person_id)"
    ).format(
        never=SQL(NEVER),
        at=Literal(moment),
        job=permanent(Assignment),
        mark=permanent(StaleMark),
    )
    stamp = SQL("CASE WHEN {again} THEN ({job}) ELSE value.assignment_id END").format(
        again=again, job=SQL(JOB_OF_DAY)
    )
    shadow(
        Value,
        SQL(
            "SELECT {names} FROM {table} AS value"
            " WHERE value.recorded_at <= {at} AND value.superseded_at > {at}"
        ).format(
            names=selected(Value, {"superseded_at": SQL(NEVER), "assignment_id": stamp}),
            table=permanent(Value),
            at=Literal(moment),
        ),
    )


def _versions(moment: datetime) -> None:
    """Plan versions with the status that they had: their own moments say it."""
    status = SQL(
        "CASE WHEN value.published_at IS NULL OR value.published_at > {at} THEN 'draft'"
        " WHEN value.withdrawn_at <= {at} THEN 'retired' ELSE 'published' END"
    )
    unless_later = "CASE WHEN value.{} <= {{at}} THEN value.{} END"
    values = {
        "status": status,
        "published_at": SQL(unless_later.format("published_at", "published_at")),
        "withdrawn_at": SQL(unless_later.format("withdrawn_at", "withdrawn_at")),
    }
    at = Literal(moment)
    shadow(
        PlanVersion,
        SQL(
            "SELECT {names} FROM {table} AS value"
            " WHERE value.created_at <= {at} OR value.published_at <= {at}"
        ).format(
            names=selected(PlanVersion, {k: v.format(at=at) for k, v in values.items()}),
            table=permanent(PlanVersion),
            at=at,
        ),
    )


def _runs(moment: datetime) -> None:
    """Final marks, the runs that periods pointed to, what these found, and the ledger."""
    at = Literal(moment)
    final = SQL("CASE WHEN value.final_at <= {} THEN value.final_at END").format(at)
    pointed = SQL(
        "CASE WHEN value.run_id IN (SELECT id FROM incentives_calculationrun) THEN value.run_id END"
    )
    shadow(
        CalculationRun,
        SQL("SELECT {names} FROM {table} AS value WHERE value.at <= {at}").format(
            names=selected(CalculationRun, {"final_at": final}),
            table=permanent(CalculationRun),
            at=at,
        ),
    )
    shadow(
        PlanPeriod,
        SQL("SELECT {names} FROM {table} AS value").format(
            names=selected(PlanPeriod, {"final_at": final, "run_id": pointed}),
            table=permanent(PlanPeriod),
        ),
    )
    shadow(
        Earning,
        SQL(
            "SELECT value.* FROM {} AS value WHERE value.run_id IN"
            " (SELECT id FROM incentives_calculationrun)"
        ).format(permanent(Earning)),
    )
    shadow(
        Transfer,
        SQL("SELECT value.* FROM {} AS value WHERE value.recorded_at <= {}").format(
            permanent(Transfer), at
        ),
    )
    _disputes(moment)


def _disputes(moment: datetime) -> None:
    """Disputes as they stood: open, accepted and waiting for approval, or closed."""
    at = Literal(moment)
    state = (
        "CASE WHEN value.closed_at <= {at} THEN value.state"
        " WHEN value.answered_at <= {at} THEN 'accepted' ELSE 'open' END"
    )
    moved = {
        "state": SQL(state).format(at=at),
        **{
            name: SQL("CASE WHEN value.{name} <= {at} THEN value.{name} END").format(
                name=Identifier(name), at=at
            )
            for name in ("answered_at", "closed_at")
        },
    }
    shadow(
        Dispute,
        SQL("SELECT {names} FROM {table} AS value WHERE value.opened_at <= {at}").format(
            names=selected(Dispute, moved), table=permanent(Dispute), at=at
        ),
    )
