"""Explaining one person's result: the Decimal engine works it out again from the stored inputs.

It must end at the amount that the SQL engine wrote; where it does not, that is an alarm, so every
explanation that somebody opens checks the payroll.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol

from formula import (
    ERROR_SENTENCES,
    ErrorValue,
    Formula,
    Outcome,
    Ref,
    Step,
    Type,
    error_column,
    evaluate,
    key_of,
)
from incentives.describe import choices, in_words, titles_of
from incentives.explain_lines import grain_component
from incentives.explain_text import goal_pieces
from incentives.explanation import (
    ComponentLine,
    Disagreement,
    Explanation,
    MeasureLine,
)
from incentives.measuring import told_name
from incentives.models import CalculationRun, Earning, PlanPeriod, Result
from incentives.pools import weight_name
from incentives.rules import (
    POPULATION,
    TOTAL,
    WHOLE,
    ComponentRule,
    MeasureRule,
    Per,
    VersionRules,
    actual_name,
    decided_name,
    goal_name,
    load,
    part_name,
)
from incentives.rules.components import YEAR_BEGINS
from metrics.completeness import complete_through
from metrics.unpaid import unpaid
from org.errors import DomainError
from org.models import JobType, Person, Unit


def explain(*, person: Person, point: PlanPeriod) -> list[Explanation]:
    """Every result of a person in a plan's period; Disagreement where the amounts differ."""
    made = point.run
    if made is None:
        raise DomainError(f"{point.plan} has not been calculated for {point.period} yet.")
    rules = load(made.version, made.period.valid_from, made.at)
    results = Result.objects.filter(run_id=made.pk, person_id=person.pk).order_by("job")
    return [explain_result(rules, made, person, result) for result in results]


def explain_result(
    rules: VersionRules,
    made: CalculationRun,
    person: Person,
    result: Result,
    *,
    only: str = "",
) -> Explanation:
    """One result worked out again, step by step; ``only``: of one component, and nothing else."""
    stored = {
        earning.component_id: earning
        for earning in Earning.objects.filter(
            run_id=made.pk, person_id=person.pk, job=result.job, grain=""
        )
    }
    known = work_out(rules, result.inputs)
    lines = tuple(
        _component_line(rules, component, known, stored[component.id], result.inputs)
        if component.per == Per.PERSON
        else _in_words(rules, grain_component(rules, component, known, made, result), result)
        for component in rules.components.values()
        if only in ("", component.name)
    )
    return Explanation(
        person=person.name,
        person_code=person.code,
        plan=made.plan.name,
        version=made.version.number,
        period=str(made.period),
        job=result.job,
        status="final" if made.final_at else "provisional",
        as_of=made.at.isoformat(timespec="seconds"),
        segments=() if only else tuple(_segments(result.segments)),
        choices=() if only else tuple(choices(rules)),
        measures=tuple(measure_line(m, known, result.inputs) for m in rules.named),
        components=lines,
        currency=next((line.currency for line in lines if line.currency), ""),
        inputs=result.inputs,
        unpaid=() if only else tuple(_unpaid(rules, made, person, result)),
    )


def _unpaid(
    rules: VersionRules, made: CalculationRun, person: Person, result: Result
) -> Iterator[str]:
    """The transactions of a result's days that credit nothing, as the run knew them."""
    if not rules.kinds:
        return
    days = [(s["from"], s["to"]) for s in result.segments]
    for one in unpaid(
        person=person,
        start=made.period.valid_from,
        end=made.period.valid_to,
        kinds=rules.kinds,
        metrics=rules.metrics,
        at=made.at,
    ):
        if any(first <= one.day.isoformat() < end for first, end in days):
            yield str(one)


# --- the Decimal engine over the stored inputs


