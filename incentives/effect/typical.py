"""A typical person: the one in the middle of what people earn, as the engine knows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Identifier, Literal

from incentives import outcome
from incentives.evaluate import Work
from incentives.models import CalculationRun
from incentives.rules import VersionRules
from org.sql import fetch


@dataclass(frozen=True)
class Typical:
    """One result of a person: the inputs from which the Decimal engine works it out again."""

    person: int
    inputs: Mapping[str, str]
    rules: VersionRules


def of_work(work: Work, table: str, like: int | None) -> Typical | None:
    """The typical person of a side that has just been worked out; ``like``: this one, if there."""
    totals = SQL("SELECT person_id, total FROM {}").format(Identifier(table))
    return _found(totals, _rows(work), work.rules, like)


def of_person(work: Work, person: int) -> Typical | None:
    """A person who has just been worked out, if there."""
    return _row(_rows(work), person, work.rules)


def _rows(work: Work) -> Composable:
    return SQL("SELECT person_id, job, {} AS inputs FROM outcome").format(
        outcome.inputs_as_json(work)
    )


def of_run(made: CalculationRun, rules: VersionRules, like: int | None) -> Typical | None:
    """The typical person of a run; ``like``: this one, if there."""
    run = Literal(made.pk)
    totals = SQL(
        "SELECT person_id, sum(amount) AS total FROM incentives_earning WHERE run_id = {}"
        " GROUP BY person_id"
    ).format(run)
    rows = SQL("SELECT person_id, job, inputs FROM incentives_result WHERE run_id = {}").format(run)
    return _found(totals, rows, rules, like)


def _found(
    totals: Composable, rows: Composable, rules: VersionRules, like: int | None
) -> Typical | None:
    if like is not None and (found := _row(rows, like, rules)):
        return found
    middle = in_the_middle(totals)
    return None if middle is None else _row(rows, middle, rules)


def in_the_middle(totals: Composable) -> int | None:
    """The person in the middle of what people earn; ``totals``: a query of person_id and total."""
    middle = fetch(SQL(MIDDLE).format(totals=totals))
    return middle[0][0] if middle else None


# Of those who earn something; where nobody does, anybody.
MIDDLE = """
    WITH side AS ({totals}),
    earning AS (SELECT * FROM side WHERE total > 0)
    (SELECT person_id FROM earning ORDER BY total, person_id
     OFFSET (SELECT count(*) / 2 FROM earning) LIMIT 1)
    UNION ALL (SELECT person_id FROM side ORDER BY person_id LIMIT 1) LIMIT 1
"""


def _row(rows: Composable, person: int, rules: VersionRules) -> Typical | None:
    found = fetch(
        SQL("SELECT inputs::text FROM ({}) AS row WHERE person_id = {} ORDER BY job").format(
            rows, Literal(person)
        )
    )
    return Typical(person, json.loads(found[0][0]), rules) if found else None
