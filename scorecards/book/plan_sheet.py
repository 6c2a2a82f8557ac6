"""The sheet of one result of a plan: what went in, tables, components, and what they pay.

Every figure that formulas read has a cell; every part of a component is a live formula over those
cells, written by the third engine. What others bring about (the last cents of a shared amount, a
cap over several plans) stands there as a figure that is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from formula import Outcome, Ref, Table
from formula.cells import NO_DATA, Part
from formula.digits import doubts
from formula.excel import ExcelWriter
from formula.table_cells import cells_of, ranges_of
from incentives.currencies import places
from incentives.describe import in_words
from incentives.explain import work_out
from incentives.explain_text import goal_pieces
from incentives.measuring import told_name
from incentives.models import CalculationRun, Earning, Result
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
    part_name,
)
from incentives.rules.components import YEAR_BEGINS
from scorecards.book.lines import LineTable
from scorecards.book.page import HEAD, MONEY, NUMBER, PERCENT, SOFT, TITLE, Page, money_format
from scorecards.book.shares import Own, Whole, write_paid

WIDTHS = (46, 18, 18, 18, 18, 64)
SHOWN = {"percent": PERCENT, "money": MONEY}
Address = Callable[..., str]
# A formula for a place would need everybody's figures beside one's own.
OF_OTHERS = "Given: it hangs on the figures of others, which are not shown here."
PARTS_IN_WORDS = {
    "gate": "Only if",
    "formula": "Formula",
    "modifier": "Times",
    "floor": "At least",
    "cap": "At most",
}


@dataclass
class PlanSheet:
    """Writes one sheet; ``paid`` then says where each component's paid amounts stand."""

    page: Page
    rules: VersionRules
    made: CalculationRun
    result: Result
    earnings: Mapping[int, list[Earning]]
    currency: str
    address: Address
    known: dict[str, Any] = field(init=False)
    cells: dict[str, Part] = field(default_factory=dict)
    paid: dict[str, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    _tables: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = work_out(self.rules, self.result.inputs)
        self.writer = ExcelWriter(
            self.cells, place=self.page.place, ranges=lambda table: self._tables[table.name]
        )

    def write(self, *, head: list[str]) -> None:
        """The whole sheet."""
        for number, text in enumerate(head):
            self.page.line(text, font=TITLE if number == 0 else SOFT)
        self._figures()
        self._others()
        for table in self._used_tables():
            self._table(table)
        own: list[Own] = []
        for stage in self.rules.stages:
            for component in stage.components:
                own += self._component(component)
        whole = self._whole()
        self.paid = write_paid(self.page, own, whole, places=places(self.currency))
        if self.said:
            self.page.heading("What this workbook cannot promise")
            for sentence in dict.fromkeys(self.said):
                self.page.line(sentence)

    # --- what went in

    def _figures(self) -> None:
        page = self.page
        page.heading("Figures")
        page.heads("Figure", "Actual", "Goal", "Of goal", "Name in formulas", "Where it comes from")
        for measure in self.rules.measures.values():
            shown = SHOWN.get(measure.unit, NUMBER)
            page.text(1, f"{measure.title}{_other_days(measure)}")
            self.cells[measure.name] = self._actual(measure, shown)
            if not measure.hidden:
                self._attainment(measure, shown)
                page.text(5, measure.name, SOFT)
                self._source(measure)
            page.down()

    def _actual(self, measure: MeasureRule, shown: str) -> Part:
        if measure.derived is None:
            return self.page.value(2, self.known[measure.name], shown=shown, given=True)
        return self._written(2, measure.derived, self.known[f"= {measure.name}"], shown=shown)

    def _attainment(self, measure: MeasureRule, shown: str) -> None:
        cells, known, name = self.cells, self.known, measure.name
        goal = Ref("goal", name).column
        cells[goal] = self.page.value(3, known[goal], shown=shown, given=True)
        actual = cells[name]
        cells[actual_name(name)] = actual
        if measure.zero_is_no_data and known[actual_name(name)] is None:
            cells[actual_name(name)] = Part(NO_DATA, blank=True, light=True)
        cells[goal_name(name)] = cells[goal]
        if known[goal] == 0:
            cells[goal_name(name)] = Part("1/0", fails=True, light=True)
        decided = known[decided_name(name)]
        cells[decided_name(name)] = Part(NO_DATA, blank=True, light=True)
        if decided is not None:
            place = self.page.helpers
            self.page.helpers += 1
            cells[decided_name(name)] = self.page.value(place, decided, given=True)
        column = Ref("attainment", name).column
        cells[column] = self._written(4, measure.attainment, known[f"= {column}"], shown=PERCENT)

    def _source(self, measure: MeasureRule) -> None:
        pieces = goal_pieces(self.result.inputs.get(told_name(measure.name)), measure.decimals)
        said = f"goal from {'; '.join(pieces)}" if pieces else "the rows behind it"
        self.page.link(6, said, self.address("figures", measure.name))

    def _others(self) -> None:
        """What else formulas read: facts, places, the part of the period, rates."""
        known, rows = self.known, []
        of_others = {ref.column for ref in self.rules.references if ref.kind in POPULATION}
        read = {ref.column for ref in self.rules.references}
        rows.append(("prorate", "The part of the period that counts", known["prorate"]))
        for ref in sorted(self.rules.references):
            if ref.kind in ("fact", "tenure", *POPULATION):
                rows.append((ref.column, _words_of(ref), known[ref.column]))
        if YEAR_BEGINS in read or any(c.to_date for c in self.rules.components.values()):
            rows.append(
                (YEAR_BEGINS, "Whether the year begins with this period", known[YEAR_BEGINS])
            )
        for component in self.rules.components.values():
            rate, opened = (part_name(component.name, what) for what in ("rate", "opened"))
            if component.rate and component.per != Per.CREDIT:
                rows.append((rate, f"Exchange rate “{component.rate}”", known[rate]))
            if component.to_date:
                rows.append(
                    (opened, f"{component.title}: booked for this year before", known[opened])
                )
        self.page.heading("What else the rules read")
        for column, label, value in rows:
            self.page.text(1, label)
            self.cells[column] = self.page.value(2, value, given=True)
            self.page.text(5, column, SOFT)
            if column in of_others:
                self.page.text(6, OF_OTHERS, SOFT)
            self.page.down()

    # --- tables

    def _used_tables(self) -> list[Table]:
        from formula.nodes import Call, walk  # what a formula looks up in stands in its nodes

        formulas = [f for c in self.rules.components.values() for f in c.formulas]
        formulas += [*self.rules.whole.values()]
        formulas += [m.derived for m in self.rules.derived if m.derived is not None]
        found = {
            node.table.name: node.table
            for formula in formulas
            for node in walk(formula.node)
            if isinstance(node, Call) and node.table is not None
        }
        return list(found.values())

    def _table(self, table: Table) -> None:
        page = self.page
        page.heading(f"Table “{table.name}”")
        top = page.row + 1
        cells = cells_of(table, top=top, left=1)
        page.heads(*cells.heads)
        for row in cells.rows:
            for column, value in enumerate(row, start=1):
                shown = PERCENT if column - 1 in cells.percent else NUMBER
                if isinstance(value, str) and value.startswith("=ROUND("):
                    page.formula(column, value[1:], shown=shown)
                elif value is not None:
                    page.value(column, value, shown=shown, given=True)
            page.down()
        self._tables[table.name] = ranges_of(table, top=top, left=1)

    # --- components

    def _component(self, component: ComponentRule) -> list[Own]:
        page = self.page
        page.heading(component.title)
        page.line(in_words(component), font=SOFT)
        if component.weight is not None:
            name = weight_name(component)
            page.text(1, "Weight by which the team's amount is shared")
            self.cells[name] = self._written(2, component.weight, self.known[f"= {name}"])
            page.text(6, component.weight.text, SOFT)
            page.down()
        if component.per == Per.PERSON:
            return [self._for_person(component)]
        table = LineTable(
            page=page,
            rules=self.rules,
            component=component,
            made=self.made,
            rows=self.earnings.get(component.id, []),
            known=self.known,
            cells=self.cells,
            tables=self._tables,
        )
        own = table.write()
        self.said += table.said
        self._earned_lines(component, own)
        return own

    def _for_person(self, component: ComponentRule) -> Own:
        page = self.page
        for name, formula in component.steps:
            page.text(1, part_label(component, name))
            self.cells[name] = self._written(2, formula, self.known[f"= {name}"])
            page.text(6, " ".join(formula.text.split()), SOFT)
            page.down()
        outcome: Outcome = self.known[f"= {component.column}"]
        page.text(1, "Amount", HEAD)
        amount = self._written(2, component.amount, outcome, shown=MONEY)
        self.cells[component.column] = amount
        page.text(6, component.amount.text.replace(f"{component.name}__", ""), SOFT)
        page.down()
        [earning] = self.earnings[component.id]
        earned = Ref("earned", component.name).column
        self.cells[earned] = self._earned(component, amount, outcome)
        page.down()
        return Own(component, earning, self.cells[earned].text, "")

    def _earned(self, component: ComponentRule, amount: Part, outcome: Outcome) -> Part:
        """What others read of it: nothing for who is left out, blank while it waits."""
        value = self.known[Ref("earned", component.name).column]
        self.page.text(1, "Earned")
        if value is None:
            self.page.text(6, "Undecided: something that it needs is missing.", SOFT)
            return self.page.value(2, None)
        text = f"IF(ISNA({amount.text}),0,{amount.text})" if outcome.error else amount.text
        where = self.page.formula(2, text, shown=money_format(value))
        return Part(where, light=True)

    def _earned_lines(self, component: ComponentRule, own: list[Own]) -> None:
        """The sum of a component's lines, as other components read it."""
        column = Ref("earned", component.name).column
        self.page.text(1, "Together", HEAD)
        if self.known[column] is None:
            self.cells[column] = self.page.value(2, None)
        else:
            cells = [one.cell for one in own if one.cell]
            total = f"SUM({cells[0]}:{cells[-1]})" if cells else "0"
            text = f"ROUND({total},{component.decimals})"
            where = self.page.formula(2, text, shown=money_format(self.known[column]))
            self.cells[column] = Part(where, light=True)
        self.page.down()

    def _whole(self) -> Whole | None:
        """Gate, modifier and cap of the plan, and what it pays in all; None without."""
        rules, page = self.rules, self.page
        if not rules.whole:
            return None
        page.heading("The plan as a whole")
        page.text(1, "All components together")
        if self.known[TOTAL] is None:
            self.cells[TOTAL] = page.value(2, None)
        else:
            cells = [self.cells[Ref("earned", name).column].text for name in rules.components]
            where = page.formula(2, f"ROUND({'+'.join(cells)},9)", shown=MONEY)
            self.cells[TOTAL] = Part(where, light=True)
        total = self.cells[TOTAL].text
        page.down()
        for part, formula in rules.whole.items():
            name = part_name(WHOLE, part)
            page.text(1, PARTS_IN_WORDS.get(part, "It pays"))
            self.cells[name] = self._written(2, formula, self.known[f"= {name}"])
            page.text(6, formula.text.replace(f"{WHOLE}__", ""), SOFT)
            page.down()
        name = part_name(WHOLE, "amount")
        allowed = self.known[name]
        if self.known[TOTAL] is None or not isinstance(allowed, Decimal):
            return None
        return Whole(self.cells[name].text, total, allowed, self.known[TOTAL])

    def _written(self, column: int, formula: Any, outcome: Outcome, *, shown: str = NUMBER) -> Part:
        """A live formula in the row, and how others read it."""
        part = self.writer.write(formula, outcome.steps)
        self.said += doubts(outcome.steps)
        where = self.page.formula(column, part.text, shown=shown)
        return Part(where, blank=part.blank, fails=part.fails, light=True)


def part_label(component: ComponentRule, name: str) -> str:
    """What a part of a component is called; parts about other days say which."""
    _, *prefix, part = name.split("__")
    said = PARTS_IN_WORDS.get(part, part)
    return f"{said} ({' '.join(prefix)})" if prefix else said


def _other_days(measure: MeasureRule) -> str:
    """Beside the title of a figure of other days."""
    if not measure.variant_of:
        return " (part of the figure below)" if measure.hidden else ""
    window = measure.window
    said = {
        "prior": f"{window.periods} periods earlier",
        "before": "this year before the period",
        "year_to_date": "this year to date",
        "quarter_to_date": "this quarter to date",
    }
    return f", {said.get(window.kind, window.kind.replace('_', ' '))}"


def _words_of(ref: Ref) -> str:
    if ref.kind == "tenure":
        return "Whole months of tenure"
    if ref.kind == "fact":
        return f"Fact: {ref.name.replace('_', ' ')}"
    said = {"rank": "Place by", "ties": "How many share the place by", "share": "Share of"}
    return f"{said[ref.kind]} {ref.subject} within the {ref.within.replace('_', ' ')}"
