"""The team today: who is there, who is away and why, and the last complete day in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from psycopg.sql import SQL, Literal

from metrics.completeness import complete_through
from metrics.models import MetricDefinition
from metrics.weeks import Sums
from org.access import needs
from org.dates import NEVER as NEVER_MOMENT
from org.models import Tenant
from org.permissions import Permission as P
from org.queries import visible_statement
from org.sql import NEVER, fetch
from org.tables import NUMBER, PageTable, configured, download
from scorecards import formats
from scorecards.queries import team_period_of
from scorecards.team.acting import Acting, acting

COLUMNS = 4
AT_ONCE = 500  # of more people, figures are read of the page that is shown, and sort nobody
Kind = MetricDefinition.Kind


@dataclass(frozen=True)
class Present:
    """One person of today with the figures of the last complete day."""

    id: int
    code: str
    name: str
    unit: str
    job_type: str
    away: str
    figures: dict[int, Decimal | None]


TODAY = """
    WITH visible AS MATERIALIZED (
        SELECT person_id FROM ({visible}) AS seen WHERE person_id <> {but}
    )
    SELECT DISTINCT ON (person.id) person.id, person.code, person.name, unit.name, type.name,
           (SELECT min(coalesce(nullif(kind.name, ''), kind.code, 'absent')
                       || coalesce(' (' || round(at.hours, 1) || ' h)', ''))
            FROM org_availability AS at
            LEFT JOIN org_absencetype AS kind ON kind.id = at.absence_type_id
            WHERE at.person_id = person.id AND at.day = {today} AND at.kind = 'absent'
              AND at.superseded_at = {never})
    FROM org_person AS person
    JOIN org_assignment AS job ON job.person_id = person.id AND job.superseded_at = {never}
     AND job.valid_from <= {today} AND job.valid_to > {today}
    JOIN org_unit AS unit ON unit.id = job.unit_id
    JOIN org_jobtype AS type ON type.id = job.job_type_id
    WHERE person.id IN (SELECT person_id FROM visible)
    ORDER BY person.id, job.slot <> 'primary', job.slot
"""
OF_DAY = f"""
    SELECT person_id, metric_id, sum(numerator * (1 - coalesce(undone, 0))),
           sum(denominator * (1 - coalesce(undone, 0))), min(numerator), max(numerator),
           (array_agg(numerator ORDER BY reference))[1]
    FROM metrics_value
    WHERE person_id = ANY(%(people)s) AND metric_id = ANY(%(metrics)s) AND day = %(day)s
      AND superseded_at = {NEVER}
    GROUP BY 1, 2
"""
# The metrics of which these people have values on the days before, those of most people first.
USUAL = f"""
    SELECT metric_id, max(day) FROM metrics_value
    WHERE person_id = ANY(%(people)s) AND day > %(since)s AND day <= %(until)s
      AND superseded_at = {NEVER}
    GROUP BY 1 ORDER BY count(DISTINCT person_id) DESC, 1 LIMIT {COLUMNS}
