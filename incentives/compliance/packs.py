"""What each compliance pack says, as data: the law, what it asks, and how it is held.

To be checked by the tenant's counsel: a pack is no legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.tags import Tag
from org.compliance import Pack as Code
from org.compliance import ProductClass


@dataclass(frozen=True)
class Pack:
    """A rule of law: ``law`` as people cite it, ``says`` what it asks of pay.

    ``terms``: tags that nothing may be paid by. ``product``: the class of products that it is
    about; ``sale`` what only licensed staff may be paid on, and ``referral`` what the others may
    have a fixed amount for, with ``most``: also a cap, and one credit for each customer.
    ``notice``: what everybody who publishes should know, and no reason to refuse.
    """

    law: str
    says: str
    terms: frozenset[Tag] = frozenset()
    product: ProductClass | None = None
    sale: Tag | None = None
    referral: Tag | None = None
    most: bool = False
    notice: str = ""
    two_people: bool = False


PACKS: Mapping[Code, Pack] = {
    Code.INSURANCE_REFERRALS: Pack(
        law="12 CFR 343.50(b)",
        says=(
            "Staff without an insurance licence may have a one-time, nominal, fixed amount for each"
            " referral, which does not depend on a sale."
        ),
        product=ProductClass.INSURANCE,
        sale=Tag.INSURANCE_SALE,
        referral=Tag.INSURANCE_REFERRAL,
    ),
    Code.BROKERAGE_REFERRALS: Pack(
        law="Regulation R, 17 CFR 247.700 and 701",
        says=(
            "Staff without a securities licence may have a nominal, one-time, fixed cash fee for"
            " each referral: once for each customer, and never more than a cap."
        ),
        product=ProductClass.BROKERAGE,
        sale=Tag.BROKERAGE_SALE,
        referral=Tag.BROKERAGE_REFERRAL,
        most=True,
    ),
    Code.LOAN_TERMS: Pack(
        law="Regulation Z, 12 CFR 1026.36(d)",
        says=(
            "Nobody is paid by the terms of a loan secured by a dwelling. Volume, number and"
            " quality of loans may pay."
        ),
        terms=frozenset({Tag.LOAN_TERM}),
    ),
    Code.REGULAR_RATE: Pack(
        law="FLSA, 29 CFR 778.108 to 211",
        says="A promised bonus belongs in the regular rate of those who are paid by the hour.",
        notice=(
            "What this version pays is promised beforehand, so it counts in the regular rate of"
            " hourly staff: export the weeks in which it was earned with the pay."
        ),
    ),
    Code.SEPARATION_OF_DUTIES: Pack(
        law="separation of duties",
        says="Two named people stand for every version: one who wrote it, one who published it.",
        two_people=True,
    ),
}
