"""The words that read something from outside: how they are written, and where they may be used.

What they read are columns, given to the engines like any name; so nothing is emitted for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from formula.functions import FUNCTIONS, GROUPS, Function

_PEOPLE, _OTHERS, _TRANSACTIONS = GROUPS[4:]
_PLAN = "in the components of a plan and in the formulas over all of them"
_ABOUT = (
    "where a formula is about one transaction: in undone of a transaction kind, in credit rules, in"
    " release conditions and in components per credit"
)

WHERE: dict[str, str] = {
    **dict.fromkeys(("goal", "attainment", "tenure", "prorate"), _PLAN),
    **dict.fromkeys(("prior", "ytd", "qtd"), "in the components of a plan"),
    **dict.fromkeys(
        ("rank", "ties", "share"),
        "where all people of a group are known: in components per person, and in what distributes"
        " the amount of a team",
    ),
    "earned": "in the components of a plan that build on what others pay",
    "running": "in components that are worked out per credit",
    **dict.fromkeys(("count", "sum", "first", "last"), _ABOUT),
}
"""For every kind of reference that a scope must allow: where it may be used."""


@dataclass(frozen=True)
class Special:
    """A word that reads a value from outside, or stands for one.

    ``least`` and ``most``: how many arguments it takes; ``where``: where it may be used, '' if
    wherever there is something for it to read.
    """

    signature: str
    group: str
    meaning: str
    example: str
    least: int = 1
    most: int = 1

    @property
    def name(self) -> str:
        return self.signature.partition("(")[0]

    @property
    def kind(self) -> str:
        """The kind of reference that it makes."""
        return self.name.lower()

    @property
    def where(self) -> str:
        return WHERE.get(self.kind, "")


_ALL = (
    Special(
        "ATTAINMENT(measure)", _PEOPLE,
        "What was reached of the measure's goal, 1 for 100%, by the metric's direction and rounded"
        " to its decimals. Blank without a goal.",
        "IF(ATTAINMENT(sales) >= 100%, 500, 0)",
    ),
    Special(
        "GOAL(measure)", _PEOPLE, "The measure's goal; blank without one.",
        "MAX(sales - GOAL(sales), 0) * 10",
    ),
    Special(
        "FACT(name)", _PEOPLE,
        "A fact about the person, such as base pay; the name may stand in quotation marks.",
        "FACT(base_pay) * 10%",
    ),
    Special(
        "TENURE()", _PEOPLE, "Whole months since the person's tenure began.",
        "IF(TENURE() < 3, 300, 0)", 0, 0,
    ),
    Special(
        "PRIOR(measure, n)", _OTHERS,
        "The measure n periods of the plan's calendar earlier; n is a whole number from 1 to 99."
        " Blank where there was none, as before the person came.",
        "IF(sales > PRIOR(sales, 1), 100, 0)", 2, 2,
    ),
    Special(
        "YTD(measure)", _OTHERS,
        "The measure from the year's beginning to the end of this period.",
        "TIER(YTD(sales), step)",
    ),
    Special(
        "QTD(measure)", _OTHERS,
        "The measure from the quarter's beginning to the end of this period.",
        "IF(QTD(sales) >= 300, 500, 0)",
    ),
    Special(
        "RANK(measure, within)", _OTHERS,
        "The person's place by a measure, or by what a component of this plan pays: 1 is the best,"
        " by the metric's direction. Within plan (also if left out), unit or job_type. Equal ones"
        " share a place, and as many places after it are left out. Blank where the measure is"
        " blank.",
        "IF(RANK(sales, unit) <= 3, 500, 0)", 1, 2,
    ),
    Special(
        "TIES(measure, within)", _OTHERS,
        "How many people share the person's place in RANK, the person included. A prize can so be"
        " divided among them.",
        "IF(RANK(sales) = 1, 300 / TIES(sales), 0)", 1, 2,
    ),
    Special(
        "SHARE(measure, within)", _OTHERS,
        "The person's part of the sum over all people compared, 0.25 for a quarter; within as in"
        " RANK.",
        "1000 * SHARE(sales, unit)", 1, 2,
    ),
    Special(
        "EARNED(component)", _OTHERS,
        "What another component pays the person in this period; plan.component for one of another"
        " plan. In quotation marks where the plan's code is no name.",
        "EARNED(commission) * 10%",
    ),
    Special(
        "RUNNING(measure)", _TRANSACTIONS,
        "The measure's total before this credit, in order of date and key.",
        "SLICE(RUNNING(sales), sales, step)",
    ),
    Special(
        "COUNT(kind)", _TRANSACTIONS,
        "How many transactions of a kind are about this one; 0 without any.",
        "IF(COUNT(cancellation) > 0, 0, 50)",
    ),
    Special(
        "SUM(kind.attribute)", _TRANSACTIONS,
        "The sum of an attribute over the transactions of a kind that are about this one; 0 without"
        " any.",
        "SUM(payment.amount) >= 1000",
    ),
    Special(
        "FIRST(kind.attribute)", _TRANSACTIONS,
        "An attribute or date of the first transaction of a kind that is about this one; blank"
        " without any.",
        "NOT(ISBLANK(FIRST(payment.paid)))",
    ),
    Special(
        "LAST(kind.attribute)", _TRANSACTIONS,
        "An attribute or date of the last transaction of a kind that is about this one; blank"
        " without any.",
        "LAST(payment.paid) < DATE(2026, 5, 31)",
    ),
    Special("TRUE", GROUPS[0], "Yes.", "IFS(sales > 100, 500, TRUE, 0)", 0, 0),
    Special("FALSE", GROUPS[0], "No.", "licensed = FALSE", 0, 0),
)  # fmt: skip

SPECIALS: dict[str, Special] = {special.name: special for special in _ALL}

ENTRIES: dict[str, Function | Special] = {**FUNCTIONS, **SPECIALS}
"""All that the reference describes."""
