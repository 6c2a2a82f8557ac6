"""What the rules of a version read that a law speaks of: tagged metrics and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from formula import Formula, FormulaError, Ref, check, key_of
from incentives.rules import ComponentRule, MeasureRule, Per, VersionRules
from metrics.attributes import kinds_into
from metrics.credit_rules import scope_of
from metrics.models import CreditRule, Metric, TransactionKind
from org.base import CURRENT


@dataclass(frozen=True)
class Reading:
    """One tagged thing that a component, or the plan as a whole, is paid by.

    ``name``: as people call it; ``metric``: through which it comes, where it comes by credits.
    """

    where: str
    component: ComponentRule | None
    name: str
    tags: frozenset[str]
    metric: int = 0


class Reader:
    """Finds the tagged things that a version reads."""

    def __init__(self, rules: VersionRules) -> None:
        self.rules = rules
        self.metrics = {one.pk: one for one in Metric.objects.filter(pk__in=rules.metrics)}
        self.kinds = {one.pk: one for one in TransactionKind.objects.all()}
        self.tags = {
            key_of(f"{kind.code}.{name}"): frozenset(tags)
            for kind in self.kinds.values()
            for name, tags in kind.tags.items()
        }

    def readings(self) -> list[Reading]:
        """Everything tagged that is read, once for each component."""
        found: dict[tuple[str, str], Reading] = {}
        for reading in (*self._of_components(), *self._of_whole()):
            found.setdefault((reading.where, reading.name), reading)
        return list(found.values())

    def _of_components(self) -> Iterator[Reading]:
        for component in self.rules.components.values():
            where = f"components.{component.name}"
            names = {*component.measures(), *([component.of] if component.of else [])}
            for name in sorted(names & self.rules.measures.keys()):
                yield from self._of_measure(where, component, self.rules.measures[name])
            if component.per == Per.CREDIT:
                kinds = kinds_into([self.rules.measures[component.of].metric])
                yield from self._of_refs(where, component, component.references, kinds)

    def _of_whole(self) -> Iterator[Reading]:
        read = {ref.name for formula in self.rules.whole.values() for ref in formula.references}
        for name in sorted(read & self.rules.measures.keys()):
            yield from self._of_measure("plan", None, self.rules.measures[name])

    def _of_measure(
        self, where: str, component: ComponentRule | None, measure: MeasureRule
    ) -> Iterator[Reading]:
        for part in self.rules.under(measure):
            metric = self.metrics.get(part.metric)
            if metric is None:
                continue
            if metric.tags:
                yield Reading(where, component, metric.name, frozenset(metric.tags), metric.pk)
            if part.filter is not None:
                yield from self._of_refs(
                    where, component, part.filter.references, kinds_into([metric.pk])
                )
            yield from self._of_credit_rules(where, component, metric)

    def _of_credit_rules(
        self, where: str, component: ComponentRule | None, metric: Metric
    ) -> Iterator[Reading]:
        for row in credit_rules_into(metric.pk):
            kind = self.kinds[row.kind_id]
            for formula in formulas_of(row, kind):
                yield from self._of_refs(where, component, formula.references, [kind], metric.pk)

    def _of_refs(
        self,
        where: str,
        component: ComponentRule | None,
        refs: Iterable[Ref],
        kinds: Iterable[TransactionKind],
        metric: int = 0,
    ) -> Iterator[Reading]:
        codes = [kind.code for kind in kinds]
        for ref in sorted(refs):
            called = [ref.name] if "." in ref.name else [f"{code}.{ref.name}" for code in codes]
            for name in called:
                if tags := self.tags.get(key_of(name)):
                    yield Reading(where, component, name, tags, metric)


def credit_rules_into(metric: int) -> list[CreditRule]:
    """The credit rules, as known now, that feed a metric."""
    return list(CreditRule.objects.filter(CURRENT, into=metric).order_by("group", "order"))


def formulas_of(row: CreditRule, kind: TransactionKind) -> Iterator[Formula]:
    """The formulas of a credit rule; what fits no more is refused where it is written."""
    scope = scope_of(kind)
    for text in (row.when, row.amount, row.weight):
        if text.strip():
            try:
                yield check(text, scope, None)
            except FormulaError:
                continue
