"""The credit stage: what transactions credit to whom, worked out by their kind's rules.

One pass over sets: the transactions of ``touched_deal`` (kind_id, key), those that they are or
were about, and those of the same once-per group. What comes out is compared with the credits that
are there; only what differs is superseded and written. Working everything out anew gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from psycopg.sql import SQL, Composable, Literal

from formula import ERROR_SENTENCES
from metrics.credit_rules import KindRules, To, load
from metrics.crediting import fill_credits
from metrics.deciding import BLANK, PROBLEMS, decide, once_key
from metrics.models import CreditRule, TransactionKind
from metrics.stage import temporary
from org.base import CURRENT
from org.changes import MARKED_SINGLY
from org.models import Tenant
from org.sql import NEVER, execute, fetch
from org.sql import values as rows_query
from org.tenancy import current_tenant_id

MadeMark = tuple[date, date, int | None, int]


@dataclass(frozen=True)
class Credited:
    """What the stage did: credits new, changed and gone; transactions that wait; what moved."""

    moment: datetime
    new: int
    changed: int
    gone: int
    waiting: int
    marks: tuple[MadeMark, ...]

    def sentence(self) -> str:
        """In words; empty where nothing was there to do."""
        if not (self.new or self.changed or self.gone or self.waiting):
            return ""
        waiting = ""
        if self.waiting:
            waiting = f" {self.waiting:,} {'waits' if self.waiting == 1 else 'wait'} in the queue."
        return (
            f"Credits: {self.new:,} new, {self.changed:,} changed, {self.gone:,} taken back."
            f"{waiting}"
        )


def touch_kinds(kinds: Iterable[int]) -> None:
    """Make ``touched_deal`` all transactions of some kinds, also those that are gone."""
    temporary(
        "touched_deal",
        "SELECT DISTINCT kind_id, key FROM metrics_transaction WHERE kind_id = ANY(%s)",
        [list(kinds)],
    )


def credit(*, at: datetime) -> Credited:
    """Work the credits of ``touched_deal`` out anew. Call it under ``hold_values``.

    Credits are recorded at ``at``, or just after those that they replace.
    """
    kinds = list(TransactionKind.objects.order_by("code"))
    everything = load(kinds)
    widen(everything)
    _keep_once_keys(everything)
    zone = Tenant.objects.get(pk=current_tenant_id()).time_zone
    _begin()
    present = {kind for (kind,) in fetch("SELECT DISTINCT kind_id FROM scope_deal")}
    for found in everything:
        if found.kind.pk in present and found.rules:
            decide(found, kinds, zone=zone)
            fill_credits(found)
            _note_problems(found)
    return _write(at)


def _begin() -> None:
    temporary(
        "credit_in",
        "(person_id bigint, day date, metric_id bigint, reference text, numerator numeric,"
        " denominator numeric, transaction_id bigint, rule_id bigint, role text, share numeric,"
        " undone numeric, undone_on date)",
    )
    temporary(
        "waiting_in",
        '(kind_id bigint, key text, "group" text, transaction_id bigint, rule_id bigint,'
        " sentence text, problem text)",
    )


# -- whom a change touches ------------------------------------------------------------------------


def widen(rules: Sequence[KindRules]) -> None:
    """``scope_deal``: the touched transactions and those whose credits may move with them.

    ``near_deal`` are the ones that touched ones are or were about: what is read of them moves even
    where their credits stay.
    """
    temporary(
        "near_deal",
        "SELECT DISTINCT version.about_kind_id AS kind_id, version.about AS key"
        " FROM metrics_transaction AS version JOIN touched_deal AS touched"
        " ON touched.kind_id = version.kind_id AND touched.key = version.key"
        " WHERE version.about <> ''",
    )
    temporary(
        "scope_deal",
        "SELECT kind_id, key FROM touched_deal UNION SELECT kind_id, key FROM near_deal",
    )
    for found in rules:
        every = sorted({rule.once_per for rule in found.rules if rule.once_per})
        # Who comes in by one key is ranked by the others, too: so those beside it come in as well.
        while sum([_widen_once(found.kind, names) for names in every]) and len(every) > 1:
            pass
    execute("ANALYZE scope_deal")


def _once_names(names: Sequence[str]) -> str:
    return ", ".join(names)[:500]


def _widen_once(kind: TransactionKind, names: Sequence[str]) -> int:
    """Add those that share a once-per key with one in scope, in any version of it; how many."""
    return execute(
        SQL(
            "INSERT INTO scope_deal SELECT beside.kind_id, beside.key FROM ("
            "  SELECT DISTINCT md5({known}) AS once FROM metrics_transaction AS version"
            "  JOIN scope_deal AS scope ON scope.kind_id = version.kind_id"
            "  AND scope.key = version.key WHERE version.kind_id = {kind}) AS own"
            " JOIN metrics_oncekey AS beside ON beside.kind_id = {kind}"
            "  AND beside.names = {names} AND beside.once = own.once"
            " EXCEPT SELECT kind_id, key FROM scope_deal"
        ).format(
            kind=Literal(kind.pk),
            names=Literal(_once_names(names)),
            known=once_key(kind, names, "version"),
        )
    )


def _keep_once_keys(rules: Sequence[KindRules]) -> None:
    """Note by which once-per keys those in scope are found the next time."""
    kinds = [found for found in rules if any(rule.once_per for rule in found.rules)]
    for found in kinds:
        execute(
            "DELETE FROM metrics_oncekey AS once USING scope_deal AS scope WHERE once.kind_id = %s"
            " AND scope.kind_id = once.kind_id AND scope.key = once.key",
            [found.kind.pk],
        )
        for names in sorted({rule.once_per for rule in found.rules if rule.once_per}):
            known = once_key(found.kind, names, "deal")
            execute(
                SQL(
                    "INSERT INTO metrics_oncekey (kind_id, key, names, once)"
                    " SELECT deal.kind_id, deal.key, {names}, md5({known})"
                    " FROM metrics_transaction AS deal JOIN scope_deal AS scope"
                    " ON scope.kind_id = deal.kind_id AND scope.key = deal.key"
                    " WHERE deal.kind_id = {kind} AND deal.superseded_at = {never}"
                    " AND {known} IS NOT NULL"
                ).format(
                    names=Literal(_once_names(names)),
                    known=known,
                    kind=Literal(found.kind.pk),
                    never=SQL(NEVER),
                )
            )


def _note_problems(found: KindRules) -> None:
    """``waiting_in``: a sentence for each transaction and group that credits nobody."""
    rules = rows_query(
        [(r.number, r.pk, r.group, r.words) for r in found.rules],
        [("number", "int"), ("pk", "bigint"), ("group", "text"), ("words", "text")],
    )
    problems = rows_query(list(PROBLEMS.items()), [("code", "text"), ("text", "text")])
    errors = rows_query(list(ERROR_SENTENCES.items()), [("code", "text"), ("text", "text")])
    execute(
        SQL(
            'INSERT INTO waiting_in SELECT {kind}, w.key, rule."group", w.id, min(rule.pk),'
            " left(format('Rule %s took it, but %s.', min(rule.words), string_agg("
            "  rtrim(replace(problem.text, '{{}}', coalesce(error.text, w.err, {blank})), '.'),"
            "  '; ' ORDER BY w.problem, w.err)), 500), min(w.problem)"
            " FROM (SELECT id, key, rule, problem, err FROM decided WHERE problem IS NOT NULL"
            "  UNION SELECT id, key, rule, problem, err FROM uncredited) AS w"
            " JOIN ({rules}) AS rule ON rule.number = w.rule"
            " JOIN ({problems}) AS problem ON problem.code = w.problem"
            " LEFT JOIN ({errors}) AS error ON error.code = w.err"
            ' GROUP BY w.key, rule."group", w.id'
        ).format(
            kind=Literal(found.kind.pk),
            blank=Literal(BLANK),
            rules=rules,
            problems=problems,
            errors=errors,
        )
    )


# -- writing --------------------------------------------------------------------------------------

_FIGURES = "numerator, denominator, transaction_id, rule_id, role, share, undone, undone_on"


def _write(at: datetime) -> Credited:
    """Compare ``credit_in`` with the credits of the scope; supersede and write what differs."""
    execute("ANALYZE credit_in")
    temporary(
        "credit_old",
        "SELECT value.person_id, value.day, value.metric_id, value.reference, value.recorded_at,"
        f" {_listed('value')}, near.key IS NOT NULL AS near"
        " FROM scope_deal AS scope JOIN metrics_transaction AS version"
        " ON version.kind_id = scope.kind_id AND version.key = scope.key"
        f" JOIN metrics_value AS value ON value.transaction_id = version.id"
        f" AND value.superseded_at = {NEVER}"
        " LEFT JOIN near_deal AS near ON near.kind_id = scope.kind_id AND near.key = scope.key",
    )
    key = "person_id, day, metric_id, reference"
    temporary(
        "credit_compared",
        f"SELECT {key}, CASE WHEN new.transaction_id IS NULL THEN 'gone'"
        " WHEN old.transaction_id IS NULL THEN 'new'"
        f" WHEN ({_listed('old')}) IS NOT DISTINCT FROM ({_listed('new')}) THEN 'same'"
        " ELSE 'changed' END AS fate, old.recorded_at, old.undone_on AS undone_before,"
        f" old.near, {_listed('new')}"
        f" FROM credit_in AS new FULL JOIN credit_old AS old USING ({key})",
    )
    counts: dict[str, int] = dict(fetch("SELECT fate, count(*) FROM credit_compared GROUP BY 1"))
    held = fetch("SELECT max(recorded_at) FROM credit_compared WHERE fate IN ('gone', 'changed')")[
        0
    ][0]
    moment = at if held is None or held < at else held + timedelta(microseconds=1)
    _replace(moment, counts)
    return Credited(
        moment=moment,
        new=counts.get("new", 0),
        changed=counts.get("changed", 0),
        gone=counts.get("gone", 0),
        waiting=_replace_waiting(),
        marks=_marks(),
    )


def _listed(row: str) -> str:
    return ", ".join(f"{row}.{name.strip()}" for name in _FIGURES.split(","))


def _replace(moment: datetime, counts: dict[str, int]) -> None:
    if counts.get("gone") or counts.get("changed"):
        execute(
            "UPDATE metrics_value AS v SET superseded_at = %s FROM credit_compared AS c"
            " WHERE v.person_id = c.person_id AND v.day = c.day AND v.metric_id = c.metric_id"
            f" AND v.reference = c.reference AND v.superseded_at = {NEVER}"
            " AND c.fate IN ('gone', 'changed')",
            [moment],
        )
    if counts.get("new") or counts.get("changed"):
        execute(
            "INSERT INTO metrics_value (person_id, day, metric_id, reference, superseded_at,"
            f" recorded_at, {_FIGURES}, assignment_id)"
            f" SELECT c.person_id, c.day, c.metric_id, c.reference, {NEVER}, %s, {_listed('c')},"
            f" coalesce(main.id, {_OTHER_JOB}) FROM credit_compared AS c"
            " LEFT JOIN org_assignment AS main ON main.person_id = c.person_id"
            f" AND main.superseded_at = {NEVER} AND main.slot = 'primary'"
            " AND main.valid_from <= c.day AND main.valid_to > c.day"
            " WHERE c.fate IN ('new', 'changed')",
            [moment],
        )


# A transaction names no job slot: the primary job of the day, else the only other one.
_OTHER_JOB = (
    "(SELECT job.id FROM org_assignment AS job WHERE job.person_id = c.person_id"
    f" AND job.superseded_at = {NEVER} AND job.valid_from <= c.day AND job.valid_to > c.day"
    " ORDER BY job.slot LIMIT 1)"
)


def _replace_waiting() -> int:
    """What waits of the scope is what has come out now; how many touched ones wait."""
    execute(
        "DELETE FROM metrics_waiting AS w USING scope_deal AS scope"
        " WHERE scope.kind_id = w.kind_id AND scope.key = w.key"
    )
    execute(
        "INSERT INTO metrics_waiting"
        ' (kind_id, key, "group", transaction_id, rule_id, sentence, problem)'
        ' SELECT kind_id, key, "group", transaction_id, rule_id, sentence, problem'
        " FROM waiting_in"
    )
    return int(
        fetch(
            "SELECT count(DISTINCT (kind_id, key)) FROM waiting_in JOIN touched_deal"
            " USING (kind_id, key)"
        )[0][0]
    )


def _marks() -> tuple[MadeMark, ...]:
    """Days of credits that moved, old and new, per person, metric and month; undone days too."""
    moved = "FROM credit_compared WHERE (fate <> 'same' OR near)"
    temporary(
        "credit_moved",
        f"SELECT person_id, metric_id, day {moved} UNION"
        f" SELECT person_id, metric_id, undone_on {moved} AND undone_on IS NOT NULL UNION"
        f" SELECT person_id, metric_id, undone_before {moved} AND undone_before IS NOT NULL",
    )
    few = fetch(
        "SELECT count(*) <= %s FROM (SELECT DISTINCT person_id, metric_id FROM credit_moved) AS p",
        [MARKED_SINGLY],
    )[0][0]
    person = "person_id" if few else "NULL::bigint"
    found = fetch(
        f"SELECT min(day), max(day), {person}, metric_id FROM credit_moved"
        " GROUP BY 3, 4, date_trunc('month', day) ORDER BY 1, 3, 4"
    )
    return tuple((first, last, who, metric) for first, last, who, metric in found)


# -- when assignments change ----------------------------------------------------------------------


def kinds_by_assignment() -> list[KindRules]:
    """Kinds with a rule that credits managers or heads of units, who change with assignments."""
    rows = CreditRule.objects.filter(CURRENT).values_list("kind_id", "to")
    wanted = {kind for kind, to in rows if any(To(one).how != "party" for one in to)}
    return load(TransactionKind.objects.filter(pk__in=wanted).order_by("code"))


def touch_managed(rules: Sequence[KindRules]) -> int:
    """``touched_deal``: transactions whose managers or unit heads the taken marks may have moved.

    How many there are. The marks are those of ``taken_mark``.
    """
    managed: list[Composable] = []
    for found in rules:
        heads = any(to.how == "unit" for rule in found.rules for to in rule.to)
        managed.append(SQL(_MANAGED_ALL if heads else _MANAGED).format(Literal(found.kind.pk)))
    temporary("touched_deal", "(kind_id bigint, key text)")
    count = 0
    for query in managed:
        count += execute(SQL("INSERT INTO touched_deal {}").format(query))
    execute("ANALYZE touched_deal")
    return count


_MARKED = (
    "(SELECT person_id FROM taken_mark WHERE kind IN ('assignment', 'employment')"
    " AND person_id IS NOT NULL)"
)
_MANAGED = (
    "SELECT DISTINCT deal.kind_id, deal.key FROM metrics_party AS party"
    " JOIN metrics_transaction AS deal ON deal.id = party.transaction_id"
    f" WHERE party.person_id IN {_MARKED} AND deal.superseded_at = {NEVER} AND deal.kind_id = {{}}"
)
_MANAGED_ALL = (
    "SELECT deal.kind_id, deal.key FROM metrics_transaction AS deal"
    f" WHERE EXISTS {_MARKED} AND deal.superseded_at = {NEVER} AND deal.kind_id = {{}}"
)
