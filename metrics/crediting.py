"""From decided transactions to credits: to whom, with which share, and what is left over.

``credit_in`` gets one row for each credit; ``uncredited`` (id, key, rule, problem, err) says which
decided ones credit nobody, and why.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.sql import SQL, Composable, Literal

from metrics.credit_rules import KindRules, Rule
from metrics.deciding import holds_all
from org.sql import NEVER, execute, keep, values

LONGEST_REFERENCE = 120


def fill_credits(found: KindRules) -> None:
    """Add the credits of ``decided`` to ``credit_in``; needs nothing but that table."""
    keep("rule_to", _whom(found))
    splits = [rule for rule in found.rules if rule.split]
    keep("bad_split", _bad_splits(splits, whole=bool(splits) and holds_all(found.kind)))
    hows = {to.how for rule in found.rules for to in rule.to}
    branches = [SQL(query) for how, query in _BRANCHES.items() if how in hows]
    every = SQL(" UNION ALL ").join(branches or [SQL(_PARTIES)])
    keep("credited", SQL("SELECT * FROM ({}) AS c ({})").format(every, SQL(_COLUMNS)))
    _keep_earliest(found)
    keep("uncredited", SQL(_UNCREDITED))
    execute(
        SQL(
            "INSERT INTO credit_in SELECT c.person_id, c.day, rule.into_id, {reference},"
            " round(c.amount * CASE WHEN rule.weighted THEN c.weight ELSE 1 END"
            "  * coalesce(c.share, 1), 12), round(c.weight * coalesce(c.share, 1), 12),"
            " c.id, rule.pk, c.role, c.share, round(c.undone, 12), c.undone_on"
            " FROM credited AS c JOIN ({rules}) AS rule ON rule.number = c.rule"
            " WHERE c.person_id IS NOT NULL AND c.share IS DISTINCT FROM 0"
        ).format(
            reference=_reference(found.kind.code),
            rules=values(
                [(r.number, r.pk, r.group, r.into, r.weighted) for r in found.rules],
                [
                    ("number", "int"),
                    ("pk", "bigint"),
                    ("group", "text"),
                    ("into_id", "bigint"),
                    ("weighted", "boolean"),
                ],
            ),
        )
    )
    if splits:
        _give_rests(splits)


def _keep_earliest(found: KindRules) -> None:
    """Of each once-per key the earliest stays, by the credit's day, then by key.

    What waits holds no place: somebody must be credited by it.
    """
    for group, order in sorted({(r.group, r.order) for r in found.rules if r.once_per}):
        numbers = [r.number for r in found.rules if (r.group, r.order) == (group, order)]
        keep(
            "late",
            SQL(
                "SELECT id, rule FROM (SELECT id, rule, row_number() OVER (PARTITION BY once"
                ' ORDER BY day, key COLLATE "C") AS place FROM decided AS d'
                " WHERE rule = ANY({}) AND problem IS NULL AND once IS NOT NULL AND EXISTS ("
                "  SELECT 1 FROM credited AS c WHERE c.id = d.id AND c.rule = d.rule"
                "  AND c.person_id IS NOT NULL)) AS ranked WHERE place > 1"
            ).format(Literal(numbers)),
        )
        for table in ("decided", "credited"):
            execute(
                f"DELETE FROM {table} AS d USING late WHERE late.id = d.id AND late.rule = d.rule"
            )


def _whom(found: KindRules) -> Composable:
    """``rule_to``: what each rule credits, a row for each role or unit."""
    rows = [
        (rule.number, to.how, to.written, to.name)
        for rule in found.rules
        for to in dict.fromkeys(rule.to)
    ]
    columns = [("rule", "int"), ("how", "text"), ("role", "text"), ("name", "text")]
    return values(rows, columns)


def _bad_splits(rules: Sequence[Rule], *, whole: bool) -> Composable:
    """Transactions whose shares among the roles of a split rule do not sum to exactly 100 %.

    ``whole``: of all that there are, also those that the rule does not take.
    """
    queries = [
        SQL(
            "SELECT {rule}::int AS rule, transaction_id AS id,"
            " trim_scale(sum(coalesce(share, 1)) * 100)::text || ' %' AS err FROM metrics_party"
            "{decided} WHERE role = ANY ({roles}) GROUP BY transaction_id"
            " HAVING sum(coalesce(share, 1)) <> 1"
        ).format(
            rule=Literal(rule.number),
            decided=SQL("" if whole else _THOSE_DECIDED).format(rule=Literal(rule.number)),
            roles=Literal([to.name for to in rule.to if to.how == "party"]),
        )
        for rule in rules
    ]
    nothing = SQL("SELECT NULL::int AS rule, NULL::bigint AS id, NULL::text AS err WHERE false")
    return SQL(" UNION ALL ").join([*queries, nothing])


_THOSE_DECIDED = " JOIN decided ON decided.id = transaction_id AND decided.rule = {rule}"
_DECIDED = (
    "FROM decided AS d JOIN rule_to ON rule_to.rule = d.rule AND rule_to.how = '{how}'"
    " {join} WHERE d.problem IS NULL"
    # In any group: a transaction whose shares are wrong credits nobody, no overlay either.
    " AND NOT EXISTS (SELECT 1 FROM bad_split AS bad WHERE bad.id = d.id)"
)
_D = "d.id, d.key, d.rule, d.day, d.amount, d.weight, d.undone, d.undone_on"

# Who plays the role, each with the own share; without a share, the whole.
_PARTIES = f"SELECT {_D}, rule_to.role, party.person_id, party.share, NULL::text AS err " + (
    _DECIDED.format(
        how="party",
        join="JOIN metrics_party AS party ON party.transaction_id = d.id"
        " AND party.role = rule_to.name",
    )
)

# The manager of a day, once for all people of the role: with their shares, and the whole at most.
_MANAGERS = (
    f"SELECT {_D}, rule_to.role, job.manager_id, CASE WHEN bool_and(party.share IS NULL) THEN NULL"
    " ELSE least(sum(coalesce(party.share, 1)), 1) END,"
    " format('%s has no manager on %s', string_agg(person.name, ' and ' ORDER BY person.name),"
    " d.day) "
    + _DECIDED.format(
        how="manager",
        join="JOIN metrics_party AS party ON party.transaction_id = d.id"
        " AND party.role = rule_to.name JOIN org_person AS person ON person.id = party.person_id"
        " LEFT JOIN LATERAL (SELECT a.manager_id FROM org_assignment AS a"
        f"  WHERE a.person_id = party.person_id AND a.superseded_at = {NEVER}"
        "  AND a.valid_from <= d.day AND a.valid_to > d.day"
        "  ORDER BY a.slot <> 'primary', a.slot LIMIT 1) AS job ON true",
    )
    + f" GROUP BY {_D}, rule_to.role, job.manager_id"
)

# The head of a unit: the one person whom those who work there that day have as manager.
_HEADS = (
    f"SELECT {_D}, rule_to.role, CASE WHEN head.people = 1 THEN head.person END, NULL::numeric,"
    " CASE WHEN head.people = 0 THEN format('nobody who works in %s on %s has a manager there',"
    "  rule_to.role, d.day) ELSE format('those who work in %s on %s have %s managers, and it is"
    " not said which one is meant', rule_to.role, d.day, head.people) END "
    + _DECIDED.format(
        how="unit",
        join="JOIN org_unit AS unit ON unit.code = rule_to.name CROSS JOIN LATERAL"
        " (SELECT count(DISTINCT a.manager_id) AS people, min(a.manager_id) AS person"
        "  FROM org_assignment AS a WHERE a.unit_id = unit.id"
        f"  AND a.superseded_at = {NEVER} AND a.valid_from <= d.day AND a.valid_to > d.day)"
        " AS head",
    )
)

_COLUMNS = "id, key, rule, day, amount, weight, undone, undone_on, role, person_id, share, err"
_BRANCHES = {"party": _PARTIES, "manager": _MANAGERS, "unit": _HEADS}

_UNCREDITED = """
    SELECT c.id, c.key, c.rule,
           CASE WHEN c.role LIKE 'unit %' THEN 'no_head' ELSE 'no_manager' END AS problem, c.err
    FROM credited AS c WHERE c.person_id IS NULL
    UNION ALL
    SELECT d.id, d.key, d.rule, 'split', bad.err
    FROM decided AS d JOIN bad_split AS bad ON bad.rule = d.rule AND bad.id = d.id
    WHERE d.problem IS NULL
    UNION ALL
    SELECT d.id, d.key, d.rule, 'nobody',
           (SELECT string_agg(name, '” or “' ORDER BY name) FROM rule_to
            WHERE rule_to.rule = d.rule)
    FROM decided AS d WHERE d.problem IS NULL
      AND NOT EXISTS (SELECT 1 FROM credited AS c WHERE c.id = d.id AND c.rule = d.rule)
      AND NOT EXISTS (SELECT 1 FROM bad_split AS bad WHERE bad.id = d.id)
