"""Crediting anew what configuration changed: all transactions of some kinds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from metrics.compare import marks_of
from metrics.credit import credit, touch_kinds
from metrics.locks import hold_values
from metrics.models import Transaction, TransactionKind
from org.changes import record_change
from org.errors import DomainError
from org.models import InputChange, User


def recredit(
    kinds: Sequence[TransactionKind], why: str, *, by: User | None, at: datetime
) -> list[str]:
    """Work the credits of these kinds out anew and record the cause; what it did, in words.

    Where a kind's rules do not fit it any more nothing is done: the same file brings others, or
    the next delivery says so.
    """
    present = [kind for kind in kinds if Transaction.objects.filter(kind=kind).exists()]
    if not present:
        return []
    hold_values()
    touch_kinds([kind.pk for kind in present])
    try:
        done = credit(at=at)
    except DomainError:
        return []
    if done.marks:
        codes = ", ".join(sorted(kind.code for kind in present))
        record_change(
            kind=InputChange.Kind.DEFINITION,
            sentence=f"{why}: kind of transaction {codes}.",
            marks=marks_of(done.marks),
            by=by,
            at=done.moment,
            reference=f"kinds of transaction {codes}"[:200],
        )
    said = done.sentence()
    return [f"~ {said}"] if said else []
