"""``transactions:`` of the tenant file: kinds of work that is paid, and taken back, singly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import ProtectedError

from formula import (
    BOOLEAN,
    DATE,
    NUMBER,
    TEXT,
    FormulaError,
    Scope,
    Type,
    check,
    key_of,
    name_problem,
)
from metrics.attributes import TYPES, attributes_of
from metrics.credit_rules import RECORDED, scope_of
from metrics.models import Transaction, TransactionKind
from metrics.recredit import recredit
from metrics.tags import Tag
from org import config_tools as tools
from org.audit import record
from org.config_section import Section
from org.config_tools import Problems
from org.models import User
from org.sql import fetch

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
        "tags": tools.by_code(
            "Attribute to its tags: what compliance packs go by.",
            tools.listing("Its tags.", tools.choice("A tag.", Tag.values), uniqueItems=True),
            name=True,
        ),
        "roles": tools.by_code(
            "Roles that people play in it.",
            tools.mapping(
                "A role; {} has the whole.",
                {
                    "share": tools.text(
                        "Column that holds the share of this role; or equal: all people of such "
                        "roles have equal parts."
                    )
                },
            ),
            name=True,
        ),
        "undone": tools.mapping(
            "How far a transaction counts as taken back.",
            {
                "share": tools.formula(
                    "0 (not) to 1 (wholly), a formula over its attributes and what is about it."
                ),
                "on": tools.formula(
                    "The date on which it was taken back: one of its dates, or a formula."
                ),
            },
            "share",
        ),
    },
    "key",
)
TRANSACTIONS_SCHEMA = tools.by_code(
    "Kinds of work that is paid, and taken back, singly.", KIND, name=True
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
        "tags": row.tags,
        "roles": row.roles,
        "undone": tools.without_defaults(undone, {}),
    }
    return tools.without_defaults(said, {})


def apply_kinds(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the kinds of transaction as the file says; what they credit is worked out anew."""
    problems = Problems()
    wanted = {code: _kind_fields(code, item, problems) for code, item in data.items()}
    known = {row.code: row for row in TransactionKind.objects.all()}
    _check_together(wanted, problems)
    for code in wanted.keys() & known.keys():
        _check_stored(known[code], wanted[code], problems)
    problems.stop("The kinds of transaction cannot be applied.")
    said: list[str] = []
    for code in known.keys() - wanted.keys():
        said += _remove_kind(known[code], problems)
    problems.stop("Kinds of transaction that are in use cannot be left out.")
    moved = []
    for code, fields in wanted.items():
        if code not in known:
            TransactionKind.objects.create(code=code, **fields)
            said.append(f"+ kind of transaction {code}")
        elif changed := tools.update_row(known[code], fields):
            words = ", ".join(changed).replace("_", " ")
            said.append(f"~ kind of transaction {code}: {words}")
            record(action="define kind of transaction", subject=code, by=by, at=at)
            moved += [known[code]] if {"undone_share", "undone_on", "dates"} & set(changed) else []
    return said + recredit(moved, "How far it counts as undone changed", by=by, at=at)


def _kind_fields(code: str, item: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    where = f"transactions.{code}"
    undone = item.get("undone", {})
    fields = {
        "name": item.get("name", ""),
        "key_columns": item["key"],
        "dates": item.get("dates", []),
        "attributes": item.get("attributes", {}),
        "tags": {name: sorted(tags) for name, tags in item.get("tags", {}).items() if tags},
        "roles": {role: said or {} for role, said in item.get("roles", {}).items()},
        "undone_share": undone.get("share", ""),
        "undone_on": undone.get("on", ""),
    }
    if sentence := name_problem(code):
        problems.add(where, sentence)
    for name in (*fields["dates"], *fields["attributes"], *fields["roles"]):
        if sentence := name_problem(name):
            problems.add(where, sentence)
        elif key_of(name) == RECORDED:
            problems.add(
                where,
                f"“{name}” is the day on which a transaction came in, which each has already.",
            )
    for name in fields["tags"].keys() - fields["attributes"].keys():
        problems.add(f"{where}.tags.{name}", f"no attribute is called “{name}”.")
    names = [key_of(name) for name in (*fields["dates"], *fields["attributes"])]
    both = {name for name in names if names.count(name) > 1}
    if both:
        problems.add(where, f"{', '.join(sorted(both))}: a date and an attribute have one name.")
    return fields


def _check_together(wanted: Mapping[str, dict[str, Any]], problems: Problems) -> None:
    """One name means one thing in all kinds; then the formulas, which may read other kinds."""
    kinds = [TransactionKind(code=code, **fields) for code, fields in wanted.items()]
    seen: dict[str, tuple[str, str, Type]] = {}
    for kind in kinds if not problems else ():
        for item in attributes_of(kind):
            code, name, type_ = seen.setdefault(
                key_of(item.name), (kind.code, item.name, item.type)
            )
            if (name, type_) != (item.name, item.type):
                problems.add(
                    f"transactions.{kind.code}",
                    f"{item.name} is {item.type.value} here, but {name} is {type_.value} in "
                    f"{code}: a name has one spelling and one type in all kinds. Rename one.",
                )
    for kind in kinds if not problems else ():
        _check_undone(kind, kinds, problems)


def _check_undone(
    kind: TransactionKind, kinds: Iterable[TransactionKind], problems: Problems
) -> None:
    where, scope = f"transactions.{kind.code}.undone", scope_of(kind, kinds)
    check_in(kind.undone_share, f"{where}.share", scope, problems, NUMBER)
    if kind.undone_on not in kind.dates:
        check_in(kind.undone_on, f"{where}.on", scope, problems, DATE)


def check_in(text: str, where: str, scope: Scope, problems: Problems, expect: Type) -> Any:
    """A checked formula, or None and a problem that shows the place with a caret."""
    if not text:
        return None
    try:
        return check(text, scope, expect)
    except FormulaError as error:
        problems.add(where, str(error))
        return None


_READS_AS = {
    NUMBER: r"^-?[0-9]+(\.[0-9]+)?$",
    DATE: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    BOOLEAN: "^(true|false)$",
    TEXT: "",
}


def _check_stored(row: TransactionKind, fields: Mapping[str, Any], problems: Problems) -> None:
    """Transactions keep what they said: an attribute takes a type only that all of it reads as."""
    before = {item.name: item.type for item in attributes_of(row)}
    for item in attributes_of(TransactionKind(**fields)):
        if before.get(item.name) is item.type or item.type is TEXT:
            continue
        table = Transaction._meta.db_table
        found = fetch(
            f"SELECT key, attributes ->> %s FROM {table} WHERE kind_id = %s"
            " AND attributes ->> %s !~ %s LIMIT 1",
            [item.name, row.pk, item.name, _READS_AS[item.type]],
        )
        if found:
            key, value = found[0]
            problems.add(
                f"transactions.{row.code}",
                f"{item.name} cannot be {item.type.value}: {row.code} {key} says “{value}”. Give "
                "the new attribute another name.",
            )


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


TRANSACTIONS = Section(
    key="transactions", schema=TRANSACTIONS_SCHEMA, read=read_kinds, apply=apply_kinds
)