"""


def _reference(kind: str) -> Composable:
    """``kind/key/group/role``, the same for all versions; a long one is cut, and ends in a hash."""
    whole = SQL("{} || '/' || c.key || '/' || rule.\"group\" || '/' || c.role").format(
        Literal(kind)
    )
    return SQL(
        "CASE WHEN octet_length({whole}) <= {longest} THEN {whole}"
        " ELSE left({whole}, {cut}) || '~' || md5({whole}) END"
    ).format(whole=whole, longest=Literal(LONGEST_REFERENCE), cut=Literal(LONGEST_REFERENCE - 33))


def _give_rests(rules: Sequence[Rule]) -> None:
    """Parts of a split add up to the whole: what twelve places leave over, the first one gets."""
    execute(
        "WITH inexact AS (SELECT DISTINCT c.id, c.rule FROM credited AS c WHERE c.rule = ANY(%s)"
        "  AND (scale(trim_scale(c.amount * c.share)) > 12"
        "   OR scale(trim_scale(c.weight * c.share)) > 12)),"
        " whole AS (SELECT d.id, rule.pk AS rule_id, round(d.amount, 12) AS amount,"
        "  round(d.weight, 12) AS weight FROM inexact JOIN decided AS d USING (id, rule)"
        "  JOIN unnest(%s::int[], %s::bigint[]) AS rule (number, pk) ON rule.number = d.rule),"
        " parts AS (SELECT i.transaction_id, i.rule_id, i.person_id, i.role,"
        "  sum(i.numerator) OVER deal AS amount, sum(i.denominator) OVER deal AS weight,"
        "  row_number() OVER (deal ORDER BY person.code, i.role) AS place"
        "  FROM credit_in AS i JOIN whole ON whole.id = i.transaction_id"
        "  AND whole.rule_id = i.rule_id JOIN org_person AS person ON person.id = i.person_id"
        "  WINDOW deal AS (PARTITION BY i.transaction_id, i.rule_id))"
        " UPDATE credit_in AS i SET numerator = i.numerator + whole.amount - parts.amount,"
        " denominator = i.denominator + whole.weight - parts.weight"
        " FROM parts JOIN whole ON whole.id = parts.transaction_id"
        " AND whole.rule_id = parts.rule_id"
        " WHERE parts.place = 1 AND i.transaction_id = parts.transaction_id"
        " AND i.rule_id = parts.rule_id AND i.person_id = parts.person_id AND i.role = parts.role",
        [
            [rule.number for rule in rules if not rule.weighted],
            [rule.number for rule in rules],
            [rule.pk for rule in rules],
        ],
    )
