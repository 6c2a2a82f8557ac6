"""Reading a version: collects all that is wrong with it instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import Q

from formula import Formula, FormulaError, Scope, Table, TableError, Type, check, key_of
from incentives.models import CalculationRun, Component, PlanVersion, RateTable, Transfer
from incentives.rules.components import ComponentReader, cycle_in, plans_named
from incentives.rules.measures import MeasureReader
from incentives.rules.parts import FACT_TYPES, MeasureRule, Problem, RulesProblem, VersionRules
from incentives.rules.sense import doubts
from incentives.years import begins_on, year_start
from org.models import FactType, Tenant
from org.tenancy import current_tenant_id

Status = PlanVersion.Status


def load(
    version: PlanVersion, on: date | None = None, known: datetime | None = None
) -> VersionRules:
    """Read a version with the metric definitions of a day (its first); RulesProblem if unsound.

    ``known``: the moment of a run that is looked at again: definitions, versions before this one
    and opening balances as they were known then.
    """
    reader = Reader(version, on or version.in_force, known=known)
    rules = reader.read()
    if reader.found:
        raise RulesProblem(version, reader.found)
    return rules


def problems(version: PlanVersion) -> list[Problem]:
    """Everything that is wrong with a version; empty where it can be published."""
    reader = Reader(version, version.in_force)
    rules = reader.read()
    reader.check_plans()
    reader.check_names()
    reader.check_to_date()
    return reader.found or list(doubts(rules))


@dataclass(frozen=True)
class Before:
    """Where a version takes over within a year: from which version, and how.

    ``day``: its first day, or that on which figures of an earlier system end. ``first``: the
    period that is calculated is the first from there on. ``after_opening``: within the year,
    figures of an earlier system end before that version begins.
    """

    day: date
    version: PlanVersion | None
    from_here: bool
    first: bool
    after_opening: bool


class Reader:
    """Reads a version part by part.

    ``components``, ``tables``: rows that stand in place of the saved ones, as somebody types them.
    """

    def __init__(
        self,
        version: PlanVersion,
        on: date,
        *,
        old: bool = False,
        known: datetime | None = None,
        components: Sequence[Component] | None = None,
        tables: Sequence[RateTable] | None = None,
    ) -> None:
        self.version = version
        self.component_rows = list(version.components.all() if components is None else components)
        self.table_rows = list(version.tables.all() if tables is None else tables)
        self.on = on
        self.old = old
        self.known = known
        self.found: list[Problem] = []
        tenant = Tenant.objects.get(pk=current_tenant_id())
        self.currency = version.plan.currency or tenant.currency
        self.fact_types = {
            fact.code: FACT_TYPES[fact.kind] for fact in FactType.objects.order_by("code")
        }
        self.tables: dict[str, Table] = {}
        self.measures: dict[str, MeasureRule] = {}

    def read(self) -> VersionRules:
        """The rules; what is wrong with them is in ``found``."""
        components = self.begin()
        found = components.read()
        whole = components.whole()
        if not found and not self.found:
            self.add("components", "The version has no component, so it would pay nobody.")
        return VersionRules(
            self.version,
            self.on,
            components.measures,
            found,
            self.tables,
            whole,
            self.before.day if components.to_date and self.before else None,
        )

    def begin(self) -> ComponentReader:
        """Read tables and measures, and be ready for the components."""
        self.tables = self._tables()
        return ComponentReader(self, MeasureReader(self).read())

    def prepare(self) -> None:
        """Read what components may ask for of other plans and versions, for copies of this."""
        _ = self.foreign_components, self.before

    def read_tables(self) -> dict[str, Table]:
        """The tables alone."""
        return self._tables()

    def add(self, where: str, sentence: str) -> None:
        """Note a problem, once."""
        problem = Problem(where, sentence)
        if problem not in self.found:
            self.found.append(problem)

    def formula(self, where: str, text: str, scope: Scope, expect: Type) -> Formula | None:
        """A checked formula, or None and a problem with a caret."""
        try:
            return check(text, scope, expect)
        except FormulaError as error:
            self.add(where, str(error))
            return None

    def _tables(self) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        for row in self.table_rows:
            try:
                tables[row.name] = Table.parse(row.name, row.spec)
            except TableError as error:
                self.add(f"tables.{row.name}", str(error))
        return tables

    # --- other plans and versions

    @cached_property
    def foreign_components(self) -> frozenset[str]:
        """Components of all plans as formulas name them: plan.component."""
        rows = Component.objects.exclude(version__status=Status.RETIRED)
        pairs = rows.values_list("version__plan__code", "name").distinct()
        return frozenset(
            {key_of(f"{plan}.{name}"): f"{plan}.{name}" for plan, name in pairs}.values()
        )

    def check_plans(self) -> None:
        """Refuse a plan that stands, by way of others, on its own earnings."""
        own = key_of(self.version.plan.code)
        if not plans_named([self.version])[self.version.pk] - {own}:
            return
        versions = PlanVersion.objects.exclude(status=Status.RETIRED).select_related("plan")
        named = plans_named(versions)
        reads: dict[str, set[str]] = {}
        codes: dict[str, str] = {}
        for version in versions:
            plan = key_of(version.plan.code)
            codes[plan] = version.plan.code
            reads.setdefault(plan, set()).update(named[version.pk] - {plan})
        path = cycle_in(reads)
        if path and own in path:
            shown = " → ".join(codes[plan] for plan in path)
            self.add("components", f"These plans stand on each other's earnings: {shown}.")

    def check_names(self) -> None:
        """Refuse a component that is booked under the same name with other capitals.

        To a formula they are one; the ledger's keys are exact, and would part (docs/adr/0200).
        """
        said = dict(self._booked_names())
        for row in self.component_rows:
            before = said.get(key_of(row.name), row.name)
            if before != row.name:
                self.add(
                    f"components.{row.name}",
                    f"This plan has paid it as “{before}”. Capitals make no difference to a"
                    " formula, but what is booked goes by the name as it was written: write"
                    f" “{before}”, or choose another name.",
                )

    def check_to_date(self) -> None:
        """Refuse a component to date that takes the place of another one within the year: what that
        one earned would be paid once more, or forgotten under the cap."""
        if self.before is None or self.before.version is None:
            return
        old = {key_of(row.name): row.name for row in _to_date(self.before.version.components.all())}
        own = {key_of(row.name) for row in self.component_rows}
        gone = [name for key, name in old.items() if key not in own]
        for row in _to_date(self.component_rows):
            pays_again = not self.before.from_here or bool(row.cap.strip())
            if gone and key_of(row.name) not in old and pays_again:
                self.add(
                    f"components.{row.name}",
                    f"It reckons to date, and so does “{gone[0]}” of {self.before.version}, which"
                    " is missing here: what that one has earned in the year would not be taken off."
                    f" Keep the name “{gone[0]}”, or begin with the year.",
                )

    def _booked_names(self) -> Iterator[tuple[str, str]]:
        """Components of versions in force, or by which something is booked, by what they are."""
        used = CalculationRun.objects.filter(plan=self.version.plan_id, final_at__isnull=False)
        rows = Component.objects.filter(version__plan=self.version.plan_id).exclude(
            version=self.version.pk
        )
        rows = rows.filter(
            Q(version__in=used.values("version"))
            | Q(version__status=Status.PUBLISHED) & ~Q(version__in_force=self.version.in_force)
        )
        opened = Transfer.objects.filter(
            plan=self.version.plan_id, origin=Transfer.Origin.OPENING
        ).exclude(component="")
        names = (
            *rows.order_by("-version__in_force").values_list("name", flat=True),
            *opened.values_list("component", flat=True).distinct(),
        )
        for name in names:
            yield key_of(name), name

    @cached_property
    def before(self) -> Before | None:
        """What ruled earlier in the year of the day, if it was not this version."""
        if self.old:
            return None
        opening = self._opening()
        earlier = (
            PlanVersion.objects.filter(
                self._in_force,
                plan=self.version.plan_id,
                in_force__lt=self.version.in_force,
            )
            .exclude(pk=self.version.pk)
            .order_by("-in_force")
            .first()
        )
        begins = self._year_begins()
        days = [day for day in (opening, earlier and self.version.in_force) if day]
        day = max((d for d in days if begins <= d <= self.on), default=None)
        if day is None or day == begins:
            return None
        version = earlier if day == self.version.in_force and day != opening else None
        after_opening = opening is not None and begins < opening
        return Before(day, version, _from_here(self.version), day == self.on, after_opening)

    @property
    def _in_force(self) -> Q:
        """Versions that are in force, or were at the moment that is asked about."""
        if self.known is None:
            return Q(status=Status.PUBLISHED)
        later = Q(published_at__gt=self.known)
        withdrawn = Q(status=Status.RETIRED, withdrawn_at__gt=self.known)
        return (Q(status=Status.PUBLISHED) | withdrawn) & ~later

    def before_of(self, version: PlanVersion) -> Before | None:
        """What ruled before an earlier version, if that took over within the same year."""
        return Reader(version, self.on, known=self.known).before

    def _year_begins(self) -> date:
        """The first day of the year, by the plan's calendar, to which the day belongs."""
        calendar = self.version.plan.calendar
        period = calendar.periods.filter(valid_from__lte=self.on, valid_to__gt=self.on).first()
        return begins_on(calendar, self.on, 12) if period is None else year_start(period)

    def _opening(self) -> date | None:
        """The day after the last period that an earlier system had booked."""
        rows = Transfer.objects.filter(
            plan=self.version.plan_id, origin=Transfer.Origin.OPENING, from_account="plan"
        )
        if self.known is not None:
            rows = rows.filter(recorded_at__lte=self.known)
        last: date | None = (
            rows.order_by("-earned_period__valid_to")
            .values_list("earned_period__valid_to", flat=True)
            .first()
        )
        return last

    def older(self, version: PlanVersion) -> VersionRules:
        """The rules of the version that ruled before, with the definitions of the same day."""
        reader = Reader(version, self.on, old=True, known=self.known)
        rules = reader.read()
        self.found += reader.found
        return rules


def _to_date(rows: Iterable[Component]) -> list[Component]:
    """The components that reckon to date."""
    return [row for row in rows if row.cumulate == "to_date"]


def _from_here(version: PlanVersion) -> bool:
    """Whether a version leaves alone what had been earned before it."""
    return bool(version.options.get("on_change", "true_up") == "from_here")
