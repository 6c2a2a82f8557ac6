"""``credits:`` of the tenant file: the rules that turn transactions into credits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from formula import BOOLEAN, DATE, NUMBER, key_of
from metrics.attributes import attributes_of
from metrics.config_transactions import TRANSACTIONS, check_in
from metrics.credit_rules import MANAGER_OF, RECORDED, To, scope_of
from metrics.impossible import never_holds
from metrics.models import CreditRule, Metric, MetricDefinition, TransactionKind
from metrics.recredit import recredit
from org import config_tools as tools
from org.audit import record
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import EARLIEST_DAY, FOREVER, NEVER
from org.models import Unit, User

__all__ = ["CREDITS", "TRANSACTIONS"]

NOWHERE = "none"
Kind = MetricDefinition.Kind
DIVIDED = {Kind.RATIO, Kind.WEIGHTED_MEAN}

CREDITS_SCHEMA = tools.listing(
    "Credit rules. In each group the first rule, by order, that takes a transaction credits it.",
    tools.mapping(
        "A credit rule.",
        {
            "group": tools.text(
                "Groups are independent of each other: an overlay is its own.", maxLength=60
            ),
            "order": tools.whole("Its place in the group, unique there.", minimum=0),
            "kind": tools.text("Code of the kind of transaction."),
            "when": tools.formula("Which transactions it takes, a condition. Left out: all."),
            "to": {
                "anyOf": [
                    tools.text("A role."),
                    tools.listing("Several roles with their shares.", tools.text("A role.")),
                ],
                "description": "Whom it credits: a role, several, “manager of seller” (on that "
                "day), or “unit North”.",
            },
            "split": tools.truth(
                "The shares must sum to exactly 100 %, else the transaction waits. Left out: false."
            ),
            "amount": tools.formula("What is credited. Left out: 1."),
            "weight": tools.formula("Denominator or weight, for ratios and means."),
            "into": tools.text("Code of the metric, or none: excluded on purpose."),
            "on": tools.text("Which of its dates counts; or recorded: the day it came in."),
            "once_per": tools.listing(
                "Attributes for which it credits only once, the earliest.", tools.text("Attribute.")
            ),
            "from": tools.FROM,
            "until": tools.TO,
        },
        "group",
        "order",
        "kind",
        "into",
    ),
)
RULE_FIELDS = (
    "kind_id",
    "group",
    "order",
    "when",
    "to",
    "split",
    "amount",
    "weight",
    "into_id",
    "on",
    "once_per",
    "valid_from",
    "valid_to",
)


def read_rules() -> list[dict[str, Any]] | None:
    """All credit rules as known now."""
    rows = CreditRule.objects.filter(superseded_at=NEVER).select_related("kind", "into")
    rows = rows.order_by("kind__code", "group", "order", "valid_from")
    return [_written_rule(row) for row in rows] or None


def _written_rule(row: CreditRule) -> dict[str, Any]:
    said = {
        "group": row.group,
        "order": row.order,
        "kind": row.kind.code,
        "when": row.when,
        "to": row.to[0] if len(row.to) == 1 else row.to,
        "split": row.split or None,
        "amount": row.amount,
        "weight": row.weight,
        "into": row.into.code if row.into else NOWHERE,
        "on": row.on,
        "once_per": row.once_per,
    }
    return {**tools.without_defaults(said, {}), **tools.write_days(row, end="until")}


def apply_rules(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the credit rules as the file says: what it leaves out is superseded.

    The transactions of every kind whose rules changed are credited anew.
    """
    problems = Problems()
    known = _Known(problems)
    wanted = [_rule(item, f"credits[{n}]", known) for n, item in enumerate(data)]
    _check_orders(wanted, problems)
    problems.stop("The credit rules cannot be applied.")
    now = CreditRule.objects.filter(superseded_at=NEVER).select_related("kind")
    changes = tools.difference(now, wanted, RULE_FIELDS)
    if not changes:
        return []
    tools.supersede(changes.gone, at=at)
    CreditRule.objects.bulk_create(
        CreditRule(recorded_at=at, **{name: row[name] for name in RULE_FIELDS})
        for row in changes.new
    )
    said = [f"- credit rule {row.group} {row.order} of {row.kind.code}" for row in changes.gone]
    said += [f"+ credit rule {row['words']}" for row in changes.new]
    record(action="set credit rules", subject="tenant file", by=by, at=at, detail={"changes": said})
    touched = {row.kind_id for row in changes.gone} | {row["kind_id"] for row in changes.new}
    kinds = [kind for kind in known.kinds.rows.values() if kind.pk in touched]
    return said + recredit(kinds, "Its credit rules changed", by=by, at=at)


