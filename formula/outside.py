"""What reads from outside: GOAL, FACT, PRIOR, RANK, EARNED, COUNT … to references."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from formula.complaints import Complaints
from formula.errors import FormulaError, joined, nearest
from formula.nodes import Reference
from formula.parser import Syntax
from formula.scope import LATEST_PRIOR, PAID, WITHIN, Ref
from formula.specials import SPECIALS, WHERE, Special
from formula.values import NUMBER

_NAMES = ("name", "dotted", "string")


class Outside(Complaints):
    """The part of the checker that knows the special words."""

    def special(self, name: str, syntax: Syntax) -> Reference:
        """The reference of a call such as GOAL(sales)."""
        special = SPECIALS[name]
        self.may_use(special.kind, name, syntax)
        self.check_count(name, syntax, special.least, special.most, special.example)
        reference = self._readers[special.kind](self, special, syntax)
        return replace(reference, text=self.written(syntax))

    def may_use(self, kind: str, name: str, syntax: Syntax) -> None:
        """Raises where the scope does not have that kind of reference."""
        if kind in WHERE and kind not in self.scope.uses:
            raise self.fail(f"{name} may be used only {WHERE[kind]}.", syntax, name=True)

    # -- what they read -------------------------------------------------------------------------

    def _tenure(self, special: Special, syntax: Syntax) -> Reference:
        return Reference(Ref("tenure", ""), NUMBER)

    def _measured(self, special: Special, syntax: Syntax) -> Reference:
        return Reference(Ref(special.kind, self._measure(special, syntax.parts[0])), NUMBER)

    def _prior(self, special: Special, syntax: Syntax) -> Reference:
        measure, count = self._measure(special, syntax.parts[0]), syntax.parts[1]
        whole = count.kind == "number" and re.fullmatch(r"[0-9]{1,9}", count.text)
        if not whole or not 1 <= int(count.text) <= LATEST_PRIOR:
            raise self.fail(
                "PRIOR needs to know how many periods earlier: a whole number from 1 to"
                f" {LATEST_PRIOR}, written as such.",
                count,
                example=f"PRIOR({measure}, 1)",
            )
        return Reference(Ref("prior", f"{measure} {int(count.text)}"), NUMBER)

    def _compared(self, special: Special, syntax: Syntax) -> Reference:
        first = syntax.parts[0]
        within = self._within(special, syntax.parts[1]) if len(syntax.parts) > 1 else WITHIN[0]
        component = self._component_of_this_plan(special, first)
        others = self.scope.components
        subject = f"{PAID}{component}" if component else self._measure(special, first, others)
        return Reference(Ref(special.kind, f"{subject} {within}"), NUMBER)

    def _within(self, special: Special, syntax: Syntax) -> str:
        said = syntax.text.lower()
        if syntax.kind != "name" or said not in WITHIN:
            near = nearest(said, WITHIN) if syntax.kind == "name" else ""
            raise self.fail(
                f"{special.name} compares within {joined(WITHIN, 'or')}.",
                syntax,
                suggestion=near,
                example="" if near else special.example,
            )
        return said

    def _component_of_this_plan(self, special: Special, syntax: Syntax) -> str:
        """The component to compare by; '' where it is a measure, or neither."""
        found = self.scope.find("component", syntax.text) if syntax.kind in _NAMES else None
        if syntax.kind == "dotted":
            raise self.fail(
                f"{special.name} compares by measures and by components of this plan.",
                syntax,
                example=special.example,
            )
        measure = self.scope.find("name", syntax.text)
        is_measure = measure is not None and self.scope.names[measure].measure
        return "" if found is None or is_measure else found

    def _earned(self, special: Special, syntax: Syntax) -> Reference:
        known = self.scope.components
        found = self._found("component", "component", special, syntax.parts[0], list(known))
        return Reference(Ref("earned", found), NUMBER)

    def _counted(self, special: Special, syntax: Syntax) -> Reference:
        argument, kinds = syntax.parts[0], list(self.scope.about)
        found = self._found("kind", "kind of transaction", special, argument, kinds)
        return Reference(Ref("count", found), NUMBER)

    def _related(self, special: Special, syntax: Syntax) -> Reference:
        argument, types = syntax.parts[0], self.scope.attributes
        if argument.kind == "name":
            raise self._attribute_alone(special, argument)
        found = self._found("attribute", "attribute", special, argument, list(types))
        if special.kind == "sum" and types[found] is not NUMBER:
            raise self.fail(
                f'SUM adds numbers, but "{found}" is a {types[found].value}.',
                argument,
                example=special.example,
            )
        return Reference(Ref(special.kind, found), types[found])

    def _attribute_alone(self, special: Special, syntax: Syntax) -> FormulaError:
        """Something without a point where kind.attribute is needed."""
        kind = self.scope.find("kind", syntax.text)
        near = [
            name
            for name in self.scope.attributes
            if (name.startswith(f"{kind}.") if kind else name.endswith(f".{syntax.text}"))
        ]
        return self.fail(
            f"{special.name} needs a kind of transaction and, after a point, one of its attributes"
            " or dates.",
            syntax,
            suggestion=near[0] if near else "",
            example="" if near else special.example,
        )

    def _fact(self, special: Special, syntax: Syntax) -> Reference:
        known = list(self.scope.facts)
        found = self._found("fact", "fact", special, syntax.parts[0], known)
        return Reference(Ref("fact", found), self.scope.facts[found])

    # -- names ----------------------------------------------------------------------------------

    def _found(
        self, what: str, title: str, special: Special, syntax: Syntax, known: list[str]
    ) -> str:
        """A name of the scope, plain, with a point or in quotation marks."""
        if syntax.kind not in _NAMES:
            raise self.fail(
                f"{special.name} needs the name of {'an' if title[0] == 'a' else 'a'} {title}.",
                syntax,
                example=special.example,
            )
        found = self.scope.find(what, syntax.text.strip('"'))
        if found is None:
            raise self.unknown(title, syntax, known)
        return found

    def _measure(self, special: Special, syntax: Syntax, others: Collection[str] = ()) -> str:
        """The measure; ``others``: what else it could be, for a suggestion."""
        if syntax.kind != "name":
            raise self.fail(
                f"{special.name} needs the name of a measure.", syntax, example=special.example
            )
        found = self.scope.find("name", syntax.text)
        if found is None:
            measures = [n for n, name in self.scope.names.items() if name.measure]
            known = [*measures, *(other for other in others if "." not in other)]
            raise self.unknown("measure or component" if others else "measure", syntax, known)
        if not self.scope.names[found].measure:
            lacks = "so it has no goal" if special.kind in ("goal", "attainment") else ""
            lacks = lacks or f"which {special.name} needs"
            raise self.fail(
                f'"{syntax.text}" is no measure, {lacks}.', syntax, example=special.example
            )
        return found

    _readers: dict[str, Callable[[Outside, Special, Syntax], Reference]] = {
        "tenure": _tenure,
        **dict.fromkeys(("goal", "attainment", "ytd", "qtd", "running"), _measured),
        "prior": _prior,
        **dict.fromkeys(("rank", "ties", "share"), _compared),
        "earned": _earned,
        "count": _counted,
        **dict.fromkeys(("sum", "first", "last"), _related),
        "fact": _fact,
    }
