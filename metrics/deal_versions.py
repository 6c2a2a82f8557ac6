"""New versions of transactions that are there: what an undoing brings back, what is corrected.

History stays as it was known: what holds again is written as a version of its own.
"""

from __future__ import annotations

from datetime import datetime

from metrics.deal_parties import AS_LIST, SET, SET_PARTIES, listed
from metrics.stage import temporary
from org.sql import NEVER, execute, fetch


def supersede_delivered(delivery: int, moment: datetime) -> int:
    """End what a delivery brought and nothing newer has replaced; how many transactions.

    Fills ``touched_deal`` with their keys.
    """
    temporary(
        "touched_deal",
        "SELECT kind_id, key FROM metrics_transaction"
        f" WHERE delivery_id = %s AND superseded_at = {NEVER}",
        [delivery],
    )
    return execute(
        "UPDATE metrics_transaction SET superseded_at = %s"
        f" WHERE delivery_id = %s AND superseded_at = {NEVER}",
        [moment, delivery],
    )


def latest_recorded(delivery: int) -> datetime | None:
    """When the youngest transaction that a delivery brought, and that still holds, was recorded."""
    found: datetime | None = fetch(
        "SELECT max(recorded_at) FROM metrics_transaction"
        f" WHERE delivery_id = %s AND superseded_at = {NEVER}",
        [delivery],
    )[0][0]
    return found


def bring_back(moment: datetime) -> int:
    """Let the latest version of each touched key hold again whose delivery is not undone."""
    temporary(
        "deal_again",
        "SELECT DISTINCT ON (version.kind_id, version.key) version.id AS base,"
        " coalesce(version.delivered, version.attributes) AS delivered,"
        " coalesce(version.delivered, version.attributes) || coalesce(hand.set, '{}')"
        "  AS attributes, hand.parties"
        " FROM touched_deal AS touched JOIN metrics_transaction AS version"
        "  ON version.kind_id = touched.kind_id AND version.key = touched.key"
        " JOIN metrics_delivery AS delivery ON delivery.id = version.delivery_id"
        "  AND delivery.undone_at IS NULL"
        f" LEFT JOIN LATERAL (SELECT {SET}, {SET_PARTIES}"
        "  FROM metrics_transactioncorrection AS c WHERE c.kind_id = version.kind_id"
        f"  AND c.key = version.key AND c.superseded_at = {NEVER}) AS hand ON true"
        " ORDER BY version.kind_id, version.key, version.version DESC",
    )
    return write_again(moment)


def write_again(moment: datetime) -> int:
    """Write each row of ``deal_again`` (base, delivered, attributes, parties) as the next version.

    ``parties``: those that somebody set by hand; NULL: as delivered. All else is that of the
    version ``base``. Nothing of the key may be current.
    """
    temporary(
        "deal_numbered",
        "SELECT again.*, base.kind_id, base.key, (SELECT max(version) + 1"
        "  FROM metrics_transaction AS every WHERE every.kind_id = base.kind_id"
        f"  AND every.key = base.key) AS version, {_DELIVERED} AS delivered_parties"
        " FROM deal_again AS again JOIN metrics_transaction AS base ON base.id = again.base",
    )
    written = execute(
        "INSERT INTO metrics_transaction (kind_id, key, version, delivery_id, attributes,"
        " delivered, delivered_parties, about, about_kind_id, recorded_at, superseded_at)"
        " SELECT base.kind_id, base.key, again.version, base.delivery_id, again.attributes,"
        " CASE WHEN again.attributes <> again.delivered THEN again.delivered END,"
        " CASE WHEN again.parties IS NOT NULL THEN again.delivered_parties END, base.about,"
        f" base.about_kind_id, %s, {NEVER} FROM deal_numbered AS again"
        " JOIN metrics_transaction AS base ON base.id = again.base",
        [moment],
    )
    execute(
        "INSERT INTO metrics_party (transaction_id, role, person_id, share)"
        " SELECT now.id, party.role, party.person_id, party.share FROM deal_numbered AS again"
        " JOIN metrics_transaction AS now ON now.kind_id = again.kind_id AND now.key = again.key"
        "  AND now.version = again.version CROSS JOIN LATERAL"
        f" {listed('coalesce(again.parties, again.delivered_parties)')} AS party"
    )
    return written


# The parties of a version as its delivery had them.
_DELIVERED = (
    f"coalesce(base.delivered_parties, (SELECT {AS_LIST} FROM metrics_party AS p"
    " WHERE p.transaction_id = base.id))"
)
