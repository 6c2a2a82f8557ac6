"""Deals that credit nobody for now: which, whose, why, and what brings them on."""

from __future__ import annotations

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from metrics.models import Party, Transaction, TransactionKind, Waiting

OTHER = "Look at the rule and at the deal: one of them has to be mended."
# What to do, by the problem that the credit stage found (metrics.deciding.PROBLEMS).
ADVICE = {
    "undone": "Mend how far a deal of this kind counts as undone, or what that reads of this deal.",
    "undone_range": "Mend how far a deal of this kind counts as undone.",
    "undone_on": "Bring in the day on which it was undone, or correct the deal.",
    "when": "Bring in what the condition reads, or write into the rule what a blank means.",
    "no_day": "Bring in the date; until then there is nothing to do where it is still to come.",
    "amount": "Bring in what the amount reads, or mend the rule.",
    "too_large": "Look for a wrong factor in the rule, or a wrong figure in the deal.",
    "weight": "Bring in what the weight reads, or mend the rule.",
    "once": "Bring in what it counts once by, or correct the deal.",
    "split": "Mend the shares at the source, so that they sum to exactly 100 %.",
    "nobody": "Bring in who plays the role; a name that nobody knows waits under Unknown names.",
    "no_manager": "Give the person a manager on that day.",
    "no_head": "Give the unit somebody who heads it on that day.",
}
# What a deal waits for, in the words of the page's filter.
WAITS_FOR = {
    "no_day": "A date that is missing",
    "nobody": "Somebody to credit",
    "no_manager": "A manager to credit",
    "no_head": "A head to credit",
    "split": "Shares that sum to 100 %",
    "once": "What it counts once by",
    "when": "A condition that can be decided",
    "amount": "An amount that can be worked out",
    "too_large": "An amount that can be right",
    "weight": "A weight that can be worked out",
    "undone": "How far it is undone",
    "undone_range": "A part undone from 0 to 1",
    "undone_on": "The day on which it was undone",
}


def advice(problem: str) -> str:
    """What somebody does about it: a sentence."""
    return ADVICE.get(problem, OTHER)


def waiting_deals(*, who: str = "", kind: str = "", problem: str = "") -> QuerySet[Waiting]:
    """Deals that credit nobody, with ``people`` by name, ``kind_code`` and ``since``.

    ``who``: part of the name, or the number, of somebody who takes part; or the deal's key.
    """
    parties = Party.objects.filter(transaction=OuterRef("transaction_id"))
    names = StringAgg("person__name", ", ", order_by="person__name", distinct=True)
    people = parties.order_by().values("transaction").annotate(said=names).values("said")
    kinds = TransactionKind.objects.filter(pk=OuterRef("kind_id")).values("code")
    came = Transaction.objects.filter(pk=OuterRef("transaction_id")).values("recorded_at")
    rows = Waiting.objects.annotate(
        people=Coalesce(Subquery(people), Value(""), output_field=TextField()),
        kind_code=Subquery(kinds),
        since=Subquery(came),
    )
    if who:
        known = Party.objects.filter(Q(person__name__icontains=who) | Q(person__code__iexact=who))
        mine = Q(transaction_id__in=known.values("transaction")) | Q(key__iexact=who)
        rows = rows.filter(mine)
    if kind:
        chosen = TransactionKind.objects.filter(code=kind).values("pk")
        rows = rows.filter(kind_id__in=chosen)
    if problem:
        rows = rows.filter(problem=problem)
    return rows.order_by("kind_code", "key", "group")
