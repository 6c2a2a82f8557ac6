"""``sources:`` of the tenant file: where values come from, with their saved column maps."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ProtectedError

from metrics import column_map
from metrics.models import Metric, PersonAlias, Source, TransactionKind
from metrics.scores import form_map
from metrics.transaction_map import TransactionMap
from org import config_tools as tools
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.dates import NEVER
from org.errors import DomainError
from org.models import Person, User
from org.models.tenants import check_zone

ALIAS = tools.mapping(
    "What the source calls a person, on which days.",
    {
        "person": tools.text("Personnel number of the person."),
        "from": tools.FROM,
        "to": tools.TO,
    },
    "person",
)
SCHEMA = tools.by_code(
    "Systems and spreadsheets that deliver values, by code.",
    tools.mapping(
        "A source.",
        {
            "name": tools.text("As people read it."),
            "time_zone": tools.text(
                "The zone that decides the day of a value, such as America/New_York. Left out: "
                "the tenant's."
            ),
            "map": column_map.SCHEMA,
            "by_hand": tools.listing(
                "Instead of a map: metrics that supervisors enter for their people on the page "
                "Manual scores (quality, objectives).",
                tools.text("Code of a metric."),
                minItems=1,
            ),
            "aliases": tools.by_code(
                "What the source calls people: its id to the personnel number. Written only for "
                "people whose id differs from their personnel number.",
                {
                    "anyOf": [
                        tools.text("Personnel number of the person."),
                        tools.listing("People in turn, with days.", ALIAS, minItems=1),
                    ]
                },
                longest=120,
            ),
        },
    ),
)
ALIAS_FIELDS = ("external_id", "person_id", "valid_from", "valid_to")


def read() -> dict[str, Any] | None:
    """All sources with their maps and present aliases."""
    return {source.code: _written(source) for source in Source.objects.order_by("code")} or None


def _written(source: Source) -> dict[str, Any]:
    how = column_map.parse(source.column_map).to_dict() if source.column_map else {}
    said = {"name": source.name, "time_zone": source.time_zone, "map": how}
    if source.by_hand:
        said = {**said, "map": {}, "by_hand": source.by_hand}
    aliases: dict[str, Any] = {}
    rows = PersonAlias.objects.filter(source=source, superseded_at=NEVER)
    for row in rows.select_related("person").order_by("external_id", "valid_from"):
        item = {"person": row.person.code, **tools.write_days(row)}
        aliases.setdefault(row.external_id, []).append(item)
    short = {
        key: i[0]["person"] if i == [{"person": i[0]["person"]}] else i
        for key, i in aliases.items()
    }
    return tools.without_defaults({**said, "aliases": short}, {})


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Make the sources as the file says."""
    problems = Problems()
    people = Codes("person", Person.objects.all(), problems)
    metrics = Codes("metric", Metric.objects.all(), problems)
    wanted = {
        code: (_fields(code, item or {}, metrics), _aliases(code, item or {}, people))
        for code, item in data.items()
    }
    problems.stop("The sources cannot be applied.")
    known = {source.code: source for source in Source.objects.all()}
    said: list[str] = []
    for code in known.keys() - wanted.keys():
        said += _remove(known[code], problems)
    problems.stop("Sources that have delivered cannot be left out.")
    for code, (fields, aliases) in wanted.items():
        said += _apply_one(known.get(code), code, fields, aliases, at)
    return said


def _fields(code: str, item: dict[str, Any], metrics: Codes) -> dict[str, Any]:
    zone = item.get("time_zone", "")
    try:
        if zone:
            check_zone(zone)
    except ValidationError as error:
        metrics.problems.add(f"sources.{code}.time_zone", error.messages[0])
    return {
        "name": item.get("name", ""),
        "time_zone": zone,
        "column_map": _map(code, item, metrics),
        "by_hand": item.get("by_hand", []),
    }


def _map(code: str, item: dict[str, Any], metrics: Codes) -> dict[str, Any]:
    where = f"sources.{code}.map"
    if item.get("by_hand"):
        if item.get("map"):
            metrics.problems.add(where, "a source entered by hand has no map: leave one out.")
        for number, metric in enumerate(item["by_hand"]):
            metrics.find(metric, f"sources.{code}.by_hand[{number}]")
        return form_map(item["by_hand"])
    if not item.get("map"):
        return {}
    try:
        parsed = column_map.parse(item["map"])
    except DomainError as error:
        for problem in error.problems or (error.sentence,):
            metrics.problems.add(where, problem)
        return {}
    for metric in parsed.metrics:
        metrics.find(metric, f"{where}.values.{metric}")
    if isinstance(parsed, TransactionMap):
        _check_kinds(parsed, where, metrics.problems)
    written: dict[str, Any] = tools.as_json(parsed.to_dict())
    return written


def _check_kinds(parsed: TransactionMap, where: str, problems: Problems) -> None:
    """A map of transactions names a kind, and what that has."""
    kinds = Codes("kind of transaction", TransactionKind.objects.all(), problems)
    kind = kinds.find(parsed.kind, f"{where}.transaction")
    if parsed.about_kind:
        kinds.find(parsed.about_kind, f"{where}.about.kind")
    for sentence in parsed.problems(kind) if kind else ():
        problems.add(where, sentence)


def _aliases(code: str, item: dict[str, Any], people: Codes) -> list[dict[str, Any]]:
    rows = []
    for external, said in item.get("aliases", {}).items():
        where = f"sources.{code}.aliases.{external}"
        for position, one in enumerate(said if isinstance(said, list) else [{"person": said}]):
            place = f"{where}[{position}]" if isinstance(said, list) else where
            person = people.find(one["person"], place)
            days = tools.days_of(one, place, people.problems)
            rows.append({"external_id": external, "person_id": person and person.pk, **days})
        _check_overlap(rows, external, where, people.problems)
    return rows


def _check_overlap(
    rows: list[dict[str, Any]], external: str, where: str, problems: Problems
) -> None:
    own = sorted((r["valid_from"], r["valid_to"]) for r in rows if r["external_id"] == external)
    if any(before[1] > after[0] for before, after in pairwise(own)):
        problems.add(where, "on some days this means two people. Give each “from” and “to”.")


def _apply_one(
    source: Source | None,
    code: str,
    fields: dict[str, Any],
    aliases: list[dict[str, Any]],
    at: datetime,
) -> list[str]:
    said = []
    if source is None:
        source = Source.objects.create(code=code, **fields)
        said.append(f"+ source {code}")
    else:
        changed = tools.update_row(source, fields)
        said += [f"~ source {code}: {', '.join(changed).replace('_', ' ')}"] if changed else []
    now = PersonAlias.objects.filter(source=source, superseded_at=NEVER)
    changes = tools.difference(now, aliases, ALIAS_FIELDS)
    tools.supersede(changes.gone, at=at)
    PersonAlias.objects.bulk_create(
        PersonAlias(source=source, recorded_at=at, **row) for row in changes.new
    )
    added = {row["external_id"] for row in changes.new}
    said += [
        f"- source {code}: id {r.external_id}" for r in changes.gone if r.external_id not in added
    ]
    return said + [f"+ source {code}: id {row['external_id']}" for row in changes.new]


def _remove(source: Source, problems: Problems) -> list[str]:
    try:
        source.delete()
    except ProtectedError:
        problems.add(
            f"sources.{source.code}",
            "the file leaves this source out, but it has delivered or has aliases. Put it back.",
        )
        return []
    return [f"- source {source.code}"]


SOURCES = Section(key="sources", schema=SCHEMA, read=read, apply=apply)
