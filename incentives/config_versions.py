"""A plan version between the tenant file and its rows, by way of one canonical form.

:func:`canonical` fills in all that goes without saying and turns the file's version into plain
JSON values; :func:`from_rows` makes the same from the rows. So a version has changed exactly where
the two differ; :func:`short` leaves out again what goes without saying.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from formula.numbers import read_number
from incentives import config_examples
from incentives.config_tables import table, table_form, table_said
from incentives.models import Component, Eligibility, Measure, Plan, PlanVersion, RateTable
from org import config_tools as tools
from org.config_tools import Codes, Problems
from org.models import User

Canonical = dict[str, Any]

VERSION_OPTIONS = ("gate", "modifier", "cap", "limit", "on_change", "zero_goal", "leavers")
MEASURE_OPTIONS = ("goal", "segments", "with_manager")
COMPONENT_OPTIONS = ("advance_until", "distribute", "currency")

PRORATE_DEFAULTS: Canonical = {"goal": [], "amount": [], "days": "calendar", "first_day": "in"}
VERSION_DEFAULTS: Canonical = {
    "status": "published",
    "segments": "blend",
    "reason": "",
    "ends": None,
}
MEASURE_DEFAULTS: Canonical = {
    "earnings_of": "",
    "scope": "own",
    "window": "period",
    "filter": "",
    "no_data": "undecided",
    "undone_as": "restate",
}
ROUNDING_DEFAULTS: Canonical = {"mode": "half_up", "each": ""}
COMPONENT_DEFAULTS: Canonical = {
    "title": "",
    "per": "person",
    "of": "",
    "gate": "",
    "modifier": "",
    "cap": "",
    "floor": "",
    "prorate": True,
    "cumulate": "restart",
    "earning_type": "incentive",
    "schedule": "",
    "exchange_rate": "",
    "after_final": "restate",
    "paid_as": "earned",
}
PARTS = ("tables", "measures", "components", "eligibility", "examples")
DRAFT = PlanVersion.Status.DRAFT.value
WHO = ("person", "unit", "job_type", "slot")

# -- from the file --------------------------------------------------------------------------------


def canonical(
    item: Mapping[str, Any], where: str, problems: Problems, *, decimals: int
) -> Canonical:
    """The version with everything said, as JSON; notes what is wrong with tables and schedules.

    ``decimals``: of the plan's currency, to which amounts are rounded where nothing is said.
    """
    version = {key: item.get(key, default) for key, default in VERSION_DEFAULTS.items()}
    measures = item.get("measures", {})
    tables = {
        name: table(name, spec, f"{where}.tables.{name}", problems)
        for name, spec in item.get("tables", {}).items()
    }
    schedules = tools.as_json(item.get("schedules", {}))
    components = {
        name: _component(name, one, f"{where}.components.{name}", schedules, problems)
        for name, one in item["components"].items()
    }
    for one in components.values():
        one["rounding"].setdefault("decimals", decimals)
    eligibility = sorted(map(_who, item.get("eligibility", [{}])), key=str)
    if any(one == other for one, other in pairwise(eligibility)):
        problems.add(f"{where}.eligibility", "an entry is there twice. Keep one of them.")
    for name, parts in schedules.items():
        _check_shares(parts, f"{where}.schedules.{name}", problems)
    return {
        "number": item.get("number"),
        "in_force": item["in_force"],
        **version,
        "prorate": PRORATE_DEFAULTS | _sorted_lists(item.get("prorate", {})),
        "eligibility": eligibility,
        "tables": tables,
        "measures": {
            name: _measure(name, one or {}, f"{where}.measures.{name}", problems)
            for name, one in measures.items()
        },
        "components": components,
        "schedules": schedules,
        "options": _options(item, VERSION_OPTIONS),
        "examples": config_examples.canonical(
            item.get("examples", []), f"{where}.examples", problems
        ),
    }


def _sorted_lists(prorate: Mapping[str, Any]) -> Canonical:
    return {k: sorted(v) if isinstance(v, list) else v for k, v in prorate.items()}


def _who(item: Mapping[str, Any]) -> Canonical:
    return {key: item.get(key) or ("" if key == "slot" else None) for key in WHO}


def _options(item: Mapping[str, Any], keys: tuple[str, ...]) -> Canonical:
    return {key: tools.as_json(item[key]) for key in keys if key in item}


def _measure(name: str, item: Mapping[str, Any], where: str, problems: Problems) -> Canonical:
    said = {key: item.get(key, default) for key, default in MEASURE_DEFAULTS.items()}
    said["metric"] = item.get("metric") or (None if said["earnings_of"] else name)
    if said["earnings_of"] and item.get("metric"):
        problems.add(where, "a measure stands on a metric or on earnings, not on both.")
    options = _options(item, MEASURE_OPTIONS)
    if isinstance(said["window"], Mapping):
        options["window"] = tools.as_json(said["window"])
        said["window"] = "rolling" if "rolling" in options["window"] else "own_dates"
        if set(item["window"]) not in ({"rolling"}, {"from", "to"}):
            problems.add(f"{where}.window", "write {rolling: 3}, or both days: {from: …, to: …}.")
    return {**said, "options": options}


def _component(
    name: str,
    item: Mapping[str, Any],
    where: str,
    schedules: Mapping[str, Any],
    problems: Problems,
) -> Canonical:
    said = {key: item.get(key, default) for key, default in COMPONENT_DEFAULTS.items()}
    if said["schedule"] and said["schedule"] not in schedules:
        known = ", ".join(schedules) or "none"
        problems.add(
            f"{where}.schedule", f"no schedule is called “{said['schedule']}”. There are: {known}."
        )
    return {
        "formula": item["formula"],
        **said,
        "rounding": ROUNDING_DEFAULTS | item.get("rounding", {}),
        "options": _options(item, COMPONENT_OPTIONS),
    }


def _check_shares(parts: list[Mapping[str, Any]], where: str, problems: Problems) -> None:
    total = sum(read_number(part["share"])[0] for part in parts)
    if total != 1:
        problems.add(where, f"the shares sum to {tools.plain(total * 100)} %, not to 100 %.")


# -- from the rows --------------------------------------------------------------------------------


def from_rows(row: PlanVersion) -> Canonical:
    """The canonical form of a version that is there."""
    return {
        "number": row.number,
        "in_force": row.in_force,
        "status": DRAFT if row.status == PlanVersion.Status.REVIEW else row.status,
        "segments": row.segments,
        "reason": row.reason,
        "ends": row.ends,
        "prorate": {
            "goal": sorted(row.prorate_goal),
            "amount": sorted(row.prorate_amount),
            "days": row.prorate_days,
            "first_day": row.first_day,
        },
        "eligibility": sorted(_eligibility_of(row), key=str),
        "tables": {one.name: table_form(one.spec) for one in row.tables.order_by("name")},
        "measures": {
            one.name: measure_said(one)
            for one in row.measures.select_related("metric").order_by("name")
        },
        "components": {
            one.name: component_said(one) for one in row.components.order_by("order", "name")
        },
        "schedules": row.schedules,
        "options": row.options,
        "examples": config_examples.from_rows(row),
    }


def _eligibility_of(row: PlanVersion) -> Iterator[Canonical]:
    rows = row.eligibility.select_related("person", "unit", "job_type")
    for one in rows:
        codes = {key: getattr(one, key) and getattr(one, key).code for key in WHO if key != "slot"}
        yield _who({**codes, "slot": one.slot})


def measure_said(row: Measure) -> Canonical:
    """The canonical form of one measure."""
    said = {key: getattr(row, key) for key in MEASURE_DEFAULTS}
    return {**said, "metric": row.metric and row.metric.code, "options": row.options}


def component_said(row: Component) -> Canonical:
    """The canonical form of one component."""
    return {
        "formula": row.formula,
        **{key: getattr(row, key) for key in COMPONENT_DEFAULTS},
        "rounding": {
            "decimals": row.rounding_decimals,
            "mode": row.rounding_mode,
            "each": row.rounding_each,
        },
        "options": row.options,
    }


def same(one: Canonical, other: Canonical) -> bool:
    """Whether two versions say the same; the order of components, as it is printed, counts."""
    return one == other and list(one["components"]) == list(other["components"])


# -- to the file ----------------------------------------------------------------------------------


def short(version: Canonical, *, decimals: int) -> Canonical:
    """The version as the file says it; ``decimals`` of amounts go without saying."""
    eligibility = [tools.without_defaults(one, {}) for one in version["eligibility"]]
    said = {
        "number": version["number"],
        "in_force": version["in_force"],
        **{key: version[key] for key in VERSION_DEFAULTS},
        "prorate": tools.without_defaults(version["prorate"], PRORATE_DEFAULTS),
        "eligibility": [] if eligibility == [{}] else eligibility,
        "tables": {name: table_said(spec) for name, spec in version["tables"].items()},
        "measures": {name: _measure_said(name, one) for name, one in version["measures"].items()},
        "components": {
            name: _component_said(one, decimals) for name, one in version["components"].items()
        },
        "schedules": version["schedules"],
        **version["options"],
        "examples": config_examples.short(version["examples"]),
    }
    return tools.without_defaults(said, VERSION_DEFAULTS)


def _measure_said(name: str, one: Canonical) -> Canonical:
    options = dict(one["options"])
    said = {"metric": one["metric"] if one["metric"] != name else None}
    said |= {key: one[key] for key in MEASURE_DEFAULTS}
    if "window" in options:
        said["window"] = {
            key: date.fromisoformat(v) if isinstance(v, str) else v
            for key, v in options.pop("window").items()
        }
    return {**tools.without_defaults(said, MEASURE_DEFAULTS), **options}


def _component_said(one: Canonical, decimals: int) -> Canonical:
    said = {key: one[key] for key in ("title", "per", "of", "formula")}
    said |= {key: one[key] for key in COMPONENT_DEFAULTS if key not in said}
    usual = {**ROUNDING_DEFAULTS, "decimals": decimals}
    said["rounding"] = tools.without_defaults(one["rounding"], usual)
    return {**tools.without_defaults(said, COMPONENT_DEFAULTS), **one["options"]}


# -- to the rows ----------------------------------------------------------------------------------


def write(
    row: PlanVersion | None,
    said: Canonical,
    *,
    plan: Plan,
    codes: Mapping[str, Codes],
    where: str,
    by: User | None,
    at: datetime,
) -> PlanVersion:
    """Write a version as a draft, in place of a draft that is there; unknown codes are noted.

    One that was in review is a draft again: what was handed in is not what stands there now.
    """
    version = row or PlanVersion(plan=plan, number=said["number"])
    version.status, version.handed_in_by, version.handed_in_at = DRAFT, None, None
    version.in_force, version.ends = said["in_force"], said["ends"]
    version.segments, version.reason = said["segments"], said["reason"]
    version.prorate_goal = said["prorate"]["goal"]
    version.prorate_amount = said["prorate"]["amount"]
    version.prorate_days = said["prorate"]["days"]
    version.first_day = said["prorate"]["first_day"]
    version.schedules, version.options = said["schedules"], said["options"]
    version.author, version.created_at = by, at
    version.save()
    for part in PARTS:
        getattr(version, part).all().delete()
    _write_parts(version, said, codes, where)
    return version


def _write_parts(
    version: PlanVersion, said: Canonical, codes: Mapping[str, Codes], where: str
) -> None:
    RateTable.objects.bulk_create(
        RateTable(version=version, name=name, spec=spec) for name, spec in said["tables"].items()
    )
    Measure.objects.bulk_create(
        _measure_row(version, name, one, codes["metric"], f"{where}.measures.{name}")
        for name, one in said["measures"].items()
    )
    Component.objects.bulk_create(
        _component_row(version, position, name, one)
        for position, (name, one) in enumerate(said["components"].items())
    )
    Eligibility.objects.bulk_create(
        Eligibility(
            version=version,
            slot=one["slot"],
            **{key: codes[key].find(one[key], f"{where}.eligibility") for key in WHO[:3]},
        )
        for one in said["eligibility"]
    )
    config_examples.write(version, said["examples"])


def _measure_row(
    version: PlanVersion, name: str, one: Canonical, metrics: Codes, where: str
) -> Measure:
    said = {key: one[key] for key in (*MEASURE_DEFAULTS, "options")}
    metric = metrics.find(one["metric"], f"{where}.metric")
    return Measure(version=version, name=name, metric=metric, **said)


def _component_row(version: PlanVersion, position: int, name: str, one: Canonical) -> Component:
    said = {key: one[key] for key in ("formula", *COMPONENT_DEFAULTS, "options")}
    return Component(
        version=version,
        order=position,
        name=name,
        rounding_decimals=one["rounding"]["decimals"],
        rounding_mode=one["rounding"]["mode"],
        rounding_each=one["rounding"]["each"],
        **said,
    )
