"""Which rule of each group takes a transaction, and what it makes of it: one statement per kind.

``decided`` has one row for each transaction and group whose first fitting rule credits a metric,
or cannot: then ``problem`` says why (a code of ``PROBLEMS``) and ``err`` what a formula said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Formula, Ref, key_of, layers
from metrics.attributes import ABOUT, aggregated, attribute, attributes_of, columns
from metrics.credit_rules import RECORDED, KindRules, Rule, about_refs
from metrics.models import TransactionKind
from org.sql import NEVER, execute, fetch, keep

LIMIT = 10**15

# What is said of a transaction that waits; {} stands for what a formula or the data said.
PROBLEMS = {
    "undone": "how far it is undone cannot be worked out: {}",
    "undone_range": "the part undone came out as {}, and must lie between 0 and 1: write "
    "MIN(1, …) where more than the whole can come back",
    "undone_on": "it is undone, but the date on which is blank",
    "when": "whether the rule takes it cannot be decided: {}",
    "no_day": "the date “{}” by which it counts is blank; it credits as soon as that is known",
    "amount": "its amount cannot be worked out: {}",
    "too_large": "the amount came out as {}, which reaches 10 to the 15th: look for a wrong factor",
    "weight": "its weight cannot be worked out: {}",
    "once": "“{}”, by which it credits only once, is blank",
    "split": "the shares sum to {} and not to 100 %",
    "nobody": "nobody plays the role “{}” in it",
    "no_manager": "{}",
    "no_head": "{}",
}
BLANK = "something that it reads is blank"


def decide(
    found: KindRules, kinds: Sequence[TransactionKind], *, zone: str, excluded: bool = False
) -> int:
    """Fill ``decided`` for the transactions of one kind in ``scope_deal``; how many rows.

    ``excluded``: also those that a rule takes to credit nobody, on purpose.
    """
    steps = [_formulas(found)]
    base = SQL("({})").format(_base(found, kinds, zone, whole=holds_all(found.kind)))
    never = {ref.column for ref in found.refs}
    # Whether a rule takes it is settled here; only amounts and the like are read again below.
    names = [name for name, _ in steps[0]]
    later = [name for name in names if not name.startswith("w:")]
    columns_after = [":id", ":key", *_read_after(found), *later, *(f"{n} !" for n in later)]
    conditions = [name for name in names if name.startswith("w:")]
    wanted = [*columns_after, *conditions, *(f"{name} !" for name in conditions)]
    worked_out = layers(steps, base, never_fails=never, keep=list(dict.fromkeys(wanted)))
    taken: list[Composable] = [Identifier("e", name) for name in dict.fromkeys(columns_after)]
    for number, group in enumerate(found.groups):
        taken.append(SQL("{} AS {}").format(_pick(found, group), Identifier(f"p:{number}")))
        taken.append(SQL("{} AS {}").format(_undecided(found, group), Identifier(f"pe:{number}")))
    execute("DROP TABLE IF EXISTS taken")
    # Not analysed: it is wide, and only ever read from end to end.
    execute(
        SQL("CREATE TEMP TABLE taken ON COMMIT DROP AS SELECT {} FROM ({}) AS e").format(
            SQL(", ").join(taken), worked_out
        )
    )
    groups = [_group(found, n, group, excluded) for n, group in enumerate(found.groups)]
    return keep("decided", SQL(" UNION ALL ").join(groups))


MANY = 5_000


def holds_all(kind: TransactionKind) -> bool:
    """Whether ``scope_deal`` holds every transaction of a kind: a join with it is not parallel."""
    in_scope = fetch("SELECT count(*) FROM scope_deal WHERE kind_id = %s", [kind.pk])[0][0]
    if in_scope < MANY:
        return False
    return not fetch(
        "SELECT EXISTS (SELECT 1 FROM metrics_transaction AS deal WHERE kind_id = %s"
        f" AND superseded_at = {NEVER} AND NOT EXISTS (SELECT 1 FROM scope_deal AS scope"
        "  WHERE scope.kind_id = deal.kind_id AND scope.key = deal.key))",
        [kind.pk],
    )[0][0]


def _formulas(found: KindRules) -> list[tuple[str, Formula]]:
    named = [("u", found.undone)]
    if isinstance(found.undone_on, Formula):
        named.append(("uo", found.undone_on))
    for rule in found.rules:
        named.append((f"w:{rule.number}", rule.when))
        if rule.amount_at == rule.number:
            named.append((f"a:{rule.number}", rule.amount))
        if rule.weight_at == rule.number:
            named.append((f"g:{rule.number}", rule.weight))
    return [(name, formula) for name, formula in named if formula is not None]


def _base(
    found: KindRules, kinds: Sequence[TransactionKind], zone: str, *, whole: bool
) -> Composable:
    """One row for each transaction, with all that the formulas and rules read."""
    read = found.refs | {Ref("value", name) for name in _read_after(found) if name[0] != ":"}
    own = [ref for ref in read if ref.kind not in ABOUT]
    selected = [SQL('deal.id AS ":id", deal.key AS ":key"'), *columns(own, kinds=[found.kind])]
    joins: list[Composable] = []
    if any(rule.on == RECORDED for rule in found.rules):
        selected.append(SQL('first.day AS ":recorded"'))
        joins.append(_first_recorded(found.kind, zone))
    for number, (kind_id, refs) in enumerate(about_refs(read, kinds).items()):
        alias = f"about_{number}"
        selected += [_about_column(ref, alias) for ref in refs]
        kind = next(kind for kind in kinds if kind.pk == kind_id)
        joins.append(_about_join(found.kind, kind, refs, alias))
    return SQL(
        "SELECT {columns} FROM metrics_transaction AS deal"
        "{scope}{joins} WHERE deal.kind_id = {kind} AND deal.superseded_at = {never}"
    ).format(
        columns=SQL(", ").join(selected),
        scope=SQL("" if whole else _IN_SCOPE),
        joins=SQL("").join(joins),
        kind=Literal(found.kind.pk),
        never=SQL(NEVER),
    )


_IN_SCOPE = " JOIN scope_deal AS scope ON scope.kind_id = deal.kind_id AND scope.key = deal.key"


def _first_recorded(kind: TransactionKind, zone: str) -> Composable:
    """The day on which a transaction became known: by its first version that is not undone."""
    ZoneInfo(zone)
    return SQL(
        " LEFT JOIN (SELECT version.key, (min(version.recorded_at) AT TIME ZONE {zone})::date"
        " AS day FROM metrics_transaction AS version JOIN scope_deal AS scope"
        " ON scope.kind_id = version.kind_id AND scope.key = version.key"
        " JOIN metrics_delivery AS delivery ON delivery.id = version.delivery_id"
        " AND delivery.undone_at IS NULL WHERE version.kind_id = {kind} GROUP BY version.key)"
        " AS first ON first.key = deal.key"
    ).format(zone=Literal(zone), kind=Literal(kind.pk))


def _about_column(ref: Ref, alias: str) -> Composable:
    column = SQL("{}.{}").format(Identifier(alias), Identifier(ref.column))
    if ref.kind in ("count", "sum"):
        column = SQL("coalesce({}, 0)").format(column)
    return SQL("{} AS {}").format(column, Identifier(ref.column))


def _about_join(
    kind: TransactionKind, about: TransactionKind, refs: Iterable[Ref], alias: str
) -> Composable:
    made = SQL(", ").join(
        SQL("{} AS {}").format(
            aggregated(ref.kind, about, ref.name.partition(".")[2], "about"),
            Identifier(ref.column),
        )
        for ref in refs
    )
    return SQL(
        " LEFT JOIN (SELECT about.about AS key, {made} FROM metrics_transaction AS about"
        " JOIN scope_deal AS scope ON scope.kind_id = about.about_kind_id"
        " AND scope.key = about.about WHERE about.about_kind_id = {kind} AND about.about <> ''"
        " AND about.kind_id = {about} AND about.superseded_at = {never} GROUP BY about.about)"
        " AS {alias} ON {alias}.key = deal.key"
    ).format(
        made=made,
        kind=Literal(kind.pk),
        about=Literal(about.pk),
        never=SQL(NEVER),
        alias=Identifier(alias),
    )


def _read_after(found: KindRules) -> list[str]:
    """Columns that are read after the formulas: dates by which rules count, attributes of once."""
    names = [key_of(rule.on) for rule in found.rules if rule.on and rule.on != RECORDED]
    names += [":recorded" for rule in found.rules if rule.on == RECORDED][:1]
    names += [key_of(name) for rule in found.rules for name in rule.once_per]
    if isinstance(found.undone_on, str) and found.undone_on:
        names.append(key_of(found.undone_on))
    return list(dict.fromkeys(names))


# -- which rule takes it --------------------------------------------------------------------------


def _pick(found: KindRules, group: str) -> Composable:
    """The number of the group's first rule that takes it; negative: it cannot be decided."""
    cases = []
    for rule in (rule for rule in found.rules if rule.group == group):
        when = Identifier("e", f"w:{rule.number}") if rule.when else SQL("TRUE")
        number = Literal(rule.number)
        cases.append(
            SQL("WHEN {holds}{when} IS NOT FALSE THEN CASE WHEN {when} THEN {n} ELSE -{n} END")
            .format(holds=_holds(rule), when=when, n=number)
        )  # fmt: skip
    return SQL("CASE {} END").format(SQL(" ").join(cases))


