"""One transaction with all that is known of it: versions, parties, and what each group made of it.

Which rule took it, and why it credits nothing, is worked out again: nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator

from metrics.correct_deal import shown_value
from metrics.credit import widen
from metrics.credit_rules import KindRules, Rule, load_one
from metrics.deciding import decide
from metrics.models import (
    Metric,
    Party,
    Transaction,
    TransactionCorrection,
    TransactionKind,
    Value,
    Waiting,
)
from metrics.stage import temporary
from org.base import CURRENT
from org.dates import NEVER
from org.errors import DomainError
from org.models import Person, Tenant
from org.sql import NEVER as CURRENTLY
from org.sql import execute, fetch
from org.tenancy import current_tenant_id


def story(kind: TransactionKind, key: str) -> list[str]:
    """The transaction in sentences. Raises DomainError where there never was one."""
    versions = list(
        Transaction.objects.filter(kind=kind, key=key)
        .select_related("delivery", "about_kind")
        .defer("delivery__content")
        .order_by("version")
    )
    if not versions:
        raise DomainError(f"There is no {kind.code} “{key}”, and there never was.")
    lines = [f"{kind.code} {key}: {_count(len(versions))}."]
    for version in versions:
        lines += _version(version)
    lines += _corrections(kind, key)
    lines += _about(kind, key)
    if versions[-1].superseded_at == NEVER:
        lines += _groups(kind, versions[-1])
    return lines


def _count(versions: int) -> str:
    return "1 version" if versions == 1 else f"{versions} versions"


def _version(version: Transaction) -> Iterator[str]:
    until = ""
    if version.superseded_at != NEVER:
        until = f" to {version.superseded_at:%Y-%m-%d %H:%M} UTC"
    source = f"delivery {version.delivery_id} ({version.delivery.file_name})"
    yield (
        f"Version {version.version}, from {source}, known from "
        f"{version.recorded_at:%Y-%m-%d %H:%M}{until or ' UTC on'}:"
    )
    said = ", ".join(f"{name} {shown_value(value)}" for name, value in version.attributes.items())
    yield f"  {said or 'no attributes'}"
    if version.about:
        yield f"  about {version.about_kind and version.about_kind.code} {version.about}"
    for party in Party.objects.filter(transaction=version).select_related("person"):
        share = "" if party.share is None else f" with {_percent(party.share)}"
        yield f"  {party.role}: {party.person.name} ({party.person.code}){share}"


def _percent(share: object) -> str:
    return f"{fetch('SELECT trim_scale(%s::numeric * 100)::text', [share])[0][0]} %"


def _corrections(kind: TransactionKind, key: str) -> Iterator[str]:
    rows = TransactionCorrection.objects.filter(CURRENT, kind=kind, key=key).select_related("by")
    for row in rows.order_by("pk"):
        by = f" by {row.by.get_username()}" if row.by else ""
        yield (
            f"Corrected{by}: {row.attribute} from {shown_value(row.before)} to "
            f"{shown_value(row.value)}: "
            f"{row.reason}"
        )


def _about(kind: TransactionKind, key: str) -> Iterator[str]:
    rows = Transaction.objects.filter(CURRENT, about_kind=kind, about=key).select_related("kind")
    for row in rows.order_by("kind__code", "key"):
        yield f"About it: {row.kind.code} {row.key}."


# -- what each group made of it -------------------------------------------------------------------


def _groups(kind: TransactionKind, deal: Transaction) -> Iterator[str]:
    found = load_one(kind)
    if not found.rules:
        yield "No credit rule is for this kind."
        return
    temporary("touched_deal", "(kind_id bigint, key text)")
    execute("INSERT INTO touched_deal VALUES (%s, %s)", [kind.pk, deal.key])
    widen([found])
    zone = Tenant.objects.get(pk=current_tenant_id()).time_zone
    decide(found, list(TransactionKind.objects.order_by("code")), zone=zone, excluded=True)
    taken = dict(fetch("SELECT rule, once FROM decided WHERE id = %s", [deal.pk]))
    for group in found.groups:
        rule = next((r for r in found.rules if r.group == group and r.number in taken), None)
        once = None if rule is None else taken[rule.number]
        yield from _group(found, group, rule, deal, once)


def _group(
    found: KindRules, group: str, rule: Rule | None, deal: Transaction, once: str | None
) -> Iterator[str]:
    if rule is None:
        yield f"Group {group}: no rule takes it."
        return
    waits = Waiting.objects.filter(kind_id=deal.kind_id, key=deal.key, group=group).first()
    credits = list(Value.objects.filter(CURRENT, transaction_id=deal.pk, rule_id=rule.pk))
    if waits is not None:
        yield f"Group {group}: waits. {waits.sentence}"
    elif rule.into is None:
        yield f"Group {group}: rule {rule.order} takes it and credits nobody, on purpose."
    elif not credits:
        yield f"Group {group}: rule {rule.order} takes it, and {_why_nothing(found, rule, once)}"
    if credits:
        yield f"Group {group}: rule {rule.order} takes it and credits"
    yield from (_credit(value) for value in credits)


def _why_nothing(found: KindRules, rule: Rule, once: str | None) -> str:
    if once is None:
        return "its shares are 0, so it credits nobody."
    alike = [r.number for r in found.rules if (r.group, r.order) == (rule.group, rule.order)]
    first = fetch(
        "SELECT key, day FROM decided WHERE rule = ANY(%s) AND once = %s AND EXISTS (SELECT 1"
        "  FROM metrics_value AS value WHERE value.transaction_id = decided.id"
        f"  AND value.rule_id = ANY(%s) AND value.superseded_at = {CURRENTLY})"
        ' ORDER BY day, key COLLATE "C" LIMIT 1',
        [alike, once, [r.pk for r in found.rules if r.number in alike]],
    )
    key, day = first[0]
    return (
        f"credits nothing: it credits once per {' and '.join(rule.once_per)}, and "
        f"{found.kind.code} {key} of {day} came first."
    )


def _credit(value: Value) -> str:
    person = Person.objects.get(pk=value.person_id)
    metric = Metric.objects.get(pk=value.metric_id)
    share = "" if value.share is None else f", share {_percent(value.share)}"
    below = "" if value.denominator is None else f" of {value.denominator.normalize():f}"
    undone = ""
    if value.undone is not None:
        undone = f", undone {_percent(value.undone)}"
        undone += f" on {value.undone_on}" if value.undone_on else ""
    return (
        f"  {person.name} ({person.code}) as {value.role}: {value.numerator.normalize():f}{below} "
        f"into {metric.code} on {value.day}{share}{undone}"
    )
