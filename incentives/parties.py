"""Who must be worked out beside some people: the other parties of their transactions.

The parties of a transaction share its rounded sum, so a cent of one depends on the others; of
those only the amounts are needed, and nothing is written (docs/adr/0101).
"""

from __future__ import annotations

from psycopg.sql import SQL, Literal

from incentives import windows
from incentives.rules import Per, VersionRules
from org.models import Period
from org.sql import NEVER, fetch


def parties_beside(
    rules: VersionRules, period: Period, people: tuple[int, ...] | None
) -> tuple[int, ...]:
    """The ids of other parties, where a component rounds over the parties of a transaction."""
    shared = [c for c in rules.components.values() if c.per == Per.CREDIT]
    shared = [c for c in shared if c.each == "transaction" and not c.of_others]
    if people is None or not shared:
        return ()
    found: set[int] = set()
    for component in shared:
        measure = rules.measures[component.of]
        stretch = windows.find(measure.window, period)
        rows = fetch(
            SQL(BESIDE).format(
                people=Literal(list(people)),
                metric=Literal(measure.metric),
                start=Literal(stretch.start),
                end=Literal(stretch.end),
                never=SQL(NEVER),
            )
        )
        found |= {person for (person,) in rows}
    return tuple(sorted(found - set(people)))


# What was taken back counts on another day, so the days are those of either.
BESIDE = """
    SELECT DISTINCT other.person_id FROM metrics_value AS own
    JOIN metrics_value AS other ON other.transaction_id = own.transaction_id
     AND other.metric_id = own.metric_id AND other.superseded_at = {never}
    WHERE own.person_id = ANY({people}::bigint[]) AND own.metric_id = {metric}
      AND own.superseded_at = {never} AND own.transaction_id IS NOT NULL
      AND (own.day >= {start} AND own.day < {end}
           OR own.undone_on >= {start} AND own.undone_on < {end})
"""