def _undecided(found: KindRules, group: str) -> Composable:
    """The error of the condition that could not be decided, where there is one."""
    conditions = [r for r in found.rules if r.group == group and r.when is not None]
    if not conditions:
        return SQL("NULL::text")
    cases = SQL(" ").join(
        SQL("WHEN {} THEN {}").format(Literal(-rule.number), Identifier("e", f"w:{rule.number} !"))
        for rule in conditions
    )
    return SQL("(CASE {} {} END)::text").format(_pick(found, group), cases)


def _holds(rule: Rule) -> Composable:
    """Whether the rule holds on the credit's day; where that is blank, it may."""
    if not rule.dated:
        return SQL("")
    return SQL("({day} >= {first} AND {day} < {end}) IS NOT FALSE AND ").format(
        day=_day(rule), first=Literal(rule.valid_from), end=Literal(rule.valid_to)
    )


def _day(rule: Rule) -> Composable:
    if not rule.on:
        return SQL("NULL::date")
    return Identifier("e", ":recorded" if rule.on == RECORDED else key_of(rule.on))


# -- what the rule makes of it --------------------------------------------------------------------


def _group(found: KindRules, number: int, group: str, excluded: bool) -> Composable:
    """What the rule that takes it makes of each transaction: its day, amount and so on."""
    pick = Identifier("e", f"p:{number}")
    rules = [rule for rule in found.rules if rule.group == group]
    nowhere = [] if excluded else [rule.number for rule in rules if rule.into is None]

    def chosen(part: str, type_: str) -> Composable:
        cases = [(rule.number, _PARTS[part](rule)) for rule in rules]
        return SQL("{}::" + type_).format(_by_rule(pick, cases))

    return SQL(
        'SELECT e.":id" AS id, e.":key" AS key, abs({pick}) AS rule, {day} AS day,'
        " {amount} AS amount, {weight} AS weight,"
        " CASE WHEN {undone} <> 0 THEN {undone} END AS undone,"
        " CASE WHEN {undone} <> 0 THEN {undone_on} END AS undone_on,"
        " {once} AS once, {problem} AS problem, {err} AS err"
        " FROM taken AS e WHERE {pick} <> ALL ({nowhere}::int[])"
    ).format(
        pick=pick,
        nowhere=Literal(nowhere),
        undone=_undone(found),
        undone_on=_undone_on(found),
        day=chosen("day", "date"),
        amount=chosen("amount", "numeric"),
        weight=chosen("weight", "numeric"),
        once=chosen("once", "text"),
        problem=_problem(found, rules, pick),
        err=_error(found, rules, pick, Identifier("e", f"pe:{number}")),
    )