def work_out(
    rules: VersionRules,
    stored: Mapping[str, str],
    instead: Mapping[str, Decimal] = MappingProxyType({}),
    *,
    only: Collection[str] = (),
) -> dict[str, Any]:
    """Every name of a result with its value, and under ``= name`` how a formula came to it.

    ``instead``: figures of measures that take the place of their own, all else as it is. ``only``:
    the names of the components that are wanted, with all that these stand on; none means all, and
    the plan as a whole.
    """
    known = measured(rules, stored, instead)
    for stage in rules.stages:
        for component in stage.components:
            if only and component.name not in only:
                continue
            if component.weight is not None:
                _add(known, weight_name(component), component.weight)
            if stage.per != Per.PERSON:
                continue
            for name, formula in component.steps:
                _add(known, name, formula)
            _add(known, component.column, component.amount)
            known[Ref("earned", component.name).column] = _earned(component, known, stored)
    if not only:
        _whole(rules, known)
    return known


def measured(
    rules: VersionRules,
    stored: Mapping[str, str],
    instead: Mapping[str, Decimal] = MappingProxyType({}),
) -> dict[str, Any]:
    """What components read: the measures with their attainments, and all other inputs."""
    known = _inputs(rules, stored)
    known.update({name: value for name, value in instead.items() if name in known})
    for measure in rules.derived:
        assert measure.derived is not None
        _add(known, measure.name, measure.derived)
        known[measure.name] = instead.get(measure.name, known[measure.name])
    for measure in rules.shown:
        attainment_inputs(known, measure)
        _add(known, Ref("attainment", measure.name).column, measure.attainment)
    return known


def attainment_in(
    rules: VersionRules, measure: MeasureRule, stored: Mapping[str, str]
) -> Decimal | None:
    """The attainment of one measure of a result, and nothing else; None where there is none."""
    known: dict[str, Any] = {}
    for part in rules.under(measure):
        if part.derived is None:
            known[part.name] = _number(stored.get(part.name))
        else:
            _add(known, part.name, part.derived)
    _goal_inputs(known, measure, stored)
    attainment_inputs(known, measure)
    value = evaluate(measure.attainment, known).value
    return value if isinstance(value, Decimal) else None


def _goal_inputs(known: dict[str, Any], measure: MeasureRule, stored: Mapping[str, str]) -> None:
    goal, decided = Ref("goal", measure.name).column, decided_name(measure.name)
    known[goal] = _number(stored.get(goal))
    error = stored.get(f"{decided} !")
    known[decided] = ErrorValue(error) if error else _number(stored.get(decided))


def _earned(
    component: ComponentRule, known: Mapping[str, Any], stored: Mapping[str, str]
) -> Decimal | None:
    """What a component of a person earned, as others read it: blank while it waits."""
    outcome: Outcome = known[f"= {component.column}"]
    if outcome.error == "left_out":
        return Decimal(0)
    waits = any(f"{name} ?" in stored for name in component.measures(gate_only=True))
    value = None if waits else outcome.value
    return value if isinstance(value, Decimal) else None


def _whole(rules: VersionRules, known: dict[str, Any]) -> None:
    """The sum of the components, and what the plan as a whole makes of it."""
    if not rules.whole:
        return
    amounts = [known[Ref("earned", name).column] for name in rules.components]
    known[TOTAL] = None if None in amounts else sum(amounts, Decimal(0))
    for part, formula in rules.whole.items():
        _add(known, part_name(WHOLE, part), formula)


def _add(known: dict[str, Any], name: str, formula: Formula) -> None:
    outcome = evaluate(formula, known)
    known[name] = ErrorValue(outcome.error) if outcome.error else outcome.value
    known[f"= {name}"] = outcome


def _inputs(rules: VersionRules, stored: Mapping[str, str]) -> dict[str, Any]:
    known: dict[str, Any] = {"prorate": _number(stored.get("prorate"))}
    for measure in rules.stored:
        known[measure.name] = _number(stored.get(measure.name))
    for measure in rules.shown:
        _goal_inputs(known, measure, stored)
    for ref in rules.references:
        if ref.kind == "fact":
            known[ref.column] = _fact(stored.get(ref.column), _type_of(rules, ref))
        elif ref.kind == "tenure":
            known["tenure"] = _number(stored.get("tenure"))
        elif ref.kind in POPULATION:
            known[ref.column] = _number(stored.get(ref.column))
    known[YEAR_BEGINS] = stored.get(YEAR_BEGINS) == "true"
    for component in rules.components.values():
        if component.per != Per.PERSON:
            earned = Ref("earned", component.name).column
            known[earned] = _number(stored.get(earned))
        rate, opened = (part_name(component.name, part) for part in ("rate", "opened"))
        missing = stored.get(error_column(rate))
        known[rate] = ErrorValue(missing) if missing else _number(stored.get(rate))
        known[opened] = _number(stored.get(opened))
    return known


