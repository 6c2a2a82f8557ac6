"""Which formula must be worked out before which."""

from __future__ import annotations

from collections.abc import Mapping

from formula.checker import Formula
from formula.errors import FormulaError
from formula.scope import key_of


def dependency_order(formulas: Mapping[str, Formula]) -> list[list[str]]:
    """The names in groups: each group needs only names of earlier groups, or from outside.

    Within a group the names keep their order. FormulaError names a cycle: "a → b → a".
    """
    keys = {key_of(name): name for name in formulas}
    needs = {
        name: [keys[key_of(used)] for used in sorted(formula.names) if key_of(used) in keys]
        for name, formula in formulas.items()
    }
    groups: list[list[str]] = []
    done: set[str] = set()
    while len(done) < len(needs):
        ready = [n for n, needed in needs.items() if n not in done and done.issuperset(needed)]
        if not ready:
            raise _cycle(needs, done)
        groups.append(ready)
        done.update(ready)
    return groups


def _cycle(needs: Mapping[str, list[str]], done: set[str]) -> FormulaError:
    """Follows unfinished needs until a name comes again: from there on it is a cycle."""
    path: list[str] = []
    name = min(n for n in needs if n not in done)
    while name not in path:
        path.append(name)
        name = next(needed for needed in needs[name] if needed not in done)
    path = [*path[path.index(name) :], name]
    if len(path) == 2:
        return FormulaError(f"{name} uses itself: {name} → {name}. Take it out of its own formula.")
    return FormulaError(
        f"These formulas need each other, so none can be worked out first: {' → '.join(path)}."
        " Take one of them out of the others."
    )
