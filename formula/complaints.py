"""What the checker says where something is wrong: the place, the nearest name, an example."""

from __future__ import annotations

from collections.abc import Collection

from formula.errors import FormulaError, listed, nearest
from formula.parser import Syntax
from formula.scope import Scope
from formula.tables import Table
from formula.values import NUMBER


class Complaints:
    """Builds errors for one text in one scope. The checker is one of these."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text = text
        self.scope = scope

    def written(self, syntax: Syntax) -> str:
        """How a piece was written."""
        return self.text[syntax.start : syntax.end]

    def fail(
        self,
        reason: str,
        at: Syntax,
        *,
        suggestion: str = "",
        example: str = "",
        name: bool = False,
    ) -> FormulaError:
        """An error at a place; ``name``: at the function's name alone, not its arguments."""
        end = at.name_end if name and at.name_end else at.end
        if suggestion and not example:
            start, stop = at.start, end
            example = " ".join((self.text[:start] + suggestion + self.text[stop:]).split())
        return FormulaError(
            reason, text=self.text, start=at.start, end=end, suggestion=suggestion, example=example
        )

    def unknown(self, what: str, syntax: Syntax, known: Collection[str]) -> FormulaError:
        """There is no such name: the nearest one, or all there are."""
        shown = syntax.text.strip('"')
        near = nearest(shown, known)
        rest = "" if near else f" There are: {listed(known)}."
        return self.fail(
            f'There is no {what} "{shown}" here.{rest}',
            syntax,
            suggestion=near,
            example="" if near else self._example_with(what, list(known)),
        )

    def _example_with(self, what: str, names: list[str]) -> str:
        """A formula that works in this scope, where none of its names is near."""
        if what == "name":
            numbers = [n for n in names if self.scope.names[n].type is NUMBER]
            return f"{numbers[0]} * 4%" if numbers else "100 * 4%"
        if not names:
            return ""
        if what == "rate table":
            return table_example(self.scope.tables[names[0]])
        patterns = {
            "fact": "FACT({})",
            "component": "EARNED({}) * 10%",
            "kind of transaction": "COUNT({}) > 0",
            "attribute": "ISBLANK(LAST({}))",
            "measure or component": "RANK({})",
        }
        return patterns.get(what, "GOAL({})").format(names[0])

    def check_count(
        self, name: str, syntax: Syntax, least: int, most: int | None, example: str
    ) -> None:
        """Raises where a call has too few or too many arguments."""
        count = len(syntax.parts)
        if count < least or (most is not None and count > most):
            if most is None:
                wanted = f"at least {least}"
            else:
                wanted = str(least or "no") if least == most else f"{least} or {most}"
            plural = "" if wanted == "1" else "s"
            hint = " Say also what holds otherwise." if name == "IF" and count == 2 else ""
            raise self.fail(
                f"{name} takes {wanted} argument{plural}, but here are {count}.{hint}",
                syntax,
                example=example,
                name=True,
            )


def table_example(table: Table) -> str:
    """A formula that looks something up in a table."""
    return {
        "TIER": f"TIER(sales, {table.name})",
        "RATE": f"sales * RATE(sales, {table.name})",
        "CURVE": f"base * CURVE(quality, {table.name})",
        "MATRIX": f"MATRIX(sales, quality, {table.name})",
        "LOOKUP": f"LOOKUP(region, {table.name}, 0)",
    }[table.functions[0]]