def _type_of(rules: VersionRules, wanted: Ref) -> Type:
    from formula.nodes import Reference, walk  # the type of a fact stands at its reference

    for component in rules.components.values():
        for formula in component.formulas:
            for node in walk(formula.node):
                if isinstance(node, Reference) and node.ref == wanted:
                    return node.type
    raise KeyError(wanted)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _fact(text: str | None, kind: Type) -> Any:
    if text is None or kind is Type.TEXT:
        return text
    if kind is Type.NUMBER:
        return Decimal(text)
    return date.fromisoformat(text) if kind is Type.DATE else text in ("true", "t")


def attainment_inputs(known: dict[str, Any], measure: MeasureRule) -> None:
    """Set what the attainment of a measure reads, by what the measure itself is."""
    actual, goal = known[measure.name], known[Ref("goal", measure.name).column]
    if measure.zero_is_no_data and actual == 0:
        actual = None
    known[actual_name(measure.name)] = actual
    known[goal_name(measure.name)] = ErrorValue("zero_goal") if goal == 0 else goal


# --- lines


def measure_line(
    measure: MeasureRule, known: Mapping[str, Any], stored: Mapping[str, str]
) -> MeasureLine:
    attainment = known[Ref("attainment", measure.name).column]
    actual = known[measure.name]
    return MeasureLine(
        name=measure.name,
        title=measure.title,
        unit=measure.unit,
        decimals=measure.decimals,
        actual=None if isinstance(actual, ErrorValue) else actual,
        goal=known[Ref("goal", measure.name).column],
        attainment=None if isinstance(attainment, ErrorValue) else attainment,
        way=measure.attainment_text,
        incomplete=f"{measure.name} ?" in stored,
        goal_from=tuple(goal_pieces(stored.get(told_name(measure.name)), measure.decimals)),
    )


def _in_words(rules: VersionRules, component: ComponentLine, result: Result) -> ComponentLine:
    """A component whose lines say in a sentence what is the matter with them."""
    lines = tuple(
        replace(
            one,
            problem=problem_sentence(rules, component.name, one.status, one.problem, result.inputs),
        )
        if one.problem
        else one
        for one in component.lines
    )
    return replace(component, lines=lines)


def _component_line(
    rules: VersionRules,
    component: ComponentRule,
    known: Mapping[str, Any],
    earning: Earning,
    stored: Mapping[str, str],
) -> ComponentLine:
    outcome: Outcome = known[f"= {component.column}"]
    must_agree(component, outcome, earning)
    parts = tuple(
        (name.partition("__")[2].replace("__", " "), formula.text, known[f"= {name}"])
        for name, formula in component.steps
    )
    opened = known[part_name(component.name, "opened")]
    if opened is not None:
        booked = Outcome(opened, None, Step(f"{opened:f}", opened))
        parts += (("opened", "what was booked before for this year", booked),)
    return ComponentLine(
        name=component.name,
        title=component.title,
        rule=in_words(component, titles_of(rules)),
        parts=parts,
        amount=earning.amount,
        currency=earning.currency,
        status=earning.status,
        problem=cut_sentence(earning)
        if earning.status == Earning.Status.DECIDED and not earning.problem
        else problem_sentence(rules, component.name, earning.status, earning.problem, stored),
        amount_steps=outcome.steps,
    )


class Outgoing(Protocol):
    """What a component paid in a result, or why it did not: an earning, or what was read of one."""

    @property
    def amount(self) -> Decimal | None: ...

    @property
    def problem(self) -> str | None: ...

    @property
    def detail(self) -> Any: ...


