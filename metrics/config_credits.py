"""``transactions:`` and ``credits:`` of the tenant file: deals, and the rules that credit them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.db.models import ProtectedError

from formula import BOOLEAN, DATE, Name, key_of, name_problem
from metrics.attributes import TYPES
from metrics.config_metrics import check_text
from metrics.models import CreditRule, Metric, TransactionKind
from org import config_tools as tools
from org.audit import record
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import NEVER
from org.models import User

NOWHERE = "none"

KIND = tools.mapping(
    "A kind of transaction.",
    {
        "name": tools.text("As people read it."),
        "key": tools.listing(
            "Columns that together name one transaction; a newer row of the same key supersedes.",
            tools.text("A column."),
            minItems=1,
        ),
        "dates": tools.listing(
            "The dates that it has: sold, collected …", tools.text("A date.", maxLength=60)
        ),
        "attributes": tools.by_code(
            "Attribute to type: money, number, percent, text, choice, date, yes_no.",
            tools.choice("Its type.", TYPES),
            name=True,
        ),
        "roles": tools.by_code(
            "Roles that people play in it.",
            tools.mapping(
                "A role; {} has the whole.",
                {"share": tools.text("Column that holds the share of this role.")},
            ),
            name=True,
        ),
        "undone": tools.mapping(
            "How far a transaction counts as taken back.",
            {
                "share": tools.formula("0 (not) to 1 (wholly), a formula over its attributes."),
                "on": tools.text("The date on which it was taken back."),
            },
            "share",
        ),
    },
    "key",
)
TRANSACTIONS_SCHEMA = tools.by_code(
    "Kinds of work that is paid, and taken back, singly.", KIND, name=True
)

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
            "on": tools.text("Which date of the transaction counts."),
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

# -- transactions ---------------------------------------------------------------------------------


def read_kinds() -> dict[str, Any] | None:
    """All kinds of transaction."""
    return {
        row.code: _written_kind(row) for row in TransactionKind.objects.order_by("code")
    } or None


def _written_kind(row: TransactionKind) -> dict[str, Any]:
    undone = {"share": row.undone_share, "on": row.undone_on}
    said = {
        "name": row.name,
        "key": row.key_columns,
        "dates": row.dates,
        "attributes": row.attributes,
        "roles": row.roles,
        "undone": tools.without_defaults(undone, {}),
    }
    return tools.without_defaults(said, {})


def apply_kinds(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the kinds of transaction as the file says."""
    problems = Problems()
    wanted = {code: _kind_fields(code, item, problems) for code, item in data.items()}
    problems.stop("The kinds of transaction cannot be applied.")
    known = {row.code: row for row in TransactionKind.objects.all()}
    said: list[str] = []
    for code in known.keys() - wanted.keys():
        said += _remove_kind(known[code], problems)
    problems.stop("Kinds of transaction that are in use cannot be left out.")
    for code, fields in wanted.items():
        if code not in known:
            TransactionKind.objects.create(code=code, **fields)
            said.append(f"+ kind of transaction {code}")
        elif changed := tools.update_row(known[code], fields):
            words = ", ".join(changed).replace("_", " ")
            said.append(f"~ kind of transaction {code}: {words}")
            record(action="define kind of transaction", subject=code, by=by, at=at)
    return said


def _kind_fields(code: str, item: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    where = f"transactions.{code}"
    undone = item.get("undone", {})
    fields = {
        "name": item.get("name", ""),
        "key_columns": item["key"],
        "dates": item.get("dates", []),
        "attributes": item.get("attributes", {}),
        "roles": {role: said or {} for role, said in item.get("roles", {}).items()},
        "undone_share": undone.get("share", ""),
        "undone_on": undone.get("on", ""),
    }
    for name in (*fields["dates"], *fields["attributes"], *fields["roles"]):
        if sentence := name_problem(name):
            problems.add(where, sentence)
    both = {key_of(n) for n in fields["dates"]} & {key_of(n) for n in fields["attributes"]}
    if both:
        problems.add(where, f"{', '.join(sorted(both))}: a date and an attribute have one name.")
    if not problems:
        check_text(fields["undone_share"], f"{where}.undone.share", _names(fields), problems)
    if fields["undone_on"] and fields["undone_on"] not in fields["dates"]:
        problems.add(f"{where}.undone.on", _no_date(fields["undone_on"], fields["dates"]))
    return fields


def _names(fields: Mapping[str, Any]) -> dict[str, Name]:
    names = {name: Name(TYPES[type_]) for name, type_ in fields["attributes"].items()}
    return names | {name: Name(DATE) for name in fields["dates"]}


def _no_date(name: str, dates: list[str]) -> str:
    return f"the kind has no date “{name}”. It has: {', '.join(dates) or 'none'}."


def _remove_kind(row: TransactionKind, problems: Problems) -> list[str]:
    try:
        row.delete()
    except ProtectedError:
        problems.add(
            f"transactions.{row.code}",
            "the file leaves this kind out, but there are transactions or credit rules of it. "
            "Put it back.",
        )
        return []
    return [f"- kind of transaction {row.code}"]


# -- credits --------------------------------------------------------------------------------------


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
    """Make the credit rules as the file says: what it leaves out is superseded."""
    problems = Problems()
    kinds = Codes("kind of transaction", TransactionKind.objects.all(), problems)
    metrics = Codes("metric", Metric.objects.all(), problems)
    wanted = [_rule(item, f"credits[{n}]", kinds, metrics) for n, item in enumerate(data)]
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
    return said


def _rule(item: Mapping[str, Any], where: str, kinds: Codes, metrics: Codes) -> dict[str, Any]:
    problems = kinds.problems
    kind = kinds.find(item["kind"], f"{where}.kind")
    into = None if item["into"] == NOWHERE else metrics.find(item["into"], f"{where}.into")
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
        _check_rule(rule, kind, problems)
    if item["into"] != NOWHERE and not (rule["to"] and rule["on"]):
        problems.add(where, "a rule that credits a metric says “to” whom and “on” which date.")
    return rule


def _check_rule(rule: Mapping[str, Any], kind: TransactionKind, problems: Problems) -> None:
    where, names = rule["where"], _names({"attributes": kind.attributes, "dates": kind.dates})
    check_text(rule["when"], f"{where}.when", names, problems, expect=BOOLEAN)
    check_text(rule["amount"], f"{where}.amount", names, problems)
    check_text(rule["weight"], f"{where}.weight", names, problems)
    if rule["on"] and rule["on"] not in [*kind.dates, "recorded"]:
        problems.add(f"{where}.on", _no_date(rule["on"], kind.dates))
    for role in rule["to"]:
        name = role.removeprefix("manager of ")
        if not role.startswith("unit ") and name not in kind.roles:
            known = ", ".join(kind.roles) or "none"
            problems.add(f"{where}.to", f"the kind has no role “{name}”. It has: {known}.")
    for name in rule["once_per"]:
        if name not in kind.attributes:
            problems.add(f"{where}.once_per", f"the kind has no attribute “{name}”.")


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


TRANSACTIONS = Section(
    key="transactions", schema=TRANSACTIONS_SCHEMA, read=read_kinds, apply=apply_kinds
)
CREDITS = Section(key="credits", schema=CREDITS_SCHEMA, read=read_rules, apply=apply_rules)
