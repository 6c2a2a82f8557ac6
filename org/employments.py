"""By which of their employments people are paid."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from org.sql import NEVER


def employments_on(day: date) -> sql.Composed:
    """The query for each person's paying employment: in force on a day, else the last before it.

    Columns: id, person_id, payroll_id, pay_group_id, valid_from, valid_to. Who only begins later
    is paid by the first.
    """
    return sql.SQL(
        "SELECT DISTINCT ON (person_id) id, person_id, payroll_id, pay_group_id, valid_from,"
        " valid_to FROM org_employment WHERE superseded_at = {never}"
        " ORDER BY person_id, CASE WHEN valid_from <= {day} THEN valid_from END DESC NULLS LAST,"
        " valid_from"
    ).format(day=sql.Literal(day), never=sql.SQL(NEVER))