def before_cuts(earning: Outgoing) -> Decimal | None:
    """The amount before the plan's own cap, and that over plans, took from it."""
    detail = earning.detail or {}
    first = next((detail[why] for why in CUTS if why in detail), None)
    return earning.amount if first is None else Decimal(first)


# What may bring an amount to less than its component comes to, in the order in which it does.
CUTS = {"plan": "the plan as a whole", "person": "the cap over several plans"}


def cut_sentence(earning: Earning) -> str:
    """What took how much from an amount; '' where nothing did."""
    detail = earning.detail or {}
    said = [f"{detail[why]} before {name}" for why, name in CUTS.items() if why in detail]
    return f"It was {', and '.join(said)}." if said else ""


def must_agree(component: ComponentRule, outcome: Outcome, earning: Outgoing) -> None:
    """The amount worked out here must be the one that stands in the earning."""
    nothing = outcome.error == "left_out" or earning.problem == "not_employed"
    expected = Decimal(0) if nothing else outcome.value
    waits = (earning.problem or "").startswith("incomplete:")
    if not waits and expected != before_cuts(earning):
        raise Disagreement(
            f"{component.title}: the explanation comes to {expected}, but {earning.amount} was"
            " calculated. This must never happen: tell your administrator, and do not pay."
        )


def _segments(segments: list[dict[str, Any]]) -> list[str]:
    units = dict(Unit.objects.values_list("pk", "name"))
    jobs = dict(JobType.objects.values_list("pk", "name"))
    return [
        f"{s['from']} to {date.fromisoformat(s['to']) - timedelta(days=1)}: {jobs[s['job_type']]}"
        f" in {units[s['unit']]}, {s['days']} of {s['of']} days"
        for s in segments
    ]


POOLS = {
    "negative_weight": "The weight is below zero, and nobody can share a pool by less than nothing."
    " Mend the figure, or write MAX(…, 0) around the weight.",
    "blank_pool": "undecided: the pool waits until its amount and the weight of each of its people"
    " are known and not below zero.",
}


def problem_sentence(
    rules: VersionRules,
    component: str,
    status: str,
    problem: str | None,
    stored: Mapping[str, str],
) -> str:
    """Why an amount is missing, or not final yet, as a sentence that says what to do."""
    read = rules.components[key_of(component)].measures()
    measures = [m for m in rules.shown if m.name in read]
    incomplete = [m for m in measures if f"{m.name} ?" in stored]
    if problem == "left_out":
        return (
            "Left out: by a decision, because the goal is zero, or because only credits that came"
            " after leaving are left, and no goal."
        )
    if problem == "not_employed":
        return "Earns nothing: not employed on the day on which the version asks for it."
    if problem in POOLS:
        return POOLS[problem]
    if status == Earning.Status.FAILED:
        return ERROR_SENTENCES.get(problem or "", f"It could not be worked out ({problem}).")
    if incomplete:
        return "undecided: " + " ".join(_incomplete_sentence(rules, m) for m in incomplete)
    stored_ones = [part for m in measures for part in rules.under(m) if part.derived is None]
    blank = [part.title for part in stored_ones if part.name not in stored]
    if blank:
        return f"undecided: there is no data for {', '.join(dict.fromkeys(blank))}."
    no_goal = [m.title for m in measures if Ref("goal", m.name).column not in stored]
    if no_goal:
        return f"undecided: there is no goal for {', '.join(no_goal)}."
    facts = {
        ref.name: ref.column
        for ref in rules.components[key_of(component)].references
        if ref.kind == "fact"
    }
    unknown = [name for name, column in facts.items() if column not in stored]
    if unknown:
        return f"undecided: the fact {', '.join(unknown)} is not known on the last day."
    return "undecided: something that its rule needs is blank."


def _incomplete_sentence(rules: VersionRules, measure: MeasureRule) -> str:
    known = complete_through()
    parts = [(known[m.metric], m.title) for m in rules.under(measure) if m.metric in known]
    through, title = min(parts, default=(None, measure.title))
    until = f" only to {through}" if through else ""
    return f"{title} is complete{until}; load the rest, or declare it complete."
