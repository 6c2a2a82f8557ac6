"""Holding a version against the rules of law that its tenant switched on.

:func:`findings` says what a pack has to say of a version, with the law beside it; what is refused
keeps the version from being published (:func:`problems`). The packs are data, in
:mod:`incentives.compliance.packs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Greatest

from formula import Ref
from formula.nodes import Call, Expression, Literal, Reference
from incentives.compliance.packs import PACKS, Pack
from incentives.compliance.reads import Reader, Reading, credit_rules_into
from incentives.models import Eligibility, PlanVersion
from incentives.own_pay import eligible
from incentives.rules import ComponentRule, RulesProblem, VersionRules, load
from org.base import CURRENT
from org.compliance import Pack as Code
from org.compliance import licence_fact
from org.models import Fact, JobType, Tenant
from org.tenancy import current_tenant_id

NAMED = 3


@dataclass(frozen=True)
class Finding:
    """What a pack has to say: where, in a sentence, and by which law; refused or only noted."""

    pack: str
    law: str
    where: str
    sentence: str
    refused: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence} ({self.law})"


def findings(version: PlanVersion) -> list[Finding]:
    """What the packs of the tenant say of a version, what is refused first.

    Nothing of rules that do not hold: those are mended first.
    """
    packs = Tenant.objects.get(pk=current_tenant_id()).compliance
    if not packs:
        return []
    try:
        rules = load(version)
    except RulesProblem:
        return []
    readings = Reader(rules).readings()
    found = [
        finding
        for code in packs
        for finding in _Checker(Code(code), version, rules, readings).findings()
    ]
    return sorted(found, key=lambda one: not one.refused)


def problems(version: PlanVersion) -> list[str]:
    """The findings that keep a version from being published."""
    return [str(one) for one in findings(version) if one.refused]


class _Checker:
    """Holds one pack against one version."""

    def __init__(
        self, code: Code, version: PlanVersion, rules: VersionRules, readings: list[Reading]
    ) -> None:
        self.code = code
        self.pack: Pack = PACKS[code]
        self.version = version
        self.rules = rules
        self.readings = readings

    def findings(self) -> Iterator[Finding]:
        if self.pack.notice:
            yield self._finding("version", self.pack.notice, refused=False)
        if self.pack.two_people and self.version.author_id is None:
            yield self._finding(
                "version",
                "Nobody is on record as having written it. Write it here, or apply the tenant file"
                " with --by and --approved-by.",
            )
        yield from self._terms()
        if self.pack.product is not None:
            yield from self._licences()

    def _finding(self, where: str, sentence: str, *, refused: bool = True) -> Finding:
        return Finding(self.code, self.pack.law, where, sentence, refused)

    def _terms(self) -> Iterator[Finding]:
        for reading in self.readings:
            if reading.tags & self.pack.terms:
                yield self._finding(
                    reading.where,
                    f"{_title(reading)} is paid by {reading.name}, a term of a loan. Pay may go by"
                    " the volume, the number or the quality of loans, not by their terms.",
                )

    # --- what only licensed staff may be paid on

    def _licences(self) -> Iterator[Finding]:
        concerned = [
            one for one in self.readings if one.tags & {self.pack.sale, self.pack.referral}
        ]
        who = self._unlicensed() if concerned else ""
        if not who:
            return
        for reading in concerned:
            if self._asks_for_licence(reading.component):
                continue
            if self.pack.sale in reading.tags:
                yield self._finding(
                    reading.where,
                    f"{_title(reading)} is paid by {reading.name}, which depends on a sale, and"
                    f" {who} no {self.pack.product} licence. Pay them for the referral, sold or"
                    f" not, or ask for FACT({licence_fact(str(self.pack.product))}) in the gate.",
                )
            else:
                yield from self._referral(reading, who)

    def _referral(self, reading: Reading, who: str) -> Iterator[Finding]:
        """What a fee for a referral must be for those without a licence."""
        component, title = reading.component, _title(reading)
        if component is None or not is_fixed(component):
            yield self._finding(
                reading.where,
                f"{title} pays for {reading.name} otherwise than by a fixed amount each, such as"
                f" referrals * 10, and {who} no {self.pack.product} licence.",
            )
        if not self.pack.most:
            return
        if component is not None and "cap" not in {*component.parts, *self.rules.whole}:
            yield self._finding(
                reading.where, f"{title} pays for {reading.name} without a cap. Say what is most."
            )
        credited = credit_rules_into(reading.metric)
        if not credited or any(not row.once_per for row in credited):
            yield self._finding(
                reading.where,
                f"{title} pays for {reading.name}, which may count a customer more than once. Let"
                " its credit rules credit once_per: [customer].",
            )

    def _asks_for_licence(self, component: ComponentRule | None) -> bool:
        if component is None or "gate" not in component.parts:
            return False
        wanted = Ref("fact", licence_fact(str(self.pack.product)))
        return wanted in component.parts["gate"].references

    def _unlicensed(self) -> str:
        """Who is on the plan without a licence, as the middle of a sentence; '' where nobody is."""
        product = str(self.pack.product)
        first = Greatest(F("valid_from"), self.version.in_force)
        licence = Fact.objects.filter(
            CURRENT,
            fact_type__code=licence_fact(product),
            person=OuterRef("person"),
            number__gt=0,
            valid_from__lte=OuterRef("first"),
            valid_to__gt=OuterRef("first"),
        )
        jobs = eligible(self.version, self.version.in_force).annotate(first=first)
        without = jobs.exclude(job_type__licences__contains=[product]).exclude(Exists(licence))
        names = list(
            without.order_by("person__name").values_list("person__name", flat=True).distinct()
        )
        if names:
            more = f" and {len(names) - NAMED} more" if names[NAMED:] else ""
            listed = ", ".join(names[:NAMED])
            return f"{listed}{more} {'has' if len(names) == 1 else 'have'}"
        if jobs.exists():
            return ""
        # Nobody has such a job yet; whoever gets one will have no licence by it.
        named = Eligibility.objects.filter(version=self.version, person=None).values("job_type")
        bare = JobType.objects.filter(pk__in=named).exclude(licences__contains=[product])
        return f"the job type {', '.join(map(str, bare))} has" if bare else ""


def _title(reading: Reading) -> str:
    return f"“{reading.component.title}”" if reading.component else "The plan as a whole"


def is_fixed(component: ComponentRule) -> bool:
    """Whether a component pays a fixed amount, or one for each that is counted."""
    if {"modifier", "floor"} & component.parts.keys() or component.to_date:
        return False
    return _fixed(component.parts["formula"].node)


def _fixed(node: Expression) -> bool:
    if isinstance(node, Literal):
        return True
    if not isinstance(node, Call) or node.table is not None:
        return isinstance(node, Reference) and node.ref.kind == "value"
    if node.function == "*":
        kinds = {type(part) for part in node.arguments}
        return kinds == {Literal, Reference}
    if node.function == "DEFAULT":
        return all(_fixed(part) for part in node.arguments)
    if node.function == "IF":
        return all(isinstance(part, Literal) or _product(part) for part in node.arguments[1:])
    return False


def _product(node: Expression) -> bool:
    return isinstance(node, Call) and node.function == "*" and _fixed(node)