def _by_rule(pick: Composable, cases: Sequence[tuple[int, Composable]]) -> Composable:
    """What holds for the rule that was picked; rules that have the same share one branch."""
    alike: dict[str, tuple[list[int], Composable]] = {}
    for number, part in cases:
        alike.setdefault(part.as_string(None), ([], part))[0].append(number)
    if len(alike) == 1:
        return SQL("({})").format(cases[0][1])
    branches = SQL(" ").join(
        SQL("WHEN {} = ANY ({}) THEN {}").format(pick, Literal(numbers), part)
        for numbers, part in alike.values()
    )
    return SQL("(CASE {} END)").format(branches)


def _amount(rule: Rule) -> Composable:
    return Identifier("e", f"a:{rule.amount_at}") if rule.amount else SQL("1::numeric")


def _weight(rule: Rule) -> Composable:
    return Identifier("e", f"g:{rule.weight_at}") if rule.weight else SQL("NULL::numeric")


FOLDED = 'casefold(({})::text COLLATE "pg_unicode_fast")'


def _once(rule: Rule) -> Composable:
    if not rule.once_per:
        return SQL("NULL::text")
    parts = [SQL(FOLDED).format(Identifier("e", key_of(name))) for name in rule.once_per]
    return SQL(" || chr(31) || ").join(parts)


_PARTS = {"day": _day, "amount": _amount, "weight": _weight, "once": _once}


