"""Working out the components of a version, stage by stage, from the inputs of its results.

A stage is components of one grain that can be worked out together. What the people of a plan need
for the next stage (what a component earned, places, shares) becomes columns of the same query; a
stage of credits, days or teams makes a table of it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Formula, Ref, error_column, layers
from incentives import leavers, measuring
from incentives.currencies import rate_in
from incentives.leavers import NOT_EMPLOYED
from incentives.participants import KEY_COLUMNS, KEY_JOINED, Frame
from incentives.rules import (
    POPULATION,
    TOTAL,
    WHOLE,
    ComponentRule,
    Per,
    Stage,
    VersionRules,
    actual_name,
    decided_name,
    part_name,
)
from incentives.rules.components import BEFORE, YEAR_BEGINS
from incentives.years import year_start
from org.sql import keep


@dataclass
class Work:
    """A query of everything known of each result so far, and what it took to come there.

    ``known``: its columns; ``sure``: those that cannot hold an error. ``grains``: the tables of
    credits, days and teams that were worked out, with their component, to be written as earnings.
    """

    frame: Frame
    query: Composable
    known: list[str]
    sure: list[str]
    grains: list[tuple[ComponentRule, str]] = field(default_factory=list)
    statements: list[Composable] = field(default_factory=list)
    tables: int = 0

    @property
    def rules(self) -> VersionRules:
        return self.frame.rules

    def keep(self, name: str, query: Composable, *, joined: Sequence[str] = KEY_JOINED) -> int:
        """Make a query a temporary table, and note its text for the run."""
        self.statements.append(query)
        return keep(name, query, joined=joined)

    def settle(self) -> str:
        """Make what is known a table of its own, and go on from there; its name."""
        name = f"known_{self.tables}"
        self.tables += 1
        self.keep(name, self.query)
        self.query = SQL("SELECT * FROM {}").format(Identifier(name))
        return name

    def add(self, columns: Sequence[tuple[str, Composable]], *, sure: bool = True) -> None:
        """Add columns that read what is known; ``sure``: they cannot hold an error."""
        if not columns:
            return
        self.query = SQL("SELECT q.*, {} FROM ({}) AS q OFFSET 0").format(
            SQL(", ").join(SQL("{} AS {}").format(e, Identifier(n)) for n, e in columns), self.query
        )
        self.known += [name for name, _ in columns]
        if sure:
            self.sure += [name for name, _ in columns]

    def layer(self, groups: Sequence[Sequence[tuple[str, Formula]]]) -> None:
        """Add formulas, level upon level, each as ``name`` and ``name !``."""
        if not any(groups):
            return
        names = [name for group in groups for name, _ in group]
        self.known += [column for name in names for column in (name, error_column(name))]
        self.query = layers(
            groups, SQL("({})").format(self.query), never_fails=self.sure, keep=self.known
        )


def work_out(frame: Frame, inputs: Composable, *, kept: bool = True) -> Work:
    """Everything that the version says of every result, in the table ``outcome``.

    Not ``kept``: it is a query alone, for whoever reads it once.
    """
    from incentives import credits, days, pools  # each works out stages of its own grain

    work = _begin(frame, inputs)
    attain(work)
    _add_constants(work)
    for stage in frame.rules.stages:
        add_places(work, stage.population)
        {
            Per.CREDIT: credits.add,
            Per.DAY: days.add,
            Per.TEAM: pools.add,
            Per.PERSON: _people,
        }[Per(stage.per)](work, stage)
    _whole(work)
    if kept:
        work.keep("outcome", work.query)
        work.query = SQL("SELECT * FROM outcome")
    return work


def _begin(frame: Frame, inputs: Composable) -> Work:
    if frame.given is not None:
        return Work(frame, inputs, frame.given.known, sorted(frame.given.sure))
    known = list(KEY_COLUMNS)
    sure = ["prorate"]
    for measure in frame.rules.stored:
        known.append(measure.name)
        sure.append(measure.name)
    for measure in frame.rules.shown:
        goal = Ref("goal", measure.name).column
        decided = decided_name(measure.name)
        known += [goal, f"{measure.name} ?", decided, f"{decided} !"]
        known.append(measuring.told_name(measure.name))
        sure.append(goal)
    if leavers.asks_for_employment(frame.version):
        known.append(NOT_EMPLOYED)
    extra = [Ref("fact", code).column for code in sorted(frame.rules.facts)]
    if any(ref.kind == "tenure" for ref in frame.rules.references):
        extra.append("tenure")
    return Work(frame, inputs, known + extra, sure + extra)


def attain(work: Work) -> None:
    """Add the derived metrics and the attainments to what is known of the figures and goals."""
    _derive(work)
    _attain(work)


def _derive(work: Work) -> None:
    """The derived metrics, formulas over figures that are rolled up already."""
    derived = [measure for measure in work.rules.derived if measure.name not in work.known]
    work.layer([[(m.name, m.derived)] for m in derived if m.derived is not None])


def _attain(work: Work) -> None:
    """Attainments: the actual against the goal, by the direction of the metric."""
    if not work.rules.shown:
        return
    derived = {measure.name for measure in work.rules.derived}
    parts = []
    for measure in work.rules.shown:
        parts += measuring.attainment_inputs(measure)
        if measure.name in derived:
            parts.append(
                SQL("{} AS {}").format(
                    Identifier(f"{measure.name} !"), Identifier(f"{actual_name(measure.name)} !")
                )
            )
        else:
            work.sure.append(actual_name(measure.name))
    work.query = SQL("SELECT base.*, {} FROM ({}) AS base").format(
        SQL(", ").join(parts), work.query
    )
    work.layer([work.rules.attainments()])


def _add_constants(work: Work) -> None:
    """What is the same for everybody, or comes from the ledger: rates, openings, the year."""
    if work.frame.given is not None:
        return
    components = list(work.rules.components.values())
    rated = [c for c in components if c.rate and c.per not in (Per.CREDIT, Per.DAY)]
    for component in rated:
        rate = rate_on(work.frame, component)
        name = part_name(component.name, "rate")
        work.add([(name, SQL("{}::numeric").format(Literal(rate)))], sure=False)
        error = SQL("{}::text").format(Literal(None if rate is not None else "no_rate"))
        work.add([(error_column(name), error)], sure=False)
    to_date = [c for c in components if c.to_date]
    if to_date:
        begins = year_start(work.frame.period) == work.frame.start
        work.add([(YEAR_BEGINS, SQL("{}::boolean").format(Literal(begins)))])
        work.add([(part_name(c.name, "opened"), _opened(work.frame, c)) for c in to_date])


def rate_on(frame: Frame, component: ComponentRule) -> Decimal | None:
    """What one unit of a component's currency is worth in the plan's; None: nobody has said."""
    return rate_in(frame.period, name=component.rate, base=component.currency, quote=frame.currency)


def _opened(frame: Frame, component: ComponentRule) -> Composable:
    """What was booked for a component earlier in the year, as far as its amount needs it.

    With *true up* only an earlier system's figures, in the period that follows them: after that
    the rules themselves say what had been earned. With *from here* all that was booked before, but
    what the rules of the version before say.
    """
    origins = ["opening"]
    until = "earned.valid_to = {start}"
    if frame.version.options.get("on_change") == "from_here":
        until = "earned.valid_to <= {taken_over}"
        if not any(name.startswith(f"{component.name}__{BEFORE}__") for name, _ in component.steps):
            origins.append("calculation")
    return SQL(
        "(SELECT sum(CASE 'plan' WHEN t.from_account THEN t.amount ELSE -t.amount END)"
        " FROM incentives_transfer AS t JOIN org_period AS earned ON earned.id = t.earned_period_id"
        " WHERE t.person_id = q.person_id AND t.plan_id = {plan} AND lower(t.component) = {name}"
        "  AND t.origin = ANY({origins}) AND 'plan' IN (t.from_account, t.to_account)"
        "  AND earned.valid_to > {year} AND " + until + ")"
    ).format(
        plan=Literal(frame.version.plan_id),
        name=Literal(component.name),
        origins=Literal(origins),
        year=Literal(year_start(frame.period)),
        start=Literal(frame.start),
        taken_over=Literal(frame.rules.taken_over or frame.start),
    )


# --- people


def _people(work: Work, stage: Stage) -> None:
    work.layer([[step for c in stage.components for step in c.steps]])
    work.layer([[(c.column, c.amount) for c in stage.components]])
    work.add([(earned_column(c.name), decided(work, c)) for c in _read_later(work, stage)])


def _read_later(work: Work, stage: Stage) -> list[ComponentRule]:
    """The components of a stage whose amount somebody reads."""
    wanted = {name for c in work.rules.components.values() for name in c.reads}
    return [c for c in stage.components if c.name in wanted or work.rules.whole]


def earned_column(component: str) -> str:
    """The column of what a component of the version earned."""
    return Ref("earned", component).column


def waiting_for(component: ComponentRule) -> Composable:
    """Why a component must wait though it could be worked out: a gate on incomplete data."""
    waiting: Composable = SQL("NULL::text")
    for name in sorted(component.measures(gate_only=True)):
        waiting = SQL("CASE WHEN {} THEN {} ELSE {} END").format(
            Identifier(f"{name} ?"), Literal(f"incomplete:{name}"), waiting
        )
    return waiting


def decided(work: Work, component: ComponentRule) -> Composable:
    """What a component of a person earned; whoever is left out by a decision earns nothing."""
    return SQL(
        "CASE WHEN {error} = 'left_out' THEN 0 WHEN ({waiting}) IS NULL THEN {amount} END"
    ).format(
        error=Identifier(error_column(component.column)),
        waiting=waiting_for(component),
        amount=Identifier(component.column),
    )


ALL = SQL("true")


def add_earned(work: Work, component: ComponentRule, table: str, which: Composable = ALL) -> None:
    """Add what a component earned by its lines in a table: nothing without any, and not known if
    one of them waits."""
    column = earned_column(component.name)
    work.query = SQL(
        "SELECT q.*, CASE WHEN sums.waits THEN NULL ELSE coalesce(sums.amount, 0) END AS {column}"
        ' FROM ({query}) AS q LEFT JOIN (SELECT "~result", sum("~amount") AS amount,'
        ' bool_or("~amount" IS NULL) AS waits FROM {table} WHERE {which} GROUP BY 1) AS sums'
        ' ON sums."~result" = q.result_id OFFSET 0'
    ).format(column=Identifier(column), query=work.query, table=Identifier(table), which=which)
    work.known.append(column)
    work.sure.append(column)


# --- everybody at once

WITHIN = {"plan": SQL("true"), "unit": Identifier("unit_id"), "job_type": Identifier("job_type_id")}


def add_places(work: Work, refs: Iterable[Ref]) -> None:
    """Places, ties and shares among the people of the plan, as columns."""
    wanted = [ref for ref in refs if ref.kind in POPULATION and ref.column not in work.known]
    work.add([(ref.column, _place(work, ref)) for ref in wanted])


def _place(work: Work, ref: Ref) -> Composable:
    column = earned_column(ref.subject) if ref.of_component else ref.subject
    subject: Composable = Identifier(column)
    if NOT_EMPLOYED in work.known:
        # Who earns nothing takes no place from others, and no share.
        subject = SQL("CASE WHEN NOT {} THEN {} END").format(Identifier(NOT_EMPLOYED), subject)
    within = WITHIN[ref.within]
    if ref.kind == "share":
        return SQL(
            "round(coalesce({x}::numeric(80,50) / nullif(sum({x}) OVER (PARTITION BY {within}), 0),"
            " CASE WHEN {x} = 0 THEN 0 END), 12)"
        ).format(x=subject, within=within)
    if ref.kind == "ties":
        return SQL(
            "CASE WHEN {x} IS NOT NULL THEN (count(*) OVER (PARTITION BY {within}, {x}))::numeric"
            " END"
        ).format(x=subject, within=within)
    measure = work.rules.measures.get(ref.subject)
    lower = not ref.of_component and measure is not None and measure.lower_is_better
    return SQL(
        "CASE WHEN {x} IS NOT NULL THEN (rank() OVER (PARTITION BY {within} ORDER BY {x} {way}"
        " NULLS LAST))::numeric END"
    ).format(x=subject, within=within, way=SQL("ASC" if lower else "DESC"))


# --- the plan as a whole


def _whole(work: Work) -> None:
    """Gate, modifier and cap over the sum of the components."""
    whole = work.rules.whole
    if not whole:
        return
    parts = [Identifier(earned_column(name)) for name in work.rules.components]
    work.add([(TOTAL, SQL(" + ").join(parts))])
    add_places(work, [ref for f in whole.values() for ref in f.references])
    steps = [(part_name(WHOLE, part), formula) for part, formula in whole.items()]
    work.layer([steps[:-1], steps[-1:]])