"""


class TodayTable(PageTable):
    """Who is there, with the last complete day."""

    first_line = ("name", "away")
    name = tables.Column(verbose_name="Person")
    unit = tables.Column()
    away = tables.Column(verbose_name="Today", empty_values=())

    class Meta(PageTable.Meta):
        empty_text = "Nobody of yours has a job today."

    def __init__(
        self,
        rows: Sequence[Present],
        definitions: Sequence[MetricDefinition],
        tenant: Tenant,
        *,
        sorts: bool = True,
    ) -> None:
        self.definitions = {f"m{d.metric_id}": d for d in definitions}
        self.tenant = tenant
        more = [
            (name, tables.Column(verbose_name=d.metric.name, empty_values=(), attrs=NUMBER,
                                 accessor=f"figures__{d.metric_id}", orderable=sorts))
            for name, d in self.definitions.items()
        ]  # fmt: skip
        for name, _ in more:
            setattr(self, f"render_{name}", self._rendering(name))
        super().__init__(rows, extra_columns=more)

    def _rendering(self, name: str) -> Any:
        definition = self.definitions[name]

        def render(record: Present) -> str:
            value = record.figures.get(definition.metric_id)
            if value is None:
                return "–"
            return formats.figure(
                value,
                unit=definition.unit,
                places=definition.decimals,
                currency=self.tenant.currency,
                locale=self.tenant.locale,
            )

        return render

    def render_name(self, record: Present) -> SafeString:
        """The name leads to the person's work."""
        address = reverse("person-work", args=[record.code])
        return format_html(
            '<a href="{}">{}</a><span class="soft small job">{}</span>',
            address,
            record.name,
            record.job_type,
        )

    def value_name(self, record: Present) -> str:
        """The plain name."""
        return record.name

    def render_away(self, record: Present) -> SafeString:
        """There, or away and why."""
        if record.away:
            return format_html('<span class="tag watch">away: {}</span>', record.away)
        return format_html('<span class="tag good">{}</span>', "there")

    def value_away(self, record: Present) -> str:
        """The plain word."""
        return record.away or "there"


@require_safe
@needs(P.SEE_TEAM, P.SEE_EVERYONE)
def team_today(request: HttpRequest) -> HttpResponse:
    """Everybody of the team who has a job today."""
    who = acting(request)
    rows = [
        Present(id, code, name, unit, job_type, away or "", {})
        for id, code, name, unit, job_type, away in _present(who)
    ]
    rows.sort(key=lambda one: (not one.away, one.name, one.id))
    definitions, day = _usual(who, [one.id for one in rows[:AT_ONCE]])
    many = len(rows) > AT_ONCE
    table = TodayTable(rows, definitions, who.membership.tenant, sorts=not many)
    if not many or request.GET.get("download"):
        _fill(rows, definitions, day)
    if answer := download(request, table, name=f"team-{who.today}"):
        return answer
    shown = configured(request, table)
    if many:
        _fill([row.record for row in shown.page.object_list], definitions, day)
    context = {
        "table": shown,
        "today": who.today,
        "day": day,
        "people": len(rows),
        "away": sum(bool(one.away) for one in rows),
        "there": sum(not one.away for one in rows),
        "latest": team_period_of(who.membership, on=who.today, everyone=who.may(P.SEE_EVERYONE)),
        "may_record": who.may(P.RECORD_ABSENCE),
    }
    return render(request, "team/today.html", context)


def _present(who: Acting) -> list[tuple[Any, ...]]:
    but = 0 if who.may(P.SEE_EVERYONE) else who.own
    return fetch(
        SQL(TODAY).format(
            visible=visible_statement(who.membership, on=who.today),
            but=Literal(but),
            today=Literal(who.today),
            never=SQL(NEVER),
        )
    )


def _usual(who: Acting, people: list[int]) -> tuple[list[MetricDefinition], date | None]:
    """What these people are usually measured by, and the last complete day on which they worked."""
    yesterday = who.today - timedelta(days=1)
    known = complete_through()
    latest = min([yesterday, *known.values()], default=yesterday)
    since = latest - timedelta(days=14)
    found = fetch(USUAL, {"people": people, "since": since, "until": latest})
    metrics = [metric for metric, _ in found]
    if not metrics:
        return [], None
    day = max(last for _, last in found)
    rows = MetricDefinition.objects.filter(
        superseded_at=NEVER_MOMENT, metric__in=metrics, valid_from__lte=day, valid_to__gt=day
    ).select_related("metric")
    return sorted(rows, key=lambda d: metrics.index(d.metric_id)), day


def _fill(
    rows: Sequence[Present], definitions: Sequence[MetricDefinition], day: date | None
) -> None:
    """Give people their figures of the last complete day."""
    kinds = {d.metric_id: d.kind for d in definitions}
    figures = {row.id: row.figures for row in rows}
    asked = {"people": list(figures), "metrics": list(kinds), "day": day}
    for person, metric, *sums in fetch(OF_DAY, asked):
        figures[person][metric] = Sums(*sums).figure(kinds[metric])
