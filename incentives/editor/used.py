"""Where a metric, an attribute, a fact, a table, a component or a plan is used, in words and links.

Versions that are drafts or published are searched, credit rules and kinds of transaction as known
now, sources, goals and caps. What later packages show of it, they add themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from formula import key_of
from incentives.editor.rename import formulas_of, names_it
from incentives.models import Measure, PersonCap, Plan, PlanVersion
from metrics.models import CreditRule, Goal, Metric, MetricDefinition, Source, TransactionKind
from org.base import CURRENT

Status = PlanVersion.Status
KINDS = {
    "metric": "metric",
    "attribute": "attribute",
    "fact": "fact",
    "plan": "plan",
    "component": "component",
}


@dataclass(frozen=True)
class Use:
    """One place where a thing is used: what reads it, in which way, and where that is."""

    what: str
    how: str
    address: str = ""


def live_versions() -> list[PlanVersion]:
    """The drafts and published versions of all plans."""
    rows = PlanVersion.objects.exclude(status=Status.RETIRED).select_related("plan")
    return list(
        rows.prefetch_related("measures__metric", "components", "tables").order_by(
            "plan__code", "number"
        )
    )


def _part(version: PlanVersion, section: str, name: str) -> str:
    if not name:
        return reverse("edit-whole", args=[version.pk])
    return reverse("edit-part", args=[version.pk, section, name])


def _called(version: PlanVersion, section: str, name: str) -> str:
    what = {"measures": "measure", "components": "component", "schedules": "schedule"}.get(section)
    return f"{version}: {what} {name}" if what and name else str(version)


# --- metrics


def of_metric(metric: Metric) -> list[Use]:
    """Who reads a metric."""
    uses = [*_measures_of(metric), *_derived_of(metric), *_credits_into(metric)]
    return [*uses, *_sources_of(metric), *_goals_of(metric)]


def _measures_of(metric: Metric) -> Iterator[Use]:
    rows = Measure.objects.exclude(version__status=Status.RETIRED).select_related("version__plan")
    for row in rows.order_by("version__plan__code", "version__number", "name"):
        goal = row.options.get("goal", {}).get("metric") == metric.code
        if row.metric_id == metric.pk or goal:
            how = "stands on it" if row.metric_id == metric.pk else "is held against its goal"
            yield Use(
                _called(row.version, "measures", row.name),
                how,
                _part(row.version, "measures", row.name),
            )


def _derived_of(metric: Metric) -> Iterator[Use]:
    rows = MetricDefinition.objects.filter(CURRENT).exclude(formula="").select_related("metric")
    for row in rows.order_by("metric__code", "valid_from"):
        if names_it(row.formula, metric.code):
            address = reverse("admin:metrics_metric_change", args=[row.metric_id])
            yield Use(f"Metric {row.metric.name}", f"is worked out from it: {row.formula}", address)


def _credits_into(metric: Metric) -> Iterator[Use]:
    rows = CreditRule.objects.filter(CURRENT, into=metric).select_related("kind")
    for row in rows.order_by("kind__code", "group", "order"):
        yield Use(f"Credit rule {row}", "credits it", reverse("credit-rules", args=[row.kind.code]))


def _sources_of(metric: Metric) -> Iterator[Use]:
    for source in Source.objects.order_by("code"):
        address = reverse("admin:metrics_source_change", args=[source.pk])
        if metric.code in source.column_map.get("values", {}):
            yield Use(f"Source {source}", "brings it", address)
        if metric.code in source.by_hand:
            yield Use(f"Source {source}", "takes it as entered by hand", address)


def _goals_of(metric: Metric) -> Iterator[Use]:
    count = Goal.objects.filter(CURRENT, metric=metric).count()
    if count:
        address = f"{reverse('admin:metrics_goal_changelist')}?metric__id__exact={metric.pk}"
        yield Use(f"{count} goal{'s' * (count != 1)}", "are set for it", address)


# --- what formulas name


def of_attribute(kind: TransactionKind, name: str) -> list[Use]:
    """Who reads an attribute or date of a kind of transaction."""
    uses = []
    for where, text in _kind_formulas(kind):
        if names_it(text, name):
            address = reverse("credit-rules", args=[kind.code])
            uses.append(Use(where, " ".join(text.split()), address))
    inside = f"{kind.code}.{name}"
    fed = set(
        CreditRule.objects.filter(CURRENT, kind=kind, into__isnull=False).values_list(
            "into", flat=True
        )
    )
    for version in live_versions():
        own = {m.name: m for m in version.measures.all()}
        reading = {key_of(m.name) for m in own.values() if m.metric_id in fed}
        for section, part, field, text in formulas_of(version):
            measure = own.get(part) if section == "measures" else None
            near = measure is not None and measure.metric_id in fed
            near = near or (section == "components" and _credit_of(version, part) in reading)
            if (near and names_it(text, name)) or names_it(text, inside):
                uses.append(
                    Use(_called(version, section, part), field, _part(version, section, part))
                )
    return uses


def _credit_of(version: PlanVersion, component: str) -> str:
    return next((key_of(c.of) for c in version.components.all() if c.name == component), "")


def _kind_formulas(kind: TransactionKind) -> Iterator[tuple[str, str]]:
    yield f"{kind}: how far it is undone", kind.undone_share
    yield f"{kind}: when it was undone", kind.undone_on
    for rule in CreditRule.objects.filter(CURRENT, kind=kind).order_by("group", "order"):
        for field in ("when", "amount", "weight", "on"):
            yield f"Credit rule {rule.group} {rule.order}, {field}", getattr(rule, field)
        for name in rule.once_per:
            yield f"Credit rule {rule.group} {rule.order}, once per", name


def of_fact(code: str) -> list[Use]:
    """Who reads a fact about people."""
    return [
        Use(_called(version, section, part), field, _part(version, section, part))
        for version in live_versions()
        for section, part, field, text in formulas_of(version)
        if "FACT" in text.upper() and names_it(text.replace('"', " "), code)
    ]


def of_component(plan: Plan, name: str) -> list[Use]:
    """Who reads what a component pays: formulas of its own plan and of others, and measures."""
    inside = f"{plan.code}.{name}"
    uses = []
    for version in live_versions():
        own = version.plan_id == plan.pk
        for section, part, field, text in formulas_of(version):
            asks = "EARNED" in text.upper()
            if asks and (
                names_it(text.replace('"', " "), inside) or (own and names_it(text, name))
            ):
                uses.append(
                    Use(_called(version, section, part), field, _part(version, section, part))
                )
        for measure in version.measures.all():
            if key_of(measure.earnings_of) == key_of(inside):
                address = _part(version, "measures", measure.name)
                uses.append(Use(_called(version, "measures", measure.name), "adds it up", address))
    return uses


def of_plan(plan: Plan) -> list[Use]:
    """Who reads what a plan pays, and which caps hold it together with others."""
    names = {
        c.name for v in plan.versions.exclude(status=Status.RETIRED) for c in v.components.all()
    }
    uses = [
        use
        for name in sorted(names)
        for use in of_component(plan, name)
        if not use.what.startswith(f"{plan} version")
    ]
    for cap in PersonCap.objects.filter(CURRENT).order_by("name"):
        if plan.code in cap.plans:
            uses.append(Use(f"Cap “{cap.name}”", f"with {', '.join(cap.plans)}"))
    return list(dict.fromkeys(uses))


# --- parts of a version


def of_part(version: PlanVersion, section: str, name: str) -> list[Use]:
    """Who reads a part of a version: within it, and where the same is read from outside."""
    uses = [
        Use(_called(version, where, part), field, _part(version, where, part))
        for where, part, field, text in formulas_of(version)
        if names_it(text, name) and (where, part) != (section, name)
    ]
    if section == "measures":
        uses += [
            Use(_called(version, "components", c.name), "pays its credits",
                _part(version, "components", c.name))
            for c in version.components.all() if key_of(c.of) == key_of(name)
        ]  # fmt: skip
    if section == "components":
        inside = {use.address for use in uses}
        uses += [u for u in of_component(version.plan, name) if u.address not in inside]
    return uses
