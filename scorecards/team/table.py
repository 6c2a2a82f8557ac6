"""The table of a team: who needs attention first, each row with figure, trend and flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_tables2.data import TableData

from org.models import Period, Tenant
from org.tables import NUMBER, PageTable
from scorecards import formats
from scorecards.standing import Standing, standing_of
from scorecards.team.board import Member
from scorecards.team.mains import Main
from scorecards.templatetags.drawings import spark
from scorecards.trend import Weeks

SHARE_PLACES = 1
# A column that is made of the whole record. Without an accessor that is there, the library writes
# the record, rules and all, into a message that nobody reads: a third of the page's time.
OF_RECORD: dict[str, Any] = {"accessor": "member", "empty_values": ()}
WORDS = {
    "failed": ("could not be worked out", "poor"),
    "undecided": ("undecided", "watch"),
    "no_plan": ("no plan", "none"),
}


@dataclass(frozen=True)
class Row:
    """A person with what the page adds: the trend and how the main figure stands."""

    member: Member
    main: Main | None
    standing: Standing
    weeks: Weeks


class Ready(TableData):
    """Rows that were sorted and cut by the database; ``total``: how many there are in all."""

    def __init__(self, rows: Sequence[Row], total: int, offset: int) -> None:
        super().__init__(rows)
        self.total, self.offset = total, offset

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, part: Any) -> Any:
        if isinstance(part, slice):
            start = (part.start or 0) - self.offset
            stop = len(self.data) if part.stop is None else part.stop - self.offset
            return self.data[max(0, start) : stop]
        return self.data[part - self.offset]

    def __iter__(self) -> Any:
        return iter(self.data)

    def order_by(self, aliases: Any) -> None:
        """They are in order already."""


def rows_of(
    members: Sequence[Member], mains: Sequence[Main], weeks: Mapping[int, Weeks]
) -> list[Row]:
    """The members of a page with standing and trend."""
    by_place = {main.place: main for main in mains}
    found = []
    for member in members:
        main = None if member.main is None else by_place[member.main]
        standing = (
            Standing("no plan", "none", None)
            if main is None
            else standing_of(
                member.attainment,
                kind=main.measure.kind,
                final=main.final,
                elapsed=main.elapsed,
            )
        )
        found.append(Row(member, main, standing, weeks.get(member.id, ())))
    return found


class TeamTable(PageTable):
    """People with what needs attention; a row opens the person."""

    first_line = ("name", "attainment")
    name = tables.Column(verbose_name="Person", accessor="member__name", empty_values=())
    unit = tables.Column(verbose_name="Unit", accessor="member__unit")
    figure = tables.Column(verbose_name="Figure", **OF_RECORD, orderable=False)
    attainment = tables.Column(
        verbose_name="Of goal", accessor="member__attainment", empty_values=(), attrs=NUMBER
    )
    bullet = tables.Column(verbose_name="Standing", **OF_RECORD, orderable=False)
    trend = tables.Column(verbose_name="Eight weeks", **OF_RECORD, orderable=False)
    change = tables.Column(verbose_name="Last week", **OF_RECORD, orderable=False, attrs=NUMBER)
    attention = tables.Column(verbose_name="Flags", **OF_RECORD)
    amount = tables.Column(
        verbose_name="Amount", accessor="member__amount", empty_values=(), attrs=NUMBER
    )

    class Meta(PageTable.Meta):
        empty_text = "Nobody of yours matches. Take a filter away, or choose another period."

    def __init__(
        self, data: Ready, *, period: Period, tenant: Tenant, currency: str, pay: bool
    ) -> None:
        super().__init__(data, exclude=() if pay else ("amount",))
        self.period, self.tenant, self.currency = period, tenant, currency

    # in the page

    def render_name(self, record: Row) -> SafeString:
        """The name leads to the person's scorecard."""
        address = reverse(
            "scorecard", args=[record.member.code, self.period.calendar.code, self.period.code]
        )
        job = record.member.job_type
        return format_html(
            '<a href="{}">{}</a><span class="soft small job">{}</span>',
            address,
            record.member.name,
            job,
        )

    def render_figure(self, record: Row) -> SafeString | str:
        """The main metric with what was reached and what was to be."""
        if record.main is None:
            return "–"
        measure, member = record.main.measure, record.member
        goal = (
            format_html(" of {}", self._figure(member.goal, record))
            if member.goal is not None
            else " no goal"
        )
        return format_html(
            '<span class="soft small">{}</span> <span class="now">{}'
            '<span class="soft">{}</span></span>',
            measure.title,
            self._figure(member.actual, record),
            goal,
        )

    def render_attainment(self, record: Row) -> str:
        """The share of the goal, cut and never rounded up."""
        value = record.member.attainment
        if value is None:
            return "–"
        return formats.percent(cut(value), places=SHARE_PLACES, locale=self.tenant.locale)

    def render_bullet(self, record: Row) -> SafeString | str:
        """The same as a bar, with the goal as a mark."""
        if record.standing.bar is None:
            return ""
        return format_html(
            '<svg class="bullet" viewBox="0 0 300 20" preserveAspectRatio="none"'
            ' aria-hidden="true">'
            '<rect class="ground" x="0" y="5" width="300" height="10"/>'
            '<rect class="value {}" x="0" y="5" width="{}" height="10"/>'
            '<rect class="goal" x="199" y="0" width="2" height="20"/></svg>',
            record.standing.state,
            record.standing.bar,
        )

    def render_trend(self, record: Row) -> SafeString | str:
        """The last weeks as a line."""
        title = record.main.measure.title if record.main else ""
        return spark(record.weeks, f"{title}, the last eight weeks") or "–"

    def render_change(self, record: Row) -> SafeString | str:
        """The last week against the one before; an arrow and a word, not a colour alone."""
        change = change_of(record.weeks)
        if change is None or record.main is None:
            return "–"
        lower = record.main.measure.lower_is_better
        change = round(change, 2)
        better = change != 0 and (change < 0) == lower
        state = "" if change == 0 else "good-text" if better else "poor-text"
        word = "as the week before" if change == 0 else "better" if better else "worse"
        sign = "+" if change > 0 else ""
        said = formats.percent(change, places=0, locale=self.tenant.locale)
        return format_html(
            '<span class="{}">{}{}</span><span class="unseen"> {}</span>', state, sign, said, word
        )

    def render_attention(self, record: Row) -> SafeString:
        """What to look at."""
        return format_html_join(" ", '<span class="tag {1}">{0}</span>', flags_of(record))

    def render_amount(self, record: Row) -> str:
        """What the person has earned in the period."""
        if record.member.amount is None:
            return "–"
        return formats.money(
            record.member.amount, currency=self.currency, locale=self.tenant.locale
        )

    def _figure(self, value: Decimal | None, record: Row) -> str:
        if value is None or record.main is None:
            return "–"
        measure = record.main.measure
        return formats.figure(
            value,
            unit=measure.unit,
            places=measure.decimals,
            currency=self.tenant.currency,
            locale=self.tenant.locale,
        )

    # in a file

    def value_name(self, record: Row) -> str:
        """The plain name."""
        return record.member.name

    def value_figure(self, record: Row) -> Decimal | None:
        """The exact figure."""
        return record.member.actual

    def value_attainment(self, record: Row) -> Decimal | None:
        """The exact share."""
        return record.member.attainment

    def value_bullet(self, record: Row) -> str:
        """The word for it."""
        return record.standing.word

    def value_trend(self, record: Row) -> str:
        """A line is no cell."""
        return ""

    def value_change(self, record: Row) -> Decimal | None:
        """The exact change."""
        return change_of(record.weeks)

    def value_attention(self, record: Row) -> str:
        """The flags as words."""
        return ", ".join(word for word, _ in flags_of(record))

    def value_amount(self, record: Row) -> Decimal | None:
        """The exact amount."""
        return record.member.amount


def cut(attainment: Decimal) -> Decimal:
    """An attainment as people may read it: cut after a place of its percentage."""
    unit = Decimal(1).scaleb(-SHARE_PLACES - 2)
    return attainment - attainment % unit if attainment >= 0 else attainment


def change_of(weeks: Weeks) -> Decimal | None:
    """By which part the last week differs from the one before; None without both."""
    if len(weeks) < 2 or weeks[-1] is None or not weeks[-2]:
        return None
    return (weeks[-1] - weeks[-2]) / abs(weeks[-2])


def flags_of(record: Row) -> list[tuple[str, str]]:
    """Words with their colours: how the figure stands, what is missing, who is away."""
    member = record.member
    found = [] if record.main is None else [(record.standing.word, record.standing.state)]
    if member.failed:
        found.insert(0, WORDS["failed"])
    elif member.undecided:
        found.append(WORDS["undecided"])
    if member.state == "no_plan":
        found.append(WORDS["no_plan"])
    if member.absent:
        found.append((f"away today: {member.absent}", "none"))
    return found
