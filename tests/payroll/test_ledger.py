"""The ledger: exact, append-only, and always adding up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError, IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from incentives.ledger import (
    MOVES,
    Entry,
    balances,
    booked,
    check_identity,
    post,
    post_select,
)
from incentives.models import Transfer
from org.errors import DomainError
from tests.factories import AT
from tests.payroll.cast import Cast, D
from tests.seeds import examples


def entry(cast: Cast, **fields: Any) -> Entry:
    defaults = {
        "person": cast.ann.pk,
        "currency": "USD",
        "from_account": "plan",
        "to_account": "due",
        "amount": D("10.00"),
        "origin": "calculation",
    }
    return Entry(**{**defaults, **fields})


def read(query: sql.Composed) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("amount", [D(0), D("-1"), D("NaN"), 1.5, 1])
def test_only_exact_amounts_above_zero_move(cast: Cast, amount: Any) -> None:
    with pytest.raises(DomainError, match="an exact amount above zero"):
        entry(cast, amount=amount)


def test_an_origin_moves_money_only_where_it_may(cast: Cast) -> None:
    with pytest.raises(DomainError, match="“calculation” cannot go from “plan” to “paid”"):
        entry(cast, to_account="paid")


def test_a_query_cannot_get_round_that(cast: Cast) -> None:
    select = sql.SQL(
        "SELECT id AS person_id, 'USD' AS currency, 'plan' AS from_account, 'paid' AS to_account,"
        " 5.00 AS amount, 'calculation' AS origin FROM org_person"
    )
    with pytest.raises(DomainError, match="cannot go"), transaction.atomic():
        post_select(select, by=None, at=AT)
    assert not Transfer.objects.exists()


def test_a_query_posts_for_everybody(cast: Cast) -> None:
    select = sql.SQL(
        "SELECT id AS person_id, 'USD' AS currency, 'plan' AS from_account, 'due' AS to_account,"
        " %(amount)s::numeric AS amount, 'calculation' AS origin, '100 % done' AS cause"
        " FROM org_person"
    )
    escaped = sql.SQL(select.as_string(None).replace("100 %", "100 %%"))
    assert post_select(escaped, by=cast.pia, at=AT, parameters={"amount": D("7.5")}) == 2
    assert [(b.person, b.due) for b in balances()] == [
        (cast.ann.pk, D("7.5")),
        (cast.bo.pk, D("7.5")),
    ]
    assert {(t.by, t.recorded_at, t.cause, t.part) for t in Transfer.objects.all()} == {
        (cast.pia, AT, "100 % done", 0)
    }


def test_post_writes_all_or_none(cast: Cast) -> None:
    nobody = entry(cast, person=cast.ann.pk, currency="TOO LONG")
    with pytest.raises(DatabaseError), transaction.atomic():
        post([entry(cast), nobody], by=None, at=AT)
    assert not Transfer.objects.exists()


def test_booked_is_what_calculation_booked_and_nothing_else(cast: Cast) -> None:
    cast.grant(cast.ann, "100", part=1)
    cast.grant(cast.ann, "40", part=2, to="held")
    cast.grant(cast.ann, "-30", part=1)
    cast.grant(cast.ann, "5", origin="adjustment")
    cast.grant(cast.ann, "9", earned_period=cast.may.pk)
    rows = read(booked(plan=cast.plan.pk, earned_period=cast.june.pk))
    assert sorted((row["part"], row["amount"]) for row in rows) == [(1, D(70)), (2, D(40))]
    assert {row["earning_type"] for row in rows} == {"commission"}
    only_bo = sql.Literal(cast.bo.pk)
    assert read(booked(plan=cast.plan.pk, earned_period=cast.june.pk, people=only_bo)) == []


@pytest.mark.parametrize("statement", ["UPDATE {} SET amount = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_change_the_ledger(cast: Cast, statement: str) -> None:
    cast.grant(cast.ann, "100")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format("incentives_transfer"))


def test_not_even_the_owner_can(db: None) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(using="owner"):
        connections["owner"].cursor().execute("DELETE FROM incentives_transfer")


@pytest.mark.parametrize(("amount", "to_account"), [("-1", "due"), ("1", "plan")])
def test_the_database_refuses_what_is_no_transfer(cast: Cast, amount: str, to_account: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            person=cast.ann,
            currency="USD",
            from_account="plan",
            to_account=to_account,
            amount=D(amount),
            origin="calculation",
            recorded_at=AT,
        )


moves = st.sampled_from(
    sorted((str(o), str(a), str(b)) for o, pairs in MOVES.items() for a, b in pairs)
)
amounts = st.decimals(min_value="0.01", max_value="9999", places=2)


@settings(
    max_examples=examples(15, of=40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(moves, amounts, st.sampled_from(["USD", "EUR"])), max_size=20))
def test_granted_is_always_where_it_went(
    cast: Cast, posts: list[tuple[tuple[str, str, str], Decimal, str]]
) -> None:
    savepoint = transaction.savepoint()
    expected: dict[tuple[str, str], Decimal] = {}
    for (origin, a, b), amount, currency in posts:
        move = {"origin": origin, "from_account": a, "to_account": b}
        post([entry(cast, amount=amount, currency=currency, **move)], by=None, at=AT)
        expected[currency, a] = expected.get((currency, a), D(0)) - amount
        expected[currency, b] = expected.get((currency, b), D(0)) + amount
    for b in balances(person=cast.ann.pk):
        assert b.granted == b.held + b.due + b.paid + b.lost - b.owed
        assert b.granted == -expected.get((b.currency, "plan"), D(0))
        assert b.owed == -expected.get((b.currency, "owed"), D(0))
        assert b.lost == expected.get((b.currency, "lost"), D(0))
    assert all(b.owed < 0 for b in check_identity())
    transaction.savepoint_rollback(savepoint)
