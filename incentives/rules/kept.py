"""Rules that pages read again and again, kept in the process (docs/adr/0150).

They are kept under a hash of every row that reading them reads, taken by one statement in the
reader's own transaction and tenant: whatever changes one of these rows, by whichever way, committed
or not, asks for other rules. A test lists the tables that :func:`load` reads and refuses one that
is not in :data:`READ`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from datetime import date, datetime
from threading import Lock

from incentives.models import PlanVersion
from incentives.rules.parts import VersionRules
from incentives.rules.reader import load
from org.sql import NEVER, fetch
from org.tenancy import current_tenant_id

MOST_KEPT = 512

# What all versions of a tenant read, as queries of (order, text). Rows that were superseded count
# for nothing; of other plans' components only the name is read.
SHARED = (
    "SELECT id, org_tenant::text FROM org_tenant WHERE id = {tenant}",
    "SELECT id, org_facttype::text FROM org_facttype",
    "SELECT id, org_calendar::text FROM org_calendar",
    "SELECT id, metrics_metric::text FROM metrics_metric",
    "SELECT id, metrics_metricdefinition::text FROM metrics_metricdefinition"
    " WHERE superseded_at = {never}",
    "SELECT id, metrics_transactionkind::text FROM metrics_transactionkind",
    "SELECT id, metrics_creditrule::text FROM metrics_creditrule WHERE superseded_at = {never}",
    "SELECT id, incentives_plan::text FROM incentives_plan",
    "SELECT id, incentives_planversion::text FROM incentives_planversion",
    "SELECT id, concat_ws('.', version_id, name) FROM incentives_component",
)
# What a version reads of its own plan: all versions, since one to date reads those before it.
_OF_PLAN = "SELECT part.id, part::text FROM {table} AS part JOIN incentives_planversion AS version"
OF_PLAN = (
    *(
        f"{_OF_PLAN.format(table=table)} ON version.id = part.version_id"
        " WHERE version.plan_id = wanted.plan_id"
        for table in ("incentives_measure", "incentives_ratetable", "incentives_component")
    ),
    "SELECT period.id, period::text FROM org_period AS period JOIN incentives_plan AS plan"
    " ON plan.calendar_id = period.calendar_id WHERE plan.id = wanted.plan_id",
    "SELECT DISTINCT moved.earned_period_id, moved.earned_period_id::text"
    " FROM incentives_transfer AS moved WHERE moved.plan_id = wanted.plan_id"
    " AND moved.origin = 'opening' AND moved.from_account = 'plan'",
)
# The last moment at which a definition, a version or an opening balance changed what a run of
# before stands on.
REPLACED = """
    SELECT coalesce(max(extract(epoch FROM moment)), 0) FROM (
      SELECT max(superseded_at) AS moment FROM metrics_metricdefinition
      WHERE superseded_at <> {never}
      UNION ALL SELECT max(greatest(published_at, withdrawn_at)) FROM incentives_planversion
      WHERE plan_id = {plan}
      UNION ALL SELECT max(recorded_at) FROM incentives_transfer
      WHERE plan_id = {plan} AND origin = 'opening' AND from_account = 'plan') AS replaced
"""
# Every table that is in the hash.
READ = frozenset(re.findall(r"(?:FROM|JOIN) ([a-z]+_[a-z]+)", " ".join((*SHARED, *OF_PLAN))))

_kept: OrderedDict[tuple[int, int, date, str, datetime | None], VersionRules] = OrderedDict()
_lock = Lock()


def load_kept(wanted: Iterable[tuple[PlanVersion, date]]) -> dict[tuple[int, date], VersionRules]:
    """The rules of versions with the definitions of a day each, by id and day.

    One query where all of them are kept; RulesProblem where one is unsound.
    """
    asked = {(version.pk, on): version for version, on in wanted}
    if not asked:
        return {}
    stamps = stamps_of({version.plan_id for version in asked.values()})
    return {
        (pk, on): rules_for(version, on, stamps[version.plan_id])
        for (pk, on), version in asked.items()
    }


def load_one(version: PlanVersion, on: date) -> VersionRules:
    """The same for one version and day."""
    return load_kept([(version, on)])[version.pk, on]


def stamps_of(plans: Iterable[int]) -> dict[int, str]:
    """The hash of all that the versions of each plan read, by plan; one query."""
    wanted = "SELECT id, {} FROM incentives_plan AS asked WHERE id = ANY(%s)"
    return dict(fetch(wanted.format(stamp("asked.id")), [sorted(plans)]))


def stamp(plan: str) -> str:
    """The same hash as an expression of a larger query; ``plan``: the column of the plan's id.

    Behind it stands the moment since which nothing has been replaced, in seconds.
    """
    texts = [*SHARED, *(text.replace("wanted.plan_id", plan) for text in OF_PLAN)]
    replaced = REPLACED.format(never=NEVER, plan=plan)
    return f"md5({' || chr(10) || '.join(map(_rows_of, texts))}) || '|' || ({replaced})"


def rules_for(
    version: PlanVersion, on: date, stamp: str, known: datetime | None = None
) -> VersionRules:
    """The rules of a version under a stamp taken in this transaction: kept, or read and kept.

    ``known``: as they were at the moment of a run. Where nothing has been replaced since, they are
    those of today.
    """
    if known is not None and known.timestamp() >= float(stamp.partition("|")[2]):
        known = None
    key = (current_tenant_id(), version.pk, on, stamp, known)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    found = load(version, on, known)
    if stamps_of([version.plan_id])[version.plan_id] != stamp:
        return found  # something was changed and committed while it was read
    with _lock:
        _kept[key] = found
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


def _rows_of(text: str) -> str:
    """All rows of a query as one text; '' where there are none."""
    query = text.format(tenant="current_setting('app.tenant_id')::bigint", never=NEVER)
    return f"coalesce((SELECT string_agg(x, chr(9) ORDER BY n) FROM ({query}) AS t (n, x)), '')"