def _undone(found: KindRules) -> Composable:
    return Identifier("e", "u") if found.undone else SQL("NULL::numeric")


def _undone_on(found: KindRules) -> Composable:
    if isinstance(found.undone_on, Formula):
        return Identifier("e", "uo")
    if found.undone_on:
        return Identifier("e", key_of(found.undone_on))
    return SQL("NULL::date")


def _problem(found: KindRules, rules: Sequence[Rule], pick: Composable) -> Composable:
    cases: list[Composable] = [SQL("WHEN {} < 0 THEN 'when'").format(pick)]
    nowhere = [rule.number for rule in rules if rule.into is None]
    if nowhere:
        # Excluded on purpose: nothing can be missing.
        cases.append(SQL("WHEN {} = ANY ({}) THEN NULL").format(pick, Literal(nowhere)))
    if found.undone is not None:
        undone = _undone(found)
        cases.append(SQL("WHEN {} IS NULL THEN 'undone'").format(undone))
        cases.append(SQL("WHEN {u} < 0 OR {u} > 1 THEN 'undone_range'").format(u=undone))
        if found.undone_on:
            cases.append(
                SQL("WHEN {} <> 0 AND {} IS NULL THEN 'undone_on'").format(
                    undone, _undone_on(found)
                )
            )
    own = [(rule.number, _own_problem(rule)) for rule in rules if rule.into is not None]
    rest = _by_rule(pick, own) if own else SQL("NULL")
    return SQL("(CASE {} ELSE {} END)::text").format(SQL(" ").join(cases), rest)


def _own_problem(rule: Rule) -> Composable:
    cases: list[Composable] = [SQL("WHEN {} IS NULL THEN 'no_day'").format(_day(rule))]
    if rule.amount:
        cases.append(SQL("WHEN {} IS NULL THEN 'amount'").format(_amount(rule)))
        cases.append(
            SQL("WHEN abs({}) >= {} THEN 'too_large'").format(_amount(rule), Literal(LIMIT))
        )
    if rule.weight:
        cases.append(SQL("WHEN {} IS NULL THEN 'weight'").format(_weight(rule)))
        cases.append(
            SQL("WHEN abs({}) >= {} THEN 'too_large'").format(_weight(rule), Literal(LIMIT))
        )
    if rule.once_per:
        cases.append(SQL("WHEN {} IS NULL THEN 'once'").format(_once(rule)))
    return SQL("CASE {} END").format(SQL(" ").join(cases))


def _error(
    found: KindRules, rules: Sequence[Rule], pick: Composable, undecided: Composable
) -> Composable:
    """What the sentence names: the error of the formula that failed, a figure, a name."""
    cases: list[Composable] = [SQL("WHEN {} < 0 THEN {}").format(pick, undecided)]
    if found.undone is not None:
        cases.append(
            SQL('WHEN e.u IS NULL OR e.u < 0 OR e.u > 1 THEN coalesce(e."u !",'
                " trim_scale(e.u)::text)")
        )  # fmt: skip
    named = _by_rule(pick, [(rule.number, _named(rule)) for rule in rules])
    return SQL("(CASE {} ELSE {} END)::text").format(SQL(" ").join(cases), named)


def _named(rule: Rule) -> Composable:
    cases: list[Composable] = [SQL("WHEN {} IS NULL THEN {}").format(_day(rule), Literal(rule.on))]
    for formula, name, value in (
        (rule.amount, f"a:{rule.amount_at}", _amount(rule)),
        (rule.weight, f"g:{rule.weight_at}", _weight(rule)),
    ):
        if formula:
            error = Identifier("e", f"{name} !")
            cases.append(SQL("WHEN {} IS NULL THEN {}").format(value, error))
            cases.append(
                SQL("WHEN abs({v}) >= {limit} THEN trim_scale({v})::text").format(
                    v=value, limit=Literal(LIMIT)
                )
            )
    if rule.once_per:
        cases.append(
            SQL("WHEN {} IS NULL THEN {}").format(_once(rule), Literal(", ".join(rule.once_per)))
        )
    return SQL("CASE {} END").format(SQL(" ").join(cases))


def once_key(kind: TransactionKind, names: Sequence[str], row: str) -> Composable:
    """The key of ``once_per`` straight from a row of ``metrics_transaction``."""
    items = {key_of(item.name): item for item in attributes_of(kind)}
    parts = [SQL(FOLDED).format(attribute(items[key_of(name)], row)) for name in names]
    return SQL(" || chr(31) || ").join(parts)
