"""Reading the components of a version: parts as formulas, and the formula that joins them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from formula import BOOLEAN, NUMBER, Formula, Name, Ref, Scope, Type, check, key_of
from incentives.currencies import places, rounding_trouble
from incentives.models import Component, Measure, PlanVersion
from incentives.rules.measures import ABOUT, earnings_measure, earnings_trouble, rename, variants
from incentives.rules.names import name_trouble
from incentives.rules.parts import (
    PARTS,
    POPULATION,
    TOTAL,
    UNIT_SCOPES,
    WHOLE,
    ComponentRule,
    Kind,
    MeasureRule,
    Per,
    Window,
    part_name,
)
from metrics.attributes import about_of, kinds_into, names_of

if TYPE_CHECKING:
    from incentives.rules.reader import Before, Reader

PERSONAL = frozenset({"goal", "attainment", "tenure", "prorate", "prior", "ytd", "qtd", "earned"})
USES: Mapping[str, frozenset[str]] = {
    Per.PERSON: PERSONAL | POPULATION,
    Per.CREDIT: PERSONAL | ABOUT | {"running"},
    Per.DAY: frozenset({"tenure", "prorate"}),
    Per.TEAM: frozenset({"goal", "attainment", "prior", "ytd", "qtd", "earned"}),
}
OTHER_DAYS = {"ytd": "year_to_date", "qtd": "quarter_to_date"}
# What a component per credit calls the credit itself.
CREDIT_NAMES = {"amount": Name(NUMBER), "weight": Name(NUMBER)}
# Columns that a component to date reads beside its parts.
YEAR_BEGINS = "year__begins"
# What stands before the parts of the version that ruled until “from here”.
BEFORE = "before"


@dataclass
class Parts:
    """The parts of a component as they hold at one moment, under names with one prefix."""

    prefix: str
    formulas: dict[str, Formula] = field(default_factory=dict)

    def name(self, part: str) -> str:
        """How the joining formula calls a part."""
        return part_name(self.prefix, part)

    @property
    def steps(self) -> list[tuple[str, Formula]]:
        """The parts under their names."""
        return [(self.name(part), formula) for part, formula in self.formulas.items()]

    def joined(self, *, reduced: bool = False, rate: str = "", capped: bool = True) -> str:
        """Gate, modifier, prorate, exchange rate, floor and cap around the formula."""
        text = self.name("formula")
        if "gate" in self.formulas:
            text = f"IF({self.name('gate')}, {text}, 0)"
        if "modifier" in self.formulas:
            text = f"{text} * {self.name('modifier')}"
        if reduced:
            text = f"PRORATE({text})"
        if rate:
            text = f"{text} * {rate}"
        if "floor" in self.formulas:
            text = f"MAX({text}, {self.name('floor')})"
        if "cap" in self.formulas and capped:
            text = f"MIN({text}, {self.name('cap')})"
        return text


class ComponentReader:
    """Reads the components of one version; adds the measures that their formulas ask for."""

    def __init__(self, reader: Reader, measures: dict[str, MeasureRule]) -> None:
        self.reader = reader
        self.measures = measures
        self.names = {
            name: Name(NUMBER, measure=True) for name, m in measures.items() if not m.hidden
        }
        rows = reader.component_rows
        self.rows = rows
        self.known = {key_of(row.name) for row in rows}
        self.to_date = any(row.cumulate == "to_date" for row in rows)

    def read(self) -> dict[str, ComponentRule]:
        """Every component that is sound; the others' problems go to the reader of the version."""
        found: dict[str, ComponentRule] = {}
        for row in self.rows:
            where = f"components.{row.name}"
            trouble = name_trouble(row.name)
            trouble = trouble or rounding_trouble(self.reader.currency, row.rounding_decimals)
            if key_of(row.name) in found:
                trouble = f"There is another component “{row.name}”; capitals make no difference."
            if not row.formula.strip():
                trouble = trouble or "The formula is empty: say what it pays."
            if trouble:
                self.reader.add(where, trouble)
                continue
            component = self._component(where, row)
            if component is not None:
                found[component.name] = component
        self._refuse_cycles(found)
        return found

    def whole(self) -> dict[str, Formula]:
        """Gate, modifier and cap of the plan, over measures, components and their ``total``."""
        scope = self.whole_scope()
        parts: dict[str, Formula] = {}
        for part in ("gate", "modifier", "cap"):
            text = self.reader.version.options.get(part, "")
            if str(text).strip():
                expect = BOOLEAN if part == "gate" else NUMBER
                formula = self.reader.formula(part, str(text), scope, expect)
                if formula is not None:
                    parts[part] = self._resolved(part, formula)
        if parts:
            parts["amount"] = self._whole_amount(parts)
        return parts

    def whole_scope(self) -> Scope:
        """What gate, modifier and cap of the plan may read."""
        return self.scope(Per.PERSON, extra={TOTAL: Name(NUMBER)})

    def _whole_amount(self, parts: Mapping[str, Formula]) -> Formula:
        """What the plan pays in all: the sum of its components within gate, modifier and cap."""
        text, names = TOTAL, {TOTAL: Name(NUMBER)}
        for part, formula in parts.items():
            names[part_name(WHOLE, part)] = Name(formula.type)
        if "gate" in parts:
            text = f"IF({part_name(WHOLE, 'gate')}, {text}, 0)"
        if "modifier" in parts:
            text = f"{text} * {part_name(WHOLE, 'modifier')}"
        if "cap" in parts:
            text = f"MIN({text}, {part_name(WHOLE, 'cap')})"
        return check(f"ROUND({text}, {places(self.reader.currency)})", Scope(names), NUMBER)

    # --- one component

    def _component(self, where: str, row: Component) -> ComponentRule | None:
        name = key_of(row.name)
        if trouble := self._trouble(row):
            self.reader.add(where, trouble)
            return None
        scope = self.scope_for(where, row)
        parts = self._parts(where, row, Parts(name), scope)
        if "formula" not in parts.formulas:
            return None
        rate = part_name(name, "rate") if row.exchange_rate else ""
        to_date = row.cumulate == "to_date"
        decimals = row.rounding_decimals
        # What a unit earned has nobody's days (docs/adr/0105).
        whole = to_date or row.per == Per.TEAM
        reduced = row.prorate and bool(self.reader.version.prorate_amount) and not whole
        others: list[Parts] = []
        if to_date:
            text, others = self._to_date(where, row, parts, rate)
        else:
            text = parts.joined(reduced=reduced, rate=rate)
            if row.per != Per.CREDIT:
                text = f"ROUND({text}, {decimals})"
        steps = [step for one in (parts, *others) for step in one.steps]
        weight, within = self._distribution(where, row)
        references = [ref for _, f in steps for ref in f.references]
        references += weight.references if weight else []
        return ComponentRule(
            id=row.pk,
            name=name,
            title=str(row),
            earning_type=row.earning_type or "incentive",
            parts=parts.formulas,
            steps=steps,
            amount=self._amount(name, text, steps),
            per=row.per,
            of=key_of(row.of),
            of_others=row.per == Per.CREDIT and self._is_of_others(key_of(row.of)),
            decimals=decimals,
            each=self._each(row, parts),
            weight=weight,
            within=within,
            rate=row.exchange_rate,
            currency=row.options.get("currency", ""),
            to_date=to_date,
            after_final=row.after_final,
            reads=frozenset(self._own(references)),
            attributes=frozenset(scope.names) - self.names.keys(),
        )

    def _is_of_others(self, measure: str) -> bool:
        known = self.measures.get(measure)
        return known is not None and known.scope != Measure.Scope.OWN

    def _own(self, references: list[Ref]) -> Iterator[str]:
        """The version's own components among what formulas read."""
        for ref in references:
            if ref.kind == "earned":
                yield ref.name
            elif ref.kind in POPULATION and ref.name.startswith("c."):
                yield ref.name.removeprefix("c.").rpartition(" ")[0]

    def _amount(self, name: str, text: str, steps: list[tuple[str, Formula]]) -> Formula:
        names = {step: Name(formula.type) for step, formula in steps}
        names[part_name(name, "rate")] = names[part_name(name, "opened")] = Name(NUMBER)
        names[YEAR_BEGINS] = Name(BOOLEAN)
        return check(text, Scope(names), NUMBER)

    def _trouble(self, row: Component) -> str:
        """What is wrong with the choices of a component, as a sentence; '' if nothing."""
        per, to_date = Per(row.per), row.cumulate == "to_date"
        if per == Per.CREDIT and key_of(row.of) not in self.names:
            known = ", ".join(self.names) or "none"
            return f"“per: credit” pays the credits of a measure: say which by “of” ({known})."
        if per == Per.CREDIT and self.measures[key_of(row.of)].metric == 0:
            return f"“{row.of}” stands on earnings, which have no credits: name another measure."
        if per == Per.TEAM and not row.options.get("distribute"):
            return (
                "“per: team” works out one amount for a unit: say by “distribute” how its people"
                " share it, such as distribute: hours."
            )
        if row.options.get("distribute") and per != Per.TEAM:
            return "“distribute” shares out what a team earned: write “per: team”, or leave it out."
        if to_date and per != Per.PERSON:
            return f"“cumulate: to_date” goes with “per: person”, not with “per: {per}”."
        if bool(row.exchange_rate) != bool(row.options.get("currency")):
            return "An exchange rate needs both: “currency” of the formula, and “exchange_rate”."
        if row.exchange_rate == "day" and per not in (Per.CREDIT, Per.DAY):
            return (
                "“exchange_rate: day” is the rate of the day of a credit, or of a day that is paid,"
                f" and “per: {per}” has no day: write plan or month."
            )
        if row.schedule and row.schedule not in self.reader.version.schedules:
            known = ", ".join(self.reader.version.schedules) or "none"
            return f"There is no schedule “{row.schedule}”. There are: {known}."
        if row.paid_as != "advance" and row.options.get("advance_until"):
            return "“advance_until” goes with “paid_as: advance”."
        return ""

    def _each(self, row: Component, parts: Parts) -> str:
        """How credits are rounded: alone, along the running result, or over the parties."""
        if row.rounding_each:
            return row.rounding_each
        kinds = {ref.kind for f in parts.formulas.values() for ref in f.references}
        return "running" if "running" in kinds else "transaction"

    # --- what formulas may read

    def scope(
        self,
        per: str,
        *,
        extra: Mapping[str, Name] | None = None,
        about: Mapping[str, Mapping[str, Type]] | None = None,
    ) -> Scope:
        """What the formulas of a component of this grain may read."""
        facts = {} if per == Per.TEAM else self.reader.fact_types
        return Scope(
            {**self.names, **(extra or {})},
            self.reader.tables,
            facts,
            components=self.known | self.reader.foreign_components,
            about=about or {},
            uses=USES[per],
        )

    def scope_for(self, where: str, row: Component) -> Scope:
        """What the formulas of a component may read; a name with two meanings is a problem."""
        if row.per != Per.CREDIT:
            return self.scope(row.per)
        kinds = kinds_into([self.measures[key_of(row.of)].metric])
        names = {key_of(n): name for n, name in names_of(kinds).items()} | CREDIT_NAMES
        for both in sorted(names.keys() & self.names.keys()):
            self.reader.add(
                where,
                f"“{both}” is both a measure and a name of the transactions: call the measure"
                " differently.",
            )
        names = {n: name for n, name in names.items() if n not in self.names}
        return self.scope(Per.CREDIT, extra=names, about=about_of(kinds))

    def _parts(self, where: str, row: Component, parts: Parts, scope: Scope) -> Parts:
        for part in PARTS:
            text = getattr(row, part)
            if text.strip():
                expect = BOOLEAN if part == "gate" else NUMBER
                formula = self.reader.formula(f"{where}.{part}", text, scope, expect)
                if formula is not None and self._allowed(f"{where}.{part}", row, formula):
                    parts.formulas[part] = self._resolved(f"{where}.{part}", formula)
        return parts

    def _allowed(self, where: str, row: Component, formula: Formula) -> bool:
        for ref in sorted(formula.references):
            if ref.kind == "running" and key_of(ref.name) != key_of(row.of):
                self.reader.add(
                    where, f"RUNNING goes along the credits of “{row.of}”: write RUNNING({row.of})."
                )
                return False
            if row.per == Per.TEAM and ref.kind in ("value", "goal", "attainment"):
                measure = self.measures.get(key_of(ref.name))
                if measure and measure.scope not in UNIT_SCOPES and not _adds_up(measure, ref):
                    self.reader.add(
                        where,
                        f"“{ref.name}” is each person's own, and cannot be added up for a team."
                        " Give the measure “scope: team”.",
                    )
                    return False
        return True

    def _resolved(self, where: str, formula: Formula) -> Formula:
        """The formula over measures of other days, and of other plans' earnings, by their names."""
        return rename(formula, lambda ref: self._resolve(where, ref))

    def _resolve(self, where: str, ref: Ref) -> Ref:
        if ref.kind == "earned" and "." in ref.name:
            plan, _, component = ref.name.rpartition(".")
            if key_of(plan) == key_of(self.reader.version.plan.code):
                return Ref("earned", key_of(component))
            return self._foreign(where, ref)
        if ref.kind == "prior":
            measure, _, n = ref.name.rpartition(" ")
            return self._other_days(f"prior_{n}", key_of(measure), Window("prior", int(n)))
        if ref.kind in OTHER_DAYS:
            return self._other_days(ref.kind, key_of(ref.name), Window(OTHER_DAYS[ref.kind]))
        return Ref(ref.kind, key_of(ref.name)) if ref.kind in ("earned", "running") else ref

    def _other_days(
        self,
        prefix: str,
        measure: str,
        window: Window,
        kind: str = "value",
        known: Mapping[str, MeasureRule] | None = None,
    ) -> Ref:
        """A measure over another window, which is added to those of the version."""
        name = f"{prefix}__{measure}"
        if name not in self.measures:
            for variant in variants(known or self.measures, measure, prefix, window):
                self.measures[variant.name] = variant
        return Ref(kind, name)

    def _foreign(self, where: str, ref: Ref) -> Ref:
        if trouble := earnings_trouble(ref.name):
            self.reader.add(where, trouble)
        # Plans may be called what no formula can be, and alike for a long stretch.
        name = "earned__" + hashlib.blake2s(key_of(ref.name).encode(), digest_size=8).hexdigest()
        if name not in self.measures:
            self.measures[name] = earnings_measure(
                name, ref.name, scope=Measure.Scope.OWN, hidden=True
            )
        return Ref("value", name)

    # --- per team

    def _distribution(self, where: str, row: Component) -> tuple[Formula | None, str]:
        said = row.options.get("distribute")
        if not said:
            return None, "unit"
        text, within = (said, "unit") if isinstance(said, str) else (said["by"], said["within"])
        scope = self.scope(Per.PERSON)
        formula = self.reader.formula(f"{where}.distribute", text, scope, NUMBER)
        return formula and self._resolved(f"{where}.distribute", formula), within

    # --- to date

    def _to_date(
        self, where: str, row: Component, now: Parts, rate: str
    ) -> tuple[str, list[Parts]]:
        """What has been earned to date less what had been before this period, both as of now."""
        before = self.reader.before
        name, decimals = key_of(row.name), row.rounding_decimals
        opened = part_name(name, "opened")
        if before is not None and before.from_here:
            return self._from_here(where, row, now, rate, before)
        if before is not None and before.first and before.version is not None:
            then, others = self._earned_before(where, row, rate, before, "was", "old")
        else:
            was = self._shifted(where, now, "was", None)
            then, others = f"ROUND({was.joined(rate=rate)}, {decimals})", [was]
        text = (
            f"ROUND({now.joined(rate=rate)}, {decimals})"
            f" - DEFAULT({opened}, IF({YEAR_BEGINS}, 0, {then}))"
        )
        return text, others

    def _from_here(
        self, where: str, row: Component, now: Parts, rate: str, before: Before
    ) -> tuple[str, list[Parts]]:
        """Only what came since that day, within what the cap leaves beside what was earned before.

        More earned before than the cap allows earns nothing until there is room, and takes nothing
        back.
        """
        name, decimals = key_of(row.name), row.rounding_decimals
        start = self._shifted(where, now, "start", before.day)
        was = self._shifted(where, now, "was", None)
        others = [start, was]
        base = start.joined(rate=rate, capped=False)
        opened = f"DEFAULT({part_name(name, 'opened')}, 0)"
        if "cap" in now.formulas and self._tells(row, before):
            text, more = self._earned_before(where, row, rate, before, BEFORE, "old")
            opened += f" + {text}"
            others += more

        def since(parts: Parts) -> str:
            text = f"{parts.joined(rate=rate, capped=False)} - ({base})"
            if "cap" in parts.formulas:
                text = f"MIN({text}, MAX(0, {parts.name('cap')} - ({opened})))"
            return f"ROUND({text}, {decimals})"

        text = f"{since(now)} - IF({YEAR_BEGINS}, 0, {since(was)})"
        return text, others

    def _tells(self, row: Component, before: Before) -> bool:
        """Whether rules alone say what had been earned before, and not an earlier system's figures.

        So a sale learnt late counts the same, whether it came before or after the version.
        """
        if before.version is None or before.after_opening:
            return False
        component = self.reader.older(before.version).components.get(key_of(row.name))
        return component is not None and component.to_date

    def _earned_before(
        self, where: str, row: Component, rate: str, before: Before, named: str, prefix: str
    ) -> tuple[str, list[Parts]]:
        """What the version before earned to the day on which another takes over: by its own rules,
        and where it went on from there itself, by those of the version before it, and so on."""
        assert before.version is not None
        version, decimals = before.version, row.rounding_decimals
        old = self._old(where, row, version, named, before.day, prefix)
        if not old.formulas:
            return "0", [old]
        its = self.reader.before_of(version)
        if its is None or not its.from_here or its.version is None:
            return f"ROUND({old.joined(rate=rate)}, {decimals})", [old]
        called, older = f"v{version.number}_start", f"v{its.version.number}"
        start = self._old(where, row, version, called, its.day, called)
        earned, others = self._earned_before(where, row, rate, its, older, older)
        text = f"{old.joined(rate=rate, capped=False)} - ({start.joined(rate=rate, capped=False)})"
        if "cap" in old.formulas:
            text = f"MIN({text}, MAX(0, {old.name('cap')} - ({earned})))"
        return f"({earned} + ROUND({text}, {decimals}))", [old, start, *others]

    def _shifted(
        self,
        where: str,
        parts: Parts,
        prefix: str,
        until: date | None,
        measures: Mapping[str, MeasureRule] | None = None,
    ) -> Parts:
        """The parts as they stood before this period's first day, or before a day of the year."""
        known = self.measures if measures is None else measures
        shifted = Parts(f"{parts.prefix}__{prefix}")
        for part, formula in parts.formulas.items():
            shifted.formulas[part] = rename(
                formula, lambda ref: self._shift(where, ref, prefix, until, known)
            )
        return shifted

    def _shift(
        self,
        where: str,
        ref: Ref,
        prefix: str,
        until: date | None,
        known: Mapping[str, MeasureRule],
    ) -> Ref:
        if ref.kind not in ("value", "goal", "attainment") or ref.name not in known:
            return ref
        window = known[ref.name].window
        if window.kind != "year_to_date":
            self.reader.add(
                where,
                f"“cumulate: to_date” compares with what had been earned before, so its measures"
                f" need “window: year_to_date”; “{ref.name}” has “{window.kind}”.",
            )
            return ref
        earlier = Window("before") if until is None else Window("year_to_date", end=until)
        return self._other_days(prefix, ref.name, earlier, ref.kind, known)

    def _old(
        self,
        where: str,
        row: Component,
        version: PlanVersion,
        named: str,
        until: date,
        prefix: str,
    ) -> Parts:
        """What the component of an earlier version said, about the year before a day."""
        old = self.reader.older(version)
        component = old.components.get(key_of(row.name))
        parts = Parts(f"{key_of(row.name)}__{named}")
        if component is not None:
            taken = Parts(parts.prefix, dict(component.parts))
            parts.formulas = self._shifted(where, taken, prefix, until, old.measures).formulas
        return parts

    def _refuse_cycles(self, found: Mapping[str, ComponentRule]) -> None:
        path = cycle_in({name: set(c.reads) & set(found) for name, c in found.items()})
        if path:
            self.reader.add(
                "components", f"These stand on each other's earnings: {' → '.join(path)}."
            )


