"""Staging transactions: arrived rows are judged by SQL, compared with what is there, and written.

Temporary tables of the transaction at hand: ``arrived`` (what the mapper made of each row),
``rejected``, ``deal_in`` (one transaction per key, with people known) and ``touched_deal`` (the
keys that changed, for the credit stage).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from metrics import stage
from metrics.compare import Outcome
from metrics.deal_parties import AS_LIST, SET, SET_PARTIES, listed
from metrics.models import Source, TransactionKind
from metrics.stage import temporary
from metrics.transaction_map import TransactionMap
from org.sql import NEVER, execute, fetch

NAMED = 5


def check(source: Source, kind: TransactionKind, deal_map: TransactionMap) -> None:
    """From ``arrived`` to ``deal_in``: rows with a known person in each role, each key once."""
    temporary(
        "staged",
        "SELECT line, NULL::bigint AS metric_id, party ->> 0 AS verb, party ->> 2 AS person, day,"
        " '' AS reference, NULL::text AS slot, (party ->> 3)::numeric AS numerator,"
        " NULL::numeric AS denominator, NULL::text AS reason, party ->> 1 AS col,"
        " NULL::text AS value, NULL::text AS sentence"
        " FROM arrived CROSS JOIN LATERAL jsonb_array_elements(parties) AS party"
        " WHERE reason IS NULL UNION ALL"
        " SELECT line, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, reason, col, value, sentence"
        " FROM arrived WHERE reason IS NOT NULL",
    )
    stage.resolve(source, deal_map.people_by, "")
    _reject_repeated_keys((deal_map.key or ("",))[0])
    _reject_people_twice()
    temporary(
        "deal_party",
        "SELECT line, verb AS role, person_id, numerator AS share FROM resolved"
        " WHERE line NOT IN (SELECT line FROM rejected)",
    )
    temporary(
        "deal_in",
        "SELECT a.line, a.key, a.attributes, a.about, a.day, coalesce(p.parties, '') AS parties"
        " FROM arrived AS a LEFT JOIN (SELECT line, " + _PARTIES + " AS parties FROM deal_party"
        " GROUP BY line) AS p USING (line)"
        " WHERE a.reason IS NULL AND a.line NOT IN (SELECT line FROM rejected)",
    )


_PARTIES = (
    "string_agg(role || ' ' || person_id || ' ' || coalesce(trim_scale(share)::text, ''), '|'"
    " ORDER BY role, person_id)"
)


def _reject_repeated_keys(column: str) -> None:
    """A key that stands in two lines: nobody can say which counts, so none does."""
    execute(
        "WITH repeated AS (SELECT key, array_agg(line ORDER BY line) AS lines FROM arrived"
        " WHERE reason IS NULL GROUP BY key HAVING count(*) > 1)"
        " INSERT INTO rejected SELECT a.line, %s, a.key, 'repeated_key',"
        " left(format('Line %%s: the key “%%s” stands in the lines %%s of this file, and nobody can"
        " say which counts. None was taken: leave one of them in.', a.line, a.key,"
        " array_to_string(r.lines[1:array_length(r.lines, 1) - 1], ', ') || ' and '"
        " || r.lines[array_length(r.lines, 1)]), 500)"
        " FROM arrived AS a JOIN repeated AS r USING (key)"
        " WHERE a.reason IS NULL AND a.line NOT IN (SELECT line FROM rejected)",
        [column],
    )


def _reject_people_twice() -> None:
    execute(
        "INSERT INTO rejected SELECT DISTINCT ON (r.line) r.line, r.col, r.person, 'person_twice',"
        " left(format('Line %%s names “%%s” twice as %%s. Add the shares up in one place.',"
        " r.line, r.person, r.verb), 500) FROM (SELECT *, count(*) OVER (PARTITION BY line, verb,"
        " person_id) AS times FROM resolved WHERE person_id IS NOT NULL) AS r"
        " WHERE r.times > 1 AND r.line NOT IN (SELECT line FROM rejected) ORDER BY r.line",
        [],
    )


def compare(kind: TransactionKind, at: datetime, *, about: TransactionKind | None) -> Outcome:
    """``deal_compared``: each transaction with its fate, version and effective attributes."""
    temporary(
        "deal_compared",
        "SELECT i.line, i.key, i.attributes AS delivered, i.about, i.day, i.parties, old.id AS old,"
        " old.recorded_at AS held_since, c.key IS NOT NULL AS corrected,"
        " i.attributes || coalesce(c.set, '{}') AS attributes, c.parties AS set_parties,"
        " coalesce(v.version, 0) + 1 AS version,"
        " CASE WHEN old.id IS NULL THEN 'new'"
        " WHEN coalesce(old.delivered, old.attributes) = i.attributes AND old.about = i.about"
        "  AND old.about_kind_id IS NOT DISTINCT FROM CASE WHEN i.about <> '' THEN %s::bigint END"
        "  AND coalesce(p.parties, '') = i.parties THEN 'same' ELSE 'changed' END AS fate"
        " FROM deal_in AS i"
        f" LEFT JOIN metrics_transaction AS old ON old.kind_id = %s AND old.key = i.key"
        f" AND old.superseded_at = {NEVER}"
        " LEFT JOIN (SELECT key, max(version) AS version FROM metrics_transaction"
        "  WHERE kind_id = %s GROUP BY key) AS v ON v.key = i.key"
        " LEFT JOIN LATERAL (SELECT CASE WHEN old.delivered_parties IS NULL"
        f"  THEN (SELECT {_PARTIES} FROM metrics_party WHERE transaction_id = old.id)"
        f"  ELSE (SELECT {_PARTIES} FROM {listed('old.delivered_parties')} AS d) END AS parties"
        "  ) AS p ON old.id IS NOT NULL"
        f" LEFT JOIN ({CORRECTED}) AS c ON c.key = i.key",
        [about and about.pk, kind.pk, kind.pk, kind.pk],
    )
    counts: dict[str, int] = dict(fetch("SELECT fate, count(*) FROM deal_compared GROUP BY fate"))
    first, last, held, corrected = fetch(
        "SELECT min(day), max(day), max(held_since) FILTER (WHERE fate = 'changed'),"
        " count(*) FILTER (WHERE corrected AND fate <> 'same') FROM deal_compared"
    )[0]
    return Outcome(
        moment=at if held is None or held < at else held + timedelta(microseconds=1),
        new=counts.get("new", 0),
        changed=counts.get("changed", 0),
        unchanged=counts.get("same", 0),
        kept=corrected,
        not_covered=0,
        not_covered_examples=(),
        first_day=first,
        last_day=last,
    )


# What was set by hand of each transaction of a kind; it stands over whatever is delivered.
CORRECTED = (
    f"SELECT key, {SET}, {SET_PARTIES} FROM metrics_transactioncorrection"
    f" WHERE kind_id = %s AND superseded_at = {NEVER} GROUP BY key"
)


def write(
    delivery: int, kind: TransactionKind, outcome: Outcome, *, about: TransactionKind | None
) -> None:
    """Supersede what changed, write new versions with their parties, and fill ``touched_deal``."""
    execute(
        "UPDATE metrics_transaction AS t SET superseded_at = %s FROM deal_compared AS c"
        " WHERE t.id = c.old AND c.fate = 'changed'",
        [outcome.moment],
    )
    execute(
        "INSERT INTO metrics_transaction (kind_id, key, version, delivery_id, attributes,"
        " delivered, delivered_parties, about, about_kind_id, recorded_at, superseded_at)"
        " SELECT %s, key, version, %s, attributes,"
        " CASE WHEN attributes <> delivered THEN delivered END,"
        " CASE WHEN set_parties IS NOT NULL THEN (SELECT"
        f"  {AS_LIST} FROM deal_party AS p WHERE p.line = deal_compared.line) END, about,"
        f" CASE WHEN about <> '' THEN %s::bigint END, %s, {NEVER}"
        " FROM deal_compared WHERE fate IN ('new', 'changed')",
        [kind.pk, delivery, about and about.pk, outcome.moment],
    )
    execute(
        "INSERT INTO metrics_party (transaction_id, role, person_id, share)"
        " SELECT t.id, p.role, p.person_id, p.share FROM deal_compared AS c"
        " JOIN metrics_transaction AS t ON t.kind_id = %s AND t.key = c.key"
        f" AND t.superseded_at = {NEVER} JOIN deal_party AS p ON p.line = c.line"
        " WHERE c.fate IN ('new', 'changed') AND c.set_parties IS NULL",
        [kind.pk],
    )
    execute(
        "INSERT INTO metrics_party (transaction_id, role, person_id, share)"
        " SELECT t.id, p.role, p.person_id, p.share FROM deal_compared AS c"
        " JOIN metrics_transaction AS t ON t.kind_id = %s AND t.key = c.key"
        f" AND t.superseded_at = {NEVER} CROSS JOIN LATERAL {listed('c.set_parties')} AS p"
        " WHERE c.fate IN ('new', 'changed')",
        [kind.pk],
    )
    temporary(
        "touched_deal",
        "SELECT %s::bigint AS kind_id, key FROM deal_compared WHERE fate IN ('new', 'changed')",
        [kind.pk],
    )


def changed_keys() -> str:
    """The first few keys of transactions that were there before and have changed."""
    rows = fetch(
        "SELECT key FROM deal_compared WHERE fate = 'changed' ORDER BY line LIMIT %s", [NAMED + 1]
    )
    keys = [key for (key,) in rows]
    return ", ".join(keys[:NAMED]) + (" …" if len(keys) > NAMED else "")