class _Known:
    """What rules may name, by code."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.kinds = Codes("kind of transaction", TransactionKind.objects.all(), problems)
        self.metrics = Codes("metric", Metric.objects.all(), problems)
        self.units = Codes("unit", Unit.objects.all(), problems)
        self.definitions: dict[int, set[str]] = {}
        for metric, kind in MetricDefinition.objects.filter(superseded_at=NEVER).values_list(
            "metric_id", "kind"
        ):
            self.definitions.setdefault(metric, set()).add(kind)


def _rule(item: Mapping[str, Any], where: str, known: _Known) -> dict[str, Any]:
    problems = known.problems
    kind = known.kinds.find(item["kind"], f"{where}.kind")
    into = None if item["into"] == NOWHERE else known.metrics.find(item["into"], f"{where}.into")
    to = item.get("to", [])
    rule = {
        "where": where,
        "words": f"{item['group']} {item['order']} of {item['kind']}",
        "kind_id": kind and kind.pk,
        "group": item["group"],
        "order": item["order"],
        "when": item.get("when", ""),
        "to": to if isinstance(to, list) else [to],
        "split": item.get("split", False),
        "amount": item.get("amount", ""),
        "weight": item.get("weight", ""),
        "into_id": into and into.pk,
        "on": item.get("on", ""),
        "once_per": item.get("once_per", []),
        **tools.days_of(item, where, problems, end="until"),
    }
    if kind:
        _check_formulas(rule, kind, problems)
        _check_names(rule, kind, known)
    if item["into"] != NOWHERE:
        if not (rule["to"] and rule["on"]):
            problems.add(where, "a rule that credits a metric says “to” whom and “on” which date.")
        if into:
            _check_weight(rule, known.definitions.get(into.pk, set()), problems)
    elif _dated(rule) and not rule["on"]:
        problems.add(where, "a rule with “from” or “until” says “on” which date that is.")
    return rule


def _check_formulas(rule: dict[str, Any], kind: TransactionKind, problems: Problems) -> None:
    where, scope = rule["where"], scope_of(kind)
    when = check_in(rule["when"], f"{where}.when", scope, problems, BOOLEAN)
    rule["always"] = not rule["when"]
    if when is not None:
        if why := never_holds(when):
            problems.add(
                f"{where}.when",
                f"this condition can never hold: {why}. Mend it, or take the rule out.",
            )
        rule["always"] = not when.references
    check_in(rule["amount"], f"{where}.amount", scope, problems, NUMBER)
    check_in(rule["weight"], f"{where}.weight", scope, problems, NUMBER)


def _check_names(rule: Mapping[str, Any], kind: TransactionKind, known: _Known) -> None:
    where, problems = rule["where"], known.problems
    typed = {item.name: item.type for item in attributes_of(kind)}
    days = [name for name, type_ in typed.items() if type_ is DATE]
    if rule["on"] and rule["on"] not in [*days, RECORDED]:
        listed = ", ".join([*days, RECORDED])
        problems.add(f"{where}.on", f"the kind has no date “{rule['on']}”. It has: {listed}.")
    for written in rule["to"]:
        _check_to(To(written), rule, kind, known)
    for name in rule["once_per"]:
        if name not in typed:
            listed = ", ".join(typed) or "none"
            problems.add(
                f"{where}.once_per", f"the kind has no attribute “{name}”. It has: {listed}."
            )


def _check_to(to: To, rule: Mapping[str, Any], kind: TransactionKind, known: _Known) -> None:
    where, problems = f"{rule['where']}.to", known.problems
    if to.how == "unit":
        known.units.find(to.name, where)
    elif to.name not in kind.roles:
        listed = ", ".join(kind.roles) or "none"
        example = f" Managers are written “{MANAGER_OF}{next(iter(kind.roles), 'seller')}”."
        problems.add(where, f"the kind has no role “{to.name}”. It has: {listed}.{example}")
    if rule["split"] and to.how != "party":
        problems.add(
            where,
            f"“{to.written}” has no share of its own to split. Put it into a group of its own.",
        )


def _check_weight(rule: Mapping[str, Any], kinds: set[str], problems: Problems) -> None:
    where = f"{rule['where']}.weight"
    if Kind.DERIVED in kinds:
        problems.add(
            f"{rule['where']}.into",
            "this metric is worked out by a formula. Credit what the formula reads.",
        )
    elif DIVIDED & kinds and not rule["weight"]:
        problems.add(where, "is missing: this metric is divided. Say by what, for example 1.")
    elif rule["weight"] and kinds and not DIVIDED & kinds:
        problems.add(where, "this metric is not divided by anything. Leave the weight out.")


def _dated(rule: Mapping[str, Any]) -> bool:
    return bool(rule["valid_from"] > EARLIEST_DAY or rule["valid_to"] < FOREVER)


def _check_orders(wanted: list[dict[str, Any]], problems: Problems) -> None:
    """Two rules with one order number on one day: neither is first."""
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for rule in wanted:
        alike.setdefault((rule["kind_id"], rule["group"], rule["order"]), []).append(rule)
    for rules in alike.values():
        rules.sort(key=lambda rule: rule["valid_from"])
        for before, after in pairwise(rules):
            if before["valid_to"] > after["valid_from"]:
                problems.add(
                    after["where"],
                    f"{before['where']} has the order {after['order']} in group "
                    f"{after['group']}, too. Give each rule of a group its own.",
                )
    _check_shadows(wanted, problems)


def _check_shadows(wanted: list[dict[str, Any]], problems: Problems) -> None:
    """A rule behind one of its group that takes everything never gets anything."""
    groups: dict[tuple[Any, str], list[dict[str, Any]]] = {}
    for rule in wanted:
        groups.setdefault((rule["kind_id"], rule["group"]), []).append(rule)
    for rules in groups.values():
        rules.sort(key=lambda rule: rule["order"])
        for number, rule in enumerate(rules):
            if not rule.get("always") or _dated(rule):
                continue
            for later in rules[number + 1 :]:
                if later["order"] > rule["order"]:
                    problems.add(
                        later["where"],
                        f"{rule['where']} of group {key_of(rule['group'])} takes every "
                        "transaction before this rule, which can never hold. Give one without "
                        "“when” the last order.",
                    )
            break


CREDITS = Section(key="credits", schema=CREDITS_SCHEMA, read=read_rules, apply=apply_rules)
