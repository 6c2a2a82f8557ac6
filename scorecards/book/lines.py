"""The lines of a component per credit, day or team: a row each, with live formulas in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from typing import Any

from formula import Outcome
from formula.cells import Part, places_of
from formula.digits import doubts
from formula.excel import ExcelWriter
from formula.numbers import CONTEXT
from incentives.explain_lines import deals_of, evaluate_line, line_inputs, own_inputs
from incentives.models import CalculationRun, Earning
from incentives.pools import weight_name
from incentives.rules import ComponentRule, Per, VersionRules, part_name
from scorecards.book.page import HEAD, SOFT, Page, money_format
from scorecards.book.shares import Own, check_of

FIRST_INPUT = 4
NOT_DECIDED = "undecided"


@dataclass
class LineTable:
    """Writes the lines of one component of one result."""

    page: Page
    rules: VersionRules
    component: ComponentRule
    made: CalculationRun
    rows: list[Earning]
    known: Mapping[str, Any]
    cells: Mapping[str, Part]
    tables: Mapping[str, Mapping[str, str]]
    said: list[str] = field(default_factory=list)
    _before: tuple[str, str, Decimal] | None = None

    def write(self) -> list[Own]:
        """The table; one entry for each line."""
        if not self.rows:
            self.page.line("No line counts here.", font=SOFT)
            return []
        component = self.component
        deals = deals_of(component, self.rows)
        columns = [
            column
            for column in own_inputs(component, self.rows[0], deals)
            if self._is_read(column) or column in ("amount", "weight")
        ]
        steps = [name for name, _ in component.steps]
        more = self._more_heads()
        heads = ["For", "Day", "Role", *map(_head, columns)]
        heads += [name.partition("__")[2].replace("__", " ") for name in steps]
        heads += ["Before rounding", *more, "Amount", "In pmsite", "Check"]
        self.page.heads(*heads)
        self.page.helpers, kept = max(self.page.helpers, len(heads) + 2), self.page.helpers
        found = [self._line(row, columns, deals) for row in self.rows]
        self.page.helpers = kept
        return found

    def _is_read(self, column: str) -> bool:
        rate = part_name(self.component.name, "rate")
        read = {ref.column for ref in self.component.references}
        return column in read or (column == rate and bool(self.component.rate))

    def _more_heads(self) -> list[str]:
        component = self.component
        if component.per == Per.TEAM:
            return ["My weight", "All weights", "Last cents"]
        if component.per == Per.DAY:
            return []
        rounding = {
            "running": ["Before it, in all"],
            "transaction": ["Last cents"],
        }.get(component.each, [])
        return ["Part undone", "Taken", *rounding]

    # --- a line

    def _line(self, row: Earning, columns: list[str], deals: dict[int, dict[str, Any]]) -> Own:
        page, component = self.page, self.component
        inputs = line_inputs(component, self.known, row, deals)
        own = own_inputs(component, row, deals)
        page.text(1, row.grain)
        if row.day is not None:
            page.value(2, row.day)
        page.text(3, row.role or "")
        cells = dict(self.cells)
        for ref in component.references:  # of a transaction that has no such attribute
            if ref.column not in cells:
                cells[ref.column] = Part("no_data", blank=True, light=True)
        at = FIRST_INPUT
        for column in columns:
            cells[column] = page.value(at, own.get(column), given=True)
            at += 1
        writer = ExcelWriter(cells, place=page.place, ranges=lambda table: self.tables[table.name])
        parts, raw = evaluate_line(component, inputs)
        for (name, formula), (_, _, outcome) in zip(component.steps, parts, strict=True):
            cells[name] = self._written(writer, at, formula, outcome)
            at += 1
        joined = self._written(writer, at, component.amount, raw)
        amount = self._amount(row, joined, raw, at + 1)
        last = at + 1 + len(self._more_heads())
        where = self._end(row, amount, last)
        page.down()
        return Own(component, row, where, row.grain)

    def _written(self, writer: ExcelWriter, column: int, formula: Any, outcome: Outcome) -> Part:
        part = writer.write(formula, outcome.steps)
        self.said += doubts(outcome.steps)
        where = self.page.formula(column, part.text)
        return Part(where, blank=part.blank, fails=part.fails, light=True)

    def _end(self, row: Earning, text: str, column: int) -> str:
        """Amount, what is stored, and whether both agree; '' where it is not decided."""
        page = self.page
        if row.amount is None or not text:
            page.text(column, NOT_DECIDED, SOFT)
            return ""
        stored = self._by_itself(row)
        where = page.formula(column, text, shown=money_format(stored), font=HEAD)
        page.amount(column + 1, stored)
        page.formula(column + 2, check_of(where, page.here(column + 1)))
        return where

    def _by_itself(self, row: Earning) -> Decimal:
        """The amount before a cap took something from it."""
        detail = row.detail or {}
        said = next((detail[why] for why in ("plan", "person") if why in detail), None)
        assert row.amount is not None
        return row.amount if said is None else Decimal(said)

    # --- what becomes of the amount before rounding

    def _amount(self, row: Earning, joined: Part, raw: Outcome, at: int) -> str:
        """The formula of the amount; working figures stand from column ``at`` on."""
        if row.amount is None:
            return ""
        if self.component.per == Per.DAY:
            return _or_nothing(joined, raw)
        if self.component.per == Per.TEAM:
            return self._share_of_team(row, joined, raw, at)
        return self._credit(row, joined, raw, at)

    def _credit(self, row: Earning, joined: Part, raw: Outcome, at: int) -> str:
        page, detail, places = self.page, row.detail or {}, self.component.decimals
        undone = Decimal(detail["reversed"]) if "reversed" in detail else None
        value = Decimal(0) if raw.error == "left_out" else raw.value
        assert isinstance(value, Decimal)
        taken = value if undone is None else CONTEXT.multiply(value, 1 - undone)
        text = _or_nothing(joined, raw)
        if undone is not None:
            page.value(at, undone, given=True)
            text = f"{text}*(1-{page.here(at)})"
        page.formula(at + 1, text)
        cell = page.here(at + 1)
        if self.component.each == "running":
            return self._running(detail, cell, taken, at + 2)
        if self.component.each == "credit":
            return f"ROUND({cell},{places})"
        alone = taken.quantize(Decimal(1).scaleb(-places), context=CONTEXT)
        stored = self._by_itself(row)
        if alone == stored:
            return f"ROUND({cell},{places})"
        least = taken.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)
        page.value(at + 2, stored - least, given=True)
        return f"ROUND(TRUNC({cell},{places})+{page.here(at + 2)},{places})"

    def _running(self, detail: Mapping[str, str], cell: str, taken: Decimal, at: int) -> str:
        """The difference that a credit makes to the rounded sum of all up to it."""
        page, places = self.page, self.component.decimals
        before = Decimal(detail.get("before", "0"))
        if self._before is not None and self._before[2] == before:
            then, mine, _ = self._before
            page.formula(at, f"ROUND({then}+{mine},{places_of(before)})")
        else:
            page.value(at, before, given=True)
        start = page.here(at)
        self._before = (start, cell, CONTEXT.add(before, taken))
        both = f"ROUND(ROUND({start}+{cell},{places_of(before + taken)}),{places})"
        return f"ROUND({both}-ROUND({start},{places}),{places})"

    def _share_of_team(self, row: Earning, joined: Part, raw: Outcome, at: int) -> str:
        page, detail, places = self.page, row.detail or {}, self.component.decimals
        if row.problem == "not_employed" or "weights" not in detail:
            return "0"
        weight = self.cells[weight_name(self.component)]
        page.formula(at, weight.text)
        weights = Decimal(detail["weights"])
        page.value(at + 1, weights, given=True)
        if weights == 0:
            return "0"
        pool, mine = raw.value, Decimal(detail["weight"])
        assert isinstance(pool, Decimal)
        power = 10**places
        ideal = CONTEXT.divide(CONTEXT.multiply(pool, mine), weights)
        coins = CONTEXT.scaleb(ideal.quantize(Decimal(1).scaleb(-20), context=CONTEXT), places)
        least = CONTEXT.scaleb(coins.to_integral_value(rounding=ROUND_FLOOR), -places)
        page.value(at + 2, self._by_itself(row) - least, given=True)
        share = f"{joined.text}*{page.here(at)}/{page.here(at + 1)}"
        return f"ROUND(INT(ROUND({share}*{power},6))/{power}+{page.here(at + 2)},{places})"


def _or_nothing(joined: Part, raw: Outcome) -> str:
    """Who is left out by a decision earns nothing."""
    if raw.error == "left_out":
        return f"IF(ISNA({joined.text}),0,{joined.text})"
    return joined.text


def _head(column: str) -> str:
    return column.replace("__", " ")
