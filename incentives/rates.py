"""The exchange rates of lines: the plan's, the month's, or that of a line's own day."""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import error_column
from incentives.models import ExchangeRate
from incentives.participants import Frame
from incentives.rules import ComponentRule, part_name
from org.sql import NEVER


def columns(frame: Frame, component: ComponentRule, day: Composable) -> list[Composable]:
    """The rate of each line of a component, and the error of one that nobody has said.

    ``day``: the day of the line, as SQL.
    """
    on = {
        "plan": SQL("{}::date").format(Literal(frame.start)),
        "month": SQL("{}::date").format(Literal(frame.last_day)),
        "day": day,
    }[component.rate]
    rate = SQL(
        "(SELECT rate.rate FROM {table} AS rate WHERE rate.name = {name} AND rate.base = {base}"
        " AND rate.quote = {quote} AND rate.superseded_at = {never}"
        " AND rate.valid_from <= {on} AND rate.valid_to > {on})"
    ).format(
        table=Identifier(ExchangeRate._meta.db_table),
        name=Literal(component.rate),
        base=Literal(component.currency),
        quote=Literal(frame.currency),
        never=SQL(NEVER),
        on=on,
    )
    name = part_name(component.name, "rate")
    return [
        SQL("{} AS {}").format(rate, Identifier(name)),
        SQL("CASE WHEN {} IS NULL THEN 'no_rate' END AS {}").format(
            rate, Identifier(error_column(name))
        ),
    ]