def _adds_up(measure: MeasureRule, ref: Ref) -> bool:
    """Whether people's own figures of a measure can be added up to the team's."""
    return measure.kind == Kind.SUM and ref.kind == "value" and measure.scope == "own"


def cycle_in(reads: Mapping[str, set[str]]) -> list[str]:
    """A path that comes back to where it began; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for other in sorted(reads.get(name, ())):
            if found := walk(other, [*path, name]):
                return found
        done.add(name)
        return []

    for name in sorted(reads):
        if found := walk(name, []):
            return found
    return []


# EARNED(plan.component), or in quotation marks where the plan's code is no name.
_EARNED = re.compile(r"""\bEARNED\s*\(\s*"?([^"()]+)\.[^".()]+"?\s*\)""", re.IGNORECASE)


def plans_named(versions: Iterable[PlanVersion]) -> dict[int, set[str]]:
    """By version, the keys of the plans whose earnings it reads, as its texts say."""
    named: dict[int, set[str]] = {version.pk: set() for version in versions}
    measures = Measure.objects.filter(version__in=named).exclude(earnings_of="")
    for version, earnings_of in measures.values_list("version", "earnings_of"):
        named[version].add(earnings_of.rpartition(".")[0])
    components = Component.objects.filter(version__in=named).order_by()
    for version, options, *parts in components.values_list("version", "options", *PARTS):
        for text in [*parts, str(options.get("distribute", ""))]:
            named[version].update(_EARNED.findall(text))
    return {version: {key_of(c.strip()) for c in codes} for version, codes in named.items()}
