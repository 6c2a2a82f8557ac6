"""A row of any tenant model, made from its fields alone: for tests that walk all models.

References point to nothing; they are checked when the transaction ends, and these tests roll back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from incentives.models import DisputeRemedy, Earning, Transfer
from scorecards.models import Leaderboard, WallPanel

FIRST, SECOND = date(2026, 6, 1), date(2026, 7, 1)
AT = datetime(2026, 7, 5, 9, 0, tzinfo=UTC)

# What a model's constraints ask for beyond a value of the right type.
SPECIAL: dict[type[models.Model], dict[str, Any]] = {
    DisputeRemedy: {"request_id": 1},
    Earning: {"status": "decided", "amount": Decimal(1)},
    Transfer: {"from_account": "plan", "to_account": "due"},
    Leaderboard: {"metric_id": 1},
    WallPanel: {"leaderboard_id": 1},
}
BY_TYPE: dict[type[models.Field], Any] = {
    models.BooleanField: False,
    models.DecimalField: Decimal(1),
    models.DateTimeField: AT,
    models.DateField: FIRST,
    models.TimeField: time(2),
    models.JSONField: {},
    models.BinaryField: b"x",
    models.IntegerField: 1,
    models.CharField: "x",
    models.TextField: "x",
}


@contextmanager
def rolled_back() -> Iterator[None]:
    """Take everything back afterwards, before anybody checks what the references point to."""
    with transaction.atomic(), transaction.atomic(using="owner"):
        yield
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="owner")


def dummy(model: type[models.Model], tenant_id: int) -> Any:
    """A row that every check constraint of the model lets pass, not saved yet."""
    values: dict[str, Any] = {"tenant_id": tenant_id}
    for field in model._meta.concrete_fields:
        if field.attname == "tenant_id" or field.has_default() or field.null:
            continue
        if not isinstance(field, models.AutoField | models.CompositePrimaryKey):
            values[field.attname] = _value(field)
    if "valid_to" in {field.name for field in model._meta.fields}:
        values["valid_to"] = SECOND
    return model(**(values | SPECIAL.get(model, {})))


def _value(field: models.Field) -> Any:
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, models.ForeignKey):
        return 1
    return next(value for kind, value in BY_TYPE.items() if isinstance(field, kind))
