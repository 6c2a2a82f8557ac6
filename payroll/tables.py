"""Tables of the desk of payroll."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables

from incentives.models import Transfer
from org.models import Period
from org.tables import NUMBER, PageTable
from org.wording import period_name, said

Titles = Mapping[tuple[int | None, str], str]
"""By plan and component, in small letters, what people call it."""


class AmountColumn(tables.Column):  # type: ignore[misc]
    """An amount with two places or more; nothing where nothing moves."""

    def __init__(self, **extra: object) -> None:
        super().__init__(attrs=NUMBER, **extra)

    def render(self, value: object) -> str:
        """Grouped by thousands; zero is a dash, so that the eye finds what moves."""
        return f"{value:,.2f}".replace("-", "−") if value else "–"

    def value(self, value: object) -> object:
        """The exact number, for files."""
        return value


class PayeeTable(PageTable):
    """What a draft does for each person."""

    first_line = ("name", "paid")
    name = tables.Column(verbose_name="Person")
    code = tables.Column(verbose_name="Number")
    due = AmountColumn()
    carried = AmountColumn(verbose_name="Becomes a debt")
    drawn = AmountColumn(verbose_name="Advanced")
    recovered = AmountColumn()
    waits = AmountColumn()
    owes = AmountColumn(verbose_name="Owes then")
    paid = AmountColumn(verbose_name="Pays")

    class Meta(PageTable.Meta):
        empty_text = "Nothing is due to anybody of this group."


class LineTable(PageTable):
    """The lines of a batch that was paid."""

    first_line = ("person", "amount")
    person = tables.Column(order_by=("person__name", "id"))
    payroll_id = tables.Column(accessor="employment__payroll_id", verbose_name="Payroll id")
    earning_type = tables.Column(verbose_name="Earning")
    what = tables.Column(accessor="transfer", orderable=False, verbose_name="What")
    earned_period = tables.Column(verbose_name="Earned in", order_by="earned_period__valid_from")
    amount = AmountColumn()

    class Meta(PageTable.Meta):
        sequence = ("person", "payroll_id", "what", "...")
        empty_text = "This batch pays nobody."

    def __init__(self, *args: Any, titles: Titles | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.titles = titles or {}

    def render_what(self, value: Transfer) -> str:
        """The part of the plan that it is of."""
        title = self.titles.get((value.plan_id, value.component.lower()))
        return ", ".join(str(one) for one in (title or value.component, value.plan) if one)

    def value_what(self, value: Transfer) -> str:
        """The same in a file."""
        return self.render_what(value)

    def render_earned_period(self, value: Period) -> str:
        """The month that it is, or its code."""
        return period_name(value)

    def value_earned_period(self, value: Period) -> str:
        """In a file, by its code."""
        return value.code


class DifferenceTable(PageTable):
    """What a draft pays or takes back for earlier periods, and why."""

    first_line = ("name", "amount")
    name = tables.Column(verbose_name="Person")
    code = tables.Column(verbose_name="Number")
    what = tables.Column(order_by=("part", "plan"))
    earned = tables.Column(verbose_name="Earned in", orderable=False)
    amount = AmountColumn(verbose_name="Difference")
    why = tables.Column()

    class Meta(PageTable.Meta):
        empty_text = "No earlier period comes to something else."

    def render_why(self, value: str) -> str:
        """With days in words."""
        return said(value)
